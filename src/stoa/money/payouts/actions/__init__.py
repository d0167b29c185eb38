"""Asking for a payout, calling it off, and what administrators decide about one. Sending it is in `sending`."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from stoa.foundation.identity.actions import require_good_standing
from stoa.foundation.identity.policies import require_recent_factor
from stoa.foundation.settings import queries as settings
from stoa.kit.ctx import Ctx
from stoa.kit.days import business_days_after
from stoa.kit.db import insert
from stoa.kit.ids import new_id
from stoa.kit.money import format_amount
from stoa.kit.outbox import emit
from stoa.kit.queue import enqueue
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payouts import queries
from stoa.money.payouts.actions.moving import LOCKED, audited, end, hold, is_barred, move, note
from stoa.money.payouts.actions.switchboard import SANDBOX, provider_named
from stoa.money.payouts.actions.watching import hold_if_flagged
from stoa.money.payouts.errors import (
    BelowMinimum,
    FlagOpen,
    OwnerBarred,
    PayoutKeyReused,
    PayoutOpen,
    UnknownDestination,
    WrongState,
)
from stoa.money.payouts.messages import PayoutRequested, SubmitPayout
from stoa.money.payouts.policies import access_own_payout, access_payout_to_decide
from stoa.money.payouts.types import (
    COIN,
    DESTINATIONS,
    MINOR_PER_COIN,
    PROMISED_DAYS,
    SANDBOX_BANK,
    SUBMIT_AFTER_S,
    USD,
    PayoutState,
    PayoutView,
    payout_amounts,
)
from stoa.money.risk import queries as risk
from stoa.money.splits.queries import rule_at


async def request_payout(ctx: Ctx, *, key: str, destination: str = SANDBOX_BANK) -> PayoutView:
    """Ask for all one's earned coins as money (M7). They are reserved at once (M9) and sent by the worker.

    The same key gives the same payout (M11). Another destination than the last one needs a second factor shown just now
    (I4). Raises BelowMinimum, PayoutOpen while another one is under way, UnknownDestination, PayoutKeyReused,
    StepUpRequired, and AccountSuspended (F5).
    """
    user_id = ctx.member.id
    await require_good_standing(ctx)
    provider = provider_named(ctx, SANDBOX.name)
    if destination not in DESTINATIONS:
        raise UnknownDestination(fields={"destination": f"One of {', '.join(DESTINATIONS)}"})
    config = await settings.platform(ctx)
    earned = AccountRef(user_id, COIN, "earned")
    held = await ledger.lock_balances(ctx, [earned])
    # Only after the lock: a second click waits for the first, and then finds its payout.
    known = await queries.PAYOUT_BY_KEY(ctx.db, user_id, key)
    if known is not None:
        if known.destination != destination:
            raise PayoutKeyReused(payout_id=known.id)
        return known
    if destination != await queries.LAST_DESTINATION(ctx.db, user_id):
        await require_recent_factor(ctx)
    under_way = await queries.OPEN_PAYOUT(ctx.db, user_id)
    if under_way is not None:
        raise PayoutOpen(payout_id=under_way.id)
    earned_minor, minimum_minor = held.get(earned, 0), config.payout_min_coins * MINOR_PER_COIN
    if earned_minor < minimum_minor:
        least = f"{config.payout_min_coins:,} earned coins are needed; you have {format_amount(earned_minor, COIN)}"
        raise BelowMinimum(least, earned_minor=earned_minor, minimum_minor=minimum_minor)
    percent = (await rule_at(ctx, "gift")).creator_percent
    amounts = payout_amounts(earned_minor, coins_per_usd=config.coins_per_usd, creator_percent=percent)
    payout_id = new_id()
    hold = await ledger.hold(
        ctx,
        kind="payout",
        legs_from=[Leg(earned, earned_minor)],
        key=f"payout:{payout_id}",
        cause=f"@{ctx.member.username} asked to be paid out",
        metadata={"payout_id": str(payout_id)},
    )
    row: dict[str, Any] = {
        "id": payout_id,
        "user_id": user_id,
        "coins_minor": earned_minor,
        **msgspec.structs.asdict(amounts),
        "currency": USD,
        "provider": provider.name,
        "destination": destination,
        "hold_id": hold.id,
        "key": key,
    }
    await insert(ctx.db, "payouts", row | _dates(ctx))
    payout = await queries.PAYOUT(ctx.db, payout_id)
    await note(ctx, payout, "requested by the creator", from_state=None)
    await enqueue(ctx, SubmitPayout(payout_id, 1), run_at=payout.submit_at, unique=f"{payout_id}:1")
    await emit(ctx, PayoutRequested(payout_id, user_id, payout.net_payout_minor, payout.currency))
    return await hold_if_flagged(ctx, payout)


async def cancel_payout(ctx: Ctx, payout_id: UUID) -> PayoutView:
    """Call one's own payout off before it is sent; the coins are back at once. Repeating it changes nothing.

    Raises NotFound, and WrongState once it is sent.
    """
    await access_own_payout(ctx, payout_id)
    payout = await LOCKED(ctx.db, payout_id)
    if payout.state == PayoutState.CANCELLED:
        return payout
    if payout.state not in (PayoutState.PENDING, PayoutState.IN_REVIEW):
        raise WrongState(f"It is {payout.state.value} already", state=payout.state)
    return await end(ctx, payout, PayoutState.CANCELLED, cause="cancelled by the creator")


async def hold_for_review(ctx: Ctx, payout_id: UUID, *, reason: str, until: datetime | None = None) -> PayoutView:
    """Stop a payout that is not sent yet, until a person has looked at it: with the reason, and by when (F7).

    For administrators, and for the modules that watch over risk (no actor). Raises NotFound, Forbidden, WrongState.
    """
    await access_payout_to_decide(ctx, payout_id)
    payout = await LOCKED(ctx.db, payout_id)
    if payout.state == PayoutState.IN_REVIEW:
        return payout
    if payout.state != PayoutState.PENDING:
        raise WrongState(f"It is {payout.state.value} already", state=payout.state)
    return await hold(ctx, payout, reason, until)


async def hold_of(ctx: Ctx, user_id: UUID, *, reason: str) -> PayoutView | None:
    """Holds somebody's payout for review if one waits to be sent: their account is not in good standing (F5)."""
    under_way = await queries.OPEN_PAYOUT(ctx.db, user_id)
    if under_way is None:
        return None
    payout = await LOCKED(ctx.db, under_way.id)
    if payout.state != PayoutState.PENDING:
        return None
    return await hold(ctx, payout, reason)


async def approve(ctx: Ctx, payout_id: UUID) -> PayoutView:
    """Let a held payout go on. For administrators.

    Raises NotFound, Forbidden, WrongState, OwnerBarred (F5), FlagOpen while a flag of its owner's is open (F2, F3).
    """
    await access_payout_to_decide(ctx, payout_id)
    payout = await LOCKED(ctx.db, payout_id)
    if payout.state != PayoutState.IN_REVIEW:
        raise WrongState(f"It is {payout.state.value}, not in review", state=payout.state)
    if await is_barred(ctx, payout):
        raise OwnerBarred
    if any(found.by for found in await risk.holds_of(ctx, payout.user_id)):
        raise FlagOpen
    payout = await move(ctx, payout, PayoutState.PENDING, cause="approved", review_reason=None, review_until=None)
    await enqueue(ctx, SubmitPayout(payout.id, 1), unique=f"{payout.id}:1")
    await audited(ctx, payout, "payouts.approved", PayoutState.IN_REVIEW, None)
    return payout


async def reject(ctx: Ctx, payout_id: UUID, *, reason: str) -> PayoutView:
    """Call a held payout off; the coins go back, the creator sees the reason. For administrators.

    Raises NotFound, Forbidden, WrongState.
    """
    await access_payout_to_decide(ctx, payout_id)
    payout = await LOCKED(ctx.db, payout_id)
    if payout.state != PayoutState.IN_REVIEW:
        raise WrongState(f"It is {payout.state.value}, not in review", state=payout.state)
    ended = await end(ctx, payout, PayoutState.CANCELLED, cause=f"rejected: {reason}", failure_reason=reason)
    await audited(ctx, ended, "payouts.rejected", PayoutState.IN_REVIEW, reason)
    return ended


def _dates(ctx: Ctx) -> dict[str, Any]:
    today = ctx.now.date()
    return {
        "requested_at": ctx.now,
        "submit_at": ctx.now + timedelta(seconds=SUBMIT_AFTER_S),
        "promised_from": business_days_after(today, PROMISED_DAYS[0]),
        "promised_by": business_days_after(today, PROMISED_DAYS[1]),
        "updated_at": ctx.now,
    }
