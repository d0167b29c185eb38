"""Genres, tags, warnings, what is listed and in which order, numbers, and the end of what was deleted."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from stoa.creation.serials.actions import ending, ranking
from stoa.creation.serials.policies.series import access_series
from stoa.creation.serials.types import MAX_TAGS, WARNINGS
from stoa.creation.works import jobs as works_jobs
from stoa.creation.works.actions import record_view
from tests.creation.serials.test_series import FANTASY, ROMANCE, SYNOPSIS, URBAN, call

MYSTERY, HORROR, SF, DRAMA = (f"00000000-0000-7000-8001-{n:04d}00000000" for n in (4, 6, 2, 9))


async def ready(make: Any, client: Any, author: Any, title: str, *, listed: bool = True, **more: Any) -> str:
    """A series with all that listing needs."""
    cover = await make.picture(author)
    series = await make.series(
        author, chapters=1, title=title, synopsis_markdown=SYNOPSIS, cover_media_id=cover.id, **more
    )
    path = f"/series/{series.id}"
    await call(client, author, "PUT", f"{path}/genres", genreIds=[URBAN])
    if listed:
        await call(client, author, "POST", f"{path}/list")
    return str(series.id)


async def test_genres_are_a_tree_and_a_series_has_some(make: Any, client: Any) -> None:
    ana, other = await make.user("ana", roles=("creator",)), await make.user("other")
    genres = await call(client, None, "GET", "/genres")
    assert (len(genres), genres[0]["slug"], genres[2]["slug"]) == (91, "fantasy", "urban-fantasy")
    assert {g["parent_id"] for g in genres[1:7]} == {FANTASY}
    assert len(await call(client, None, "GET", f"/genres/{FANTASY}/children")) == 6
    assert [g["slug"] for g in await call(client, None, "GET", "/genres/featured")][:2] == [
        "fantasy",
        "science-fiction",
    ]
    series = await ready(make, client, ana, "Jars")
    path = f"/series/{series}/genres"
    for genre in (FANTASY, URBAN):
        found = await call(client, None, "GET", f"/genres/{genre}")
        assert found["series_count"] == 1
        assert [c["id"] for c in (await call(client, None, "GET", f"/genres/{genre}/series"))["items"]] == [series]
    assert (await call(client, None, "GET", f"/genres/{ROMANCE}/series"))["items"] == []
    await call(client, None, "GET", f"/genres/{series}", 404)

    await call(client, ana, "POST", path, genreId=ROMANCE)
    assert [g["slug"] for g in await call(client, None, "GET", path)] == ["urban-fantasy", "romance"]
    await call(client, ana, "POST", path, genreId=ROMANCE, isPrimary=True)
    assert [g["slug"] for g in await call(client, ana, "POST", path, genreId=ROMANCE)] == ["romance", "urban-fantasy"]
    assert [g["slug"] for g in await call(client, ana, "DELETE", f"{path}/{ROMANCE}")] == ["urban-fantasy"]
    await call(client, ana, "DELETE", f"{path}/{ROMANCE}", 404)
    await call(client, other, "PUT", path, 403, genreIds=[])
    six = [FANTASY, ROMANCE, MYSTERY, HORROR, SF, DRAMA]
    assert list((await call(client, ana, "PUT", path, 422, genreIds=six))["fields"]) == ["genre_ids"]
    assert list((await call(client, ana, "PUT", path, 422, genreIds=[series]))["fields"]) == ["genre_ids"]
    at_once = await asyncio.gather(*(client.as_(ana).post(f"/api/v1{path}", json={"genre_id": genre}) for genre in six))
    assert sorted(a.status_code for a in at_once) == [200] * 4 + [422] * 2  # with the one it has, five
    assert len(await call(client, None, "GET", path)) == 5


async def test_tags_wait_for_a_moderator_who_may_merge_and_block(make: Any, client: Any) -> None:
    ana, mod = await make.user("ana", roles=("creator",)), await make.user("mod", roles=("moderator",))
    reader = await make.user("reader")
    one = await ready(make, client, ana, "One")
    two = await ready(make, client, ana, "Two")
    names = [
        t["slug"]
        for t in await call(client, ana, "PUT", f"/series/{one}/tags", tags=["#Slow  Burn", "slow-burn", "Ärger"])
    ]
    assert names == ["arger", "slow-burn"]
    await call(client, ana, "POST", f"/series/{two}/tags", name="slowburn")
    for path in ("/tags", "/tags/search?q=slow"):
        found = await call(client, None, "GET", path)
        assert (found["items"] if isinstance(found, dict) else found) == []
    await call(client, None, "GET", "/tags/slow-burn", 404)
    await call(client, reader, "GET", "/admin/tags", 403)
    waiting = (await call(client, mod, "GET", "/admin/tags"))["items"]
    tags = {tag["slug"]: tag["id"] for tag in waiting}
    assert sorted(tags) == ["arger", "slow-burn", "slowburn"]
    assert {tag["created_by"]["username"] for tag in waiting} == {"ana"}

    await call(client, reader, "POST", f"/admin/tags/{tags['arger']}/approve", 403)
    await call(client, mod, "POST", f"/admin/tags/{tags['slow-burn']}/approve")
    await call(client, mod, "POST", f"/admin/tags/{tags['slowburn']}/merge", 409, intoId=tags["slowburn"])
    merged = await call(client, mod, "POST", f"/admin/tags/{tags['slowburn']}/merge", intoId=tags["slow-burn"])
    assert (merged["slug"], merged["usage_count"]) == ("slow-burn", 2)
    assert [t["usage_count"] for t in (await call(client, None, "GET", "/tags"))["items"]] == [2]
    assert (await call(client, None, "GET", "/tags/slowburn"))["slug"] == "slow-burn"
    assert [t["slug"] for t in await call(client, None, "GET", "/tags/search?q=Slow%20b")] == ["slow-burn"]
    listed = (await call(client, None, "GET", "/tags/slowburn/series?limit=1"))["items"]
    assert [card["id"] for card in listed] == [two]
    assert [t["slug"] for t in await call(client, ana, "PUT", f"/series/{one}/tags", tags=["SLOWBURN"])] == [
        "slow-burn"
    ]

    await call(client, mod, "POST", f"/admin/tags/{tags['slow-burn']}/block")
    assert await call(client, None, "GET", f"/series/{two}/tags") == []
    refused = await call(client, ana, "POST", f"/series/{one}/tags", 422, name="slow burn")
    assert list(refused["fields"]) == ["tags"]
    await call(client, None, "GET", "/tags/slow-burn", 404)
    assert [t["slug"] for t in (await call(client, mod, "GET", "/admin/tags?state=blocked"))["items"]] == ["slow-burn"]


async def test_tags_are_bounded_and_made_by_those_who_publish(live: Any, make: Any, client: Any, tx: Any) -> None:
    ana, reader = await make.user("ana", roles=("creator",)), await make.user("reader")
    series = await make.series(ana)
    path = f"/series/{series.id}/tags"
    await call(client, reader, "POST", "/tags", 403, name="quiet")
    made = await call(client, ana, "POST", "/tags", 201, name="Quiet")
    assert (made["slug"], made["is_approved"]) == ("quiet", False)
    assert (await call(client, ana, "POST", "/tags", 201, name="quiet"))["id"] == made["id"]
    for name in ("…", "#", "x" * 51, "a\x00b"):
        assert await call(client, ana, "POST", path, 422, name=name)
    many = [f"tag {n}" for n in range(MAX_TAGS + 1)]
    assert list((await call(client, ana, "PUT", path, 422, tags=many))["fields"]) == ["tags"]
    await call(client, ana, "PUT", path, tags=many[:19])
    answers = await asyncio.gather(
        *(client.as_(ana).post(f"/api/v1{path}", json={"name": name}) for name in ("b", "c", "d"))
    )
    assert sorted(a.status_code for a in answers) == [200, 422, 422]
    tags = await call(client, None, "GET", path)
    assert len(tags) == MAX_TAGS
    await call(client, ana, "DELETE", f"{path}/{made['id']}", 404)
    assert len(await call(client, ana, "DELETE", f"{path}/{tags[0]['id']}")) == MAX_TAGS - 1
    at_once = await asyncio.gather(
        *(client.as_(ana).post("/api/v1/tags", json={"name": "at once"}) for _ in range(4)),
    )
    assert len({a.json()["id"] for a in at_once}) == 1


async def test_warnings_are_of_a_list(make: Any, client: Any) -> None:
    ana, other = await make.user("ana", roles=("creator",)), await make.user("other")
    series = await make.series(ana)
    path = f"/series/{series.id}/warnings"
    assert [k["id"] for k in await call(client, None, "GET", "/content-warnings")] == list(WARNINGS)
    await call(client, ana, "PUT", path, warnings=[{"warning": "gore", "details": " one  jar "}, {"warning": "death"}])
    shown = await call(client, None, "GET", path)
    assert [(w["id"], w["severity"], w["details"]) for w in shown] == [
        ("death", "mild", ""),
        ("gore", "strong", "one jar"),
    ]
    await call(client, ana, "POST", path, warning="death", details="The cat lives")
    assert [w["details"] for w in await call(client, None, "GET", path)] == ["The cat lives", "one jar"]
    for body in ({"warning": "boredom"}, {"warning": "gore", "details": "x" * 501}):
        assert "fields" in await call(client, ana, "POST", path, 422, **body)
    twice = [{"warning": "gore"}, {"warning": "gore"}]
    assert list((await call(client, ana, "PUT", path, 422, warnings=twice))["fields"]) == ["warnings"]
    await call(client, other, "POST", path, 403, warning="war")
    await call(client, ana, "DELETE", f"{path}/war", 404)
    assert [w["id"] for w in await call(client, ana, "DELETE", f"{path}/death")] == ["gore"]


async def test_what_is_listed_and_in_which_order(make: Any, client: Any, tx: Any, queries: Any) -> None:
    ana, ben = await make.user("ana", roles=("creator",)), await make.user("ben", roles=("creator",))
    bare = await make.series(ben)
    score = await call(client, ben, "GET", f"/series/{bare.id}/listing-score")
    assert (score["score"], score["can_list"], score["is_listed"]) == (0, False, False)
    refused = await call(client, ben, "POST", f"/series/{bare.id}/list", 409)
    assert (refused["code"], len(refused["missing"])) == ("not_ready_to_list", 4)
    assert (await call(client, ben, "GET", f"/series/{bare.id}/ranking"))["trending"] is None

    first, second = await ready(make, client, ana, "First"), await ready(make, client, ana, "Second")
    third = await ready(make, client, ben, "Third", content_type="web_novel")
    hidden = await ready(make, client, ben, "Hidden", listed=False)
    score = await call(client, ana, "GET", f"/series/{first}/listing-score")
    assert (score["score"], score["can_list"], score["is_listed"]) == (70, True, True)  # no tags, banner, schedule …
    genre = f"/genres/{URBAN}/series"

    async def order(sort: str, *, of: str = genre) -> list[str]:
        with queries() as seen:
            items = (await call(client, None, "GET", f"{of}?sort={sort}"))["items"]
        assert len([sql for sql in seen if "with page" in sql]) == 1
        return [card["title"] for card in items]

    assert await order("recent") == ["Third", "Second", "First"]
    await make.chapter(ana, await access(make, ana, first), title="Another")
    assert await order("recent") == ["First", "Third", "Second"]
    async with tx() as ctx:  # a chapter that many read makes its series popular, one that many like makes it hot
        await ctx.db.execute(
            """
            update work_stats set views = 9, likes = 9
            where work_id = (select id from works where parent_id = $1 limit 1)
            """,
            second,
        )
        await ranking.count(ctx)
        assert await ranking.count(ctx) == 0
    assert (await order("popular"))[0] == (await order("trending"))[0] == "Second"
    place = await call(client, ana, "GET", f"/series/{second}/ranking")
    assert (place["listed_count"], place["trending"], place["popular"], place["genre"]) == (3, 1, 1, "Urban fantasy")
    assert (place["type_count"], place["popular_in_type"], place["genre_count"], place["popular_in_genre"]) == (
        3,
        1,
        3,
        1,
    )
    site = f"/sites/{(await access(make, ben, hidden)).site_id}/series/public"
    assert set(await order("recent", of=site)) == {"Hidden", "Third", bare.title}
    pages, cursor = [], ""
    for _ in range(3):
        page = await call(client, None, "GET", f"{genre}?limit=1&sort=popular{cursor}")
        pages += [card["title"] for card in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (sorted(pages), page["next_cursor"]) == (["First", "Second", "Third"], None)
    await call(client, None, "GET", f"{genre}?sort=recent{cursor}x", 422)

    await call(client, ana, "POST", f"/series/{second}/unlist")
    await call(client, ana, "POST", f"/series/{first}/unpublish")
    assert await order("recent") == ["Third"]
    assert (await call(client, None, "GET", f"/genres/{FANTASY}"))["series_count"] == 1
    assert third


async def access(make: Any, user: Any, series_id: str) -> Any:
    async with make.tx(user) as ctx:
        return await access_series(ctx, UUID(series_id))


async def test_numbers_of_a_series_and_how_many_go_on_reading(make: Any, client: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    series = await make.series(ana, chapters=3)
    chapters = (await call(client, None, "GET", f"/series/{series.id}/chapters/public"))["items"]
    readers = [await make.user() for _ in range(2)]
    for reader, reads in zip(readers, (3, 1), strict=True):
        await call(client, reader, "GET", f"/series/{series.id}/public")
        async with make.tx(reader) as ctx:
            for chapter in chapters[:reads]:
                await record_view(ctx, chapter["id"])
    await call(client, readers[0], "PUT", f"/works/{chapters[1]['id']}/like")
    totals = await call(client, ana, "GET", f"/series/{series.id}/stats")
    assert [totals[name] for name in ("views", "chapter_views", "readers_count", "likes", "chapters_count")] == [
        2,
        4,
        2,
        1,
        3,
    ]
    found = await call(client, ana, "GET", f"/series/{series.id}/stats/detailed?days=7")
    assert found["totals"] == totals
    assert len(found["days"]) == 7
    assert [found["days"][-1][name] for name in ("views", "chapter_views", "likes")] == [2, 4, 1]
    assert [(c["views"], c["likes"], c["kept_percent"]) for c in found["chapters"]] == [
        (2, 0, 100),
        (1, 1, 50),
        (1, 0, 50),
    ]
    await call(client, ana, "GET", f"/series/{series.id}/stats/detailed?days=0", 422)
    await call(client, readers[0], "GET", f"/series/{series.id}/stats", 403)


async def test_after_thirty_days_nothing_is_left_of_it_but_its_address(make: Any, client: Any, tx: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    series = await ready(make, client, ana, "Jars", rating="teen")
    await call(client, ana, "PUT", f"/series/{series}/tags", tags=["quiet"])
    await call(client, ana, "DELETE", f"/series/{series}", 204)
    async with tx() as ctx:
        ctx.now += timedelta(days=29)
        assert await ending.purge_series(ctx) == 0
        ctx.now += timedelta(days=1, seconds=1)
        assert await ending.purge_series(ctx) == 1
        assert await ending.purge_series(ctx) == 0
        left = await ctx.db.fetchrow(
            """
            select w.title, w.excerpt, w.body_text, w.cover_media_id, b.synopsis_html,
              (select count(*) from series_tags) as tags, (select count(*) from media_uses) as uses,
              (select count(*) from works where kind = 'chapter' and deleted_at is null) as chapters,
              (select used from plan_usage where meter = 'chapters') as used
            from works w join series b on b.work_id = w.id where w.id = $1
            """,
            series,
        )
        assert tuple(left) == ("", "", "", None, "", 0, 0, 0, 0)
    await call(client, ana, "POST", f"/series/{series}/restore", 404)
    again = await make.series(ana, title="Jars")
    assert again.slug != "jars"  # S6


async def test_search_finds_series_and_chapters_where_they_are_read(make: Any, client: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    series = await make.series(ana, title="Weather in jars", synopsis_markdown="Irini labels barometers.")
    await make.chapter(ana, series, title="The lid", body="A barometer fell, and nobody heard it.")
    locked = "A first paragraph.\n\nA second.\n\nA third.\n\nThen the zeppelin came down."
    await make.chapter(ana, series, title="The rain", body=locked, access="subscribers")

    async def found(words: str) -> list[tuple[str, str]]:
        hits = (await call(client, None, "GET", f"/search?q={words}"))["items"]
        return sorted((hit["work"]["title"], hit["path"]) for hit in hits)

    house = "/s/ana/series/weather-in-jars"
    assert await found("barometer") == [("Weather in jars", house), ("Weather in jars: The lid", f"{house}/the-lid")]
    assert await found("zeppelin") == []
    page = (await client.get("/search?q=barometer")).text
    assert f'href="{house}/the-lid"' in page and f'href="{house}"' in page
    async with make.tx(await make.user("reader")) as ctx:
        target = await works_jobs.work_of_gift(ctx, series.id)
    assert target is not None and target.path == house
    await call(client, ana, "POST", f"/series/{series.id}/unpublish")
    assert await found("barometer") == []
