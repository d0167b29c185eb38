"""Payouts without a request: sending them, following them, and not forgetting any."""

from stoa.foundation.identity.messages import StatusChanged
from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within
from stoa.kit.queue import every, handles
from stoa.money.payouts.actions import hold_of, sending
from stoa.money.payouts.messages import FollowPayout, SubmitPayout


@handles(SubmitPayout)
async def submit_payout(ctx: Ctx, job: SubmitPayout) -> None:
    """One attempt, under one key at the provider."""
    await sending.submit(ctx, job.payout_id, job.attempt)


@handles(FollowPayout)
async def follow_payout(ctx: Ctx, job: FollowPayout) -> None:
    """What became of it."""
    await sending.follow(ctx, job.payout_id, job.attempt)


@every(name="payouts.remind", seconds=300)
async def remind(ctx: Ctx) -> int:
    """No payout is forgotten."""
    return await sending.remind(ctx)


@within(StatusChanged)
async def hold(ctx: Ctx, event: StatusChanged) -> None:
    """No money leaves an account that is suspended or banned before somebody has looked at it (F5, F7)."""
    if event.status in ("suspended", "banned"):
        await hold_of(ctx, event.user_id, reason=f"The account is {event.status}: {event.reason}")
