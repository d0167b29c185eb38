"""`/discover`: what is listed is found, what is not is nowhere; and moderators look at tags."""

import re
from typing import Any

import pytest

from tests.creation.serials.test_series import URBAN, call
from tests.creation.serials.test_series_discovery import ready


async def shown(visitor: Any, path: str) -> str:
    answer = await visitor.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    assert not re.search(r"<script(?![^>]*(src=|ld\+json))|\sstyle=|\son(?:click|load)=", answer.text)
    assert len(re.findall(r"<h1[ >]", answer.text)) == 1
    return str(answer.text)


async def test_what_is_listed_is_found_by_kind_genre_and_tag(make: Any, client: Any, visitor: Any) -> None:
    ana, mod = await make.user("ana", roles=("creator",)), await make.user("mod", roles=("moderator",))
    assert "Nothing is listed yet" in await shown(visitor, "/discover")
    assert "No tags yet" in await shown(visitor, "/discover/tags")
    assert "Nothing here yet" in await shown(visitor, "/discover/genre/urban-fantasy")
    jars = await ready(make, client, ana, "Weather in jars")
    ink = await ready(make, client, ana, "Ink and rain", content_type="western_comic")
    await ready(make, client, ana, "Only on its site", listed=False)
    await call(client, ana, "PUT", f"/series/{jars}/tags", tags=["Slow burn", "unseen"])
    tags = {tag["slug"]: tag["id"] for tag in (await call(client, mod, "GET", "/admin/tags"))["items"]}
    await call(client, mod, "POST", f"/admin/tags/{tags['slow-burn']}/approve")
    await call(client, ana, "POST", f"/series/{ink}/complete")

    def titles(text: str) -> list[str]:
        return re.findall(r'class="cover-title"[^>]*><a [^>]*>([^<]+)</a>', text)

    for path, found in {
        "/discover": ["Ink and rain", "Weather in jars"],
        "/discover?sort=recent&type=web_novel": ["Weather in jars"],
        "/discover?status=completed": ["Ink and rain"],
        "/discover?type=manhwa": [],
        "/discover/genre/urban-fantasy?sort=popular": ["Ink and rain", "Weather in jars"],
        "/discover/genre/fantasy": ["Ink and rain", "Weather in jars"],
        "/discover/genre/romance": [],
        "/discover/tags/slow-burn": ["Weather in jars"],
    }.items():
        assert sorted(titles(await shown(visitor, path))) == found, path
    text = await shown(visitor, "/discover/tags")
    assert "Slow burn" in text and "unseen" not in text
    assert "Slow burn" in await shown(visitor, "/discover/tags?q=burn")
    assert "No such tag" in await shown(visitor, "/discover/tags?q=unseen")
    assert (await visitor.get("/discover/tags/unseen")).status_code == 404
    assert (await visitor.get("/discover/genre/unseen")).status_code == 404
    for path in ("/discover?cursor=x", "/discover/tags?cursor=x"):
        assert (await visitor.get(path)).status_code == 303
    text = await shown(visitor, f"/discover/series/{jars}")
    assert "Start reading" in text and 'href="/s/ana/series/weather-in-jars/milestone-1"' in text
    assert 'rel="canonical" href="http://testserver/s/ana/series/weather-in-jars"' in text
    assert titles(text) == ["Ink and rain"]  # and what is like it
    await call(client, ana, "POST", f"/series/{jars}/unpublish")
    assert (await visitor.get(f"/discover/series/{jars}")).status_code == 404


async def test_what_is_for_adults_is_veiled_until_somebody_asks_for_it(
    make: Any, client: Any, visitor: Any, signed_in: Any
) -> None:
    ana, grown = await make.user("ana", roles=("creator",)), await make.user("grown")
    series = await ready(make, client, ana, "Night bus", rating="explicit")
    cover = (await call(client, ana, "GET", f"/series/{series}"))["cover"]["url"]
    for path in ("/discover", f"/discover/series/{series}"):
        text = await shown(visitor, path)
        assert "Night bus" in text and cover not in text and "keeps its weather" not in text
    reader = await signed_in(grown)
    assert cover not in await shown(reader, "/discover")
    await call(client, grown, "PATCH", "/users/me/preferences", mature_content="show")
    for path in ("/discover", f"/discover/series/{series}"):
        assert cover in await shown(reader, path)


async def test_it_goes_on_where_it_ended(make: Any, client: Any, visitor: Any, tx: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    first = await ready(make, client, ana, "First")
    async with tx() as ctx:  # as many as two pages hold
        await ctx.db.execute(
            """
            with made as (
              insert into works (id, author_id, site_id, kind, slug, title, state, published_at, created_at, updated_at)
              select gen_random_uuid(), author_id, site_id, kind, 'copy-' || n, 'Copy ' || n, state, published_at,
                created_at, updated_at
              from works, generate_series(1, 30) n where id = $1 returning id, published_at
            ), told as (
              insert into series (work_id, is_listed, last_published_at) select id, true, published_at from made
            ) insert into series_genres (series_id, genre_id, is_primary) select id, $2, true from made
            """,
            first,
            URBAN,
        )
    whole = await shown(visitor, "/discover")
    link = re.search(r'href="(/discover\?cursor=[^"]+)"', whole)
    assert link
    part = await visitor.get(link[1], **{"HX-Request": "true"})
    seen = re.findall(r"/discover/series/([0-9a-f-]{36})", whole + part.text)
    assert "<html" not in part.text
    assert len(seen) == len(set(seen)) == 31


async def test_moderators_approve_block_and_put_tags_together(make: Any, client: Any, signed_in: Any) -> None:
    ana, mod = await make.user("ana", roles=("creator",)), await make.user("mod", roles=("moderator",))
    series = await make.series(ana)
    await call(client, ana, "PUT", f"/series/{series.id}/tags", tags=["Slow burn", "slowburn", "ugly", "<b>"])
    tags = {t["slug"]: t["id"] for t in (await call(client, mod, "GET", "/admin/tags"))["items"]}
    page, author = await signed_in(mod), await signed_in(ana)
    assert (await author.get("/admin/tags")).status_code == 403
    text = await shown(page, "/admin/tags")
    assert "Slow burn" in text and "&lt;b&gt;" in text
    assert "Slow burn" not in await shown(page, "/admin/tags?q=ugly")
    for path, fields, said in (
        (f"/admin/tags/{tags['slow-burn']}/approve", {}, "is found by everybody now"),
        (f"/admin/tags/{tags['ugly']}/block", {"state": "waiting"}, "is not used any more"),
        (f"/admin/tags/{tags['slowburn']}/merge", {"into": "Slow Burn"}, "It is “Slow burn” from now on"),
        (f"/admin/tags/{tags['b']}/merge", {"into": "no such"}, "There is no tag called “no such”"),
        (f"/admin/tags/{tags['b']}/merge", {"into": "b"}, "A tag cannot become itself"),
    ):
        answer = await page.follow(await page.post(path, **fields))
        assert said in answer.text, path
    assert "ugly" in await shown(page, "/admin/tags?state=blocked")
    assert "slowburn" not in await shown(page, "/admin/tags?state=approved")
    assert (await author.post(f"/admin/tags/{tags['b']}/approve")).status_code == 403


@pytest.mark.parametrize("path", ["/", "/about"])
async def test_the_hall_leads_there(path: str, visitor: Any) -> None:
    assert 'href="/discover"' in await shown(visitor, path)
