"""Pages of a list: keyset pages with an opaque cursor, and numbered pages where a document asks for them.

    seek = decode(cursor, tuple[datetime, UUID], scope="posts.recent")
    rows = await RECENT(ctx.db, *(seek or (None, None)), limit + 1)
    return keyset(rows, limit, scope="posts.recent", key=lambda row: (row.published_at, row.id))

A cursor is a position, not a permission. Its checksum binds it to one list, so that a damaged or foreign cursor is
Invalid instead of a page somewhere else.
"""

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec

from stoa.kit.errors import Invalid

T = TypeVar("T")

MAX_LIMIT: Final = 50
MAX_PAGE: Final = 10_000  # an offset beyond it costs more than anybody reads

_CHECKSUM_BYTES: Final = 6


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A keyset page. `next_cursor` is None on the last one."""

    items: list[T]
    next_cursor: str | None = None


class Numbered(msgspec.Struct, Generic[T], frozen=True):
    """A numbered page: `page` from 1, `pages` is 0 when there is nothing at all (P2)."""

    items: list[T]
    page: int
    limit: int
    total: int
    pages: int


def encode(position: tuple[object, ...], *, scope: str) -> str:
    """The cursor of a position, usable only in the list called `scope`."""
    payload = msgspec.json.encode(position)
    return urlsafe_b64encode(_checksum(payload, scope) + payload).rstrip(b"=").decode()


def decode(cursor: str | None, kind: Any, *, scope: str) -> Any:
    """The position in a cursor, as the tuple type `kind`; None without one. Raises Invalid for a broken one."""
    if not cursor:
        return None
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        check, payload = raw[:_CHECKSUM_BYTES], raw[_CHECKSUM_BYTES:]
        if check == _checksum(payload, scope):
            return msgspec.json.decode(payload, type=kind)
    except (UnicodeError, binascii.Error, msgspec.DecodeError, ValueError):
        pass
    raise Invalid(fields={"cursor": "This place in the list is not known; please start at its beginning"})


def keyset(rows: Sequence[T], limit: int, *, scope: str, key: Callable[[T], tuple[object, ...]]) -> Page[T]:
    """A page of `rows`, of which one more than `limit` was fetched to see whether there is a next one."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return Page(items=items, next_cursor=encode(key(items[-1]), scope=scope) if more else None)


def numbered(items: Sequence[T], *, page: int, limit: int, total: int) -> Numbered[T]:
    """A numbered page with its count of pages."""
    return Numbered(items=list(items), page=page, limit=limit, total=total, pages=-(-total // limit))


def bounded(page: int, limit: int) -> tuple[int, int]:
    """`page` and `limit` as they are; raises Invalid with each one's field outside 1…MAX_PAGE and 1…MAX_LIMIT (P2)."""
    wrong: dict[str, str] = {}
    if not 1 <= page <= MAX_PAGE:
        wrong["page"] = f"Pages count from 1 to {MAX_PAGE}"
    if not 1 <= limit <= MAX_LIMIT:
        wrong["limit"] = f"Between 1 and {MAX_LIMIT}"
    if wrong:
        raise Invalid(fields=wrong)
    return page, limit


def _checksum(payload: bytes, scope: str) -> bytes:
    return hashlib.blake2b(payload, digest_size=_CHECKSUM_BYTES, key=scope.encode()[:64]).digest()
