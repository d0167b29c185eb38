"""Stripe on this machine, for tests, after its documentation: what its client is told, and webhooks as it signs them.

    with standing(app) as stripe:                  set up for an App and reached by it in process
    stripe.mischief = ["timeout_after"]            what it does to its next answers, one after the other
    stripe.intents, stripe.sessions                its books
    stripe.fees[payment_id] = 59                   what it keeps of a payment; else as `fee_of` says
    stripe.settles_in = "eur"                      the currency of its balance; else each payment's own
    stripe.page = 2                                how many it lists at once, at most
    stripe.pay(session_id)                         the payer pays on the hosted page
    body, headers = stripe.event("charge.refunded", stripe.charge(payment_id))

Mischief: `timeout` is before anything was done, `timeout_after` after it was; `limit` is 429, `crash` 500, `denied`
401; `gibberish` is no JSON, `another` no payment; "" lets one request pass.
"""

import hashlib
import hmac
import itertools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgspec

BASE = "http://stripe.test"
SECRET_KEY = "sk_test_of_this_machine"
WEBHOOK_SECRET = "whsec_of_this_machine"
DECLINED = {"code": "card_declined", "decline_code": "generic_decline", "message": "Your card was declined."}
_ERRORS = {
    "limit": (429, "invalid_request_error"),
    "crash": (500, "api_error"),
    "denied": (401, "invalid_request_error"),
}


class Refused(Exception):
    """An answer that is an error, as Stripe words it."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        self.status, self.body = status, {"error": {"type": kind, "message": message} | more}


@contextmanager
def standing(app: Any) -> Iterator["StripeServer"]:
    """The server, set up for an App and reached by it in process."""
    made, settings, http = StripeServer(), app.settings, app.http
    app.settings = msgspec.structs.replace(
        settings, stripe_secret_key=SECRET_KEY, stripe_webhook_secret=WEBHOOK_SECRET, stripe_api_base=BASE
    )
    app.http = httpx.AsyncClient(mounts={BASE: httpx.ASGITransport(app=made)}, transport=http._transport)
    yield made
    app.settings, app.http = settings, http


class StripeServer:
    """The application. `asked` holds method, path and parameters of each request it got, in order."""

    def __init__(self) -> None:
        self.intents: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.refunded: dict[str, int] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.answered: dict[str, tuple[dict[str, Any], int, Any]] = {}
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.mischief: list[str] = []
        self.fees: dict[str, int] = {}
        self.settles_in = ""
        self.searches = True
        self.page = 100
        self.keys = {SECRET_KEY}
        self.account = {
            "id": "acct_platform",
            "charges_enabled": True,
            "payouts_enabled": True,
            "details_submitted": True,
        }
        self._numbers = itertools.count(1)

    # ---- what happens at Stripe

    def pay(self, session_id: str) -> dict[str, Any]:
        """The payer pays on the hosted page; answers the PaymentIntent."""
        session = self.sessions[session_id]
        assert session["status"] == "open"
        intent = self._intent(session["amount_total"], session["currency"], session["metadata"])
        self._succeed(intent)
        session |= {"status": "complete", "payment_status": "paid", "payment_intent": intent["id"]}
        return intent

    def charge(self, payment_id: str) -> dict[str, Any]:
        """The charge of a PaymentIntent, as it stands in its answers and events."""
        intent = self.intents[payment_id]
        return {
            "id": intent["latest_charge"],
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount_received"],
            "amount_refunded": self.refunded.get(payment_id, 0),
            "currency": intent["currency"],
            "disputed": any(one["payment_intent"] == payment_id for one in self.disputes.values()),
            "payment_intent": payment_id,
            "metadata": intent["metadata"],
            "refunded": self.refunded.get(payment_id, 0) == intent["amount"],
            "balance_transaction": f"txn_{payment_id}",
            "status": "succeeded",
        }

    def event(
        self, kind: str, about: dict[str, Any], *, event_id: str = "", age_s: int = 0, secret: str = WEBHOOK_SECRET
    ) -> tuple[bytes, dict[str, str]]:
        """An event's body and headers, as sent now or `age_s` ago."""
        event = {
            "id": event_id or f"evt_{next(self._numbers)}",
            "object": "event",
            "api_version": "2026-01-28",
            "created": int(time.time()),
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
            "data": {"object": about},
        }
        body = msgspec.json.encode(event)
        seconds = int(time.time()) - age_s
        proof = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        # As while a secret is being changed: one proof by each, and one of the scheme that tests use.
        signature = f"t={seconds},v1={'0' * 64},v1={proof},v0={'1' * 64}"
        return body, {"content-type": "application/json; charset=utf-8", "stripe-signature": signature}

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
        if headers.get("content-type", "").startswith("multipart/form-data"):
            params: dict[str, Any] = {"parts": body}
        else:
            params = _tree(parse_qsl((body or scope["query_string"]).decode(), keep_blank_values=True))
        self.asked.append((scope["method"], scope["path"], params))
        mischief = self.mischief.pop(0) if self.mischief else ""
        if mischief == "timeout":
            raise httpx.ReadTimeout("nothing came")
        if mischief in _ERRORS:
            status, kind = _ERRORS[mischief]
            told: Any = {"error": {"type": kind, "message": "This is mischief"}}
        else:
            status, told = self._once(scope["method"], scope["path"], params, headers)
        if mischief == "timeout_after":
            raise httpx.ReadTimeout("it was done, and nothing came")
        if mischief == "another":
            told = {"id": 5, "object": "payment_intent"}
        content = b"<html>Bad gateway</html>" if mischief == "gibberish" else msgspec.json.encode(told)
        sent = [(b"content-type", b"application/json"), (b"request-id", b"req_1")]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": content})

    def _once(self, method: str, path: str, params: dict[str, Any], headers: dict[str, str]) -> tuple[int, Any]:
        """The answer, kept under the request's key; with other parameters the key is refused."""
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.keys:
            return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}
        key = headers.get("idempotency-key") if method == "POST" else None
        assert method != "POST" or key, "the client gives every POST a key"
        if key in self.answered:
            known, status, told = self.answered[key]
            if known != params | {"path": path}:
                wrong = "Keys for idempotent requests can only be used with the same parameters."
                return 400, {"error": {"type": "idempotency_error", "message": wrong}}
            return status, msgspec.json.decode(told)
        try:
            status, told = 200, self._answer(method, path.removeprefix("/v1/").split("/"), params)
        except Refused as refused:
            status, told = refused.status, refused.body
        if key:
            self.answered[key] = (params | {"path": path}, status, msgspec.json.encode(told))
        return status, told

    def _answer(self, method: str, path: list[str], params: dict[str, Any]) -> Any:
        match [method, *path]:
            case ["POST", "payment_intents"]:
                return self._charge(params)
            case ["GET", "payment_intents"]:
                return self._list(params)
            case ["GET", "payment_intents", "search"]:
                return self._search(params)
            case ["GET", "payment_intents", payment_id]:
                return self._shown(self._known(self.intents, payment_id), params)
            case ["POST", "payment_intents", payment_id, "cancel"]:
                intent = self._known(self.intents, payment_id)
                if intent["status"] in ("succeeded", "canceled", "processing"):
                    message = f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
                    raise Refused(400, "invalid_request_error", message, code="payment_intent_unexpected_state")
                intent |= {"status": "canceled", "next_action": None}
                return intent
            case ["POST", "checkout", "sessions"]:
                return self._open(params)
            case ["GET", "checkout", "sessions", session_id]:
                return self._session(self._known(self.sessions, session_id), params)
            case ["POST", "checkout", "sessions", session_id, "expire"]:
                session = self._known(self.sessions, session_id)
                if session["status"] != "open":
                    message = f'Only Checkout Sessions with a status in ["open"] can be expired: {session["status"]}.'
                    raise Refused(400, "invalid_request_error", message)
                session["status"] = "expired"
                return self._session(session, params)
            case ["POST", "refunds"]:
                return self._refund(params)
            case ["GET", "disputes"]:
                found = [one for one in self.disputes.values() if one["payment_intent"] == params["payment_intent"]]
                return {"object": "list", "url": "/v1/disputes", "has_more": False, "data": found[::-1]}
            case ["POST", "disputes", dispute_id]:
                return self._answered(self._known(self.disputes, dispute_id), params)
            case ["POST", "files"]:
                made = {"id": f"file_{len(self.files) + 1}", "object": "file", "purpose": "dispute_evidence"}
                self.files[made["id"]] = params["parts"]
                return made
            case ["GET", "account"]:
                return {"object": "account", "type": "standard", "country": "US"} | self.account
            case ["GET", "balance"]:
                return {"object": "balance", "available": [], "pending": [], "livemode": False}
        raise Refused(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path})")

    def dispute(self, payment_id: str, amount: int | None = None) -> dict[str, Any]:
        """The payer's bank wants a payment back; answers the dispute."""
        intent = self.intents[payment_id]
        taken = {"id": f"txn_{len(self.disputes) + 1}", "fee": 1500, "currency": intent["currency"], "amount": -499}
        made = {
            "id": f"dp_{len(self.disputes) + 1}",
            "object": "dispute",
            "amount": amount or intent["amount"],
            "currency": intent["currency"],
            "charge": intent["latest_charge"],
            "payment_intent": payment_id,
            "reason": "product_not_received",
            "status": "needs_response",
            "evidence": {},
            "evidence_details": {"due_by": int(time.time()) + 7 * 86_400, "has_evidence": False, "past_due": False},
            "balance_transactions": [taken],
            "metadata": {},
        }
        self.disputes[made["id"]] = made
        return made

    def _answered(self, dispute: dict[str, Any], params: dict[str, Any]) -> Any:
        """Evidence as Stripe's test mode takes it: by a word in it."""
        if dispute["status"] != "needs_response":
            raise Refused(400, "invalid_request_error", "This dispute is already closed.")
        dispute["evidence"] = params["evidence"]
        text = params["evidence"]["uncategorized_text"]
        decided = "won" if "winning_evidence" in text else "lost" if "losing_evidence" in text else "under_review"
        dispute["status"] = decided if params["submit"] == "true" else "needs_response"
        return dispute

    def _list(self, params: dict[str, Any]) -> Any:
        """A page of PaymentIntents, the newest first, after `starting_after`."""
        since, until = int(params["created"]["gte"]), int(params["created"]["lt"])
        rows = [one for one in reversed(self.intents.values()) if since <= one["created"] < until]
        if "starting_after" in params:
            rows = rows[[one["id"] for one in rows].index(params["starting_after"]) + 1 :]
        limit = min(int(params["limit"]), self.page)
        shown = [self._shown(one, params, within="data.") for one in rows[:limit]]
        return {"object": "list", "url": "/v1/payment_intents", "has_more": len(rows) > limit, "data": shown}

    def _search(self, params: dict[str, Any]) -> Any:
        """By one name of the metadata; not in all countries."""
        if not self.searches:
            raise Refused(400, "invalid_request_error", "Search is not supported for api requests in this region.")
        name, wanted = re.fullmatch(r"metadata\['(\w+)'\]:'([^']*)'", params["query"]).groups()  # type: ignore[union-attr]
        rows = [one for one in self.intents.values() if one["metadata"].get(name) == wanted]
        shown = [self._shown(one, params, within="data.") for one in rows]
        return {"object": "search_result", "url": "/v1/payment_intents/search", "has_more": False, "data": shown}

    def _charge(self, params: dict[str, Any]) -> Any:
        method = params["payment_method"]
        if not method.startswith("pm_card_"):
            message = f"No such PaymentMethod: '{method}'"
            raise Refused(400, "invalid_request_error", message, code="resource_missing", param="payment_method")
        if int(params["amount"]) < 50 and params["currency"] == "usd":
            message = "Amount must be at least $0.50 usd"
            raise Refused(400, "invalid_request_error", message, code="amount_too_small", param="amount")
        assert params["confirm"] == "true" and params["return_url"].startswith("http")
        intent = self._intent(int(params["amount"]), params["currency"], params["metadata"])
        if method == "pm_card_chargeDeclined":
            intent |= {"status": "requires_payment_method", "last_payment_error": DECLINED | {"type": "card_error"}}
            raise Refused(402, "card_error", DECLINED["message"], **DECLINED_CODES, payment_intent=intent)
        if method == "pm_card_authenticationRequired":
            redirect = {"url": f"{BASE}/3ds/{intent['id']}", "return_url": params["return_url"]}
            intent |= {
                "status": "requires_action",
                "next_action": {"type": "redirect_to_url", "redirect_to_url": redirect},
            }
            return intent
        self._succeed(intent)
        return self._shown(intent, params)

    def _open(self, params: dict[str, Any]) -> Any:
        price = params["line_items"]["0"]["price_data"]
        left_s = int(params["expires_at"]) - time.time()
        assert params["mode"] == "payment" and 30 * 60 <= left_s <= 24 * 3600
        assert params["payment_intent_data"]["metadata"] == params["metadata"]
        session_id = f"cs_test_{next(self._numbers)}"
        self.sessions[session_id] = {
            "id": session_id,
            "object": "checkout.session",
            "status": "open",
            "payment_status": "unpaid",
            "url": f"{BASE}/c/pay/{session_id}",
            "expires_at": int(params["expires_at"]),
            "amount_total": int(price["unit_amount"]) * int(params["line_items"]["0"]["quantity"]),
            "currency": price["currency"],
            "client_reference_id": params["client_reference_id"],
            "metadata": params["metadata"],
            "payment_intent": None,
        }
        return self.sessions[session_id]

    def _refund(self, params: dict[str, Any]) -> Any:
        intent, amount = self._known(self.intents, params["payment_intent"]), int(params["amount"])
        left = intent["amount_received"] - self.refunded.get(intent["id"], 0)
        if not 0 < amount <= left:
            message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise Refused(400, "invalid_request_error", message, param="amount")
        self.refunded[intent["id"]] = self.refunded.get(intent["id"], 0) + amount
        return {"id": f"re_{next(self._numbers)}", "object": "refund", "amount": amount, "status": "succeeded"}

    # ---- its books

    def _intent(self, amount: int, currency: str, metadata: dict[str, str]) -> dict[str, Any]:
        number = next(self._numbers)
        self.intents[f"pi_{number}"] = {
            "id": f"pi_{number}",
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "currency": currency,
            "status": "requires_payment_method",
            "metadata": metadata,
            "latest_charge": None,
            "last_payment_error": None,
            "next_action": None,
            "created": int(time.time()),
        }
        return self.intents[f"pi_{number}"]

    def _succeed(self, intent: dict[str, Any]) -> None:
        charge = f"ch_{next(self._numbers)}"
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge}

    def _shown(self, intent: dict[str, Any], params: dict[str, Any], *, within: str = "") -> dict[str, Any]:
        """With its charge, and the fee of it, where that is asked for below `within`."""
        charge = self.charge(intent["id"]) if intent["latest_charge"] else None
        if charge is None or not (wanted := _wanted(params, f"{within}latest_charge")):
            return intent
        if f"{within}latest_charge.balance_transaction" in wanted:
            charge["balance_transaction"] = {
                "id": charge["balance_transaction"],
                "object": "balance_transaction",
                "amount": charge["amount"],
                "currency": self.settles_in or charge["currency"],
                "fee": self.fees.get(intent["id"], fee_of(charge["amount"])),
                "type": "charge",
            }
        return intent | {"latest_charge": charge}

    def _session(self, session: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        if session["payment_intent"] and _wanted(params, "payment_intent"):
            shown = self._shown(self.intents[session["payment_intent"]], params, within="payment_intent.")
            return session | {"payment_intent": shown}
        return session

    def _known(self, books: dict[str, dict[str, Any]], row_id: str) -> dict[str, Any]:
        if row_id not in books:
            raise Refused(404, "invalid_request_error", f"No such object: '{row_id}'", code="resource_missing")
        return books[row_id]


def fee_of(amount: int) -> int:
    """What Stripe keeps of a charge, unless `fees` says otherwise."""
    return amount * 29 // 1000 + 30


def _wanted(params: dict[str, Any], name: str) -> list[str]:
    """What is to be expanded of `name`, itself included."""
    asked = params.get("expand", {}).values()
    return [one for one in asked if one == name or one.startswith(f"{name}.")]


DECLINED_CODES = {name: DECLINED[name] for name in ("code", "decline_code")}


def _tree(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`metadata[order_id]=1` as {"metadata": {"order_id": "1"}}."""
    tree: dict[str, Any] = {}
    for name, content in pairs:
        *way, last = name.replace("]", "").split("[")
        branch = tree
        for step in way:
            branch = branch.setdefault(step, {})
        branch[last] = content
    return tree
