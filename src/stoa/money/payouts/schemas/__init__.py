"""Bodies of the payout and earnings API. Amounts in minor units, with the same as decimal text beside the main ones."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from stoa.kit.money import MAX_MINOR, to_decimal
from stoa.money.payouts.types import (
    COIN,
    DayEarned,
    EarningsView,
    Offer,
    Payable,
    PayoutEvent,
    PayoutState,
    PayoutView,
    Place,
    Sums,
    Timeline,
    WorkEarned,
)
from stoa.money.risk.types import HoldView

Asset = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3,5}$")]
AmountMinor = Annotated[int, msgspec.Meta(ge=1, le=MAX_MINOR)]


class QuoteIn(msgspec.Struct):
    """What of: all that is earned of an asset, or so much of it in its smallest unit. Where to: the id of a destination
    (or `sandbox_bank`, a test account of one's own); the default one where nothing is said."""

    asset: Asset = COIN
    amount_minor: AmountMinor | None = None
    destination: Place | None = None


class PayoutIn(QuoteIn):
    """`fee_minor`: the provider's fee that was shown; a payout with a higher one is refused."""

    fee_minor: Annotated[int, msgspec.Meta(ge=0, le=MAX_MINOR)] | None = None


class QuoteOut(msgspec.Struct, kw_only=True):
    """What a payout would come to. `fee` is the provider's, in `currency`; after it `arrives` of `arrives_currency`."""

    asset: str
    amount_minor: int
    amount: str
    gross_minor: int
    platform_fee_minor: int
    net_payout_minor: int
    net_payout: str
    currency: str
    fee_minor: int
    fee: str
    fee_on_platform: bool
    arrives_minor: int
    arrives: str
    arrives_currency: str
    arrives_by: date | None
    destination_id: UUID
    destination: str
    usable_from: datetime


class ReasonIn(msgspec.Struct):
    """Why, in words for the creator."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class PayoutOut(msgspec.Struct, kw_only=True):
    """A payout (M7, M10). usd_amount = platform_fee + net_payout, in `currency`; `next_step` says what happens.

    `source` of the asset was reserved; `coins` is the same where it was coins. `fee` is the provider's: out of the net,
    unless `fee_on_platform`. `arrives` of `arrives_currency` is what the provider quoted.
    """

    id: UUID
    state: PayoutState
    asset: str
    source_minor: int
    source: str
    coins_minor: int | None
    coins: str | None
    usd_amount_minor: int
    usd_amount: str
    platform_fee_minor: int
    platform_fee: str
    net_payout_minor: int
    net_payout: str
    currency: str
    fee_minor: int
    fee: str
    fee_on_platform: bool
    arrives_minor: int
    arrives: str
    arrives_currency: str
    arrives_by: date | None
    provider: str
    destination: str
    destination_id: UUID | None
    provider_reference: str | None
    attempts: int
    next_try_at: datetime | None
    failure_reason: str | None
    review_reason: str | None
    review_until: datetime | None
    next_step: str
    can_cancel: bool
    transfer_id: UUID | None
    requested_at: datetime
    promised_from: date
    promised_by: date
    sent_at: datetime | None
    ended_at: datetime | None


class PayoutEventOut(msgspec.Struct):
    """Something that happened to a payout."""

    from_state: PayoutState | None
    to_state: PayoutState
    cause: str
    created_at: datetime


class PayoutDetailOut(PayoutOut, kw_only=True):
    """A payout with all that happened to it, oldest first."""

    events: list[PayoutEventOut]


class SumsOut(msgspec.Struct, kw_only=True):
    """Payouts of one asset in one currency. `paid`: how many arrived; `days_to_arrive`: from asking, on average."""

    asset: str
    currency: str
    requested: int
    open: int
    paid: int
    failed: int
    cancelled: int
    source_minor: int
    net_minor: int
    net: str
    fees_minor: int
    open_minor: int
    days_to_arrive: float | None
    last_paid_at: datetime | None


class PayableOut(msgspec.Struct, kw_only=True):
    """What is earned of one asset and can be asked for, from `minimum_minor` on; `net_payout` is its worth now."""

    asset: str
    earned_minor: int
    earned: str
    reserved_minor: int
    minimum_minor: int
    net_payout_minor: int
    net_payout: str
    currency: str
    can_be_paid: bool
    open_payout_id: UUID | None


class StatsOut(msgspec.Struct):
    """What was paid out, and what can be; nothing of one currency is ever added to another."""

    items: list[SumsOut]
    payable: list[PayableOut]


class AmountsOut(msgspec.Struct):
    """M7, in cents: usd_amount = platform_fee + net_payout."""

    usd_amount_minor: int
    platform_fee_minor: int
    net_payout_minor: int


class EarningsOut(msgspec.Struct, kw_only=True):
    """The earnings page as data; see the types for the units."""

    timeline: Timeline
    earned_total_minor: int
    earned_total: str
    gifts_total: int
    paid_net_minor: int
    payable: AmountsOut | None
    payout_min_coins: int
    coins_per_usd: int
    creator_percent: int
    open_payout: PayoutOut | None
    holds: list[HoldView]
    days: list[DayEarned]
    top_works: list[WorkEarned]


def next_step(payout: PayoutView) -> str:
    """What happens next with a payout, in words (F7)."""
    back = "The coins are" if payout.asset == COIN else "The money is"
    match payout.state:
        case PayoutState.PENDING:
            return "It will be sent in a moment. Until then you can cancel it."
        case PayoutState.IN_REVIEW:
            until = f"{payout.review_until:%d %B}" if payout.review_until else "soon"
            return f"We are looking at it: {payout.review_reason}. You will hear from us by {until}."
        case PayoutState.PROCESSING if payout.next_try_at is not None:
            return f"{payout.failure_reason}. It will be tried again at {payout.next_try_at:%H:%M} UTC."
        case PayoutState.PROCESSING:
            first, last = payout.promised_from, payout.promised_by
            return f"It is on its way. It should arrive between {first:%d %B} and {last:%d %B}."
        case PayoutState.PAID:
            return "It has arrived."
        case PayoutState.FAILED:
            return f"{payout.failure_reason}. {back} back in your earned balance; you can ask again."
        case PayoutState.CANCELLED:
            why = f"{payout.failure_reason}. " if payout.failure_reason else ""
            return f"{why}It was cancelled. {back} back in your earned balance."


def payout_out(payout: PayoutView) -> PayoutOut:
    """A PayoutView for its creator."""
    return PayoutOut(**_fields(payout))


def payout_detail_out(payout: PayoutView, events: list[PayoutEvent]) -> PayoutDetailOut:
    """A PayoutView with its events."""
    told = [PayoutEventOut(e.from_state, e.to_state, e.cause, e.created_at) for e in events]
    return PayoutDetailOut(**_fields(payout), events=told)


def earnings_out(earnings: EarningsView) -> EarningsOut:
    """An EarningsView for its creator."""
    fields: dict[str, Any] = {name: getattr(earnings, name) for name in earnings.__struct_fields__}
    fields["open_payout"] = payout_out(earnings.open_payout) if earnings.open_payout else None
    worth = earnings.payable
    fields["payable"] = (
        AmountsOut(worth.gross_minor, worth.platform_fee_minor, worth.net_payout_minor) if worth else None
    )
    return EarningsOut(**fields, earned_total=str(to_decimal(earnings.earned_total_minor, COIN)))


def stats_out(sums: list[Sums], payables: list[Payable]) -> StatsOut:
    """Sums and balances for their creator."""
    items = [SumsOut(**msgspec.structs.asdict(one), net=str(to_decimal(one.net_minor, one.currency))) for one in sums]
    payable = [
        PayableOut(
            asset=one.asset,
            earned_minor=one.earned_minor,
            earned=str(to_decimal(one.earned_minor, one.asset)),
            reserved_minor=one.reserved_minor,
            minimum_minor=one.minimum_minor,
            net_payout_minor=one.worth.net_payout_minor,
            net_payout=str(to_decimal(one.worth.net_payout_minor, one.worth.currency)),
            currency=one.worth.currency,
            can_be_paid=one.can_be_paid,
            open_payout_id=one.open_payout.id if one.open_payout else None,
        )
        for one in payables
    ]
    return StatsOut(items, payable)


def quote_out(offer: Offer) -> QuoteOut:
    """An Offer for its creator."""
    amounts = offer.amounts
    return QuoteOut(
        asset=offer.asset,
        amount_minor=offer.source_minor,
        amount=str(to_decimal(offer.source_minor, offer.asset)),
        gross_minor=amounts.gross_minor,
        platform_fee_minor=amounts.platform_fee_minor,
        net_payout_minor=amounts.net_payout_minor,
        net_payout=str(to_decimal(amounts.net_payout_minor, amounts.currency)),
        currency=amounts.currency,
        fee_minor=offer.fee_minor,
        fee=str(to_decimal(offer.fee_minor, amounts.currency)),
        fee_on_platform=offer.fee_on_platform,
        arrives_minor=offer.arrives_minor,
        arrives=str(to_decimal(offer.arrives_minor, offer.arrives_currency)),
        arrives_currency=offer.arrives_currency,
        arrives_by=offer.arrives_by,
        destination_id=offer.destination.id,
        destination=offer.destination.title,
        usable_from=offer.destination.usable_from,
    )


def _fields(payout: PayoutView) -> dict[str, Any]:
    kept = {name: getattr(payout, name) for name in PayoutOut.__struct_fields__ if name in PayoutView.__struct_fields__}
    source = str(to_decimal(payout.source_minor, payout.asset))
    is_coins = payout.asset == COIN
    worth = {
        "source": source,
        "coins": source if is_coins else None,
        "coins_minor": payout.source_minor if is_coins else None,
        "usd_amount_minor": payout.gross_minor,
        "usd_amount": str(to_decimal(payout.gross_minor, payout.currency)),
        "arrives": str(to_decimal(payout.arrives_minor, payout.arrives_currency)),
    }
    money = {
        name: str(to_decimal(getattr(payout, f"{name}_minor"), payout.currency))
        for name in ("platform_fee", "net_payout", "fee")
    }
    cancellable = payout.state in (PayoutState.PENDING, PayoutState.IN_REVIEW)
    return kept | worth | money | {"next_step": next_step(payout), "can_cancel": cancellable}
