"""What the payout providers of the tests share: an ASGI application with books, mischief, and a door to a real socket.

    with standing(app, WiseServer) as wise:        set up for an App and reached by it in process
    wise.mischief = ["timeout_after"]              what it does to its next answers, one after the other
    wise.asked                                     method, path and content of each request, in order

Mischief: `timeout` is before anything was done, `timeout_after` after it was; `crash` is 500, `crash_after` 500 though
it was done; `limit` is 429, `denied` 401; `gibberish` is no JSON, `another` JSON of another shape; "" lets one pass.

`python -m tests.providers.payouts wise|airwallex <descriptor>` serves one in a process of its own, at the socket that
it was given: `/books` tells what it has; a request whose path contains what was posted to `/stall` is done, and never
answered; all transfers go to the state that is posted to `/move`.
"""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qsl

import httpx
import msgspec

_STATUS = {"limit": 429, "crash": 500, "denied": 401}
_FOREVER_S = 3600.0
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Refused(Exception):
    """An answer that is an error, as the provider words it."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status, self.body = status, body


class PayoutServer:
    """A provider. Subclasses answer requests out of their books; numbers in requests are read as Decimals."""

    base: ClassVar[str]

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.mischief: list[str] = []
        self.transfers: dict[str, dict[str, Any]] = {}
        self.balance: dict[str, Decimal] = {}
        self.stalls = ""
        self.encoder = msgspec.json.Encoder(decimal_format="number")

    @classmethod
    def settings(cls) -> dict[str, Any]:
        """The settings of a Stoa that uses it."""
        raise NotImplementedError

    def answer(self, method: str, path: str, content: Any, headers: dict[str, str]) -> tuple[int, Any]:
        """One request. Raises Refused."""
        raise NotImplementedError

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, with what mischief does to it."""
        if scope["type"] != "http":
            return
        headers = {name.decode().lower(): content.decode() for name, content in scope["headers"]}
        body = await _body(receive)
        if scope["path"] in ("/books", "/stall", "/move"):
            await _send(send, 200, self._steered(scope["path"], body.decode()))
            return
        content: Any = dict(parse_qsl(scope["query_string"].decode()))
        if body:
            assert headers["content-type"] == "application/json"
            content = _DECODER.decode(body)
        self.asked.append((scope["method"], scope["path"], content))
        mischief = self.mischief.pop(0) if self.mischief else ""
        if mischief == "timeout":
            raise httpx.ReadTimeout("nothing came")
        status, told = _STATUS.get(mischief, 0), {"error": "mischief"}
        if not status:
            try:
                status, told = self.answer(scope["method"], scope["path"], content, headers)
            except Refused as refused:
                status, told = refused.status, refused.body
        if mischief == "timeout_after":
            raise httpx.ReadTimeout("it was done, and nothing came")
        if self.stalls and self.stalls in scope["path"]:
            await asyncio.sleep(_FOREVER_S)
        if mischief == "crash_after":
            status, told = 500, {"error": "it was done"}
        wire = self.encoder.encode([5] if mischief == "another" else told)
        await _send(send, status, b"<html>Bad gateway</html>" if mischief == "gibberish" else wire)

    def _steered(self, path: str, told: str) -> bytes:
        """From another process: what happens here, and the books."""
        if path == "/stall":
            self.stalls = told
        if path == "/move":
            for transfer in self.transfers.values():
                transfer["status"] = told
        return msgspec.json.encode({"transfers": list(self.transfers.values()), "balance": self.balance})


S = TypeVar("S", bound=PayoutServer)


@contextmanager
def standing(app: Any, kind: type[S]) -> Iterator[S]:
    """A server, set up for an App and reached by it in process."""
    made, settings, http = kind(), app.settings, app.http
    app.settings = msgspec.structs.replace(settings, **kind.settings())
    app.http = httpx.AsyncClient(mounts={kind.base: httpx.ASGITransport(app=made)}, transport=http._transport)
    yield made
    app.settings, app.http = settings, http


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _send(send: Any, status: int, content: bytes) -> None:
    sent = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": content})


def main(name: str, descriptor: str) -> None:
    """Serves one of them until it is ended."""
    import uvicorn

    from tests.providers.airwallex import AirwallexServer
    from tests.providers.wise import WiseServer

    server = {"wise": WiseServer, "airwallex": AirwallexServer}[name]()
    listener = socket.socket(fileno=int(descriptor))
    uvicorn.Server(uvicorn.Config(server, log_level="warning", lifespan="off")).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
