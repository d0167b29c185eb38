"""What Airwallex says, as it stands in its answers and events (version API_VERSION), and what that means to us."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from stoa.money.payouts.gateways import Transfer, TransferNews, TransferState
from stoa.money.payouts.gateways.forms import bare
from stoa.money.payouts.types import DestinationDetails

API_VERSION: Final = "2024-09-27"
FAILED: Final = "FAILED"
DUPLICATE: Final = "request_id_duplicate"
# A failed transfer can still be repeated at Airwallex; only a cancelled one has given our money back.
_STATES: Final[dict[str, TransferState]] = {"PAID": "arrived", "CANCELLED": "failed"}


class Token(msgspec.Struct, frozen=True):
    """What a login answers."""

    token: str
    expires_at: str

    def ends_at(self) -> datetime:
        """When it ends. Raises ValueError."""
        return datetime.strptime(self.expires_at, "%Y-%m-%dT%H:%M:%S%z")


class Beneficiary(msgspec.Struct, frozen=True):
    """A recipient."""

    id: str


class Made(msgspec.Struct, frozen=True):
    """A transfer."""

    id: str
    request_id: str
    status: str
    failure_reason: str | None = None


class Listed(msgspec.Struct, frozen=True):
    """A page of transfers."""

    items: list[Made]


class _Rate(msgspec.Struct, frozen=True):
    level: str
    buy_amount: Decimal


class Rates(msgspec.Struct, frozen=True):
    """What a conversion would come to."""

    rate_details: list[_Rate]

    def bought(self) -> Decimal | None:
        """What we would get."""
        return next((rate.buy_amount for rate in self.rate_details if rate.level == "CLIENT"), None)


class _Wrong(msgspec.Struct, frozen=True):
    source: str = ""
    message: str = ""


class _Details(msgspec.Struct, frozen=True):
    errors: list[_Wrong] = []


class Refusal(msgspec.Struct, frozen=True):
    """Why a request was refused."""

    code: str
    message: str = ""
    source: str | None = None
    details: _Details | None = None


class Event(msgspec.Struct, frozen=True):
    """A webhook's body."""

    id: str
    name: str
    data: msgspec.Raw = msgspec.Raw(b"null")


def transfer_of(made: Made) -> Transfer:
    """All that a transfer says."""
    state = _STATES.get(made.status, "processing")
    failed = state == "failed"
    reason = made.failure_reason or "Airwallex called the transfer off, and gave the money back"
    return Transfer(
        reference=made.id,
        state=state,
        failure_code=made.status.lower() if failed else None,
        failure_reason=reason if failed else None,
    )


def news_of(event: Event) -> TransferNews:
    """What an event says. Raises msgspec.DecodeError when it is not as documented."""
    if not event.name.startswith("payout.transfer."):
        return TransferNews(event_id=event.id, kind=event.name)
    told = transfer_of(msgspec.json.decode(event.data, type=Made))
    return TransferNews(
        event_id=event.id,
        kind=event.name,
        reference=told.reference,
        state=told.state,
        failure_code=told.failure_code,
        failure_reason=told.failure_reason,
    )


def beneficiary_body(details: DestinationDetails, answers: dict[str, str]) -> dict[str, Any]:
    """The request that makes a recipient known."""
    first, _, last = details.holder.strip().rpartition(" ")
    beneficiary: dict[str, Any] = {
        "type": "BANK_ACCOUNT",
        "entity_type": "PERSONAL",
        "first_name": first or last,
        "last_name": last,
        "bank_details": {
            "account_currency": details.currency,
            "account_name": details.holder,
            "bank_country_code": details.country,
            **_bank(details.currency, answers),
        },
    }
    if "street" in answers:
        beneficiary["address"] = {
            "country_code": details.country,
            "street_address": answers["street"],
            "city": answers["city"],
            "state": answers["state"],
            "postcode": answers["postcode"],
        }
    return {
        "beneficiary": beneficiary,
        "nickname": details.holder,
        "transfer_methods": [method_of(details.currency)],
    }


def method_of(currency: str) -> str:
    """By which way a currency is sent."""
    return "SWIFT" if currency in ("BHD", "KWD") else "LOCAL"


def _bank(currency: str, answers: dict[str, str]) -> dict[str, str]:
    match currency:
        case "EUR":
            return {"iban": bare(answers["iban"]), "local_clearing_system": "SEPA"}
        case "GBP":
            return _routed("sort_code", bare(answers["sort_code"]), answers) | {
                "local_clearing_system": "FASTER_PAYMENTS"
            }
        case "USD":
            return _routed("aba", answers["routing_number"], answers) | {
                "bank_account_category": answers["account_type"].capitalize(),
                "local_clearing_system": "ACH",
            }
        case "INR":
            return _routed("ifsc", bare(answers["ifsc"]), answers)
        case "JPY":
            return _routed("bank_code", answers["bank_code"], answers) | {
                "account_routing_type2": "branch_code",
                "account_routing_value2": answers["branch_code"],
                "local_clearing_system": "ZENGIN",
            }
    return {"iban": bare(answers["iban"]), "swift_code": bare(answers["swift_code"])}


def _routed(kind: str, number: str, answers: dict[str, str]) -> dict[str, str]:
    return {
        "account_number": answers["account_number"],
        "account_routing_type1": kind,
        "account_routing_value1": number,
    }


_FIELDS: Final = {
    "account_name": "holder",
    "first_name": "holder",
    "last_name": "holder",
    "iban": "iban",
    "swift_code": "swift_code",
    "account_number": "account_number",
    "bank_account_category": "account_type",
    "account_routing_value2": "branch_code",
    "street_address": "street",
    "city": "city",
    "state": "state",
    "postcode": "postcode",
    "bank_country_code": "country",
    "country_code": "country",
    "account_currency": "currency",
}
_ROUTING_FIELDS: Final = {
    "GBP": "sort_code",
    "USD": "routing_number",
    "INR": "ifsc",
    "JPY": "bank_code",
}


def wrong_fields(refusal: Refusal | None, currency: str) -> dict[str, str]:
    """What is wrong with a destination, field by field; as a whole where Airwallex does not say."""
    if refusal is None:
        return {"destination": "Airwallex does not take this account"}
    found = [(e.source, e.message) for e in (refusal.details.errors if refusal.details else [])]
    names = _FIELDS | {"account_routing_value1": _ROUTING_FIELDS.get(currency, "destination")}
    wrong: dict[str, str] = {}
    for source, message in found or [(refusal.source or "", refusal.message)]:
        wrong.setdefault(names.get(source.rpartition(".")[2], "destination"), message or "Airwallex does not take this")
    return wrong
