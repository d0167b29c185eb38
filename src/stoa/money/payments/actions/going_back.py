"""Money that goes back through gateways: refunds, disputes that were lost, and what is said in a dispute.

Gateways are spoken to outside of any lock; what they answer is merged like all their news.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import one, value
from stoa.money.payments import queries
from stoa.money.payments.actions.merging import disputed_payment, merge, move, went_back
from stoa.money.payments.actions.switchboard import gateway_of
from stoa.money.payments.gateways import Evidence, EvidenceFile
from stoa.money.payments.types import DisputeFile, Order, OrderState

_LOCKED: Final = one(Order, f"select {queries.ORDER_COLUMNS} from orders where id = $1 for update")
_LOST = value(
    int | None,
    """update order_payments set lost_minor = least(captured_minor, lost_minor + $4), updated_at = $5
       where gateway = $1 and payment_id = $2 and account_id is not distinct from $3
       returning refunded_minor + lost_minor""",
)


async def locked_order(ctx: Ctx, order_id: UUID) -> Order:
    """An order that stays as it is until the transaction ends. Raises NotFound."""
    return await _LOCKED(ctx.db, order_id)


async def order_of(ctx: Ctx, order_id: UUID) -> Order:
    """An order as it is, whose lock somebody holds already, or that may change at any time. Raises NotFound."""
    return await queries.ORDER(ctx.db, order_id)


async def check_gateway(ctx: Ctx, order: Order) -> None:
    """Whether the gateway of an order can be spoken to at all. Raises UnknownGateway, GatewayDisconnected."""
    await gateway_of(ctx, order.gateway, order.account_id)


async def give_back(ctx: Ctx, order: Order, *, amount_minor: int, key: str, cause: str) -> str | None:
    """Has the order's gateway give money back, once per key, and merges its answer; answers the gateway's name of it.

    Needs a context outside of any transaction. Raises NotRefundable, UnknownGateway, GatewayDisconnected, and
    GatewayUnavailable, after which the same key is safe.
    """
    assert order.payment_id is not None
    async with ctx.app.database.transaction() as db:  # the sandbox keeps books of its own
        own = replace(ctx, db=db)
        gateway = await gateway_of(own, order.gateway, order.account_id)
        payment = await gateway.refund(own, payment_id=order.payment_id, amount_minor=amount_minor, key=key)
    async with ctx.app.database.transaction() as db:
        own = replace(ctx, db=db)
        await merge(own, await locked_order(own, order.id), payment, cause=cause)
    return payment.refund_id


async def answer_dispute(
    ctx: Ctx, order: Order, *, dispute_id: str, text: str, files: Sequence[DisputeFile], key: str
) -> None:
    """Hands in what speaks for the receiver of a disputed payment, once per key, and merges the gateway's answer.

    Needs a context outside of any transaction. Raises EvidenceRefused, UnknownGateway, GatewayUnavailable.
    """
    assert order.payment_id is not None
    evidence = Evidence(text, [EvidenceFile(file.name, file.content_type, file.body) for file in files])
    async with ctx.app.database.transaction() as db:
        own = replace(ctx, db=db)
        gateway = await gateway_of(own, order.gateway, order.account_id)
        news = await gateway.submit_evidence(own, dispute_id=dispute_id, evidence=evidence, key=key)
    async with ctx.app.database.transaction() as db:
        own = replace(ctx, db=db)
        order = await locked_order(own, order.id)
        told = disputed_payment(order, order.payment_id or "", news)
        await merge(own, order, told, cause=f"{order.gateway} took the evidence")


async def dispute_begins(ctx: Ctx, order: Order, *, cause: str) -> Order:
    """A payer's bank took the money of a locked order back until it has decided (M14)."""
    if order.state not in (OrderState.PAID, OrderState.PARTIALLY_REFUNDED):
        return order
    return await move(ctx, order, OrderState.DISPUTED, cause=cause)


async def dispute_is_won(ctx: Ctx, order: Order, *, cause: str) -> Order:
    """The money of a locked order came back, or stays (M14)."""
    if order.state != OrderState.DISPUTED:
        return order
    state = OrderState.PARTIALLY_REFUNDED if order.refunded_minor else OrderState.PAID
    return await move(ctx, order, state, cause=cause)


async def dispute_is_lost(ctx: Ctx, order: Order, *, amount_minor: int, cause: str) -> Order:
    """`amount_minor` of a locked order stays with the payer: that share of what was bought is taken back (M13)."""
    gone_minor = await _LOST(ctx.db, order.gateway, order.payment_id, order.account_id, amount_minor, ctx.now)
    target_minor = min(order.amount_minor, gone_minor or 0)
    if target_minor > order.refunded_minor:
        return await went_back(ctx, order, target_minor, cause=cause, lost=True)
    return await dispute_is_won(ctx, order, cause=cause) if order.refunded_minor < order.amount_minor else order
