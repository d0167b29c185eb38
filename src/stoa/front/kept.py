"""A form that met `StepUpRequired` waits in a sealed cookie until its sender has shown a second factor (I4).

Only its own session opens it, for ten minutes. Passwords are not kept: pages that ask for one ask for the second factor
before they are filled in.
"""

import base64
import binascii
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.datastructures import Cookie

from stoa.kit.crypto import SealBroken
from stoa.kit.ctx import Ctx
from stoa.kit.http.lending import lending_of

COOKIE: Final = "stoa_kept"
PATH: Final = "/mfa/step-up"
FORM: Final = "application/x-www-form-urlencoded"
MAX_AGE_S: Final = 600
MAX_BYTES: Final = 3_600  # browsers take 4096 with the name and the rest


class KeptForm(msgspec.Struct, frozen=True):
    """Where it was sent, and its fields."""

    path: str
    fields: list[tuple[str, str]]


_FORM = msgspec.json.Decoder(KeptForm)


def keep(request: Request[Any, Any, Any]) -> Cookie | None:
    """The cookie that keeps this request's form; None where there is none, or nothing that may be kept."""
    lending = lending_of(request.scope)
    body: bytes | None = request.scope["state"].get("body")
    if body is None or lending.actor is None or not request.headers.get("content-type", "").startswith(FORM):
        return None
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    if any("password" in name for name, _ in fields):
        return None
    kept = KeptForm(request.url.path, [(name, text) for name, text in fields if name != "_csrf"])
    sealed = lending.app.keyring.seal(msgspec.json.encode(kept), _place(lending.actor.session_id))
    packed = base64.urlsafe_b64encode(sealed).decode()
    return _cookie(packed, MAX_AGE_S, lending.app.settings.cookies_are_secure) if len(packed) <= MAX_BYTES else None


def read(request: Request[Any, Any, Any], ctx: Ctx) -> KeptForm | None:
    """The form that was kept in this session, or None."""
    packed = request.cookies.get(COOKIE)
    if not packed or len(packed) > MAX_BYTES:
        return None
    try:
        sealed = base64.urlsafe_b64decode(packed)
        return _FORM.decode(ctx.app.keyring.open(sealed, _place(ctx.member.session_id)))
    except (binascii.Error, ValueError, SealBroken, msgspec.MsgspecError):
        return None


def forgotten(ctx: Ctx) -> Cookie:
    """Takes the cookie away."""
    return _cookie("", 0, ctx.app.settings.cookies_are_secure)


def _place(session_id: object) -> str:
    return f"kept_form:{session_id}"


def _cookie(packed: str, max_age_s: int, secure: bool) -> Cookie:
    return Cookie(key=COOKIE, value=packed, path=PATH, httponly=True, samesite="lax", secure=secure, max_age=max_age_s)
