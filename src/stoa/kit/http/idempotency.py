"""M11: the same Idempotency-Key with the same request answers the same; with another request, 409.

The key is claimed by an insert in the request's own transaction, so a second request with it waits until the first has
committed (and then repeats its answer) or rolled back (and then does the work itself).
"""

import hashlib
from typing import Any

import msgspec

from stoa.kit.db import Db, maybe, run, value
from stoa.kit.errors import Conflict, Invalid


class KeyReused(Conflict):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was already used for another request"


class Answer(msgspec.Struct):
    """A stored answer."""

    request_hash: bytes
    status: int | None
    content_type: str | None
    body: bytes | None


_CLAIM = value(
    bool | None,
    """
    insert into idempotency_keys (scope, key, request_hash, created_at)
    values ($1, $2, $3, now()) on conflict (scope, key) do nothing returning true
    """,
)
_FIND = maybe(
    Answer, "select request_hash, status, content_type, body from idempotency_keys where scope = $1 and key = $2"
)
_KEEP = run("update idempotency_keys set status = $3, content_type = $4, body = $5 where scope = $1 and key = $2")


def key_of(scope: Any) -> str | None:
    """The request's Idempotency-Key, or None. Raises Invalid for one that is too long or not printable."""
    raw = dict(scope["headers"]).get(b"idempotency-key")
    if raw is None:
        return None
    key: str = raw.decode("latin-1").strip()
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise Invalid(fields={"Idempotency-Key": "Please use 1 to 255 printable ASCII characters"})
    return key


def request_hash(scope: Any, body: bytes) -> bytes:
    """What makes two requests the same: method, path, query and body."""
    digest = hashlib.sha256()
    for part in (scope["method"].encode(), scope["path"].encode(), scope.get("query_string", b""), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


async def claim(db: Db, scope: str, key: str, digest: bytes) -> Answer | None:
    """Claims the key for this transaction, or answers what was answered before. Raises KeyReused."""
    if await _CLAIM(db, scope, key, digest):
        return None
    found = await _FIND(db, scope, key)
    if found is None or found.status is None or found.request_hash != digest:
        raise KeyReused
    return found


async def keep(db: Db, scope: str, key: str, *, status: int, content_type: str, body: bytes) -> None:
    """Stores the answer, in the transaction it speaks of."""
    await _KEEP(db, scope, key, status, content_type, body)
