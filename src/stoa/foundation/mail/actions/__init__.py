"""Sending messages: rendered and written down in the caller's transaction, delivered by the queue after its commit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from stoa.foundation.mail.actions.rendering import one_line, render
from stoa.foundation.mail.gateways import carrier_for
from stoa.foundation.mail.messages import DeliverMessage
from stoa.foundation.mail.policies import check_email, check_phone
from stoa.foundation.mail.queries import seal_body
from stoa.foundation.mail.types import Body, Channel, State
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert
from stoa.kit.ids import new_id
from stoa.kit.queue import enqueue

__all__ = ["can_send", "link", "send", "send_sms"]

MAX_SMS_CHARS: Final = 1600


def can_send(ctx: Ctx, channel: Channel) -> bool:
    """Whether there is somebody to send this channel by; else messages are kept."""
    return carrier_for(ctx.app.settings, channel) is not None


def link(ctx: Ctx, path: str) -> str:
    """The absolute address of a path of this site, for use in a message."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"not a path of this site: {path!r}")
    return ctx.app.settings.base_url + path


async def send(
    ctx: Ctx,
    *,
    to: str,
    template: str,
    values: Mapping[str, Any],
    user_id: UUID | None = None,
    useful_until: datetime | None = None,
) -> UUID:
    """A mail of `templates/<template>`; answers its id. It goes out once this transaction has committed.

    values: what the template needs besides site_name and base_url. user_id: whom it is about. useful_until: after that
    it is not sent any more. Raises Invalid for an address that is none.
    """
    check_email(to)
    given = {"site_name": (await platform(ctx)).name, "base_url": ctx.app.settings.base_url, **values}
    subject, body = render(template, given)
    return await _keep(ctx, Channel.EMAIL, to, subject, body, user_id, useful_until)


async def send_sms(
    ctx: Ctx, *, to: str, text: str, user_id: UUID | None = None, useful_until: datetime | None = None
) -> UUID:
    """A text message to a number in E.164; answers its id. Raises Invalid for a number that is none."""
    check_phone(to)
    return await _keep(ctx, Channel.SMS, to, "", Body(text=one_line(text, MAX_SMS_CHARS)), user_id, useful_until)


async def _keep(
    ctx: Ctx,
    channel: Channel,
    to: str,
    subject: str,
    body: Body,
    user_id: UUID | None,
    useful_until: datetime | None,
) -> UUID:
    message_id = new_id()
    by = carrier_for(ctx.app.settings, channel)
    await insert(
        ctx.db,
        "mail_messages",
        {
            "id": message_id,
            "channel": channel.value,
            "recipient": to,
            "subject": subject,
            "sealed": seal_body(ctx.app.keyring, message_id, body),
            "state": (State.QUEUED if by else State.KEPT).value,
            "user_id": user_id,
            "useful_until": useful_until,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    if by is not None:
        await enqueue(ctx, DeliverMessage(message_id), key=f"mail:{message_id}")
    return message_id
