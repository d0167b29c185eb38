"""Several accounts at Stripe on this machine, and Connect, by which some of them are joined to the platform's.

with world(app) as stripe:
ana = stripe.account("acct_ana", key="sk_live_of_ana")     a StripeServer; its ids are its own: each has a pi_1
stripe.codes["ac_1"] = "acct_ana"                          what agreeing gives
stripe.connected                                           whose accounts the platform may speak for
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgspec

from tests.providers.stripe import BASE, SECRET_KEY, WEBHOOK_SECRET, StripeServer

CONNECT = "http://connect.stripe.test"
CLIENT_ID = "ca_of_this_machine"


@contextmanager
def world(app: Any, **more: Any) -> Iterator["StripeWorld"]:
    """The accounts, set up for an App and reached by it in process; `more` settings of it."""
    made, settings, http = StripeWorld(), app.settings, app.http
    own = {"stripe_secret_key": SECRET_KEY, "stripe_webhook_secret": WEBHOOK_SECRET, "stripe_api_base": BASE}
    connect = {"stripe_connect_client_id": CLIENT_ID, "stripe_connect_base": CONNECT}
    app.settings = msgspec.structs.replace(settings, **own, **connect, **more)
    way = httpx.ASGITransport(app=made)
    app.http = httpx.AsyncClient(mounts={BASE: way, CONNECT: way}, transport=http._transport)
    yield made
    app.settings, app.http = settings, http


class StripeWorld:
    """The application: each request goes to the account of its key, or to the connected one it names."""

    def __init__(self) -> None:
        self.platform = StripeServer()
        self.accounts: dict[str, StripeServer] = {"acct_platform": self.platform}
        self.codes: dict[str, str] = {}
        self.connected: set[str] = set()
        self.let_go: list[str] = []

    def account(self, account_id: str, key: str, **told: Any) -> StripeServer:
        """Another account, with a secret key of its own."""
        made = StripeServer()
        made.keys = {key}
        made.account |= {"id": account_id} | told
        self.accounts[account_id] = made
        return made

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        headers = {name.decode().lower(): content.decode() for name, content in scope["headers"]}
        if scope["path"].startswith("/oauth/"):
            await self._oauth(scope["path"], headers, receive, send)
            return
        key = headers.get("authorization", "").removeprefix("Bearer ")
        found = next((one for one in self.accounts.values() if key in one.keys), self.platform)
        named = headers.get("stripe-account")
        if named is not None:
            if found is not self.platform or named not in self.connected:
                await _answer(send, 403, {"error": {"type": "invalid_request_error", "message": "No such account"}})
                return
            found = self.accounts[named]
            given = f"Bearer {next(iter(found.keys))}".encode()
            scope = {
                **scope,
                "headers": [(n, given if n.lower() == b"authorization" else v) for n, v in scope["headers"]],
            }
        await found(scope, receive, send)

    async def _oauth(self, path: str, headers: dict[str, str], receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        params = dict(parse_qsl(body.decode()))
        if headers.get("authorization") != f"Bearer {next(iter(self.platform.keys))}":
            await _answer(send, 401, {"error": "invalid_client", "error_description": "No such client"})
        elif path == "/oauth/token":
            account_id = self.codes.pop(params["code"], None)
            if params["grant_type"] != "authorization_code" or account_id is None:
                told = {"error": "invalid_grant", "error_description": "Authorization code expired"}
                await _answer(send, 400, told)
                return
            self.connected.add(account_id)
            await _answer(send, 200, {"stripe_user_id": account_id, "livemode": True, "scope": "read_write"})
        else:
            assert params["client_id"] == CLIENT_ID
            if params["stripe_user_id"] not in self.connected:
                told = {"error": "invalid_client", "error_description": "This application is not connected"}
                await _answer(send, 401, told)
                return
            self.connected.discard(params["stripe_user_id"])
            self.let_go.append(params["stripe_user_id"])
            await _answer(send, 200, {"stripe_user_id": params["stripe_user_id"]})


async def _answer(send: Any, status: int, told: Any) -> None:
    sent = [(b"content-type", b"application/json"), (b"request-id", b"req_1")]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": msgspec.json.encode(told)})
