"""The studio of a site: made, said, dressed, put in order, deleted and put back; and who may not."""

import re
from typing import Any

import pytest

from tests.front.test_machines import site_of

PLACES = ("", "/settings", "/branding", "/branding/logo", "/theme", "/domain", "/seo", "/integrations", "/pages",
          "/pages/new", "/navigation")  # fmt: skip


async def desk(signed_in: Any, make: Any, name: str = "ana") -> tuple[Any, str, Any]:
    """A creator at her desk: her browser, the address of her first site in the studio, and herself."""
    who = await make.user(name, roles=("creator",))
    site = await site_of(make, who)
    return await signed_in(who), f"/dashboard/sites/{site['id']}", who


async def revision(ana: Any, path: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', (await ana.get(path)).text)
    assert found
    return found[1]


def typed(text: str) -> dict[str, str]:
    """What the fields of a page's main form hold, as a browser would send them."""
    form = re.search(r"<form[^>]*data-guard.*?</form>", text, re.S)
    assert form
    sent = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        kind = re.search(r' type="([^"]+)"', tag)
        if name and not (kind and kind[1] in ("checkbox", "radio") and " checked" not in tag):
            sent[name[1]] = value[1] if value else ""
    for name, body in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form[0], re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        sent[name] = chosen[1] if chosen else ""
    for name, body in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form[0], re.S):
        sent[name] = body
    return sent


async def test_every_page_opens_for_its_owner_and_for_nobody_else(signed_in: Any, make: Any) -> None:
    ana, base, _ = await desk(signed_in, make)
    eve, staff = await signed_in(await make.user("eve")), await signed_in(await make.user(roles=("moderator",)))
    for place in PLACES:
        assert (await ana.get(base + place)).status_code == 200, place
        assert (await eve.get(base + place)).status_code == 404, place
        assert (await staff.get(base + place)).status_code == (200 if place in ("", "/pages") else 403), place
    assert "/dashboard/sites" in (await ana.get("/dashboard/posts")).text


async def test_a_site_is_made_dressed_and_visited(signed_in: Any, make: Any, visitor: Any) -> None:
    ana = await signed_in(await make.user("ana"))
    assert "No site yet" in (await ana.get("/dashboard/sites")).text
    await ana.get("/dashboard/sites/new")
    wrong = await ana.post("/dashboard/sites/new", title="The Colonnade", slug="www", theme="folio")
    assert wrong.status_code == 422
    assert "kept for the platform" in wrong.text
    assert 'value="The Colonnade"' in wrong.text
    made = await ana.post(
        "/dashboard/sites/new", title="The Colonnade", tagline="Stone and shade", theme="folio", is_public="on"
    )
    base = made.headers["location"]
    assert "What makes it yours" in (await ana.follow(made)).text
    shown = await visitor.get("/s/the-colonnade")
    assert "Stone and shade" in shown.text
    assert 'data-home="plate"' in shown.text

    sent = typed((await ana.get(f"{base}/settings")).text) | {
        "title": "The Stoa",
        "social_mastodon": "https://m.example/@a",
    }
    assert (await ana.post(f"{base}/settings", **sent)).status_code == 303
    stale = await ana.post(f"{base}/settings", **sent | {"title": "Too late"})
    assert stale.status_code == 409
    assert "Somebody changed this meanwhile" in stale.text
    assert "The Stoa" in (await visitor.get("/s/the-colonnade")).text

    sent = typed((await ana.get(f"{base}/theme")).text) | {"theme": "noir", "nav": "side"}
    await ana.post(f"{base}/theme", **sent)
    sent = typed((await ana.get(f"{base}/branding")).text)
    pale = await ana.post(f"{base}/branding", **sent | {"primary_color": "#222222", "custom_css": "a{color:red}"})
    assert (pale.status_code, "the nearest shade that can be read" in pale.text) == (422, True)
    css = "h1 { color: red } @import url(https://evil.example/x.css); .masthead { display: none }"
    kept = await ana.post(f"{base}/branding", **sent | {"custom_css": css, "custom_css_enabled": "on"})
    assert kept.status_code == 303, kept.text
    assert "Left out of your CSS" in (await ana.get(f"{base}/branding")).text
    sheet = (await visitor.get("/s/the-colonnade/style.css")).text
    assert ".house h1" in sheet
    assert "evil.example" not in sheet
    assert 'data-nav="side"' in (await visitor.get("/s/the-colonnade")).text

    sent = typed((await ana.get(f"{base}/seo")).text) | {"meta_title": "Stone", "meta_description": "Shade"}
    del sent["search_engines"]
    await ana.post(f"{base}/seo", **sent)
    text = (await visitor.get("/s/the-colonnade")).text
    assert "<title>Stone</title>" in text
    assert '<meta name="robots" content="noindex">' in text

    sent = typed((await ana.get(f"{base}/integrations")).text)
    bad = await ana.post(f"{base}/integrations", **sent | {"google_analytics_id": "<script>"})
    assert (bad.status_code, "measurement id such as" in bad.text) == (422, True)
    await ana.post(f"{base}/integrations", **sent | {"google_analytics_id": "G-ABC1234567"})
    assert "G-ABC1234567" in (await visitor.get("/s/the-colonnade")).text


async def test_a_look_is_seen_before_it_is_kept(signed_in: Any, make: Any) -> None:
    ana, base, _ = await desk(signed_in, make)
    asked = "theme=panel&primary_color=%23fff&shelf=wall&home="
    frame = await ana.get(f"{base}/theme/preview?{asked}")
    assert 'data-shelf="wall"' in frame.text
    assert "frame-ancestors 'self'" in frame.headers["content-security-policy"]
    assert 'class="masthead"' not in frame.text
    style = re.search(r'href="([^"]*preview\.css[^"]*)"', frame.text)
    assert style
    assert "--color-paper: #fffbe8" in (await ana.get(style[1].replace("&amp;", "&"))).text
    part = await ana.get(f"{base}/branding/contrast?primary_color=%23ffeeee")
    assert "Not readable" in part.text
    eve = await signed_in(await make.user("eve"))
    for path in (f"/theme/preview?{asked}", "/theme/preview.css", "/branding/contrast"):
        assert (await eve.get(base + path)).status_code == 404
    async with make.tx() as ctx:
        assert await ctx.db.fetchval("select array_agg(theme) from site_settings") == ["stoa"]


async def test_pages_are_written_published_and_put_in_order(signed_in: Any, make: Any, visitor: Any) -> None:
    ana, base, _ = await desk(signed_in, make)
    await ana.get(f"{base}/pages/new")
    assert (await ana.post(f"{base}/pages/new", title="", body_markdown="x")).status_code == 422
    first = await ana.post(
        f"{base}/pages/new", title="About me", slug="about", body_markdown="I *write*.", show_in_nav="on"
    )
    second = await ana.post(
        f"{base}/pages/new", title="Press", body_markdown="Words.", show_in_nav="on", then="publish"
    )
    edit = first.headers["location"]
    assert (await visitor.get("/s/ana/press")).status_code == 200
    assert "I <em>write</em>" not in (await visitor.get("/s/ana/about")).text
    number = await revision(ana, edit)
    sent = typed((await ana.get(edit)).text)
    assert (await ana.post(edit, **sent | {"title": "About Ana", "then": "publish"})).status_code == 303
    assert "I <em>write</em>" in (await visitor.get("/s/ana/about")).text
    assert (await ana.post(edit, **sent | {"revision": number, "title": "Too late"})).status_code == 409
    ids = [re.search(r"/pages/([^/]+)/edit", one.headers["location"])[1] for one in (first, second)]  # type: ignore[index]

    def places(order: list[str]) -> dict[str, str]:
        return {f"place-{one}": str(at) for at, one in enumerate(order, 1)} | {f"show-{one}": "on" for one in order}

    kept = await ana.post(f"{base}/navigation", **places(ids[::-1]), **{f"label-{ids[1]}": "Reporters"})
    assert kept.status_code == 303
    shown = re.findall(r'href="/s/ana/[a-z]+"[^>]*>([^<]+)</a></li>', (await visitor.get("/s/ana")).text)
    assert shown == ["Series", "Reporters", "About Ana"]
    missing = await ana.post(f"{base}/navigation", **places(ids[:1]))
    assert (missing.status_code, "are missing" in missing.text) == (422, True)

    copy = await ana.post(f"{base}/pages/{ids[1]}/duplicate")
    assert "Copy of Press" in (await ana.follow(copy)).text
    await ana.post(f"{base}/pages/{ids[1]}/unpublish")
    assert (await visitor.get("/s/ana/press")).status_code == 404
    await ana.post(f"{base}/pages/{ids[1]}/publish")
    assert "does not come back" in (await ana.get(f"{base}/pages/{ids[0]}/delete")).text
    await ana.post(f"{base}/pages/{ids[0]}/delete")
    listed = (await ana.get(f"{base}/pages")).text
    assert "About Ana" not in listed
    assert "Press" in listed


async def test_a_page_is_of_its_site_only(signed_in: Any, make: Any) -> None:
    ana, base, _ = await desk(signed_in, make)
    eve, others, _ = await desk(signed_in, make, "eve")
    await ana.get(f"{base}/pages/new")
    made = (await ana.post(f"{base}/pages/new", title="Mine", body_markdown="x")).headers["location"]
    page = made.removeprefix(base)
    await eve.get(others)
    assert (await eve.get(others + page)).status_code == 404
    for what in ("edit", "publish", "unpublish", "duplicate", "delete"):
        path = others + page.removesuffix("edit") + what
        assert (await eve.post(path, title="Hers", revision="1")).status_code == 404, what
    assert "Mine" in (await ana.get(made)).text


async def test_a_site_goes_into_the_trash_and_comes_back(signed_in: Any, make: Any, visitor: Any) -> None:
    ana, first, _ = await desk(signed_in, make)
    assert "cannot be deleted" in (await ana.get(f"{first}/delete")).text
    assert (await ana.post(f"{first}/delete")).status_code == 409
    base = (await ana.post("/dashboard/sites/new", title="Second", is_public="on")).headers["location"]
    assert (await visitor.get("/s/second")).status_code == 200
    assert (await ana.post(f"{base}/delete")).headers["location"] == "/dashboard/sites"
    assert (await visitor.get("/s/second")).status_code == 404
    assert (await ana.get(base)).status_code == 404
    assert "In the trash" in (await ana.get("/dashboard/sites")).text
    assert (await ana.post(f"{base}/restore")).headers["location"] == base
    assert (await visitor.get("/s/second")).status_code == 200


@pytest.mark.parametrize("typed_domain", ["localhost", "not a domain", "1.2.3.4", "x" * 300])
async def test_a_domain_that_is_none_is_refused(typed_domain: str, signed_in: Any, make: Any) -> None:
    ana, base, _ = await desk(signed_in, make)
    await ana.get(f"{base}/domain")
    answer = await ana.post(f"{base}/domain", domain=typed_domain)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    async with make.tx() as ctx:
        assert await ctx.db.fetchval("select count(*) from site_domains") == 0


async def test_a_domain_is_claimed_and_given_up(signed_in: Any, make: Any) -> None:
    ana, base, _ = await desk(signed_in, make)
    await ana.get(f"{base}/domain")
    shown = await ana.follow(await ana.post(f"{base}/domain", domain="WWW.Ana-Writes.org"))
    assert "www.ana-writes.org" in shown.text
    assert "TXT" in shown.text
    assert (await ana.post(f"{base}/domain/remove")).status_code == 303
    assert "Use this domain" in (await ana.get(f"{base}/domain")).text


async def test_an_address_that_another_site_has_or_had_is_refused_beside_its_field(signed_in: Any, make: Any) -> None:
    """S6: with the page, and with what was typed."""
    bea, there, _ = await desk(signed_in, make, "bea")
    await bea.get(there)
    moved = typed((await bea.get(f"{there}/settings")).text) | {"slug": "bea-moved"}
    assert (await bea.post(f"{there}/settings", **moved)).status_code == 303
    ana, base, _ = await desk(signed_in, make)
    for slug in ("bea", "bea-moved"):
        sent = typed((await ana.get(f"{base}/settings")).text) | {"slug": slug, "title": "Kept while typing"}
        refused = await ana.post(f"{base}/settings", **sent)
        assert (refused.status_code, "Kept while typing" in refused.text) == (422, True)
        assert "Another site has this address, or had it once" in refused.text
        await ana.get("/dashboard/sites/new")
        made = await ana.post("/dashboard/sites/new", title="One more", slug=slug, theme="folio", is_public="on")
        assert made.status_code in (409, 422) and "One more" in made.text


async def test_nothing_that_can_be_typed_breaks_it(signed_in: Any, make: Any) -> None:
    ana, base, _ = await desk(signed_in, make)
    await ana.get(base)
    for place in ("/settings", "/branding", "/theme", "/seo", "/integrations", "/domain", "/pages/new", "/navigation"):
        for value in ("\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "9" * 40, "x" * 60_000):
            names = ("title", "theme", "custom_css", "meta_title", "domain", "revision", "slug", "place-x", "home")
            answer = await ana.post(base + place, **dict.fromkeys(names, value))
            assert answer.status_code in (303, 409, 422), (place, value[:10], answer.status_code)


async def test_staff_closes_a_site_with_a_reason_and_opens_it_again(signed_in: Any, make: Any, visitor: Any) -> None:
    ana, base, _ = await desk(signed_in, make)
    staff = await signed_in(await make.user(roles=("moderator",)))
    assert f'href="{base}"' in (await staff.get("/s/ana")).text
    await staff.get(base)
    assert (await staff.post(f"{base}/suspend", reason=" ")).status_code == 422
    await ana.get(base)
    assert (await ana.post(f"{base}/suspend", reason="Mine")).status_code == 403
    assert (await visitor.get("/s/ana")).status_code == 200
    assert (await staff.post(f"{base}/suspend", reason="Copied from elsewhere")).status_code == 303
    closed = await visitor.get("/s/ana")
    assert (closed.status_code, "This site is suspended" in closed.text) == (403, True)
    assert "Copied from elsewhere" not in closed.text
    assert "Copied from elsewhere" in (await ana.get(base)).text
    assert (await staff.post(f"{base}/lift")).status_code == 303
    assert (await visitor.get("/s/ana")).status_code == 200
