"""Bodies of the routes about disputes. Amounts in the smallest unit of `currency`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from stoa.kit.money import to_decimal
from stoa.money.disputes.types import Dispute, DisputeEvent, DisputeState, Evidence, EvidenceFile


@dataclass
class EvidenceIn:
    """A multipart form with the words and up to three files: PDF, JPEG or PNG."""

    text: str
    files: list[UploadFile] = field(default_factory=list)


class MarkIn(msgspec.Struct):
    """How the dispute ended, and how one knows."""

    outcome: Literal["won", "lost", "withdrawn"]
    note: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class FileOut(msgspec.Struct):
    """A file that was handed in."""

    id: UUID
    name: str
    content_type: str
    bytes_count: int


class EvidenceOut(msgspec.Struct, kw_only=True):
    """What was handed in. `status`: waiting until the gateway has it, sent, or refused by it for `failure_message`."""

    id: UUID
    text: str
    submitted_by: str
    status: str
    failure_message: str | None
    files: list[FileOut]
    created_at: datetime
    sent_at: datetime | None


class ChangeOut(msgspec.Struct):
    """Something that happened to a dispute."""

    from_status: DisputeState | None
    to_status: DisputeState
    cause: str
    at: datetime


class DisputeOut(msgspec.Struct, kw_only=True):
    """A dispute. `outcome`: won, lost or withdrawn once it is decided; `fee_minor`: what the gateway charges for it,
    which the platform bears. Evidence is for those who may answer."""

    id: UUID
    payment_id: UUID
    status: DisputeState
    outcome: DisputeState | None
    reason: str
    amount_minor: int
    amount: str
    currency: str
    fee_minor: int
    gateway: str
    reference: str
    evidence_due_by: datetime | None
    can_answer: bool
    opened_at: datetime
    closed_at: datetime | None
    evidence: list[EvidenceOut]
    events: list[ChangeOut]


def dispute_out(
    dispute: Dispute,
    events: list[DisputeEvent],
    evidence: list[tuple[Evidence, list[EvidenceFile]]],
    *,
    can_answer: bool,
) -> DisputeOut:
    """A Dispute with what happened, and what was handed in."""
    return DisputeOut(
        id=dispute.id,
        payment_id=dispute.order_id,
        status=dispute.state,
        outcome=None if dispute.is_open else dispute.state,
        reason=dispute.reason,
        amount_minor=dispute.amount_minor,
        amount=str(to_decimal(dispute.amount_minor, dispute.asset)),
        currency=dispute.asset,
        fee_minor=dispute.fee_minor,
        gateway=dispute.gateway,
        reference=dispute.reference,
        evidence_due_by=dispute.evidence_due_by,
        can_answer=can_answer,
        opened_at=dispute.opened_at,
        closed_at=dispute.closed_at,
        evidence=[
            EvidenceOut(
                id=one.id,
                text=one.body,
                submitted_by=one.submitted_by,
                status=one.state,
                failure_message=one.failure,
                files=[FileOut(file.id, file.name, file.content_type, file.bytes_count) for file in files],
                created_at=one.created_at,
                sent_at=one.sent_at,
            )
            for one, files in evidence
        ],
        events=[ChangeOut(event.from_state, event.to_state, event.cause, event.created_at) for event in events],
    )
