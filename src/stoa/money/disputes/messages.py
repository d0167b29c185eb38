"""What disputes tell the world, and the work they order."""

from typing import ClassVar
from uuid import UUID

from stoa.kit.outbox import Event
from stoa.kit.queue import Job


class DisputeOpened(Event, frozen=True):
    """A payer's bank wants the money of an order back."""

    dispute_id: UUID
    order_id: UUID
    payee_id: UUID | None
    amount_minor: int
    currency: str


class DisputeClosed(Event, frozen=True):
    """A dispute ended: won, lost or withdrawn."""

    dispute_id: UUID
    order_id: UUID
    payee_id: UUID | None
    state: str


class HandInEvidence(Job, frozen=True):
    """Have the gateway take what speaks for the receiver."""

    outside: ClassVar[bool] = True
    max_attempts: ClassVar[int] = 12
    timeout_s: ClassVar[float] = 120

    evidence_id: UUID
