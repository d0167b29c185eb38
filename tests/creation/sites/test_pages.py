"""Pages of a site over HTTP: written, published, put in order, found by their addresses; and who may do what."""

from typing import Any
from uuid import uuid4

import pytest

from stoa.creation.sites.types import MAX_NAV
from tests.creation.sites.test_sites import changed, made


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana")


@pytest.fixture
def mine(client: Any, ana: Any) -> Any:
    return client.as_(ana)


@pytest.fixture
async def pages(mine: Any) -> str:
    site = await made(mine)
    return f"/api/v1/sites/{site['id']}/pages"


async def written(client: Any, pages: str, title: str = "Opening hours", **more: Any) -> dict[str, Any]:
    answer = await client.post(pages, json={"title": title, "body_markdown": "From *nine* to five.", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_from_draft_to_visitors(mine: Any, client: Any, pages: str, make: Any, ana: Any) -> None:
    page = await written(mine, pages, meta_title="Hours", show_in_nav=True, nav_label="When")
    names = ("slug", "url", "state", "body_html", "excerpt", "revision", "show_in_nav", "nav_label", "word_count")
    assert {k: page[k] for k in names} == {
        "slug": "opening-hours",
        "url": "/s/the-salt-road/opening-hours",
        "state": "draft",
        "body_html": "<p>From <em>nine</em> to five.</p>\n",
        "excerpt": "From nine to five.",
        "revision": 1,
        "show_in_nav": True,
        "nav_label": "When",
        "word_count": 4,
    }
    by_slug, one = f"{pages}/by-slug/opening-hours", f"{pages}/{page['id']}"
    stranger = client.as_(await make.user())
    assert [(await who.get(by_slug)).status_code for who in (client, stranger, mine)] == [404, 404, 200]
    assert (await client.get(f"{pages[: -len('/pages')]}/public")).json()["nav"] == []
    assert (await mine.post(f"{one}/publish", json={"revision": 7})).status_code == 409
    assert (await mine.post(f"{one}/publish")).json()["state"] == "published"
    assert (await mine.post(f"{one}/publish")).json()["code"] == "wrong_state"
    seen = (await client.get(by_slug)).json()
    assert (seen["title"], seen["body_markdown"], seen["review_note"]) == ("Opening hours", None, None)
    nav = (await client.get(f"{pages[: -len('/pages')]}/public")).json()["nav"]
    assert nav == [{"label": "When", "slug": "opening-hours", "path": "/s/the-salt-road/opening-hours"}]
    assert (await stranger.get(one)).status_code == 404
    assert (await mine.post(f"{one}/unpublish")).json()["state"] == "unpublished"
    assert (await client.get(by_slug)).status_code == 404
    assert (await mine.delete(one)).status_code == 204
    assert (await mine.get(one)).status_code == 404
    assert (await written(mine, pages))["slug"] != "opening-hours"  # the address stays that of the page it was (S6)


async def test_a_change_is_made_on_what_was_seen(mine: Any, client: Any, pages: str) -> None:
    page = await written(mine, pages)
    one = f"{pages}/{page['id']}"
    await mine.post(f"{one}/publish")
    later = (await mine.patch(one, json={"revision": 2, "title": "Hours", "body_markdown": "Always."})).json()
    assert (later["title"], later["body_html"], later["revision"], later["state"]) == (
        "Hours",
        "<p>Always.</p>\n",
        3,
        "published",
    )
    assert (await mine.patch(one, json={"revision": 3, "title": "Hours"})).json()["revision"] == 3
    late = await mine.patch(one, json={"revision": 2, "nav_label": "Late"})
    assert (late.status_code, late.json()["revision"]) == (409, 3)
    moved = (await mine.patch(one, json={"revision": 3, "slug": "hours", "meta_title": "When"})).json()
    assert (moved["slug"], moved["meta_title"], moved["revision"]) == ("hours", "When", 4)
    found = (await client.get(f"{pages}/by-slug/opening-hours")).json()
    assert (found["id"], found["slug"]) == (page["id"], "hours")
    other = await written(mine, pages, "Other")
    taken = await mine.patch(f"{pages}/{other['id']}", json={"revision": 1, "slug": "opening-hours"})
    assert (taken.status_code, list(taken.json()["fields"])) == (422, ["slug"])
    spam = "Buy now, limited offer!!!!!!!!!!!!!! https://a.example https://b.example https://c.example"
    waits = (await mine.patch(one, json={"revision": 4, "body_markdown": spam})).json()  # P5
    assert waits["state"] == "in_review" and waits["screening_reasons"]
    assert (await client.get(f"{pages}/by-slug/hours")).status_code == 404


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 101}, "title"),
        ({"title": "A", "slug": "series"}, "slug"),
        ({"title": "A", "slug": "A b"}, "slug"),
        ({"title": "A", "body_markdown": "x" * 100_001}, "body_markdown"),
        ({"title": "A", "body_markdown": "[" * 60_000}, "body_markdown"),
        ({"title": "A", "body_markdown": "a\x00"}, "body_markdown"),
        ({"title": "A", "nav_label": "x" * 31}, "nav_label"),
        ({"title": "A", "meta_description": "x" * 161}, "meta_description"),
    ],
)
async def test_what_a_page_cannot_be(mine: Any, pages: str, sent: dict[str, Any], field: str) -> None:
    answer = await mine.post(pages, json=sent)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert (await mine.get(pages)).json() == []


async def test_what_is_meant_to_break_out_stays_in(mine: Any, pages: str) -> None:
    body = "<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![y](data:image/svg+xml,<svg/onload=alert(1)>)"
    page = await written(mine, pages, "Series", body_markdown=body)
    assert page["slug"] == "series-page"  # something else stands at /series
    assert "<script" not in page["body_html"] and 'href="javascript' not in page["body_html"]
    assert "<img" not in page["body_html"]
    preview = await mine.post(f"{pages}/preview", json={"body_markdown": "**a**"})
    assert preview.json() == {"body_html": "<p><strong>a</strong></p>\n"}


async def test_order_and_navigation(mine: Any, client: Any, pages: str, make: Any, queries: Any) -> None:
    ids = [(await written(mine, pages, f"Page {n}", show_in_nav=n < 2))["id"] for n in range(4)]
    for one in ids:
        await mine.post(f"{pages}/{one}/publish")
    assert [page["id"] for page in (await mine.get(pages)).json()] == ids
    turned = [ids[2], ids[0], ids[3], ids[1]]
    assert [p["id"] for p in (await mine.patch(f"{pages}/reorder", json={"page_ids": turned})).json()] == turned
    theirs = client.as_(await make.user())
    foreign = (await written(theirs, f"/api/v1/sites/{(await made(theirs))['id']}/pages"))["id"]
    for wrong in (ids[:3], [*ids, ids[0]], [*ids[:3], foreign], [*ids, foreign], [*ids[:3], str(uuid4())], []):
        refused = await mine.patch(f"{pages}/reorder", json={"page_ids": wrong})
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["page_ids"])
    assert [page["id"] for page in (await mine.get(pages)).json()] == turned
    entries = [
        {"page_id": one, "show_in_nav": one != ids[0], "nav_label": "The end" if one == ids[3] else ""} for one in ids
    ]
    nav = pages.replace("/pages", "/navigation")
    assert (await mine.put(nav, json={"entries": entries})).status_code == 200
    shown = (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()["nav"]
    assert [entry["label"] for entry in shown] == ["Page 1", "Page 2", "The end"]
    assert (await mine.put(nav, json={"entries": entries[:3]})).status_code == 422
    copy = (await mine.post(f"{pages}/{ids[3]}/duplicate")).json()
    assert (copy["title"], copy["slug"], copy["state"], copy["show_in_nav"]) == (
        "Copy of Page 3",
        "copy-of-page-3",
        "draft",
        False,
    )
    for number in range(MAX_NAV):
        await written(mine, pages, f"More {number}")
    every = [{"page_id": page["id"], "show_in_nav": True} for page in (await mine.get(pages)).json()]
    assert (await mine.put(nav, json={"entries": every})).status_code == 422
    await mine.get(pages)
    with queries() as seen:
        await mine.get(pages)
    assert len([sql for sql in seen if "site_pages" in sql]) == 1


async def test_who_may_do_what_with_pages(mine: Any, client: Any, pages: str, make: Any, ana: Any) -> None:
    page = await written(mine, pages)
    one = f"{pages}/{page['id']}"
    people = {role: await make.user() for role in ("editor", "translator", "analyst")}
    for role, person in people.items():
        await make.collaborator(ana, person, role)
    editor, translator, analyst = (client.as_(person) for person in people.values())
    stranger = client.as_(await make.user())
    assert [(await who.get(one)).status_code for who in (editor, translator, analyst, stranger)] == [200, 200, 404, 404]
    assert (await analyst.get(pages)).json() == [] and (await stranger.get(pages)).status_code == 404
    said = {"revision": 1, "title": "Ours"}
    answers = [(await who.patch(one, json=said)).status_code for who in (stranger, analyst, translator, editor)]
    assert answers == [404, 404, 403, 200]
    assert [(await who.post(f"{one}/publish")).status_code for who in (translator, editor)] == [403, 200]
    assert (await stranger.delete(one)).status_code in (403, 404)
    # A page of another site is none of this one.
    other = client.as_(await make.user())
    elsewhere = await made(other)
    theirs = f"/api/v1/sites/{elsewhere['id']}/pages/{page['id']}"
    assert [(await other.get(theirs)).status_code, (await other.delete(theirs)).status_code] == [404, 404]
    assert (await mine.get(one)).json()["state"] == "published"
    assert (await changed(mine, {"id": elsewhere["id"]}, "", title="Mine")).status_code == 404
