"""S1: what of a chapter is for everybody. That the rest is in no answer of any route: tests/contract/test_hidden.py."""

from datetime import timedelta
from typing import Any

import pytest

from stoa.creation.serials.actions.chapters import edit_chapter
from stoa.creation.serials.actions.opening import Chosen, change_access, cut_series_again, open_due
from stoa.creation.serials.actions.rendering import made as rendered
from stoa.creation.serials.policies.reading import access_as
from stoa.creation.serials.types import AccessLevel
from stoa.kit.clock import utcnow
from stoa.kit.errors import NotFound
from tests.conftest import Client

SECRET = "xyzzyplugh"
BODY = (
    "## Before\n\nFirst open words.\n\n![A lane](https://pictures.example/open.png)\n\nSecond open words[^n].\n\n"
    f"Third open words.\n\n## {SECRET} heading\n\nFourth {SECRET} words with ||{SECRET}||.\n\n"
    f"![{SECRET}](https://pictures.example/{SECRET}.png)\n\n| a | b |\n|---|---|\n| {SECRET} | 1 |\n\n"
    f"[^n]: {SECRET} note"
)


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


async def test_a_stranger_has_the_beginning_and_what_opens_the_rest(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana)
    chapter = await make.chapter(ana, series, title="The lane", body=BODY)
    note = f"{SECRET} afterthought"
    async with make.tx(ana) as ctx:
        await edit_chapter(ctx, chapter.id, revision=chapter.revision, author_note_markdown=note)
        sold = Chosen(access=AccessLevel.SUBSCRIBERS, price_minor=500, price_asset="COIN")
        await change_access(ctx, chapter.id, sold)
    read = (await client.get(f"/api/v1/chapters/{chapter.id}/read")).json()
    assert (read["is_locked"], read["why"], read["author_note_html"]) == (True, None, "")
    assert [offer["kind"] for offer in read["offers"]] == ["buy", "subscribe"]
    assert read["body_html"].startswith("<h3>Before</h3>\n<p>First open words.</p>")
    assert read["body_html"].rstrip().endswith("<p>Third open words.</p>")
    assert "open.png" in read["body_html"]
    async with make.tx() as ctx:
        row = await ctx.db.fetchrow("select excerpt, body_text, word_count from works where id = $1", chapter.id)
    assert SECRET not in f"{row['excerpt']}{row['body_text']}"
    assert "Third open words." in row["body_text"]
    full = (await client.as_(ana).get(f"/api/v1/chapters/{chapter.id}/read")).json()
    assert (full["is_locked"], full["why"], full["body_html"].count(SECRET)) == (False, "author", 7)


async def test_a_text_that_is_saved_while_its_chapter_closes_is_not_searched_for(
    make: Any, ana: Any, live: Any, monkeypatch: Any
) -> None:
    series = await make.series(ana)
    chapter = await make.chapter(ana, series, body=BODY)
    paragraphs: int | None = None

    async def made(*given: Any, **more: Any) -> Any:
        async with make.tx(ana) as other:  # a long text takes its time
            await change_access(other, chapter.id, Chosen(access=AccessLevel.TIER, preview_paragraphs=paragraphs))
        return await rendered(*given, **more)

    monkeypatch.setattr("stoa.creation.serials.actions.chapters.made", made)
    async with make.tx(ana) as ctx:
        await edit_chapter(ctx, chapter.id, revision=chapter.revision, body_markdown=f"{BODY}\n\nThe end.")
        row = await ctx.db.fetchrow("select access, excerpt, body_text from works where id = $1", chapter.id)
    assert (row["access"], SECRET in f"{row['excerpt']}{row['body_text']}") == ("tier", False)
    paragraphs = 1
    async with make.tx(ana) as ctx:
        await edit_chapter(ctx, chapter.id, revision=chapter.revision + 1, body_markdown=f"{BODY}\n\nFarewell.")
        words = await ctx.db.fetchval("select body_text from works where id = $1", chapter.id)
        html = await ctx.db.fetchval("select preview_html from chapters where work_id = $1", chapter.id)
    assert [(one in words, one in html) for one in ("First open", "Second open")] == [(True, True), (False, False)]


async def test_what_everybody_sees_follows_the_rule(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana)
    chapter = await make.chapter(ana, series, body=BODY)
    me, path = client.as_(ana), f"/api/v1/chapters/{chapter.id}/access"

    async def found() -> tuple[bool, bool]:
        read = (await client.get(f"/api/v1/chapters/{chapter.id}/read")).json()
        async with make.tx() as ctx:
            words = await ctx.db.fetchval("select body_text from works where id = $1", chapter.id)
        return SECRET in read["body_html"], SECRET in words

    assert await found() == (True, True)
    locked = (await me.patch(path, json={"access": "tier", "preview_paragraphs": 1})).json()
    assert await found() == (False, False)
    assert (locked["preview_word_count"], locked["is_open"], locked["access_before"]) == (6, False, None)
    in_lists = (await client.get(f"/api/v1/series/{series.id}/chapters/public")).json()["items"][0]
    assert (in_lists["is_locked"], in_lists["access"]) == (True, "tier")

    past = await me.post(f"/api/v1/chapters/{chapter.id}/schedule-free", json={"at": "2020-01-01T00:00:00Z"})
    assert past.json()["fields"] == {"at": "This is in the past"}
    day = (utcnow() + timedelta(days=2)).isoformat()
    coming = (await me.post(f"/api/v1/chapters/{chapter.id}/schedule-free", json={"at": day})).json()
    assert (coming["access"], coming["access_before"]) == ("scheduled", "tier")
    assert [one["kind"] for one in (await client.get(f"/api/v1/chapters/{chapter.id}/read")).json()["offers"]] == [
        "wait"
    ]
    back = (await me.delete(f"/api/v1/chapters/{chapter.id}/schedule-free")).json()
    assert (back["access"], back["opens_at"]) == ("tier", None)
    await me.post(f"/api/v1/chapters/{chapter.id}/schedule-free", json={"at": day})
    assert await found() == (False, False)

    async with make.tx() as ctx:
        ctx.now = utcnow() + timedelta(days=3)
        assert (await open_due(ctx), await open_due(ctx)) == (1, 0)
        told = await ctx.db.fetchval("select count(*) from events where type = 'creation.serials.ChapterOpened'")
    assert (told, await found()) == (1, (True, True))
    assert (await me.get(path)).json()["access"] == "free"
    assert (await me.post(f"/api/v1/chapters/{chapter.id}/schedule-free", json={"at": day})).status_code == 409
    for wrong in (
        {"access": "scheduled"}, {"price_minor": 500}, {"price_minor": 150, "price_asset": "COIN"},
        {"price_minor": 5, "price_asset": "XYZ"}, {"preview_paragraphs": 51}, {"access": "friends"},
    ):  # fmt: skip
        assert (await me.patch(path, json=wrong)).status_code == 422, wrong


async def test_another_number_of_paragraphs_of_the_series_holds_for_its_chapters(
    client: Client, make: Any, ana: Any
) -> None:
    series = await make.series(ana)
    own, other = [await make.chapter(ana, series, body=BODY) for _ in range(2)]
    async with make.tx(ana) as ctx:
        await change_access(ctx, own.id, Chosen(access=AccessLevel.SUBSCRIBERS, preview_paragraphs=2))
        await change_access(ctx, other.id, Chosen(access=AccessLevel.SUBSCRIBERS))
        assert await cut_series_again(ctx, series.id, 1) == 1
    shown = [(await client.get(f"/api/v1/chapters/{one.id}/read")).json()["body_html"] for one in (own, other)]
    assert ["Second" in html for html in shown] == [True, False]
    assert ["First" in html for html in shown] == [True, True]


async def test_a_chapter_of_a_series_that_is_not_out_is_nobodys_but_the_teams(
    client: Client, make: Any, ana: Any
) -> None:
    series = await make.series(ana, published=False)
    chapter = await make.chapter(ana, series, body=BODY)
    for path in (f"/api/v1/chapters/{chapter.id}/read", f"/api/v1/series/{series.id}/chapters/public"):
        assert (await client.get(path)).status_code == 404
        assert (await client.as_(ana).get(path)).status_code == 200
    staff = await make.user(roles=("moderator",))
    assert (await client.as_(staff).get(f"/api/v1/chapters/{chapter.id}/read")).json()["why"] == "staff"
    blocked = await make.user()
    series = await make.series(ana, chapters=1)
    await client.as_(ana).put(f"/api/v1/me/blocked/{blocked.id}")
    assert (await client.as_(blocked).get(f"/api/v1/series/{series.id}/chapters/public")).status_code == 404


async def test_those_who_write_see_what_others_would_have(make: Any, ana: Any) -> None:
    series = await make.series(ana)
    tier, soon = [await make.chapter(ana, series, body=BODY, published=False) for _ in range(2)]
    async with make.tx(ana) as ctx:
        await ctx.db.execute("update series set early_access_days = 3 where work_id = $1", series.id)
        await change_access(ctx, tier.id, Chosen(access=AccessLevel.TIER))
        for day, early in ((2, True), (4, False)):
            opens = Chosen(access=AccessLevel.SCHEDULED, opens_at=utcnow() + timedelta(days=day))
            await change_access(ctx, soon.id, opens)
            assert [(await access_as(ctx, soon.id, who)).is_locked for who in ("anonymous", "follower", "member")] == [
                True, True, not early,
            ]  # fmt: skip
        seen = [await access_as(ctx, tier.id, who) for who in ("anonymous", "member")]
    assert [(one.is_locked, SECRET in one.body_html) for one in seen] == [(True, False), (False, True)]
    assert [offer.kind for offer in seen[0].offers] == ["tier"]
    async with make.tx(await make.user()) as ctx:
        with pytest.raises(NotFound):
            await access_as(ctx, tier.id, "member")
