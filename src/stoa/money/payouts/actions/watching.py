"""What flags of high severity do to payouts (F2, F3, F7): hold them, and let them go once somebody has looked."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import update
from stoa.kit.queue import enqueue
from stoa.money.payouts import queries
from stoa.money.payouts.actions.moving import LOCKED, hold, is_barred, move
from stoa.money.payouts.messages import SubmitPayout
from stoa.money.payouts.types import PayoutState, PayoutView
from stoa.money.risk.queries import holds_of


async def hold_if_flagged(ctx: Ctx, payout: PayoutView) -> PayoutView:
    """A pending payout, held where its owner's payouts are: with the first reason, and by when it is decided."""
    holds = await holds_of(ctx, payout.user_id)
    return await hold(ctx, payout, holds[0].reason, holds[0].by) if holds else payout


async def hold_if_open(ctx: Ctx, payout: PayoutView) -> bool:
    """Holds a pending payout while nobody has decided about a flag; one that goes on after a rejected flag was let go
    by a person. Answers whether it is held."""
    holds = await holds_of(ctx, payout.user_id)
    if not holds or holds[0].by is None:
        return False
    await hold(ctx, payout, holds[0].reason, holds[0].by)
    return True


async def after_flag(ctx: Ctx, user_id: UUID) -> None:
    """Somebody was flagged: their payouts wait that are not sent yet."""
    for payout in await _under_way(ctx, user_id):
        if payout.state == PayoutState.PENDING:
            await hold_if_open(ctx, payout)


async def after_decision(ctx: Ctx, user_id: UUID, reason: str) -> None:
    """A flag was decided. Payouts that were held for it go on, unless something else holds them, and then say so.

    One that was held by hand, for another reason, stays as it is.
    """
    held_for_it = [
        payout
        for payout in await _under_way(ctx, user_id)
        if payout.state == PayoutState.IN_REVIEW and payout.review_reason == reason
    ]
    holds = await holds_of(ctx, user_id)
    for payout in held_for_it:
        if holds or await is_barred(ctx, payout):
            left = holds[0].reason if holds else "The account is not in good standing"
            await update(ctx.db, "payouts", {"review_reason": left, "updated_at": ctx.now}, where={"id": payout.id})
            continue
        cause = "somebody has looked at the movements"
        moved = await move(ctx, payout, PayoutState.PENDING, cause=cause, review_reason=None, review_until=None)
        await enqueue(ctx, SubmitPayout(moved.id, 1), unique=f"{moved.id}:1")


async def _under_way(ctx: Ctx, user_id: UUID) -> list[PayoutView]:
    """Somebody's open payouts, locked in the order of their ids."""
    return [await LOCKED(ctx.db, found.id) for found in await queries.OPEN_PAYOUTS(ctx.db, user_id)]
