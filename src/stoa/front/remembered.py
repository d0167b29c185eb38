"""Pages as they were rendered within the last minute, for everybody who is not signed in.

A page is made of nothing but its context, so that the same context makes the same page again: the key is a digest of
all that the template is given. What differs from one visitor to the next and says nothing, the token of their forms, is
put in afterwards.
"""

import hashlib
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from types import FunctionType
from typing import Any, Final

import msgspec
from markupsafe import Markup

FRESH: Final = timedelta(minutes=1)  # "5 minutes ago" stays true
MAX_BYTES: Final = 32 * 1024 * 1024
# Where the token goes: no text of anybody's can hold it.
TOKEN: Final = f"token-{secrets.token_urlsafe(24)}"


def _plain(one: object) -> str:
    if isinstance(one, Markup):
        return str(one)
    if isinstance(one, type) or (isinstance(one, FunctionType) and one.__closure__ is None):
        return f"{one.__module__}.{one.__qualname__}"
    raise TypeError(f"{type(one)} is not compared")


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_plain)


def key_of(name: str, context: dict[str, Any]) -> bytes | None:
    """A digest of a template's name and context, but for the time; None where the context holds what has no value."""
    try:
        told = _ENCODER.encode((name, {**context, "now": None}))
    except TypeError:
        return None
    return hashlib.sha256(told).digest()


class Remembered:
    """At most so many bytes of pages; those that were not asked for the longest make room."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._pages: OrderedDict[bytes, tuple[datetime, list[bytes]]] = OrderedDict()

    def find(self, key: bytes, now: datetime, token: str) -> bytes | None:
        """The page with this token in it, unless it has to be made anew."""
        found = self._pages.get(key)
        if found is None or not timedelta() <= now - found[0] < FRESH:
            return None
        self._pages.move_to_end(key)
        return token.encode().join(found[1])

    def keep(self, key: bytes, now: datetime, text: str) -> None:
        """Remembers a page that was rendered with TOKEN as its token."""
        self._forget(key)
        self._pages[key] = (now, text.encode().split(TOKEN.encode()))
        self.bytes += _size(self._pages[key][1])
        while self.bytes > self.max_bytes:
            self._forget(next(iter(self._pages)))

    def clear(self) -> None:
        """Forgets all pages."""
        self._pages.clear()
        self.bytes = 0

    def _forget(self, key: bytes) -> None:
        found = self._pages.pop(key, None)
        if found is not None:
            self.bytes -= _size(found[1])


def _size(parts: list[bytes]) -> int:
    return sum(map(len, parts))
