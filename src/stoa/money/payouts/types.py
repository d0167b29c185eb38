"""Payouts and earnings as others see them, and the arithmetic of M7."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec

from stoa.kit.money import format_amount, round_ratio
from stoa.money.risk.types import HoldView

Place = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]  # a destination as it is named: its id, or a word

COIN: Final = "COIN"
USD: Final = "USD"
MINOR_PER_COIN: Final = 100

# Words for destinations at the sandbox provider; see `gateways.sandbox`.
SANDBOX_BANK: Final = "sandbox_bank"
SANDBOX_FAIL: Final = "sandbox_fail"
SANDBOX_FAIL_ONCE: Final = "sandbox_fail_once"
# What they are called; each is a test account that is somebody's own, made when it is first used.
TEST_ACCOUNTS: Final = {
    SANDBOX_BANK: "Test bank account",
    SANDBOX_FAIL_ONCE: "Test account that refuses once, then accepts",
    SANDBOX_FAIL: "Test account that is closed",
}
# M7 for credits: about five dollars, in the smallest unit. For USD the operator says it.
MINIMUM_MINOR: Final = {
    "EUR": 500,
    "GBP": 400,
    "INR": 40_000,
    "IDR": 8_000_000,
    "PHP": 28_000,
    "MYR": 2_200,
    "THB": 17_500,
    "JPY": 750,
    "KRW": 7_000,
    "VND": 130_000,
    "BHD": 2_000,
    "KWD": 1_500,
    "TND": 15_000,
}

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
    """A payout: `source_minor` of `asset` left the earned bucket, for `net_payout_minor` of `currency`.

    Of coins, `gross_minor` is what readers paid and `platform_fee_minor` what was kept then (M7): gross = fee + net. Of
    credits nothing is taken, and all three are the same as the source. `fee_minor` of `currency` is the provider's, out
    of the net unless `fee_on_platform`; `arrives_minor` of `arrives_currency` arrives, as quoted.

    `next_try_at` and `failure_reason` tell of an attempt that failed and will be made again; a failed payout has its
    reason there. `review_reason` and `review_until` tell why it waits for a person, and how long at most (F7).
    `destination` is what the place was called then, `recipient` what the provider calls it.
    """

    id: UUID
    user_id: UUID
    source_minor: int
    gross_minor: int
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
    asset: str
    fee_minor: int
    fee_on_platform: bool
    arrives_minor: int
    arrives_currency: str
    arrives_by: date | None
    destination_id: UUID | None
    recipient: str

    @property
    def handed_minor(self) -> int:
        """What the provider is given, its fee within."""
        return self.net_payout_minor + self.fee_minor if self.fee_on_platform else self.net_payout_minor

    @property
    def source(self) -> str:
        """What was taken, in words: '400.00 coins', '12.50 USD'."""
        return f"{format_amount(self.source_minor, self.asset)} {'coins' if self.asset == COIN else self.asset}"


class PayoutEvent(msgspec.Struct, frozen=True):
    """Something that happened to a payout; the state may have stayed."""

    from_state: PayoutState | None
    to_state: PayoutState
    cause: str
    created_at: datetime


class PayoutAmounts(msgspec.Struct, frozen=True):
    """M7, in minor units of `currency`: gross = platform_fee + net_payout."""

    gross_minor: int
    platform_fee_minor: int
    net_payout_minor: int
    currency: str = USD


def payout_amounts(coins_minor: int, *, coins_per_usd: int, creator_percent: int) -> PayoutAmounts:
    """What earned coins are in money (M7): net = earned ÷ 78, amount = earned ÷ 40 % ÷ 78, fee the difference.

    The earned coins are the creator's share already (M6), so nothing is taken here: amount and fee report what the
    givers paid and what the platform kept then. Both are rounded half to even, and net + fee = amount to the cent.
    """
    # A coin has as many hundredths as a dollar has cents, so hundredths of coins ÷ coins per dollar are cents.
    net_minor = round_ratio(coins_minor, coins_per_usd)
    usd_minor = max(net_minor, round_ratio(coins_minor * 100, coins_per_usd * max(creator_percent, 1)))
    return PayoutAmounts(usd_minor, usd_minor - net_minor, net_minor)


def credit_amounts(minor: int, currency: str) -> PayoutAmounts:
    """What earned credits are in money: themselves. They were shared when they were earned (M8), and only then."""
    return PayoutAmounts(minor, 0, minor, currency)


class DestinationView(msgspec.Struct, frozen=True):
    """Where somebody wants to be paid out. `hint` is all that is ever shown of it; money goes there from `usable_from`.

    `open_payout_id`: a payout is on its way there, and it cannot be changed meanwhile.
    """

    id: UUID
    user_id: UUID
    provider: str
    label: str
    currency: str
    country: str
    hint: str
    is_default: bool
    usable_from: datetime
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None
    open_payout_id: UUID | None

    @property
    def title(self) -> str:
        """'Savings (USD) •••• 4321'."""
        return f"{self.label} ({self.currency}) {self.hint}"


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a payout would come to, before it is asked for: the amounts of M7, and what its provider says.

    `arrives_minor` of `arrives_currency` arrives by `arrives_by`, after the provider's `fee_minor` of
    `amounts.currency`, which the platform adds where it bears it.
    """

    asset: str
    source_minor: int
    amounts: PayoutAmounts
    provider: str
    destination: DestinationView
    recipient: str
    fee_minor: int
    fee_on_platform: bool
    arrives_minor: int
    arrives_currency: str
    arrives_by: date | None


class Sums(msgspec.Struct, frozen=True):
    """Somebody's payouts of one asset in one currency: how many in which state, and of those that were paid
    (`open_minor`: of those under way) the amounts. `fees_minor`: what providers kept of the net.
    """

    asset: str
    currency: str
    requested: int
    open: int
    paid: int
    failed: int
    cancelled: int
    source_minor: int
    net_minor: int
    fees_minor: int
    open_minor: int
    days_to_arrive: float | None
    last_paid_at: datetime | None


class Payable(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has earned of one asset and not been paid yet, and the least that can be paid out (M7).

    `reserved_minor` is in payouts under way; of it `open_payout` is the one.
    """

    asset: str
    earned_minor: int
    reserved_minor: int
    minimum_minor: int
    open_payout: PayoutView | None
    worth: PayoutAmounts

    @property
    def can_be_paid(self) -> bool:
        """Whether a payout could be asked for now."""
        return self.open_payout is None and self.earned_minor >= self.minimum_minor


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


# ---- the form of a destination

MAX_FIELD: Final = 200  # characters of one answer


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A question of the form for a destination. `pattern` matches the whole answer; with `options` it is one of their
    values. `secret` is what is never shown again but for its end, as an account number. `identifies`: two destinations
    in which all such answers are the same are one place (F4)."""

    name: str
    label: str
    help: str = ""
    pattern: str | None = None
    options: list[tuple[str, str]] = []
    required: bool = True
    secret: bool = False
    identifies: bool = True


class DestinationDetails(msgspec.Struct, frozen=True, kw_only=True):
    """To whom and where: `country` of the account as ISO 3166 alpha-2, `currency` in which it is held."""

    holder: str
    currency: str
    country: str
    fields: dict[str, str]


class ProviderView(msgspec.Struct, frozen=True):
    """A provider that is switched on: `label` as people read it, `currencies` in which a destination can be held."""

    name: str
    label: str
    currencies: tuple[str, ...]
