"""The one place where a payout changes its state, and where its reserve ends."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.kit.ctx import Ctx
from stoa.kit.days import business_days_after
from stoa.kit.db import insert, one, update, value
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.money.ledger import actions as ledger
from stoa.money.payouts.messages import PayoutCancelled, PayoutFailed, PayoutHeld
from stoa.money.payouts.queries import PAYOUT_COLUMNS
from stoa.money.payouts.types import PayoutState, PayoutView
from stoa.money.wallet.actions.debts import collect

REVIEW_DAYS: Final = 2  # business days in which somebody has looked at a held payout
_STATUS = value(str | None, "select status from users where id = $1")
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
    await collect_debt(ctx, payout)
    payout = await move(ctx, payout, state, cause=cause, ended_at=ctx.now, next_try_at=None, **changed)
    if state == PayoutState.FAILED:
        await emit(ctx, PayoutFailed(payout.id, payout.user_id, payout.failure_reason or cause))
    else:
        await emit(ctx, PayoutCancelled(payout.id, payout.user_id))
    return payout


async def collect_debt(ctx: Ctx, payout: PayoutView) -> None:
    """What came to be owed while the money of a payout was away is taken, now that it is back (M13)."""
    cause = "Owed for payments that were refunded, and taken from a payout that did not take place"
    await collect(ctx, payout.user_id, payout.asset, key=f"payout-debt:{payout.id}", cause=cause)


async def hold(ctx: Ctx, payout: PayoutView, reason: str, until: datetime | None = None) -> PayoutView:
    """Stops a pending payout until a person has looked at it (F7)."""
    midnight = datetime.combine(business_days_after(ctx.now.date(), REVIEW_DAYS), datetime.min.time(), ctx.now.tzinfo)
    payout = await move(
        ctx,
        payout,
        PayoutState.IN_REVIEW,
        cause=f"held for review: {reason}",
        review_reason=reason,
        review_until=until or midnight + timedelta(days=1),
    )
    await audited(ctx, payout, "payouts.held", PayoutState.PENDING, reason)
    await emit(ctx, PayoutHeld(payout.id, payout.user_id, reason))
    return payout


async def is_barred(ctx: Ctx, payout: PayoutView) -> bool:
    """F5: whether its owner is suspended or banned."""
    return await _STATUS(ctx.db, payout.user_id) in ("suspended", "banned")


async def audited(ctx: Ctx, payout: PayoutView, action: str, before: PayoutState, reason: str | None) -> None:
    """What was decided about a payout, for the audit."""
    after = {"state": payout.state, **({"reason": reason} if reason else {})}
    await audit.record(ctx, action, subject="payout", subject_id=payout.id, before={"state": before}, after=after)
