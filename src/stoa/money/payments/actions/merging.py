"""What a gateway says about a payment, merged into its order: once, whatever the order in which it is told (M11).

A gateway tells the whole of a payment each time, and amounts only grow. So news is merged with what is known, and what
is newly true is done: captured → fulfil, refunded → undo that share, a fee → book it. Stale news finds nothing new.
Callers hold a lock on the order's row.
"""

from typing import Any
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, update, upsert
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.kit.queue import enqueue
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payments import queries
from stoa.money.payments.errors import AmountMismatch
from stoa.money.payments.gateways import DisputeNews, Payment
from stoa.money.payments.messages import DisputeTold, OrderFailed, OrderPaid, OrderRefunded, RefundBegun, RefundExtra
from stoa.money.payments.types import Order, OrderState, purchasable

_SETTLED = {"succeeded", "failed", "cancelled"}


async def merge(ctx: Ctx, order: Order, payment: Payment, *, cause: str) -> Order:
    """The order after this news. Raises AmountMismatch, with nothing changed, when it does not fit the order."""
    _check_amounts(order, payment)
    known = await queries.SEEN(ctx.db, order.gateway, payment.payment_id, order.account_id)
    if known is not None:
        payment = _newest(known, payment)
        if known == _seen(payment, known.lost_minor) and payment.dispute is None:
            return order
    is_extra = payment.captured_minor > 0 and order.fulfilled_at is not None and order.payment_id != payment.payment_id
    seen = {
        "gateway": order.gateway,
        "payment_id": payment.payment_id,
        "order_id": order.id,
        "status": payment.status,
        "captured_minor": payment.captured_minor,
        "refunded_minor": payment.refunded_minor,
        "disputed": payment.disputed,
        "is_extra": is_extra,
        "updated_at": ctx.now,
        "account_id": order.account_id,
        "fee_minor": payment.fee_minor or 0,
    }
    await upsert(ctx.db, "order_payments", seen, key=("gateway", "account_id", "payment_id"))
    if is_extra:
        await _give_back(ctx, order, payment)
        return order
    details = {"payment_id": payment.payment_id}
    if payment.captured_minor > 0:
        order = await _captured(ctx, order, payment, cause, details)
        gone_minor = min(order.amount_minor, payment.refunded_minor + (known.lost_minor if known else 0))
        if gone_minor > order.refunded_minor:
            order = await went_back(ctx, order, gone_minor, cause=cause, details=details)
        if (payment.fee_minor or 0) > order.fee_minor:
            order = await _book_fee(ctx, order, payment.fee_minor or 0)
        if payment.dispute is not None:
            order = await _disputed(ctx, order, payment.dispute, cause)
        return order
    return await _not_captured(ctx, order, payment, cause, details)


def disputed_payment(order: Order, payment_id: str, dispute: DisputeNews | None) -> Payment:
    """The whole of a payment of which only the dispute was told: what can be disputed was paid."""
    unnamed = DisputeNews(
        dispute_id=payment_id, status="needs_response", reason="unknown", amount_minor=order.amount_minor
    )
    return Payment(
        payment_id=payment_id,
        order_id=order.id,
        status="succeeded",
        amount_minor=order.amount_minor,
        currency=order.currency,
        captured_minor=order.amount_minor,
        disputed=True,
        dispute=dispute or unnamed,
    )


async def move(
    ctx: Ctx, order: Order, state: OrderState, *, cause: str, details: dict[str, Any] | None = None, **changed: object
) -> Order:
    """The one place where an order changes its state (M14): the row, and an event row with the cause."""
    changed |= {"state": state, "updated_at": ctx.now}
    await update(ctx.db, "orders", changed, where={"id": order.id})
    event = {
        "id": new_id(),
        "order_id": order.id,
        "from_state": order.state,
        "to_state": state,
        "cause": cause,
        "details": details or {},
        "actor_id": ctx.actor.id if ctx.actor else None,
        "created_at": ctx.now,
    }
    await insert(ctx.db, "order_events", event)
    return msgspec.structs.replace(order, **changed)


async def note_shares(ctx: Ctx, order_id: UUID, *, cut_minor: int, returned_minor: int) -> None:
    """What of an order others than its payee get, and what of the payee's part went back; told by what was sold."""
    shares = {"cut_minor": cut_minor, "returned_minor": returned_minor}
    await update(ctx.db, "orders", shares, where={"id": order_id})


def _check_amounts(order: Order, payment: Payment) -> None:
    asked, told = (order.amount_minor, order.currency), (payment.amount_minor, payment.currency)
    if asked != told or payment.captured_minor not in (0, order.amount_minor):
        raise AmountMismatch(
            f"The order asks for {order.amount_minor} {order.currency} (minor units); the gateway speaks of "
            f"{payment.amount_minor} {payment.currency}, {payment.captured_minor} captured"
        )
    if payment.dispute is not None and payment.dispute.amount_minor <= 0:
        raise AmountMismatch(f"A dispute about {payment.dispute.amount_minor}")
    if not 0 <= payment.refunded_minor <= payment.captured_minor:
        raise AmountMismatch(f"{payment.refunded_minor} refunded of {payment.captured_minor} captured")


def _newest(known: queries.Seen, payment: Payment) -> Payment:
    """The most that has ever been true of the payment."""
    status: Any = payment.status
    if known.status == "succeeded" or (known.status in _SETTLED and status not in _SETTLED):
        status = known.status
    return msgspec.structs.replace(
        payment,
        status=status,
        captured_minor=max(known.captured_minor, payment.captured_minor),
        refunded_minor=max(known.refunded_minor, payment.refunded_minor),
        disputed=known.disputed or payment.disputed,
        fee_minor=max(known.fee_minor, payment.fee_minor or 0),
    )


def _seen(payment: Payment, lost_minor: int) -> queries.Seen:
    return queries.Seen(
        payment.status,
        payment.captured_minor,
        payment.refunded_minor,
        payment.disputed,
        payment.fee_minor or 0,
        lost_minor,
    )


async def _captured(ctx: Ctx, order: Order, payment: Payment, cause: str, details: dict[str, Any]) -> Order:
    if order.fulfilled_at is not None:
        return order
    order = await move(
        ctx,
        order,
        OrderState.PAID,
        cause=cause,
        details=details,
        payment_id=payment.payment_id,
        fulfilled_at=ctx.now,
        failure_code=None,
        failure_message=None,
    )
    await purchasable(order.kind).fulfil(ctx, order)
    await emit(ctx, OrderPaid(order.id, order.user_id, order.kind, order.amount_minor, order.currency))
    return order


async def went_back(
    ctx: Ctx, order: Order, gone_minor: int, *, cause: str, details: dict[str, Any] | None = None, lost: bool = False
) -> Order:
    """`gone_minor` of a locked order has gone back to the payer in all: what is new of it is undone (M13).

    lost: not as a refund, but as the payer's bank decided a dispute.
    """
    delta_minor = gone_minor - order.refunded_minor
    key = f"{order.id}:{gone_minor}"
    await emit(ctx, RefundBegun(order.id))
    await purchasable(order.kind).undo(ctx, order, refunded_minor=delta_minor, refund_key=key)
    order = await move(
        ctx,
        order,
        OrderState.REFUNDED if gone_minor == order.amount_minor else OrderState.PARTIALLY_REFUNDED,
        cause=cause,
        details=(details or {}) | {"refunded_minor": delta_minor},
        refunded_minor=gone_minor,
    )
    await emit(ctx, OrderRefunded(order.id, order.user_id, delta_minor, order.currency, lost))
    return order


async def _book_fee(ctx: Ctx, order: Order, fee_minor: int) -> Order:
    """What a gateway keeps of a payment is the platform's to bear, once, and a refund does not bring it back.

    In direct settlement the money never was the platform's: the creator's own account bears it, here it is only known.
    """
    if order.account_id is None:
        delta_minor = fee_minor - order.fee_minor
        await ledger.post(
            ctx,
            kind="gateway_fee",
            legs=[
                Leg(AccountRef(None, order.currency, f"world:{order.gateway}"), delta_minor),
                Leg(AccountRef(None, order.currency, "gateway_fees"), -delta_minor),
            ],
            key=f"gateway-fee:{order.id}:{fee_minor}",
            cause=f"{order.gateway} keeps a fee of {order.description}",
            metadata={"order_id": str(order.id)},
        )
    await update(ctx.db, "orders", {"fee_minor": fee_minor}, where={"id": order.id})
    return msgspec.structs.replace(order, fee_minor=fee_minor)


async def _disputed(ctx: Ctx, order: Order, news: DisputeNews, cause: str) -> Order:
    """Disputes are kept above, and say what becomes of the order."""
    told = DisputeTold(
        order_id=order.id,
        reference=news.dispute_id,
        status=news.status,
        reason=news.reason,
        amount_minor=min(news.amount_minor, order.amount_minor),
        evidence_due_by=news.evidence_due_by,
        fee_minor=news.fee_minor,
        cause=cause,
    )
    await emit(ctx, told)
    return await queries.ORDER(ctx.db, order.id)


async def _not_captured(ctx: Ctx, order: Order, payment: Payment, cause: str, details: dict[str, Any]) -> Order:
    """News of a payment that brought no money: it counts while the order waits, and only for its latest attempt."""
    is_current = order.payment_id in (None, payment.payment_id)
    waits = order.state in (OrderState.CREATED, OrderState.PENDING, OrderState.FAILED)
    if payment.status in ("requires_action", "processing"):
        if not waits or (is_current and order.state == OrderState.PENDING and order.payment_id is not None):
            return order
        return await move(ctx, order, OrderState.PENDING, cause=cause, details=details, payment_id=payment.payment_id)
    if not is_current or order.state not in (OrderState.CREATED, OrderState.PENDING):
        return order
    if payment.status == "cancelled":
        return await move(ctx, order, OrderState.CANCELLED, cause=cause, details=details)
    order = await move(
        ctx,
        order,
        OrderState.FAILED,
        cause=cause,
        details=details | {"failure_code": payment.failure_code},
        payment_id=payment.payment_id,
        failure_code=payment.failure_code,
        failure_message=payment.failure_message,
    )
    await emit(ctx, OrderFailed(order.id, order.user_id, payment.failure_code))
    return order


async def _give_back(ctx: Ctx, order: Order, payment: Payment) -> None:
    """The order was paid twice, as from two open tabs: the second payment goes back whole."""
    left_minor = payment.captured_minor - payment.refunded_minor
    if left_minor > 0:
        job = RefundExtra(
            gateway=order.gateway, account_id=order.account_id, payment_id=payment.payment_id, amount_minor=left_minor
        )
        await enqueue(ctx, job, unique=payment.payment_id)
