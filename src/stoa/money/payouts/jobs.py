"""Payouts without a request: sending them, following them, and not forgetting any."""

from stoa.foundation.identity.messages import StatusChanged
from stoa.kit.ctx import Ctx
from stoa.kit.outbox import on, within
from stoa.kit.queue import every, handles
from stoa.money.payments.actions.webhooks import Applied, applies
from stoa.money.payouts.actions import destinations, hearing, hold_of, sending, telling, watching
from stoa.money.payouts.messages import FollowPayout, PayoutFailed, PayoutHeld, PayoutPaid, SubmitPayout
from stoa.money.payouts.types import PayoutState
from stoa.money.risk.messages import FlagClosed, MovementFlagged
from stoa.money.risk.types import Severity


@handles(SubmitPayout)
async def submit_payout(ctx: Ctx, job: SubmitPayout) -> None:
    """One attempt, under one key at the provider."""
    await sending.submit(ctx, job.payout_id, job.attempt)


@handles(FollowPayout)
async def follow_payout(ctx: Ctx, job: FollowPayout) -> None:
    """What became of it."""
    await sending.follow(ctx, job.payout_id, job.attempt)


@applies(hearing.FAMILY)
async def apply_news(ctx: Ctx, provider_name: str, body: bytes) -> Applied:
    """A provider's webhook has the payout looked at now."""
    return await hearing.apply(ctx, provider_name, body)


@every(name="payouts.remind", seconds=300)
async def remind(ctx: Ctx) -> int:
    """No payout is forgotten."""
    return await sending.remind(ctx)


@every(name="payouts.reseal", seconds=3600)
async def reseal(ctx: Ctx) -> dict[str, int]:
    """Destinations are sealed and marked with the newest key."""
    return {"resealed": await destinations.reseal(ctx)}


@within(StatusChanged)
async def hold(ctx: Ctx, event: StatusChanged) -> None:
    """No money leaves an account that is suspended or banned before somebody has looked at it (F5, F7)."""
    if event.status in ("suspended", "banned"):
        await hold_of(ctx, event.user_id, reason=f"The account is {event.status}: {event.reason}")


@on(MovementFlagged)
async def hold_flagged(ctx: Ctx, event: MovementFlagged) -> None:
    """Payouts of whom a flag of high severity is about wait (F2, F3).

    Not within the movement: it holds the ledger's locks, for which a payout that is being cancelled waits while it is
    locked itself. Nothing slips through, since a payout looks for flags when it is asked for and when it is sent.
    """
    if event.severity == Severity.HIGH and event.user_id is not None:
        await watching.after_flag(ctx, event.user_id)


@on(PayoutPaid)
async def tell_paid(ctx: Ctx, event: PayoutPaid) -> dict[str, bool]:
    """The creator has a mail."""
    return {"told": await telling.tell(ctx, event.payout_id, PayoutState.PAID)}


@on(PayoutFailed)
async def tell_failed(ctx: Ctx, event: PayoutFailed) -> dict[str, bool]:
    """The creator has a mail with the reason."""
    return {"told": await telling.tell(ctx, event.payout_id, PayoutState.FAILED)}


@on(PayoutHeld)
async def tell_held(ctx: Ctx, event: PayoutHeld) -> dict[str, bool]:
    """The creator has a mail with the reason, what happens next and by when (F7)."""
    return {"told": await telling.tell(ctx, event.payout_id, PayoutState.IN_REVIEW)}


@within(FlagClosed)
async def decided(ctx: Ctx, event: FlagClosed) -> None:
    """What was held for a flag goes on, or says why it does not."""
    if event.severity == Severity.HIGH and event.user_id is not None:
        await watching.after_decision(ctx, event.user_id, event.reason)
