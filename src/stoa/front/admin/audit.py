"""`/admin/audit`: who did what to what, from where; each event opens into what it changed."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import Stream

from stoa.foundation.audit import queries
from stoa.foundation.audit.types import Filter, differences, label
from stoa.foundation.identity.actions.devices import describe
from stoa.front.admin.filters import day_end, newest, older, text
from stoa.front.page import page
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import CtxDep, Path, access

LIMIT = 50


def _day_start(request: Request[Any, Any, Any], name: str) -> datetime | None:
    chosen = text(request, name)
    if chosen is None:
        return None
    try:
        day = date.fromisoformat(chosen)
    except ValueError:
        raise Invalid(fields={name: "Please give a day, such as 2026-05-03"}) from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _wanted(request: Request[Any, Any, Any]) -> Filter:
    return Filter(
        who=text(request, "who"),
        action=text(request, "action"),
        subject=text(request, "subject"),
        subject_id=text(request, "subject_id"),
        address=text(request, "address"),
        since=_day_start(request, "since"),
        until=day_end(request, "until"),
    )


def _chosen(request: Request[Any, Any, Any]) -> dict[str, str | None]:
    return {name: text(request, name) for name in (*Filter.__struct_fields__,)}


@get("/admin/audit", opt=access("admin"))
async def list_events(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """What was done, newest first."""
    found = await queries.events(ctx, _wanted(request), cursor=request.query_params.get("cursor"), limit=LIMIT)
    chosen = _chosen(request)
    given = {name: value for name, value in chosen.items() if value}
    return await page(
        request,
        ctx,
        "admin/audit.html",
        events=found.items,
        chosen=chosen,
        label=label,
        export="/admin/audit/export" + (f"?{urlencode(given)}" if given else ""),
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/audit/export", opt=access("admin"))
async def export(request: Request[Any, Any, Any], ctx: CtxDep) -> Stream:
    """All that fits as CSV, sent while it is read."""
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "private, no-store"}
    return Stream(await queries.as_csv(ctx, _wanted(request)), media_type="text/csv", headers=headers)


@get("/admin/audit/{event_id:uuid}", opt=access("admin"))
async def show_event(request: Request[Any, Any, Any], ctx: CtxDep, event_id: Path[UUID]) -> Response[str]:
    """One event, with what it changed."""
    event = await queries.event(ctx, event_id)
    if event is None:
        raise NotFound("There is no such event")
    return await page(
        request,
        ctx,
        "admin/audit_event.html",
        event=event,
        label=label,
        device=describe(event.user_agent),
        changes=differences(event.before, event.after),
    )


routes = [list_events, export, show_event]
