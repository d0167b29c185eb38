"""What Stripe says, as it stands in its answers and events, and what that means to us."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.ids import parse_id
from stoa.money.payments.gateways import DisputeNews, DisputeStatus, Listed, Notice, Payment, PaymentStatus

NOBODY: Final = UUID(int=0)
_STATUS: Final[dict[str, PaymentStatus]] = {
    "succeeded": "succeeded",
    "canceled": "cancelled",
    "requires_action": "requires_action",
}


_DISPUTE_STATUS: Final[dict[str, DisputeStatus]] = {
    "needs_response": "needs_response",
    "under_review": "under_review",
    "won": "won",
    "lost": "lost",
}


class Error(msgspec.Struct, frozen=True):
    """Why an attempt failed."""

    code: str | None = None
    decline_code: str | None = None
    message: str | None = None


class Redirect(msgspec.Struct, frozen=True):
    """Where the payer must go."""

    url: str | None = None


class NextAction(msgspec.Struct, frozen=True):
    """What the payer must do."""

    redirect_to_url: Redirect | None = None


class BalanceTransaction(msgspec.Struct, frozen=True):
    """What a charge did to our balance at Stripe, in the balance's currency: `fee` is what Stripe kept."""

    fee: int
    currency: str


class Charge(msgspec.Struct, frozen=True):
    """The money of a PaymentIntent; `payment_intent` is its id."""

    amount: int
    currency: str
    amount_captured: int = 0
    amount_refunded: int = 0
    disputed: bool = False
    payment_intent: str | None = None
    metadata: dict[str, str] = {}
    balance_transaction: str | BalanceTransaction | None = None


class Intent(msgspec.Struct, frozen=True):
    """A PaymentIntent."""

    id: str
    amount: int
    currency: str
    status: str
    amount_received: int = 0
    metadata: dict[str, str] = {}
    last_payment_error: Error | None = None
    next_action: NextAction | None = None
    latest_charge: str | Charge | None = None
    created: int = 0


class Checkout(msgspec.Struct, frozen=True):
    """A session of the hosted page."""

    id: str
    status: str | None = None
    payment_status: str = "unpaid"
    url: str | None = None
    expires_at: int = 0
    amount_total: int | None = None
    currency: str | None = None
    payment_intent: str | Intent | None = None
    metadata: dict[str, str] = {}


class EvidenceDetails(msgspec.Struct, frozen=True):
    """Until when the bank takes evidence, in Unix seconds."""

    due_by: int | None = None


class Dispute(msgspec.Struct, frozen=True):
    """A payer's bank wants the money back."""

    status: str
    id: str = ""
    payment_intent: str | None = None
    amount: int = 0
    currency: str = ""
    reason: str = "general"
    evidence_details: EvidenceDetails = EvidenceDetails()
    balance_transactions: list[BalanceTransaction] = []


class Data(msgspec.Struct, frozen=True):
    """What an event is about."""

    object: msgspec.Raw


class Event(msgspec.Struct, frozen=True):
    """A webhook's body; `account` is set where it speaks of an account connected to ours."""

    id: str
    type: str
    data: Data
    account: str | None = None


def fee_of(intent: Intent) -> int | None:
    """What Stripe kept, in minor units of the payment's currency; None when it does not say so, or in another one."""
    charge = intent.latest_charge if isinstance(intent.latest_charge, Charge) else None
    settled = charge.balance_transaction if charge else None
    if not isinstance(settled, BalanceTransaction) or settled.currency.lower() != intent.currency.lower():
        return None
    return settled.fee


def was_tried(intent: Intent) -> bool:
    """Whether somebody tried to pay it: before that there is nothing to tell of it."""
    return intent.status not in ("requires_payment_method", "requires_confirmation") or bool(intent.last_payment_error)


def listed_of(intent: Intent) -> Listed:
    """A line of the list of payments."""
    payment = payment_of(intent, NOBODY)
    return Listed(
        payment_id=intent.id,
        order_id=parse_id(intent.metadata.get("order_id")),
        status=payment.status,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.refunded_minor,
        fee_minor=fee_of(intent),
        created_at=datetime.fromtimestamp(intent.created, UTC),
    )


def payment_of(intent: Intent, order_id: UUID) -> Payment:
    """All that a PaymentIntent says; of refunds and disputes only when its charge is expanded."""
    charge = intent.latest_charge if isinstance(intent.latest_charge, Charge) else None
    failure = intent.last_payment_error
    status = _STATUS.get(intent.status, "processing")
    if intent.status == "requires_payment_method" and failure is not None:
        status = "failed"
    redirect = intent.next_action.redirect_to_url if intent.next_action and status == "requires_action" else None
    return Payment(
        payment_id=intent.id,
        order_id=order_id,
        status=status,
        amount_minor=intent.amount,
        currency=intent.currency.upper(),
        captured_minor=intent.amount_received if status == "succeeded" else 0,
        refunded_minor=charge.amount_refunded if charge else 0,
        disputed=charge.disputed if charge else False,
        failure_code=(failure.decline_code or failure.code) if failure and status == "failed" else None,
        failure_message=failure.message if failure and status == "failed" else None,
        action_url=redirect.url if redirect else None,
        fee_minor=fee_of(intent),
    )


def notice_of(event: Event) -> Notice:
    """What an event says. Raises msgspec.DecodeError when it is not as documented."""
    body, family = event.data.object, event.type.rpartition(".")[0]
    payment: Payment | None = None
    disputed: str | None = None
    if family == "payment_intent":
        intent = msgspec.json.decode(body, type=Intent)
        order_id = parse_id(intent.metadata.get("order_id"))
        payment = payment_of(intent, order_id) if order_id else None
    elif family == "checkout.session":
        payment = checked_out(msgspec.json.decode(body, type=Checkout))
    elif event.type == "charge.refunded":
        payment = _refunded(msgspec.json.decode(body, type=Charge))
    elif family == "charge.dispute":
        told = msgspec.json.decode(body, type=Dispute)
        news = news_of(told)
        disputed = told.payment_intent if news is not None else None
        return Notice(event.id, event.type, None, disputed, news)
    return Notice(event.id, event.type, payment, disputed)


def news_of(dispute: Dispute) -> DisputeNews | None:
    """What a dispute says; None for an inquiry (`warning_…`) and for one that was prevented: they move no money."""
    status = _DISPUTE_STATUS.get(dispute.status)
    if status is None or not dispute.id:
        return None
    due_by = dispute.evidence_details.due_by
    fees = [moved.fee for moved in dispute.balance_transactions if moved.currency == dispute.currency]
    return DisputeNews(
        dispute_id=dispute.id,
        status=status,
        reason=dispute.reason,
        amount_minor=dispute.amount,
        evidence_due_by=datetime.fromtimestamp(due_by, UTC) if due_by else None,
        fee_minor=max(sum(fees), 0),
    )


def checked_out(session: Checkout) -> Payment | None:
    """What a session of the hosted page says of its payment; None for one that is not of an order of ours."""
    order_id = parse_id(session.metadata.get("order_id"))
    if order_id is None or session.amount_total is None or session.currency is None:
        return None
    intent = session.payment_intent
    is_paid = session.payment_status == "paid"
    return Payment(
        payment_id=(intent.id if isinstance(intent, Intent) else intent) or session.id,
        order_id=order_id,
        status="succeeded" if is_paid else "cancelled" if session.status == "expired" else "processing",
        amount_minor=session.amount_total,
        currency=session.currency.upper(),
        captured_minor=session.amount_total if is_paid else 0,
    )


def _refunded(charge: Charge) -> Payment | None:
    order_id = parse_id(charge.metadata.get("order_id"))
    if order_id is None or charge.payment_intent is None:
        return None
    return Payment(
        payment_id=charge.payment_intent,
        order_id=order_id,
        status="succeeded",
        amount_minor=charge.amount,
        currency=charge.currency.upper(),
        captured_minor=charge.amount_captured,
        refunded_minor=charge.amount_refunded,
        disputed=charge.disputed,
    )
