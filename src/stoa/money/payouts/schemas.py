"""Bodies of the payout and earnings API. Amounts in minor units, with the same as decimal text beside the main ones."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from stoa.kit.money import to_decimal
from stoa.money.payouts.types import (
    COIN,
    SANDBOX_BANK,
    DayEarned,
    EarningsView,
    PayoutAmounts,
    PayoutEvent,
    PayoutState,
    PayoutView,
    Timeline,
    WorkEarned,
)
from stoa.money.risk.types import HoldView


class PayoutIn(msgspec.Struct):
    """Where to; all earned coins are paid out."""

    destination: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] = SANDBOX_BANK


class ReasonIn(msgspec.Struct):
    """Why, in words for the creator."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class PayoutOut(msgspec.Struct, kw_only=True):
    """A payout (M7, M10). usd_amount = platform_fee + net_payout; `next_step` says in words what happens next."""

    id: UUID
    state: PayoutState
    coins_minor: int
    coins: str
    usd_amount_minor: int
    usd_amount: str
    platform_fee_minor: int
    platform_fee: str
    net_payout_minor: int
    net_payout: str
    currency: str
    destination: str
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


class EarningsOut(msgspec.Struct, kw_only=True):
    """The earnings page as data; see the types for the units."""

    timeline: Timeline
    earned_total_minor: int
    earned_total: str
    gifts_total: int
    paid_net_minor: int
    payable: PayoutAmounts | None
    payout_min_coins: int
    coins_per_usd: int
    creator_percent: int
    open_payout: PayoutOut | None
    holds: list[HoldView]
    days: list[DayEarned]
    top_works: list[WorkEarned]


def next_step(payout: PayoutView) -> str:
    """What happens next with a payout, in words (F7)."""
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
            return f"{payout.failure_reason}. The coins are back in your earned balance; you can ask again."
        case PayoutState.CANCELLED:
            why = f"{payout.failure_reason}. " if payout.failure_reason else ""
            return f"{why}It was cancelled. The coins are back in your earned balance."


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
    return EarningsOut(**fields, earned_total=str(to_decimal(earnings.earned_total_minor, COIN)))


def _fields(payout: PayoutView) -> dict[str, Any]:
    kept = {name: getattr(payout, name) for name in PayoutOut.__struct_fields__ if name in PayoutView.__struct_fields__}
    money = {
        name: str(to_decimal(getattr(payout, f"{name}_minor"), payout.currency))
        for name in ("usd_amount", "platform_fee", "net_payout")
    }
    return (
        kept
        | money
        | {
            "coins": str(to_decimal(payout.coins_minor, COIN)),
            "next_step": next_step(payout),
            "can_cancel": payout.state in (PayoutState.PENDING, PayoutState.IN_REVIEW),
        }
    )
