"""Xendit on this machine, for tests, after its documentation: what we ask it, and webhooks as it sends them.

    with standing(app) as xendit:                  set up for an App and reached by it in process
    xendit.mischief = ["timeout_after"]            what it does to its next answers, one after the other
    xendit.invoices, xendit.refunds                its books
    xendit.pay(invoice_id)                         the payer pays on the hosted page
    body, headers = xendit.told(invoice)           the webhook of an invoice
    body, headers = xendit.told_refund(refund)     the webhook of a refund

Mischief as in `providers.stripe`: `timeout` is before anything was done, `timeout_after` after it was; `limit` is 429,
`crash` 500, `denied` 401; `gibberish` is no JSON, `another` not what was asked for; "" lets one request pass.
"""

import base64
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgspec

BASE = "http://xendit.test"
SECRET_KEY = "xnd_development_OfThisMachine"
CALLBACK_TOKEN = "callback_token_of_this_machine"
CURRENCIES = {"IDR": 0, "PHP": 2, "MYR": 2, "THB": 2, "VND": 0, "USD": 2}
_ERRORS = {
    "limit": (429, "RATE_LIMIT_EXCEEDED"),
    "crash": (500, "SERVER_ERROR"),
    "denied": (401, "INVALID_API_KEY"),
}
_JSON = msgspec.json.Encoder(decimal_format="number")


class Refused(Exception):
    """An answer that is an error, as Xendit words it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.status, self.body = status, {"error_code": code, "message": message}


@contextmanager
def standing(app: Any) -> Iterator["XenditServer"]:
    """The server, set up for an App and reached by it in process, beside what stands already."""
    made, settings, http = XenditServer(), app.settings, app.http
    app.settings = msgspec.structs.replace(
        settings, xendit_secret_key=SECRET_KEY, xendit_webhook_token=CALLBACK_TOKEN, xendit_api_base=BASE
    )
    app.http = httpx.AsyncClient(mounts={BASE: httpx.ASGITransport(app=made)}, transport=http._transport)
    yield made
    app.settings, app.http = settings, http


class XenditServer:
    """The application. `asked` holds method, path and what was sent of each request it got, in order."""

    def __init__(self) -> None:
        self.invoices: dict[str, dict[str, Any]] = {}
        self.refunds: list[dict[str, Any]] = []
        self.answered: dict[str, tuple[Any, bytes]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.mischief: list[str] = []
        self.refunds_take_time = False  # they are pending until their webhook
        self._numbers = itertools.count(1)

    # ---- what happens at Xendit

    def pay(self, invoice_id: str, *, amount: Any = None) -> dict[str, Any]:
        """The payer pays on the hosted page, all of it or `amount`; Xendit keeps 5 percent."""
        invoice = self.invoices[invoice_id]
        assert invoice["status"] == "PENDING", "an invoice that has ended takes no money"
        paid = invoice["amount"] if amount is None else Decimal(amount)
        fee = round(paid * Decimal("0.05"), CURRENCIES[invoice["currency"]])
        return self._changed(
            invoice,
            status="PAID",
            paid_amount=paid,
            paid_at=_now(),
            payment_method="EWALLET",
            payment_channel="GCASH",
            fees_paid_amount=fee,
            adjusted_received_amount=paid - fee,
        )

    def run_out(self, invoice_id: str) -> dict[str, Any]:
        """Nobody has paid in time."""
        return self._changed(self.invoices[invoice_id], status="EXPIRED")

    def settle(self, invoice_id: str) -> dict[str, Any]:
        """The money has arrived in our balance."""
        return self._changed(self.invoices[invoice_id], status="SETTLED")

    def give_back(self, invoice_id: str, amount: Any) -> dict[str, Any]:
        """Somebody refunds by hand, at Xendit's dashboard."""
        return self._refund({"invoice_id": invoice_id, "amount": Decimal(amount), "reason": "OTHERS"})

    def told(
        self, invoice: dict[str, Any], *, webhook_id: str = "", token: str = CALLBACK_TOKEN, **changed: Any
    ) -> tuple[bytes, dict[str, str]]:
        """The body and headers of an invoice's webhook."""
        hidden = ("invoice_url", "expiry_date", "metadata", "should_send_email")
        told = {name: thing for name, thing in (invoice | changed).items() if name not in hidden}
        return self._signed(told | {"user_id": "of-this-machine", "merchant_name": "Stoa"}, webhook_id, token)

    def told_refund(
        self, refund: dict[str, Any], *, webhook_id: str = "", token: str = CALLBACK_TOKEN, wrapped: bool = False
    ) -> tuple[bytes, dict[str, str]]:
        """The body and headers of a refund's webhook; `wrapped` in a second event, as it is documented in one place."""
        event: dict[str, Any] = {"event": f"refund.{refund['status'].lower()}", "business_id": "of-this-machine"}
        event |= {"created": _now(), "data": refund}
        return self._signed(event | {"data": event} if wrapped else event, webhook_id, token)

    def told_dispute(
        self, invoice: dict[str, Any], status: str = "ACTION_REQUIRED", **changed: Any
    ) -> tuple[bytes, dict[str, str]]:
        """The webhook of a dispute: it names the payment by an id of its own, and our reference."""
        event = {
            "event": f"dispute.{status.lower()}",
            "id": f"mi-dspt-{invoice['id']}",
            "channel_code": "CARDS",
            "card_brands": "VISA",
            "status": status,
            "currency": invoice["currency"],
            "amount": {"initial": f"{invoice['amount']:.2f}", "terminal": None},
            "created_at": _now(),
            "updated_at": _now(),
            "due_date": (datetime.now(UTC) + timedelta(days=14)).isoformat().replace("+00:00", "Z"),
            "note": "Please provide evidence of delivery.",
            "category": {"name": "fraud", "allowed_evidence": []},
            "related_disputes": [],
            "payment_id": f"py-{invoice['id']}",
            "reference_id": invoice["external_id"],
        }
        return self._signed(event | changed, "", CALLBACK_TOKEN)

    def _signed(self, told: Any, webhook_id: str, token: str) -> tuple[bytes, dict[str, str]]:
        headers = {"content-type": "application/json", "x-callback-token": token}
        return _JSON.encode(told), headers | {"webhook-id": webhook_id or f"webhook-{next(self._numbers)}"}

    # ---- its API

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        headers = {name.decode().lower(): content.decode() for name, content in scope["headers"]}
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        sent = msgspec.json.decode(body) if body else dict(parse_qsl(scope["query_string"].decode()))
        self.asked.append((scope["method"], scope["path"], sent))
        mischief = self.mischief.pop(0) if self.mischief else ""
        if mischief == "timeout":
            raise httpx.ReadTimeout("nothing came")
        if mischief in _ERRORS:
            status, code = _ERRORS[mischief]
            told: Any = {"error_code": code, "message": "This is mischief"}
        else:
            status, told = self._once(scope["method"], scope["path"], sent, body, headers)
        if mischief == "timeout_after":
            raise httpx.ReadTimeout("it was done, and nothing came")
        if mischief == "another":
            told = {"id": 5, "surprise": True}
        content = b"<html>Bad gateway</html>" if mischief == "gibberish" else _JSON.encode(told)
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": content})

    def _once(self, method: str, path: str, sent: Any, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        """The answer; of a refund kept under its key, which other parameters make a conflict."""
        if headers.get("authorization") != "Basic " + base64.b64encode(f"{SECRET_KEY}:".encode()).decode():
            return 401, {"error_code": "INVALID_API_KEY", "message": "API key is not authorized for this API service"}
        key = headers.get("idempotency-key")
        assert (method, path) != ("POST", "/refunds") or key, "every refund has a key"
        if key in self.answered:
            known, answer = self.answered[key]
            if known != sent:
                return 409, {"error_code": "DUPLICATE_ERROR", "message": "The key was used with other parameters"}
            return 200, msgspec.json.decode(answer)
        try:
            told = self._answer(method, path.strip("/").split("/"), _exact(body, sent))
        except Refused as refused:
            return refused.status, refused.body
        if key:
            self.answered[key] = (sent, _JSON.encode(told))
        return 200, told

    def _answer(self, method: str, path: list[str], sent: Any) -> Any:
        match [method, *path]:
            case ["POST", "v2", "invoices"]:
                return self._open(sent)
            case ["GET", "v2", "invoices"]:
                return self._list(sent)
            case ["GET", "v2", "invoices", invoice_id]:
                return self._known(invoice_id)
            case ["POST", "invoices", invoice_id, "expire!"]:
                invoice = self._known(invoice_id)
                if invoice["status"] != "PENDING":
                    raise Refused("INVOICE_NOT_PENDING_ERROR", f"The invoice is {invoice['status']}", 404)
                return self.run_out(invoice_id)
            case ["POST", "refunds"]:
                return self._refund(sent)
            case ["GET", "refunds"]:
                return self._refunds_of(sent)
            case ["GET", "balance"]:
                return {"balance": 1_000_000}
        raise Refused("NOT_FOUND", "Not found", 404)

    def _open(self, sent: Any) -> Any:
        currency, amount = sent["currency"], sent["amount"]
        if currency not in CURRENCIES:
            raise Refused("UNSUPPORTED_CURRENCY", f"The payment currency {currency} is not supported")
        if amount != round(amount, CURRENCIES[currency]):
            raise Refused("API_VALIDATION_ERROR", f"amount of {currency} has at most {CURRENCIES[currency]} decimals")
        if (currency, amount < 1000) == ("IDR", True):
            raise Refused("MINIMAL_TRANSFER_AMOUNT_ERROR", "The amount is below the minimum")
        assert sent["success_redirect_url"].startswith("http") and sent["failure_redirect_url"].startswith("http")
        invoice_id = f"{next(self._numbers):024x}"
        ends_at = datetime.now(UTC) + timedelta(seconds=sent["invoice_duration"])
        self.invoices[invoice_id] = sent | {
            "id": invoice_id,
            "status": "PENDING",
            "invoice_url": f"{BASE}/web/invoices/{invoice_id}",
            "expiry_date": ends_at.isoformat().replace("+00:00", "Z"),
            "created": _now(),
            "updated": _now(),
        }
        return self.invoices[invoice_id]

    def _list(self, sent: Any) -> Any:
        """The newest first, ten unless told; from the one after `last_invoice`."""
        found = list(reversed(self.invoices.values()))
        if "external_id" in sent:
            found = [i for i in found if i["external_id"] == sent["external_id"]]
        if "created_after" in sent:
            since, until = (datetime.fromisoformat(sent[f"created_{side}"]) for side in ("after", "before"))
            found = [i for i in found if since <= datetime.fromisoformat(i["created"]) <= until]
        if "last_invoice" in sent:
            ids = [i["id"] for i in found]
            found = found[ids.index(sent["last_invoice"]) + 1 :]
        return found[: int(sent.get("limit", 10))]

    def _refund(self, sent: Any) -> Any:
        invoice = self._known(sent["invoice_id"])
        if invoice["status"] not in ("PAID", "SETTLED"):
            raise Refused("INELIGIBLE_TRANSACTION", "The payment is not in a state that can be refunded", 403)
        gone = sum(r["amount"] for r in self.refunds if r["invoice_id"] == invoice["id"] and r["status"] != "FAILED")
        if not 0 < sent["amount"] <= invoice["paid_amount"] - gone:
            raise Refused("MAXIMUM_REFUND_AMOUNT_REACHED", "The refund amount is above what is left")
        assert sent["reason"] in ("FRAUDULENT", "DUPLICATE", "REQUESTED_BY_CUSTOMER", "CANCELLATION", "OTHERS")
        refund = {
            "id": f"rfd-{next(self._numbers)}",
            "payment_id": f"py-{invoice['id']}",
            "invoice_id": invoice["id"],
            "amount": sent["amount"],
            "payment_method_type": "EWALLET",
            "channel_code": "GCASH",
            "currency": invoice["currency"],
            "status": "PENDING" if self.refunds_take_time else "SUCCEEDED",
            "reason": sent["reason"],
            "reference_id": sent.get("reference_id"),
            "failure_code": None,
            "refund_fee_amount": None,
            "created": _now(),
            "updated": _now(),
            "metadata": sent.get("metadata"),
        }
        self.refunds.append(refund)
        return refund

    def _refunds_of(self, sent: Any) -> Any:
        found = [r for r in self.refunds if r["invoice_id"] == sent["invoice_id"]]
        if "after_id" in sent:
            found = found[[r["id"] for r in found].index(sent["after_id"]) + 1 :]
        limit = int(sent.get("limit", 10))
        return {"data": found[:limit], "has_more": len(found) > limit}

    # ---- its books

    def _changed(self, invoice: dict[str, Any], **changed: Any) -> dict[str, Any]:
        invoice |= changed | {"updated": _now()}
        return invoice

    def _known(self, invoice_id: str) -> dict[str, Any]:
        if invoice_id not in self.invoices:
            raise Refused("INVOICE_NOT_FOUND_ERROR", "Invoice not found", 404)
        return self.invoices[invoice_id]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _exact(body: bytes, sent: Any) -> Any:
    """The same with its amount as it stands there."""
    if "amount" not in sent or not body:
        return sent
    text = body.decode().partition('"amount":')[2].split(",")[0].rstrip("}")
    return sent | {"amount": Decimal(text)}
