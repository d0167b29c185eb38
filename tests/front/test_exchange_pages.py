"""The pages on which chapters come in and go out, without any script."""

from typing import Any

import pytest

from tests.creation.exchange import samples

BOOK = b"# Alpha\n\nSome words.\n\n# Beta\n\nMore.\n\n# Gamma\n\nLast."


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


async def test_a_file_is_read_then_brought_in(client: Any, make: Any, jobs: Any, ana: Any) -> None:
    series = await make.series(ana, title="The road")
    await make.chapter(ana, series, title="Alpha", body="Old.", published=False)
    browser = client.as_(ana)
    home = f"/dashboard/series/{series.id}"
    for address in (f"{home}/import", f"{home}/chapters/import"):
        assert "First it is only read" in (await browser.get(address)).text
    refused = await browser.post(f"{home}/import", data={"file": ""}, files={"x": ("", b"")})
    assert refused.status_code == 422 and "Please choose a file" in refused.text
    refused = await browser.post(f"{home}/import", files={"file": ("x.pdf", b"%PDF-1.7")})
    assert refused.status_code == 422 and "can be read" in refused.text
    sent = await browser.post(f"{home}/import", files={"file": ("my book.md", BOOK)})
    assert sent.status_code == 303
    report = sent.headers["location"]
    assert "It is being read." in (await browser.get(report)).text
    part = await browser.get(report, headers={"HX-Request": "true"})
    assert "hx-trigger" in part.text and "<html" not in part.text
    await jobs()
    assert (await browser.get(report, headers={"HX-Request": "true"})).headers["hx-refresh"] == "true"
    shown = (await browser.get(report)).text
    assert "There is a chapter of this title:" in shown and "Some words." in shown and "Bring them in" in shown
    none = await browser.post(f"{report}/confirm", data={"take": "1", "duplicates": "skip"})
    assert none.status_code == 422 and "None of these would come in" in none.text
    yes = await browser.post(f"{report}/confirm", data={"take": ["1", "3"], "duplicates": "replace"})
    assert (yes.status_code, yes.headers["location"]) == (303, report)
    assert "Its chapters are coming in." in (await browser.get(report)).text
    await jobs()
    done = (await browser.get(report)).text
    assert "1 chapter added, 1 replaced, 1 left out" in done
    again = await browser.post(f"{report}/cancel")
    assert again.status_code == 303 and again.headers["location"] == report
    listed = (await browser.get(f"{home}/import")).text
    assert "my book.md" in listed and "1 chapter added" in listed
    chapters = (await browser.get(f"{home}/chapters")).text
    assert "Gamma" in chapters and "Beta" not in chapters


async def test_what_fails_and_what_is_called_off(client: Any, make: Any, jobs: Any, ana: Any) -> None:
    series = await make.series(ana)
    browser = client.as_(ana)
    home = f"/dashboard/series/{series.id}"
    deep = samples.docx("<w:p>" * 10_000 + "</w:p>" * 10_000)
    first = (await browser.post(f"{home}/import", files={"file": ("deep.docx", deep)})).headers["location"]
    second = (await browser.post(f"{home}/import", files={"file": ("x.md", BOOK)})).headers["location"]
    await jobs()
    failed = (await browser.get(first)).text
    assert "Nothing came in" in failed and "too deeply" in failed
    off = await browser.post(f"{second}/cancel")
    assert off.headers["location"] == f"{home}/import"
    assert "Nothing of it came in." in (await browser.get(second)).text
    wrong = await browser.post(f"{home}/import/google-docs", data={"url": "http://127.0.0.1/"})
    assert wrong.status_code == 422 and "Please give the link of a document" in wrong.text


async def test_a_series_is_taken_along(client: Any, make: Any, jobs: Any, ana: Any) -> None:
    series = await make.series(ana, title="The road", chapters=1)
    browser = client.as_(ana)
    home = f"/dashboard/series/{series.id}/export"
    assert "No files yet" in (await browser.get(home)).text
    assert (await browser.post(home, data={"format": "exe"})).status_code == 422
    assert (await browser.post(home, data={"format": "epub", "which": "published"})).headers["location"] == home
    part = (await browser.get(home, headers={"HX-Request": "true"})).text
    assert "Being written" in part and 'hx-trigger="load delay:2s"' in part and "<html" not in part
    await jobs()
    shown = (await browser.get(home)).text
    assert (
        "the-road.epub" in shown and "only what is out" in shown and "hx-trigger" not in shown.partition("exports")[2]
    )
    stranger = client.as_(await make.user(roles=("creator",)))
    assert (await stranger.get(home)).status_code in (403, 404)
