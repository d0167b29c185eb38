"""Payments as rows of one list, whatever they were for. Amounts are in the smallest unit of `asset` (M1)."""

from datetime import date, datetime
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

from stoa.foundation.people.types import PersonView
from stoa.kit.money import format_amount
from stoa.money.payments.types import OrderState

COIN: Final = "COIN"
Side = Literal["paid", "received"]
Interval = Literal["day", "week", "month"]
INTERVALS: Final[tuple[Interval, ...]] = get_args(Interval)
# What has been paid at some time, and can have a receipt.
SETTLED: Final = (OrderState.PAID, OrderState.PARTIALLY_REFUNDED, OrderState.REFUNDED, OrderState.DISPUTED)
MAX_PERIODS: Final = 400


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which payments of a list; None for all. `since` is within, `until` is not."""

    kind: str | None = None
    state: OrderState | None = None
    asset: str | None = None
    work_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class PaymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A payment, seen by the payer or by the receiver; `person` is the other one, None for the platform.

    gross = net + fee. `net_minor` is what the receiver got, of which `promotional_minor` can be spent and not paid out
    (M4). `refunded_minor` of the gross went back to the payer, `returned_minor` of the net with it. `method` is the
    gateway, or "wallet".
    """

    id: UUID
    kind: str
    asset: str
    gross_minor: int
    fee_minor: int
    net_minor: int
    promotional_minor: int
    refunded_minor: int
    returned_minor: int
    state: OrderState
    description: str | None
    work_id: UUID | None
    work_title: str | None
    work_path: str | None
    message: str | None
    method: str
    failure_message: str | None
    created_at: datetime
    settled_at: datetime | None
    person: PersonView | None

    @property
    def title(self) -> str:
        """What it was for, in words."""
        if self.description is not None:
            return self.description
        amount = f"{format_amount(self.gross_minor, self.asset)} {self.asset}"
        if self.asset == COIN:
            number = format_amount(self.gross_minor, COIN).removesuffix(".00")
            amount = f"{number} {'coin' if self.gross_minor == 100 else 'coins'}"
        text = f"{self.kind.replace('_', ' ').capitalize()} of {amount}"
        return f"{text} for “{self.work_title}”" if self.work_title else text

    @property
    def kept_minor(self) -> int:
        """What the receiver got and still has of it."""
        return self.net_minor - self.returned_minor

    @property
    def fee_kept_minor(self) -> int:
        """What others than the receiver got and still have of it: gross − refunded = kept + this."""
        return self.fee_minor - (self.refunded_minor - self.returned_minor)


class Payment(PaymentRow, frozen=True, kw_only=True):
    """One payment in full: `reference` is the gateway's name of it, `transfer_id` the movement in the books."""

    payer_id: UUID
    receiver_id: UUID | None
    reference: str | None
    transfer_id: UUID | None

    @property
    def is_settled(self) -> bool:
        """Whether it was paid, so that there is a receipt for it."""
        return self.state in SETTLED and self.settled_at is not None


class Receipt(msgspec.Struct, frozen=True):
    """A receipt's number: the `sequence`th of its year (UTC) of issue."""

    year: int
    sequence: int
    issued_at: datetime

    @property
    def number(self) -> str:
        """'2026-000042'."""
        return f"{self.year}-{self.sequence:06d}"


class Sums(msgspec.Struct, frozen=True):
    """What was received of one asset, by kind or, where `kind` is None, in all.

    gross − refunded = fee + kept: both are less what went back. `payers`: how many people paid.
    """

    asset: str
    kind: str | None
    payments: int
    payers: int
    gross_minor: int
    fee_minor: int
    kept_minor: int
    promotional_minor: int
    refunded_minor: int


class Period(msgspec.Struct, frozen=True):
    """What came in of one asset from `start` until the next start (days of UTC); `by_kind`: what was kept of each."""

    start: date
    payments: int
    gross_minor: int
    kept_minor: int
    by_kind: dict[str, int]
