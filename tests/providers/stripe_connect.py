"""Stripe's side of Connect transfers, for tests, after its documentation: connected accounts, and transfers to them.

with standing(app) as stripe:                  set up for an App and reached by it in process
stripe.connected["acct_1032D82eZvKYlo2C"]      an account that is connected to the platform
stripe.transfers, stripe.available             its books, and the platform's balance in the smallest unit
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec

from tests.providers.stripe import BASE, SECRET_KEY, WEBHOOK_SECRET, Refused, StripeServer

ACCOUNT = "acct_1032D82eZvKYlo2C"
CLIENT_ID = "ca_of_this_machine"
SECRET = "whsec_of_the_payouts_endpoint"


@contextmanager
def standing(app: Any) -> Iterator["ConnectServer"]:
    """The server, set up for an App and reached by it in process."""
    made, settings, http = ConnectServer(), app.settings, app.http
    app.settings = msgspec.structs.replace(
        settings,
        stripe_secret_key=SECRET_KEY,
        stripe_webhook_secret=WEBHOOK_SECRET,
        stripe_api_base=BASE,
        stripe_connect_client_id=CLIENT_ID,
        stripe_payouts_webhook_secret=SECRET,
    )
    app.http = httpx.AsyncClient(mounts={BASE: httpx.ASGITransport(app=made)}, transport=http._transport)
    yield made
    app.settings, app.http = settings, http


class ConnectServer(StripeServer):
    """The platform's account, with one that is connected to it."""

    def __init__(self) -> None:
        super().__init__()
        self.transfers: dict[str, dict[str, Any]] = {}
        self.available = dict.fromkeys(("usd", "eur", "jpy", "kwd"), 100_000_000)
        self.connected: dict[str, dict[str, Any]] = {
            ACCOUNT: {
                "id": ACCOUNT,
                "object": "account",
                "country": "DE",
                "default_currency": "eur",
                "payouts_enabled": True,
                "capabilities": {"transfers": "active"},
            }
        }

    def forget_keys(self) -> None:
        """A day later."""
        self.answered.clear()

    def reverse(self, transfer_id: str) -> tuple[bytes, dict[str, str]]:
        """A transfer is taken back; answers the event that tells of it."""
        transfer = self.transfers[transfer_id]
        transfer |= {"reversed": True, "amount_reversed": transfer["amount"]}
        self.available[transfer["currency"]] += transfer["amount"]
        return self.event("transfer.reversed", transfer, secret=SECRET)

    def _answer(self, method: str, path: list[str], params: dict[str, Any]) -> Any:
        match [method, *path]:
            case ["GET", "accounts", account_id]:
                if account_id not in self.connected:
                    message = f"The provided key does not have access to account '{account_id}'"
                    raise Refused(403, "invalid_request_error", message, code="account_invalid")
                return self.connected[account_id]
            case ["POST", "transfers"]:
                return self._send(params)
            case ["GET", "transfers"]:
                rows = [t for t in self.transfers.values() if t["transfer_group"] == params["transfer_group"]]
                return {
                    "object": "list",
                    "data": rows[: int(params["limit"])],
                    "has_more": False,
                    "url": "/v1/transfers",
                }
            case ["GET", "transfers", transfer_id]:
                return self._known(self.transfers, transfer_id)
        return super()._answer(method, path, params)

    def _send(self, params: dict[str, Any]) -> dict[str, Any]:
        amount, currency = int(params["amount"]), params["currency"]
        if params["destination"] not in self.connected:
            message = f"No such destination: '{params['destination']}'"
            raise Refused(400, "invalid_request_error", message, code="resource_missing", param="destination")
        if self.available[currency] < amount:
            message = "You have insufficient available funds in your Stripe account."
            raise Refused(400, "invalid_request_error", message, code="balance_insufficient")
        self.available[currency] -= amount
        transfer_id = f"tr_{next(self._numbers)}"
        self.transfers[transfer_id] = {
            "id": transfer_id,
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "currency": currency,
            "destination": params["destination"],
            "description": params["description"],
            "transfer_group": params["transfer_group"],
            "livemode": False,
            "reversed": False,
        }
        return self.transfers[transfer_id]
