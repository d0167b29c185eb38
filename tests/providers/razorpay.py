"""Razorpay on this machine, for tests, after its documentation: what we ask it, and webhooks as it signs them.

    with standing(app) as razorpay:                set up for an App and reached by it in process
    razorpay.mischief = ["timeout_after"]          what it does to its next answers, one after the other
    razorpay.orders, razorpay.links, razorpay.payments, razorpay.disputes      its books
    razorpay.pay(link_or_order_id)                 the payer pays, on the hosted page or in Standard Checkout
    razorpay.proof(payment)                        what Standard Checkout then shows to the payer
    body, headers = razorpay.event("payment.captured", payment=payment)

Mischief as in `providers.stripe`: `timeout` is before anything was done, `timeout_after` after it was; `limit` is 429,
`crash` 500, `denied` 401; `gibberish` is no JSON, `another` not what was asked for; "" lets one request pass.
"""

import base64
import hashlib
import hmac
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgspec

BASE = "http://razorpay.test"
KEY_ID = "rzp_test_OfThisMachine"
KEY_SECRET = "key_secret_of_this_machine"
WEBHOOK_SECRET = "webhook_secret_of_this_machine"
_ERRORS = {"limit": (429, "BAD_REQUEST_ERROR"), "crash": (500, "SERVER_ERROR"), "denied": (401, "BAD_REQUEST_ERROR")}
_DAY_S = 24 * 3600


class Refused(Exception):
    """An answer that is an error, as Razorpay words it."""

    def __init__(self, description: str, *, field: str | None = None, status: int = 400) -> None:
        self.status = status
        self.body = error("BAD_REQUEST_ERROR", description, field)


def error(code: str, description: str, field: str | None = None) -> dict[str, Any]:
    told = {"code": code, "description": description, "source": "business", "step": "payment_initiation"}
    return {"error": told | {"reason": "input_validation_failed", "metadata": {}, "field": field}}


@contextmanager
def standing(app: Any) -> Iterator["RazorpayServer"]:
    """The server, set up for an App and reached by it in process, beside what stands already."""
    made, settings, http = RazorpayServer(), app.settings, app.http
    app.settings = msgspec.structs.replace(
        settings,
        razorpay_key_id=KEY_ID,
        razorpay_key_secret=KEY_SECRET,
        razorpay_webhook_secret=WEBHOOK_SECRET,
        razorpay_api_base=BASE,
    )
    app.http = httpx.AsyncClient(mounts={BASE: httpx.ASGITransport(app=made)}, transport=http._transport)
    yield made
    app.settings, app.http = settings, http


class RazorpayServer:
    """The application. `asked` holds method, path and what was sent of each request it got, in order."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.links: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        self.refunds: list[dict[str, Any]] = []
        self.answered: dict[str, tuple[Any, bytes]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.mischief: list[str] = []
        self.notes_on_payments = True  # Standard Checkout hands an order's notes on only where the page does so
        self._numbers = itertools.count(1)

    # ---- what happens at Razorpay

    def pay(self, opened: str, status: str = "captured") -> dict[str, Any]:
        """The payer pays a link, or an order: `status` captured, authorized or failed."""
        link = self.links.get(opened)
        if link:
            assert link["status"] == "created", "a link that has ended takes no money"
            link["order_id"] = link.get("order_id") or self._order(link["amount"], link["currency"], link)["id"]
        order = self.orders[link["order_id"] if link else opened]
        number = next(self._numbers)
        is_good = status != "failed"
        payment = {
            "id": f"pay_{number:014}",
            "entity": "payment",
            "amount": order["amount"],
            "currency": order["currency"],
            "status": status,
            "order_id": order["id"],
            "invoice_id": None,
            "international": False,
            "method": "upi",
            "amount_refunded": 0,
            "refund_status": None,
            "captured": status == "captured",
            "description": None,
            "vpa": "ana@upi",
            "email": "ana@example.org",
            "contact": "+919000090000",
            "notes": order["notes"] if link or self.notes_on_payments else [],
            "fee": None,
            "tax": None,
            "error_code": None if is_good else "BAD_REQUEST_ERROR",
            "error_description": None if is_good else "Payment was unsuccessful as you may have cancelled it.",
            "created_at": int(time.time()),
        }
        self.payments[payment["id"]] = payment
        order |= {"status": "attempted", "attempts": order["attempts"] + 1}
        if status == "captured":
            self._settle(payment)
        return payment

    def proof(self, payment: dict[str, Any], *, secret: str = KEY_SECRET) -> dict[str, str]:
        """What Standard Checkout shows to the payer of a payment."""
        told = f"{payment['order_id']}|{payment['id']}".encode()
        return {
            "razorpay_order_id": payment["order_id"],
            "razorpay_payment_id": payment["id"],
            "razorpay_signature": hmac.new(secret.encode(), told, hashlib.sha256).hexdigest(),
        }

    def give_back(self, payment_id: str, amount: int) -> dict[str, Any]:
        """Somebody refunds by hand, at Razorpay's dashboard."""
        return self._refund(self.payments[payment_id], {"amount": amount})

    def dispute(self, payment_id: str, **changed: Any) -> dict[str, Any]:
        """The payer's bank wants the money of a payment back."""
        payment = self.payments[payment_id]
        told = {
            "id": f"disp_{next(self._numbers):014}",
            "entity": "dispute",
            "payment_id": payment_id,
            "amount": payment["amount"],
            "currency": payment["currency"],
            "amount_deducted": 0,
            "reason_code": "goods_or_services_not_received_or_partially_received",
            "respond_by": int(time.time()) + 7 * _DAY_S,
            "status": "open",
            "phase": "chargeback",
            "evidence": {"summary": None, "others": None, "submitted_at": None},
            "created_at": int(time.time()),
        } | changed
        self.disputes[told["id"]] = told
        return told

    def event(
        self,
        kind: str,
        *,
        event_id: str = "",
        age_s: int = 0,
        secret: str = WEBHOOK_SECRET,
        **about: dict[str, Any],
    ) -> tuple[bytes, dict[str, str]]:
        """An event's body and headers; `about` are the things it shows, by their kind."""
        event = {
            "entity": "event",
            "account_id": "acc_OfThisMachine",
            "event": kind,
            "contains": list(about),
            "payload": {name: {"entity": thing} for name, thing in about.items()},
            "created_at": int(time.time()) - age_s,
        }
        body = msgspec.json.encode(event)
        proof = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-razorpay-signature": proof}
        return body, headers | {"x-razorpay-event-id": event_id or f"Event{next(self._numbers):09}"}

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
        sent = _sent(body, headers.get("content-type", ""), scope["query_string"].decode())
        self.asked.append((scope["method"], scope["path"], sent))
        mischief = self.mischief.pop(0) if self.mischief else ""
        if mischief == "timeout":
            raise httpx.ReadTimeout("nothing came")
        if mischief in _ERRORS:
            status, code = _ERRORS[mischief]
            told: Any = error(code, "This is mischief")
        else:
            status, told = self._once(scope["method"], scope["path"], sent, headers)
        if mischief == "timeout_after":
            raise httpx.ReadTimeout("it was done, and nothing came")
        if mischief == "another":
            told = {"id": 5, "entity": "surprise"}
        content = b"<html>Bad gateway</html>" if mischief == "gibberish" else msgspec.json.encode(told)
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": content})

    def _once(self, method: str, path: str, sent: Any, headers: dict[str, str]) -> tuple[int, Any]:
        """The answer; of a refund kept under its key, which other parameters make a bad request."""
        allowed = "Basic " + base64.b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
        if headers.get("authorization") != allowed:
            return 401, error("BAD_REQUEST_ERROR", "Authentication failed")
        key = headers.get("x-refund-idempotency")
        assert key is None or (len(key) >= 10 and key.replace("-", "").replace("_", "").isalnum())
        if key in self.answered:
            known, answer = self.answered[key]
            if known != (path, sent):
                return 400, error("BAD_REQUEST_ERROR", "Different request body sent for the same idempotency key")
            return 200, msgspec.json.decode(answer)
        try:
            told = self._answer(method, path.removeprefix("/v1/").split("/"), sent)
        except Refused as refused:
            return refused.status, refused.body
        if key:
            self.answered[key] = ((path, sent), msgspec.json.encode(told))
        return 200, told

    def _answer(self, method: str, path: list[str], sent: Any) -> Any:
        match [method, *path]:
            case ["POST", "orders"]:
                return self._open_order(sent)
            case ["GET", "orders", order_id]:
                return self._known(self.orders, order_id)
            case ["GET", "orders", order_id, "payments"]:
                return _page([p for p in self.payments.values() if p["order_id"] == order_id])
            case ["POST", "payment_links"]:
                return self._open_link(sent)
            case ["GET", "payment_links"]:
                found = [link for link in self.links.values() if link["reference_id"] == sent["reference_id"]]
                return {"payment_links": found}
            case ["GET", "payment_links", link_id]:
                return self._known(self.links, link_id)
            case ["POST", "payment_links", link_id, "cancel"]:
                link = self._known(self.links, link_id)
                if link["status"] != "created":
                    raise Refused(f"Payment Link cannot be cancelled as it is {link['status']}")
                link |= {"status": "cancelled", "cancelled_at": int(time.time())}
                return link
            case ["GET", "payments"]:
                return self._list(sent)
            case ["GET", "payments", payment_id]:
                return self._known(self.payments, payment_id)
            case ["POST", "payments", payment_id, "capture"]:
                return self._capture(self._known(self.payments, payment_id), sent)
            case ["POST", "payments", payment_id, "refund"]:
                return self._refund(self._known(self.payments, payment_id), sent)
            case ["POST", "documents"]:
                return self._document(sent)
            case ["GET", "disputes"]:
                return _page(list(reversed(self.disputes.values()))[: int(sent.get("count", 10))])
            case ["GET", "disputes", dispute_id]:
                return self._known(self.disputes, dispute_id)
            case ["PATCH", "disputes", dispute_id, "contest"]:
                return self._contest(self._known(self.disputes, dispute_id), sent)
        raise Refused("The requested URL was not found on the server.", status=404)

    def _open_order(self, sent: Any) -> Any:
        _check_amount(sent)
        if len(sent.get("receipt", "")) > 40:
            raise Refused("The receipt may not be greater than 40 characters.", field="receipt")
        return self._order(sent["amount"], sent["currency"], sent)

    def _open_link(self, sent: Any) -> Any:
        _check_amount(sent)
        if len(sent["reference_id"]) > 40:
            raise Refused("reference_id may not be greater than 40 characters", field="reference_id")
        if any(link["reference_id"] == sent["reference_id"] for link in self.links.values()):
            name = sent["reference_id"]
            raise Refused(f"payment link with given reference_id ({name}) already exists", field="reference_id")
        left_s = sent["expire_by"] - time.time()
        assert 15 * 60 <= left_s <= 180 * _DAY_S and sent["callback_method"] == "get"
        assert sent["callback_url"].startswith("http")
        link_id = f"plink_{next(self._numbers):014}"
        self.links[link_id] = sent | {
            "id": link_id,
            "amount_paid": 0,
            "cancelled_at": 0,
            "created_at": int(time.time()),
            "expired_at": 0,
            "payments": None,
            "short_url": f"{BASE}/rzp/{link_id}",
            "status": "created",
            "updated_at": int(time.time()),
        }
        return self.links[link_id]

    def _list(self, sent: Any) -> Any:
        """The newest first, at most a hundred."""
        first, count = int(sent.get("skip", 0)), int(sent.get("count", 10))
        assert count <= 100
        since, until = int(sent.get("from", 0)), int(sent.get("to", 2**40))
        found = [p for p in reversed(self.payments.values()) if since <= p["created_at"] <= until]
        return _page(found[first : first + count])

    def _capture(self, payment: dict[str, Any], sent: Any) -> Any:
        if payment["status"] != "authorized":
            raise Refused("This payment has already been captured")
        if (sent["amount"], sent["currency"]) != (payment["amount"], payment["currency"]):
            raise Refused("Capture amount must be equal to the amount authorized", field="amount")
        self._settle(payment)
        return payment

    def _refund(self, payment: dict[str, Any], sent: Any) -> Any:
        left = payment["amount"] - payment["amount_refunded"] if payment["status"] == "captured" else 0
        if not 0 < sent["amount"] <= left:
            raise Refused("The total refund amount is greater than the refund payment amount")
        payment["amount_refunded"] += sent["amount"]
        whole = payment["amount_refunded"] == payment["amount"]
        payment |= {"refund_status": "full" if whole else "partial"}
        if whole:
            payment["status"] = "refunded"
        refund = {
            "id": f"rfnd_{next(self._numbers):014}",
            "entity": "refund",
            "amount": sent["amount"],
            "currency": payment["currency"],
            "payment_id": payment["id"],
            "notes": [],
            "receipt": None,
            "created_at": int(time.time()),
            "status": "processed",
            "speed_processed": "normal",
            "speed_requested": "normal",
        }
        self.refunds.append(refund)
        return refund

    def _document(self, sent: Any) -> Any:
        assert sent["purpose"] == "dispute_evidence"
        document_id = f"doc_{next(self._numbers):014}"
        told = {"id": document_id, "entity": "document", "purpose": sent["purpose"], "created_at": int(time.time())}
        self.documents[document_id] = told | {"file": sent["file"]}
        return told

    def _contest(self, dispute: dict[str, Any], sent: Any) -> Any:
        if dispute["status"] != "open":
            raise Refused("Action not allowed on the dispute in its current state")
        documents = [one for other in sent["others"] for one in other["document_ids"]]
        if not documents or any(one not in self.documents for one in documents):
            raise Refused("Atleast one document id needs to be provided for submission")
        if len(sent["summary"]) > 1000:
            raise Refused("The summary may not be greater than 1000 characters.", field="summary")
        assert sent["action"] == "submit"
        evidence = {"summary": sent["summary"], "others": sent["others"], "submitted_at": int(time.time())}
        dispute |= {"status": "under_review", "evidence": evidence}
        return dispute

    # ---- its books

    def _order(self, amount: int, currency: str, made_of: dict[str, Any]) -> dict[str, Any]:
        order_id = f"order_{next(self._numbers):014}"
        self.orders[order_id] = {
            "id": order_id,
            "entity": "order",
            "amount": amount,
            "amount_paid": 0,
            "amount_due": amount,
            "currency": currency,
            "receipt": made_of.get("receipt") or made_of.get("reference_id"),
            "status": "created",
            "attempts": 0,
            "notes": made_of.get("notes") or [],
            "created_at": int(time.time()),
        }
        return self.orders[order_id]

    def _settle(self, payment: dict[str, Any]) -> None:
        """Captured: two percent of it, and 18 percent of tax on that, stay with Razorpay."""
        fee = payment["amount"] * 2 // 100
        tax = fee * 18 // 100
        payment |= {"status": "captured", "captured": True, "fee": fee + tax, "tax": tax}
        order = self.orders[payment["order_id"]]
        order |= {"status": "paid", "amount_paid": payment["amount"], "amount_due": 0}
        for link in self.links.values():
            if link.get("order_id") == order["id"]:
                paid = {"payment_id": payment["id"], "plink_id": link["id"], "amount": payment["amount"]}
                link |= {
                    "status": "paid",
                    "amount_paid": payment["amount"],
                    "payments": [paid | {"status": "captured"}],
                }

    def _known(self, books: dict[str, dict[str, Any]], row_id: str) -> dict[str, Any]:
        if row_id not in books:
            raise Refused("The id provided does not exist")
        return books[row_id]


def _check_amount(sent: Any) -> None:
    if type(sent.get("amount")) is not int:
        raise Refused("The amount must be an integer.", field="amount")
    if sent["currency"] == "INR" and sent["amount"] < 100:
        raise Refused("The amount must be at least INR 1.00", field="amount")
    if sent["currency"] in ("KWD", "BHD", "TND") and sent["amount"] % 10:
        raise Refused("The last decimal of a three decimal currency must be 0", field="amount")


def _page(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"entity": "collection", "count": len(items), "items": items}


def _sent(body: bytes, content_type: str, query: str) -> Any:
    """What a request says: JSON, a form with a file, or its query."""
    if content_type.startswith("application/json"):
        return msgspec.json.decode(body)
    if content_type.startswith("multipart/form-data"):
        boundary = content_type.partition("boundary=")[2].encode()
        parts: dict[str, Any] = {}
        for part in body.split(b"--" + boundary)[1:-1]:
            head, _, content = part.strip(b"\r\n").partition(b"\r\n\r\n")
            name = head.decode().partition('name="')[2].partition('"')[0]
            parts[name] = content if b"filename=" in head else content.decode()
        return parts
    return dict(parse_qsl(query))
