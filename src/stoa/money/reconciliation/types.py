"""Runs, differences and what each of the two sides says."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

Subject = Literal["payments", "payouts"]
RunState = Literal["running", "done", "failed"]
LONGEST_DAYS: Final = 92


class Kind(StrEnum):
    """What differs."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    CURRENCY = "currency"
    STATUS = "status"
    REFUND = "refund"
    FEE = "fee"
    LEDGER = "ledger"


class MatterState(StrEnum):
    """Open; closed because a later run found it in order; resolved by an administrator, who says how."""

    OPEN = "open"
    CLOSED = "closed"
    RESOLVED = "resolved"


class Run(msgspec.Struct, frozen=True):
    """One comparison. `elsewhere`: payments on the account that are not of this platform's orders; `found`: what
    differed. `account_id` is a creator's own account (M12), None the platform's."""

    id: UUID
    subject: Subject
    gateway: str
    account_id: UUID | None
    since: datetime
    until: datetime
    state: RunState
    failure: str | None
    compared: int
    elsewhere: int
    found: int
    actor_id: UUID | None
    started_at: datetime
    ended_at: datetime | None


class Discrepancy(msgspec.Struct, frozen=True):
    """Something that differs, with both sides as they were when it was last seen.

    `reference` is the gateway's id of the payment or transfer, or our id of what only the books know. `at` is when the
    payment was made.
    """

    id: UUID
    subject: Subject
    gateway: str
    account_id: UUID | None
    kind: Kind
    reference: str
    order_id: UUID | None
    payout_id: UUID | None
    currency: str
    here: dict[str, Any]
    there: dict[str, Any]
    at: datetime
    state: MatterState
    note: str | None
    decided_by: str | None
    found_at: datetime
    seen_at: datetime
    ended_at: datetime | None


class Count(msgspec.Struct, frozen=True):
    """How many of a kind are open."""

    kind: Kind
    open: int


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A difference that a comparison found, before it is written down."""

    kind: Kind
    reference: str
    currency: str
    here: dict[str, Any]
    there: dict[str, Any]
    at: datetime
    order_id: UUID | None = None
    payout_id: UUID | None = None


class Ours(msgspec.Struct, frozen=True):
    """A payment as it stands here. Of its order: `kept_minor` is what its payments brought less what went back, and
    `booked_minor` the same by the ledger."""

    payment_id: str
    order_id: UUID
    order_state: str
    is_fulfilled: bool
    is_extra: bool
    status: str
    amount_minor: int
    currency: str
    captured_minor: int
    refunded_minor: int
    fee_minor: int
    kept_minor: int
    booked_minor: int
    ordered_at: datetime


class OwnAccount(msgspec.Struct, frozen=True):
    """A creator's own account at a gateway, through which something was ordered lately (M12)."""

    gateway: str
    account_id: UUID


class OrderHere(msgspec.Struct, frozen=True):
    """An order of which the gateway lists a payment that is not known here."""

    id: UUID
    state: str
    amount_minor: int
    currency: str


class Stray(msgspec.Struct, frozen=True):
    """A movement of a gateway's money in the books that belongs to no order."""

    transfer_id: UUID
    cause: str
    currency: str
    amount_minor: int
    created_at: datetime


class PayoutHere(msgspec.Struct, frozen=True):
    """A payout that its provider was told of. `booked_minor` is what left by the ledger."""

    id: UUID
    state: str
    reference: str | None
    amount_minor: int
    currency: str
    booked_minor: int
    requested_at: datetime
    sent_at: datetime | None
    updated_at: datetime
    is_late: bool
