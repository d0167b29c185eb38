"""Jobs one at a time: enqueueing, running, retrying, order per key, uniqueness, dead letters."""

import asyncio
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import App, Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.ids import new_id
from stoa.kit.queue import GiveUp, Job, RetryLater, admin, current_job, enqueue, handles, progress, run_due, runner
from stoa.kit.queue.job import HANDLERS, Options, module_name, type_name

seen: list[Any] = []


class Note(Job, frozen=True):
    text: str
    number: int = 0


class Failing(Job, frozen=True):
    max_attempts: ClassVar[int] = 3
    backoff_s: ClassVar[float] = 0
    fail_times: int = 99


class Urgent(Job, frozen=True):
    priority: ClassVar[int] = 10


class Hasty(Job, frozen=True):
    timeout_s: ClassVar[float] = 0.05


class Patient(Job, frozen=True):
    pass


class Hopeless(Job, frozen=True):
    pass


class Abroad(Job, frozen=True):
    outside: ClassVar[bool] = True
    max_attempts: ClassVar[int] = 1
    fail: bool = False


class Orphan(Job, frozen=True):
    max_attempts: ClassVar[int] = 2
    backoff_s: ClassVar[float] = 0


@handles(Note)
async def note(ctx: Ctx, job: Note) -> dict[str, str] | None:
    seen.append((job.text, ctx.trace_id))
    return {"heard": job.text} if job.number else None


@handles(Failing)
async def failing(ctx: Ctx, job: Failing) -> None:
    running = current_job()
    assert running is not None
    await ctx.db.execute("insert into job_schedules (name, every_s, next_at) values ($1, 1, now())", str(new_id()))
    if running.attempt <= job.fail_times:
        raise ValueError("no luck\x00 " + "x" * 20_000)


@handles(Urgent)
async def urgent(ctx: Ctx, job: Urgent) -> None:
    seen.append("urgent")


@handles(Hasty)
async def hasty(ctx: Ctx, job: Hasty) -> None:
    await asyncio.sleep(5)


@handles(Patient)
async def patient(ctx: Ctx, job: Patient) -> None:
    raise RetryLater(600, "the bank sleeps")


@handles(Hopeless)
async def hopeless(ctx: Ctx, job: Hopeless) -> None:
    raise GiveUp("the address does not exist")


@handles(Abroad)
async def abroad(ctx: Ctx, job: Abroad) -> None:
    assert not ctx.db.is_in_transaction()
    await progress(ctx, 40, "on its way")
    async with ctx.app.database.connection() as db:
        running = current_job()
        assert running is not None
        seen.append(await db.fetchval("select progress_message from jobs where id = $1", running.id))
    if job.fail:
        raise ValueError("lost abroad")


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


async def put(app: App, job: Job, **more: Any) -> UUID:
    async with app.database.transaction() as db:
        return await enqueue(Ctx(db, None, utcnow(), "trace-1", app), job, **more)


async def one(app: App, id_: UUID) -> admin.JobDetail:
    async with app.database.connection() as db:
        return await admin.job(Ctx(db, None, utcnow(), "t", app), id_)


async def test_a_job_runs_once_with_the_trace_of_whoever_asked(app: App) -> None:
    id_ = await put(app, Note("hello", 1))
    assert await run_due(app) == 1
    assert await run_due(app) == 0
    assert seen == [("hello", "trace-1")]
    row = await one(app, id_)
    assert (row.state, row.attempts, row.result) == ("done", 1, {"heard": "hello"})
    assert row.worker_id is None and row.finished_at is not None and row.started_at is not None
    assert row.type == type_name(Note) and row.payload == {"text": "hello", "number": 1}


async def test_a_job_of_a_transaction_that_fails_does_not_exist(app: App) -> None:
    with pytest.raises(ValueError, match="changed my mind"):
        async with app.database.transaction() as db:
            await enqueue(Ctx(db, None, utcnow(), "t", app), Note("never"))
            raise ValueError("changed my mind")
    assert await run_due(app) == 0


async def test_a_failed_attempt_leaves_no_effect_and_is_tried_again(app: App) -> None:
    id_ = await put(app, Failing(fail_times=1))
    assert await run_due(app, limit=1) == 1
    row = await one(app, id_)
    assert (row.state, row.attempts) == ("scheduled", 1)
    assert row.last_error is not None and row.last_error.startswith("…") and len(row.last_error) < 8100
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from job_schedules") == 0
    assert await run_due(app) == 1
    assert (await one(app, id_)).state == "done"
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from job_schedules") == 1


async def test_after_its_last_attempt_a_job_is_a_dead_letter_that_can_be_retried_or_discarded(
    app: App, ctx: Ctx
) -> None:
    id_ = await put(app, Failing())
    assert await run_due(app) == 3
    page = await admin.dead(ctx)
    assert [(row.id, row.state, row.attempts) for row in page.items] == [(id_, "dead", 3)]
    assert page.items[0].error is not None and len(page.items[0].error) <= 300
    await admin.retry(ctx, id_)
    assert (await admin.job(ctx, id_)).attempts == 0
    with pytest.raises(admin.JobNotDead):
        await admin.discard(ctx, id_)
    with pytest.raises(NotFound):
        await admin.retry(ctx, new_id())


async def test_a_retried_dead_letter_runs_again(app: App, tx: Any) -> None:
    first, second = await put(app, Failing()), await put(app, Failing())
    assert await run_due(app) == 6
    async with tx() as ctx:
        await admin.discard(ctx, first)
        assert await admin.retry_all(ctx, type_name(Failing)) == 1
    assert await run_due(app) == 3
    assert ((await one(app, first)).state, (await one(app, second)).state) == ("discarded", "dead")


async def test_a_job_that_asks_for_another_time_or_gives_up_is_heard(app: App) -> None:
    later, never = await put(app, Patient()), await put(app, Hopeless())
    assert await run_due(app) == 2
    row = await one(app, later)
    assert row.state == "scheduled" and timedelta(minutes=9) < row.run_at - utcnow() < timedelta(minutes=11)
    row = await one(app, never)
    assert (row.state, row.attempts) == ("dead", 1) and "does not exist" in (row.last_error or "")


async def test_a_job_that_takes_too_long_fails(app: App) -> None:
    id_ = await put(app, Hasty())
    assert await run_due(app, limit=1) == 1
    row = await one(app, id_)
    assert row.state == "scheduled" and "longer than 0.05 s" in (row.last_error or "")


async def test_an_outside_job_is_in_autocommit_and_shows_its_progress(app: App) -> None:
    good, bad = await put(app, Abroad()), await put(app, Abroad(fail=True))
    with pytest.raises(ValueError, match="lost abroad"):
        await run_due(app, reraise=True)
    assert seen == ["on its way", "on its way"]
    assert ((await one(app, good)).state, (await one(app, bad)).state) == ("done", "dead")


async def test_an_unknown_type_is_kept_and_says_why(app: App) -> None:
    id_ = await put(app, Orphan())
    assert await run_due(app) == 2
    row = await one(app, id_)
    assert row.state == "dead" and "no handler for jobs of type" in (row.last_error or "")


async def test_a_payload_that_does_not_fit_any_more_fails_and_is_kept(app: App) -> None:
    id_ = await put(app, Note("x"))
    async with app.database.connection() as db:
        await db.execute("update jobs set payload = '{\"words\": 1}'")
    await run_due(app, limit=1)
    row = await one(app, id_)
    assert row.state == "scheduled" and "text" in (row.last_error or "")


async def test_priorities_come_first_then_the_order_of_insertion(app: App) -> None:
    for text in ("a", "b"):
        await put(app, Note(text))
    await put(app, Urgent())
    await run_due(app)
    assert [s if s == "urgent" else s[0] for s in seen] == ["urgent", "a", "b"]


async def test_a_scheduled_job_waits_for_its_time(app: App) -> None:
    await put(app, Note("later"), run_at=utcnow() + timedelta(hours=1))
    assert await run_due(app) == 0
    assert await run_due(app, now=utcnow() + timedelta(hours=2)) == 1


async def test_jobs_of_one_key_keep_their_order_also_while_the_first_is_to_be_retried(app: App) -> None:
    first = await put(app, Patient(), key="door")
    await put(app, Note("second"), key="door")
    await put(app, Note("other"), key="window")
    await put(app, Note("free"))
    await run_due(app)
    assert [text for text, _ in seen] == ["other", "free"]
    async with app.database.connection() as db:
        await db.execute("update jobs set state = 'dead', finished_at = now() where id = $1", first)
    await run_due(app)
    assert [text for text, _ in seen] == ["other", "free", "second"]


async def test_a_job_for_next_week_does_not_hold_up_its_key(app: App) -> None:
    await put(app, Note("next week"), key="door", run_at=utcnow() + timedelta(days=7))
    await put(app, Note("today"), key="door")
    await run_due(app)
    assert [text for text, _ in seen] == ["today"]


async def test_the_database_refuses_two_running_jobs_of_one_key(app: App) -> None:
    first, second = await put(app, Note("a"), key="k"), await put(app, Note("b"), key="k")
    run = "update jobs set state = 'running', worker_id = 1, lease_until = now() where id = $1"
    async with app.database.connection() as db:
        await db.execute(run, first)
        with pytest.raises(asyncpg.UniqueViolationError):
            await db.execute(run, second)


async def test_two_claims_at_once_never_take_two_jobs_of_one_key_or_one_job_twice(app: App) -> None:
    for number in range(60):
        await put(app, Note("x", number), key=f"key-{number % 6}")

    async def take(worker_id: int) -> list[Any]:
        return await runner.claim(app, worker_id=worker_id, limit=20, lease_s=20, now=utcnow())

    taken = [job for batch in await asyncio.gather(*(take(n) for n in range(1, 7))) for job in batch]
    assert len(taken) == 6
    assert len({job.key for job in taken}) == 6
    assert [job.payload["number"] for job in sorted(taken, key=lambda job: job.seq)] == list(range(6))


async def test_jobs_of_one_key_from_a_clock_that_is_ahead_are_taken_one_by_one(app: App) -> None:
    """Whoever queued them has a clock a little before that of the worker, who looked at it before."""
    earlier = utcnow() - timedelta(seconds=1)
    first, _ = await put(app, Note("a"), key="k"), await put(app, Note("b"), key="k")
    other = await put(app, Note("c"))
    taken = await asyncio.wait_for(runner.claim(app, worker_id=1, limit=8, lease_s=20, now=earlier), 5)
    assert [job.id for job in taken] == [first, other]


async def test_of_two_who_ask_at_once_the_earlier_time_counts(app: App) -> None:
    soon, late = utcnow() + timedelta(minutes=1), utcnow() + timedelta(hours=1)
    first = await put(app, Note("page"), unique="page:1", run_at=utcnow() + timedelta(hours=2))
    async with app.database.transaction() as db:
        await enqueue(Ctx(db, None, utcnow(), "t", app), Note("page"), unique="page:1", run_at=soon)
        other = asyncio.create_task(put(app, Note("page"), unique="page:1", run_at=late))
        await asyncio.sleep(0.3)  # it has read the time of before, and waits
        assert not other.done()
    assert await other == first
    assert (await one(app, first)).run_at == soon


async def test_unique_jobs_wait_once_and_the_earlier_time_counts(app: App) -> None:
    soon, late = utcnow() + timedelta(minutes=5), utcnow() + timedelta(hours=5)
    first = await put(app, Note("page"), unique="page:1", run_at=late)
    assert await put(app, Note("page"), unique="page:1", run_at=soon) == first
    assert await put(app, Note("page"), unique="page:1", run_at=late) == first
    assert (await one(app, first)).run_at == soon
    assert await put(app, Note("page"), unique="page:2") != first
    assert await put(app, Note("page"), unique="page:1") == first
    await run_due(app)
    assert len(seen) == 2
    assert await put(app, Note("page"), unique="page:1") != first


async def test_a_unique_job_starts_after_every_transaction_that_asked_for_it(app: App) -> None:
    await put(app, Note("page"), unique="page:1")
    async with app.database.transaction() as db:
        await enqueue(Ctx(db, None, utcnow(), "t", app), Note("page"), unique="page:1")
        assert await run_due(app) == 0  # it could not see what this transaction changes
    assert await run_due(app) == 1


async def test_a_failed_unique_job_gives_way_to_a_newer_one(app: App) -> None:
    old = await put(app, Failing(), unique="u")
    claimed = await runner.claim(app, worker_id=7, limit=1, lease_s=20, now=utcnow())
    new = await put(app, Failing(fail_times=0), unique="u")
    assert new != old
    async with app.database.connection() as db:
        outcome, _ = await runner.attempt(app, db, claimed[0])
    assert outcome == "discarded" and (await one(app, old)).state == "discarded"
    await run_due(app)
    assert (await one(app, new)).state == "done"


async def test_a_dead_unique_job_is_not_revived_beside_a_newer_one(app: App, tx: Any) -> None:
    old = await put(app, Failing(), unique="u")
    await run_due(app)
    await put(app, Failing(), unique="u")
    async with tx() as ctx:
        with pytest.raises(admin.NewerWaiting):
            await admin.retry(ctx, old)
        await admin.discard(ctx, old)


async def test_whoever_lost_a_job_to_another_worker_rolls_back(app: App) -> None:
    id_ = await put(app, Failing(fail_times=0))
    (job,) = await runner.claim(app, worker_id=7, limit=1, lease_s=20, now=utcnow())
    async with app.database.connection() as db:
        await db.execute("update jobs set worker_id = 8, attempts = 2 where id = $1", id_)
        outcome, error = await runner.attempt(app, db, job)
        assert outcome == "lost" and isinstance(error, runner.LeaseLost)
        assert await db.fetchval("select count(*) from job_schedules") == 0
    assert (await one(app, id_)).state == "running"


async def test_what_is_given_back_counts_no_attempt(app: App) -> None:
    id_ = await put(app, Note("x"))
    claimed = await runner.claim(app, worker_id=7, limit=1, lease_s=20, now=utcnow())
    await runner.give_back(app, claimed)
    row = await one(app, id_)
    assert (row.state, row.attempts, row.worker_id) == ("waiting", 0, None)


async def test_queues_are_kept_apart(app: App) -> None:
    await put(app, Note("x"))
    assert await run_due(app, queues=["mail"]) == 0
    assert await run_due(app, queues=["mail", "default"]) == 1


async def test_the_administrators_view(app: App, tx: Any) -> None:
    for number in range(5):
        await put(app, Note("x", number))
    await put(app, Note("later"), run_at=utcnow() + timedelta(hours=1))
    await put(app, Failing())
    await run_due(app, limit=4)
    async with tx() as ctx:
        counted = {row.state: row.count for row in await admin.counts(ctx)}
        assert counted == {"done": 4, "waiting": 2, "scheduled": 1}
        assert 0 < await admin.oldest_waiting_s(ctx) < 60
        minutes = await admin.throughput(ctx)
        assert len(minutes) == 60 and sum(m.done for m in minutes) == 4 and minutes[0].minute < minutes[-1].minute
        walked: list[UUID] = []
        cursor = None
        while True:
            page = await admin.jobs(ctx, cursor=cursor, limit=3)
            walked += [row.id for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(walked) == len(set(walked)) == 7
        done = await admin.jobs(ctx, state="done", type_=type_name(Note), limit=3)
        rest = await admin.jobs(ctx, state="done", cursor=done.next_cursor, limit=3)
        assert len({row.id for row in done.items + rest.items}) == 4
        assert [row.state for row in (await admin.jobs(ctx, state="scheduled", queue="default")).items] == ["scheduled"]
        with pytest.raises(Invalid):
            await admin.jobs(ctx, state="dead", cursor=done.next_cursor)


def test_two_handlers_for_one_type_stop_the_start() -> None:
    with pytest.raises(ValueError, match="two handlers"):
        handles(Note)(note)
    assert HANDLERS[type_name(Note)].call is note


def test_names_in_the_database_are_short_and_stable() -> None:
    assert module_name("stoa.money.payouts.messages") == "money.payouts"
    assert module_name("stoa.kit.queue.upkeep") == "kit.queue"
    assert type_name(Note).endswith(".Note")


@pytest.mark.parametrize("wrong", [{"priority": 101}, {"max_attempts": 0}, {"timeout_s": 0}, {"queue": ""}])
def test_options_that_make_no_sense_stop_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"priority|needs"):
        Options(**wrong)


def test_backoff_grows_and_is_spread_and_bounded() -> None:
    assert all(0 <= runner.backoff(2, 1) <= 2 for _ in range(100))
    assert max(runner.backoff(2, 6) for _ in range(500)) > 32
    assert all(runner.backoff(2, 60) <= 3600 for _ in range(100))
