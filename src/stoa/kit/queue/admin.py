"""What an administrator sees and does: how many jobs are where, lists, one job, dead letters, retry and discard."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, many, maybe, run, value
from stoa.kit.errors import Conflict, NotFound
from stoa.kit.pagination import Page, decode, keyset
from stoa.kit.queue.bell import wake_workers

State = Literal["scheduled", "waiting", "running", "done", "dead", "discarded"]
OPEN_STATES: Final = ("scheduled", "waiting", "running")


class QueueCount(msgspec.Struct):
    """Jobs of one queue in one state. `done` and `discarded` count the last hour only."""

    queue: str
    state: str
    count: int


class JobView(msgspec.Struct):
    """A line of a list of jobs. `run_at`: when the next attempt is due, or was."""

    id: UUID
    queue: str
    type: str
    state: str
    priority: int
    key: str | None
    attempts: int
    max_attempts: int
    run_at: datetime
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: int | None
    progress_message: str | None
    error: str | None


class JobDetail(msgspec.Struct):
    """Everything about one job. `last_error` is a traceback, cut off at the beginning."""

    id: UUID
    queue: str
    type: str
    payload: Any
    state: str
    priority: int
    outside: bool
    scheduled_at: datetime
    run_at: datetime
    attempts: int
    max_attempts: int
    backoff_s: float
    timeout_s: float
    key: str | None
    unique_key: str | None
    trace_id: str
    worker_id: int | None
    lease_until: datetime | None
    progress: int | None
    progress_message: str | None
    result: Any
    last_error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Minute(msgspec.Struct):
    """Jobs that ended within the minute that begins at `minute`."""

    minute: datetime
    done: int
    dead: int


class ScheduleView(msgspec.Struct):
    """A periodic task: its rule, when it runs next, its last run and how that ended."""

    name: str
    every_s: float | None
    cron: str | None
    next_at: datetime
    last_at: datetime | None
    last_job_id: UUID | None
    last_state: str | None


class JobNotDead(Conflict):
    """Only a dead letter can be retried or discarded."""

    code = "job_not_dead"
    title = "This job is not a dead letter any more"


class NewerWaiting(Conflict):
    """A job that does the same work waits already."""

    code = "job_newer_waiting"
    title = "A newer job for the same work is waiting already; discard this one"


_LINE = """
    select id, queue, type, state, priority, key, attempts, max_attempts, run_at, created_at, started_at, finished_at,
           progress, progress_message, right(last_error, 300) as error
    from jobs
"""
_FILTER = "and ($1::text is null or queue = $1) and ($2::text is null or type = $2)"

COUNTS = many(
    QueueCount,
    """
    select queue, state, count(*) as count from jobs where state = 'scheduled' group by queue, state
    union all select queue, state, count(*) from jobs where state = 'waiting' group by queue, state
    union all select queue, state, count(*) from jobs where state = 'running' group by queue, state
    union all select queue, state, count(*) from jobs where state = 'dead' group by queue, state
    union all
    select queue, state, count(*) from jobs
    where state in ('done', 'discarded') and finished_at > $1::timestamptz - interval '1 hour' group by queue, state
    order by queue, state
    """,
)
# Newest first. The open states are read through their own small indexes, the ended ones by when they ended.
_LISTS: Final = {
    state: many(
        JobView,
        f"""{_LINE} where state = '{state}' {_FILTER} and ($3::uuid is null or id < $3) order by id desc limit $4""",
    )
    for state in OPEN_STATES
} | {
    state: many(
        JobView,
        f"""{_LINE} where state = '{state}' {_FILTER}
        and ($3::timestamptz is null or (finished_at, id) < ($3, $4::uuid)) order by finished_at desc, id desc limit $5
        """,
    )
    for state in ("done", "dead", "discarded")
}
_ALL = many(JobView, f"{_LINE} where true {_FILTER} and ($3::uuid is null or id < $3) order by id desc limit $4")
_JOB = maybe(
    JobDetail,
    """
    select id, queue, type, payload, state, priority, outside, scheduled_at, run_at, attempts, max_attempts, backoff_s,
           timeout_s, key, unique_key, trace_id, worker_id, lease_until, progress, progress_message, result, last_error,
           created_at, started_at, finished_at
    from jobs where id = $1
    """,
)
_THROUGHPUT = many(
    Minute,
    """
    select minute, coalesce(done, 0) as done, coalesce(dead, 0) as dead
    from generate_series(date_trunc('minute', $1::timestamptz) - interval '59 minutes',
                         date_trunc('minute', $1::timestamptz), interval '1 minute') as minute
    left join (
        select date_trunc('minute', finished_at) as at, count(*) as done from jobs
        where state in ('done', 'discarded') and state = 'done' and finished_at > $1::timestamptz - interval '1 hour'
        group by 1) as ended on ended.at = minute
    left join (
        select date_trunc('minute', finished_at) as at, count(*) as dead from jobs
        where state = 'dead' and finished_at > $1::timestamptz - interval '1 hour'
        group by 1) as died on died.at = minute
    order by minute
    """,
)
_OLDEST: Statement[datetime | None] = value(datetime | None, "select min(run_at) from jobs where state = 'waiting'")
_SCHEDULES = many(
    ScheduleView,
    """
    select s.name, s.every_s, s.cron, s.next_at, s.last_at, s.last_job_id, j.state as last_state
    from job_schedules s left join jobs j on j.id = s.last_job_id order by s.name
    """,
)
_REVIVE = run(
    """
    update jobs set state = 'waiting', attempts = 0, finished_at = null, run_at = $2, progress = null,
                    progress_message = null
    where id = $1 and state = 'dead'
    """
)
_REVIVE_ALL = run(
    """
    update jobs set state = 'waiting', attempts = 0, finished_at = null, run_at = $2, progress = null,
                    progress_message = null
    where type = $1 and state = 'dead' and unique_key is null
    """
)
_DISCARD = run("update jobs set state = 'discarded', finished_at = $2 where id = $1 and state = 'dead'")


async def counts(ctx: Ctx) -> list[QueueCount]:
    """How many jobs each queue has in each state."""
    return await COUNTS(ctx.db, ctx.now)


async def jobs(
    ctx: Ctx,
    *,
    state: State | None = None,
    queue: str | None = None,
    type_: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[JobView]:
    """A page of jobs, the newest first; of ended ones, those that ended last. Raises Invalid for a broken cursor."""
    scope = f"kit.jobs.{state}"
    if state is None or state in OPEN_STATES:
        statement = _ALL if state is None else _LISTS[state]
        place = decode(cursor, tuple[UUID], scope=scope)
        found = await statement(ctx.db, queue, type_, place and place[0], limit + 1)
        return keyset(found, limit, scope=scope, key=lambda row: (row.id,))
    place = decode(cursor, tuple[datetime, UUID], scope=scope)
    found = await _LISTS[state](ctx.db, queue, type_, *(place or (None, None)), limit + 1)
    return keyset(found, limit, scope=scope, key=lambda row: (row.finished_at, row.id))


async def dead(ctx: Ctx, *, cursor: str | None = None, limit: int = 50) -> Page[JobView]:
    """A page of dead letters: jobs that failed as often as they may. The last to die first."""
    return await jobs(ctx, state="dead", cursor=cursor, limit=limit)


async def job(ctx: Ctx, id_: UUID) -> JobDetail:
    """Everything about one job. Raises NotFound."""
    found = await _JOB(ctx.db, id_)
    if found is None:
        raise NotFound
    return found


async def throughput(ctx: Ctx) -> list[Minute]:
    """The last 60 minutes, the oldest first, each with what ended in it."""
    return await _THROUGHPUT(ctx.db, ctx.now)


async def oldest_waiting_s(ctx: Ctx) -> float:
    """For how many seconds the job that is due the longest has been waiting; 0 when none is."""
    oldest = await _OLDEST(ctx.db)
    return 0.0 if oldest is None else max(0.0, (ctx.now - oldest).total_seconds())


async def schedules(ctx: Ctx) -> list[ScheduleView]:
    """The periodic tasks by name."""
    return await _SCHEDULES(ctx.db)


async def retry(ctx: Ctx, id_: UUID) -> None:
    """Puts a dead letter back into its queue, with all its attempts. Raises NotFound, JobNotDead, NewerWaiting."""
    try:
        async with ctx.db.transaction():
            changed = await _REVIVE(ctx.db, id_, ctx.now)
    except asyncpg.UniqueViolationError:
        raise NewerWaiting from None
    await _changed_or_raise(ctx, id_, changed)
    await wake_workers(ctx)


async def retry_all(ctx: Ctx, type_: str) -> int:
    """Puts all dead letters of a type back, say after a fault was corrected; answers how many.

    Those with a unique key are left: they can only be retried one by one.
    """
    changed = await _REVIVE_ALL(ctx.db, type_, ctx.now)
    await wake_workers(ctx)
    return changed


async def discard(ctx: Ctx, id_: UUID) -> None:
    """Gives a dead letter up for good. Raises NotFound, JobNotDead."""
    await _changed_or_raise(ctx, id_, await _DISCARD(ctx.db, id_, ctx.now))


async def _changed_or_raise(ctx: Ctx, id_: UUID, changed: int) -> None:
    if not changed:
        await job(ctx, id_)
        raise JobNotDead
