"""Refunds as others see them."""

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

import msgspec

Subject = Literal["order", "gift", "tip", "sale"]
# Who wanted it. A gateway tells of refunds that were made there; a dispute that is lost is one, too.
Origin = Literal["payer", "payee", "staff", "gateway", "dispute"]
MAX_REASON: Final = 500


class RefundState(StrEnum):
    """requested → approved → submitted → done; refused by whoever decides, failed where the gateway would not."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


UNDER_WAY: Final = frozenset({RefundState.APPROVED, RefundState.SUBMITTED})


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `refunds`. `amount_minor` in the smallest unit of `asset`; `note` says why it was refused.

    `payment_id` is the id of an order, a gift, a tip or a sale, as `subject` says. `reference` is the gateway's name of
    it, `failure` why the gateway would not, `transfer_id` the movement in the books.
    """

    id: UUID
    payment_id: UUID
    subject: Subject
    payer_id: UUID
    payee_id: UUID | None
    asset: str
    amount_minor: int
    reason: str
    origin: Origin
    state: RefundState
    requested_by: UUID | None
    decided_by: UUID | None
    note: str | None
    gateway: str | None
    reference: str | None
    transfer_id: UUID | None
    failure: str | None
    key: str
    requested_at: datetime
    decided_at: datetime | None
    submitted_at: datetime | None
    ended_at: datetime | None


class RefundRow(msgspec.Struct, frozen=True, kw_only=True):
    """A refund in the queue of administrators, with the names of both sides."""

    id: UUID
    payment_id: UUID
    subject: Subject
    payer: str
    payee: str | None
    asset: str
    amount_minor: int
    reason: str
    origin: Origin
    state: RefundState
    requested_at: datetime


class RefundStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far refunds of a payment are. `left_minor`: neither gone back nor on its way.

    `ask_until`: how long the payer may ask; None for what was never paid. `can_ask`: the reader is the payer, in time,
    and there is something to ask for. `can_issue`: the reader may give money back without asking anybody.
    """

    payment_id: UUID
    left_minor: int
    ask_until: datetime | None
    can_ask: bool
    can_issue: bool
    refunds: list[Refund]
