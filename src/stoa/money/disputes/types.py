"""Disputes as others see them."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

# What gateways take of files that speak for a receiver, and of words.
CONTENT_TYPES: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
MAX_FILES: Final = 3
MAX_FILE_BYTES: Final = 2_000_000
MAX_FILES_BYTES: Final = 4_500_000
MAX_TEXT: Final = 20_000


class DisputeState(StrEnum):
    """Open while it needs an answer or is under review; then the bank has decided, or the payer has given up."""

    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    WITHDRAWN = "withdrawn"


# News is told in any order: what comes later in this order is newer.
RANK: Final = {
    DisputeState.NEEDS_RESPONSE: 0,
    DisputeState.UNDER_REVIEW: 1,
    DisputeState.WON: 2,
    DisputeState.LOST: 2,
    DisputeState.WITHDRAWN: 2,
}
OPEN: Final = frozenset({DisputeState.NEEDS_RESPONSE, DisputeState.UNDER_REVIEW})


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `disputes`. Amounts in minor units of `asset`; `reference` is the gateway's name of it.

    `hold_id`: what is set aside meanwhile. `marked_by`: an administrator said how it ended, and why in `note`.
    """

    id: UUID
    order_id: UUID
    gateway: str
    account_id: UUID | None
    reference: str
    state: DisputeState
    reason: str
    asset: str
    amount_minor: int
    fee_minor: int
    evidence_due_by: datetime | None
    hold_id: UUID | None
    taken_id: UUID | None
    returned_id: UUID | None
    marked_by: UUID | None
    note: str | None
    opened_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether the bank has not decided yet."""
        return self.state in OPEN

    @property
    def reason_words(self) -> str:
        """The gateway's word for the reason, as people write."""
        return self.reason.replace("_", " ")


class DisputeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute in the list of administrators, with the names of both sides."""

    id: UUID
    order_id: UUID
    description: str
    payer: str
    payee: str | None
    gateway: str
    state: DisputeState
    reason: str
    asset: str
    amount_minor: int
    evidence_due_by: datetime | None
    opened_at: datetime


class DisputeEvent(msgspec.Struct, frozen=True):
    """Something that happened to a dispute; the state may have stayed."""

    from_state: DisputeState | None
    to_state: DisputeState
    cause: str
    created_at: datetime


class EvidenceFile(msgspec.Struct, frozen=True):
    """A file that was handed in."""

    id: UUID
    name: str
    content_type: str
    bytes_count: int
    path: str


class Evidence(msgspec.Struct, frozen=True):
    """What was handed in. `state`: waiting until the gateway has it, sent, or refused by it for `failure`."""

    id: UUID
    body: str
    submitted_by: str
    state: str
    failure: str | None
    created_at: datetime
    sent_at: datetime | None


class Upload(msgspec.Struct, frozen=True):
    """A file as it comes in."""

    name: str
    body: bytes
