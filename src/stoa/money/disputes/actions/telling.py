"""What gateways tell of disputes, in any order, and what follows: the money, what is set aside, and the order (M13).

While a dispute is open, the money that the gateway took is kept apart in the books, and what the payment had bought or
brought is set aside as far as it is there. Won or withdrawn, both come back. Lost, they come back and go at once the
way of a refund, so that every share is taken back, and what was spent already is owed. In direct settlement the
gateway took nothing of the platform's (M12). What gateways charge for a dispute the platform bears, won or lost.
"""

from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, many, maybe, one, update, value
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.money.disputes.actions.mailing import tell_people
from stoa.money.disputes.messages import DisputeClosed, DisputeOpened
from stoa.money.disputes.queries import COLUMNS
from stoa.money.disputes.types import OPEN, RANK, Dispute, DisputeState
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payments.actions import going_back as payments
from stoa.money.payments.messages import DisputeTold
from stoa.money.payments.types import Order, purchasable

LOCKED: Final = one(Dispute, f"select {COLUMNS} from disputes where id = $1 for update")
_KNOWN = maybe(
    Dispute,
    f"""select {COLUMNS} from disputes
        where gateway = $1 and account_id is not distinct from $2 and reference = $3 for update""",
)
_OPEN_OF_ORDER = many(
    Dispute, f"select {COLUMNS} from disputes where order_id = $1 and closed_at is null order by id for update"
)
_OTHERS_OPEN = value(
    bool, "select exists (select from disputes where order_id = $1 and id <> $2 and closed_at is null)"
)


async def hear(ctx: Ctx, told: DisputeTold) -> None:
    """Merges news of a dispute; its order is locked. What is older than what is known changes nothing."""
    order = await payments.order_of(ctx, told.order_id)
    state = DisputeState(told.status)
    known = await _KNOWN(ctx.db, order.gateway, order.account_id, told.reference)
    if known is None:
        dispute = await _add(ctx, order, told)
        if state in OPEN:
            await _open(ctx, order, dispute, told.cause)
        elif state == DisputeState.LOST:
            await _end(ctx, order, dispute, told.cause)
        return
    if RANK[state] < RANK[known.state]:
        return
    dispute = await _book_fee(ctx, order, known, told.fee_minor)
    due_by = told.evidence_due_by or dispute.evidence_due_by
    if due_by != dispute.evidence_due_by:
        await update(ctx.db, "disputes", {"evidence_due_by": due_by}, where={"id": dispute.id})
        dispute = msgspec.structs.replace(dispute, evidence_due_by=due_by)
    if state == dispute.state:
        return
    if dispute.is_open and state in OPEN:
        await move(ctx, dispute, state, told.cause)
    elif dispute.is_open:
        await close(ctx, order, dispute, state, told.cause)
    elif dispute.marked_by is not None:
        await _correct(ctx, order, dispute, state, told.cause)


async def close(ctx: Ctx, order: Order, dispute: Dispute, state: DisputeState, cause: str, **changed: Any) -> Dispute:
    """An open dispute of a locked order is decided."""
    dispute = await move(ctx, dispute, state, cause, closed_at=ctx.now, **changed)
    await _end(ctx, order, dispute, cause)
    return dispute


async def move(ctx: Ctx, dispute: Dispute, state: DisputeState, cause: str, **changed: Any) -> Dispute:
    """The one place where a dispute changes its state: the row, and an event row with the cause."""
    columns = changed | {"state": state, "updated_at": ctx.now}
    await update(ctx.db, "disputes", columns, where={"id": dispute.id})
    after = msgspec.structs.replace(dispute, **changed, state=state)
    await note(ctx, after, cause, from_state=dispute.state)
    return after


async def note(ctx: Ctx, dispute: Dispute, cause: str, *, from_state: DisputeState | None = None) -> None:
    """An event row of a dispute that is now in its state."""
    event = {
        "id": new_id(),
        "dispute_id": dispute.id,
        "from_state": from_state or dispute.state,
        "to_state": dispute.state,
        "cause": cause,
        "actor_id": ctx.actor.id if ctx.actor else None,
        "created_at": ctx.now,
    }
    await insert(ctx.db, "dispute_events", event)


async def let_go(ctx: Ctx, order_id: UUID) -> None:
    """What disputes of a locked order have set aside is free for a moment: it is about to be taken back."""
    for dispute in await _OPEN_OF_ORDER(ctx.db, order_id):
        await _release(ctx, dispute, "The payment goes back")


async def set_aside_again(ctx: Ctx, order_id: UUID) -> None:
    """What is left of it is set aside again."""
    order = await payments.order_of(ctx, order_id)
    for dispute in await _OPEN_OF_ORDER(ctx.db, order_id):
        await _set_aside(ctx, order, dispute)


async def _add(ctx: Ctx, order: Order, told: DisputeTold) -> Dispute:
    state = DisputeState(told.status)
    row: dict[str, Any] = {
        "id": new_id(),
        "order_id": order.id,
        "gateway": order.gateway,
        "account_id": order.account_id,
        "reference": told.reference,
        "state": state,
        "reason": told.reason or "unknown",
        "asset": order.currency,
        "amount_minor": told.amount_minor,
        "evidence_due_by": told.evidence_due_by,
        "opened_at": ctx.now,
        "closed_at": None if state in OPEN else ctx.now,
        "updated_at": ctx.now,
    }
    await insert(ctx.db, "disputes", row)
    dispute = await LOCKED(ctx.db, row["id"])
    event = {"id": new_id(), "dispute_id": dispute.id, "to_state": state, "cause": told.cause, "created_at": ctx.now}
    await insert(ctx.db, "dispute_events", event)
    return await _book_fee(ctx, order, dispute, told.fee_minor)


async def _open(ctx: Ctx, order: Order, dispute: Dispute, cause: str) -> None:
    order = await payments.dispute_begins(ctx, order, cause=cause)
    if order.account_id is None:
        receipt = await ledger.post(
            ctx,
            kind="dispute_taken",
            legs=[
                Leg(AccountRef(None, order.currency, f"world:{order.gateway}"), dispute.amount_minor),
                Leg(AccountRef(None, order.currency, "disputed"), -dispute.amount_minor),
            ],
            key=f"dispute-taken:{dispute.id}",
            cause=f"{order.gateway} took back {order.description} until the dispute is decided",
            metadata={"order_id": str(order.id), "dispute_id": str(dispute.id)},
        )
        await update(ctx.db, "disputes", {"taken_id": receipt.transfer_id}, where={"id": dispute.id})
    dispute = await _set_aside(ctx, order, dispute)
    await emit(ctx, DisputeOpened(dispute.id, order.id, order.payee_id, dispute.amount_minor, dispute.asset))
    await tell_people(ctx, order, dispute)


async def _end(ctx: Ctx, order: Order, dispute: Dispute, cause: str) -> None:
    """What was taken and what was set aside come back; a lost dispute then goes the way of a refund."""
    is_lost = dispute.state == DisputeState.LOST
    await _release(ctx, dispute, "The dispute is decided")
    if dispute.taken_id is not None:
        receipt = await ledger.post(
            ctx,
            kind="dispute_returned",
            legs=[
                Leg(AccountRef(None, order.currency, "disputed"), dispute.amount_minor),
                Leg(AccountRef(None, order.currency, f"world:{order.gateway}"), -dispute.amount_minor),
            ],
            key=f"dispute-returned:{dispute.id}",
            cause=f"The dispute about {order.description} is {dispute.state.value}",
            metadata={"order_id": str(order.id), "dispute_id": str(dispute.id)},
        )
        await update(ctx.db, "disputes", {"returned_id": receipt.transfer_id}, where={"id": dispute.id})
    if is_lost:
        await payments.dispute_is_lost(ctx, order, amount_minor=dispute.amount_minor, cause=cause)
    elif not await _OTHERS_OPEN(ctx.db, order.id, dispute.id):
        await payments.dispute_is_won(ctx, order, cause=cause)
    await emit(ctx, DisputeClosed(dispute.id, order.id, order.payee_id, dispute.state))
    await tell_people(ctx, order, dispute)


async def _correct(ctx: Ctx, order: Order, dispute: Dispute, state: DisputeState, cause: str) -> None:
    """The gateway says otherwise than an administrator did, and knows better. What was taken back of a payment that was
    marked as lost is not given out again by itself: that is for a person to see, in the dispute's history."""
    if dispute.state == DisputeState.LOST:
        await note(ctx, dispute, f"{cause}: it is {state.value} there, and was marked as lost; please look at it")
        return
    dispute = await move(ctx, dispute, state, cause, marked_by=None)
    if state == DisputeState.LOST:
        await payments.dispute_is_lost(ctx, order, amount_minor=dispute.amount_minor, cause=cause)
        await tell_people(ctx, order, dispute)


async def _set_aside(ctx: Ctx, order: Order, dispute: Dispute) -> Dispute:
    legs = await purchasable(order.kind).at_stake(ctx, order, dispute.amount_minor)
    if not legs:
        return dispute
    hold = await ledger.hold(
        ctx,
        kind="dispute",
        legs_from=legs,
        key=f"dispute:{dispute.id}:{order.refunded_minor}",
        cause=f"Set aside while {order.description} is disputed",
        metadata={"dispute_id": str(dispute.id)},
    )
    await update(ctx.db, "disputes", {"hold_id": hold.id}, where={"id": dispute.id})
    return msgspec.structs.replace(dispute, hold_id=hold.id)


async def _release(ctx: Ctx, dispute: Dispute, cause: str) -> None:
    if dispute.hold_id is None:
        return
    await ledger.release(ctx, dispute.hold_id, key=f"dispute-released:{dispute.hold_id}", cause=cause)
    await update(ctx.db, "disputes", {"hold_id": None}, where={"id": dispute.id})


async def _book_fee(ctx: Ctx, order: Order, dispute: Dispute, fee_minor: int) -> Dispute:
    delta_minor = fee_minor - dispute.fee_minor
    if delta_minor <= 0:  # not told, or told before
        return dispute
    if order.account_id is None:
        await ledger.post(
            ctx,
            kind="dispute_fee",
            legs=[
                Leg(AccountRef(None, order.currency, f"world:{order.gateway}"), delta_minor),
                Leg(AccountRef(None, order.currency, "dispute_fees"), -delta_minor),
            ],
            key=f"dispute-fee:{dispute.id}:{fee_minor}",
            cause=f"{order.gateway} charges for the dispute about {order.description}",
            metadata={"order_id": str(order.id), "dispute_id": str(dispute.id)},
        )
    await update(ctx.db, "disputes", {"fee_minor": fee_minor}, where={"id": dispute.id})
    return msgspec.structs.replace(dispute, fee_minor=fee_minor)
