"""Series and chapters of a site, as their readers open them."""

import html
import json
import re
from typing import Any

import pytest

from stoa.creation.serials.actions.chapters import edit_chapter
from stoa.creation.serials.actions.opening import Chosen, change_access
from stoa.creation.serials.actions.series import edit_series, unpublish_series
from stoa.front.sites.chair import CHOICES, Chair
from tests.factories.serials import BODY

HIDDEN = "Paragraph 4 of the road"
CHAPTERS = "/s/ana/series/the-long-road/chapters"
SERIES = "/s/ana/series/the-long-road"


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


@pytest.fixture
async def series(make: Any, ana: Any) -> Any:
    return await make.series(ana, title="The long road", chapters=3, synopsis_markdown="A *walk* along the wall.")


async def test_series_of_a_site(visitor: Any, make: Any, ana: Any) -> None:
    empty = (await visitor.get("/s/ana/series")).text
    assert "No series yet" in empty
    await make.series(ana, title="The long road", chapters=1)
    await make.series(ana, title="In the drawer", published=False)
    shown = (await visitor.get("/s/ana/series")).text
    assert 'href="/s/ana/series/the-long-road"' in shown
    assert "In the drawer" not in shown
    for sort in ("popular", "trending", "nonsense"):
        assert "The long road" in (await visitor.get(f"/s/ana/series?sort={sort}")).text
    again = await visitor.get("/s/ana/series?cursor=broken")
    assert (again.status_code, again.headers["location"]) == (303, "/s/ana/series")
    assert (await visitor.get("/s/nobody-at-all/series")).status_code == 404


async def test_a_series_says_what_it_is(visitor: Any, series: Any) -> None:
    page = await visitor.get(SERIES)
    assert page.status_code == 200
    assert "<em>walk</em>" in page.text
    assert re.findall(r"data-walk>(Milestone \d)<", page.text) == ["Milestone 1", "Milestone 2", "Milestone 3"]
    assert f'href="{SERIES}/milestone-1" data-start' in page.text
    newest = (await visitor.get(f"{SERIES}?order=newest")).text
    assert re.findall(r"data-walk>(Milestone \d)<", newest) == ["Milestone 3", "Milestone 2", "Milestone 1"]
    assert f'href="{SERIES}/milestone-1" data-start' in newest
    facts = json.loads(html.unescape(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text)[0]))
    assert (facts["@type"], facts["name"]) == ("Book", "The long road")


async def test_chapters_go_on_where_the_list_ended(visitor: Any, make: Any, ana: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("stoa.front.sites.series.CHAPTERS", 2)
    await make.series(ana, title="The long road", chapters=5)
    seen, path = [], CHAPTERS
    for _ in range(3):
        page = await visitor.get(path, **{"HX-Request": "true"})
        assert "<html" not in page.text
        seen += re.findall(r"data-walk>Milestone (\d)<", page.text)
        link = re.search(r'href="([^"]+cursor=[^"]+)"', page.text)
        path = html.unescape(link[1]) if link else ""
    assert (seen, path) == (list("12345"), "")
    assert (await visitor.get(f"{CHAPTERS}?cursor=broken")).status_code == 303
    assert "<html" in (await visitor.get(CHAPTERS)).text


async def test_a_chapter_with_its_neighbours(visitor: Any, series: Any) -> None:
    page = await visitor.get(f"{SERIES}/milestone-2")
    assert page.status_code == 200
    assert "Paragraph 6 of the road" in page.text
    assert f'<link rel="prev" href="{SERIES}/milestone-1">' in page.text
    assert f'<link rel="next" href="{SERIES}/milestone-3">' in page.text
    assert len(re.findall(r"<h1[ >]", page.text)) == 1
    assert not re.search(r"<script(?![^>]*src=|[^>]*ld\+json)|\sstyle=|\son(?:click|load)=", page.text)
    last = (await visitor.get(f"{SERIES}/milestone-3")).text
    assert "You are at the newest chapter." in last


@pytest.mark.parametrize(
    ("number", "status", "place"),
    [("2", 303, "milestone-2"), ("2.00", 303, "milestone-2"), ("9", 404, ""), ("x", 404, "")],
)
async def test_a_chapter_by_its_number(visitor: Any, series: Any, number: str, status: int, place: str) -> None:
    answer = await visitor.get(f"{SERIES}/chapter/{number}")
    assert answer.status_code == status
    assert answer.headers.get("location", "") == (f"{SERIES}/{place}" if place else "")


async def test_what_was_renamed_leads_on(visitor: Any, make: Any, ana: Any, series: Any) -> None:
    chapter = await make.chapter(ana, series, title="The gate")
    async with make.tx(ana) as ctx:
        await edit_chapter(ctx, chapter.id, revision=chapter.revision, slug="the-door")
        await edit_series(ctx, series.id, revision=series.revision, slug="the-short-road")
    for path, there in (
        (SERIES, "/s/ana/series/the-short-road"),
        (CHAPTERS, "/s/ana/series/the-short-road/chapters"),
        (f"{SERIES}/the-gate", "/s/ana/series/the-short-road/the-gate"),
        ("/s/ana/series/the-short-road/the-gate", "/s/ana/series/the-short-road/the-door"),
    ):
        answer = await visitor.get(path)
        assert (answer.status_code, answer.headers["location"]) == (308, there)


async def test_what_is_not_out_is_not_there(visitor: Any, make: Any, signed_in: Any, ana: Any, series: Any) -> None:
    await make.chapter(ana, series, title="A draft", published=False)
    async with make.tx(ana) as ctx:
        await unpublish_series(ctx, series.id)
    own = await signed_in(ana)
    for path in (SERIES, CHAPTERS, f"{SERIES}/milestone-1", f"{SERIES}/chapter/1"):
        assert (await visitor.get(path)).status_code == 404
    assert "Only those who work on it see it" in (await own.get(SERIES)).text
    assert HIDDEN in (await own.get(f"{SERIES}/milestone-1")).text


async def test_the_wall_shows_the_beginning_and_what_opens_the_rest(
    visitor: Any, make: Any, ana: Any, series: Any
) -> None:
    body = BODY.replace("road", "river")
    closed = {"access": "subscribers", "author_note_markdown": "Said at the end"}
    await make.chapter(ana, series, title="For members", body=body, **closed)
    for path in (f"{SERIES}/for-members", SERIES, CHAPTERS, f"{SERIES}/milestone-3", "/s/ana/series", "/s/ana"):
        page = (await visitor.get(path)).text
        assert "Paragraph 4 of the river" not in page
        assert "Said at the end" not in page
    page = (await visitor.get(f"{SERIES}/for-members")).text
    assert "Paragraph 3 of the river" in page
    assert "For everybody with a membership" in page
    assert "data-locked" in page


async def test_a_look_counts_once_and_not_ahead(make: Any, signed_in: Any, series: Any) -> None:
    ben = await signed_in(await make.user("ben"))
    ahead = (await ben.get(f"{SERIES}/milestone-1", **{"Sec-Purpose": "prefetch"})).text
    seen = re.search(r'data-seen="([^"]+)"', ahead)
    assert seen
    assert "1 reader" not in (await ben.get(f"{SERIES}/milestone-1", **{"X-Preload": "yes"})).text
    for _ in range(2):
        assert (await ben.post(seen[1], htmx=True)).status_code == 204
    page = (await ben.get(f"{SERIES}/milestone-1")).text
    assert "1 reader" in page
    assert "data-seen" not in page


async def test_adults_are_asked_once_in_a_series(visitor: Any, make: Any, signed_in: Any, ana: Any) -> None:
    series = await make.series(ana, title="The long road", chapters=1, rating="mature")
    for path in (SERIES, CHAPTERS, f"{SERIES}/milestone-1"):
        page = (await visitor.get(path)).text
        assert "it is for adults" in page
        assert "Paragraph 1" not in page
    assert HIDDEN in (await (await signed_in(ana)).get(f"{SERIES}/milestone-1")).text
    opened = await visitor.get(f"{SERIES}/milestone-1?open=yes")
    assert HIDDEN in opened.text
    assert f"Path={series.url}" in opened.headers["set-cookie"]
    visitor.client.cookies.set("adult", "yes", path=series.url)
    assert "it is for adults" not in (await visitor.get(SERIES)).text
    assert HIDDEN in (await visitor.get(f"{SERIES}/milestone-1")).text


async def test_how_it_looks_is_kept_for_the_device_and_for_a_series(
    visitor: Any, make: Any, ana: Any, series: Any
) -> None:
    await make.series(ana, title="Another road", chapters=1)
    here, there = f"{SERIES}/milestone-1", "/s/ana/series/another-road/milestone-1"
    await visitor.get(here)
    form = {
        "face": "atkinson",
        "size": "22",
        "leading": "open",
        "measure": "wide",
        "align": "justify",
        "paper": "sepia",
    }
    answer = await visitor.post("/preferences/reader", **form, scope="device", here=SERIES, next=here)
    assert (answer.status_code, answer.headers["location"]) == (303, here)
    root = 'data-theme="stoa" data-face="atkinson" data-size="22" data-leading="open" data-measure="wide"'
    for path in (here, there):
        assert f'{root} data-align="justify" data-paper="sepia">' in (await visitor.get(path)).text
    other = {**form, "face": "literata", "size": "26", "leading": "usual", "paper": "dark"}
    answer = await visitor.post("/preferences/reader", htmx=True, **other, scope="series", here=SERIES, next=here)
    assert answer.status_code == 204
    text = (await visitor.get(here)).text
    assert 'data-theme="stoa-dark" data-size="26" data-measure="wide" data-align="justify" data-paper="dark">' in text
    assert re.search(r'name="scope" value="series" checked', text)
    assert f'{root} data-align="justify" data-paper="sepia">' in (await visitor.get(there)).text
    await visitor.post("/preferences/reader", **form, scope="device", here=SERIES, next=here)
    assert f'{root} data-align="justify" data-paper="sepia">' in (await visitor.get(here)).text


async def test_face_and_size_go_along_with_who_is_signed_in(make: Any, signed_in: Any, series: Any) -> None:
    ben = await make.user("ben")
    one, another = await signed_in(ben), await signed_in(ben)
    await one.post("/preferences/reader", htmx=True, face="dyslexic", size="24", scope="device", here=SERIES)
    assert 'data-face="dyslexic" data-size="24"' in (await another.get(f"{SERIES}/milestone-1")).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"face": "comic-sans"},
        {"size": "400"},
        {"paper": "\x00"},
        {"mode": "x" * 5000},
        {"scope": "world"},
        {"here": "//elsewhere.example"},
        {"here": "/s/a; Domain=example.org"},
        {"here": "/s/\r\nSet-Cookie: a=b"},
    ],
)
async def test_other_looks_are_refused(visitor: Any, wrong: dict[str, str]) -> None:
    await visitor.get("/about")
    answer = await visitor.post("/preferences/reader", **{"here": "/s/a/series/b", **wrong})
    assert answer.status_code == 422
    assert "chair" not in answer.headers.get("set-cookie", "")


def test_a_cookie_says_only_what_is_offered() -> None:
    every = Chair(**{name: list(offered)[-1] for name, offered in CHOICES.items()})
    assert Chair.read(every.write()) == every
    assert Chair.read("face:arial.size:22.nothing:x.paper:<script>.leading") == Chair(size="22")
    assert Chair.read(None) == Chair.read("....:::") == Chair()


@pytest.fixture
async def for_sale(make: Any, ana: Any, series: Any) -> str:
    """The address of a chapter for members that can be bought for 30 coins."""
    body = BODY.replace("road", "river")
    chapter = await make.chapter(ana, series, title="For sale", body=body, access="subscribers")
    async with make.tx(ana) as ctx:
        await change_access(ctx, chapter.id, Chosen(price_minor=3_000, price_asset="COIN"))
    return str(chapter.url)


async def test_a_chapter_is_bought_and_read_on(make: Any, visitor: Any, signed_in: Any, for_sale: str) -> None:
    assert "Log in to buy it for 30 coins" in (await visitor.get(for_sale)).text
    ben = await signed_in(await make.member("ben", purchased=300))
    page = (await ben.get(for_sale)).text
    assert "Read on for 30 coins" in page
    form = dict(re.findall(r'<input type="hidden" name="(key|price_minor|price_asset)" value="([^"]+)">', page))
    dear = await ben.post(f"{for_sale}/unlock", **{**form, "price_minor": "2000"})
    assert (dear.status_code, "The price has changed" in dear.text) == (409, True)
    assert "Paragraph 4 of the river" not in dear.text
    for _ in range(2):  # a second click buys nothing
        answer = await ben.post(f"{for_sale}/unlock", **form)
        assert (answer.status_code, answer.headers["location"]) == (303, for_sale)
    read_on = (await ben.get(for_sale)).text
    assert "Paragraph 4 of the river" in read_on
    assert "This chapter is open to you now, for good." in read_on
    assert "Read on for" not in read_on
    coins = re.search(r"data-coins>([^<]+)<", (await ben.get("/about")).text)
    assert coins and coins[1] == "270", coins
    assert "Paragraph 4 of the river" not in (await visitor.get(for_sale)).text


async def test_who_has_too_little_is_told_so(make: Any, signed_in: Any, for_sale: str) -> None:
    ben = await signed_in(await make.member("ben", purchased=300))
    page = (await ben.get(for_sale)).text
    form = dict(re.findall(r'<input type="hidden" name="(key|price_minor|price_asset)" value="([^"]+)">', page))
    async with make.tx() as ctx:
        await ctx.db.execute("update works set price_minor = 9000000 where price_minor = 3000")
    poor = (await ben.get(for_sale)).text
    assert "That is more than there is in your wallet." in poor
    assert "Read on for" not in poor
    answer = await ben.post(f"{for_sale}/unlock", **{**form, "price_minor": "9000000"})
    assert (answer.status_code, "There are not enough coins in your wallet" in answer.text) == (409, True)
    assert "Paragraph 4 of the river" not in answer.text
    for wrong in ({"key": "x"}, {"price_minor": "many"}, {"price_minor": "9" * 40}, {"price_asset": "\x00"}):
        answer = await ben.post(f"{for_sale}/unlock", **{**form, **wrong})
        assert answer.status_code in (409, 422)


@pytest.mark.parametrize("path", [SERIES, CHAPTERS, f"{SERIES}/milestone-1", "/s/ana/series"])
async def test_a_longer_list_asks_no_more(
    visitor: Any, make: Any, ana: Any, series: Any, queries: Any, path: str
) -> None:
    await visitor.get(path)
    with queries() as few:
        await visitor.get(path)
    for number in range(4):
        await make.chapter(ana, series, title=f"Later {number}", access="subscribers")
    await make.series(ana, title="Another road", chapters=1)
    with queries() as more:
        assert (await visitor.get(path)).status_code == 200
    assert len(more) == len(few)


async def test_at_a_name_of_its_own_a_site_reads_the_same(visitor: Any, make: Any, ana: Any, series: Any) -> None:
    await make.series(ana, title="For adults", chapters=1, rating="mature")
    own = {"Host": "ana.testserver"}
    page = (await visitor.get("/series/the-long-road/milestone-1", **own)).text
    assert HIDDEN in page
    assert '<link rel="next" href="/series/the-long-road/milestone-2">' in page
    assert '<input type="hidden" name="here" value="/series/the-long-road">' in page
    assert "/works/" not in page  # nobody is signed in there, so that nothing can be liked or given
    assert "/gift" not in page
    form = {"_csrf": visitor.token, "paper": "dark", "scope": "series", "here": "/series/the-long-road", "next": "/"}
    kept = await visitor.client.post("/preferences/reader", data=form, headers=own)
    assert (kept.status_code, "Path=/series/the-long-road" in kept.headers["set-cookie"]) == (303, True)
    assert 'href="/series/for-adults?open=yes"' in (await visitor.get("/series/for-adults", **own)).text
    opened = await visitor.get("/series/for-adults?open=yes", **own)
    assert "adult=yes; HttpOnly; Path=/series/for-adults" in opened.headers["set-cookie"]
