"""Who reads a chapter, changed by two at once: neither undoes what the other has just closed."""

import asyncio
from typing import Any

import pytest

from stoa.creation.serials.actions.opening import Chosen, change_access
from stoa.creation.serials.queries.opening import access_of
from stoa.creation.serials.types import AccessLevel
from stoa.creation.works.errors import EditConflict


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


@pytest.fixture
async def chapter(make: Any, ana: Any) -> Any:
    return await make.chapter(ana, await make.series(ana))


async def rule_of(make: Any, ana: Any, chapter: Any) -> Any:
    async with make.tx(ana) as ctx:
        return await access_of(ctx, chapter.id)


async def waiting(make: Any) -> None:
    """Until a connection waits for a lock that another one holds."""
    async with asyncio.timeout(20):
        while True:
            async with make.tx() as ctx:
                if await ctx.db.fetchval("select exists (select from pg_locks where not granted)"):
                    return


async def test_what_a_change_does_not_name_stays_as_the_other_made_it(
    make: Any, ana: Any, chapter: Any, live: Any
) -> None:
    async def say() -> None:
        async with make.tx(ana) as ctx:
            await change_access(ctx, chapter.id, Chosen(paywall_message="Come in"))

    async with make.tx(ana) as ctx:
        await change_access(ctx, chapter.id, Chosen(access=AccessLevel.SUBSCRIBERS))
        second = asyncio.create_task(say())
        await waiting(make)
    await second
    rule = await rule_of(make, ana, chapter)
    assert (rule.access, rule.paywall_message) == (AccessLevel.SUBSCRIBERS, "Come in")


async def test_a_stamp_holds_only_for_the_rule_that_was_shown(make: Any, ana: Any, chapter: Any) -> None:
    shown = await rule_of(make, ana, chapter)
    async with make.tx(ana) as ctx:
        await change_access(ctx, chapter.id, Chosen(access=AccessLevel.SUBSCRIBERS), stamp=shown.stamp)
    closed = await rule_of(make, ana, chapter)
    with pytest.raises(EditConflict):
        async with make.tx(ana) as ctx:
            await change_access(ctx, chapter.id, Chosen(access=AccessLevel.FREE), stamp=shown.stamp)
    assert await rule_of(make, ana, chapter) == closed
    async with make.tx(ana) as ctx:
        await change_access(ctx, chapter.id, Chosen(access=AccessLevel.FREE), stamp=closed.stamp)
    assert (await rule_of(make, ana, chapter)).stamp == shown.stamp
