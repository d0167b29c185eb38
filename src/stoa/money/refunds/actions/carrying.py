"""Refunds at gateways. Each step first commits what it is about to do, then speaks to the gateway under the refund's
id as key, then commits the answer: whoever dies in between leaves a job that starts over, and finds the same refund.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, many, run, value
from stoa.kit.ids import new_id
from stoa.kit.queue import enqueue
from stoa.money.payments import queries as orders
from stoa.money.payments.actions import going_back as payments
from stoa.money.payments.errors import GatewayDisconnected, NotRefundable
from stoa.money.payments.messages import OrderRefunded
from stoa.money.payments.types import Order
from stoa.money.refunds.actions.covering import is_covered
from stoa.money.refunds.actions.moving import LOCKED, begin, end, told
from stoa.money.refunds.messages import SubmitRefund
from stoa.money.refunds.queries import COLUMNS, REFUND
from stoa.money.refunds.types import Origin, Refund, RefundState

FORGOTTEN_AFTER_S: Final = 2 * 3600
LOOKED_THROUGH: Final = 10  # refunds of one order that are under way at once; of more, the oldest come first

_SUBMITTED = many(
    Refund,
    f"""select {COLUMNS} from refunds where payment_id = $1 and state = 'submitted'
        order by submitted_at, id for update""",
)
_FORGOTTEN = many(
    Refund,
    f"""select {COLUMNS} from refunds
        where state in ('approved', 'submitted') and updated_at < $1 order by updated_at limit 100""",
)
_TRANSFER = value(UUID | None, "select id from ledger_transfers where idempotency_key = $1")
_REFERENCE = run("update refunds set reference = $2 where id = $1")


async def submit(ctx: Ctx, refund_id: UUID) -> None:
    """Have the gateway give the money back, once however often this runs. Needs a context outside of a transaction."""
    async with ctx.app.database.transaction() as db:
        order = await _begin(replace(ctx, db=db), refund_id)
    if order is None:
        return
    refund = await REFUND(ctx.db, refund_id)
    try:
        reference = await payments.give_back(
            ctx, order, amount_minor=refund.amount_minor, key=f"refund:{refund.id}", cause=f"refund: {refund.reason}"
        )
    except (NotRefundable, GatewayDisconnected) as error:
        async with ctx.app.database.transaction() as db:
            await _fail(replace(ctx, db=db), refund, f"{order.gateway} would not give it back: {error.detail}")
        return
    if reference is not None:
        await _REFERENCE(ctx.db, refund_id, reference)


async def note_refunded(ctx: Ctx, event: OrderRefunded) -> None:
    """Money of an order went back: of the refunds that were submitted, or of one that was made elsewhere."""
    order = await orders.ORDER(ctx.db, event.order_id)
    transfer_id = await _TRANSFER(ctx.db, f"refund:{order.id}:{order.refunded_minor}")
    left_minor = event.refunded_minor
    if not event.lost:
        for refund in _meant(await _SUBMITTED(ctx.db, order.id), left_minor):
            left_minor -= refund.amount_minor
            await end(ctx, refund, RefundState.DONE, transfer_id=transfer_id)
    if left_minor:
        await _made_elsewhere(ctx, order, left_minor, transfer_id, "dispute" if event.lost else "gateway")


async def remind(ctx: Ctx) -> int:
    """Order the work on refunds again that nobody has touched for long, as when their job became a dead letter."""
    forgotten = await _FORGOTTEN(ctx.db, ctx.now - timedelta(seconds=FORGOTTEN_AFTER_S))
    for refund in forgotten:
        await enqueue(ctx, SubmitRefund(refund.id), unique=str(refund.id))
    return len(forgotten)


async def _begin(ctx: Ctx, refund_id: UUID) -> Order | None:
    """Writes down that the refund is being made; answers its order, or None when it is not to be made (any more)."""
    found = await REFUND(ctx.db, refund_id)
    order = await payments.locked_order(ctx, found.payment_id)  # the order first, as everywhere
    refund = await LOCKED(ctx.db, refund_id)
    if refund.state == RefundState.SUBMITTED:
        return order  # begun before, by a worker that did not live to hear the answer
    fits = refund.amount_minor <= order.amount_minor - order.refunded_minor
    if refund.state == RefundState.DONE and refund.submitted_at is not None and refund.reference is None and fits:
        return order  # done by the sum that was told: it may have been another one of this amount, whose row then waits
    if refund.state != RefundState.APPROVED:
        return None
    if not fits:
        await end(ctx, refund, RefundState.FAILED, failure="Meanwhile the payment went back in another way")
        return None
    by_payee = refund.payee_id is not None and refund.decided_by == refund.payee_id
    if by_payee and not await is_covered(ctx, order, refund.amount_minor, beside=[RefundState.SUBMITTED]):
        await end(ctx, refund, RefundState.FAILED, failure="Meanwhile its receiver has spent their share of it")
        return None
    await begin(ctx, refund, RefundState.SUBMITTED, submitted_at=ctx.now)
    return order


def _meant(submitted: Sequence[Refund], amount_minor: int) -> Sequence[Refund]:
    """Which refunds an amount is of, since gateways tell only the sum: the fewest that come to exactly this, else as
    many as fit, the oldest first."""
    for count in range(1, min(len(submitted), LOOKED_THROUGH) + 1):
        for some in combinations(submitted[:LOOKED_THROUGH], count):
            if sum(refund.amount_minor for refund in some) == amount_minor:
                return some
    fitting = []
    for refund in submitted:
        if refund.amount_minor <= amount_minor:
            amount_minor -= refund.amount_minor
            fitting.append(refund)
    return fitting


async def _fail(ctx: Ctx, refund: Refund, failure: str) -> None:
    await payments.locked_order(ctx, refund.payment_id)
    refund = await LOCKED(ctx.db, refund.id)
    if refund.state == RefundState.SUBMITTED:
        await end(ctx, refund, RefundState.FAILED, failure=failure)


async def _made_elsewhere(ctx: Ctx, order: Order, amount_minor: int, transfer_id: UUID | None, origin: Origin) -> None:
    reason = "The bank decided the dispute for the payer" if origin == "dispute" else f"Made at {order.gateway}"
    refund = Refund(
        id=new_id(),
        payment_id=order.id,
        subject="order",
        payer_id=order.user_id,
        payee_id=order.payee_id,
        asset=order.currency,
        amount_minor=amount_minor,
        reason=reason,
        origin=origin,
        state=RefundState.DONE,
        requested_by=None,
        decided_by=None,
        note=None,
        gateway=order.gateway,
        reference=None,
        transfer_id=transfer_id,
        failure=None,
        key=f"{origin}:{order.refunded_minor}",
        requested_at=ctx.now,
        decided_at=None,
        submitted_at=None,
        ended_at=ctx.now,
    )
    row = {name: getattr(refund, name) for name in refund.__struct_fields__}
    await insert(ctx.db, "refunds", row | {"updated_at": ctx.now})
    await told(ctx, refund)
