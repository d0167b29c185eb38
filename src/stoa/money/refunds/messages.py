"""What refunds tell the world, and the work they order."""

from typing import ClassVar
from uuid import UUID

from stoa.kit.outbox import Event
from stoa.kit.queue import Job


class RefundRequested(Event, frozen=True):
    """A payer asked for money back; somebody has to decide."""

    refund_id: UUID
    payment_id: UUID
    payer_id: UUID
    payee_id: UUID | None


class RefundEnded(Event, frozen=True):
    """A refund is done, refused or failed, as `state` says. Minor units of `asset`."""

    refund_id: UUID
    payment_id: UUID
    payer_id: UUID
    payee_id: UUID | None
    amount_minor: int
    asset: str
    state: str


class SubmitRefund(Job, frozen=True):
    """Have a gateway give money back."""

    outside: ClassVar[bool] = True
    max_attempts: ClassVar[int] = 12

    refund_id: UUID
