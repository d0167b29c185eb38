"""Sites over HTTP: made, said of, closed, renamed, deleted, restored, gone for good; and who may do what."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from stoa.creation.sites import actions
from stoa.creation.sites.types import MAX_SITES
from stoa.kit import invariants
from stoa.kit.clock import utcnow

Ask = Callable[..., Any]


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana")


@pytest.fixture
def mine(client: Any, ana: Any) -> Any:
    return client.as_(ana)


async def made(client: Any, title: str = "The salt road", **more: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/sites", json={"title": title, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def changed(client: Any, site: dict[str, Any], part: str = "/settings", **fields: Any) -> Any:
    return await client.patch(f"/api/v1/sites/{site['id']}{part}", json=fields)


async def settings_of(client: Any, site: dict[str, Any]) -> dict[str, Any]:
    return (await client.get(f"/api/v1/sites/{site['id']}")).json()


async def test_a_site_is_made_by_a_reader_who_is_a_creator_then(mine: Any, client: Any, ana: Any, tx: Any) -> None:
    site = await made(mine, "  The   salt road ", tagline="Letters from\n the coast", theme="folio")
    assert {
        k: site[k] for k in ("title", "slug", "url", "tagline", "theme", "state", "is_default", "role", "revision")
    } == {
        "title": "The salt road",
        "slug": "the-salt-road",
        "url": "/s/the-salt-road",
        "tagline": "Letters from the coast",
        "theme": "folio",
        "state": "open",
        "is_default": True,
        "role": "owner",
        "revision": 1,
    }
    async with tx() as ctx:
        assert await ctx.db.fetchval("select 'creator' = any(roles) from users where id = $1", ana.id)
        assert await ctx.db.fetchval("select count(*) from sites where owner_id = $1", ana.id) == 1
    seen = (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()
    assert (seen["id"], seen["state"], seen["is_insider"], seen["theme"]["id"]) == (site["id"], "open", False, "folio")
    assert (await client.get(f"/api/v1/sites/{site['id']}/public")).json() == seen
    again = await made(mine, "The salt road")  # the next free address
    assert (again["slug"], again["is_default"]) == ("the-salt-road-2", False)
    assert [one["slug"] for one in (await mine.get("/api/v1/sites")).json()] == ["the-salt-road", "the-salt-road-2"]
    assert (await client.post("/api/v1/sites", json={"title": "Nobody's"})).status_code == 401


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 81}, "title"),
        ({"title": "A", "slug": "api"}, "slug"),
        ({"title": "A", "slug": "www"}, "slug"),
        ({"title": "A", "slug": "a--b"}, "slug"),
        ({"title": "A", "slug": "xn--a"}, "slug"),
        ({"title": "A", "slug": "Caps"}, "slug"),
        ({"title": "A", "slug": "ab"}, "slug"),
        ({"title": "A", "slug": "the-salt-road"}, "slug"),
        ({"title": "A", "theme": "none"}, "theme"),
        ({"title": "A", "language": "english!"}, "language"),
        ({"title": "A", "tagline": "x" * 201}, "tagline"),
        ({"title": "A\x00"}, "title"),
    ],
)
async def test_what_a_site_cannot_be(mine: Any, make: Any, sent: dict[str, Any], field: str) -> None:
    other = await make.user()
    await made(mine.as_(other))  # "the-salt-road" is taken
    answer = await mine.post("/api/v1/sites", json=sent)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert (await mine.get("/api/v1/sites")).json() == []


async def test_a_reserved_title_gets_another_address(mine: Any) -> None:
    assert [(await made(mine, title))["slug"] for title in ("API", "海", "!!", "Ab")] == [
        "api-2",
        "hai",
        "site",
        "ab-site",
    ]


async def test_two_at_once_have_two_addresses_and_nobody_has_too_many(live: Any, mine: Any, make: Any) -> None:
    other = await make.user()
    wanted = {"title": "The same", "slug": "the-same"}
    answers = await asyncio.gather(*(c.post("/api/v1/sites", json=wanted) for c in (mine, mine.as_(other))))
    assert sorted(a.status_code for a in answers) == [201, 422]
    had = len((await mine.get("/api/v1/sites")).json())
    houses = [(await made(mine, "House"))["slug"] for _ in range(had, MAX_SITES - 1)]
    assert houses[:9] == ["house", *(f"house-{number}" for number in range(2, 10))] and len(set(houses)) == len(houses)
    answers = await asyncio.gather(*(mine.post("/api/v1/sites", json={"title": f"Last {n}"}) for n in range(3)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"too_many_sites"}


async def test_settings_are_changed_on_what_was_seen(mine: Any, client: Any) -> None:
    site = await made(mine)
    answer = await changed(
        mine,
        site,
        revision=1,
        title="The sea road",
        description="One\r\ntwo ",
        social_links={"mastodon": " https://example.org/@ana ", "x": ""},
        meta_title="Sea",
        canonical_url="https://example.org/sea",
        search_engines=False,
        ai_crawlers=True,
        language="pt-BR",
    )
    assert answer.status_code == 200, answer.text
    assert {
        k: answer.json()[k] for k in ("title", "description", "social_links", "meta_title", "language", "revision")
    } == {
        "title": "The sea road",
        "description": "One\ntwo",
        "social_links": {"mastodon": "https://example.org/@ana"},
        "meta_title": "Sea",
        "language": "pt-BR",
        "revision": 2,
    }
    assert (await changed(mine, site, revision=2, title="The sea road")).json()["revision"] == 2  # no change
    late = await changed(mine, site, revision=1, title="Mine")
    assert (late.status_code, late.json()["revision"]) == (409, 2)
    comments = await changed(mine, site, "/settings/comments", comments_enabled=False, comments_moderation="pre")
    assert (comments.json()["comments_enabled"], comments.json()["comments_moderation"]) == (False, "pre")
    content = await changed(mine, site, "/settings/content", default_rating="teen", language="en")
    assert (content.json()["default_rating"], content.json()["language"]) == ("teen", "en")
    assert content.json() == (await mine.get(f"/api/v1/sites/{site['id']}/settings")).json()
    seen = (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()
    assert (seen["title"], seen["search_engines"], seen["ai_crawlers"]) == ("The sea road", False, True)


async def test_of_two_who_save_at_once_one_is_told(live: Any, mine: Any) -> None:
    site = await made(mine)
    answers = await asyncio.gather(*(changed(mine, site, revision=1, tagline=f"Line {n}") for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    saved = next(answer.json() for answer in answers if answer.status_code == 200)
    assert ((await settings_of(mine, site))["tagline"], saved["revision"]) == (saved["tagline"], 2)
    assert {answer.json()["revision"] for answer in answers if answer.status_code == 409} == {2}


async def test_closing_and_opening_at_once_leaves_what_was_said_last(
    live: Any, mine: Any, client: Any, tx: Any
) -> None:
    site = await made(mine)
    for _ in range(3):
        await asyncio.gather(changed(mine, site, maintenance=True), changed(mine, site, is_public=False))
        await asyncio.gather(changed(mine, site, is_public=True), changed(mine, site, maintenance=False))
        async with tx() as ctx:
            assert await ctx.db.fetchval("select is_open from sites where id = $1", site["id"])
    assert (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()["state"] == "open"


async def test_every_wrong_setting_is_said_and_nothing_changes(mine: Any) -> None:
    site = await made(mine)
    answer = await changed(
        mine,
        site,
        social_links={"myspace": "https://example.org"},
        canonical_url="http://example.org",
        slug="dashboard",
        language="?",
        comments_moderation="maybe",
    )
    assert answer.status_code == 422
    assert sorted(answer.json()["fields"]) == ["comments_moderation"]  # of the form first, then of the meaning
    answer = await changed(
        mine,
        site,
        social_links={"x": "javascript:alert(1)"},
        canonical_url="http://a.b",
        slug="dashboard",
        language="?",
    )
    assert sorted(answer.json()["fields"]) == ["canonical_url", "language", "slug", "social_links"]
    assert await settings_of(mine, site) == site


async def test_a_renamed_site_is_found_by_its_old_address_which_stays_taken(mine: Any, client: Any, make: Any) -> None:
    site = await made(mine)
    assert (await changed(mine, site, "", slug="sea-road")).json()["url"] == "/s/sea-road"
    found = await client.get("/api/v1/sites/by-slug/the-salt-road")
    assert (found.json()["id"], found.json()["slug"]) == (site["id"], "sea-road")
    other = mine.as_(await make.user())
    taken = await other.post("/api/v1/sites", json={"title": "A", "slug": "the-salt-road"})
    assert (taken.status_code, taken.json()["code"]) == (422, "site_slug_taken")
    theirs = await made(other, "Other")
    assert (await changed(other, theirs, "", slug="the-salt-road")).status_code == 422
    assert (await changed(mine, site, "", slug="the-salt-road")).json()["slug"] == "the-salt-road"  # one's own is free


@pytest.mark.parametrize(
    ("fields", "state", "status"),
    [
        ({"maintenance": True, "maintenance_message": "Back on Monday"}, "maintenance", 200),
        ({"is_public": False}, "private", 404),
    ],
)
async def test_a_closed_site_says_nothing_to_strangers(
    mine: Any, client: Any, make: Any, ana: Any, fields: dict[str, Any], state: str, status: int
) -> None:
    site = await made(mine, tagline="A secret tagline", description="A secret description")
    pages = f"/api/v1/sites/{site['id']}/pages"
    page = (
        await mine.post(pages, json={"title": "Hours", "body_markdown": "Secret hours", "show_in_nav": True})
    ).json()
    await mine.post(f"{pages}/{page['id']}/publish")
    assert (await client.get(f"{pages}/by-slug/hours")).status_code == 200
    assert (await changed(mine, site, **fields)).json()["state"] == state
    for who in (client, client.as_(await make.user())):
        for url in ("/api/v1/sites/by-slug/the-salt-road", f"/api/v1/sites/{site['id']}/public"):
            answer = await who.get(url)
            assert answer.status_code == status and "ecret" not in answer.text and "hours" not in answer.text
        assert (await who.get(f"{pages}/by-slug/hours")).status_code == 404
    if status == 200:
        shown = (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()
        assert (shown["state"], shown["maintenance_message"], shown["nav"]) == (state, "Back on Monday", [])
    own = (await mine.get("/api/v1/sites/by-slug/the-salt-road")).json()
    assert (own["is_insider"], own["tagline"], [n["slug"] for n in own["nav"]]) == (True, "A secret tagline", ["hours"])
    await changed(mine, site, maintenance=False, is_public=True)
    assert (await client.get(f"{pages}/by-slug/hours")).status_code == 200


async def test_a_deleted_site_can_be_restored_for_thirty_days_and_is_gone_then(
    mine: Any, client: Any, make: Any, ana: Any, tx: Any
) -> None:
    await made(mine)
    site = await made(mine, "Second")
    url = f"/api/v1/sites/{site['id']}"
    page = (await mine.post(f"{url}/pages", json={"title": "Hours", "body_markdown": "Nine to five"})).json()
    await mine.post(f"{url}/pages/{page['id']}/publish")
    await changed(mine, site, maintenance=True)
    assert (await mine.delete(url)).status_code == 204
    assert (await mine.get(url)).status_code == 404
    assert (await client.get("/api/v1/sites/by-slug/second")).status_code == 404
    assert [one["slug"] for one in (await mine.get("/api/v1/sites/deleted")).json()] == ["second"]
    assert (await changed(mine, site, title="Third")).status_code == 404
    assert (await mine.as_(await make.user()).post(f"{url}/restore")).status_code == 404
    assert (await mine.post(f"{url}/restore")).json()["state"] == "maintenance"  # as it was
    await changed(mine, site, maintenance=False)
    await mine.delete(url)
    async with tx() as ctx:
        ctx.now = utcnow() + timedelta(days=29)
        assert await actions.purge_sites(ctx) == 0
        ctx.now = utcnow() + timedelta(days=30, minutes=1)
        assert await actions.purge_sites(ctx) == 1
        assert await actions.purge_sites(ctx) == 0
        assert await ctx.db.fetchval("select count(*) from site_pages") == 0
        stone = await ctx.db.fetchrow("select title, body_text, deleted_at from works where id = $1", page["id"])
        assert (stone["title"], stone["body_text"]) == ("", "") and stone["deleted_at"] is not None
    assert (await mine.post(f"{url}/restore")).status_code == 404
    assert (await mine.get("/api/v1/sites/deleted")).json() == []
    taken = await mine.post("/api/v1/sites", json={"title": "Second", "slug": "second"})
    assert taken.status_code == 422  # an old link never leads to another site


async def test_where_posts_stand_is_not_deleted(mine: Any) -> None:
    site = await made(mine)
    answer = await mine.delete(f"/api/v1/sites/{site['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "default_site")
    assert await settings_of(mine, site) == site


async def test_who_may_do_what(mine: Any, client: Any, make: Any, ana: Any) -> None:
    site = await made(mine)
    url = f"/api/v1/sites/{site['id']}"
    people = {name: await make.user() for name in ("editor", "manager", "stranger")}
    for role in ("editor", "manager"):
        await make.collaborator(ana, people[role], role)
    staff = client.as_(await make.user(roles=("moderator",)))
    editor, manager, stranger = (client.as_(people[name]) for name in ("editor", "manager", "stranger"))
    assert [(await who.get(url)).status_code for who in (editor, manager, staff, stranger)] == [200, 200, 200, 404]
    said = {"tagline": "Ours"}
    answers = [(await who.patch(url, json=said)).status_code for who in (editor, staff, stranger, manager)]
    assert answers == [403, 403, 404, 200]
    assert [(await who.delete(url)).status_code for who in (editor, manager, staff)] == [403, 403, 403]
    assert (await stranger.patch(f"/api/v1/sites/{uuid4()}", json=said)).status_code == 404
    assert (await settings_of(mine, site))["tagline"] == "Ours"


async def test_staff_suspends_a_site_and_lifts_it(mine: Any, client: Any, make: Any) -> None:
    site = await made(mine)
    admin, url = f"/api/v1/admin/sites/{site['id']}", f"/api/v1/sites/{site['id']}"
    staff = client.as_(await make.user(roles=("moderator",)))
    assert (await mine.post(f"{admin}/suspend", json={"reason": "No"})).status_code in (403, 404)
    assert (await staff.post(f"{admin}/suspend", json={"reason": "Copies of books"})).json()["state"] == "suspended"
    assert (await client.get(f"{url}/public")).status_code == 404
    own = (await mine.get(url)).json()
    assert (own["state"], own["suspension_reason"], own["is_open"]) == ("suspended", "Copies of books", False)
    await changed(mine, site, maintenance=False, is_public=True)  # its owner cannot open it
    assert (await client.get(f"{url}/public")).status_code == 404
    assert (await staff.post(f"{admin}/lift")).json()["state"] == "open"
    assert (await client.get(f"{url}/public")).status_code == 200


async def test_whoever_blocked_somebody_has_no_site_for_them(mine: Any, client: Any, make: Any, ana: Any) -> None:
    await made(mine)
    ben = await make.user()
    url = "/api/v1/sites/by-slug/the-salt-road"
    assert (await client.as_(ben).get(url)).status_code == 200
    assert (await mine.put(f"/api/v1/me/blocked/{ben.id}")).status_code == 204
    assert (await client.as_(ben).get(url)).status_code == 404


async def test_a_site_is_one_statement_and_the_facts_hold(mine: Any, client: Any, queries: Any, tx: Any) -> None:
    site = await made(mine)
    await client.get("/api/v1/sites/by-slug/the-salt-road")
    with queries() as seen:
        await client.get("/api/v1/sites/by-slug/the-salt-road")
    assert len([sql for sql in seen if "site_settings" in sql]) == len(seen) == 1
    await changed(mine, site, is_public=False)
    async with tx() as ctx:
        facts = {name: sql for name, sql in invariants.FACTS.items() if name.startswith("sites")}
        assert len(facts) == 4
        assert [await ctx.db.fetch(sql) for sql in facts.values()] == [[]] * 4
