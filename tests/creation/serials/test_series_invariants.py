"""The facts hold after series were made, deleted and put in order, and each one sees what breaks it."""

from typing import Any

import pytest

from stoa.creation.serials.invariants import INVARIANTS
from tests.creation.serials.test_series import ROMANCE, URBAN, call

BREAKS = {
    "a series is a work on a site, and a chapter one in its series": "update works set kind = 'item'",
    "a chapter stands on the site of its series, and is its author's": (
        "update works w set author_id = u.id from users u where w.kind = 'chapter' and u.username = 'mod'"
    ),
    "a series with genres has one that it mainly is": "update series_genres set is_primary = false",
    "a tag that became another has no series any more, and did not become a third": (
        "insert into series_tags select w.id, t.id, now() from works w, tags t"
        " where w.kind = 'series' and t.merged_into is not null limit 1"
    ),
    "series that are there are counted against the plan (B4)": "update plan_usage set used = used + 1",
    "search and lists know no more of a locked chapter than its beginning (S1)": (
        "update works set access = 'tier', body_text = body_text || repeat(' more', 500) where kind = 'chapter'"
    ),
    "a chapter's newest version is the text it has (S3)": "update chapters set body_markdown = 'Another'",
}


async def broken(db: Any) -> set[str]:
    return {name for name, sql in INVARIANTS.items() if await db.fetch(sql)}


async def told(make: Any, client: Any) -> None:
    """Two series with chapters, genres and tags, one of them deleted, and a tag that became another."""
    ana, mod = await make.user("ana", roles=("creator",)), await make.user("mod", roles=("moderator",))
    kept, gone = await make.series(ana, chapters=2), await make.series(ana, chapters=1)
    await call(client, ana, "PUT", f"/series/{kept.id}/genres", genreIds=[URBAN, ROMANCE])
    await call(client, ana, "DELETE", f"/series/{kept.id}/genres/{URBAN}")
    one, other = await call(client, ana, "PUT", f"/series/{kept.id}/tags", tags=["sea", "the sea"])
    await call(client, mod, "POST", f"/admin/tags/{one['id']}/merge", intoId=other["id"])
    await call(client, ana, "DELETE", f"/series/{gone.id}", 204)


async def test_they_hold(make: Any, client: Any, tx: Any) -> None:
    await told(make, client)
    async with tx() as ctx:
        assert await broken(ctx.db) == set()


@pytest.mark.parametrize("name", INVARIANTS)
async def test_each_sees_what_breaks_it(make: Any, client: Any, ctx: Any, name: str) -> None:
    await told(make, client)
    await ctx.db.execute(BREAKS[name])
    assert name in await broken(ctx.db)
    assert set((await ctx.db.fetchrow(INVARIANTS[name])).keys()) == {"subject", "expected", "found"}
