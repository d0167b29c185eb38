"""Webhook signatures: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, with a tolerance for their age."""

import hashlib
import hmac
from datetime import datetime
from typing import Final, Literal

TOLERANCE_S: Final = 300


def sign(secret: bytes, body: bytes, now: datetime) -> str:
    """The header for a body sent now."""
    seconds = int(now.timestamp())
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def verify(secret: bytes, header: str, body: bytes, now: datetime) -> Literal["verified", "bad_signature", "too_old"]:
    """Checks a header. Several `v1` may be given, as while a secret is being rotated; one that fits is enough.

    The age counts only once the signature is right: a forged time says nothing.
    """
    seconds = -1
    given: list[str] = []
    for part in header.split(","):
        name, _, content = part.strip().partition("=")
        if name == "t" and content.isascii() and content.isdigit() and len(content) <= 12:
            seconds = int(content)
        elif name == "v1":
            given.append(content)
    expected = _digest(secret, seconds, body).encode()
    if seconds < 0 or not any(hmac.compare_digest(expected, g.encode("utf-8", "replace")) for g in given):
        return "bad_signature"
    return "verified" if abs(now.timestamp() - seconds) <= TOLERANCE_S else "too_old"


def secrets_in(setting: str) -> list[bytes]:
    """The secrets that a setting holds: one, or several with a comma between, as while one is being changed."""
    parts = [part.strip() for part in setting.split(",")]
    return [one.encode() for one in dict.fromkeys([setting, *parts]) if one]


def _digest(secret: bytes, seconds: int, body: bytes) -> str:
    return hmac.new(secret, f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
