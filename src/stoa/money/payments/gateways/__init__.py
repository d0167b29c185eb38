"""The protocol to a payment gateway, and the gateways that are switched on.

A gateway speaks in whole `Payment`s: each answer and each webhook tells everything it knows of one payment. So news can
be merged in whatever order it arrives. Every call that changes something carries a key under which a repetition has no
second effect; a request that died between the gateway's answer and our commit is thus safely made again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

import httpx
import msgspec

from stoa.kit.ctx import Ctx

PaymentStatus = Literal["requires_action", "processing", "succeeded", "failed", "cancelled"]
Verdict = Literal["verified", "bad_signature", "too_old"]
DisputeStatus = Literal["needs_response", "under_review", "won", "lost"]


class DisputeNews(msgspec.Struct, frozen=True, kw_only=True):
    """A payer's bank wants the money back: all that the gateway knows of it. Amounts in the payment's minor units.

    `reason` is the gateway's word; `fee_minor` what the gateway takes for it beside the amount.
    """

    dispute_id: str
    status: DisputeStatus
    reason: str
    amount_minor: int
    evidence_due_by: datetime | None = None
    fee_minor: int = 0


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """All that a gateway knows of one payment. Amounts in minor units; a refund leaves `captured_minor` as it was.

    `action_url` is where the payer must go while `status` is requires_action. `fee_minor` is what the gateway keeps of
    it, in the same currency, when it says so. `refund_id` is its name of the refund that this answers.
    """

    payment_id: str
    order_id: UUID
    status: PaymentStatus
    amount_minor: int
    currency: str
    captured_minor: int = 0
    refunded_minor: int = 0
    disputed: bool = False
    failure_code: str | None = None
    failure_message: str | None = None
    action_url: str | None = None
    fee_minor: int | None = None
    dispute: DisputeNews | None = None
    refund_id: str | None = None


class Notice(msgspec.Struct, frozen=True):
    """A webhook's content: the gateway's id of the event, its type, and the payment as it was then.

    Without a payment it is of no use to us, unless it is news of a dispute that names no more than the payment's id:
    then `disputed_payment_id` stands instead, and `dispute` says more of it. Where it tells less than the whole of a
    payment, `changed_payment_id` stands instead, and the gateway is asked. `disputed_order_id` is for a dispute that
    names our order, and its payment by another id than we know. `account` is the gateway's name of another
    account that it speaks of, and then nothing else is told.
    """

    event_id: str
    kind: str
    payment: Payment | None = None
    disputed_payment_id: str | None = None
    dispute: DisputeNews | None = None
    changed_payment_id: str | None = None
    account: str | None = None
    disputed_order_id: UUID | None = None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the gateway's own list of payments. `order_id` is None when it names none of ours."""

    payment_id: str
    order_id: UUID | None
    status: PaymentStatus
    amount_minor: int
    currency: str
    captured_minor: int
    refunded_minor: int
    fee_minor: int | None
    created_at: datetime


class EvidenceFile(msgspec.Struct, frozen=True):
    """A file that speaks for the receiver of a disputed payment."""

    name: str
    content_type: str
    body: bytes


class Evidence(msgspec.Struct, frozen=True):
    """What speaks for the receiver of a disputed payment."""

    text: str
    files: list[EvidenceFile]


class ChargeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Charge a stored payment method at once. The payer comes back to `return_url` from an extra step."""

    order_id: UUID
    amount_minor: int
    currency: str
    description: str
    payment_method_id: str
    return_url: str
    key: str


class SessionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Open a hosted checkout page for an order."""

    order_id: UUID
    amount_minor: int
    currency: str
    description: str
    return_url: str


class Session(msgspec.Struct, frozen=True):
    """An open hosted checkout."""

    id: str
    url: str
    expires_at: datetime


class Gateway(Protocol):
    """What every gateway can do.

    `currencies`: those it takes, None for all of ours. `charges_methods`: whether it charges stored payment methods;
    otherwise people pay on its own pages, or show a proof that they did. `event_id_header`: where the id of an event
    stands when its body has none, in lower case.
    """

    name: str
    currencies: frozenset[str] | None
    charges_methods: bool
    event_id_header: str | None

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """Asked before an order is placed. Raises Invalid for an amount of a currency that it cannot count."""
        ...

    async def charge(self, ctx: Ctx, request: ChargeRequest) -> Payment:
        """Charges. A refused card is an answer (`failed`), not an error.

        Raises UnknownPaymentMethod, and GatewayUnavailable, after which the same key is safe.
        """
        ...

    async def open_session(self, ctx: Ctx, request: SessionRequest) -> Session:
        """A hosted page on which the payer enters a card."""
        ...

    async def close(self, ctx: Ctx, order_id: UUID) -> None:
        """Ends open sessions of an order and cancels its payments that still wait for the payer.

        Raises PaymentUnderWay when one of them is being paid already.
        """
        ...

    async def refund(self, ctx: Ctx, *, payment_id: str, amount_minor: int, key: str) -> Payment:
        """Gives money back. Raises NotRefundable beyond what is left of the payment."""
        ...

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """Whether a webhook comes from the gateway, now. Header names in lower case."""
        ...

    def read(self, body: bytes) -> Notice:
        """The content of a verified webhook. Raises BadWebhook when it cannot be understood."""
        ...

    async def payments_of(self, ctx: Ctx, order_id: UUID) -> list[Payment]:
        """All payments of an order as they are now: asked when webhooks stay away. Raises GatewayUnavailable."""
        ...

    async def list_payments(self, ctx: Ctx, since: datetime, until: datetime) -> list[Listed]:
        """Every payment begun in a time, for reconciliation, the oldest first. Raises GatewayUnavailable."""
        ...

    async def look(self, http: httpx.AsyncClient) -> None:
        """Whether it knows our keys, for the doctor. Raises GatewayUnavailable."""
        ...

    async def submit_evidence(self, ctx: Ctx, *, dispute_id: str, evidence: Evidence, key: str) -> DisputeNews:
        """Answers a dispute, once per key. Raises EvidenceRefused when it cannot be answered (any more) or here."""
        ...


@runtime_checkable
class Proving(Protocol):
    """A gateway whose checkout can run on somebody else's page, which then has a proof of the payment.

    `charge` takes the proof as a payment method (see `proofs`).
    """

    name: str

    @property
    def public_key(self) -> str:
        """What that page has to tell the gateway's checkout."""
        ...

    async def open_order(self, ctx: Ctx, request: SessionRequest) -> Session:
        """The gateway's order. Its `url` is empty where the gateway has no page for it."""
        ...
