"""Payouts without a request: sending them, following them, and not forgetting any."""

from stoa.kit.ctx import Ctx
from stoa.kit.queue import every, handles
from stoa.money.payouts.actions import sending
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
