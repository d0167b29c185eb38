"""A worker as a process of its own, for tests that kill it: `python -c "… worker_process.main()" <database>`.

It is imported, not run as a script, so that its jobs have the same names here and there.
"""

import asyncio
import os
import signal
import sys
from typing import Any, ClassVar

from stoa.kit.ctx import App, Ctx
from stoa.kit.db import connect
from stoa.kit.queue import Job, current_job, handles
from stoa.kit.queue.worker import Worker

TABLES = """
create table effects (number int not null, job_id uuid not null);
create table outside_effects (number int primary key);
create table calls (number int not null);
"""


class Slow(Job, frozen=True):
    """A database-only job that is somewhere in its middle for most of its time."""

    backoff_s: ClassVar[float] = 0.1

    number: int


class Outside(Job, frozen=True):
    """A job with an effect outside of its transaction; a second effect of the same number changes nothing."""

    outside: ClassVar[bool] = True
    backoff_s: ClassVar[float] = 0.1

    number: int


class Poison(Job, frozen=True):
    """Ends the process that runs it, as a fault in a native library does."""

    max_attempts: ClassVar[int] = 3
    backoff_s: ClassVar[float] = 0.05


@handles(Slow)
async def slow(ctx: Ctx, job: Slow) -> None:
    running = current_job()
    assert running is not None
    await ctx.db.execute("insert into effects (number, job_id) values ($1, $2)", job.number, running.id)
    await asyncio.sleep(0.01)


@handles(Outside)
async def outside(ctx: Ctx, job: Outside) -> None:
    await ctx.db.execute("insert into calls (number) values ($1)", job.number)
    await asyncio.sleep(0.01)
    await ctx.db.execute("insert into outside_effects (number) values ($1) on conflict do nothing", job.number)


@handles(Poison)
async def poison(ctx: Ctx, job: Poison) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def serve(dsn: str) -> None:
    database = await connect(dsn, size=14)
    nothing: Any = None
    worker = Worker(App(nothing, database, database, nothing, nothing, nothing), lease_s=2, grace_s=5)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    await worker.run()
    await database.close()


def main() -> None:
    asyncio.run(serve(sys.argv[1]))
