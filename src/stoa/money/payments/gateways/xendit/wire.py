"""What Xendit says, as it stands in its answers and events, and what that means to us.

Amounts are decimal numbers of whole units; rupiah and dong have no decimals over there.
"""

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.kit.errors import Invalid
from stoa.kit.ids import parse_id
from stoa.kit.money import MAX_MINOR, exponent, to_decimal
from stoa.money.payments.gateways import DisputeNews, DisputeStatus, Notice, Payment, PaymentStatus

WHOLE: Final = frozenset({"IDR", "VND"})
_STATUS: Final[dict[str, PaymentStatus]] = {
    "PAID": "succeeded",
    "SETTLED": "succeeded",
    "EXPIRED": "cancelled",
}
_DISPUTE_STATUS: Final[dict[str, DisputeStatus]] = {
    "UNDER_REVIEW": "under_review",
    "WON": "won",
    "LOST": "lost",
}
# A refund that is on its way counts as made: what it gives back is not there any more.
_GONE: Final = frozenset({"SUCCEEDED", "PENDING"})


class Invoice(msgspec.Struct, frozen=True):
    """An invoice, in an answer or in a webhook. `adjusted_received_amount` is what Xendit hands on to us."""

    id: str
    external_id: str
    status: str
    amount: Decimal
    currency: str = "IDR"
    invoice_url: str = ""
    expiry_date: datetime | None = None
    created: datetime | None = None
    paid_amount: Decimal | None = None
    adjusted_received_amount: Decimal | None = None
    fees_paid_amount: Decimal | None = None


class Refund(msgspec.Struct, frozen=True):
    """Money that goes back."""

    id: str = ""
    invoice_id: str | None = None
    amount: Decimal = Decimal(0)
    currency: str = ""
    status: str = "SUCCEEDED"
    metadata: dict[str, Any] | None = None


class RefundPage(msgspec.Struct, frozen=True):
    """A list of refunds."""

    data: list[Refund]
    has_more: bool = False


class DisputeAmount(msgspec.Struct, frozen=True):
    """What a dispute is about, as decimal text."""

    initial: Decimal


class DisputeCategory(msgspec.Struct, frozen=True):
    """Why it was raised."""

    name: str = "unknown"


class Dispute(msgspec.Struct, frozen=True):
    """A payer's bank wants the money back; `reference_id` is our name of what was paid."""

    id: str
    status: str
    currency: str
    amount: DisputeAmount
    reference_id: str | None = None
    due_date: datetime | None = None
    category: DisputeCategory = DisputeCategory()


class _Wrapped(msgspec.Struct, frozen=True):
    data: Refund


class _Event(msgspec.Struct, frozen=True):
    """A webhook that is not an invoice. Its data have been seen wrapped in a second event."""

    event: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


def to_xendit(amount_minor: int, currency: str) -> Decimal:
    """An amount as Xendit counts it. Raises Invalid for parts of what has no decimals there."""
    if currency not in WHOLE:
        return to_decimal(amount_minor, currency)
    whole, rest = divmod(amount_minor, 10 ** exponent(currency))
    if rest:
        raise Invalid(fields={"amount": f"Xendit takes {currency} without decimals only"})
    return Decimal(whole)


def minor(amount: Decimal, currency: str) -> int:
    """An amount of Xendit's in the smallest unit. Raises Invalid for what is no amount of the currency."""
    if amount.is_finite() and abs(amount) <= MAX_MINOR:
        scaled = amount.scaleb(exponent(currency))
        if scaled == scaled.to_integral_value():
            return int(scaled)
    raise Invalid(fields={"amount": f"This is no amount of {currency}"})


def payment_of(invoice: Invoice, order_id: UUID, refunded_minor: int = 0) -> Payment:
    """All that an invoice says; of its refunds it says nothing. Raises Invalid for amounts that are none."""
    status = _STATUS.get(invoice.status, "processing")
    currency = invoice.currency.upper()
    paid = invoice.amount if invoice.paid_amount is None else invoice.paid_amount
    is_paid = status == "succeeded"
    return Payment(
        payment_id=invoice.id,
        order_id=order_id,
        status=status,
        amount_minor=minor(invoice.amount, currency),
        currency=currency,
        captured_minor=minor(paid, currency) if is_paid else 0,
        refunded_minor=refunded_minor,
        fee_minor=_fee_minor(invoice, paid, currency) if is_paid else None,
    )


def _fee_minor(invoice: Invoice, paid: Decimal, currency: str) -> int | None:
    """What Xendit keeps: what it does not hand on, else what it calls the fees."""
    if invoice.adjusted_received_amount is not None:
        return max(0, minor(paid - invoice.adjusted_received_amount, currency))
    return minor(invoice.fees_paid_amount, currency) if invoice.fees_paid_amount is not None else None


def refunded_of(refunds: list[Refund], currency: str) -> int:
    """How much of an invoice goes back, in the smallest unit."""
    return sum(minor(refund.amount, currency) for refund in refunds if refund.status in _GONE)


def notice_of(body: bytes) -> Notice:
    """What an event says. Raises msgspec.DecodeError for another form, Invalid for amounts that are none."""
    event = msgspec.json.decode(body, type=_Event)
    event_id = hashlib.sha256(body).hexdigest()  # where the header is missing: the same event is the same bytes
    if event.event is None:
        invoice = msgspec.json.decode(body, type=Invoice)
        order_id = parse_id(invoice.external_id)
        known = order_id is not None and invoice.status in _STATUS
        payment = payment_of(invoice, order_id) if known and order_id else None
        return Notice(event_id, f"invoice.{invoice.status.lower()}", payment)
    if event.event.startswith("dispute."):
        return _disputed(event_id, event.event, msgspec.json.decode(body, type=Dispute))
    if not event.event.startswith("refund."):
        return Notice(event_id, event.event)
    # It tells of one refund, and not of all that went back: the whole is asked for.
    refund = _refund_in(event.data)
    noted = (refund.metadata or {}).get("invoice_id")
    invoice_id = refund.invoice_id or (noted if isinstance(noted, str) else None)
    return Notice(event_id, event.event, changed_payment_id=invoice_id)


def _disputed(event_id: str, kind: str, told: Dispute) -> Notice:
    order_id = parse_id(told.reference_id)
    if order_id is None:
        return Notice(event_id, kind)
    news = DisputeNews(
        dispute_id=told.id,
        status=_DISPUTE_STATUS.get(told.status, "needs_response"),
        reason=told.category.name,
        amount_minor=minor(told.amount.initial, told.currency.upper()),
        evidence_due_by=told.due_date,
    )
    return Notice(event_id, kind, dispute=news, disputed_order_id=order_id)


def _refund_in(data: msgspec.Raw) -> Refund:
    try:
        return msgspec.json.decode(data, type=_Wrapped).data
    except msgspec.ValidationError:
        return msgspec.json.decode(data, type=Refund)
