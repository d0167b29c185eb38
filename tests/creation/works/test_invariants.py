"""The facts hold after everybody did everything, and each one sees what breaks it."""

from typing import Any

import pytest

from stoa.creation.works.invariants import INVARIANTS

BREAKS = {
    "reactions and views are what the counters say (P2, P3)": "update work_stats set likes = likes + 1",
    "gifts are what the counters say": "update work_stats set gifts_coins = gifts_coins + 1",
    "nobody looks at their own work": "insert into work_views select id, author_id, created_at from works",
    "a published work has counters and owns its address": "delete from work_slugs",
}


async def broken(db: Any) -> set[str]:
    return {name for name, sql in INVARIANTS.items() if await db.fetch(sql)}


async def test_they_hold(client: Any, make: Any, db: Any) -> None:
    post = await make.post()
    await make.post(published=False)
    for _ in range(3):
        reader = client.as_(await make.user())
        await reader.get(f"/api/v1/posts/{post.id}")
        await reader.put(f"/api/v1/works/{post.id}/like")
        (await reader.post(f"/api/v1/works/{post.id}/gifts", json={"amount": 3})).raise_for_status()
    await reader.put(f"/api/v1/works/{post.id}/dislike")
    assert await broken(db) == set()


@pytest.mark.parametrize("name", INVARIANTS)
async def test_each_sees_what_breaks_it(make: Any, ctx: Any, name: str) -> None:
    await make.post()
    await ctx.db.execute(BREAKS[name])
    assert name in await broken(ctx.db)
    assert set((await ctx.db.fetchrow(INVARIANTS[name])).keys()) == {"subject", "expected", "found"}
