"""`/admin/mail`: messages to people outside, what became of them, and, where nobody sends them, what they say."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import MediaType, Request, Response, get, post

from stoa.foundation.identity.queries import user_by_id
from stoa.foundation.mail import actions as mail
from stoa.foundation.mail import queries
from stoa.foundation.mail.actions import delivery
from stoa.foundation.mail.types import Body, Channel, SealedMessage, State
from stoa.front import flash
from stoa.front.admin.filters import choice, newest, older, text
from stoa.front.page import page, see_other
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.pagination import decode, keyset

LIMIT: Final = 50
STATES: Final = tuple(state.value for state in State)
CHANNELS: Final = tuple(channel.value for channel in Channel)
# A mail runs nothing, loads nothing and sends nothing here; its links open in a window of their own.
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    )
)


@get("/admin/mail", opt=access("admin"))
async def list_mail(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Messages, newest first."""
    state, channel = choice(request, "state", STATES), choice(request, "channel", CHANNELS)
    recipient = text(request, "recipient")
    scope = f"mail.{state}.{channel}.{recipient}"
    before = decode(request.query_params.get("cursor"), tuple[datetime, UUID], scope=scope)
    rows = await queries.messages(
        ctx, state=state, channel=channel, recipient=recipient, before=before, limit=LIMIT + 1
    )
    found = keyset(rows, LIMIT, scope=scope, key=lambda row: (row.created_at, row.id))
    return await page(
        request,
        ctx,
        "admin/mail.html",
        messages=found.items,
        states=STATES,
        channels=[(Channel.EMAIL.value, "Mail"), (Channel.SMS.value, "Text message")],
        chosen={"state": state, "channel": channel, "recipient": recipient},
        sends=mail.can_send(ctx, Channel.EMAIL),
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/mail/{message_id:uuid}", opt=access("admin"))
async def show_mail(request: Request[Any, Any, Any], ctx: CtxDep, message_id: Path[UUID]) -> Response[str]:
    """One message; what it says only while it is kept here instead of being sent."""
    message = await _message(ctx, message_id)
    sendable = message.state in (State.FAILED, State.KEPT) and message.sealed is not None
    return await page(
        request,
        ctx,
        "admin/mail_message.html",
        message=message,
        body=_shown(ctx, message),
        erased=message.sealed is None,
        sendable=sendable and mail.can_send(ctx, Channel(message.channel)),
    )


@get("/admin/mail/{message_id:uuid}/html", opt=access("admin"))
async def show_html(ctx: CtxDep, message_id: Path[UUID]) -> Response[str]:
    """The HTML part alone, for a frame that lets it do nothing."""
    body = _shown(ctx, await _message(ctx, message_id))
    if body is None or body.html is None:
        raise NotFound
    html = body.html.replace("<head>", '<head><base target="_blank">', 1)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return Response(content=html, media_type=MediaType.HTML, headers=headers)


@post("/admin/mail/test", opt=access("admin"))
async def send_test(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """A mail to whoever asks, so that they see whether mail arrives."""
    me = await user_by_id(ctx, ctx.member.id)
    if me is None:
        raise NotFound
    values = {"username": me.username, "href": mail.link(ctx, "/admin/mail")}
    message_id = await mail.send(ctx, to=me.email, template="test_mail", values=values, user_id=me.id)
    back = see_other(f"/admin/mail/{message_id}")
    flash.add(request, back, flash.Toast(f"A test mail to {me.email} is written.", "good"))
    return back


@post("/admin/mail/{message_id:uuid}/send", opt=access("admin"))
async def send(request: Request[Any, Any, Any], ctx: CtxDep, message_id: Path[UUID]) -> Response[Any]:
    """Queues a message that failed, or that was kept while there was nobody to send it by."""
    back = see_other(f"/admin/mail/{message_id}")
    try:
        await delivery.send_again(ctx, message_id)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
    else:
        flash.add(request, back, flash.Toast("It is on its way again.", "good"))
    return back


async def _message(ctx: Ctx, message_id: UUID) -> SealedMessage:
    message = await queries.MESSAGE(ctx.db, message_id)
    if message is None:
        raise NotFound
    return message


def _shown(ctx: Ctx, message: SealedMessage) -> Body | None:
    """What is on its way holds links that are for its recipient alone, and is nobody else's to read."""
    return queries.open_body(ctx.app.keyring, message) if message.state == State.KEPT else None


routes = [list_mail, show_mail, show_html, send_test, send]
