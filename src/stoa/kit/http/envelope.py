"""Around everything: a trace id, security headers, the anonymous CSRF cookie, one log line and one measurement."""

import re
import time
import uuid
from collections.abc import Iterable
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from stoa.kit.http.credentials import CSRF_COOKIE
from stoa.kit.metrics import observe_request

log = structlog.get_logger("stoa.http")

_OWN = frozenset({b"content-security-policy", b"referrer-policy", b"cache-control"})
_CSP = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: https:",
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
).encode()
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _CSP),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    # What does not say that others may have it too is for whoever asked: no cache on the way hands it on.
    (b"cache-control", b"private, no-cache"),
)


# Addresses are made of it, by the framework too, which breaks on one that is none.
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?")


class Envelope:
    """Outermost ASGI application."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self.secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        trace_id = uuid.uuid4().hex
        state: dict[str, Any] = dict(scope.get("state") or {})
        state["trace_id"] = trace_id
        scope["state"] = state
        began, status = time.perf_counter(), 500
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=trace_id)

        async def sealed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # What shows foreign content, has a secret in its address, or may be kept, brings a policy of its own:
                # two would both hold, or the last one.
                brought = {name for name, _ in message["headers"]} & _OWN
                ours = self._headers(state, trace_id)
                message["headers"] = [*message["headers"], *(one for one in ours if one[0] not in brought)]
            await send(message)

        try:
            if _host_is_sound(scope["headers"]):
                await self.app(scope, receive, sealed)
            else:
                await _refuse(sealed)
        finally:
            seconds = time.perf_counter() - began
            template = str(scope.get("path_template") or "(none)")
            observe_request(scope["method"], template, status, seconds)
            path = template if "{token" in template else scope["path"]  # a link of a mail is a secret
            log.debug("request", method=scope["method"], path=path, status=status, ms=round(seconds * 1000, 1))

    def _headers(self, state: dict[str, Any], trace_id: str) -> list[tuple[bytes, bytes]]:
        headers = [*_HEADERS, (b"x-request-id", trace_id.encode())]
        if self.secure:
            headers.append((b"strict-transport-security", b"max-age=31536000"))
        seed = state.get("csrf_seed")
        if seed:
            secure = "; Secure" if self.secure else ""
            headers.append((b"set-cookie", f"{CSRF_COOKIE}={seed}; Path=/; HttpOnly; SameSite=Lax{secure}".encode()))
        return headers


def _host_is_sound(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether there is at most one Host, a name or an address with a port that can be."""
    hosts = [content for name, content in headers if name == b"host"]
    if not hosts:
        return True
    match = _HOST.fullmatch(hosts[0])
    return len(hosts) == 1 and match is not None and int(match[1] or 0) <= 65535


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": b"The Host header is not valid\n", "more_body": False})
