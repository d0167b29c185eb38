"""The one place where a payout changes its state, and where its reserve ends."""

from typing import Final

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, one, update
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.money.ledger import actions as ledger
from stoa.money.payouts.messages import PayoutCancelled, PayoutFailed
from stoa.money.payouts.queries import PAYOUT_COLUMNS
from stoa.money.payouts.types import PayoutState, PayoutView

LOCKED: Final = one(PayoutView, f"select {PAYOUT_COLUMNS} from payouts where id = $1 for update")


async def move(ctx: Ctx, payout: PayoutView, state: PayoutState, *, cause: str, **changed: object) -> PayoutView:
    """The row, and an event row with the cause (M10). The database refuses what is not in payout_transitions."""
    columns = changed | {"state": state, "updated_at": ctx.now}
    await update(ctx.db, "payouts", columns, where={"id": payout.id})
    after = msgspec.structs.replace(payout, **changed, state=state)
    await note(ctx, after, cause, from_state=payout.state)
    return after


async def note(ctx: Ctx, payout: PayoutView, cause: str, *, from_state: PayoutState | None) -> None:
    """An event row of a payout that is now in its state."""
    event = {
        "id": new_id(),
        "payout_id": payout.id,
        "from_state": from_state,
        "to_state": payout.state,
        "cause": cause,
        "actor_id": ctx.actor.id if ctx.actor else None,
        "created_at": ctx.now,
    }
    await insert(ctx.db, "payout_events", event)


async def end(ctx: Ctx, payout: PayoutView, state: PayoutState, *, cause: str, **changed: object) -> PayoutView:
    """End a payout that was not paid: the reserved coins go back to the earned bucket."""
    await ledger.release(ctx, payout.hold_id, key=f"payout-{state}:{payout.id}", cause=f"Payout {state}: {cause}")
    payout = await move(ctx, payout, state, cause=cause, ended_at=ctx.now, next_try_at=None, **changed)
    if state == PayoutState.FAILED:
        await emit(ctx, PayoutFailed(payout.id, payout.user_id, payout.failure_reason or cause))
    else:
        await emit(ctx, PayoutCancelled(payout.id, payout.user_id))
    return payout
