"""The bell that wakes workers: after the commit, once for many, and without a cost to the transaction."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import App, Ctx
from stoa.kit.queue import Job, enqueue
from stoa.kit.queue.bell import bell_of


class Chime(Job, frozen=True):
    number: int = 0


def ctx_on(app: App, db: Any) -> Ctx:
    return Ctx(db, None, utcnow(), "t", app)


class Rings:
    """How often the bell was heard."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.count = 0
        self.end = asyncio.Event()

    async def heard(self) -> int:
        """When all that was rung so far has come: what is told in a later transaction comes later."""
        self.end.clear()
        async with asyncio.timeout(60):
            ringing = bell_of(self.app)._ringing
            if ringing is not None:
                await ringing
            async with self.app.database.connection() as db:
                await db.execute("notify stoa_test_end")
            await self.end.wait()
        return self.count


@pytest.fixture
async def rings(app: App) -> AsyncIterator[Rings]:
    made = Rings(app)
    async with app.database.connection() as listener:

        def ring(*_: object) -> None:
            made.count += 1

        def end(*_: object) -> None:
            made.end.set()

        await listener.add_listener("stoa_jobs", ring)
        await listener.add_listener("stoa_test_end", end)
        yield made
        await listener.remove_listener("stoa_jobs", ring)
        await listener.remove_listener("stoa_test_end", end)


async def test_it_rings_after_the_commit_and_once(app: App, rings: Rings) -> None:
    async with app.database.transaction() as db:
        for number in range(20):
            await enqueue(ctx_on(app, db), Chime(number))
        assert await rings.heard() == 0
    assert await rings.heard() == 1


async def test_it_rings_at_once_in_autocommit(app: App, rings: Rings) -> None:
    async with app.database.connection() as db:
        await enqueue(ctx_on(app, db), Chime())
        assert await rings.heard() == 1


async def test_many_transactions_at_once_share_rings(app: App, rings: Rings) -> None:
    async def one(number: int) -> None:
        async with app.database.transaction() as db:
            await enqueue(ctx_on(app, db), Chime(number))

    await asyncio.gather(*(one(n) for n in range(50)))
    assert 1 <= await rings.heard() < 50


async def test_the_transaction_stays_durable_also_on_a_connection_from_elsewhere(app: App, rings: Rings) -> None:
    async with app.database.transaction() as db:
        await db.execute("set local synchronous_commit = on")
        await enqueue(ctx_on(app, db), Chime())
        assert await db.fetchval("select current_setting('synchronous_commit')") == "on"
    foreign = await asyncpg.connect(app.settings.database_url)
    await foreign.set_type_codec("jsonb", schema="pg_catalog", encoder=lambda job: '{"number": 0}', decoder=str)
    async with foreign.transaction():
        await foreign.execute("set local synchronous_commit = on")
        await enqueue(ctx_on(app, foreign), Chime())
        assert await foreign.fetchval("select current_setting('synchronous_commit')") == "on"
    await foreign.close()
    assert await rings.heard() == 2
