"""S4: what is scheduled is published at its time, by the author's clock, once, and announced once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stoa.creation.serials.actions.chapters import work_of
from stoa.creation.serials.actions.schedule import publish_due
from stoa.creation.serials.policies.schedule import moment
from stoa.creation.works.actions import touch
from stoa.kit.clock import utcnow
from stoa.kit.errors import Invalid
from tests.conftest import Client

NOW = datetime(2027, 1, 1, tzinfo=UTC)
SPAM = "BUY NOW!!! Act now, click here, limited time offer, make money fast. " * 3


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


def test_times_are_those_of_the_authors_clocks() -> None:
    def utc(text: str, zone: str) -> str:
        return f"{moment(datetime.fromisoformat(text), zone, now=NOW):%m-%d %H:%M}"

    assert utc("2027-07-01T09:00", "Asia/Kolkata") == "07-01 03:30"
    assert utc("2027-07-01T09:00", "Europe/Berlin") == "07-01 07:00"
    assert utc("2027-01-15T09:00", "Europe/Berlin") == "01-15 08:00"
    assert utc("2027-07-01T09:00+05:30", "Europe/Berlin") == "07-01 03:30"
    assert utc("2027-10-31T02:30", "Europe/Berlin") == "10-31 00:30"  # there twice: the first
    for wrong, field in (
        ("2027-03-28T02:30", "02:30 is never there in Europe/Berlin; 03:30 would be next"),
        ("2026-12-31T09:00", "This is in the past"),
        ("2027-01-01T01:00", "This is in the past"),
        ("0001-01-01T00:00", "within the next ten years"),
        ("9999-12-31T23:59-12:00", "within the next ten years"),
    ):
        with pytest.raises(Invalid, match="at: .*" + field.replace(".", r"\.")):
            moment(datetime.fromisoformat(wrong), "Europe/Berlin", now=NOW)
    with pytest.raises(Invalid, match="timezone"):
        moment(datetime(2027, 7, 1, tzinfo=UTC), "Mars/Olympus", now=NOW)


async def test_a_scheduled_chapter_is_out_once_at_its_time(
    client: Client, make: Any, ana: Any, live: Any, gather: Any, jobs: Any
) -> None:
    series = await make.series(ana)
    chapter = await make.chapter(ana, series, title="The gate", published=False)
    me, path = client.as_(ana), f"/api/v1/chapters/{chapter.id}/schedule"
    day = (utcnow() + timedelta(days=1)).replace(microsecond=0)
    assert (await me.post(path, json={"at": "2020-01-01T00:00:00Z"})).status_code == 422
    assert (await me.post(path, json={"at": day.isoformat(), "timezone": "Nowhere"})).status_code == 422
    planned = (await me.post(path, json={"at": day.isoformat(), "timezone": "Asia/Tokyo"})).json()
    assert (planned["status"], planned["timezone"]) == ("scheduled", "Asia/Tokyo")
    assert datetime.fromisoformat(planned["scheduled_at"]) == day
    listed = await me.get(f"/api/v1/series/{series.id}/chapters", params={"status": "scheduled"})
    assert [one["id"] for one in listed.json()["items"]] == [str(chapter.id)]
    assert (await client.get(f"/api/v1/chapters/{chapter.id}/read")).status_code == 404
    moved = (await me.patch(path, json={"at": (day + timedelta(hours=1)).isoformat()})).json()
    assert datetime.fromisoformat(moved["scheduled_at"]) == day + timedelta(hours=1)

    async def run(at: datetime) -> int:
        async with make.tx() as ctx:
            ctx.now = at
            return await publish_due(ctx)

    assert await run(day + timedelta(minutes=59)) == 0
    assert sorted(await gather(*(run(day + timedelta(minutes=61)) for _ in range(4)))) == [0, 0, 0, 1]
    out = (await me.get(f"/api/v1/chapters/{chapter.id}")).json()
    assert (out["status"], out["scheduled_at"], out["slug"]) == ("published", None, "the-gate")
    assert (await me.post(path, json={"at": day.isoformat()})).json()["code"] == "wrong_state"
    assert (await client.get(f"/api/v1/chapters/{chapter.id}/read")).status_code == 200
    await me.post(f"/api/v1/chapters/{chapter.id}/unpublish")
    await me.post(f"/api/v1/chapters/{chapter.id}/publish")
    async with make.tx() as ctx:
        told = await ctx.db.fetchval("select count(*) from events where type = 'creation.serials.ChapterOut'")
        assert told == 1
    assert (await jobs()) >= 0


async def test_what_cannot_be_published_then_does_not_hold_up_the_others(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana)
    good, empty, spam, gone, off = [
        await make.chapter(ana, series, title=f"Part {n}", published=False) for n in range(5)
    ]
    me, day = client.as_(ana), utcnow() + timedelta(days=1)
    for chapter in (good, empty, spam, gone, off):
        scheduled = await me.post(f"/api/v1/chapters/{chapter.id}/schedule", json={"at": day.isoformat()})
        assert scheduled.status_code == 200
    assert (await me.delete(f"/api/v1/chapters/{off.id}/schedule")).json()["status"] == "draft"
    await me.delete(f"/api/v1/chapters/{gone.id}")
    await me.patch(f"/api/v1/chapters/{empty.id}", json={"revision": 1, "body_markdown": " "})
    await me.patch(
        f"/api/v1/chapters/{spam.id}", json={"revision": 1, "body_markdown": SPAM + "a" * 50 + " fuck " * 20}
    )
    refused = await me.post(f"/api/v1/chapters/{spam.id}/schedule", json={"at": day.isoformat()})
    assert (refused.status_code, refused.json()["code"]) == (422, "text_refused")
    async with make.tx() as ctx:
        ctx.now = day + timedelta(minutes=1)
        assert (await publish_due(ctx), await publish_due(ctx)) == (1, 0)
        told = await ctx.db.fetchval("select count(*) from events where type = 'creation.serials.ScheduleFailed'")
    assert told == 2
    states = [(await me.get(f"/api/v1/chapters/{one.id}")).json() for one in (good, empty, spam, off)]
    assert [one["status"] for one in states] == ["published", "draft", "draft", "draft"]
    assert states[1]["schedule_problem"] == "body_markdown: There is nothing to read in this chapter yet"
    assert states[2]["schedule_problem"].startswith("This text cannot be published: ")
    assert (await me.post(f"/api/v1/chapters/{gone.id}/restore")).json()["status"] == "scheduled"
    async with make.tx() as ctx:
        ctx.now = day + timedelta(days=3)
        assert await publish_due(ctx) == 1  # its time came while it was deleted


async def test_what_comes_out_with_its_series_is_not_told_by_itself(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana, published=False)
    await make.chapter(ana, series, title="Before")
    me = client.as_(ana)
    assert (await me.post(f"/api/v1/series/{series.id}/publish")).status_code == 200
    await make.chapter(ana, series, title="After")
    async with make.tx() as ctx:
        told = await ctx.db.fetch("select payload ->> 'title' as title from events where type like '%.ChapterOut'")
        newest = await ctx.db.fetchval("select last_published_at from series where work_id = $1", series.id)
    assert [row["title"] for row in told] == ["After"]
    assert newest is not None


async def test_a_series_whose_chapters_open_by_themselves_gives_each_a_day(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana, default_access="scheduled")
    me = client.as_(ana)
    paywall = await me.patch(f"/api/v1/series/{series.id}/paywall", json={"early_access_days": 7})
    assert paywall.status_code == 200, paywall.text
    chapter = await make.chapter(ana, series)
    opens = datetime.fromisoformat((await me.get(f"/api/v1/chapters/{chapter.id}")).json()["opens_at"])
    assert timedelta(days=6, hours=23) < opens - utcnow() <= timedelta(days=7)
    assert (await client.get(f"/api/v1/chapters/{chapter.id}/read")).json()["is_locked"] is True


async def test_a_chapter_that_waits_for_a_moderator_is_announced_when_it_passes(
    client: Client, make: Any, ana: Any
) -> None:
    series = await make.series(ana)
    chapter = await make.chapter(
        ana, series, body=f"Act now and click here. {'o' * 12}\n\nHidden end.", published=False
    )
    me, mod = client.as_(ana), client.as_(await make.user(roles=("moderator",)))
    waiting = (await me.post(f"/api/v1/chapters/{chapter.id}/publish")).json()
    assert (waiting["status"], len(waiting["screening_reasons"])) == ("in_review", 2)
    assert (await client.get(f"/api/v1/chapters/{chapter.id}/read")).status_code == 404
    page = await mod.get("/admin/review")
    assert f"/dashboard/chapters/{chapter.id}/preview" in page.text
    whole = await mod.get(f"/dashboard/chapters/{chapter.id}/preview")
    assert (whole.status_code, "Hidden end." in whole.text) == (200, True)
    approved = await mod.post(f"/api/v1/admin/review/{chapter.id}/approve", json={"revision": waiting["revision"]})
    assert approved.json()["state"] == "published"
    async with make.tx() as ctx:
        assert await ctx.db.fetchval("select count(*) from events where type like '%.ChapterOut'") == 1
    assert (await client.get(f"/api/v1/chapters/{chapter.id}/read")).status_code == 200


async def test_a_chapter_that_changes_at_its_very_time_goes_out_as_it_is_then(
    make: Any, ana: Any, monkeypatch: Any
) -> None:
    series = await make.series(ana)
    chapter = await make.chapter(ana, series, published=False)
    async with make.tx() as ctx:
        await ctx.db.execute("update chapters set scheduled_at = $2 where work_id = $1", chapter.id, ctx.now)

    async def changed(ctx: Any, chapter_id: Any) -> Any:
        async with make.tx() as other:
            await touch(other, chapter_id, chapter.revision)  # once: then it is another revision
        return await work_of(ctx, chapter_id)

    monkeypatch.setattr("stoa.creation.serials.actions.schedule.work_of", changed)
    for published, state in ((0, "draft"), (1, "published")):
        async with make.tx() as ctx:
            assert await publish_due(ctx) == published
            assert await ctx.db.fetchval("select state from works where id = $1", chapter.id) == state
