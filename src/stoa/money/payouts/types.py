"""Payouts and earnings as others see them, and the arithmetic of M7."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.money import round_ratio
from stoa.money.risk.types import HoldView

COIN: Final = "COIN"
USD: Final = "USD"
MINOR_PER_COIN: Final = 100

# Destinations that the sandbox provider knows; see `gateways.Sandbox`.
SANDBOX_BANK: Final = "sandbox_bank"
SANDBOX_FAIL: Final = "sandbox_fail"
SANDBOX_FAIL_ONCE: Final = "sandbox_fail_once"
DESTINATIONS: Final = (SANDBOX_BANK, SANDBOX_FAIL, SANDBOX_FAIL_ONCE)

SUBMIT_AFTER_S: Final = 5  # the time in which one may think better of it
PROMISED_DAYS: Final = (3, 5)  # M10, business days


class PayoutState(StrEnum):
    """M10."""

    PENDING = "pending"
    IN_REVIEW = "in_review"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES: Final = frozenset({PayoutState.PENDING, PayoutState.IN_REVIEW, PayoutState.PROCESSING})


class PayoutView(msgspec.Struct, frozen=True):
    """A payout. `coins_minor` in hundredths of a coin; the three amounts in minor units of `currency` (M7).

    `next_try_at` and `failure_reason` tell of an attempt that failed and will be made again; a failed payout has its
    reason there. `review_reason` and `review_until` tell why it waits for a person, and how long at most (F7).
    """

    id: UUID
    user_id: UUID
    coins_minor: int
    usd_amount_minor: int
    platform_fee_minor: int
    net_payout_minor: int
    currency: str
    state: PayoutState
    provider: str
    destination: str
    hold_id: UUID
    transfer_id: UUID | None
    attempts: int
    provider_reference: str | None
    next_try_at: datetime | None
    failure_code: str | None
    failure_reason: str | None
    review_reason: str | None
    review_until: datetime | None
    requested_at: datetime
    submit_at: datetime
    promised_from: date
    promised_by: date
    sent_at: datetime | None
    ended_at: datetime | None


class PayoutEvent(msgspec.Struct, frozen=True):
    """Something that happened to a payout; the state may have stayed."""

    from_state: PayoutState | None
    to_state: PayoutState
    cause: str
    created_at: datetime


class PayoutAmounts(msgspec.Struct, frozen=True):
    """M7, in cents: usd_amount = platform_fee + net_payout."""

    usd_amount_minor: int
    platform_fee_minor: int
    net_payout_minor: int


def payout_amounts(coins_minor: int, *, coins_per_usd: int, creator_percent: int) -> PayoutAmounts:
    """What earned coins are in money (M7): net = earned ÷ 78, amount = earned ÷ 40 % ÷ 78, fee the difference.

    The earned coins are the creator's share already (M6), so nothing is taken here: amount and fee report what the
    givers paid and what the platform kept then. Both are rounded half to even, and net + fee = amount to the cent.
    """
    # A coin has as many hundredths as a dollar has cents, so hundredths of coins ÷ coins per dollar are cents.
    net_minor = round_ratio(coins_minor, coins_per_usd)
    usd_minor = max(net_minor, round_ratio(coins_minor * 100, coins_per_usd * max(creator_percent, 1)))
    return PayoutAmounts(usd_minor, usd_minor - net_minor, net_minor)


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody's earned coins are, in hundredths of a coin; nothing is counted twice.

    pending: arrived, and could still be taken back by the giver until `pending_until`; available: free; reserved: in a
    payout that is not sent yet; sent: at the provider; arrived: paid out so far, ever. `payable_minor` is what a payout
    requested now would take: pending + available.
    """

    pending_minor: int
    pending_until: datetime | None
    available_minor: int
    payable_minor: int
    reserved_minor: int
    sent_minor: int
    arrived_minor: int


class DayEarned(msgspec.Struct, frozen=True):
    """What gifts brought on one day (UTC), in hundredths of a coin, and how many they were."""

    day: date
    earned_minor: int
    gifts: int


class WorkEarned(msgspec.Struct, frozen=True):
    """What gifts on one work brought its owner, in hundredths of a coin."""

    work_id: UUID
    title: str | None
    path: str | None
    earned_minor: int
    gifts: int
    coins_given: int


class EarningsView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the earnings page shows. `*_minor` of coins in hundredths, of money in cents.

    `earned_total_minor`: earned by gifts, ever. `payable`: what a payout requested now would come to; None below the
    minimum of `payout_min_coins`. `open_payout`: the one that is under way. `holds`: why payouts wait (F7).
    """

    timeline: Timeline
    earned_total_minor: int
    gifts_total: int
    paid_net_minor: int
    payable: PayoutAmounts | None
    payout_min_coins: int
    coins_per_usd: int
    creator_percent: int
    open_payout: PayoutView | None
    holds: list[HoldView]
    days: list[DayEarned]
    top_works: list[WorkEarned]
