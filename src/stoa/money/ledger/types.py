"""What crosses the border of the ledger. Amounts are integers in the smallest unit of their asset (M1)."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

HoldState = Literal["held", "settled", "released", "expired"]


class AccountRef(msgspec.Struct, frozen=True, cache_hash=True):
    """An account by name. Without an owner it is the platform's; a purpose may go on after a colon: 'world:sandbox'."""

    owner_id: UUID | None
    asset: str
    purpose: str


class Leg(msgspec.Struct, frozen=True):
    """One side of a transfer: the account gains the amount, or loses it below zero."""

    account: AccountRef
    amount_minor: int


class Receipt(msgspec.Struct, frozen=True):
    """A transfer that stands. `replayed`: it was made before, by the same key with the same input."""

    transfer_id: UUID
    replayed: bool


class BalanceView(msgspec.Struct, frozen=True):
    """What one account holds."""

    asset: str
    purpose: str
    balance_minor: int


class HoldView(msgspec.Struct, frozen=True):
    """Money set aside (M9). `legs` are the accounts it was taken from; `id` is also the id of the holding transfer, and
    `closing_transfer_id` that of the one which settled or returned it."""

    id: UUID
    state: HoldState
    kind: str
    cause: str
    legs: list[Leg]
    expires_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    closing_transfer_id: UUID | None


class PostingView(msgspec.Struct, frozen=True):
    """One line of a transfer. The balance after it is known for accounts of an owner only."""

    account_id: int
    owner_id: UUID | None
    asset: str
    purpose: str
    amount_minor: int
    balance_after_minor: int | None
    created_at: datetime


class TransferView(msgspec.Struct, frozen=True):
    """A transfer opened down to its postings and its cause."""

    id: UUID
    kind: str
    cause: str
    metadata: dict[str, Any]
    idempotency_key: str
    actor_id: UUID | None
    reverses: UUID | None
    reversed_by: UUID | None
    created_at: datetime
    postings: list[PostingView]


class TransferRow(msgspec.Struct, frozen=True):
    """A line of a list of transfers."""

    id: UUID
    kind: str
    cause: str
    actor_id: UUID | None
    reverses: UUID | None
    reversed_by: UUID | None
    created_at: datetime


class StatementLine(msgspec.Struct, frozen=True):
    """One posting as its owner sees it, with its transfer."""

    transfer_id: UUID
    account_id: int
    kind: str
    cause: str
    metadata: dict[str, Any]
    asset: str
    purpose: str
    amount_minor: int
    balance_after_minor: int | None
    reverses: UUID | None
    reversed_by: UUID | None
    created_at: datetime


class AccountView(msgspec.Struct, frozen=True):
    """An account in the books. `kind`: liability, income, asset, expense or clearing."""

    id: int
    owner_id: UUID | None
    asset: str
    purpose: str
    kind: str
    balance_minor: int
    opened_at: datetime


class TrialRow(msgspec.Struct, frozen=True):
    """All accounts of one asset and purpose together. `platform`: they are the platform's."""

    asset: str
    platform: bool
    purpose: str
    kind: str
    accounts: int
    balance_minor: int


class AssetTotal(msgspec.Struct, frozen=True):
    """What all accounts of an asset sum to; anything but zero is wrong. Debits are the sums below zero."""

    asset: str
    debits_minor: int
    credits_minor: int
    total_minor: int


class TrialBalance(msgspec.Struct, frozen=True):
    """The books at a moment (`at` is None for now), by purpose and by asset."""

    at: datetime | None
    rows: list[TrialRow]
    totals: list[AssetTotal]


class TransferOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer to be made, as an item of a group."""

    kind: str
    legs: tuple[Leg, ...]
    key: str
    cause: str
    metadata: dict[str, Any] | None = None
    actor_id: UUID | None = None
