"""Messages to people outside: mails and text messages, and what becomes of them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class Channel(StrEnum):
    """How it reaches its recipient."""

    EMAIL = "email"
    SMS = "sms"


class State(StrEnum):
    """queued → sent | failed; kept: there was nobody to send it by, so it waits to be looked at."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    KEPT = "kept"


class Body(msgspec.Struct, frozen=True):
    """What it says; a text message has no HTML part."""

    text: str
    html: str | None = None


class MessageView(msgspec.Struct, frozen=True):
    """A message without what it says."""

    id: UUID
    channel: str
    recipient: str
    subject: str
    state: str
    attempts: int
    last_error: str | None
    provider_id: str | None
    user_id: UUID | None
    useful_until: datetime | None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


class SealedMessage(MessageView, frozen=True, kw_only=True):
    """A message with its sealed body; None once it is erased."""

    sealed: bytes | None


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """What a carrier is given. The same `id` is the same message, however often it is given."""

    id: UUID
    recipient: str
    subject: str
    body: Body
    created_at: datetime
