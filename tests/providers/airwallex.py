"""Airwallex on this machine, for tests, after its documentation: logging in, beneficiaries, transfers, webhooks.

airwallex.beneficiaries, airwallex.transfers       its books
airwallex.balance["USD"] = Decimal(0)              our wallet there
airwallex.move(transfer_id, "PAID")                what happens to a transfer; answers the event's body and headers
"""

import hashlib
import hmac
import itertools
import time
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.providers.payouts import PayoutServer, Refused

CLIENT_ID = "client-of-this-machine"
API_KEY = "the key of this machine"
WEBHOOK_SECRET = "whsec_of_this_machine"
VERSION = "2024-09-27"
FEE = Decimal("3.86")
TOKEN_S = 1800
RATES = {"USD": Decimal(1), "EUR": Decimal("0.9"), "GBP": Decimal("0.8"), "JPY": Decimal(150), "KWD": Decimal("0.3")}
DECIMALS = {"JPY": 0, "KWD": 3, "BHD": 3}


class AirwallexServer(PayoutServer):
    """The application."""

    base = "http://airwallex.test"

    def __init__(self) -> None:
        super().__init__()
        self.client_id, self.api_key = CLIENT_ID, API_KEY
        self.tokens: list[str] = []
        self.beneficiaries: dict[str, dict[str, Any]] = {}
        self.balance = dict.fromkeys(RATES, Decimal(1_000_000))
        self._numbers = itertools.count(1)

    @classmethod
    def settings(cls) -> dict[str, Any]:
        """The settings of a Stoa that uses it."""
        return {
            "airwallex_client_id": CLIENT_ID,
            "airwallex_api_key": API_KEY,
            "airwallex_webhook_secret": WEBHOOK_SECRET,
            "airwallex_api_base": cls.base,
        }

    # ---- what happens at Airwallex

    def move(
        self, transfer_id: str, status: str, *, reason: str | None = None, age_s: int = 0, secret: str = WEBHOOK_SECRET
    ) -> tuple[bytes, dict[str, str]]:
        """A transfer goes on; answers the event that tells of it."""
        transfer = self.transfers[transfer_id]
        transfer["status"] = status
        if reason is not None:
            transfer["failure_reason"] = reason
        return self.event(f"payout.transfer.{status.lower()}", transfer, age_s=age_s, secret=secret)

    def event(
        self, name: str, data: dict[str, Any], *, event_id: str = "", age_s: int = 0, secret: str = WEBHOOK_SECRET
    ) -> tuple[bytes, dict[str, str]]:
        """An event's body and headers, as sent now or `age_s` ago."""
        event = {
            "id": event_id or str(uuid.uuid4()),
            "name": name,
            "account_id": "acct_T_DLJt7NMEKmDaH9gjywcg",
            "data": data,
            "created_at": _time(0),
            "version": VERSION,
        }
        body = self.encoder.encode(event)
        told = str(int((time.time() - age_s) * 1000))
        signature = hmac.new(secret.encode(), told.encode() + body, hashlib.sha256).hexdigest()
        return body, {"content-type": "application/json", "x-timestamp": told, "x-signature": signature}

    # ---- its API

    def answer(self, method: str, path: str, content: Any, headers: dict[str, str]) -> tuple[int, Any]:
        """One request."""
        if path == "/api/v1/authentication/login":
            return self._login(headers)
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {"code": "credentials_expired", "message": "Access token has expired"}
        assert headers["x-api-version"] == VERSION
        match [method, *path.removeprefix("/api/v1/").split("/")]:
            case ["POST", "beneficiaries", "create"]:
                return 201, self._register(content)
            case ["POST", "transfers", "create"]:
                return 201, self._transfer(content)
            case ["GET", "transfers"]:
                rows = [t for t in self.transfers.values() if t["request_id"] == content["request_id"]]
                return 200, {"has_more": False, "items": rows}
            case ["GET", "transfers", transfer_id]:
                return 200, self._known(transfer_id)
            case ["POST", "transfers", transfer_id, "cancel"]:
                transfer = self._known(transfer_id)
                if transfer["status"] not in ("FAILED", "SCHEDULED"):
                    raise _problem("transfer_status_invalid", "The transfer cannot be cancelled in its status")
                transfer["status"] = "CANCELLED"
                self.balance[transfer["source_currency"]] += transfer["amount_payer_pays"]
                return 200, transfer
            case ["GET", "fx", "rates", "current"]:
                return 200, self._rate(content)
        raise Refused(404, {"code": "not_found", "message": f"No such address: {method} {path}"})

    def _login(self, headers: dict[str, str]) -> tuple[int, Any]:
        if (headers.get("x-client-id"), headers.get("x-api-key")) != (self.client_id, self.api_key):
            return 401, {"code": "credentials_invalid", "message": "UNAUTHORIZED"}
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        return 201, {"token": self.tokens[-1], "expires_at": _time(TOKEN_S)}

    def _register(self, asked: dict[str, Any]) -> dict[str, Any]:
        beneficiary = asked["beneficiary"]
        bank = beneficiary["bank_details"]
        assert beneficiary["entity_type"] == "PERSONAL" and bank["account_name"] == asked["nickname"]
        if bank.get("account_number", "").startswith("000") or bank.get("iban", "").startswith("DE00"):
            name = "account_number" if "account_number" in bank else "iban"
            source = f"beneficiary.bank_details.{name}"
            wrong = {"code": "012", "source": source, "message": "Must be a valid number"}
            raise _problem("validation_failed", "See the errors", details={"errors": [wrong]})
        beneficiary_id = str(uuid.uuid4())
        self.beneficiaries[beneficiary_id] = asked
        return {"id": beneficiary_id, "payer_entity_type": "COMPANY"} | asked

    def _transfer(self, asked: dict[str, Any]) -> dict[str, Any]:
        if any(t["request_id"] == asked["request_id"] for t in self.transfers.values()):
            message = "A transfer was created with this request_id before"
            raise _problem("request_id_duplicate", message, source="request_id")
        beneficiary = self.beneficiaries.get(asked["beneficiary_id"])
        if beneficiary is None:
            raise _problem("beneficiary_not_found", "The beneficiary was not found", source="beneficiary_id")
        assert asked["transfer_method"] in beneficiary["transfer_methods"] and len(asked["request_id"]) <= 50
        assert asked["fee_paid_by"] == "PAYER" and "transfer_amount" not in asked
        source, target = asked["source_currency"], asked["transfer_currency"]
        amount = Decimal(asked["source_amount"])
        pays = amount + (FEE if asked["transfer_method"] == "SWIFT" else 0)
        if self.balance[source] < pays:
            raise _problem("balance_insufficient", "The wallet does not hold enough", source="transfer")
        self.balance[source] -= pays
        transfer_id = str(uuid.uuid4())
        receives = _round(amount * RATES[target] / RATES[source], target)
        self.transfers[transfer_id] = {
            "id": transfer_id,
            "request_id": asked["request_id"],
            "short_reference_id": f"P261120-{next(self._numbers):06}",
            "status": "SCHEDULED",
            "beneficiary_id": asked["beneficiary_id"],
            "source_amount": amount,
            "source_currency": source,
            "transfer_currency": target,
            "transfer_method": asked["transfer_method"],
            "amount_payer_pays": pays,
            "amount_beneficiary_receives": receives,
            "fee_amount": pays - amount,
            "fee_currency": source,
            "fee_paid_by": "PAYER",
            "reason": asked["reason"],
            "reference": asked["reference"],
            "created_at": _time(0),
        }
        return self.transfers[transfer_id]

    def _rate(self, asked: dict[str, Any]) -> dict[str, Any]:
        sell, buy, amount = asked["sell_currency"], asked["buy_currency"], Decimal(asked["sell_amount"])
        rate = RATES[buy] / RATES[sell]
        details = [
            {
                "level": level,
                "rate": rate * part,
                "sell_amount": amount,
                "buy_amount": _round(amount * rate * part, buy),
            }
            for level, part in (("RAW", Decimal("1.02")), ("CLIENT", Decimal(1)))
        ]
        return {
            "buy_currency": buy,
            "sell_currency": sell,
            "currency_pair": f"{sell}{buy}",
            "dealt_currency": sell,
            "conversion_date": _time(0)[:10],
            "rate": rate,
            "rate_details": details,
        }

    def _known(self, transfer_id: str) -> dict[str, Any]:
        if transfer_id not in self.transfers:
            raise Refused(404, {"code": "not_found", "message": "The transfer was not found"})
        return self.transfers[transfer_id]


def _problem(code: str, message: str, **more: Any) -> Refused:
    return Refused(400, {"code": code, "message": message} | more)


def _round(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-DECIMALS.get(currency, 2)))


def _time(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S+0000")
