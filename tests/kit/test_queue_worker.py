"""Workers: woken, several at once, stopped, killed; periodic tasks; what a crash leaves."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import connect
from stoa.kit.ids import new_id
from stoa.kit.postgres import EmbeddedPostgres
from stoa.kit.queue import Job, admin, current_job, enqueue, every, handles, rows, run_due, schedule, upkeep
from stoa.kit.queue.cron import Cron
from stoa.kit.queue.job import HANDLERS, PERIODIC, type_name
from stoa.kit.queue.worker import Worker
from tests.kit.worker_process import TABLES, Outside, Poison, Slow

ROOT = Path(__file__).resolve().parents[2]
FreshDb = Callable[[], Awaitable[str]]


class Ping(Job, frozen=True):
    number: int = 0


class Long(Job, frozen=True):
    pass


class Short(Job, frozen=True):
    pass


class LongOutside(Job, frozen=True):
    outside: ClassVar[bool] = True


class Chained(Job, frozen=True):
    number: int


started: dict[int, float] = {}
begun = asyncio.Event()
active: dict[str, int] = {}
order: dict[str, list[int]] = {}


@handles(Ping)
async def ping(ctx: Ctx, job: Ping) -> None:
    started[job.number] = time.perf_counter()


@handles(Long)
async def long(ctx: Ctx, job: Long) -> None:
    begun.set()
    await ctx.db.execute("insert into job_schedules (name, every_s, next_at) values ('long', 1, now())")
    await asyncio.sleep(30)


@handles(Short)
async def short(ctx: Ctx, job: Short) -> None:
    begun.set()
    await asyncio.sleep(0.3)


@handles(LongOutside)
async def long_outside(ctx: Ctx, job: LongOutside) -> None:
    begun.set()
    await asyncio.sleep(30)


@handles(Chained)
async def chained(ctx: Ctx, job: Chained) -> None:
    running = current_job()
    assert running is not None and running.key is not None
    active[running.key] = active.get(running.key, 0) + 1
    assert active[running.key] == 1
    await asyncio.sleep(0.001)
    order.setdefault(running.key, []).append(job.number)
    active[running.key] -= 1


@pytest.fixture(autouse=True)
def forgotten() -> None:
    started.clear()
    active.clear()
    order.clear()
    begun.clear()


async def put(app: App, job: Job, **more: Any) -> Any:
    async with app.database.transaction() as db:
        return await enqueue(Ctx(db, None, utcnow(), "t", app), job, **more)


async def states(app: App) -> dict[str, int]:
    async with app.database.connection() as db:
        return {r["state"]: r["n"] for r in await db.fetch("select state, count(*) as n from jobs group by state")}


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def own_app(dsn: str) -> AsyncIterator[App]:
    database = await connect(dsn, size=14)
    nothing: Any = None
    try:
        yield App(nothing, database, database, nothing, nothing, nothing)
    finally:
        await database.close()


@asynccontextmanager
async def working(app: App, **more: Any) -> AsyncIterator[Worker]:
    worker = Worker(app, **{"concurrency": 4, "grace_s": 5, **more})
    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(10):
            await worker.ready.wait()
        yield worker
    finally:
        worker.stop()
        await task


@pytest.fixture
async def alone(fresh_db: FreshDb) -> AsyncIterator[App]:
    async with own_app(await fresh_db()) as app:
        yield app


async def test_a_commit_wakes_the_worker(alone: App) -> None:
    waits: list[float] = []
    async with working(alone, poll_s=30):
        for number in range(30):
            await put(alone, Ping(number))
            committed = time.perf_counter()
            async with asyncio.timeout(5):
                while number not in started:
                    await asyncio.sleep(0.001)
            waits.append(started[number] - committed)
            await asyncio.sleep(0.01)
    assert sorted(waits)[len(waits) // 2] < 0.05


async def test_a_scheduled_job_starts_at_its_time_and_not_at_the_next_poll(alone: App) -> None:
    async with working(alone, poll_s=30):
        due_at = time.perf_counter() + 0.4
        await put(alone, Ping(1), run_at=utcnow() + timedelta(seconds=0.4))
        await until(lambda: _true(1 in started), 20)
        assert started[1] >= due_at


async def _true(value: bool) -> bool:
    return value


async def test_many_jobs_and_two_workers_run_each_once_and_each_key_in_order(alone: App) -> None:
    async with alone.database.transaction() as db:
        ctx = Ctx(db, None, utcnow(), "t", alone)
        for number in range(40):
            for key in ("a", "b", "c"):
                await enqueue(ctx, Chained(number), key=key)
        for number in range(500):
            await enqueue(ctx, Ping(number))
    async with working(alone), working(alone):

        async def done() -> bool:
            return await states(alone) == {"done": 620}

        await until(done)
    assert order == {key: list(range(40)) for key in ("a", "b", "c")}
    assert len(started) == 500


async def test_nothing_is_claimed_before_others_see_that_the_worker_lives(alone: App) -> None:
    """What it claimed before its lock is held would be taken over by another worker, and be done twice."""
    await put(alone, Ping(1))
    worker = Worker(alone, concurrency=1)
    async with alone.database.connection() as db:
        assert await rows.LOCK_WORKER(db, rows.WORKER_LOCK, worker.id)
        task = asyncio.create_task(worker.run())
        await asyncio.sleep(0.5)
        assert await states(alone) == {"waiting": 1}
        await rows.UNLOCK_WORKER(db, rows.WORKER_LOCK, worker.id)
    await until(lambda: _true(1 in started))
    worker.stop()
    await task
    assert await states(alone) == {"done": 1}


async def test_a_worker_that_stops_gives_back_what_it_cannot_finish(alone: App) -> None:
    await put(alone, Long())
    for number in range(3):
        await put(alone, Ping(number), key="behind")
    async with working(alone, concurrency=1, grace_s=0.1):
        await begun.wait()
    async with alone.database.connection() as db:
        rows = await db.fetch("select state, attempts, worker_id from jobs")
        assert {tuple(row) for row in rows} == {("waiting", 0, None)}
        assert await db.fetchval("select count(*) from job_schedules where name = 'long'") == 0


async def test_a_worker_that_stops_lets_running_jobs_end(alone: App) -> None:
    await put(alone, Short())
    async with working(alone):
        await begun.wait()
    assert await states(alone) == {"done": 1}


async def test_a_long_job_keeps_its_lease_and_one_taken_away_is_cancelled(alone: App) -> None:
    id_ = await put(alone, LongOutside())
    async with working(alone, lease_s=1.5, grace_s=0.1) as worker:
        await begun.wait()
        async with alone.database.connection() as db:
            first = await db.fetchval("select lease_until from jobs")

            async def outlived() -> bool:
                return bool(await db.fetchval("select now() > $1 from jobs", first))

            await until(outlived)
            row = await db.fetchrow("select state, attempts, lease_until > now() as held from jobs")
            assert row is not None and tuple(row) == ("running", 1, True)
            await db.execute("update jobs set worker_id = 1, lease_until = now() + interval '1 hour'")
        await until(lambda: _true(not worker._running), 10)
    async with alone.database.connection() as db:
        detail = await admin.job(Ctx(db, None, utcnow(), "t", alone), id_)
        assert (detail.state, detail.worker_id) == ("running", 1)


async def test_what_a_dead_worker_left_is_taken_over(alone: App) -> None:
    inside, outside = await put(alone, Ping(1)), await put(alone, LongOutside())
    async with alone.database.connection() as db:
        await db.execute(
            "update jobs set state = 'running', attempts = 1, worker_id = 77, lease_until = now() + interval '1 hour'"
        )
    async with working(alone, grace_s=0.1):
        await until(lambda: _true(1 in started), 10)  # nobody holds the lock of worker 77
        async with alone.database.connection() as db:
            assert await db.fetchval("select state from jobs where id = $1", outside) == "running"
            await db.execute("update jobs set lease_until = now() - interval '1 second' where id = $1", outside)
        async with asyncio.timeout(10):
            await begun.wait()
    async with alone.database.connection() as db:
        assert await db.fetchval("select attempts from jobs where id = $1", inside) == 2


async def test_a_job_that_was_in_a_dead_worker_too_often_is_a_dead_letter(alone: App) -> None:
    id_ = await put(alone, Ping(1))
    async with alone.database.connection() as db:
        await db.execute("update jobs set state = 'running', attempts = 8, worker_id = 77, lease_until = now()")

    async def buried() -> bool:
        return await states(alone) == {"dead": 1}

    async with working(alone):
        await until(buried)
    async with alone.database.connection() as db:
        detail = await admin.job(Ctx(db, None, utcnow(), "t", alone), id_)
    assert "ended in the middle of it" in (detail.last_error or "") and not started


async def test_a_worker_outlives_the_loss_of_its_connections(alone: App) -> None:
    async with working(alone, poll_s=0.2):
        async with alone.database.connection() as db:
            await db.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )

        async def once_more() -> bool:
            try:
                await put(alone, Ping(1))
            except Exception:
                return False
            return True

        await until(once_more)
        await until(lambda: _true(1 in started))


# ---- periodic tasks ------------------------------------------------------------------------------------------------


@pytest.fixture
def ticks() -> Any:
    seen: list[datetime] = []

    @every(name="test.tick", seconds=10, queue="ticks")
    async def tick(ctx: Ctx) -> None:
        seen.append(ctx.now)

    yield seen
    PERIODIC.pop("test.tick")
    HANDLERS.pop("every:test.tick")


async def test_a_periodic_task_fires_once_however_many_look(alone: App, ticks: list[datetime]) -> None:
    await schedule.declare(alone)
    now = utcnow() + timedelta(seconds=11)
    fired = await asyncio.gather(*(schedule.fire_due(alone, now, _only()) for _ in range(8)))
    assert sum(len(ids) for ids in fired) == 1
    assert await run_due(alone, queues=["ticks"]) == 1 and len(ticks) == 1


def _only() -> dict[str, Any]:
    return {"test.tick": PERIODIC["test.tick"]}


async def test_after_a_pause_it_catches_up_once_and_keeps_its_rhythm(alone: App, ticks: list[datetime]) -> None:
    await schedule.declare(alone)
    first = await schedule.next_at(alone, _only())
    assert first is not None
    later = first + timedelta(seconds=1004)
    assert len(await schedule.fire_due(alone, later, _only())) == 1
    assert await schedule.fire_due(alone, later, _only()) == []
    assert await schedule.next_at(alone, _only()) == first + timedelta(seconds=1010)


async def test_while_one_waits_no_second_is_queued(alone: App, ticks: list[datetime]) -> None:
    await schedule.declare(alone)
    now = utcnow()
    a = await schedule.fire_due(alone, now + timedelta(seconds=11), _only())
    b = await schedule.fire_due(alone, now + timedelta(seconds=31), _only())
    assert a == b
    assert await run_due(alone, queues=["ticks"]) == 1


async def test_a_clock_that_was_ahead_puts_nothing_off(alone: App, ticks: list[datetime]) -> None:
    await schedule.declare(alone)
    assert len(await schedule.fire_due(alone, utcnow() + timedelta(days=3650), _only())) == 1
    await run_due(alone, queues=["ticks"], now=utcnow() + timedelta(days=3651))
    await schedule.declare(alone)  # started again, with the right time
    assert len(await schedule.fire_due(alone, utcnow() + timedelta(seconds=11), _only())) == 1


async def test_a_restart_keeps_the_time_and_a_changed_rule_starts_anew(alone: App, ticks: list[datetime]) -> None:
    await schedule.declare(alone)
    first = await schedule.next_at(alone, _only())
    await schedule.declare(alone)
    assert await schedule.next_at(alone, _only()) == first
    task = PERIODIC["test.tick"]
    changed = type(task)(task.name, 3600, None, task.handler)
    await schedule.declare(alone, {"test.tick": changed})
    moved = await schedule.next_at(alone, _only())
    assert first is not None and moved is not None and moved > first + timedelta(minutes=30)


async def test_a_worker_runs_periodic_tasks(alone: App) -> None:
    runs: list[str] = []

    @every(name="test.quick", seconds=1)
    async def quick(ctx: Ctx) -> None:
        runs.append(ctx.trace_id)

    try:
        began = time.perf_counter()
        async with working(alone), working(alone):
            await until(lambda: _true(len(runs) >= 3))
        seconds = time.perf_counter() - began
    finally:
        PERIODIC.pop("test.quick")
        HANDLERS.pop("every:test.quick")
    assert len(runs) <= seconds + 1 and len(set(runs)) == len(runs)


async def test_of_a_failing_periodic_task_only_the_newest_dead_letter_stays(alone: App) -> None:
    @every(name="test.bad", seconds=10, max_attempts=1)
    async def bad(ctx: Ctx) -> None:
        raise ValueError("bad")

    only = {"test.bad": PERIODIC["test.bad"]}
    try:
        await schedule.declare(alone, only)
        for n in range(1, 4):
            await schedule.fire_due(alone, utcnow() + timedelta(seconds=10 * n + 1), only)
            assert await run_due(alone) == 1
    finally:
        PERIODIC.pop("test.bad")
        HANDLERS.pop("every:test.bad")
    assert await states(alone) == {"dead": 1}


def test_cron_rules() -> None:
    moment = datetime(2026, 3, 28, 23, 59, tzinfo=UTC)
    assert Cron("0 3 * * *").after(moment) == datetime(2026, 3, 29, 3, 0, tzinfo=UTC)
    assert Cron("*/15 * * * *").after(moment) == datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="cron rule"):
        every(name="x", cron="61 * * * *")
    with pytest.raises(ValueError, match="seconds or cron"):
        every(name="x")


async def test_upkeep_deletes_only_what_is_old(alone: App) -> None:
    ended, fresh = await put(alone, Ping(1)), await put(alone, Ping(2))
    await run_due(alone)
    async with alone.database.connection() as db:
        await db.execute("update jobs set finished_at = now() - interval '4 days' where id = $1", ended)
        for days, key in ((400, "old"), (1, "new")):
            at = utcnow() - timedelta(days=days)
            id_ = upkeep.first_id_of(at)
            await db.execute("insert into events values ($1, 'x', '{}', null, 't', $2)", id_, at)
            await db.execute(
                "insert into idempotency_keys (scope, key, request_hash, created_at) values ('u', $1, '', $2)", key, at
            )
            await db.execute("insert into rate_limits values ($1, $2, 1, 1)", key, at)
        deleted = await upkeep.upkeep(Ctx(db, None, utcnow(), "t", alone))
        assert deleted == {"jobs": 1, "events": 1, "dead_letters": 0, "answers": 1, "limits": 2}
        assert await db.fetchval("select id from jobs") == fresh
    assert abs(new_id().int - upkeep.first_id_of(utcnow()).int) >> 80 < 1000


# ---- processes that die --------------------------------------------------------------------------------------------


async def spawn(dsn: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from tests.kit import worker_process; worker_process.main()",
        dsn,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        stdout=asyncio.subprocess.DEVNULL,
    )


async def counted(app: App, table: str) -> int:
    async with app.database.connection() as db:
        n: int = await db.fetchval(f"select count(*) from {table}")
        return n


@pytest.mark.slow
async def test_killed_workers_lose_no_job_and_do_none_twice(fresh_db: FreshDb) -> None:
    dsn = await fresh_db()
    async with own_app(dsn) as app:
        async with app.database.connection() as db:
            await db.execute(TABLES)
        async with app.database.transaction() as db:
            ctx = Ctx(db, None, utcnow(), "t", app)
            for number in range(400):
                await enqueue(ctx, Slow(number), key=f"key-{number % 40}" if number % 4 == 0 else None)
                if number % 4 == 0:
                    await enqueue(ctx, Outside(number))
        for goal in (60, 150, 240):
            process = await spawn(dsn)

            async def in_the_middle(process: asyncio.subprocess.Process = process, goal: int = goal) -> bool:
                """Far enough, and halted with something in its hands: however slow this process is to look."""
                if await counted(app, "effects") < goal:
                    return False
                process.send_signal(signal.SIGSTOP)
                if (await states(app)).get("running", 0) > 0:
                    return True
                process.send_signal(signal.SIGCONT)
                return False

            await until(in_the_middle)
            process.kill()
            assert await process.wait() == -signal.SIGKILL
        process = await spawn(dsn)

        async def all_done() -> bool:
            return await states(app) == {"done": 500}

        await until(all_done, 60)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        async with app.database.connection() as db:
            assert await db.fetchval("select array_agg(number order by number) from effects") == list(range(400))
            assert await db.fetchval("select count(*) from outside_effects") == 100
            assert await db.fetchval("select count(*) from calls") >= 100


@pytest.mark.slow
async def test_a_job_that_kills_its_worker_ends_as_a_dead_letter(fresh_db: FreshDb) -> None:
    dsn = await fresh_db()
    async with own_app(dsn) as app:
        async with app.database.connection() as db:
            await db.execute(TABLES)
        await put(app, Poison())
        for _ in range(3):
            process = await spawn(dsn)
            assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
        await put(app, Slow(1))
        process = await spawn(dsn)

        async def settled() -> bool:
            return await states(app) == {"dead": 1, "done": 1}

        await until(settled)
        process.send_signal(signal.SIGTERM)
        await process.wait()
        async with app.database.connection() as db:
            ctx = Ctx(db, None, utcnow(), "t", app)
            (letter,) = (await admin.dead(ctx)).items
            assert letter.type == type_name(Poison) and letter.attempts == 3


@pytest.mark.slow
async def test_a_killed_database_loses_no_job_and_does_none_twice(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path)
    dsn = postgres.start()
    try:
        async with own_app(dsn) as app:
            async with app.database.connection() as db:
                await db.execute((ROOT / "src/stoa/kit/schema.sql").read_text(encoding="utf-8") + TABLES)
                data = Path(await db.fetchval("show data_directory"))
            async with app.database.transaction() as db:
                for number in range(300):
                    await enqueue(Ctx(db, None, utcnow(), "t", app), Slow(number))
            process = await spawn(dsn)

            async def some_done() -> bool:
                return await counted(app, "effects") >= 50

            await until(some_done)
            os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

            async def all_done() -> bool:
                try:
                    return await states(app) == {"done": 300}
                except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
                    return False  # it is still coming back

            await until(all_done, 60)
            async with app.database.connection() as db:
                assert await db.fetchval("select array_agg(number order by number) from effects") == list(range(300))
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        postgres.destroy()
