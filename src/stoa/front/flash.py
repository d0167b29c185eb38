"""Toasts: what the next page says once, and what an HTMX answer says at once.

After a redirect a toast travels in a signed cookie that lives until it is shown; an HTMX answer carries it in its
`HX-Trigger` header. An action in a toast posts to an address on this site.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Any, Final, Literal

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie

from stoa.kit.http.lending import lending_of

COOKIE: Final = "stoa_flash"
_MAX_BYTES: Final = 3000


class Action(msgspec.Struct, frozen=True):
    """A button in a toast: posts to `url`, a path on this site."""

    label: str
    url: str


class Toast(msgspec.Struct, frozen=True):
    """One message; stays `seconds` on the screen (JS adds time while it is being read)."""

    text: str
    kind: Literal["", "good", "warn", "bad"] = ""
    action: Action | None = None
    seconds: int = 6


_TOASTS = msgspec.json.Decoder(list[Toast])


def _sign(secret: str, payload: bytes) -> bytes:
    return hmac.digest(hashlib.sha256(b"flash:" + secret.encode()).digest(), payload, "sha256")[:16]


def pack(toasts: list[Toast], secret: str) -> str:
    """The cookie's value."""
    payload = msgspec.json.encode(toasts)
    return base64.urlsafe_b64encode(_sign(secret, payload) + payload).decode().rstrip("=")


def unpack(cookie: str | None, secret: str) -> list[Toast]:
    """The toasts of a cookie; none if it is missing, broken or not ours."""
    if not cookie or len(cookie) > _MAX_BYTES:
        return []
    try:
        raw = base64.urlsafe_b64decode(cookie.encode() + b"=" * (-len(cookie) % 4))
        if hmac.compare_digest(raw[:16], _sign(secret, raw[16:])):
            return _TOASTS.decode(raw[16:])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        pass
    return []


def add(request: Request[Any, Any, Any], response: Response[Any], *toasts: Toast, closes_dialog: bool = False) -> None:
    """Shows toasts: at once if this answers an HTMX request that stays on its page, else on the next page.

    closes_dialog also closes the dialog that the request came from.
    """
    redirects = response.status_code is not None and 300 <= response.status_code < 400
    if "hx-request" in request.headers and not redirects and "HX-Redirect" not in response.headers:
        events: dict[str, Any] = {"toast": {"items": [msgspec.to_builtins(t) for t in toasts], "target": "body"}}
        if closes_dialog:
            events["closeDialog"] = {"target": "body"}
        # Header values are Latin-1 on the wire: JSON with escapes passes unharmed.
        payload = msgspec.json.encode(events).decode()
        response.headers["HX-Trigger"] = "".join(c if c < "\x7f" else _escape(c) for c in payload)
        return
    settings = lending_of(request.scope).app.settings
    response.cookies.append(
        Cookie(
            key=COOKIE,
            value=pack(list(toasts), settings.secret_key),
            path="/",
            httponly=True,
            samesite="lax",
            secure=settings.cookies_are_secure,
            max_age=600,
        )
    )


def _escape(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
