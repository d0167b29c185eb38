"""The bell that wakes workers: after the commit, once for many, and without a cost to the transaction."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import App, Ctx
from stoa.kit.queue import Job, enqueue


class Chime(Job, frozen=True):
    number: int = 0


def ctx_on(app: App, db: Any) -> Ctx:
    return Ctx(db, None, utcnow(), "t", app)


@pytest.fixture
async def rings(app: App) -> AsyncIterator[list[bool]]:
    """For each ring: whether a job could be seen when it came."""
    heard: list[bool] = []
    async with app.database.connection() as listener:

        def ring(*_: object) -> None:
            heard.append(True)

        await listener.add_listener("stoa_jobs", ring)
        yield heard
        await listener.remove_listener("stoa_jobs", ring)


async def test_it_rings_after_the_commit_and_once(app: App, rings: list[bool]) -> None:
    async with app.database.transaction() as db:
        for number in range(20):
            await enqueue(ctx_on(app, db), Chime(number))
        await asyncio.sleep(0.1)
        assert rings == []
    await asyncio.sleep(0.2)
    assert len(rings) == 1


async def test_it_rings_at_once_in_autocommit(app: App, rings: list[bool]) -> None:
    async with app.database.connection() as db:
        await enqueue(ctx_on(app, db), Chime())
        await asyncio.sleep(0.2)
        assert len(rings) == 1


async def test_many_transactions_at_once_share_rings(app: App, rings: list[bool]) -> None:
    async def one(number: int) -> None:
        async with app.database.transaction() as db:
            await enqueue(ctx_on(app, db), Chime(number))

    await asyncio.gather(*(one(n) for n in range(50)))
    await asyncio.sleep(0.3)
    assert 1 <= len(rings) < 50


async def test_the_transaction_stays_durable_also_on_a_connection_from_elsewhere(app: App, rings: list[bool]) -> None:
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
    await asyncio.sleep(0.2)
    assert len(rings) == 2
