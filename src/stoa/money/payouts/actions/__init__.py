"""Asking for a payout, calling it off, and what administrators decide about one. Sending it is in `sending`."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from stoa.foundation.identity.actions import require_good_standing
from stoa.foundation.settings import queries as settings
from stoa.kit.ctx import Ctx
from stoa.kit.days import business_days_after
from stoa.kit.db import insert
from stoa.kit.ids import new_id
from stoa.kit.money import exponent
from stoa.kit.outbox import emit
from stoa.kit.queue import enqueue
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payouts import queries
from stoa.money.payouts.actions.destinations import in_words, still_there
from stoa.money.payouts.actions.moving import LOCKED, audited, end, hold, is_barred, move, note
from stoa.money.payouts.actions.offers import check_amount, chosen_destination, earned_now, offer
from stoa.money.payouts.actions.watching import hold_if_flagged
from stoa.money.payouts.errors import (
    AmountMoved,
    DestinationCooling,
    DestinationMoved,
    FeeChanged,
    FlagOpen,
    OwnerBarred,
    PayoutKeyReused,
    PayoutOpen,
    WrongState,
)
from stoa.money.payouts.messages import PayoutRequested, SubmitPayout
from stoa.money.payouts.policies import access_own_payout, access_payout_to_decide
from stoa.money.payouts.types import COIN, PROMISED_DAYS, SUBMIT_AFTER_S, Offer, PayoutState, PayoutView
from stoa.money.risk import queries as risk


async def request_payout(
    ctx: Ctx,
    *,
    key: str,
    asset: str = COIN,
    amount_minor: int | None = None,
    destination: str | None = None,
    fee_minor: int | None = None,
) -> PayoutView:
    """Ask for what one has earned of an asset as money (M7): all of it, or `amount_minor`. It is reserved at once (M9)
    and sent by the worker.

    destination: see `chosen_destination`. fee_minor: the provider's fee that was agreed to; a higher one is refused.
    The same key gives the same payout (M11). Raises BelowMinimum, NotEarned, PayoutOpen while another one of this asset
    is under way, UnknownDestination, NoDestination, DestinationCooling, DestinationMoved, FeeChanged, NothingArrives,
    ProviderUnavailable, PayoutKeyReused, StepUpRequired, Invalid, and AccountSuspended (F5).
    """
    await require_good_standing(ctx)
    exponent(asset)
    user_id = ctx.member.id
    place = await chosen_destination(ctx, destination)
    wanted_place = place.id if destination is not None else None
    wanted = (asset, amount_minor, wanted_place)
    known = await queries.PAYOUT_BY_KEY(ctx.db, user_id, key)
    if known is not None:
        return _same(known, wanted)
    config = await settings.platform(ctx)
    source_minor = await earned_now(ctx, asset) if amount_minor is None else amount_minor
    # The provider is asked before anything is locked; what is too little is not asked about, and refused below.
    enough = source_minor >= queries.minimum_minor(config, asset)
    found = await offer(ctx, asset=asset, source_minor=source_minor, destination=place) if enough else None
    earned = AccountRef(user_id, asset, "earned")
    earned_minor = (await ledger.lock_balances(ctx, [earned])).get(earned, 0)
    # Only after the lock: a second click waits for the first, and then finds its payout.
    known = await queries.PAYOUT_BY_KEY(ctx.db, user_id, key)
    if known is not None:
        return _same(known, wanted)
    under_way = await queries.OPEN_PAYOUT(ctx.db, user_id, asset)
    if under_way is not None:
        raise PayoutOpen(payout_id=under_way.id)
    check_amount(config, asset, source_minor, earned_minor)
    if found is None:
        raise AmountMoved
    if place.usable_from > ctx.now:
        detail = f"Money can be sent to {place.title} from {in_words(place)}"
        raise DestinationCooling(detail, usable_from=place.usable_from)
    if not await still_there(ctx, place.id, found.recipient):
        raise DestinationMoved
    if fee_minor is not None and found.fee_minor > fee_minor:
        raise FeeChanged(fee_minor=found.fee_minor, arrives_minor=found.arrives_minor)
    payout = await _reserved(ctx, found, earned, key)
    await enqueue(ctx, SubmitPayout(payout.id, 1), run_at=payout.submit_at, unique=f"{payout.id}:1")
    await emit(ctx, PayoutRequested(payout.id, user_id, payout.net_payout_minor, payout.currency))
    return await hold_if_flagged(ctx, payout)


def _same(known: PayoutView, wanted: tuple[str, int | None, UUID | None]) -> PayoutView:
    """The payout that this key made. Raises PayoutKeyReused where it was another one (M11)."""
    asset, amount_minor, destination_id = wanted
    fits = known.asset == asset and amount_minor in (None, known.source_minor)
    if not fits or destination_id not in (None, known.destination_id):
        raise PayoutKeyReused(payout_id=known.id)
    return known


async def _reserved(ctx: Ctx, found: Offer, earned: AccountRef, key: str) -> PayoutView:
    """The row of a new payout, and its hold."""
    payout_id = new_id()
    hold = await ledger.hold(
        ctx,
        kind="payout",
        legs_from=[Leg(earned, found.source_minor)],
        key=f"payout:{payout_id}",
        cause=f"@{ctx.member.username} asked to be paid out",
        metadata={"payout_id": str(payout_id)},
    )
    row: dict[str, Any] = {
        "id": payout_id,
        "user_id": ctx.member.id,
        "asset": found.asset,
        "source_minor": found.source_minor,
        **msgspec.structs.asdict(found.amounts),
        "provider": found.provider,
        "destination": found.destination.title,
        "destination_id": found.destination.id,
        "recipient": found.recipient,
        "fee_minor": found.fee_minor,
        "fee_on_platform": found.fee_on_platform,
        "arrives_minor": found.arrives_minor,
        "arrives_currency": found.arrives_currency,
        "arrives_by": found.arrives_by,
        "hold_id": hold.id,
        "key": key,
    }
    await insert(ctx.db, "payouts", row | _dates(ctx))
    payout = await queries.PAYOUT(ctx.db, payout_id)
    await note(ctx, payout, "requested by the creator", from_state=None)
    return payout


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


async def hold_of(ctx: Ctx, user_id: UUID, *, reason: str) -> None:
    """Holds somebody's payouts for review that wait to be sent: their account is not in good standing (F5)."""
    for under_way in await queries.OPEN_PAYOUTS(ctx.db, user_id):
        payout = await LOCKED(ctx.db, under_way.id)
        if payout.state == PayoutState.PENDING:
            await hold(ctx, payout, reason)


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
