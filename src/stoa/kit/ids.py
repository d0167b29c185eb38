"""Identifiers: UUIDv7, so that keys sort by the time they were made and indexes stay compact."""

import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A fresh UUIDv7."""
    return uuid7()


def parse_id(text: str | None) -> uuid.UUID | None:
    """An identifier that somebody typed or sent, or None for what is none."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
