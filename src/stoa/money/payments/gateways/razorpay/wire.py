"""What Razorpay says, as it stands in its answers and events, and what that means to us."""

import hashlib
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.kit.ids import parse_id
from stoa.money.payments.gateways import DisputeNews, DisputeStatus, Listed, Notice, Payment, PaymentStatus

# What it keeps is counted in rupees, also of a payment in another currency.
FEES_IN: Final = "INR"
_STATUS: Final[dict[str, PaymentStatus]] = {
    "captured": "succeeded",
    "refunded": "succeeded",
    "failed": "failed",
}
OVER: Final = frozenset({"expired", "cancelled"})  # links that take no money any more
_DISPUTE_STATUS: Final[dict[str, DisputeStatus]] = {
    "under_review": "under_review",
    "won": "won",
    "lost": "lost",
}

Notes = dict[str, Any] | list[Any] | None  # an empty one is a list


class PaymentEntity(msgspec.Struct, frozen=True):
    """A payment. `fee` includes the tax on it."""

    id: str
    amount: int
    currency: str
    status: str
    order_id: str | None = None
    amount_refunded: int = 0
    fee: int | None = None
    error_code: str | None = None
    error_description: str | None = None
    notes: Notes = None
    created_at: int = 0


class OrderEntity(msgspec.Struct, frozen=True):
    """An order; `receipt` is our name of it."""

    id: str
    amount: int = 0
    currency: str = ""
    status: str = "created"
    receipt: str | None = None
    notes: Notes = None


class LinkPayment(msgspec.Struct, frozen=True):
    """A payment that was captured by way of a link."""

    payment_id: str


class LinkEntity(msgspec.Struct, frozen=True):
    """A Payment Link; `reference_id` is our name of it."""

    id: str
    amount: int
    currency: str
    status: str
    short_url: str = ""
    expire_by: int = 0
    reference_id: str | None = None
    notes: Notes = None
    payments: list[LinkPayment] | None = None


class DisputeEntity(msgspec.Struct, frozen=True):
    """A dispute; `amount_deducted` is what it has cost so far."""

    id: str
    payment_id: str
    amount: int
    status: str
    reason_code: str = ""
    amount_deducted: int = 0
    respond_by: int | None = None


class DocumentEntity(msgspec.Struct, frozen=True):
    """A file that was uploaded."""

    id: str


class Page(msgspec.Struct, frozen=True):
    """A list of payments."""

    items: list[PaymentEntity]


class DisputePage(msgspec.Struct, frozen=True):
    """A list of disputes."""

    items: list[DisputeEntity]


class LinkPage(msgspec.Struct, frozen=True):
    """A list of links."""

    payment_links: list[LinkEntity] = []


class _OfPayment(msgspec.Struct, frozen=True):
    entity: PaymentEntity


class _OfOrder(msgspec.Struct, frozen=True):
    entity: OrderEntity


class _OfLink(msgspec.Struct, frozen=True):
    entity: LinkEntity


class _OfDispute(msgspec.Struct, frozen=True):
    entity: DisputeEntity


class Payload(msgspec.Struct, frozen=True):
    """What an event is about."""

    payment: _OfPayment | None = None
    order: _OfOrder | None = None
    payment_link: _OfLink | None = None
    dispute: _OfDispute | None = None


class Event(msgspec.Struct, frozen=True):
    """A webhook's body. It has no id of its own: that stands in a header."""

    event: str
    payload: Payload
    created_at: int = 0


def payment_of(told: PaymentEntity, order_id: UUID) -> Payment:
    """All that a payment says."""
    status = _STATUS.get(told.status, "processing")
    is_failed = status == "failed"
    return Payment(
        payment_id=told.id,
        order_id=order_id,
        status=status,
        amount_minor=told.amount,
        currency=told.currency.upper(),
        captured_minor=told.amount if status == "succeeded" else 0,
        refunded_minor=told.amount_refunded if status == "succeeded" else 0,
        failure_code=told.error_code if is_failed else None,
        failure_message=told.error_description if is_failed else None,
        fee_minor=told.fee if told.currency.upper() == FEES_IN else None,
    )


def disputed(payment: Payment, news: DisputeNews) -> Payment:
    """The same with what is known of a dispute about it."""
    return msgspec.structs.replace(payment, disputed=news.status != "won", dispute=news)


def dispute_of(told: DisputeEntity) -> DisputeNews:
    """All that a dispute says. A closed one was won unless money was taken for it."""
    status = _DISPUTE_STATUS.get(told.status, "needs_response")
    if told.status == "closed":
        status = "lost" if told.amount_deducted else "won"
    return DisputeNews(
        dispute_id=told.id,
        status=status,
        reason=told.reason_code,
        amount_minor=told.amount,
        evidence_due_by=datetime.fromtimestamp(told.respond_by, UTC) if told.respond_by else None,
    )


def order_named_in(*, notes: Notes = None, name: str | None = None) -> UUID | None:
    """Our order, by the notes we gave, or by our name of the gateway's thing: it begins with the order's id."""
    noted = notes.get("order_id") if isinstance(notes, dict) else None
    return parse_id(noted if isinstance(noted, str) else None) or parse_id((name or "")[:36])


def notice_of(body: bytes) -> Notice:
    """What an event says. Raises msgspec.DecodeError when it is not as documented."""
    event = msgspec.json.decode(body, type=Event)
    about = event.payload
    order, link = (
        (about.order.entity if about.order else None),
        (about.payment_link.entity if about.payment_link else None),
    )
    payment = about.payment.entity if about.payment else None
    dispute = about.dispute.entity if about.dispute else None
    event_id = hashlib.sha256(body).hexdigest()  # where the header is missing: the same event is the same bytes
    order_id = order_named_in(notes=payment.notes) if payment else None
    if order is not None:
        order_id = order_id or order_named_in(notes=order.notes, name=order.receipt)
    if link is not None:
        order_id = order_id or order_named_in(notes=link.notes, name=link.reference_id)
    if payment is None:
        is_over = link is not None and link.status in OVER
        return Notice(event_id, event.event, ended(link, order_id) if link and order_id and is_over else None)
    if order_id is not None:
        told = payment_of(payment, order_id)
        return Notice(event_id, event.event, disputed(told, dispute_of(dispute)) if dispute else told)
    if dispute is not None:
        return Notice(event_id, event.event, None, payment.id, dispute_of(dispute))
    if event.event.startswith("refund."):  # the payment is known by other news, or will be
        return Notice(event_id, event.event, changed_payment_id=payment.id)
    return Notice(event_id, event.event)


def ended(link: LinkEntity, order_id: UUID) -> Payment:
    """That nobody will pay by a link any more."""
    return Payment(
        payment_id=link.id,
        order_id=order_id,
        status="cancelled",
        amount_minor=link.amount,
        currency=link.currency.upper(),
    )


class _Dated(msgspec.Struct, frozen=True):
    created_at: int = 0


def happened(body: bytes) -> int:
    """When an event was, in seconds; 0 for a body that cannot be read, of which `notice_of` says so."""
    try:
        return msgspec.json.decode(body, type=_Dated).created_at
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0


def listed(told: PaymentEntity, order_id: UUID | None) -> Listed:
    """A payment as a line of the list."""
    payment = payment_of(told, UUID(int=0))
    return Listed(
        payment_id=told.id,
        order_id=order_id,
        status=payment.status,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.refunded_minor,
        fee_minor=payment.fee_minor,
        created_at=datetime.fromtimestamp(told.created_at, UTC),
    )
