"""Feeds, site maps, robots.txt, llms.txt and oEmbed: what everybody may see, and nothing else."""

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from stoa.creation.serials.actions.series import create_series, publish_series

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
BASE = "http://testserver"


async def site_of(make: Any, owner: Any) -> Any:
    async with make.tx() as ctx:
        return await ctx.db.fetchrow("select id, slug, title from sites where owner_id = $1 and is_default", owner.id)


async def say(make: Any, site_id: Any, **settings: Any) -> None:
    """Sets a site as its owner would."""
    async with make.tx() as ctx:
        for name, value in settings.items():
            await ctx.db.execute(f"update site_settings set {name} = $1 where site_id = $2", value, site_id)


async def series_on(make: Any, owner: Any, title: str, *, published: bool = True, **more: Any) -> Any:
    site = await site_of(make, owner)
    async with make.tx(owner) as ctx:
        made = await create_series(ctx, site["id"], title=title, synopsis_markdown=f"About {title}.", **more)
        return await publish_series(ctx, made.id) if published else made


def titles(text: str, form: str) -> list[str]:
    root = ET.fromstring(text)
    if form == "rss":
        return [item.findtext("title") or "" for item in root.iter("item")]
    return [entry.findtext(f"{ATOM}title") or "" for entry in root.iter(f"{ATOM}entry")]


async def test_a_feed_tells_what_is_out_in_three_forms(client: Any, make: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    await make.post(ana, title='Columns & "shade" <b>', body="Beginning. " * 20)
    await make.post(ana, title="Still in the drawer", published=False)
    for home in ("/@ana", "/s/ana"):
        for form, kind in (("rss", "application/rss+xml"), ("atom", "application/atom+xml")):
            answer = await client.get(f"{home}/{form}.xml")
            assert answer.headers["content-type"].startswith(kind)
            assert titles(answer.text, form) == ['Columns & "shade" <b>']
        found = (await client.get(f"{home}/feed.json")).json()
        assert found["version"] == "https://jsonfeed.org/version/1.1"
        assert found["feed_url"] == f"{BASE}{home}/feed.json"
        assert [one["title"] for one in found["items"]] == ['Columns & "shade" <b>']
        assert found["items"][0]["url"].startswith(f"{BASE}/p/columns-")
    tag = (await client.get("/s/ana/rss.xml")).headers["etag"]
    again = await client.get("/s/ana/rss.xml", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("setting", [{"is_public": False}, {"maintenance": True}])
async def test_a_closed_site_tells_machines_nothing(setting: dict[str, Any], client: Any, make: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    series = await series_on(make, ana, "The Colonnade")
    await say(make, (await site_of(make, ana))["id"], **setting)
    for path in ("rss.xml", "atom.xml", "feed.json", "sitemap.xml", "robots.txt", "llms.txt"):
        assert (await client.as_(ana).get(f"/s/ana/{path}")).status_code == 404
    assert (await client.get(f"/s/ana/series/{series.slug}/rss.xml")).status_code == 404
    assert (await client.get(f"/oembed?url={BASE}/s/ana/series/{series.slug}")).status_code == 404
    assert (await client.get("/s/nobody/rss.xml")).status_code == 404
    assert (await client.get("/@nobody/rss.xml")).status_code == 404


async def test_feeds_take_one_query_for_all_entries(client: Any, make: Any, queries: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    counts = []
    for _ in range(2):
        await make.post(ana)
        await make.post(ana)
        with queries() as seen:
            await client.get("/s/ana/rss.xml")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 3


async def test_site_maps_name_what_is_public(client: Any, make: Any) -> None:
    ana, ben = await make.user("ana", roles=("creator",)), await make.user("ben", roles=("creator",))
    post = await make.post(ana)
    await make.post(ana, published=False)
    series = await series_on(make, ana, "The Colonnade")
    quiet = await series_on(make, ben, "Not for engines")
    await say(make, (await site_of(make, ben))["id"], search_engines=False)
    client.app.cache.pop("sitemap", None)
    index = ET.fromstring((await client.get("/sitemap.xml")).text)
    maps = [one.text or "" for one in index.iter(f"{MAP}loc")]
    found = set()
    for address in maps:
        part = ET.fromstring((await client.get(address.removeprefix(BASE))).text)
        found |= {(one.text or "").removeprefix(BASE) for one in part.iter(f"{MAP}loc")}
    assert {f"/p/{post.slug}", f"/s/ana/series/{series.slug}", "/s/ana", "/@ana", "/"} <= found
    assert not [one for one in found if one.startswith("/s/ben") or quiet.slug in one]
    own = ET.fromstring((await client.get("/s/ana/sitemap.xml")).text)
    assert [one.text for one in own.iter(f"{MAP}loc")] == [f"{BASE}/s/ana", f"{BASE}/s/ana/series/{series.slug}"]
    assert (await client.get("/s/ben/sitemap.xml")).status_code == 404
    for broken in ("post-2026-13-1.xml", "post-1.xml", "sites-0.xml", "users-1.xml", "x", "people-99999.xml"):
        assert (await client.get(f"/sitemaps/{broken}")).status_code == 404


async def test_robots_say_what_the_owner_has_decided(client: Any, make: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    site = await site_of(make, ana)
    assert "Allow: /s/ana" not in (await client.get("/robots.txt")).text
    assert re.search(
        r"User-agent: GPTBot\n(User-agent: .*\n)+Disallow: /\n", (await client.get("/s/ana/robots.txt")).text
    )
    assert "does not allow" in (await client.get("/s/ana/llms.txt")).text
    assert "No site allows it" in (await client.get("/llms.txt")).text
    series = await series_on(make, ana, "The [Colonnade](x)")
    await say(make, site["id"], ai_crawlers=True, search_engines=False)
    assert "Allow: /s/ana/\n" in (await client.get("/robots.txt")).text
    assert (await client.get("/s/ana/robots.txt")).text == "User-agent: *\nDisallow: /\n"
    told = (await client.get("/s/ana/llms.txt")).text
    assert "Its owner allows" in told
    assert f"- [The (Colonnade)(x)]({BASE}/s/ana/series/{series.slug}): " in told
    assert f"({BASE}/s/ana)" in (await client.get("/llms.txt")).text
    assert "Allow: /s/ana/\n" in (await client.get("/robots.txt")).text
    async with make.tx() as ctx:
        await ctx.db.execute("update users set status = 'banned' where id = $1", ana.id)
    assert "/s/ana" not in (await client.get("/llms.txt")).text + (await client.get("/robots.txt")).text


async def test_a_link_can_be_embedded(client: Any, make: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    post = await make.post(ana, title="<script>alert(1)</script>")
    draft = await make.post(ana, published=False)
    series = await series_on(make, ana, "The Colonnade")
    address = f"{BASE}/p/{post.slug}"
    found = (await client.get("/oembed", params={"url": address, "maxwidth": "300"})).json()
    assert (found["type"], found["width"], found["author_name"]) == ("rich", 300, "ana")
    assert "<script" not in found["html"]
    shown = (await client.get("/oembed", params={"url": f"{BASE}/s/ana/series/{series.slug}", "format": "xml"})).text
    assert ET.fromstring(shown).findtext("title") == "The Colonnade"
    for path in ("/@ana", "/s/ana"):
        assert (await client.get("/oembed", params={"url": BASE + path})).status_code == 200
    assert (await client.get("/oembed", params={"url": address, "format": "yaml"})).status_code == 501
    for size in ("0", "10001", "000001" + "0" * 5000, "1" * 5000):
        assert (await client.get("/oembed", params={"url": address, "maxheight": size})).status_code == 422
    for url in ("", "http://[", f"{BASE}/p/none", f"{BASE}/wallet", "https://elsewhere.example/", f"{BASE}/s/ana/none",
                f"javascript://testserver/p/{post.slug}", f"{BASE}/p/{draft.slug or draft.id}"):  # fmt: skip
        assert (await client.as_(ana).get("/oembed", params={"url": url})).status_code == 404


async def subdomain(client: Any, host: str, path: str, method: str = "GET") -> Any:
    return await client.request(method, path, headers={"Host": host})


async def test_a_site_lives_at_names_of_its_own(client: Any, make: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    site = await site_of(make, ana)
    async with make.tx() as ctx:
        await ctx.db.execute(
            """insert into site_domains (site_id, domain, token, state, verified_at, added_at)
            values ($1, 'ana-writes.example', 't', 'verified', now(), now())""",
            site["id"],
        )
    for host in ("ana-writes.example", "ANA-writes.example:8080", "ana.testserver"):
        home = await subdomain(client, host, "/")
        assert home.status_code == 200
        assert site["title"] in home.text
        assert '<link rel="canonical" href="https://ana-writes.example/">' in home.text
        assert 'href="/about"' in home.text
        assert (await subdomain(client, host, "/about")).status_code == 200
        assert (await subdomain(client, host, "/robots.txt")).text.startswith("User-agent: *\nAllow: /\n")
        assert (await subdomain(client, host, "/login?next=/x")).headers["location"] == f"{BASE}/login?next=/x"
        assert (await subdomain(client, host, "/@ana")).headers["location"] == f"{BASE}/@ana"
        assert (await subdomain(client, host, "/s/ana/about?a=1")).headers["location"] == "/about?a=1"
        assert (await subdomain(client, host, "/s/ana//evil.example")).status_code == 404
        assert (await subdomain(client, host, "/static/favicon.svg")).status_code == 200
    for host in ("unknown.example", "nobody.testserver", "127.0.0.1", "testserver"):
        assert 'href="/register' in (await subdomain(client, host, "/")).text
    feed = (await client.get("/s/ana/feed.json")).json()
    assert (feed["home_page_url"], feed["feed_url"]) == (
        "https://ana-writes.example/",
        "https://ana-writes.example/feed.json",
    )


async def test_a_feed_tells_of_a_locked_chapter_by_its_beginning(client: Any, make: Any) -> None:
    """Nor does any other answer hold more of it: tests/contract/test_hidden.py."""
    ana = await make.user("ana", roles=("creator",))
    series = await make.series(ana, title="The Colonnade")
    body = "It began with rain.\n\nSecond.\n\nThird.\n\nFourth.\n\nAnd so the name of the murderer is Ambrose.\n"
    locked = await make.chapter(ana, series, body=body, title="Rain")
    await client.as_(ana).patch(f"/api/v1/chapters/{locked.id}/access", json={"access": "subscribers"})
    free = await make.chapter(ana, series, body="All of it is open.", title="Sun")
    base = f"/s/ana/series/{series.slug}"
    found = (await client.get(f"{base}/feed.json")).json()["items"]
    assert [one["title"] for one in found] == ["2. Sun", "1. Rain"]
    assert [one["url"] for one in found] == [f"{BASE}{base}/{one.slug}" for one in (free, locked)]
    assert found[1]["content_text"].startswith("It began with rain.") and "Ambrose" not in found[1]["content_text"]
