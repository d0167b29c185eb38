"""`/dashboard/chapters/{id}/images`: pages brought in, ordered, described and taken out, without a script."""

import re
from typing import Any

import pytest

from stoa.kit.files import open_storage
from tests.creation.comics.conftest import drawn


@pytest.fixture(autouse=True)
def storage(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "storage", open_storage("memory:///"))


def parts(*names: str) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("files", (name, drawn(grey=at), "image/png")) for at, name in enumerate(names, 1)]


async def send(visitor: Any, here: str, files: Any) -> Any:
    """As the form does, whose token stands in its address."""
    return visitor._seen(await visitor.client.post(f"{here}/upload?_csrf={visitor.token}", files=files))


def shown(html: str) -> list[tuple[str, str]]:
    """Of each page its id and the name of its file."""
    return re.findall(r'data-name="([^"]+)" data-id="([^"]+)"', html)


async def test_pages_without_a_script(signed_in: Any, make: Any, jobs: Any) -> None:
    ana = await make.member()
    series = await make.series(ana, title="The lamp", content_type="manga", reading_direction="rtl")
    chapter = await make.chapter(ana, series, title="Oil", body="", published=False)
    here = f"/dashboard/chapters/{chapter.id}/images"
    mine = await signed_in(ana)
    publish = f'href="/dashboard/chapters/{chapter.id}/publish"'
    empty = (await mine.get(here)).text
    assert "No pages yet" in empty and publish not in empty
    sent = await send(mine, here, parts("p10.png", "p2.png", "p1.png"))
    assert (sent.status_code, sent.headers["location"]) == (303, here), sent.text
    html = (await mine.get(here)).text
    assert [name for name, _ in shown(html)] == ["p1.png", "p2.png", "p10.png"]
    assert "3 pages added." in html and "Being worked on" in html and "They are read from right to left." in html
    await jobs()
    html = (await mine.get(here)).text
    assert "Being worked on" not in html and html.count("/320.webp?e=") == 3 and html.count(publish) == 1
    one, two, ten = [page_id for _, page_id in shown(html)]
    form = {f"place-{one}": "1", f"place-{two}": "2", f"place-{ten}": "1", f"alt-{two}": " A door "}
    saved = await mine.post(here, **form, **{f"double-{ten}": "yes"}, do="save")
    assert saved.status_code == 303, saved.text
    html = (await mine.get(here)).text
    assert [page_id for _, page_id in shown(html)] == [ten, one, two]
    assert ">A door</textarea>" in html and html.count("Two pages</span>") == 1
    wrong = await mine.post(here, **{f"alt-{one}": "x" * 501, f"place-{one}": "9"}, do="save")
    assert wrong.status_code == 422 and "Please use at most 500 characters" in wrong.text and "x" * 501 in wrong.text
    assert [page_id for _, page_id in shown((await mine.get(here)).text)] == [ten, one, two], "nothing changed"
    await mine.post(here, **{f"alt-{two}": "A door"}, do="sort")
    assert [page_id for _, page_id in shown((await mine.get(here)).text)] == [one, two, ten]
    await mine.post(here, do="delete", ids=[two, "nonsense"])
    html = (await mine.get(here)).text
    assert "1 page taken out." in html and [page_id for _, page_id in shown(html)] == [one, ten]
    again = await mine.post(here, do="process", ids=[one, ten])
    assert again.status_code == 303 and "2 pages worked on once more." in (await mine.get(here)).text
    nothing = await mine.follow(await mine.post(here, do="delete"))
    assert "Please tick some pages first." in nothing.text


async def test_what_cannot_be_a_page_is_named(signed_in: Any, make: Any) -> None:
    ana = await make.member()
    chapter = await make.chapter(ana, await make.series(ana, content_type="manga"), body="", published=False)
    here = f"/dashboard/chapters/{chapter.id}/images"
    mine = await signed_in(ana)
    refused = await send(mine, here, [("files", ("a.svg", b"<svg/>", "image/png"))])
    assert refused.status_code == 422 and "a.svg: SVG drawings can hold scripts" in refused.text
    some = [("files", ("a.svg", b"<svg/>", "image/png")), *parts("b.png")]
    assert (await send(mine, here, some)).status_code == 303
    assert "Left out: a.svg" in (await mine.get(here)).text
    none = await send(mine, here, [("files", ("", b"", "image/png"))])
    assert none.status_code == 422 and "Please choose 1 to 100 pictures at once" in none.text
    novel = await make.chapter(ana, await make.series(ana), published=False)
    elsewhere = await mine.get(f"/dashboard/chapters/{novel.id}/images")
    assert elsewhere.headers["location"] == f"/dashboard/chapters/{novel.id}/edit"
    stranger = await signed_in(await make.member())
    assert (await stranger.get(here)).status_code == 404
    assert (await stranger.post(here, do="sort")).status_code == 404
