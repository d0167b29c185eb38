"""Reads of what was written down. Each filter leads the way by its own index; the others only sift."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from stoa.foundation.audit.types import Activity, AuditEvent, Filter
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import Statement, many, maybe, value
from stoa.kit.pagination import Page, decode, keyset

EXPORTED_AT_ONCE: Final = 1000

_COLUMNS: Final = """id, at, actor_id, actor_name, action, subject, subject_id, before, after, address, user_agent,
    session_id, trace_id"""
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)
_START: Final = (_LAST, UUID(int=2**128 - 1))
_LEADING: Final = {
    "subject_id": "subject_id = $1",
    "who": "actor_id = $2::uuid",
    "address": "address = $3 and address <> ''",
    "action": "action ^@ $4",
}
_ANY: Final = {
    "subject_id": "($1::text is null or subject_id = $1)",
    "who": "($2::uuid is null or actor_id = $2)",
    "address": "($3::text is null or address = $3)",
    "action": "($4::text is null or action ^@ $4)",
    "subject": "($5::text is null or subject = $5)",
}


def _listed(leader: str | None) -> Statement[list[AuditEvent]]:
    conditions = [_LEADING[name] if name == leader else condition for name, condition in _ANY.items()]
    return many(
        AuditEvent,
        f"""
        select {_COLUMNS} from audit_events
        where {" and ".join(conditions)} and at >= $6 and at < $7 and (at, id) < ($8, $9::uuid)
        order by at desc, id desc limit $10
        """,
    )


# A subject's kind alone leads nowhere: there are few kinds, and what is newest comes soon.
_LEADERS: Final = ("subject_id", "who", "address", "action")
_LISTED: Final = {leader: _listed(leader) for leader in (*_LEADERS, None)}
_EVENT = maybe(AuditEvent, f"select {_COLUMNS} from audit_events where id = $1")
_ID_OF_NAME: Statement[UUID | None] = value(UUID | None, "select id from users where lower(username) = lower($1)")
_ACTIVITY = many(
    AuditEvent,
    f"""
    select {_COLUMNS} from (
      (select {_COLUMNS} from audit_events where actor_id = $1 and (at, id) < ($2, $3::uuid)
       order by at desc, id desc limit $4)
      union all
      (select {_COLUMNS} from audit_events where subject_id = $1::text and subject = 'user'
         and actor_id is distinct from $1 and (at, id) < ($2, $3::uuid)
       order by at desc, id desc limit $4)
    ) both_ways order by at desc, id desc limit $4
    """,
)


_Found: TypeAlias = tuple[Statement[list[AuditEvent]], tuple[Any, ...]]  # with its first arguments


async def events(ctx: Ctx, wanted: Filter, *, cursor: str | None = None, limit: int = 50) -> Page[AuditEvent]:
    """Events that fit, newest first. Raises Invalid for a cursor of another list."""
    scope = f"audit.{wanted}"
    place = decode(cursor, tuple[datetime, UUID], scope=scope) or _START
    found = await _matching(ctx, wanted)
    rows = await found[0](ctx.db, *found[1], *place, limit + 1) if found else []
    return keyset(rows, limit, scope=scope, key=lambda row: (row.at, row.id))


async def as_csv(ctx: Ctx, wanted: Filter) -> AsyncIterator[str]:
    """All events that fit as CSV, newest first, with a line of names; parts of any length.

    Read little by little, each time on a connection of its own for a moment: the request's is given back by then.
    """
    return _csv(ctx.app, await _matching(ctx, wanted))


async def _csv(app: App, found: _Found | None) -> AsyncIterator[str]:
    yield _lines([AuditEvent.__struct_fields__])
    place: tuple[datetime, UUID] | None = _START if found else None
    while found and place:
        async with app.database.connection() as db:
            rows = await found[0](db, *found[1], *place, EXPORTED_AT_ONCE)
        yield _lines([_cell(value) for value in msgspec.structs.astuple(row)] for row in rows)
        place = (rows[-1].at, rows[-1].id) if len(rows) == EXPORTED_AT_ONCE else None


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    """As text; what a spreadsheet would take for a formula is quoted."""
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case dict():
            return msgspec.json.encode(value).decode()
        case _:
            text = str(value)
            return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


async def event(ctx: Ctx, event_id: UUID) -> AuditEvent | None:
    """One event, or None."""
    return await _EVENT(ctx.db, event_id)


async def own_activity(ctx: Ctx, *, cursor: str | None = None, limit: int = 20) -> Page[Activity]:
    """What the actor did, and what was done to their account, newest first."""
    me = ctx.member.id
    place = decode(cursor, tuple[datetime, UUID], scope="audit.own") or _START
    rows = await _ACTIVITY(ctx.db, me, *place, limit + 1)
    page = keyset(rows, limit, scope="audit.own", key=lambda row: (row.at, row.id))
    return Page(items=[_as_own(row, me) for row in page.items], next_cursor=page.next_cursor)


def _as_own(row: AuditEvent, me: UUID) -> Activity:
    by_me = row.actor_id == me
    # Somebody whom nobody knows yet, at the log-in: where they were is just what the owner should see.
    seen = by_me or row.actor_id is None
    reason = (row.after or {}).get("reason")
    return Activity(
        id=row.id,
        at=row.at,
        action=row.action,
        by_me=by_me,
        address=row.address if seen else "",
        user_agent=row.user_agent if seen else "",
        reason=reason if isinstance(reason, str) else None,
        details=row.after if seen else None,
    )


async def _matching(ctx: Ctx, wanted: Filter) -> _Found | None:
    """The statement and its first arguments; None where nothing can fit."""
    who = None
    if wanted.who is not None:
        who = _uuid(wanted.who) or await _ID_OF_NAME(ctx.db, wanted.who.removeprefix("@"))
        if who is None:
            return None
    given = {"subject_id": wanted.subject_id, "who": who, "address": wanted.address, "action": wanted.action}
    leader = next((name for name in _LEADERS if given[name] is not None), None)
    # Within what PostgreSQL and Python both know of, in every zone.
    since, until = (min(max(at, _FIRST), _LAST) for at in (wanted.since or _FIRST, wanted.until or _LAST))
    return _LISTED[leader], (*given.values(), wanted.subject, since, until)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
