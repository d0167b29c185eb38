"""Events: written with what they tell of, heard within the transaction and after it."""

from typing import Any
from uuid import UUID

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.ids import new_id
from stoa.kit.outbox import Event, emit, on, within
from stoa.kit.queue import run_due
from stoa.kit.queue.job import type_name

heard: list[tuple[str, Any]] = []


class DoorOpened(Event, frozen=True):
    door: str
    by: UUID


class DoorSlammed(Event, frozen=True):
    door: str


class Unheard(Event, frozen=True):
    number: int


@within(DoorOpened)
async def count_at_once(ctx: Ctx, event: DoorOpened) -> None:
    heard.append(("within", event))
    assert ctx.db.is_in_transaction()


@on(DoorOpened)
async def tell_the_guard(ctx: Ctx, event: DoorOpened) -> None:
    heard.append(("guard", event))
    assert ctx.trace_id == "trace-9" and ctx.actor is None


@on(DoorOpened, name="test.door_lights", priority=50, key=lambda event: event.door)
async def switch_the_lights(ctx: Ctx, event: DoorOpened) -> None:
    heard.append(("lights", event))


@within(DoorSlammed)
async def object_to_it(ctx: Ctx, event: DoorSlammed) -> None:
    raise ValueError("not so loud")


@on(DoorSlammed)
async def never(ctx: Ctx, event: DoorSlammed) -> None:
    heard.append(("never", event))


@pytest.fixture(autouse=True)
def silence() -> None:
    heard.clear()


async def tell(app: App, event: Event, actor: Actor | None = None) -> UUID:
    async with app.database.transaction() as db:
        return await emit(Ctx(db, actor, utcnow(), "trace-9", app), event)


async def test_an_event_is_a_row_and_each_listener_a_job(app: App) -> None:
    actor = Actor(new_id(), "ana", frozenset())
    event = DoorOpened("north", actor.id)
    id_ = await tell(app, event, actor)
    assert heard == [("within", event)]
    async with app.database.connection() as db:
        row = await db.fetchrow("select * from events")
        assert row["id"] == id_ and row["type"] == type_name(DoorOpened)
        assert row["payload"] == {"door": "north", "by": str(actor.id)}
        assert (row["actor_id"], row["trace_id"]) == (actor.id, "trace-9")
        jobs = await db.fetch("select type, key, priority, trace_id from jobs order by seq")
        assert [tuple(job) for job in jobs] == [
            (f"on:{tell_the_guard.__module__}.tell_the_guard", None, 0, "trace-9"),
            ("on:test.door_lights", "north", 50, "trace-9"),
        ]
    assert await run_due(app) == 2
    assert heard[1:] == [("lights", event), ("guard", event)]


async def test_what_fails_within_takes_the_event_and_its_jobs_back(app: App) -> None:
    with pytest.raises(ValueError, match="not so loud"):
        await tell(app, DoorSlammed("south"))
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from events") == 0
    assert await run_due(app) == 0 and heard == []


async def test_an_event_that_nobody_hears_is_kept(app: App) -> None:
    await tell(app, Unheard(7))
    async with app.database.connection() as db:
        assert await db.fetchval("select payload from events") == {"number": 7}
    assert await run_due(app) == 0


async def test_an_event_and_its_jobs_are_one_round_trip(app: App, queries: Any) -> None:
    async with app.database.transaction() as db:
        ctx = Ctx(db, None, utcnow(), "trace-9", app)
        with queries() as seen:
            await emit(ctx, DoorOpened("north", new_id()))
    assert len(seen) == 1


def test_a_listener_registers_once() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        within(DoorOpened)(count_at_once)
    with pytest.raises(ValueError, match="two handlers"):
        on(DoorOpened)(tell_the_guard)
