"""Identifiers: UUIDv7, so that keys sort by the time they were made and indexes stay compact."""

import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A fresh UUIDv7."""
    return uuid7()
