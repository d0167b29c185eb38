"""`enqueue`: a job is a row, written in the business transaction. It runs when that commits, and not if it does not."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, maybe, run, value
from stoa.kit.ids import new_id
from stoa.kit.queue.bell import wake_workers
from stoa.kit.queue.job import Job, Options, options_of, type_name

_INSERT: Statement[UUID | None] = value(
    UUID | None,
    """
    insert into jobs (id, queue, type, payload, state, priority, outside, scheduled_at, run_at, max_attempts,
                      backoff_s, timeout_s, key, unique_key, trace_id, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13, $14, $15)
    on conflict (type, unique_key) where unique_key is not null and state in ('scheduled', 'waiting') do nothing
    returning id
    """,
)


class _Waiting(msgspec.Struct):
    id: UUID
    attempts: int
    run_at: datetime


# The lock keeps a worker from starting the job before this transaction commits: it could not see what was changed here.
# It is shared, so that many transactions can point at the same waiting job at once.
_WAITING = maybe(
    _Waiting,
    """
    select id, attempts, run_at from jobs
    where type = $1 and unique_key = $2 and state in ('scheduled', 'waiting') for key share
    """,
)
_SOONER = run(
    """
    update jobs set run_at = $2, scheduled_at = $2, state = $3
    where id = $1 and state in ('scheduled', 'waiting') and run_at > $2 -- somebody else may have asked for it sooner
    """
)


async def enqueue(
    ctx: Ctx, job: Job, *, run_at: datetime | None = None, key: str | None = None, unique: str | None = None
) -> UUID:
    """Queues a job in the transaction of `ctx` and answers its id.

    run_at: not before. key: jobs of one key run one after the other, in the order they were queued; one that is to be
    retried keeps its place. unique: while a job of this type with this value waits, no second one is added; the id of
    the first is answered, and the earlier of the two times counts. Meant for work that many changes ask for, such as
    "rebuild this page": the job starts after the last of the transactions that asked for it.
    """
    cls = type(job)
    return await insert_job(
        ctx,
        type_=type_name(cls),
        payload=job,
        options=options_of(cls),
        run_at=run_at,
        key=key,
        unique=unique,
    )


async def insert_job(
    ctx: Ctx,
    *,
    type_: str,
    payload: Any,
    options: Options,
    run_at: datetime | None = None,
    key: str | None = None,
    unique: str | None = None,
) -> UUID:
    """`enqueue` for a job that is known by its name."""
    due = run_at is None or run_at <= ctx.now
    at = run_at or ctx.now
    state = "waiting" if due else "scheduled"
    while True:
        id_ = await _INSERT(
            ctx.db,
            new_id(),
            options.queue,
            type_,
            payload,
            state,
            options.priority,
            options.outside,
            at,
            options.max_attempts,
            options.backoff_s,
            options.timeout_s,
            key,
            unique,
            ctx.trace_id,
            ctx.now,
        )
        if id_ is not None:
            await wake_workers(ctx)
            return id_
        waiting = await _WAITING(ctx.db, type_, unique)
        if waiting is None:  # a worker has just started it, so it may not see this transaction: a new one is needed
            continue
        if waiting.attempts == 0 and waiting.run_at > at:
            await _SOONER(ctx.db, waiting.id, at, state)
        await wake_workers(ctx)  # while this transaction held the lock, a worker may have passed it by
        return waiting.id
