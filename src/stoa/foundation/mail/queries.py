"""Reads of messages."""

from datetime import datetime
from uuid import UUID

import msgspec

from stoa.foundation.mail.types import Body, MessageView, SealedMessage
from stoa.kit.crypto import Keyring
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe

COLUMNS = (
    "id, channel, recipient, subject, state, attempts, last_error, provider_id, user_id, useful_until, created_at, "
    "updated_at, ended_at"
)
MESSAGE = maybe(SealedMessage, f"select {COLUMNS}, sealed from mail_messages where id = $1")
_LIST = many(
    MessageView,
    f"""
    select {COLUMNS} from mail_messages
    where ($1::text is null or state = $1) and ($2::text is null or channel = $2)
      and ($3::text is null or lower(recipient) = lower($3))
      and ($4::timestamptz is null or (created_at, id) < ($4, $5::uuid))
    order by created_at desc, id desc limit $6
    """,
)


def seal_body(keyring: Keyring, message_id: UUID, body: Body) -> bytes:
    """What a message says, closed for everybody who only has the database."""
    return keyring.seal(msgspec.json.encode(body), _place(message_id))


def open_body(keyring: Keyring, message: SealedMessage) -> Body | None:
    """What a message says; None once it was erased."""
    if message.sealed is None:
        return None
    return msgspec.json.decode(keyring.open(message.sealed, _place(message.id)), type=Body)


def _place(message_id: UUID) -> str:
    return f"mail_message:{message_id}"


async def messages(
    ctx: Ctx,
    *,
    state: str | None = None,
    channel: str | None = None,
    recipient: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[MessageView]:
    """Messages, newest first; `recipient` in any case."""
    return await _LIST(ctx.db, state, channel, recipient, *(before or (None, None)), limit)
