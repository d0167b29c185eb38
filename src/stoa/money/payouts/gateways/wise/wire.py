"""What Wise says, as it stands in its answers and events, and what that means to us."""

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.money.payouts.gateways import Transfer, TransferNews, TransferState
from stoa.money.payouts.gateways.forms import bare
from stoa.money.payouts.types import DestinationDetails

WAITING: Final = "incoming_payment_waiting"  # made, and not funded
CANCELLED: Final = "cancelled"
# A transfer that bounced is on its way back: Wise cancels it next, and then refunds it. Only then it may be sent again.
_STATES: Final[dict[str, TransferState]] = {
    "outgoing_payment_sent": "arrived",
    CANCELLED: "failed",
    "funds_refunded": "failed",
    "charged_back": "failed",
}
_REASONS: Final = {
    CANCELLED: "Wise called the transfer off",
    "funds_refunded": "The bank did not take the money, and Wise gave it back",
    "charged_back": "Wise gave the money back",
}


class Account(msgspec.Struct, frozen=True):
    """A recipient."""

    id: int
    currency: str
    active: bool = True


class Fee(msgspec.Struct, frozen=True):
    """What Wise takes, in the currency that is sent."""

    total: Decimal


class Option(msgspec.Struct, frozen=True, rename="camel"):
    """A way to pay a quote."""

    pay_in: str
    pay_out: str
    fee: Fee
    source_amount: Decimal
    target_amount: Decimal
    disabled: bool = False
    estimated_delivery: datetime | None = None


class Quote(msgspec.Struct, frozen=True, rename="camel"):
    """What a transfer costs, and the id by which it is made."""

    id: UUID
    source_currency: str
    target_currency: str
    pay_out: str
    payment_options: list[Option] = []

    def by_balance(self) -> Option | None:
        """What it costs when our own balance at Wise pays for it."""
        fitting = (o for o in self.payment_options if (o.pay_in, o.pay_out) == ("BALANCE", self.pay_out))
        return next((option for option in fitting if not option.disabled), None)


class Made(msgspec.Struct, frozen=True, rename="camel"):
    """A transfer."""

    id: int
    status: str
    target_account: int
    customer_transaction_id: UUID | None = None


class Funding(msgspec.Struct, frozen=True, rename="camel"):
    """Whether our balance paid for a transfer."""

    status: str
    error_code: str | None = None


class Problem(msgspec.Struct, frozen=True):
    """Something that is wrong with a request."""

    message: str = ""
    code: str = ""
    path: str | None = None


class Refusal(msgspec.Struct, frozen=True):
    """Why a request was refused."""

    errors: list[Problem]


class _Resource(msgspec.Struct, frozen=True):
    id: int


class _Data(msgspec.Struct, frozen=True):
    resource: _Resource | None = None
    current_state: str | None = None
    occurred_at: str = ""
    transfer_id: int | None = None
    failure_reason_code: str | None = None
    failure_description: str | None = None


class Event(msgspec.Struct, frozen=True):
    """A webhook's body."""

    event_type: str
    data: _Data


def transfer_of(made: Made) -> Transfer:
    """All that a transfer says."""
    state = _STATES.get(made.status, "processing")
    failed = state == "failed"
    return Transfer(
        reference=str(made.id),
        state=state,
        failure_code=made.status if failed else None,
        failure_reason=_REASONS[made.status] if failed else None,
    )


def news_of(event: Event, body: bytes) -> TransferNews:
    """What an event says. Its number at Wise is that of a delivery, so it is known by what it tells."""
    data = event.data
    if event.event_type == "transfers#state-change" and data.resource is not None and data.current_state is not None:
        return TransferNews(
            event_id=f"{data.resource.id}:{data.current_state}:{data.occurred_at}",
            kind=event.event_type,
            reference=str(data.resource.id),
            state=_STATES.get(data.current_state, "processing"),
        )
    event_id = hashlib.sha256(body).hexdigest()
    if event.event_type == "transfers#payout-failure" and data.transfer_id is not None:
        return TransferNews(
            event_id=event_id,
            kind=event.event_type,
            reference=str(data.transfer_id),
            failure_code=data.failure_reason_code,
            failure_reason=data.failure_description,
        )
    return TransferNews(event_id=event_id, kind=event.event_type)


def account_body(details: DestinationDetails, answers: dict[str, str], profile_id: str) -> dict[str, Any]:
    """The request that makes a recipient known, by the kind of account that its currency has."""
    kind, told = _account(details.currency, details.country, answers)
    return {
        "currency": details.currency,
        "type": kind,
        "profile": int(profile_id) if profile_id.isdecimal() else profile_id,
        "ownedByCustomer": False,
        "accountHolderName": details.holder,
        "details": {"legalType": "PRIVATE", **told},
    }


def _account(currency: str, country: str, answers: dict[str, str]) -> tuple[str, dict[str, Any]]:
    match currency:
        case "EUR":
            return "iban", {"iban": bare(answers["iban"])}
        case "GBP":
            told = {"sortCode": bare(answers["sort_code"]), "accountNumber": answers["account_number"]}
            return "sort_code", told
        case "INR":
            return "indian", {"ifscCode": bare(answers["ifsc"]), "accountNumber": answers["account_number"]}
    address = {
        "country": country,
        "firstLine": answers["street"],
        "city": answers["city"],
        "state": answers["state"],
        "postCode": answers["postcode"],
    }
    return "aba", {
        "abartn": answers["routing_number"],
        "accountNumber": answers["account_number"],
        "accountType": answers["account_type"].upper(),
        "address": address,
    }


# Where Wise finds something wrong, in our words.
FIELDS: Final = {
    "accountHolderName": "holder",
    "iban": "iban",
    "IBAN": "iban",
    "sortCode": "sort_code",
    "accountNumber": "account_number",
    "abartn": "routing_number",
    "accountType": "account_type",
    "ifscCode": "ifsc",
    "firstLine": "street",
    "city": "city",
    "state": "state",
    "postCode": "postcode",
    "country": "country",
    "currency": "currency",
}


def wrong_fields(refusal: Refusal | None) -> dict[str, str]:
    """What is wrong with a destination, field by field; as a whole where Wise does not say."""
    wrong: dict[str, str] = {}
    for problem in refusal.errors if refusal else []:
        last = (problem.path or "").replace("/", ".").rpartition(".")[2]
        wrong.setdefault(FIELDS.get(last, "destination"), problem.message or "Wise does not take this")
    return wrong or {"destination": "Wise does not take this account"}
