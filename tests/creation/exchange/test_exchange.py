"""Chapters in and out through the API: what comes in is what went out, and nothing comes in by halves."""

import asyncio
import io
import re
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from stoa.creation.exchange.actions import clean_up, expire_exports, gathering, read_import, reading
from stoa.creation.exchange.actions.reading.archive import Archive, Budget
from stoa.creation.exchange.actions.reading.notes import Notes
from stoa.creation.exchange.actions.reading.tree import read_html, style_of
from stoa.foundation.settings import actions as settings
from stoa.foundation.settings.types import Plans
from stoa.kit import markdown, outgoing
from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from tests.creation.exchange import samples
from tests.creation.exchange.texts import EVERYTHING

ROAD = samples.epub(
    {
        "title.xhtml": samples.xhtml("<h1>The Book</h1>", "frontmatter titlepage"),
        "c1.xhtml": samples.xhtml(
            "<h2>I</h2><h3>The Road</h3><p>It <i>began</i>."
            '<a href="notes.xhtml#n1" id="r1" epub:type="noteref">1</a></p>'
            '<p><img src="dot.png" alt="A dot"/></p>'
        ),
        "c2.xhtml": samples.xhtml("<h2 id='a'>Home</h2><p>A</p><h2 id='b'>Away</h2><p>B</p>"),
        "notes.xhtml": samples.xhtml(
            '<ol><li id="n1" epub:type="endnote"><p>So they say. '
            '<a href="c1.xhtml#r1" epub:type="backlink">b</a></p></li></ol>',
            "backmatter endnotes",
        ),
    },
    [("I: The Road", "c1.xhtml"), ("Home", "c2.xhtml#a"), ("Away", "c2.xhtml#b")],
    extra={"dot.png": samples.PNG, "cover.png": samples.PNG},
)


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


async def send(client: Any, series: Any, data: bytes, name: str = "book.epub", kind: str = "", **form: str) -> Any:
    path = f"/api/v1/series/{series.id}/chapters/import{kind}"
    return await client.post(path, files={"file": (name, data)}, data=form)


async def chapters(client: Any, series: Any) -> list[dict[str, Any]]:
    rows = (await client.get(f"/api/v1/series/{series.id}/chapters")).json()["items"]
    return [(await client.get(f"/api/v1/chapters/{row['id']}")).json() for row in rows]


async def test_a_book_is_looked_at_then_brought_in(client: Any, make: Any, jobs: Any, ana: Any, app: Any) -> None:
    series = await make.series(ana)
    me, stranger = client.as_(ana), client.as_(await make.user(roles=("creator",)))
    assert (await send(stranger, series, ROAD)).status_code == 403
    begun = await send(me, series, ROAD, dry_run="true")
    assert begun.status_code == 202, begun.text
    path = f"/api/v1/imports/{begun.json()['id']}"
    assert (begun.json()["state"], begun.json()["format"]) == ("reading", "epub")
    assert (await stranger.get(path)).status_code == 403
    assert (await me.post(f"{path}/confirm", json={})).json()["code"] == "import_not_waiting"
    await jobs()
    seen = (await me.get(path)).json()
    report = seen["report"]
    assert (seen["state"], seen["progress"], report["title"], report["author"]) == (
        "checked", 100, "The Book", "A. Writer"
    )  # fmt: skip
    told = [(c["index"], c["title"], c["words"], c["pictures"], c["begins"], c["can"]) for c in report["chapters"]]
    assert told == [
        (1, "I: The Road", 7, 1, "It began. So they say.", True),
        (2, "Home", 1, 0, "A", True),
        (3, "Away", 1, 0, "B", True),
    ]
    assert [one["why"] for one in report["left_out"]] == ["A title page", "Notes; they go where they are referred to"]
    assert (report["has_cover"], report["pictures"]) == (True, 2)
    assert await chapters(me, series) == [], "nothing has come in"

    assert (await me.post(f"{path}/confirm", json={"leave_out": [7]})).status_code == 422
    said = {"leave_out": [2], "takeCover": True}
    assert (await stranger.post(f"{path}/confirm", json=said)).status_code == 403
    assert (await me.post(f"{path}/confirm", json=said)).json()["state"] == "importing"
    await jobs()
    done = (await me.get(path)).json()
    assert (done["state"], done["report"]["added"], done["report"]["skipped"]) == ("done", 2, 1)
    road, away = await chapters(me, series)
    assert (road["title"], away["title"], away["number"], road["status"]) == ("I: The Road", "Away", "2", "draft")
    assert re.fullmatch(
        r"It \*began\*\.\[\^1\]\n\n!\[A dot\]\(/media/[0-9a-f-]{36}/960\.webp\)\n\n\[\^1\]: So they say\.",
        road["body_markdown"],
    )
    assert '<img src="/media/' in road["body_html"]
    assert (await me.get(f"/api/v1/series/{series.id}")).json()["cover"] is not None
    assert [c["chapter_id"] for c in done["report"]["chapters"]] == [road["id"], None, away["id"]]
    assert f"imports/{done['id']}" in await app.storage.paths("imports")
    assert (await me.delete(path)).json()["code"] == "import_not_waiting"


async def test_what_is_there_already_is_found(client: Any, make: Any, jobs: Any, ana: Any) -> None:
    series = await make.series(ana)
    await make.chapter(ana, series, title="Alpha", body="Some words.")
    await make.chapter(ana, series, title="Beta", body="Old words.", published=False)
    text = "# Elsewhere\n\nSome  words.\n\n# beta\n\nNew words.\n\n# Gamma\n\nThird."
    me = client.as_(ana)
    begun = (await send(me, series, text.encode(), "x.md", "/markdown", dry_run="1")).json()
    await jobs()
    report = (await me.get(f"/api/v1/imports/{begun['id']}")).json()["report"]
    found = [c["duplicate"] and (c["duplicate"]["title"], c["duplicate"]["by"]) for c in report["chapters"]]
    assert found == [("Alpha", "text"), ("Beta", "title"), None]

    await send(me, series, text.encode(), "x.md")
    await jobs()
    assert [(c["title"], c["version"]) for c in await chapters(me, series)] == [("Alpha", 1), ("Beta", 1), ("Gamma", 1)]
    await send(me, series, text.encode(), "x.md", duplicates="replace")
    await jobs()
    after = await chapters(me, series)
    assert [(c["title"], c["version"], c["body_markdown"]) for c in after] == [
        ("Elsewhere", 2, "Some  words."),
        ("beta", 2, "New words."),
        ("Gamma", 1, "Third."),
    ]
    await send(me, series, text.encode(), "x.md", duplicates="add")
    await jobs()
    assert [c["number"] for c in await chapters(me, series)] == ["1", "2", "3", "4", "5", "6"]


async def test_it_comes_in_by_the_rights_of_whoever_says_yes(client: Any, make: Any, jobs: Any, ana: Any) -> None:
    series = await make.series(ana)
    out = await make.chapter(ana, series, title="Alpha", body="Old words.")
    ben = await make.user()
    await make.collaborator(ana, ben, "translator", ["edit_content"])  # who may not change what readers see
    begun = (await send(client.as_(ana), series, b"# Alpha\n\nNew words.", "x.md", dry_run="1")).json()
    await jobs()
    path = f"/api/v1/imports/{begun['id']}"
    assert (await client.as_(ben).post(f"{path}/confirm", json={"duplicates": "replace"})).status_code == 202
    await jobs()
    assert (await client.as_(ana).get(path)).json()["state"] == "failed"
    assert (await client.as_(ana).get(f"/api/v1/chapters/{out.id}")).json()["body_markdown"] == "Old words."


@pytest.mark.parametrize("target", ["markdown", "html", "epub", "docx", "zip"])
async def test_what_goes_out_comes_in_again(client: Any, make: Any, jobs: Any, ana: Any, target: str) -> None:
    picture = await make.picture(ana)
    series = await make.series(ana, title="The Road & back")
    body = f"{EVERYTHING}\n\n![A wall](/media/{picture.id}/960.webp)"
    await make.chapter(ana, series, title="One & <two>", body=body, volume=1, author_note_markdown="Thanks, *all*.")
    await make.chapter(ana, series, title="Two", body="Just this.", published=False, volume=2)
    me, stranger = client.as_(ana), client.as_(await make.user())
    out = f"/api/v1/series/{series.id}/chapters/export?format={target}"
    assert (await stranger.get(out)).status_code == 403
    waits = await me.get(out)
    assert (waits.status_code, waits.json()["state"]) == (202, "making")
    assert (await me.get(out)).json()["id"] == waits.json()["id"], "one at a time"
    await jobs()
    file = await me.get(out)
    assert file.status_code == 200 and file.headers["content-disposition"].startswith(
        "attachment; filename*=UTF-8''the"
    )
    state = (await me.get(f"/api/v1/exports/{waits.json()['id']}")).json()
    assert (state["state"], state["bytes_count"]) == ("done", len(file.content))
    assert (await me.get(state["file_url"])).content == file.content
    assert (await stranger.get(state["file_url"])).status_code == 404

    other = await make.series(ana)
    begun = await send(me, other, file.content, f"x.{target}")
    await jobs()
    done = (await me.get(f"/api/v1/imports/{begun.json()['id']}")).json()
    assert (done["state"], done["problem"], done["report"]["problems"]) == ("done", None, [])
    before, after = await chapters(me, series), await chapters(me, other)
    kept = ["title", "author_note_markdown"] + (["number", "volume"] if target != "docx" else [])
    assert [[c[name] for name in kept] for c in after] == [[c[name] for name in kept] for c in before]
    if target in ("markdown", "zip"):
        assert [c["body_markdown"] for c in after] == [c["body_markdown"] for c in before]
    assert await read_alike(me, after[0]["body_html"], target) == await read_alike(me, before[0]["body_html"], target)
    assert after[1]["body_html"] == before[1]["body_html"]


async def read_alike(client: Any, html: str, target: str) -> str:
    """The HTML of a chapter without what a format cannot keep: lines inside of paragraphs, and in Word more."""
    html = re.sub(r"\s+", " ", re.sub(r"/media/[0-9a-f-]{36}/", "/media/x/", html))
    html = re.sub(r' (?:srcset|sizes|width|height)="[^"]*"', "", html)
    if target == "docx":  # where a note that is referred to twice is there twice, and tables have no sides
        html = re.sub(r' class="(?:align-\w+|language-\w+)"', "", html).partition(" More<sup")[0]
        html = html.partition("<p>A note")[0]
    return html


async def test_a_series_by_its_published_chapters(client: Any, make: Any, jobs: Any, ana: Any) -> None:
    series = await make.series(ana, chapters=1)
    await make.chapter(ana, series, title="Secret", body="Not yet told.", published=False)
    me = client.as_(ana)
    begun = await me.post(f"/api/v1/series/{series.id}/chapters/export", json={"format": "html", "onlyPublished": True})
    assert begun.status_code == 202
    await jobs()
    html = (await me.get(f"/api/v1/exports/{begun.json()['id']}/file")).text
    assert "Milestone 1" in html and "Secret" not in html and "Not yet told" not in html
    empty = await make.series(ana)
    begun = await me.post(f"/api/v1/series/{empty.id}/chapters/export", json={})
    await jobs()
    failed = (await me.get(f"/api/v1/exports/{begun.json()['id']}")).json()
    assert (failed["state"], failed["problem"], failed["file_url"]) == (
        "failed", "There is no chapter to be written yet", None
    )  # fmt: skip
    assert (await me.get(f"/api/v1/exports/{begun.json()['id']}/file")).json()["code"] == "export_not_made"
    listed = (await me.get(f"/api/v1/series/{empty.id}/chapters/exports")).json()
    assert [one["state"] for one in listed] == ["failed"]


async def test_one_chapter_as_every_kind_of_file(client: Any, make: Any, ana: Any) -> None:
    series = await make.series(ana)
    draft = await make.chapter(ana, series, title="The gate", body=EVERYTHING, published=False)
    me, stranger = client.as_(ana), client.as_(await make.user())
    path = f"/api/v1/chapters/{draft.id}/export"
    plain = await me.get(path)
    assert plain.headers["content-disposition"] == "attachment; filename*=UTF-8''the-gate.md"
    assert plain.text == f'---\ntitle: "The gate"\nnumber: 1\n---\n\n{EVERYTHING}\n'
    heads = {"html": b"<!DOCTYPE", "epub": b"PK", "docx": b"PK", "pdf": b"%PDF", "zip": b"PK", "markdown": b"---"}
    for target, head in heads.items():
        answer = await me.get(f"{path}/{target}")
        assert answer.status_code == 200 and answer.content.startswith(head), target
        assert (await stranger.get(f"{path}/{target}")).status_code == 404
    assert (await me.get(f"{path}/exe")).status_code == 404


async def test_nobody_takes_out_others_private_pictures(client: Any, make: Any, ana: Any) -> None:
    """A text may name any picture; what goes out are one's own, and those that everybody may see."""
    other = await make.user(roles=("creator",))
    private, public = await make.picture(other), await make.picture(other)
    edited = await client.as_(other).patch(f"/api/v1/media/{private.id}", json={"visibility": "private"})
    assert edited.status_code == 200
    series = await make.series(ana)
    body = f"![one](/media/{private.id}/960.webp)\n\n![two](/media/{public.id}/960.webp)"
    chapter = await make.chapter(ana, series, title="x", body=body, published=False)
    packed = (await client.as_(ana).get(f"/api/v1/chapters/{chapter.id}/export/zip")).content
    names = Archive(packed, Budget()).names
    assert [name for name in names if name.startswith("pictures/")] == [f"pictures/{public.id}.png"]


BOMB = samples.zipped({"x.md": b"a" * 60_000_000})
LOCAL = f'<Relationship Id="i1" Type="{samples.R}/image" Target="file:///etc/passwd" TargetMode="External"/>'
BAD: dict[str, tuple[bytes, str, str]] = {
    "a bomb": (BOMB, "x.zip", "unpack to far more"),
    "paths that lead out": (samples.zipped({"../../x.md": "# a"}), "x.zip", "lead out of it"),
    "an EPUB with paths that lead out": (
        samples.zipped({"mimetype": "application/epub+zip", "../../etc/x.xhtml": "a"}), "x.epub", "lead out of it"
    ),
    "a cut file": (ROAD[: len(ROAD) // 2], "x.epub", "damaged or not complete"),
    "a PDF": (b"%PDF-1.7\n", "x.md", "can be read"),
    "nothing": (b" \n", "x.md", "is empty"),
    "no text": (b"\x00\x01\x02", "x.md", "no text"),
    "another kind": (ROAD, "x.docx", "This is not a Word document, but an EPUB"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
async def test_bad_files_are_refused_at_once(client: Any, make: Any, ana: Any, app: Any, what: str) -> None:
    series = await make.series(ana)
    data, name, why = BAD[what]
    before = await app.storage.paths("imports")
    answer = await send(client.as_(ana), series, data, name, format="docx" if what == "another kind" else "")
    assert answer.status_code == 422 and why in answer.json()["fields"]["file"], answer.text
    assert (await client.as_(ana).get(f"/api/v1/series/{series.id}/chapters/imports")).json() == []
    assert await app.storage.paths("imports") == before


DEEP: dict[str, tuple[bytes, str]] = {
    "page": ((b"<div>" * 10_000) + b"words", "x.html"),
    "word": (samples.docx("<w:tbl><w:tr><w:tc>" * 10_000 + "</w:tc></w:tr></w:tbl>" * 10_000), "x.docx"),
    "entities": (
        samples.docx("<w:p/>", files={"word/footnotes.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}), "x.docx"
    ),
    "shop": (
        samples.zipped(
            {
                "mimetype": "application/epub+zip",
                "META-INF/container.xml": "<x/>",
                "META-INF/encryption.xml": '<x xmlns="http://www.w3.org/2001/04/xmlenc#"/>',
            }
        ),
        "x.epub",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DEEP)
async def test_what_cannot_be_read_fails_in_words(client: Any, make: Any, jobs: Any, ana: Any, what: str) -> None:
    series = await make.series(ana)
    me = client.as_(ana)
    begun = await send(me, series, *DEEP[what])
    await jobs()
    failed = (await me.get(f"/api/v1/imports/{begun.json()['id']}")).json()
    words = {"page": "too deeply", "word": "too deeply", "entities": "abbreviations", "shop": "locked by its shop"}
    assert failed["state"] == "failed" and words[what] in failed["problem"], failed
    assert await chapters(me, series) == []


async def test_a_chapter_that_cannot_be_stored_stays_out(client: Any, make: Any, jobs: Any, ana: Any) -> None:
    deep, long = "[" * 10_000, "word " * 110_000
    text = f"# Good\n\nWords.\n\n# Deep\n\n{deep}\n\n# Long\n\n{long}\n\n# Last\n\nMore."
    series = await make.series(ana)
    me = client.as_(ana)
    looked = (await send(me, series, text.encode(), "x.md", dry_run="yes")).json()
    begun = (await send(me, series, text.encode(), "x.md")).json()
    await jobs()
    report = (await me.get(f"/api/v1/imports/{looked['id']}")).json()["report"]
    assert [c["can"] for c in report["chapters"]] == [True, False, False, True]
    done = (await me.get(f"/api/v1/imports/{begun['id']}")).json()
    assert (done["state"], done["report"]["added"], done["report"]["skipped"]) == ("done", 2, 2)
    assert "square brackets" in done["report"]["chapters"][1]["problems"][0]
    assert "at most 500,000" in done["report"]["chapters"][2]["problems"][0]
    assert [c["title"] for c in await chapters(me, series)] == ["Good", "Last"]


async def test_nothing_outside_of_a_document_is_fetched(client: Any, make: Any, jobs: Any, ana: Any) -> None:
    body = samples.paragraph("Words") + samples.image("i1", "link") + samples.image("i2", "link")
    web = f'<Relationship Id="i2" Type="{samples.R}/image" Target="http://127.0.0.1:1/x.png" TargetMode="External"/>'
    series = await make.series(ana)
    me = client.as_(ana)
    begun = (await send(me, series, samples.docx(body, rels=LOCAL + web), "x.docx", "/word")).json()
    await jobs()
    done = (await me.get(f"/api/v1/imports/{begun['id']}")).json()
    assert len(done["report"]["problems"]) == 2 and "missing or damaged" in done["report"]["problems"][0]
    assert [c["body_markdown"] for c in await chapters(me, series)] == ["Words\n\nA dot\n\nA dot"]


async def test_a_book_whose_addresses_lead_out_brings_nothing_of_it(
    client: Any, make: Any, jobs: Any, ana: Any, tmp_path: Path
) -> None:
    """The names in the packed file are good; what its pages, its list and its container speak of is elsewhere."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(samples.PNG)
    out = f"../../../../../../../..{secret}"
    page = "".join(
        f'<p>Before.</p><img src="{one}" alt="A dot"/>'
        for one in (out, f"file://{secret}", str(secret), f"%2e%2e/{out}")
    )
    book = samples.epub({"c1.xhtml": samples.xhtml(page)}, [("I", "c1.xhtml")])
    with zipfile.ZipFile(io.BytesIO(book)) as there:
        files = {name: there.read(name) for name in there.namelist()}
    place = next(name for name in files if name.endswith(".opf"))
    item = f'<manifest><item id="out" href="{out}" media-type="image/png" properties="cover-image"/>'
    files[place] = files[place].replace(b"<manifest>", item.encode())
    series = await make.series(ana)
    me = client.as_(ana)
    begun = (await send(me, series, samples.zipped(files), "x.epub")).json()
    await jobs()
    done = (await me.get(f"/api/v1/imports/{begun['id']}")).json()
    assert done["state"] == "done" and any("missing or damaged" in one for one in done["report"]["problems"]), done
    (chapter,) = await chapters(me, series)
    assert chapter["body_markdown"] == "\n\n".join(["Before.\n\nA dot"] * 4)
    assert (await me.get("/api/v1/media")).json()["items"] == []
    leading = files | {"META-INF/container.xml": files["META-INF/container.xml"].replace(place.encode(), out.encode())}
    begun = (await send(me, series, samples.zipped(leading), "y.epub")).json()
    await jobs()
    failed = (await me.get(f"/api/v1/imports/{begun['id']}")).json()
    assert (failed["state"], len(await chapters(me, series))) == ("failed", 1), failed


async def test_what_is_brought_in_is_screened_and_clean(client: Any, make: Any, jobs: Any, ana: Any) -> None:
    page = (
        "<h1>x</h1><p onclick=evil()>Hi<script>evil()</script> <a href='javascript:evil()'>there</a>"
        "<img src='data:image/svg+xml;base64,PHN2Zy8+' alt='drawn'></p><iframe src='https://evil.example'></iframe>"
    )
    series = await make.series(ana)
    me = client.as_(ana)
    await send(me, series, page.encode(), "x.html")
    await jobs()
    (chapter,) = await chapters(me, series)
    assert (chapter["body_markdown"], chapter["body_html"]) == ("Hi theredrawn", "<p>Hi theredrawn</p>\n")


async def test_a_full_plan_brings_nothing_in(client: Any, make: Any, jobs: Any, ana: Any) -> None:
    series = await make.series(ana)
    plans = msgspec.to_builtins(Plans())
    plans["free"]["chapters"] = 1
    async with make.tx() as ctx:
        await settings.change_platform(ctx, plans=plans)
    me = client.as_(ana)
    begun = (await send(me, series, b"# a\n\nA\n\n# b\n\nB", "x.md")).json()
    await jobs()
    failed = (await me.get(f"/api/v1/imports/{begun['id']}")).json()
    assert failed["state"] == "failed" and "1 chapter" in failed["problem"], failed["problem"]
    assert await chapters(me, series) == []


async def test_a_document_by_its_link(client: Any, make: Any, jobs: Any, ana: Any, monkeypatch: Any) -> None:
    asked: list[str] = []

    async def fetch(url: str, *, most_bytes: int, timeout_s: float = 20, accept: str = "*/*") -> outgoing.Fetched:
        asked.append(url)
        found = b"<html>Sign in" if "private" in url else samples.docx(samples.paragraph("From there"))
        return outgoing.Fetched(url, found, "", "My draft.docx")

    monkeypatch.setattr(outgoing, "download", fetch)
    series = await make.series(ana)
    me, path = client.as_(ana), f"/api/v1/series/{series.id}/chapters/import/google-docs"
    link = "https://docs.google.com/document/d/1a2b3c4d5e6f7g8h9i0j_x-y/edit?usp=sharing"
    begun = await me.post(path, json={"url": link})
    assert (begun.status_code, begun.json()["format"], begun.json()["filename"]) == (
        202,
        "google_docs",
        "My draft.docx",
    )
    assert asked == ["https://docs.google.com/document/d/1a2b3c4d5e6f7g8h9i0j_x-y/export?format=docx"]
    await jobs()
    assert [c["body_markdown"] for c in await chapters(me, series)] == ["From there"]
    for url in ("https://docs.google.com/document/d/private-12345678901234567890/edit", "http://127.0.0.1/x"):
        refused = await me.post(path, json={"url": url})
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["url"])


async def test_called_off(client: Any, make: Any, jobs: Any, ana: Any, app: Any) -> None:
    series = await make.series(ana)
    me = client.as_(ana)
    begun = (await send(me, series, b"# a\n\nA", "x.md")).json()
    for _ in range(2):
        assert (await me.delete(f"/api/v1/imports/{begun['id']}")).status_code == 204
    await jobs()
    assert (await me.get(f"/api/v1/imports/{begun['id']}")).json()["state"] == "cancelled"
    assert await chapters(me, series) == []


async def test_files_are_kept_for_some_days_only(client: Any, make: Any, jobs: Any, ana: Any, app: Any) -> None:
    series = await make.series(ana, chapters=1)
    me = client.as_(ana)
    begun = (await send(me, series, b"# a\n\nA", "x.md", dry_run="on")).json()
    made = (await me.post(f"/api/v1/series/{series.id}/chapters/export", json={"format": "zip"})).json()
    await jobs()
    for days, left in ((6, True), (8, False)):
        async with app.database.connection() as db:
            now = utcnow() + timedelta(days=days)
            removed = [await clean(Ctx(db, None, now, "test", app)) for clean in (clean_up, expire_exports)]
        assert removed == ([0, 0] if left else [1, 1])
        assert (f"imports/{begun['id']}" in await app.storage.paths("imports")) is left
        assert (f"exports/{made['id']}" in await app.storage.paths("exports")) is left
    assert (await me.get(f"/api/v1/imports/{begun['id']}")).json()["state"] == "cancelled"
    gone = await me.get(f"/api/v1/exports/{made['id']}/file")
    assert (gone.status_code, gone.json()["code"]) == (409, "export_not_made")
    assert (await me.get(f"/api/v1/exports/{made['id']}")).json()["state"] == "expired"


async def test_work_that_is_done_again_brings_nothing_in_twice(client: Any, make: Any, ana: Any, app: Any) -> None:
    """Two workers at once, as after one was taken for dead: the row decides."""
    series = await make.series(ana)
    me = client.as_(ana)
    begun = (await send(me, series, b"# a\n\nA\n\n# b\n\nB", "x.md")).json()

    async def work() -> str:
        async with app.database.connection() as db:
            return await read_import(Ctx(db, None, utcnow(), "test", app), UUID(begun["id"]))

    assert sorted(await asyncio.gather(work(), work())) == ["done", "gone"]
    assert [c["title"] for c in await chapters(me, series)] == ["a", "b"]


def test_style_sheets_without_an_end_are_read_once() -> None:
    started = time.process_time()
    for end in ("", "</style>"):
        assert set(style_of("<style></a>.a{color:red}" * 40_000 + end)) <= {"a"}
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "page",
    [
        '<div id="n">{}</div>'.format('<b></b><a class="noteref" href="#n">1</a>' * 8000),
        "<p>{}</p>".format("".join(f'<a id="n{n}" class="noteref" href="#n{n + 1}">1</a>' for n in range(8000))),
        '<p><span>{}</span></p><aside id="n">A note</aside>'.format('<a href="#n" class="noteref">1</a>' * 8000),
        '<p>{}</p><aside id="n">A note</aside>'.format('<a href="#n" class="noteref">1</a>' * 8000),
    ],
)
def test_links_without_number_are_looked_at_in_time(page: str) -> None:
    root = read_html(page)
    started = time.process_time()
    Notes({"": root})
    assert time.process_time() - started < 2


def test_a_text_of_everything_is_the_same_after_a_round_through_its_page() -> None:
    html = markdown.render(EVERYTHING)
    page = f"<article class='stoa-chapter'>{html}</article>".encode()
    (once,) = reading.read(page, "x.html", most_picture_bytes=1).chapters
    again = markdown.render(once.markdown)
    assert re.sub(r"\s+", " ", again) == re.sub(r"\s+", " ", html)
    page = f"<article class='stoa-chapter'>{again}</article>".encode()
    assert reading.read(page, "x.html", most_picture_bytes=1).chapters[0].markdown == once.markdown


async def test_a_picture_that_typst_cannot_read_does_not_stop_a_book(client: Any, make: Any, ana: Any) -> None:
    """Of a picture without its last bytes there is more to see in a browser than on paper."""
    picture = await make.picture(ana)
    series = await make.series(ana)
    body = f"Words.\n\n![A wall](/media/{picture.id}/960.webp)"
    chapter = await make.chapter(ana, series, title="x", body=body, published=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "portable", lambda data: (data[:60], "image/png"))
        answer = await client.as_(ana).get(f"/api/v1/chapters/{chapter.id}/export/pdf")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
