"""Wise on this machine, for tests, after its documentation of recipients, quotes, transfers, funding and webhooks.

wise.accounts, wise.quotes, wise.transfers     its books
wise.balance["USD"] = Decimal(0)               our balance there, from which transfers are funded
wise.move(transfer_id, "outgoing_payment_sent")    what happens to a transfer; answers the event's body and headers
"""

import base64
import itertools
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.providers.payouts import PayoutServer, Refused

TOKEN = "the token of this machine"
PROFILE = "22001"
RATES = {"USD": Decimal(1), "EUR": Decimal("0.9"), "GBP": Decimal("0.8"), "INR": Decimal(80), "JPY": Decimal(150)}
DECIMALS = {"JPY": 0, "KWD": 3}
FEE = Decimal("0.01")
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class WiseServer(PayoutServer):
    """The application."""

    base = "http://wise.test"
    signing_key = _KEY
    other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def __init__(self) -> None:
        super().__init__()
        self.profile, self.token = PROFILE, TOKEN
        self.accounts: dict[str, dict[str, Any]] = {}
        self.quotes: dict[str, dict[str, Any]] = {}
        self.balance = dict.fromkeys((*RATES, "KWD"), Decimal(1_000_000))
        self.funded: list[str] = []
        self._numbers = itertools.count(50_000_001)

    @classmethod
    def settings(cls) -> dict[str, Any]:
        """The settings of a Stoa that uses it."""
        pem = _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return {
            "wise_api_token": TOKEN,
            "wise_profile_id": PROFILE,
            "wise_webhook_key": pem.replace("\n", "\\n"),
            "wise_api_base": cls.base,
        }

    # ---- what happens at Wise

    def move(self, transfer_id: Any, state: str, *, key: Any = None) -> tuple[bytes, dict[str, str]]:
        """A transfer goes on; answers the event that tells of it."""
        transfer = self.transfers[str(transfer_id)]
        before, transfer["status"] = transfer["status"], state
        return self.event(
            "transfers#state-change",
            {
                "resource": {
                    "type": "transfer",
                    "id": transfer["id"],
                    "profile_id": int(self.profile),
                    "account_id": transfer["targetAccount"],
                },
                "current_state": state,
                "previous_state": before,
                "occurred_at": _now(),
            },
            key=key,
        )

    def event(self, kind: str, data: dict[str, Any], *, key: Any = None) -> tuple[bytes, dict[str, str]]:
        """An event's body and headers."""
        body = msgspec.json.encode(
            {
                "data": data,
                "subscription_id": "01234567-89ab-cdef-0123-456789abcdef",
                "event_type": kind,
                "schema_version": "2.0.0",
                "sent_at": _now(),
            }
        )
        signature = base64.b64encode((key or _KEY).sign(body, PKCS1v15(), SHA256())).decode()
        headers = {"content-type": "application/json", "x-delivery-id": str(uuid.uuid4())}
        return body, headers | {"x-signature-sha256": signature}

    # ---- its API

    def answer(self, method: str, path: str, content: Any, headers: dict[str, str]) -> tuple[int, Any]:
        """One request."""
        if headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"error": "invalid_token", "error_description": "Invalid token"}
        match [method, *path.strip("/").split("/")]:
            case ["GET", "v2", "profiles", profile]:
                if profile != self.profile:
                    raise _problem(404, "profile", "There is no such profile", code="profile.not.found")
                return 200, {"id": int(profile), "type": "BUSINESS"}
            case ["POST", "v1", "accounts"]:
                return 200, self._register(content)
            case ["POST", "v3", "profiles", self.profile, "quotes"]:
                return 200, self._quote(content)
            case ["POST", "v1", "transfers"]:
                return 200, self._transfer(content)
            case ["GET", "v1", "transfers"]:
                assert content["profile"] == self.profile and content["createdDateStart"].endswith("Z")
                rows = list(self.transfers.values())
                return 200, rows[int(content["offset"]) :][: int(content["limit"])]
            case ["GET", "v1", "transfers", transfer_id]:
                return 200, self._known(self.transfers, transfer_id)
            case ["PUT", "v1", "transfers", transfer_id, "cancel"]:
                transfer = self._known(self.transfers, transfer_id)
                if transfer_id in self.funded:
                    raise _problem(409, None, "The transfer cannot be cancelled any more")
                transfer["status"] = "cancelled"
                return 200, transfer
            case ["POST", "v3", "profiles", self.profile, "transfers", transfer_id, "payments"]:
                return 201, self._fund(self._known(self.transfers, transfer_id), content)
        raise _problem(404, None, f"No such address: {method} {path}")

    def _register(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["profile"] == int(self.profile) and asked["details"]["legalType"] == "PRIVATE"
        if " " not in asked["accountHolderName"]:
            raise _problem(422, "accountHolderName", "Please enter the recipients first and last name.")
        details = asked["details"]
        for name, wrong in (("iban", "DE00"), ("sortCode", "000000"), ("abartn", "000000000"), ("ifscCode", "XXXX")):
            if str(details.get(name, "")).startswith(wrong):
                raise _problem(422, name, "Please specify a valid one.")
        account = {"id": next(self._numbers), "active": True} | asked
        self.accounts[str(account["id"])] = account
        return account

    def _quote(self, asked: dict[str, Any]) -> dict[str, Any]:
        account = self.accounts.get(str(asked["targetAccount"]))
        if account is None or account["currency"] != asked["targetCurrency"]:
            raise _problem(422, "targetAccount", "Recipient not found", code="RECIPIENT_MISSING")
        assert asked["targetAmount"] is None and asked["preferredPayIn"] == "BALANCE"
        amount, source, target = Decimal(asked["sourceAmount"]), asked["sourceCurrency"], asked["targetCurrency"]
        rate = RATES[target] / RATES.get(source, Decimal(1))
        quote_id = str(uuid.uuid4())

        def option(pay_in: str, fee: Decimal) -> dict[str, Any]:
            fee = _round(amount * fee, source)
            return {
                "disabled": False,
                "estimatedDelivery": (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "fee": {"transferwise": fee, "payIn": 0, "discount": 0, "partner": 0, "total": fee},
                "sourceAmount": amount,
                "targetAmount": _round((amount - fee) * rate, target),
                "payIn": pay_in,
                "payOut": "BANK_TRANSFER",
            }

        self.quotes[quote_id] = {
            "id": quote_id,
            "sourceCurrency": source,
            "targetCurrency": target,
            "sourceAmount": amount,
            "payOut": "BANK_TRANSFER",
            "rate": rate,
            "rateType": "FIXED",
            "profile": int(self.profile),
            "status": "PENDING",
            "targetAccount": account["id"],
            "paymentOptions": [option("BANK_TRANSFER", 3 * FEE), option("BALANCE", FEE)],
        }
        return self.quotes[quote_id]

    def _transfer(self, asked: dict[str, Any]) -> dict[str, Any]:
        for transfer in self.transfers.values():
            if transfer["customerTransactionId"] == asked["customerTransactionId"]:
                return transfer
        quote = self._known(self.quotes, asked["quoteUuid"])
        assert quote["targetAccount"] == asked["targetAccount"] and quote["status"] == "PENDING"
        assert uuid.UUID(asked["customerTransactionId"]) and len(asked["details"]["reference"]) <= 10
        quote["status"] = "ACCEPTED"
        (option,) = [option for option in quote["paymentOptions"] if option["payIn"] == "BALANCE"]
        transfer = {
            "id": next(self._numbers),
            "user": 4342275,
            "targetAccount": asked["targetAccount"],
            "sourceAccount": None,
            "quote": None,
            "quoteUuid": asked["quoteUuid"],
            "status": "incoming_payment_waiting",
            "reference": asked["details"]["reference"],
            "rate": quote["rate"],
            "created": _now(),
            "business": int(self.profile),
            "details": asked["details"],
            "hasActiveIssues": False,
            "sourceCurrency": quote["sourceCurrency"],
            "sourceValue": quote["sourceAmount"],
            "targetCurrency": quote["targetCurrency"],
            "targetValue": option["targetAmount"],
            "customerTransactionId": asked["customerTransactionId"],
        }
        self.transfers[str(transfer["id"])] = transfer
        return transfer

    def _fund(self, transfer: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        assert asked == {"type": "BALANCE"}
        number, currency = str(transfer["id"]), transfer["sourceCurrency"]
        if number in self.funded or transfer["status"] != "incoming_payment_waiting":
            return {"type": "BALANCE", "status": "REJECTED", "errorCode": "transfer.already-funded"}
        if self.balance[currency] < transfer["sourceValue"]:
            return {"type": "BALANCE", "status": "REJECTED", "errorCode": "balance.payment-option-unavailable"}
        self.balance[currency] -= transfer["sourceValue"]
        self.funded.append(number)
        transfer["status"] = "processing"
        return {"type": "BALANCE", "status": "COMPLETED", "errorCode": None}

    def _known(self, books: dict[str, dict[str, Any]], row_id: str) -> dict[str, Any]:
        if row_id not in books:
            raise _problem(404, None, "There is no such thing", code="transfer.not-found")
        return books[row_id]


def _problem(status: int, path: str | None, message: str, code: str = "NOT_VALID") -> Refused:
    return Refused(status, {"errors": [{"code": code, "message": message, "path": path, "arguments": []}]})


def _round(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-DECIMALS.get(currency, 2)))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
