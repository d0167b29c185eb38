"""Many chapters at once: their order, their place, their state, and what is refused as a whole."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from stoa.creation.serials.policies.reading import access_to_read_by
from stoa.kit.clock import utcnow
from tests.conftest import Client


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


async def standing(me: Client, series: Any) -> list[tuple[str, str, int]]:
    items = (await me.get(f"/api/v1/series/{series.id}/chapters")).json()["items"]
    return [(one["title"], one["number"], one["position"]) for one in items]


async def test_chapters_are_put_in_order_all_or_none(client: Client, make: Any, ana: Any, gather: Any) -> None:
    series = await make.series(ana)
    ids = [str((await make.chapter(ana, series, title=title)).id) for title in "ABCD"]
    other = await make.chapter(ana, await make.series(ana))
    me, path = client.as_(ana), f"/api/v1/series/{series.id}/chapters/reorder"
    await me.delete(f"/api/v1/chapters/{ids[1]}")
    a, b, c, d = ids
    for wrong in ([a, c], [a, c, d, str(other.id)], [a, c, c], [a, c, d, b], [a, c, d, str(uuid4())], []):
        answer = await me.patch(path, json={"chapter_ids": wrong})
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["chapter_ids"])
    assert await standing(me, series) == [("A", "1", 1), ("C", "3", 3), ("D", "4", 4)]
    assert (await me.patch(path, json={"chapter_ids": [d, a, c]})).json()["done"] == [d, a, c]
    assert await standing(me, series) == [("D", "4", 1), ("A", "1", 3), ("C", "3", 4)]
    await me.patch(path, json={"chapter_ids": [d, a, c], "renumber": True})
    assert await standing(me, series) == [("D", "1", 1), ("A", "2", 3), ("C", "3", 4)]
    back = (await me.post(f"/api/v1/chapters/{b}/restore")).json()
    assert (back["number"], back["position"]) == ("4", 2)
    orders = [[a, b, c, d], [d, c, b, a], [b, d, a, c]]
    done = await gather(*(me.patch(path, json={"chapter_ids": order, "renumber": True}) for order in orders))
    assert [answer.status_code for answer in done] == [200] * 3
    now = await standing(me, series)
    assert [(number, position) for _, number, position in now] == [(str(n), n) for n in range(1, 5)]
    stranger = client.as_(await make.user())
    assert (await stranger.patch(path, json={"chapter_ids": orders[0]})).status_code == 403
    assert await standing(me, series) == now


async def test_a_chapter_moves_to_another_series_and_its_address_with_it(client: Client, make: Any, ana: Any) -> None:
    series, target = await make.series(ana), await make.series(ana, chapters=2)
    chapter = await make.chapter(ana, series, title="Milestone 1", number=Decimal(7))
    me, path = client.as_(ana), f"/api/v1/chapters/{chapter.id}/move"
    bert = await make.user("bert", roles=("creator",))
    await make.collaborator(ana, bert, "editor")
    theirs, comic = await make.series(bert), await make.series(ana, content_type="manga")
    for wrong in (theirs.id, uuid4()):
        assert (await me.post(path, json={"series_id": str(wrong)})).status_code in (403, 404)
    assert (await client.as_(bert).post(path, json={"series_id": str(theirs.id)})).status_code == 422
    assert (await me.post(path, json={"series_id": str(comic.id)})).status_code == 422
    moved = (await me.post(path, json={"series_id": str(target.id)})).json()
    assert (moved["series_id"], moved["number"], moved["position"], moved["status"]) == (
        str(target.id), "3", 3, "published",
    )  # fmt: skip
    assert moved["slug"].startswith("milestone-1-")  # the plain one is taken there
    assert (await client.get(f"/api/v1/chapters/{chapter.id}/read")).json()["url"] == moved["url"]
    assert (await me.get(f"/api/v1/series/{series.id}/chapters")).json()["items"] == []
    async with make.tx() as ctx:
        assert (await access_to_read_by(ctx, series.id, slug="milestone-1")).url == moved["url"]  # S6
        assert (await access_to_read_by(ctx, target.id, slug="milestone-1")).url != moved["url"]
        assert (await access_to_read_by(ctx, target.id, number="3")).url == moved["url"]


async def test_many_are_published_scheduled_opened_changed_and_deleted(client: Client, make: Any, ana: Any) -> None:
    series = await make.series(ana)
    made = [await make.chapter(ana, series, title=f"Part {n}", published=False) for n in range(4)]
    empty = await make.chapter(ana, series, title="Empty", body="", published=False)
    ids = [str(one.id) for one in made]
    me, path = client.as_(ana), f"/api/v1/series/{series.id}/chapters/bulk"
    foreign = str((await make.chapter(ana, await make.series(ana), published=False)).id)
    for name, more in (
        ("publish", {}), ("delete", {}), ("update", {"volume": 2}), ("access", {"access": "tier"}),
        ("schedule", {"at": (utcnow() + timedelta(days=1)).isoformat()}),
    ):  # fmt: skip
        refused = await me.post(f"{path}/{name}", json={"chapter_ids": [*ids, foreign], **more})
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["chapter_ids"]), name
        assert (await me.post(f"{path}/{name}", json={"chapter_ids": [], **more})).status_code == 422

    async def now() -> list[dict[str, Any]]:
        return list((await me.get(f"/api/v1/series/{series.id}/chapters")).json()["items"])

    assert {one["status"] for one in await now()} == {"draft"}
    done = (await me.post(f"{path}/publish", json={"chapter_ids": [str(empty.id), *ids[:2]]})).json()
    assert (done["done"], [(one["chapter_id"], one["code"]) for one in done["problems"]]) == (
        ids[:2], [(str(empty.id), "invalid")],
    )  # fmt: skip
    leap = date(utcnow().year + 1, 3, 31)  # on the last Sunday of March the clocks there skip from two to three
    leap -= timedelta(days=leap.isoweekday() % 7)
    before, after = leap - timedelta(days=1), leap + timedelta(days=1)
    plan = {"at": f"{before}T02:30:00", "timezone": "Europe/Berlin", "every_days": 2}
    planned = (await me.post(f"{path}/schedule", json={"chapter_ids": ids, **plan})).json()
    assert (planned["done"], [one["code"] for one in planned["problems"]]) == (ids[2:], ["wrong_state"] * 2)
    times = [one["scheduled_at"] for one in await now()]
    assert times[2:4] == [f"{before}T01:30:00Z", f"{after}T00:30:00Z"]  # the same hour, though the clocks change

    plan |= {"every_days": 1}
    planned = (await me.post(f"{path}/schedule", json={"chapter_ids": ids[2:], **plan})).json()
    assert (planned["done"], planned["problems"]) == (ids[2:], [])  # on that Sunday nobody's clock shows half past two
    assert [one["scheduled_at"] for one in await now()][2:4] == [f"{before}T01:30:00Z", f"{leap}T01:30:00Z"]

    price = {"price_minor": 500, "price_asset": "COIN"}
    await me.post(f"{path}/access", json={"chapter_ids": ids[:3], "access": "subscribers", **price})
    assert [(one["access"], one["price_minor"]) for one in await now()][1:4] == [
        ("subscribers", 500), ("subscribers", 500), ("free", None),
    ]  # fmt: skip
    assert (await client.get(f"/api/v1/chapters/{ids[0]}/read")).json()["is_locked"] is True
    day = (utcnow() + timedelta(days=9)).isoformat()
    await me.post(f"{path}/access", json={"chapter_ids": ids[:1], "access": "scheduled", "opens_at": day})
    rule = (await me.get(f"/api/v1/chapters/{ids[0]}/access")).json()
    assert (rule["access"], rule["access_before"], rule["price_minor"]) == ("scheduled", "subscribers", 500)
    assert datetime.fromisoformat(rule["opens_at"]) == datetime.fromisoformat(day)
    bad = await me.post(f"{path}/access", json={"chapter_ids": ids[:1], "access": "scheduled"})
    assert (bad.status_code, list(bad.json()["fields"])) == (422, ["opens_at"])

    await me.post(f"{path}/update", json={"chapter_ids": ids[:2], "volume": 2, "rating": "mature"})
    assert [one["volume"] for one in await now()] == [2, 2, None, None, None]
    number = {"revision": (await me.get(f"/api/v1/chapters/{ids[2]}")).json()["revision"], "number": 1}
    assert (await me.patch(f"/api/v1/chapters/{ids[2]}", json=number)).status_code == 200  # in no volume
    meets = await me.post(f"{path}/update", json={"chapter_ids": ids[:3], "volume": 2})
    assert (meets.status_code, list(meets.json()["fields"])) == (422, ["volume"])
    gone = (await me.post(f"{path}/delete", json={"chapter_ids": ids})).json()
    assert (gone["done"], len(await now())) == (ids, 1)
