"""`bench jobs`: jobs per second beside a bare SKIP LOCKED loop, and the time from commit to start.

The bare loop is the least that a queue in PostgreSQL can be: eight connections, each takes the next row under a lock,
runs nothing, marks it done and commits, in a table with one small index, without attempts, leases, keys or retries. It
commits as often and as durably as the worker does. Both are measured in turns on the same server, so that what else the
machine does falls on both.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

import asyncpg
import uvloop

from stoa.kit.clock import utcnow
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import Database, connect
from stoa.kit.postgres import EmbeddedPostgres
from stoa.kit.queue import Job, enqueue, handles
from stoa.kit.queue.worker import Worker

SCHEMA: Final = Path(__file__).resolve().parents[1] / "src" / "stoa" / "kit" / "schema.sql"
CONCURRENCY: Final = 8
LEAST_RATIO: Final = 0.5
MOST_P99_MS: Final = 50.0

BARE_TABLE: Final = """
create table bare_jobs (id bigint generated always as identity primary key, payload jsonb not null,
                        state text not null default 'waiting', finished_at timestamptz);
create index bare_jobs_waiting on bare_jobs (id) where state = 'waiting';
"""
BARE_TAKE: Final = """
select id, payload from bare_jobs where state = 'waiting' order by id limit 1 for update skip locked
"""
BARE_DONE: Final = "update bare_jobs set state = 'done', finished_at = now() where id = $1"


class Nothing(Job, frozen=True):
    """A job without work."""

    number: int


class _Tally:
    """What the handler tells the benchmark."""

    def __init__(self) -> None:
        self.started: dict[int, float] = {}
        self.awaited = 0
        self.reached = asyncio.Event()

    def begin(self, count: int) -> None:
        self.started, self.awaited, self.reached = {}, count, asyncio.Event()

    def note(self, number: int) -> None:
        self.started[number] = time.perf_counter()
        if len(self.started) == self.awaited:
            self.reached.set()


_tally = _Tally()


@handles(Nothing)
async def nothing(_: Ctx, job: Nothing) -> None:
    """Runs nothing."""
    _tally.note(job.number)


async def bare_rate(database: Database, count: int) -> float:
    """Rows per second of the bare loop."""
    async with database.connection() as db:
        await db.execute("truncate bare_jobs")
        await db.execute(
            "insert into bare_jobs (payload) select jsonb_build_object('number', n) from generate_series(1, $1::int) n",
            count,
        )
        await db.execute("vacuum analyze bare_jobs")

    async def take_all() -> None:
        async with database.connection() as db:
            while True:
                async with db.transaction():
                    row = await db.fetchrow(BARE_TAKE)
                    if row is None:
                        return
                    await db.execute(BARE_DONE, row["id"])

    began = time.perf_counter()
    await asyncio.gather(*(take_all() for _ in range(CONCURRENCY)))
    return count / (time.perf_counter() - began)


async def worker_rate(app: App, count: int) -> float:
    """Jobs per second of the worker, from its start with a full queue until the last job has been committed."""
    async with app.database.connection() as db:
        await db.execute("truncate jobs")
    async with app.database.transaction() as db:
        ctx = Ctx(db, None, utcnow(), "bench", app)
        for number in range(count):
            await enqueue(ctx, Nothing(number))
    async with app.database.connection() as db:
        await db.execute("vacuum analyze jobs")
    _tally.begin(count)
    worker = Worker(app, concurrency=CONCURRENCY)
    began = time.perf_counter()
    running = asyncio.create_task(worker.run())
    await _tally.reached.wait()
    worker.stop()
    await running
    seconds = time.perf_counter() - began
    async with app.database.connection() as db:
        done = await db.fetchval("select count(*) from jobs where state = 'done'")
    if done != count:
        raise AssertionError(f"{done} of {count} jobs are done")
    return count / seconds


async def wake_times_ms(app: App, count: int) -> tuple[list[float], list[float]]:
    """From the answer to COMMIT to the first line of the handler, for jobs that arrive one by one at an idle worker.

    And, in turns with it, from the answer to a bare NOTIFY until a bare LISTEN hears it: the least a machine takes.
    """
    worker = Worker(app, concurrency=CONCURRENCY)
    running = asyncio.create_task(worker.run())
    await worker.ready.wait()
    _tally.begin(count)
    committed: list[float] = []
    bare: list[float] = []
    heard: asyncio.Queue[float] = asyncio.Queue()

    def hear(*_: object) -> None:
        heard.put_nowait(time.perf_counter())

    async with app.database.connection() as listener, app.database.connection() as teller:
        await listener.add_listener("bench_bare", hear)
        for number in range(count):
            async with app.database.transaction() as db:
                await enqueue(Ctx(db, None, utcnow(), "bench", app), Nothing(number))
            committed.append(time.perf_counter())
            await asyncio.sleep(random.uniform(0, 0.02))
            await teller.fetchval("select pg_notify('bench_bare', '')::text")
            told = time.perf_counter()
            bare.append(max(0.0, await heard.get() - told) * 1000)
        await listener.remove_listener("bench_bare", hear)
    await asyncio.wait_for(_tally.reached.wait(), 10)
    worker.stop()
    await running
    wakes = [max(0.0, _tally.started[n] - at) * 1000 for n, at in enumerate(committed)]
    return sorted(wakes), sorted(bare)


def _percentile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


async def measure(dsn: str, *, jobs: int, rounds: int, wakes: int) -> bool:
    """Prints the figures; answers whether they reach the bars."""
    db = await asyncpg.connect(dsn)
    await db.execute(SCHEMA.read_text(encoding="utf-8") + BARE_TABLE)
    await db.close()
    database = await connect(dsn, size=CONCURRENCY + 6)
    nobody: Any = None  # a no-op job asks for no settings, keys or files
    app = App(cast("Any", nobody), database, database, nobody, nobody, nobody)
    bare: list[float] = []
    own: list[float] = []
    for _ in range(rounds):
        bare.append(await bare_rate(database, jobs))
        own.append(await worker_rate(app, jobs))
    wake, bare_wake = await wake_times_ms(app, wakes)
    await database.close()
    ratio = statistics.median(o / b for o, b in zip(own, bare, strict=True))
    p50, p99 = _percentile(wake, 0.5), _percentile(wake, 0.99)
    print(f"jobs, {CONCURRENCY} at a time, {rounds} rounds of {jobs}")
    print(f"  worker            {statistics.median(own):8.0f} jobs/s")
    print(f"  bare SKIP LOCKED  {statistics.median(bare):8.0f} jobs/s")
    print(f"  ratio             {ratio:8.2f}         bar: at least {LEAST_RATIO}")
    print(f"commit to start, {wakes} jobs one by one")
    print(f"  p50               {p50:8.1f} ms")
    print(f"  p99               {p99:8.1f} ms      bar: under {MOST_P99_MS:g} ms")
    print(
        f"  bare NOTIFY p99   {_percentile(bare_wake, 0.99):8.1f} ms      what this machine takes now without a queue"
    )
    return ratio >= LEAST_RATIO and p99 < MOST_P99_MS


def main(argv: Sequence[str] = ()) -> int:
    """Runs on a durable PostgreSQL of its own; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="bench jobs", description=__doc__)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wakes", type=int, default=400)
    given = parser.parse_args(list(argv))
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as home:
        postgres = EmbeddedPostgres(Path(home))
        try:
            dsn = postgres.start()
            reached = uvloop.run(measure(dsn, jobs=given.jobs, rounds=given.rounds, wakes=given.wakes))
        finally:
            postgres.destroy()
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
