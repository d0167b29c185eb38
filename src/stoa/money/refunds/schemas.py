"""Bodies of the routes about refunds. Amounts in the smallest unit of `currency`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from stoa.kit.money import to_decimal
from stoa.money.refunds.types import MAX_REASON, Origin, Refund, RefundState, RefundStatus

Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=MAX_REASON)]


class RefundIn(msgspec.Struct):
    """Why, and how much to give back; all that is left when absent."""

    reason: Reason
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=10**15)] | None = None


class RefuseIn(msgspec.Struct):
    """Why not, in words the payer reads."""

    note: Reason


class RefundOut(msgspec.Struct, kw_only=True):
    """A refund. `status`: requested, approved, submitted, done, refused or failed; `note` says why it was refused,
    `failure_message` why the gateway would not. `origin`: who wanted it."""

    id: UUID
    payment_id: UUID
    status: RefundState
    origin: Origin
    amount_minor: int
    amount: str
    currency: str
    reason: str
    note: str | None
    failure_message: str | None
    gateway: str | None
    reference: str | None
    requested_at: datetime
    decided_at: datetime | None
    submitted_at: datetime | None
    ended_at: datetime | None


class RefundStatusOut(msgspec.Struct, kw_only=True):
    """How far refunds of a payment are, the newest first. `refunded_minor` went back; `refundable_minor` did not,
    and is not on its way. `can_request`: the reader may ask for it until `request_until`."""

    payment_id: UUID
    status: str
    refunded_minor: int
    refundable_minor: int
    currency: str
    can_request: bool
    request_until: datetime | None
    refunds: list[RefundOut]


def refund_out(refund: Refund) -> RefundOut:
    """A Refund for both sides of the payment and for administrators."""
    return RefundOut(
        id=refund.id,
        payment_id=refund.payment_id,
        status=refund.state,
        origin=refund.origin,
        amount_minor=refund.amount_minor,
        amount=str(to_decimal(refund.amount_minor, refund.asset)),
        currency=refund.asset,
        reason=refund.reason,
        note=refund.note,
        failure_message=refund.failure,
        gateway=refund.gateway,
        reference=refund.reference,
        requested_at=refund.requested_at,
        decided_at=refund.decided_at,
        submitted_at=refund.submitted_at,
        ended_at=refund.ended_at,
    )


def status_out(payment_state: str, refunded_minor: int, currency: str, status: RefundStatus) -> RefundStatusOut:
    """A RefundStatus beside the payment it is about."""
    return RefundStatusOut(
        payment_id=status.payment_id,
        status=payment_state,
        refunded_minor=refunded_minor,
        refundable_minor=status.left_minor,
        currency=currency,
        can_request=status.can_ask,
        request_until=status.ask_until,
        refunds=[refund_out(one) for one in status.refunds],
    )
