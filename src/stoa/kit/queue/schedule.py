"""Periodic tasks: a due row of job_schedules is turned into a job by whichever worker locks it, and by no other."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from stoa.kit.clock import utcnow
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import Statement, many, run, value
from stoa.kit.ids import new_id
from stoa.kit.queue.cron import Cron
from stoa.kit.queue.enqueue import insert_job
from stoa.kit.queue.job import PERIODIC, Periodic

# A changed rule starts anew; an unchanged one keeps its place, so that a restart neither skips nor repeats.
_DECLARE = run(
    """
    insert into job_schedules as known (name, every_s, cron, next_at) values ($1, $2, $3, $4)
    on conflict (name) do update set every_s = excluded.every_s, cron = excluded.cron, next_at = excluded.next_at
    where known.every_s is distinct from excluded.every_s or known.cron is distinct from excluded.cron
       or known.next_at > excluded.next_at -- a clock that was ahead has put it off
    """
)


class _Due(msgspec.Struct):
    name: str
    next_at: datetime


_DUE = many(
    _Due,
    """
    select name, next_at from job_schedules where name = any($1::text[]) and next_at <= $2
    order by next_at for update skip locked
    """,
)
_FIRED = run("update job_schedules set next_at = $2, last_at = $3, last_job_id = $4 where name = $1")
_NEXT: Statement[datetime | None] = value(
    datetime | None, "select min(next_at) from job_schedules where name = any($1::text[])"
)


async def declare(app: App, periodic: Mapping[str, Periodic] = PERIODIC) -> None:
    """Makes sure that each task has its row. A new one first runs after its first period."""
    now = utcnow()
    async with app.database.connection() as db:
        for task in periodic.values():
            await _DECLARE(db, task.name, task.every_s, task.cron, following(task, now))


async def fire_due(app: App, now: datetime, periodic: Mapping[str, Periodic] = PERIODIC) -> list[UUID]:
    """Queues the job of each task that is due, and moves the task on, in one transaction. Answers the jobs' ids.

    However many periods have passed since, it is one job. While one of the same task waits, that one stands for both.
    """
    fired: list[UUID] = []
    async with app.database.transaction() as db:
        for due in await _DUE(db, list(periodic), now):
            task = periodic[due.name]
            ctx = Ctx(db, None, now, new_id().hex, app)
            id_ = await insert_job(
                ctx,
                type_=task.handler.name,
                payload={},
                options=task.handler.options,
                key=task.handler.name,
                unique="",
            )
            await _FIRED(db, due.name, following(task, now, after=due.next_at), now, id_)
            fired.append(id_)
    return fired


async def next_at(app: App, periodic: Mapping[str, Periodic] = PERIODIC) -> datetime | None:
    """When the next task is due, or None without any."""
    async with app.database.connection() as db:
        return await _NEXT(db, list(periodic))


def following(task: Periodic, now: datetime, after: datetime | None = None) -> datetime:
    """The first time of the task after `now`, in step with `after`, the time at which it was last due."""
    if task.cron is not None:
        return Cron(task.cron).after(now)
    assert task.every_s is not None
    period = timedelta(seconds=task.every_s)
    if after is None or after > now:
        return now + period
    return after + period * ((now - after) // period + 1)
