"""A site as its visitors see it: first page, own pages, theme, closed doors, addresses it had before."""

from typing import Any

import pytest

from tests.front.test_machines import say, series_on, site_of


async def test_a_site_shows_itself(visitor: Any, make: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    site = await site_of(make, ana)
    assert "Nothing stands here yet" in (await visitor.get("/s/ana")).text
    await say(
        make, site["id"], tagline="Stone and shade", theme="folio", social_links={"mastodon": "https://m.example/@a"}
    )
    series = await series_on(make, ana, "The Colonnade")
    await series_on(make, ana, "Still in the drawer", published=False)
    post = await make.post(ana, title="From the workshop")
    text = (await visitor.get("/s/ana")).text
    links = (
        f"/s/ana/series/{series.slug}",
        f"/p/{post.slug}",
        "http://testserver/s/ana/rss.xml",
        "https://m.example/@a",
    )
    for part in ("Stone and shade", 'data-home="plate"', '"@type": "WebSite"', *(f'href="{one}"' for one in links)):
        assert part in text
    assert "Still in the drawer" not in text
    assert text.count("<h1") == 1
    about = await visitor.get("/s/ana/about")
    assert "Stone and shade" in about.text
    style = await visitor.get("/s/ana/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "--color-accent: #7a1f2b" in style.text


async def test_a_first_page_takes_as_many_queries_with_more_on_it(visitor: Any, make: Any, queries: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    counts = []
    await series_on(make, ana, "The first")
    for title in ("The second", "The third"):
        await series_on(make, ana, title)
        await make.post(ana)
        with queries() as seen:
            assert (await visitor.get("/s/ana")).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("setting", "status", "says"),
    [
        ({"maintenance": True, "maintenance_message": "New paint"}, 503, "New paint"),
        ({"is_public": False}, 403, "This site is private"),
    ],
)
async def test_a_closed_site_lets_in_who_works_there(
    setting: dict[str, Any], status: int, says: str, visitor: Any, make: Any, client: Any
) -> None:
    ana, eve = await make.user("ana", roles=("creator",)), await make.user("eve")
    await say(make, (await site_of(make, ana))["id"], tagline="Secret plans", **setting)
    for path in ("/s/ana", "/s/ana/about", "/s/ana/anything"):
        for who in (None, eve):
            answer = await client.as_(who).get(path)
            assert answer.status_code == status
            assert says in answer.text
            assert "Secret plans" not in answer.text
    sheet = await visitor.get("/s/ana/style.css")  # the page of the paint is in it; of a private site nothing is told
    assert sheet.status_code == (200 if status == 503 else 404)
    own = await client.as_(ana).get("/s/ana/style.css")
    kept_by = "public" if status == 503 else "private"  # what nobody else is told is handed on by no cache either
    assert (own.status_code, own.headers["cache-control"]) == (200, f"{kept_by}, max-age=86400")
    inside = await client.as_(ana).get("/s/ana")
    assert inside.status_code == 200
    assert "Secret plans" in inside.text
    assert '<meta name="robots" content="noindex">' in inside.text


async def test_an_old_address_leads_to_the_new_one(visitor: Any, make: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    async with make.tx() as ctx:
        await ctx.db.execute("update sites set slug = 'stone' where owner_id = $1", ana.id)
    answer = await visitor.get("/s/ana/about?x=1")
    assert (answer.status_code, answer.headers["location"]) == (308, "/s/stone/about?x=1")
    assert (await visitor.get("/s/stone")).status_code == 200
    assert (await visitor.get("/s/nobody")).status_code == 404
    assert (await visitor.get("/s/stone/nothing-here")).status_code == 404


async def test_visits_are_counted_only_by_whom_the_owner_chose(visitor: Any, make: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    plain = await visitor.get("/s/ana")
    assert "measures" not in plain.text
    assert "google" not in plain.headers["content-security-policy"]
    await say(
        make, (await site_of(make, ana))["id"], google_analytics_id="G-ABC1234567", plausible_domain="ana.example"
    )
    counted = await visitor.get("/s/ana")
    assert 'data-google="G-ABC1234567" data-plausible="ana.example"' in counted.text
    policy = counted.headers["content-security-policy"]
    assert "script-src 'self' https://www.googletagmanager.com https://plausible.io;" in policy
    assert "facebook" not in policy
    assert "'unsafe" not in policy


async def test_the_owners_choice_about_models_is_in_the_headers(visitor: Any, make: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    assert (await visitor.get("/s/ana")).headers["x-robots-tag"] == "noai, noimageai"
    await say(make, (await site_of(make, ana))["id"], ai_crawlers=True)
    assert "x-robots-tag" not in (await visitor.get("/s/ana")).headers


@pytest.mark.parametrize("host", ["testserver", "ana.testserver"])
async def test_a_closed_site_does_not_say_what_it_is_called_now(host: str, make: Any, client: Any) -> None:
    ana, eve = await make.user("ana", roles=("creator",)), await make.user("eve")
    mine = client.as_(ana)
    path = f"/api/v1/sites/{(await site_of(make, ana))['id']}"
    await mine.patch(path, json={"slug": "quarry", "is_public": False})
    root = "/s/ana" if host == "testserver" else ""
    for who in (client, client.as_(eve)):
        for rest in ("", "/about", "/series", "/series/x", "/rss.xml", "/robots.txt", "/style.css"):
            answer = await who.get(f"{root}{rest}" or "/", headers={"Host": host})
            assert answer.status_code in (403, 404), (rest, answer.status_code)
            assert "quarry" not in f"{answer.headers}{answer.text}", rest
    assert (await mine.get("/s/ana/about")).headers["location"] == "/s/quarry/about", "but to those who work on it"
    await mine.patch(f"{path}/settings", json={"is_public": True, "maintenance": True})
    answer = await client.get(f"{root}/about", headers={"Host": host})
    assert (answer.status_code, answer.headers.get("location")) in ((308, "/s/quarry/about"), (503, None))
