"""Asking for money back, giving it back, and deciding about who asked (M13). Gateways are spoken to in `carrying`."""

from typing import cast
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe
from stoa.kit.errors import Forbidden, Invalid
from stoa.kit.ids import new_id
from stoa.kit.money import format_amount
from stoa.kit.outbox import emit
from stoa.money.payments.actions.going_back import check_gateway, locked_order
from stoa.money.payments.types import Order, OrderState, purchasable
from stoa.money.receipts.types import Payment
from stoa.money.refunds import queries
from stoa.money.refunds.actions.covering import is_covered
from stoa.money.refunds.actions.moving import LOCKED, audited, begin, end
from stoa.money.refunds.errors import (
    AskedAlready,
    Decided,
    NothingToRefund,
    PaymentDisputed,
    RefundKeyReused,
    TooLateToAsk,
)
from stoa.money.refunds.messages import RefundRequested
from stoa.money.refunds.policies import access_payment, access_refund, check_may_issue, may_owe
from stoa.money.refunds.types import MAX_REASON, UNDER_WAY, Origin, Refund, RefundState, Subject
from stoa.money.wallet.actions import reverse_share
from stoa.money.wallet.errors import NothingLeft, ShareSpent

_NEW = maybe(
    Refund,
    f"""insert into refunds (id, payment_id, subject, payer_id, payee_id, asset, amount_minor, reason, origin, state,
          requested_by, gateway, key, requested_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
        on conflict do nothing returning {queries.COLUMNS}""",
)


async def ask(ctx: Ctx, payment_id: UUID, *, amount_minor: int | None = None, reason: str, key: str) -> Refund:
    """Ask for one's own payment back, all that is left of it or `amount_minor`, with the reason; somebody decides.

    The same key gives the same request (M11). Raises NotFound, Forbidden for somebody else's payment, Invalid,
    TooLateToAsk, AskedAlready, NothingToRefund, PaymentDisputed, RefundKeyReused.
    """
    payment = await access_payment(ctx, payment_id)
    if payment.payer_id != ctx.member.id:
        raise Forbidden
    reason, key = _reason(reason), f"{ctx.member.id}:{key}"
    known = await queries.BY_KEY(ctx.db, payment_id, key)
    if known is not None:
        return _same(known, amount_minor, reason)
    until = await queries.ask_until(ctx, payment)
    _check_state(payment)
    if until is None or until <= ctx.now:
        raise TooLateToAsk(until=until)
    left_minor = payment.gross_minor - payment.refunded_minor - await queries.UNDER_WAY_MINOR(ctx.db, payment_id)
    wanted_minor = left_minor if amount_minor is None else amount_minor
    if not 0 < wanted_minor <= left_minor:
        raise NothingToRefund(refundable_minor=max(left_minor, 0))
    waiting = await queries.REQUEST_OF(ctx.db, payment_id)
    if waiting is not None:
        raise AskedAlready(refund_id=waiting.id)
    asked = await _new(ctx, payment, wanted_minor, reason, "payer", RefundState.REQUESTED, key)
    await emit(ctx, RefundRequested(asked.id, asked.payment_id, asked.payer_id, asked.payee_id))
    return asked


async def issue(ctx: Ctx, payment_id: UUID, *, amount_minor: int | None = None, reason: str, key: str) -> Refund:
    """Give a payment back, all that is left of it or `amount_minor`, without being asked (M13).

    For administrators, and for who received it as far as their share is still there. What was paid from the wallet is
    back at once; what was paid through a gateway goes on its way. The same key gives the same refund (M11). Raises
    NotFound, Forbidden for one's own, Invalid, NothingToRefund, PaymentDisputed, ShareSpent, RefundKeyReused.
    """
    payment = await access_payment(ctx, payment_id)
    check_may_issue(ctx, payment.payer_id, payment.receiver_id)
    reason, key = _reason(reason), f"{ctx.member.id}:{key}"
    order = await _locked(ctx, _subject(payment), payment_id)
    known = await queries.BY_KEY(ctx.db, payment_id, key)  # after the lock: a double click waits for its first
    if known is not None:
        return _same(known, amount_minor, reason)
    if order is None and amount_minor is None:
        amount_minor = payment.gross_minor - payment.refunded_minor
    _check_state(payment)
    wanted_minor = await _takeable(ctx, order, amount_minor) if order else amount_minor
    if not wanted_minor or wanted_minor < 0:
        raise NothingToRefund(refundable_minor=0)
    origin: Origin = "payee" if ctx.member.id == payment.receiver_id else "staff"
    refund = await _new(ctx, payment, wanted_minor, reason, origin, RefundState.APPROVED, key)
    if refund.decided_at is not None:
        return refund
    refund = await begin(ctx, refund, RefundState.APPROVED, decided_by=ctx.member.id, decided_at=ctx.now)
    await audited(ctx, refund, "refunds.issued")
    return await _carry_out(ctx, refund)


async def approve(ctx: Ctx, refund_id: UUID) -> Refund:
    """Agree to a request: the money goes back, or on its way. For administrators and who received it.

    Raises NotFound, Forbidden, Decided, NothingToRefund, PaymentDisputed, ShareSpent.
    """
    found = await access_refund(ctx, refund_id)
    check_may_issue(ctx, found.payer_id, found.payee_id)
    order = await _locked(ctx, found.subject, found.payment_id)
    refund = await LOCKED(ctx.db, refund_id)
    if refund.state != RefundState.REQUESTED:
        raise Decided(f"It is {refund.state.value}", state=refund.state)
    if order is not None:
        await _takeable(ctx, order, refund.amount_minor)
    if refund.decided_at is not None:
        return refund
    refund = await begin(ctx, refund, RefundState.APPROVED, decided_by=ctx.member.id, decided_at=ctx.now)
    await audited(ctx, refund, "refunds.approved")
    return await _carry_out(ctx, refund)


async def refuse(ctx: Ctx, refund_id: UUID, *, note: str) -> Refund:
    """Say no to a request, and why, in words the payer reads. For administrators and who received it.

    Raises NotFound, Forbidden, Decided, Invalid without a note.
    """
    found = await access_refund(ctx, refund_id)
    check_may_issue(ctx, found.payer_id, found.payee_id)
    note = _reason(note, "note")
    await _locked(ctx, found.subject, found.payment_id)
    refund = await LOCKED(ctx.db, refund_id)
    if refund.state != RefundState.REQUESTED:
        raise Decided(f"It is {refund.state.value}", state=refund.state)
    refund = await end(ctx, refund, RefundState.REFUSED, decided_by=ctx.member.id, decided_at=ctx.now, note=note)
    await audited(ctx, refund, "refunds.refused")
    return refund


async def _carry_out(ctx: Ctx, refund: Refund) -> Refund:
    """What was paid from the wallet goes back in this transaction, the rest by a job after it."""
    if refund.subject == "order":
        return refund
    try:
        done = await reverse_share(
            ctx,
            refund.subject,
            refund.payment_id,
            amount_minor=refund.amount_minor,
            reason=refund.reason,
            may_owe=may_owe(ctx, refund.payee_id),
        )
    except NothingLeft as error:
        raise NothingToRefund(**error.extra) from error
    return await end(ctx, refund, RefundState.DONE, transfer_id=done.transfer_id)


async def _locked(ctx: Ctx, subject: Subject, payment_id: UUID) -> Order | None:
    """The order, locked; None for what was paid from the wallet, whose rows the wallet locks itself."""
    return await locked_order(ctx, payment_id) if subject == "order" else None


async def _takeable(ctx: Ctx, order: Order, amount_minor: int | None) -> int:
    """How much goes back: `amount_minor`, or all. Raises NothingToRefund beyond what can be taken back, now that
    nobody else can begin a refund of this order; PaymentDisputed, ShareSpent, and GatewayDisconnected (M12)."""
    if order.state == OrderState.DISPUTED:
        raise PaymentDisputed
    await check_gateway(ctx, order)
    under_way_minor = await queries.UNDER_WAY_MINOR(ctx.db, order.id)
    left_minor = order.amount_minor - order.refunded_minor
    if order.state not in (OrderState.PAID, OrderState.PARTIALLY_REFUNDED) or order.payment_id is None:
        left_minor = 0
    elif not may_owe(ctx, order.payee_id) or order.payee_id is None:
        # What the buyer has spent of coins or credit is not given back; what a creator has spent can be owed (M13).
        left_minor = min(left_minor, await purchasable(order.kind).refundable_minor(ctx, order))
    left_minor = max(left_minor - under_way_minor, 0)
    wanted_minor = order.amount_minor - order.refunded_minor - under_way_minor if amount_minor is None else amount_minor
    if not 0 < wanted_minor <= left_minor:
        raise NothingToRefund(
            f"At most {format_amount(left_minor, order.currency)} {order.currency} can be given back now",
            refundable_minor=left_minor,
        )
    if not may_owe(ctx, order.payee_id) and not await is_covered(ctx, order, wanted_minor, beside=UNDER_WAY):
        raise ShareSpent
    return wanted_minor


async def _new(
    ctx: Ctx, payment: Payment, amount_minor: int, reason: str, origin: Origin, state: RefundState, key: str
) -> Refund:
    subject = _subject(payment)
    made = await _NEW(
        ctx.db,
        new_id(),
        payment.id,
        subject,
        payment.payer_id,
        payment.receiver_id,
        payment.asset,
        amount_minor,
        reason,
        origin,
        state,
        ctx.member.id,
        payment.method if subject == "order" else None,
        key,
        ctx.now,
    )
    if made is None:  # the same key, or another request, at the same moment
        known = await queries.BY_KEY(ctx.db, payment.id, key)
        if known is None:
            raise AskedAlready
        return _same(known, amount_minor, reason)
    return made


def _subject(payment: Payment) -> Subject:
    if payment.method != "wallet":
        return "order"
    return cast("Subject", payment.kind)


def _check_state(payment: Payment) -> None:
    if payment.state == OrderState.DISPUTED:
        raise PaymentDisputed
    if payment.state not in (OrderState.PAID, OrderState.PARTIALLY_REFUNDED):
        raise NothingToRefund(refundable_minor=0)


def _reason(text: str, field: str = "reason") -> str:
    text = text.strip()
    if not 3 <= len(text) <= MAX_REASON:
        raise Invalid(fields={field: f"Please say why, in 3 to {MAX_REASON} characters"})
    return text


def _same(known: Refund, amount_minor: int | None, reason: str) -> Refund:
    if known.reason != reason or amount_minor not in (None, known.amount_minor):
        raise RefundKeyReused(refund_id=known.id)
    return known
