"""`/admin/webhooks`: what gateways sent, whether it was believed, and what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.front import flash
from stoa.front.admin.filters import choice, newest, older
from stoa.front.page import page, see_other
from stoa.kit.errors import Conflict
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.pagination import decode, keyset
from stoa.money.payments import queries as payments
from stoa.money.payments.actions import webhooks
from stoa.money.payments.queries.accounts import health
from stoa.money.payments.types.accounts import LABELS
from stoa.operations.admin import queries

NAMES: dict[str, str] = {str(name): label for name, label in LABELS.items()} | {"sandbox": "Test gateway"}
HEALTH = {
    "quiet": ("Nothing yet", ""),
    "well": ("Working", "good"),
    "late": ("Late", "warn"),
    "failing": ("Failing", "bad"),
}
STATES = ("waiting", "refused", "applied", "unchanged", "rejected")
LIMIT = 50


@get("/admin/webhooks", opt=access("admin"))
async def list_webhooks(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """The inbox, newest first."""
    state = choice(request, "state", STATES)
    scope = f"webhook-events.{state}"
    before = decode(request.query_params.get("cursor"), tuple[datetime, UUID], scope=scope)
    rows = await payments.inbox(ctx, state=state, before=before, limit=LIMIT + 1)
    found = keyset(rows, LIMIT, scope=scope, key=lambda row: (row.received_at, row.id))
    return await page(
        request,
        ctx,
        "admin/webhooks.html",
        events=found.items,
        states=STATES,
        state=state,
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/webhooks/health", opt=access("admin"))
async def show_health(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """How webhooks come in, per gateway, and per creator with one of their own."""
    return await page(request, ctx, "admin/webhook_health.html", rows=await health(ctx), health=HEALTH, names=NAMES)


@get("/admin/webhooks/{event_id:uuid}", opt=access("admin"))
async def show_webhook(request: Request[Any, Any, Any], ctx: CtxDep, event_id: Path[UUID]) -> Response[str]:
    """One event with what arrived."""
    event = await queries.webhook(ctx, event_id)
    try:
        body = msgspec.json.format(event.body.encode()).decode()
    except (msgspec.DecodeError, UnicodeError):
        body = event.body
    return await page(request, ctx, "admin/webhook.html", event=event, body=body)


@post("/admin/webhooks/{event_id:uuid}/repeat", opt=access("admin"))
async def repeat(request: Request[Any, Any, Any], ctx: CtxDep, event_id: Path[UUID]) -> Response[Any]:
    """Has a verified event that is not applied tried again."""
    back = see_other(f"/admin/webhooks/{event_id}")
    try:
        await webhooks.repeat(ctx, event_id)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
    else:
        flash.add(request, back, flash.Toast("It is tried again at once.", "good"))
    return back


routes = [list_webhooks, show_health, show_webhook, repeat]
