"""Chapters through their API: made, changed, published, taken back, deleted and restored."""

from datetime import timedelta
from typing import Any

import pytest

from stoa.creation.serials.actions.purge import purge_chapters
from stoa.creation.serials.actions.schedule import publish_due
from stoa.creation.works.actions import give_back, withhold
from stoa.kit.clock import utcnow
from tests.conftest import Client

BODY = "One paragraph of it.\n\nAnother one, with a ||secret|| in it.\n\nAnd a third[^1].\n\nThe last.\n\n[^1]: A note."


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


async def test_a_chapter_is_made_changed_published_and_taken_back(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana, rating="teen")
    me, stranger = client.as_(ana), client.as_(await make.user())
    path = f"/api/v1/series/{series.id}/chapters"
    made = (await me.post(path, json={"title": "  The   gate ", "body_markdown": BODY})).json()
    assert (made["title"], made["number"], made["position"], made["version"], made["revision"]) == (
        "The gate", "1", 1, 1, 1
    )  # fmt: skip
    assert (made["status"], made["state"], made["slug"], made["url"]) == ("draft", "draft", None, None)
    assert (made["rating"], made["language"], made["word_count"], made["author"]["username"]) == (
        "teen",
        "en",
        18,
        "ana",
    )
    assert '<span class="spoiler" tabindex="0">secret</span>' in made["body_html"]
    assert "footnotes" in made["body_html"]
    chapter = f"/api/v1/chapters/{made['id']}"

    assert (await stranger.get(chapter)).status_code == 404
    assert (await stranger.get(f"{chapter}/read")).status_code == 404
    edited = await me.patch(chapter, json={"revision": 1, "title": "The high gate", "note": "Higher", "volume": 2})
    assert (edited.json()["revision"], edited.json()["version"], edited.json()["volume"]) == (2, 2, 2)
    again = await me.patch(chapter, json={"revision": 2, "title": "The high gate"})
    assert (again.json()["revision"], again.json()["version"]) == (2, 2)  # nothing changed
    stale = await me.patch(chapter, json={"revision": 1, "title": "Lost"})
    assert (stale.status_code, stale.json()["code"], stale.json()["revision"]) == (409, "edit_conflict", 2)

    out = (await me.post(f"{chapter}/publish", json={"revision": 2})).json()
    assert (out["status"], out["slug"]) == ("published", "the-high-gate")
    assert out["url"] == f"/s/{series.site_slug}/series/{series.slug}/the-high-gate"
    assert (await me.post(f"{chapter}/publish")).json()["code"] == "wrong_state"
    read = (await stranger.get(f"{chapter}/read")).json()
    assert (read["is_locked"], read["why"], read["stats"]["views"]) == (False, "free", 1)
    assert read["body_html"] == edited.json()["body_html"]
    assert (await stranger.get(chapter)).status_code == 403  # the source is not theirs
    assert (await stranger.patch(chapter, json={"revision": 3, "title": "Mine"})).status_code == 403

    renamed = await me.patch(chapter, json={"revision": 3, "slug": "gate"})
    assert renamed.json()["slug"] == "gate"
    reserved = await me.patch(chapter, json={"revision": renamed.json()["revision"], "slug": "chapters"})
    assert (reserved.status_code, list(reserved.json()["fields"])) == (422, ["slug"])

    back = (await me.post(f"{chapter}/unpublish")).json()
    assert (back["status"], back["state"]) == ("draft", "unpublished")
    assert (await stranger.get(f"{chapter}/read")).status_code == 404
    put_aside = (await me.post(f"{chapter}/archive")).json()
    assert put_aside["status"] == "archived"
    assert (await me.post(f"{chapter}/publish")).json()["code"] == "wrong_state"
    assert (await me.post(f"{chapter}/unarchive")).json()["status"] == "draft"


async def test_what_is_wrong_with_a_chapter_is_said_by_field(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana, chapters=1)
    me = client.as_(ana)
    path = f"/api/v1/series/{series.id}/chapters"
    bad = {"title": "x" * 201, "number": -1, "volume": 0, "language": "English", "rating": "none"}
    answer = await me.post(path, json=bad)
    assert (answer.status_code, sorted(answer.json()["fields"])) == (422, ["language", "rating", "title", "volume"])
    for number in (-1, "1.001", 10**30, "NaN", "1000000"):
        answer = await me.post(path, json={"number": number})
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["number"]), number
    one = (await me.get(path)).json()["items"][0]
    for number in ("sNaN", "-0.001", "1e9"):
        answer = await me.patch(f"/api/v1/chapters/{one['id']}", json={"revision": one["revision"], "number": number})
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["number"]), number
    for query in ({"q": "\x00"}, {"q": "x" * 201}, {"cursor": "\x00"}, {"status": "x"}, {"limit": 10**20}):
        assert (await me.get(path, params=query)).status_code == 422, query
    assert (await client.get(f"/api/v1/chapters/{one['id']}/versions/compare/1/{10**30}")).status_code == 401
    taken = await me.post(path, json={"number": 1})
    assert taken.json()["fields"] == {"number": "There is a chapter with this number already"}
    assert (await me.post(path, json={"number": 1, "volume": 2})).status_code == 201
    assert (await me.post(path, json={"body_markdown": "a\x00b"})).status_code == 422
    assert (await me.post(path, json={"body_markdown": "> " * 9999 + "x"})).status_code in (201, 422)
    empty = (await me.post(path, json={"number": "7.5"})).json()
    assert empty["number"] == "7.5"
    nothing = await me.post(f"/api/v1/chapters/{empty['id']}/publish")
    assert (nothing.status_code, list(nothing.json()["fields"])) == (422, ["body_markdown"])
    assert [one["number"] for one in (await me.get(path)).json()["items"]][-1] == "7.5"


async def test_of_two_editors_at_once_one_wins_and_numbers_are_given_once(
    client: Client, make: Any, ana: Any, gather: Any
) -> None:
    series = await make.series(ana)
    me = client.as_(ana)
    path = f"/api/v1/series/{series.id}/chapters"
    made = await gather(*(me.post(path, json={"title": f"Part {n}", "body_markdown": BODY}) for n in range(8)))
    assert sorted(int(one.json()["number"]) for one in made) == list(range(1, 9))
    assert sorted(one.json()["position"] for one in made) == list(range(1, 9))
    chapter = f"/api/v1/chapters/{made[0].json()['id']}"
    edits = await gather(*(me.patch(chapter, json={"revision": 1, "title": f"Edit {n}"}) for n in range(6)))
    assert sorted(one.status_code for one in edits) == [200, 409, 409, 409, 409, 409]
    versions = (await me.get(chapter)).json()
    assert (versions["version"], versions["revision"]) == (2, 2)


async def test_a_deleted_chapter_can_be_restored_and_leaves_its_number(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana, chapters=3)
    me, stranger = client.as_(ana), client.as_(await make.user())
    path = f"/api/v1/series/{series.id}/chapters"
    second = (await me.get(path)).json()["items"][1]
    chapter = f"/api/v1/chapters/{second['id']}"
    assert (await stranger.delete(chapter)).status_code == 403
    assert (await me.delete(chapter)).status_code == 204
    assert (await me.get(chapter)).status_code == 404
    assert (await stranger.get(f"{chapter}/read")).status_code == 404
    assert [one["number"] for one in (await me.get(path)).json()["items"]] == ["1", "3"]
    assert [one["id"] for one in (await me.get(path, params={"deleted": True})).json()["items"]] == [second["id"]]
    assert (await me.post(path, json={"number": 2})).status_code == 201
    back = (await me.post(f"{chapter}/restore")).json()
    assert (back["number"], back["position"], back["status"]) == ("4", 2, "published")
    assert (await stranger.get(f"{chapter}/read")).status_code == 200
    copy = (await me.post(f"{chapter}/duplicate")).json()
    assert (copy["title"], copy["status"], copy["number"]) == ("Milestone 2 (copy)", "draft", "5")


async def test_a_copy_is_no_more_open_than_what_it_is_of(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana)
    body = "\n\n".join(f"Part {n} of it." for n in range(1, 6))
    made = await make.chapter(ana, series, title="The gate", body=body)
    me, chapter = client.as_(ana), f"/api/v1/chapters/{made.id}"
    rule = {"access": "tier", "preview_paragraphs": 1, "paywall_message": "Later"}
    await me.patch(f"{chapter}/access", json=rule)
    await me.post(f"{chapter}/schedule-free", json={"at": (utcnow() + timedelta(days=2)).isoformat()})
    copy = (await me.post(f"{chapter}/duplicate")).json()
    assert {name: copy[name] for name in rule} == rule, "and not as new chapters of the series, which are free"
    await me.post(f"/api/v1/chapters/{copy['id']}/publish")
    read = (await client.get(f"/api/v1/chapters/{copy['id']}/read")).json()
    assert (read["is_locked"], read["body_html"]) == (True, "<p>Part 1 of it.</p>\n")
    assert (await client.get("/api/v1/search?q=%22Part+4%22")).json()["items"] == []


async def test_the_plan_holds_so_many_chapters(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana, chapters=1)
    async with make.tx() as ctx:
        await ctx.db.execute("update plan_usage set used = 100000 where user_id = $1 and meter = 'chapters'", ana.id)
    answer = await client.as_(ana).post(f"/api/v1/series/{series.id}/chapters", json={"title": "One too many"})
    assert (answer.status_code, answer.json()["meter"]) == (402, "chapters")
    assert len((await client.as_(ana).get(f"/api/v1/series/{series.id}/chapters")).json()["items"]) == 1


async def test_a_colleague_does_what_their_role_allows(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana, chapters=1)
    ed, tess = await make.user(), await make.user()
    await make.collaborator(ana, ed, "editor")
    await make.collaborator(ana, tess, "translator")
    path = f"/api/v1/series/{series.id}/chapters"
    made = await client.as_(ed).post(path, json={"title": "By the editor", "body_markdown": BODY})
    assert made.json()["author"]["username"] == "ana"
    chapter = f"/api/v1/chapters/{made.json()['id']}"
    assert (await client.as_(tess).get(chapter)).json()["title"] == "By the editor"
    assert (await client.as_(tess).patch(chapter, json={"revision": 1, "title": "Mine"})).status_code == 403
    assert (await client.as_(tess).post(f"{chapter}/publish")).status_code == 403
    assert (await client.as_(ed).patch(f"{chapter}/access", json={"access": "subscribers"})).status_code == 403
    assert (await client.as_(ed).post(path, json={"title": "Mine", "access": "tier"})).status_code == 403
    assert (await client.as_(ed).post(path, json={"title": "As usual", "access": "free"})).json()["access"] == "free"
    assert (await client.as_(ana).post(path, json={"title": "Hers", "access": "tier"})).json()["access"] == "tier"
    assert (await client.as_(ed).post(f"{chapter}/publish")).json()["status"] == "published"


async def test_a_chapter_whose_time_came_while_it_was_deleted_waits_for_a_word(
    client: Client, make: Any, ana: Any
) -> None:
    series = await make.series(ana)
    chapter = await make.chapter(ana, series, published=False)
    me, path = client.as_(ana), f"/api/v1/chapters/{chapter.id}"
    await me.post(f"{path}/schedule", json={"at": (utcnow() + timedelta(days=1)).isoformat()})
    await me.delete(path)
    async with make.tx() as ctx:
        await ctx.db.execute("update chapters set scheduled_at = $2 where work_id = $1", chapter.id, utcnow())
    back = (await me.post(f"{path}/restore")).json()
    assert (back["status"], back["schedule_problem"]) == ("draft", "It was deleted when its time came")
    async with make.tx() as ctx:
        assert await publish_due(ctx) == 0


async def test_what_is_withheld_is_not_archived_and_out_at_once_later(client: Client, make: Any, ana: Any) -> None:
    series, ed = await make.series(ana), await make.user()
    chapter = await make.chapter(ana, series)
    await make.collaborator(ana, ed, "editor")
    async with make.tx() as ctx:
        await withhold(ctx, ana.id)
    assert (await client.as_(ed).post(f"/api/v1/chapters/{chapter.id}/archive")).json()["code"] == "wrong_state"
    async with make.tx() as ctx:
        await give_back(ctx, ana.id)
    assert (await client.as_(ed).get(f"/api/v1/chapters/{chapter.id}")).json()["status"] == "published"


async def test_lists_take_few_queries_and_go_on_by_cursor(client: Client, make: Any, ana: Any, queries: Any) -> None:
    series = await make.series(ana, chapters=5)
    for viewer, path, most in (
        (ana, f"/api/v1/series/{series.id}/chapters", 3),
        (None, f"/api/v1/series/{series.id}/chapters/public", 2),
        (await make.user(), f"/api/v1/series/{series.id}/chapters/public", 4),
    ):
        there = client.as_(viewer)
        await there.get(path, params={"limit": 2})
        with queries() as seen:
            first = (await there.get(path, params={"limit": 2})).json()
        assert len([one for one in seen if "select" in one]) <= most, seen
        second = (await there.get(path, params={"limit": 50, "cursor": first["next_cursor"]})).json()
        assert [one["position"] for one in (*first["items"], *second["items"])] == [1, 2, 3, 4, 5]
    newest = (await client.get(path, params={"newest_first": True, "limit": 2})).json()
    assert [one["number"] for one in newest["items"]] == ["5", "4"]
    assert (await client.get(path, params={"cursor": "nonsense"})).status_code == 422


async def test_what_was_deleted_a_month_ago_is_gone_for_good(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana)
    picture = await make.picture(ana)
    body = f"Words to forget.\n\n![Wall]({picture.url})\n\nMore words to forget."
    chapter, kept = [await make.chapter(ana, series, title="Gone", body=body) for _ in range(2)]
    me, path = client.as_(ana), f"/api/v1/chapters/{chapter.id}"
    await me.put(f"{path}/warnings", json={"warnings": [{"warning": "violence", "details": "to forget"}]})
    await me.delete(path)
    await me.delete(f"/api/v1/chapters/{kept.id}")
    async with make.tx() as ctx:
        ctx.now = utcnow() + timedelta(days=29)
        assert await purge_chapters(ctx) == 0
        await ctx.db.execute("update works set deleted_at = deleted_at - interval '30 days' where id = $1", chapter.id)
        ctx.now = utcnow() + timedelta(minutes=1)
        assert (await purge_chapters(ctx), await purge_chapters(ctx)) == (1, 0)
        for table, column in (
            ("works", "id"), ("chapters", "work_id"), ("chapter_versions", "chapter_id"), ("work_warnings", "work_id"),
        ):  # fmt: skip
            rows = await ctx.db.fetch(f"select t::text as said from {table} t where {column} = $1", chapter.id)
            assert not any("forget" in row["said"] or "Gone" in row["said"] for row in rows), table
        uses = await ctx.db.fetch("select subject_id from media_uses where subject = 'chapter'")
        assert [row["subject_id"] for row in uses] == [kept.id]
    assert (await me.post(f"{path}/restore")).status_code == 404
    assert (await me.post(f"/api/v1/chapters/{kept.id}/restore")).status_code == 200


async def test_a_chapter_warns_of_what_is_in_it(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana)
    chapter = await make.chapter(ana, series)
    me, path = client.as_(ana), f"/api/v1/chapters/{chapter.id}/warnings"
    given = {"warnings": [{"warning": "violence"}, {"warning": "death", "details": " The  dog "}]}
    put = await me.put(path, json=given)
    assert [(one["id"], one["details"]) for one in put.json()] == [("death", "The dog"), ("violence", "")]
    added = await me.post(path, json={"warning": "violence", "details": "A fight"})
    assert [one["details"] for one in added.json()] == ["The dog", "A fight"]
    assert (await me.post(path, json={"warning": "nonsense"})).status_code == 422
    assert (await me.put(path, json={"warnings": [{"warning": "death"}] * 2})).status_code == 422
    assert (await client.get(path)).json() == added.json()
    assert (await client.get(f"/api/v1/chapters/{chapter.id}/read")).json()["warnings"] == added.json()
    assert (await me.delete(f"{path}/death")).json() == added.json()[1:]
    assert (await me.delete(f"{path}/death")).status_code == 404
    assert (await client.as_(await make.user()).post(path, json={"warning": "gore"})).status_code == 403
