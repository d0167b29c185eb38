"""Series through the API: made, changed, shown, paused, deleted and restored; and who may do what of it."""

import asyncio
import io
from typing import Any
from uuid import UUID

import pytest

FANTASY, ROMANCE = "00000000-0000-7000-8001-000100000000", "00000000-0000-7000-8001-000300000000"
URBAN = "00000000-0000-7000-8001-000100000002"
SYNOPSIS = "A city keeps its weather in jars, and somebody has **opened** one of them at night.\n\nNobody saw who."


async def call(client: Any, user: Any, method: str, path: str, status: int = 200, **body: Any) -> Any:
    answer = await client.as_(user).request(method, f"/api/v1{path}", json=body or None)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


async def test_a_series_is_made_changed_published_and_read(make: Any, client: Any) -> None:
    ana, reader = await make.user("ana", roles=("creator",)), await make.user("reader")
    site = await make.site(ana)
    cover = await make.picture(ana)
    made = await call(
        client,
        ana,
        "POST",
        f"/sites/{site}/series",
        201,
        title="  Weather   in jars ",
        synopsisMarkdown=SYNOPSIS,
        contentType="manga",
        rating="teen",
        coverMediaId=str(cover.id),
    )
    series = f"/series/{made['id']}"
    assert (made["title"], made["status"], made["state"], made["slug"]) == ("Weather in jars", "draft", "draft", None)
    assert made["reading_direction"] == "rtl"  # as manga is
    assert made["synopsis_html"].startswith("<p>A city keeps its weather in jars, and somebody has <strong>opened")
    assert made["cover"]["id"] == str(cover.id)
    await call(client, reader, "GET", series, 404)
    await call(client, None, "GET", f"{series}/public", 404)
    await call(client, ana, "GET", f"{series}/public", 404)  # everybody's view, and nobody sees it
    assert (await call(client, None, "GET", f"/sites/{site}/series/public"))["items"] == []

    edited = await call(client, ana, "PATCH", series, revision=1, title="Jars", synopsisMarkdown=SYNOPSIS + " Yet.")
    assert (edited["revision"], edited["title"]) == (2, "Jars")
    same = await call(client, ana, "PATCH", series, revision=2, title="Jars")
    assert same["revision"] == 2
    conflict = await call(client, ana, "PATCH", series, 409, revision=1, title="Lost")
    assert (conflict["code"], conflict["revision"]) == ("edit_conflict", 2)

    out = await call(client, ana, "POST", f"{series}/publish")
    assert (out["state"], out["status"], out["slug"], out["url"]) == (
        "published",
        "ongoing",
        "jars",
        "/s/ana/series/jars",
    )
    assert (await call(client, ana, "POST", f"{series}/publish", 409))["code"] == "wrong_state"
    seen = await call(client, reader, "GET", f"{series}/public")
    assert (seen["synopsis_markdown"], seen["my_permissions"], seen["stats"]["views"]) == (None, [], 1)
    assert (await call(client, reader, "GET", series))["synopsis_markdown"] is None
    assert (await call(client, ana, "GET", series))["synopsis_markdown"] == SYNOPSIS + " Yet."
    [card] = (await call(client, None, "GET", f"/sites/{site}/series/public"))["items"]
    assert (card["title"], card["site_slug"], card["chapters_count"], card["author"]["username"]) == (
        "Jars",
        "ana",
        0,
        "ana",
    )

    await call(client, ana, "PATCH", f"{series}/settings", slug="weather-in-jars")
    moved = await call(client, None, "GET", f"/sites/{site}/series/by-slug/jars")
    assert (moved["slug"], moved["id"]) == ("weather-in-jars", made["id"])  # S6
    taken = await call(client, ana, "POST", f"/sites/{site}/series", 201, title="Other")
    refused = await call(client, ana, "PATCH", f"/series/{taken['id']}", 422, revision=1, slug="jars")
    assert list(refused["fields"]) == ["slug"]

    back = await call(client, ana, "POST", f"{series}/unpublish")
    assert (back["state"], back["status"]) == ("unpublished", "draft")
    await call(client, reader, "GET", series, 404)


async def test_every_wrong_field_is_named(make: Any, client: Any) -> None:
    ana, other = await make.user("ana", roles=("creator",)), await make.user("other")
    series, foreign = await make.series(ana), await make.picture(other)
    path = f"/series/{series.id}"
    wrong = await call(
        client, ana, "POST", f"/sites/{series.site_id}/series", 422, title="", rating="odd", language="9"
    )
    assert sorted(wrong["fields"]) == ["language", "rating", "title"]
    wrong = await call(
        client,
        ana,
        "PATCH",
        f"{path}/settings",
        422,
        canonicalUrl="javascript:alert(1)",
        metaTitle="x" * 61,
        totalPlannedChapters=0,
    )
    assert sorted(wrong["fields"]) == ["meta_title", "total_planned_chapters"]
    for url in ("javascript:alert(1)", "https://", "https://[", "//a.example", 'https://a.example/"><script>'):
        assert list((await call(client, ana, "PATCH", f"{path}/settings", 422, canonicalUrl=url))["fields"]) == [
            "canonical_url"
        ]
    assert list((await call(client, ana, "PATCH", path, 422, revision=2, coverMediaId=str(foreign.id)))["fields"]) == [
        "cover_media_id"
    ]
    assert list((await call(client, ana, "PATCH", f"{path}/schedule", 422, timezone="Mars/Base"))["fields"]) == [
        "timezone"
    ]
    deep = "[" * 9_000
    assert list((await call(client, ana, "PATCH", path, 422, revision=2, synopsisMarkdown=deep))["fields"]) == [
        "synopsis_markdown"
    ]
    hostile = "<script>alert(1)</script> [a](javascript:alert(1)) ![b](data:text/html,x)"
    html = (await call(client, ana, "PATCH", path, revision=2, synopsisMarkdown=hostile))["synopsis_html"]
    assert "<script" not in html and "javascript:" not in html.replace("(javascript:", "") and "<img" not in html
    assert (await call(client, ana, "GET", f"{path}/settings"))["canonical_url"] is None


async def test_settings_paywall_and_schedule(make: Any, client: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    series = await make.series(ana, published=False)
    path = f"/series/{series.id}"
    settings = await call(
        client,
        ana,
        "PATCH",
        f"{path}/settings",
        language="el",
        originalLanguage="en",
        totalPlannedChapters=40,
        metaTitle="Jars",
        canonicalUrl="https://ana.example/jars",
    )
    assert settings == (await call(client, ana, "GET", f"{path}/settings"))
    assert (settings["revision"], settings["language"], settings["total_planned_chapters"]) == (2, "el", 40)
    wall = {
        "default_access": "subscribers",
        "early_access_days": 7,
        "preview_paragraphs": 1,
        "paywall_message": "Thank you",
    }
    changed = await call(client, ana, "PATCH", f"{path}/paywall", revision=2, **wall)
    assert changed == {"id": str(series.id), "revision": 3, **wall} == await call(client, ana, "GET", f"{path}/paywall")
    assert (await call(client, ana, "PATCH", f"{path}/paywall", 409, revision=2, previewParagraphs=9))["revision"] == 3
    times = await call(
        client,
        ana,
        "PATCH",
        f"{path}/schedule",
        updateDays=[5, 1, 5],
        timezone="Europe/Athens",
        updateSchedule="Weekly",
    )
    assert (times["update_days"], times["timezone"]) == ([1, 5], "Europe/Athens")
    assert times == await call(client, ana, "GET", f"{path}/schedule")


async def test_it_goes_from_standing_to_standing_only_as_it_may(make: Any, client: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    series = await make.series(ana, published=False)
    path = f"/series/{series.id}"
    early = await call(client, ana, "POST", f"{path}/complete", 409)
    assert (early["code"], early["status"], early["series_status"], early["allowed"]) == (
        "status_refused",
        409,
        "draft",
        ["publish"],
    )
    await call(client, ana, "POST", f"{path}/publish")
    for step, status in (
        ("hiatus", "hiatus"),
        ("resume", "ongoing"),
        ("cancel", "cancelled"),
        ("resume", "ongoing"),
        ("complete", "completed"),
    ):
        moved = await call(client, ana, "POST", f"{path}/{step}")
        assert moved["status"] == status
        assert (moved["completed_at"] is not None) == (status == "completed")
    refused = await call(client, ana, "POST", f"{path}/hiatus", 409)
    assert refused["allowed"] == ["resume"]
    assert (await call(client, ana, "GET", path))["status"] == "completed"


async def test_pictures_come_by_form_and_go(make: Any, client: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    series, picture = await make.series(ana), await make.picture(ana, width=600, height=900)
    content = await client.as_(ana).get(f"/media/{picture.id}/960.webp")
    for place in ("cover", "banner", "thumbnail"):
        files = {"file": ("jar.webp", io.BytesIO(content.content), "image/webp")}
        answer = await client.as_(ana).post(f"/api/v1/series/{series.id}/{place}", files=files, data={"alt": "A jar"})
        assert answer.status_code == 201, answer.text
        assert answer.json()[place]["alt"] == "A jar"
        uses = await call(client, ana, "GET", f"/media/{answer.json()[place]['id']}")
        assert uses["id"] == answer.json()[place]["id"]
    refused = await client.as_(ana).post(
        f"/api/v1/series/{series.id}/cover", files={"file": ("x.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")}
    )
    assert refused.status_code == 422
    for place in ("cover", "banner", "thumbnail"):
        assert (await call(client, ana, "DELETE", f"/series/{series.id}/{place}"))[place] is None


async def test_a_deleted_series_comes_back_and_counts_as_long_as_it_is_there(make: Any, client: Any, tx: Any) -> None:
    ana, reader = await make.user("ana", roles=("creator",)), await make.user("reader")
    series = await make.series(ana, chapters=1)
    path = f"/series/{series.id}"

    async def used() -> Any:
        async with tx() as ctx:
            return await ctx.db.fetchval("select used from plan_usage where user_id = $1 and meter = 'series'", ana.id)

    assert await used() == 1
    await call(client, reader, "DELETE", path, 403)
    await call(client, ana, "DELETE", path, 204)
    await call(client, ana, "DELETE", path, 404)
    await call(client, ana, "GET", path, 404)
    assert await used() == 0
    site = f"/sites/{series.site_id}/series"
    assert (await call(client, ana, "GET", site))["items"] == []
    [gone] = (await call(client, ana, "GET", f"{site}?deleted=true"))["items"]
    assert gone["id"] == str(series.id)
    await call(client, reader, "POST", f"{path}/restore", 404)
    await call(client, ana, "POST", f"{path}/restore")
    assert await used() == 1
    assert (await call(client, ana, "POST", f"{path}/restore", 409))["code"] == "conflict"
    assert (await call(client, reader, "GET", path))["chapters_count"] == 1


async def test_deleting_and_restoring_at_once_counts_once(live: Any, make: Any, client: Any, tx: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    series = await make.series(ana)
    await make.series(ana)
    answers = await asyncio.gather(*(client.as_(ana).delete(f"/api/v1/series/{series.id}") for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [204, 404, 404, 404]
    answers = await asyncio.gather(*(client.as_(ana).post(f"/api/v1/series/{series.id}/restore") for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
    async with tx() as ctx:
        assert await ctx.db.fetchval("select used from plan_usage where user_id = $1 and meter = 'series'", ana.id) == 2


async def test_the_plan_holds_so_many_series(make: Any, client: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    site = await make.site(ana)
    for number in range(3):
        await make.series(ana, title=f"Book {number}")
    full = await call(client, ana, "POST", f"/sites/{site}/series", 402, title="One more")
    assert (full["meter"], full["plan"], full["limit"], full["used"], full["lifted_by"]) == (
        "series",
        "free",
        3,
        3,
        "starter",
    )
    assert len((await call(client, ana, "GET", f"/sites/{site}/series"))["items"]) == 3


async def test_a_copy_has_everything_but_the_chapters(make: Any, client: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    cover = await make.picture(ana)
    series = await make.series(ana, chapters=2, title="Jars", synopsis_markdown=SYNOPSIS, cover_media_id=cover.id)
    path = f"/series/{series.id}"
    await call(client, ana, "PUT", f"{path}/genres", genreIds=[URBAN, ROMANCE])
    await call(client, ana, "PUT", f"{path}/tags", tags=["Weather", "jars"])
    await call(client, ana, "PUT", f"{path}/warnings", warnings=[{"warning": "gore", "details": "A little"}])
    copy = await call(client, ana, "POST", f"{path}/duplicate", 201)
    assert (copy["title"], copy["state"], copy["chapters_count"], copy["slug"]) == ("Jars (copy)", "draft", 0, None)
    assert [g["slug"] for g in copy["genres"]] == ["urban-fantasy", "romance"]
    assert [t["slug"] for t in copy["tags"]] == ["jars", "weather"]
    assert [(w["id"], w["details"]) for w in copy["warnings"]] == [("gore", "A little")]
    assert (copy["synopsis_markdown"], copy["cover"]["id"]) == (SYNOPSIS, str(cover.id))
    named = await call(client, ana, "POST", f"{path}/duplicate", 201, title="Book two")
    assert named["title"] == "Book two"


async def test_a_novel_with_chapters_does_not_become_a_comic(make: Any, client: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    novel, empty = await make.series(ana, chapters=1), await make.series(ana)
    refused = await call(client, ana, "PATCH", f"/series/{novel.id}/settings", 409, contentType="manga")
    assert refused["code"] == "conflict"
    assert (await call(client, ana, "GET", f"/series/{novel.id}"))["content_type"] == "web_novel"
    assert (await call(client, ana, "PATCH", f"/series/{empty.id}/settings", contentType="manga"))[
        "content_type"
    ] == "manga"


@pytest.mark.parametrize(
    ("role", "extra", "may"),
    [
        ("editor", (), {"edit", "publish", "schedule", "duplicate", "complete", "tags", "score", "settings"}),
        ("translator", (), {"score"}),
        ("analyst", (), {"stats", "ranking"}),
        ("analyst", ("edit_content",), {"stats", "ranking"}),  # it is out: each change would be seen at once
        (
            "manager",
            (),
            {"edit", "publish", "schedule", "duplicate", "complete", "tags", "score", "settings"}
            | {"paywall", "stats", "ranking"},
        ),
    ],
)
async def test_what_a_role_may(make: Any, client: Any, role: str, extra: tuple[str, ...], may: set[str]) -> None:
    ana, ben, staff = (
        await make.user("ana", roles=("creator",)),
        await make.user("ben"),
        await make.user("mod", roles=("moderator",)),
    )
    series = await make.series(ana)
    await make.collaborator(ana, ben, role, extra)
    path = f"/api/v1/series/{series.id}"
    before = (await client.as_(ana).get(path)).json()
    asked: dict[str, tuple[str, str, Any]] = {
        "stats": ("GET", f"{path}/stats/detailed", None),
        "ranking": ("GET", f"{path}/ranking", None),
        "score": ("GET", f"{path}/listing-score", None),
        "tags": ("POST", f"{path}/tags", {"name": "x"}),
        "schedule": ("PATCH", f"{path}/schedule", {"update_schedule": "Weekly"}),
        "paywall": ("PATCH", f"{path}/paywall", {"preview_paragraphs": 1}),
        "settings": ("PATCH", f"{path}/settings", {"meta_title": "By ben"}),
        "edit": ("PATCH", path, {"revision": before["revision"], "title": "Ben's"}),
        "duplicate": ("POST", f"{path}/duplicate", None),
        "delete": ("DELETE", path, None),
        "complete": ("POST", f"{path}/complete", None),
        "publish": ("POST", f"{path}/unpublish", None),
    }
    for what, (method, url, body) in asked.items():
        if what == "edit":
            body = {**body, "revision": (await client.as_(ana).get(path)).json()["revision"]}
        answer = await client.as_(ben).request(method, url, json=body)
        assert answer.status_code == 403 if what not in may else answer.status_code < 300, (what, answer.text)
        refused = await client.as_(staff).request(method, url, json=body)
        assert (refused.status_code < 300) == (what in ("stats", "ranking", "score")), (what, refused.text)
    after = (await client.as_(ana).get(path)).json()
    if not may & {"edit", "tags", "publish"}:
        assert after == before


async def test_the_studio_lists_what_somebody_may_see_in_pages(make: Any, client: Any, queries: Any) -> None:
    ana, ben = await make.user("ana", roles=("creator",)), await make.user("ben")
    drafts = [await make.series(ana, published=False, title=f"Draft {n}") for n in range(2)]
    out = await make.series(ana, chapters=2, title="Out there")
    await make.chapter(ana, out, published=False)
    await make.collaborator(ana, ben, "analyst")
    path = f"/sites/{out.site_id}/series"
    with queries() as seen:
        first = await call(client, ana, "GET", f"{path}?limit=2")
    assert len([q for q in seen if "from works w" in q]) == 1
    [top, *_] = first["items"]
    assert (top["title"], top["status"], top["chapters_count"], top["drafts_count"]) == ("Out there", "ongoing", 2, 1)
    rest = await call(client, ana, "GET", f"{path}?limit=2&cursor={first['next_cursor']}")
    assert [row["id"] for row in first["items"] + rest["items"]] == [
        str(out.id),
        *(str(one.id) for one in reversed(drafts)),
    ]
    assert rest["next_cursor"] is None
    assert [r["title"] for r in (await call(client, ana, "GET", f"{path}?status=draft&q=T%201"))["items"]] == [
        "Draft 1"
    ]
    assert [r["id"] for r in (await call(client, ben, "GET", path))["items"]] == [str(out.id)]
    assert (await call(client, ben, "GET", f"{path}?deleted=true"))["items"] == []
    await call(client, await make.user("stranger"), "GET", path, 404)


async def test_two_editors_at_once_lose_nothing(live: Any, make: Any, client: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    series = await make.series(ana, published=False)
    path = f"/api/v1/series/{series.id}"
    answers = await asyncio.gather(
        *(client.as_(ana).patch(path, json={"revision": 1, "title": f"Title {n}"}) for n in range(4))
    )
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
    kept = next(a.json() for a in answers if a.status_code == 200)
    assert (await client.as_(ana).get(path)).json()["title"] == kept["title"]


async def test_what_a_ban_or_a_block_hides(make: Any, client: Any) -> None:
    ana, reader = await make.user("ana", roles=("creator",)), await make.user("reader")
    series = await make.series(ana)
    async with make.tx(reader) as ctx:
        await ctx.db.execute(
            "insert into blocks (blocker_id, blocked_id, created_at) values ($1, $2, now())", reader.id, ana.id
        )
    await call(client, reader, "GET", f"/series/{series.id}", 404)
    assert (await call(client, reader, "GET", f"/sites/{series.site_id}/series/public"))["items"] == []
    assert UUID((await call(client, None, "GET", f"/series/{series.id}"))["id"]) == series.id
