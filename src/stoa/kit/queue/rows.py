"""The statements that move a job from state to state. Each change is fenced by worker and attempt.

    scheduled -> waiting -> running -> done | scheduled (retry) | dead;   dead -> waiting (retried by hand) | discarded

A job that was taken over by another worker has another `worker_id` or `attempts`; then the fenced statement finds no
row, and whoever lost the job rolls back what it did.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from stoa.kit.db import Statement, many, run, value

# The first half of the advisory lock that a worker holds as long as it lives; the second half is its `worker_id`.
WORKER_LOCK = 0x53746F61


class Claimed(msgspec.Struct, frozen=True):
    """A job as the worker that claimed it sees it. `attempt` counts this one."""

    id: UUID
    seq: int
    type: str
    payload: Any
    priority: int
    attempt: int
    max_attempts: int
    backoff_s: float
    timeout_s: float
    outside: bool
    key: str | None
    trace_id: str
    worker_id: int
    waited_s: float


# $1 queues or null, $2 now, $3 how many, $4 worker, $5 seconds of lease. Of one key only the first in order is taken,
# and only while none of them runs: one that waits is before the next whatever the claimer's clock says, and of those
# that failed and will be tried again, what was due. A unique index holds that also when two claims cross.
# `any(array(...))` makes the planner go by the primary key, whatever it believes about the limit.
CLAIM = many(
    Claimed,
    """
    update jobs set state = 'running', attempts = attempts + 1, worker_id = $4, started_at = clock_timestamp(),
                    lease_until = clock_timestamp() + make_interval(secs => $5),
                    progress = null, progress_message = null
    where id = any(array(
        select j.id from jobs j
        where j.state = 'waiting'
          and ($1::text[] is null or j.queue = any($1))
          and (j.key is null or not exists (
                select from jobs other
                where other.key = j.key and other.state in ('scheduled', 'waiting', 'running')
                  and (other.state = 'running'
                    or (other.seq < j.seq and (other.state = 'waiting' or other.scheduled_at <= $2)))))
        order by j.priority desc, j.seq
        limit $3
        for update of j skip locked))
    returning id, seq, type, payload, priority, attempts as attempt, max_attempts, backoff_s, timeout_s, outside,
              key, trace_id, worker_id, extract(epoch from started_at - run_at)::float8 as waited_s
    """,
)

# $1 id, $2 worker, $3 attempt in all that follow.
END = run(
    """
    update jobs set state = 'done', finished_at = clock_timestamp(), worker_id = null, lease_until = null, result = $4
    where id = $1 and state = 'running' and worker_id = $2 and attempts = $3
    """
)

RETRY = run(
    """
    update jobs set state = 'scheduled', worker_id = null, lease_until = null, last_error = $4, run_at = $5
    where id = $1 and state = 'running' and worker_id = $2 and attempts = $3
    """
)

BURY = run(
    """
    update jobs set state = $5, finished_at = clock_timestamp(), worker_id = null, lease_until = null, last_error = $4
    where id = $1 and state = 'running' and worker_id = $2 and attempts = $3
    """
)

GIVE_BACK = run(
    """
    update jobs set state = 'waiting', worker_id = null, lease_until = null, attempts = attempts - 1
    where id = $1 and state = 'running' and worker_id = $2 and attempts = $3
    """
)

# Of a periodic task only the newest dead letter is worth keeping: the next run repeats the work.
DROP_OLDER_DEAD = run("delete from jobs where type = $1 and state = 'dead' and id <> $2")

PROMOTE = run(
    """
    update jobs set state = 'waiting' where id = any(array(
        select id from jobs where state = 'scheduled' and run_at <= $1 order by run_at limit 1000
        for update skip locked))
    """
)

NEXT_DUE: Statement[datetime | None] = value(datetime | None, "select min(run_at) from jobs where state = 'scheduled'")


class Renewed(msgspec.Struct):
    """A job whose lease goes on."""

    id: UUID


RENEW = many(
    Renewed,
    """
    update jobs set lease_until = clock_timestamp() + make_interval(secs => $3)
    where id = any($1::uuid[]) and state = 'running' and worker_id = $2 returning id
    """,
)


class Lost(msgspec.Struct, frozen=True):
    """A running job that nobody runs any more."""

    id: UUID
    type: str
    attempt: int
    max_attempts: int
    backoff_s: float
    worker_id: int


# A database-only job of a worker whose session has ended has left no trace, so it is taken over at once. The end of a
# session does not prove that the process has ended: a job with an effect outside is taken over when its lease is over.
LOST = many(
    Lost,
    """
    select id, type, attempts as attempt, max_attempts, backoff_s, worker_id from jobs
    where state = 'running' and (lease_until < clock_timestamp() or (not outside and not exists (
        select from pg_locks
        where locktype = 'advisory' and classid = $1::bigint::oid and objid = jobs.worker_id::oid and objsubid = 2
          and database = (select oid from pg_database where datname = current_database()))))
    """,
)

LOCK_WORKER: Statement[bool] = value(bool, "select pg_try_advisory_lock($1, $2)")

SET_PROGRESS = run("update jobs set progress = $2, progress_message = $3 where id = $1 and state = 'running'")

UNLOCK_WORKER: Statement[bool] = value(bool, "select pg_advisory_unlock($1, $2)")
