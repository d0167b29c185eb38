"""Giving messages to their carriers, and what follows from the answers.

Each attempt is first counted, then made, then its outcome is written down. A worker that dies in between leaves a
message that is still queued, and a job that gives it to the carrier again under the same Message-ID: at least once, and
known as the same where the other side looks.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from stoa.foundation.audit import actions as audit
from stoa.foundation.mail.errors import BodyErased, NotNow, NotToBeSent, Refused
from stoa.foundation.mail.gateways import carrier_for
from stoa.foundation.mail.messages import DeliverMessage
from stoa.foundation.mail.queries import COLUMNS, MESSAGE, open_body
from stoa.foundation.mail.types import Channel, Outgoing, SealedMessage, State
from stoa.kit.crypto import SealBroken
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, run
from stoa.kit.errors import NotFound
from stoa.kit.queue import RetryLater, current_job, enqueue

RETRY_AFTER_S: Final = (15, 60, 180, 600, 1800, 3600)  # the last one for all further attempts
FORGOTTEN_AFTER: Final = timedelta(hours=2)  # longer than the longest pause
BODY_KEPT_FOR: Final = timedelta(days=14)  # of messages that were not delivered
KEPT_FOR: Final = timedelta(days=90)

_BEGIN = maybe(
    SealedMessage,
    f"""update mail_messages set attempts = attempts + 1, updated_at = $2 where id = $1 and state = 'queued'
        returning {COLUMNS}, sealed""",
)
_SENT = run(
    """update mail_messages set state = 'sent', sealed = null, provider_id = $2, last_error = null, updated_at = $3,
         ended_at = $3 where id = $1 and state = 'queued'"""
)
_FAILED = run(
    """update mail_messages set state = 'failed', last_error = $2, updated_at = $3, ended_at = $3,
         sealed = case when $4 then null else sealed end where id = $1 and state = 'queued'"""
)
_NOT_NOW = run("update mail_messages set last_error = $2, updated_at = $3 where id = $1 and state = 'queued'")
_KEPT = run("update mail_messages set state = 'kept', updated_at = $2 where id = $1 and state = 'queued'")
_AGAIN = run(
    """update mail_messages set state = 'queued', last_error = null, updated_at = $2, ended_at = null
       where id = $1 and state in ('failed', 'kept') and sealed is not null"""
)


async def deliver(ctx: Ctx, message_id: UUID) -> None:
    """One attempt. Needs a context outside of any transaction. Raises RetryLater when another one is to follow."""
    message = await _BEGIN(ctx.db, message_id, ctx.now)
    if message is None:
        return
    if message.useful_until is not None and message.useful_until <= ctx.now:
        await _FAILED(ctx.db, message_id, "It could not be sent in time to be of use", ctx.now, True)
        return
    carrier = carrier_for(ctx.app.settings, Channel(message.channel))
    if carrier is None:  # it was switched off meanwhile
        await _KEPT(ctx.db, message_id, ctx.now)
        return
    try:
        outgoing = _opened(ctx, message)
        provider_id = await carrier.deliver(ctx.app, outgoing)
    except Refused as error:
        await _FAILED(ctx.db, message_id, str(error), ctx.now, False)
    except NotNow as error:
        await _later(ctx, message_id, str(error))
    else:
        await _SENT(ctx.db, message_id, provider_id, ctx.now)


def _opened(ctx: Ctx, message: SealedMessage) -> Outgoing:
    try:
        body = open_body(ctx.app.keyring, message)
    except SealBroken as error:
        raise Refused(f"What it says cannot be opened: {error}") from error
    if body is None:
        raise Refused("What it says was erased")
    return Outgoing(
        id=message.id,
        recipient=message.recipient,
        subject=message.subject,
        body=body,
        created_at=message.created_at,
    )


async def _later(ctx: Ctx, message_id: UUID, reason: str) -> None:
    job = current_job()
    attempt = job.attempt if job else 1
    if job is not None and attempt >= job.max_attempts:
        await _FAILED(ctx.db, message_id, reason, ctx.now, False)
        return
    await _NOT_NOW(ctx.db, message_id, reason, ctx.now)
    raise RetryLater(RETRY_AFTER_S[min(attempt, len(RETRY_AFTER_S)) - 1], reason)


async def send_again(ctx: Ctx, message_id: UUID) -> None:
    """Queues a message that failed or was kept. Raises NotFound, NotToBeSent, BodyErased."""
    message = await MESSAGE(ctx.db, message_id)
    if message is None:
        raise NotFound
    if message.state not in (State.FAILED, State.KEPT):
        raise NotToBeSent
    if carrier_for(ctx.app.settings, Channel(message.channel)) is None:
        raise NotToBeSent("There is nobody to send it by: see smtp_url, or the settings of Twilio")
    if message.sealed is None:
        raise BodyErased
    if not await _AGAIN(ctx.db, message_id, ctx.now):  # somebody else was quicker
        raise NotToBeSent
    await enqueue(ctx, DeliverMessage(message_id), key=f"mail:{message_id}")
    await audit.record(ctx, "mail.sent_again", subject="mail", subject_id=message_id, before={"state": message.state})


async def remind(ctx: Ctx) -> int:
    """Orders delivery again of what nobody has touched for long, as when its job became a dead letter."""
    forgotten = await _FORGOTTEN(ctx.db, ctx.now - FORGOTTEN_AFTER)
    for message in forgotten:
        if message.attempts >= 2 * DeliverMessage.max_attempts:
            await _FAILED(ctx.db, message.id, message.last_error or "It ended the process each time", ctx.now, False)
        else:
            await enqueue(ctx, DeliverMessage(message.id), key=f"mail:{message.id}", unique=str(message.id))
    return len(forgotten)


_FORGOTTEN = many(
    SealedMessage,
    f"""select {COLUMNS}, sealed from mail_messages where state = 'queued' and updated_at < $1
        order by updated_at limit 100""",
)


async def prune(ctx: Ctx) -> int:
    """Erases what was said in undelivered messages, then forgets messages; answers how many were touched."""
    erased = await _ERASE(ctx.db, ctx.now - BODY_KEPT_FOR)
    return erased + await _FORGET(ctx.db, ctx.now - KEPT_FOR)


_ERASE = run(
    """update mail_messages set sealed = null
       where created_at < $1 and state in ('failed', 'kept') and sealed is not null"""
)
_FORGET = run("delete from mail_messages where created_at < $1 and state <> 'queued'")
