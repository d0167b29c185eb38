"""Pages are remembered for strangers as they were rendered, and never shown to anybody for whom they would differ."""

from datetime import timedelta
from typing import Any

import pytest

from stoa.creation.serials.actions.chapters import edit_chapter
from stoa.creation.serials.actions.opening import Chosen, change_access
from stoa.creation.serials.types import AccessLevel
from stoa.front import page as pages
from stoa.front.remembered import FRESH, TOKEN, Remembered, key_of
from stoa.kit.clock import utcnow
from tests.conftest import make_client
from tests.factories.serials import BODY
from tests.front.conftest import Visitor

HIDDEN = "Paragraph 4 of the road"
READ = "/s/ana/series/the-long-road/milestone-2"


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


@pytest.fixture
async def series(make: Any, ana: Any) -> Any:
    return await make.series(ana, title="The long road", chapters=3)


@pytest.fixture
def rendered(monkeypatch: Any) -> list[str]:
    """The names of the templates that are rendered from here on; nothing is remembered from before."""
    pages.REMEMBERED.clear()
    names: list[str] = []
    render = pages.render

    def noted(name: str, /, **context: Any) -> str:
        names.append(name)
        return render(name, **context)

    monkeypatch.setattr(pages, "render", noted)
    return names


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (READ, "sites/reader.html"),
        ("/s/ana", "sites/home.html"),
        ("/s/ana/series", "sites/series_list.html"),
        ("/s/ana/series/the-long-road", "sites/series.html"),
        ("/", "public/home.html"),
        ("/discover", "public/discover.html"),
        ("/@ana", "public/profile.html"),
    ],
)
async def test_rendered_once_for_two_strangers(
    stoa: Any, client: Any, visitor: Any, series: Any, rendered: list[str], path: str, name: str
) -> None:
    async with make_client(stoa, client.app) as made:
        other = Visitor(made)
        first, second = await visitor.get(path), await other.get(path)
        assert rendered == [name]
        assert visitor.token != other.token
        assert first.text.replace(visitor.token, "") == second.text.replace(other.token, "")
        for one in (visitor, other):  # the token that each of them got is their own, and good
            answer = await one.post("/preferences/reader", paper="dark", here="/", next=path)
            assert (answer.status_code, answer.headers["location"]) == (303, path)
        assert 'data-paper="dark"' in (await other.get(READ)).text


async def test_what_changes_is_seen_at_once(visitor: Any, make: Any, ana: Any, series: Any) -> None:
    chapter = await make.chapter(ana, series, title="The gate", body=BODY)
    assert HIDDEN in (await visitor.get(chapter.url)).text
    async with make.tx(ana) as ctx:
        await edit_chapter(ctx, chapter.id, revision=chapter.revision, title="The door")
    shown = (await visitor.get(chapter.url)).text
    assert "The door" in shown
    assert "The gate" not in shown
    async with make.tx(ana) as ctx:
        await change_access(ctx, chapter.id, Chosen(access=AccessLevel.SUBSCRIBERS))
    assert HIDDEN not in (await visitor.get(chapter.url)).text


async def test_who_is_signed_in_has_pages_of_their_own(
    visitor: Any, make: Any, signed_in: Any, series: Any, rendered: list[str]
) -> None:
    ben = await signed_in(await make.user("ben"))
    await ben.get(READ)  # a first look is counted, and so makes another page
    rendered.clear()
    for who in (visitor, ben, ben, visitor):
        await who.get(READ)
    assert rendered == ["sites/reader.html"] * 3


async def test_what_somebody_typed_is_not_kept(visitor: Any, series: Any) -> None:
    pages.REMEMBERED.clear()
    await visitor.get("/login")
    assert (await visitor.post("/login", login="ana", password="not this one")).status_code == 422
    assert pages.REMEMBERED.bytes == 0


async def test_only_for_a_minute_and_so_much() -> None:
    now, kept = utcnow(), Remembered(max_bytes=100)
    keys = [key_of("x.html", {"n": n, "now": now}) for n in range(3)]
    assert None not in keys and len(set(keys)) == 3
    assert key_of("x.html", {"n": 0, "now": now + FRESH}) == keys[0]
    assert key_of("y.html", {"n": 0, "now": now}) != keys[0]
    assert key_of("x.html", {"n": object(), "now": now}) is None
    for key in keys[:2]:
        kept.keep(key, now, "a" * 40 + TOKEN)
    assert kept.find(keys[0], now + FRESH - timedelta(seconds=1), "mine") == b"a" * 40 + b"mine"
    assert kept.find(keys[0], now + FRESH, "mine") is None
    assert kept.find(keys[0], now - timedelta(seconds=1), "mine") is None  # a clock that was put back
    kept.keep(keys[2], now, "b" * 60)
    assert (kept.find(keys[1], now, ""), kept.bytes) == (None, 100)  # 0 was asked for later than 1
    kept.keep(keys[0], now, "c" * 10)
    assert (kept.find(keys[0], now, ""), kept.bytes) == (b"c" * 10, 70)
