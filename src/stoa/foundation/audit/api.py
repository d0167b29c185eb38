"""`/api/v1/admin/audit`: what was done, for administrators; `/api/v1/users/me/activity`: for everybody, their own."""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from stoa.foundation.audit import queries
from stoa.foundation.audit.types import Activity, AuditEvent, Filter
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.pagination import Page

Text: TypeAlias = Annotated[str | None, QueryParameter(max_length=200)]
Moment: TypeAlias = Annotated[datetime | None, QueryParameter(description="With its zone")]


def _zoned(wanted: Filter) -> Filter:
    without = [name for name in ("since", "until") if (at := getattr(wanted, name)) is not None and at.tzinfo is None]
    if without:
        raise Invalid(fields=dict.fromkeys(without, "Please give the time with its zone, such as 2026-03-01T00:00:00Z"))
    return wanted


@get(["/api/v1/admin/audit", "/api/v1/admin/audit-logs"], opt=access("admin"))
async def list_events(
    ctx: CtxDep,
    who: Text = None,
    action: Text = None,
    subject: Text = None,
    subject_id: Text = None,
    address: Text = None,
    since: Moment = None,
    until: Moment = None,
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[AuditEvent]:
    """What was done, newest first. `who`: a name or an id; `action`: one, or its beginning."""
    wanted = _zoned(Filter(who, action, subject, subject_id, address, since, until))
    return await queries.events(ctx, wanted, cursor=cursor, limit=limit)


@get("/api/v1/admin/audit/{event_id:uuid}", opt=access("admin"))
async def get_event(ctx: CtxDep, event_id: Path[UUID]) -> AuditEvent:
    """One event."""
    found = await queries.event(ctx, event_id)
    if found is None:
        raise NotFound
    return found


@get("/api/v1/admin/audit/export", opt=access("admin", answers=("text/csv",)))
async def export(
    ctx: CtxDep,
    who: Text = None,
    action: Text = None,
    subject: Text = None,
    subject_id: Text = None,
    address: Text = None,
    since: Moment = None,
    until: Moment = None,
) -> Stream:
    """All that fits as CSV, sent while it is read."""
    wanted = _zoned(Filter(who, action, subject, subject_id, address, since, until))
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Stream(await queries.as_csv(ctx, wanted), media_type="text/csv", headers=headers)


@get("/api/v1/users/me/activity", opt=access("member"))
async def own_activity(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 20) -> Page[Activity]:
    """What the actor did that matters for safety, and what was done to their account; newest first."""
    return await queries.own_activity(ctx, cursor=cursor, limit=limit)


routes = [list_events, get_event, export, own_activity]
