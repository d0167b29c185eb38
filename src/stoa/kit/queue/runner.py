"""Running one job: its transaction or lease, its time limit, and what becomes of it."""

import asyncio
import random
import time
import traceback
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import structlog

from stoa.kit import metrics
from stoa.kit.clock import utcnow
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import Db
from stoa.kit.queue import rows
from stoa.kit.queue.job import HANDLERS, Handler
from stoa.kit.queue.rows import Claimed

log = structlog.get_logger(__name__)

MAX_BACKOFF_S: Final = 3600.0
MAX_ERROR_CHARS: Final = 8000
MAX_LOGGED_CHARS: Final = 500
RECORD_TRIES: Final = 3

_current: ContextVar[Claimed | None] = ContextVar("stoa_current_job", default=None)


class RetryLater(Exception):
    """Raised by a handler that wants its next attempt after a pause of its own. The attempt counts."""

    def __init__(self, after_s: float, reason: str) -> None:
        self.after_s = after_s
        super().__init__(reason)


class GiveUp(Exception):
    """Raised by a handler when trying again cannot help: the job becomes a dead letter at once."""


class LeaseLost(Exception):
    """Another worker has taken the job over; what this one did in the database is rolled back."""


def current_job() -> Claimed | None:
    """The job this code runs in, or None. Its id is a good idempotency key for the world outside."""
    return _current.get()


async def progress(ctx: Ctx, percent: int, message: str | None = None) -> None:
    """Shows how far the current job is, at once and also from inside its transaction. Without a job it does nothing."""
    job = _current.get()
    if job is not None:
        async with ctx.app.database.connection() as db:
            await rows.SET_PROGRESS(db, job.id, max(0, min(100, percent)), message)


async def attempt(app: App, db: Db, job: Claimed) -> tuple[str, Exception | None]:
    """Runs a claimed job on a connection in autocommit, and records how it ended.

    Answers done, retried, dead, discarded or lost, and the error that ended the attempt.
    """
    started = time.perf_counter()
    token = _current.set(job)
    structlog.contextvars.bind_contextvars(trace_id=job.trace_id, job=job.type, job_id=str(job.id))
    failure: Exception | None = None
    outcome = "done"
    try:
        handler = HANDLERS.get(job.type)
        if handler is None:
            raise LookupError(f"this version of Stoa has no handler for jobs of type {job.type}")
        await _call(app, db, job, handler)
    except LeaseLost as error:
        failure, outcome = error, "lost"
        log.warning("job.lost", attempt=job.attempt)
    except Exception as error:  # whatever a handler raises is its job's failure, never the worker's
        failure = error
        outcome = await _record_failure(app, job, error)
    finally:
        _current.reset(token)
    metrics.observe_job(job.type, outcome, time.perf_counter() - started, job.waited_s)
    return outcome, failure


async def _call(app: App, db: Db, job: Claimed, handler: Handler) -> None:
    payload = handler.decode(job.payload)
    ctx = Ctx(db, None, utcnow(), job.trace_id, app)
    try:
        async with asyncio.timeout(job.timeout_s):
            if handler.options.outside:
                result = await handler.call(ctx, payload)
                if not await rows.END(db, job.id, job.worker_id, job.attempt, result):
                    raise LeaseLost
            else:
                async with db.transaction():
                    result = await handler.call(ctx, payload)
                    if not await rows.END(db, job.id, job.worker_id, job.attempt, result):
                        raise LeaseLost
    except TimeoutError as error:
        # The handler may have raised a TimeoutError of its own; it is told apart by what it says.
        raise TimeoutError(str(error) or f"it took longer than {job.timeout_s:g} s") from error


async def _record_failure(app: App, job: Claimed, error: Exception) -> str:
    if isinstance(error, RetryLater):
        text, after_s = str(error), error.after_s
    else:
        text, after_s = failure_text(error), backoff(job.backoff_s, job.attempt)
    final = isinstance(error, GiveUp) or job.attempt >= job.max_attempts
    outcome = "dead" if final else "retried"
    for remaining in reversed(range(RECORD_TRIES)):
        try:
            outcome = await settle_failure(app, job, text, after_s=None if final else after_s)
            break
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as trouble:
            # Without a database it stays as it is; once its lease is over, some worker takes it over.
            log.warning("job.failure_not_recorded", error=str(trouble), tries_left=remaining)
            if remaining:
                await asyncio.sleep(1)
    log.log(
        40 if outcome == "dead" else 30,
        f"job.{outcome}",
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        error=f"{type(error).__name__}: {error}"[:MAX_LOGGED_CHARS],
    )
    return outcome


async def settle_failure(app: App, job: Claimed | rows.Lost, text: str, *, after_s: float | None) -> str:
    """Schedules the next attempt `after_s` from now, or, with None, makes it a dead letter. Answers the outcome.

    A job with a unique key gives way to a newer one that waits: that one does the same work, so this one is discarded.
    """
    async with app.database.connection() as db:
        who = (job.id, job.worker_id, job.attempt)
        if after_s is None:
            buried = await rows.BURY(db, *who, text, "dead")
            if buried and job.type.startswith("every:"):
                await rows.DROP_OLDER_DEAD(db, job.type, job.id)
            return "dead" if buried else "lost"
        try:
            async with db.transaction():
                changed = await rows.RETRY(db, *who, text, utcnow() + timedelta(seconds=after_s))
        except asyncpg.UniqueViolationError:
            changed = await rows.BURY(db, *who, text, "discarded")
            return "discarded" if changed else "lost"
        return "retried" if changed else "lost"


async def give_back(app: App, jobs: Sequence[Claimed]) -> None:
    """Puts claimed jobs back as if they had not been claimed; their attempt does not count."""
    async with app.database.connection() as db:
        for job in jobs:
            who = (job.id, job.worker_id, job.attempt)
            try:
                async with db.transaction():
                    await rows.GIVE_BACK(db, *who)
            except asyncpg.UniqueViolationError:
                await rows.BURY(db, *who, "a newer one of the same unique key was waiting", "discarded")


def backoff(base_s: float, attempt: int) -> float:
    """Seconds until the attempt after the given one: exponential with full jitter, so that retries spread out."""
    return random.uniform(0, min(MAX_BACKOFF_S, base_s * 2 ** min(attempt - 1, 30)))


def failure_text(error: BaseException) -> str:
    """The traceback, cut off at its beginning: what was raised stands at the end."""
    text = "".join(traceback.format_exception(error)).strip().replace("\x00", "")
    return text if len(text) <= MAX_ERROR_CHARS else "…\n" + text[-MAX_ERROR_CHARS:]


async def claim(
    app: App, *, worker_id: int, limit: int, lease_s: float, now: datetime, queues: Sequence[str] | None = None
) -> list[Claimed]:
    """Claims up to `limit` waiting jobs, in the order in which they are to be run."""
    async with app.database.connection() as db:
        while True:
            try:
                found = await rows.CLAIM(db, None if queues is None else list(queues), now, limit, worker_id, lease_s)
                break
            except asyncpg.UniqueViolationError:
                continue  # two claims crossed on a key; the winner's job is visible now, so the next look leaves it out
    found.sort(key=lambda job: (-job.priority, job.seq))
    return found


async def run_due(
    app: App,
    limit: int = 1000,
    *,
    now: datetime | None = None,
    queues: Sequence[str] | None = None,
    reraise: bool = False,
) -> int:
    """Runs what is due, and what that queues, one after the other in this process; answers how many attempts it made.

    now: as if it were that time. reraise: the first failure is raised, after it has been recorded. Tests and commands
    use it; retries that fall due later are not waited for.
    """
    worker_id = random.randrange(1, 2**31)
    ran = 0
    while ran < limit:
        moment = now or utcnow()
        async with app.database.connection() as db:
            await rows.PROMOTE(db, moment)
        claimed = await claim(app, worker_id=worker_id, limit=1, lease_s=600, now=moment, queues=queues)
        if not claimed:
            break
        ran += 1
        async with app.database.connection() as db:
            _, error = await attempt(app, db, claimed[0])
        structlog.contextvars.unbind_contextvars("trace_id", "job", "job_id")
        if reraise and error is not None:
            raise error
    return ran
