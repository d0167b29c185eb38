"""What tokens look like (I3): signed with keys of one purpose each, kept as hashes only."""

import hashlib
import hmac
import secrets
from typing import Any, Final
from uuid import UUID

import jwt

from stoa.foundation.identity.errors import SessionOver
from stoa.kit.ctx import App

ALGORITHM: Final = "HS256"


def digest(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def sign(app: App, claims: dict[str, Any]) -> str:
    """A signed token with these claims."""
    return jwt.encode(claims, _key(app, b"jwt"), algorithm=ALGORITHM, headers={"typ": "at+jwt"})


def read_bearer(app: App, bearer: str) -> tuple[UUID, float]:
    """The session of an access token or a 7-day token, and when it expires (seconds since 1970), without the database.

    Raises SessionOver for any token that we did not sign for this.
    """
    try:
        claims = jwt.decode(
            bearer,
            _key(app, b"jwt"),
            algorithms=[ALGORITHM],
            options={"require": ["exp", "sid"], "verify_aud": False, "verify_exp": False, "verify_iat": False},
        )
        session_id, expires = UUID(str(claims["sid"])), int(claims["exp"])
    except (jwt.PyJWTError, ValueError, TypeError):
        raise SessionOver from None
    if claims.get("aud", "stoa") != "stoa":
        raise SessionOver
    return session_id, expires


def refresh_secret(app: App, session_id: UUID) -> str:
    """A random part and its mark, by which a token that we once gave out is known without keeping it."""
    nonce = secrets.token_urlsafe(24)
    return f"{nonce}~{_mark(app, session_id, nonce)}"


def is_ours(app: App, session_id: UUID, token: str) -> bool:
    """Whether we once gave this token out for this session."""
    nonce, _, mark = token.partition("~")
    return hmac.compare_digest(mark.encode(), _mark(app, session_id, nonce).encode())


def _mark(app: App, session_id: UUID, nonce: str) -> str:
    text = session_id.bytes + nonce.encode("utf-8", "replace")
    return hmac.new(_key(app, b"refresh"), text, hashlib.sha256).hexdigest()[:32]


def _key(app: App, purpose: bytes) -> bytes:
    """A key for one purpose, so that what signs one kind of token never signs another."""
    return hmac.new(app.settings.secret_key.encode(), purpose, hashlib.sha256).digest()
