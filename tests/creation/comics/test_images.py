"""The pages of a chapter over HTTP: sent, worked on, put in order, described, taken out; by whom, and seen by whom."""

import asyncio
import struct
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pyvips

from stoa.creation.comics import actions
from stoa.creation.comics.actions import working
from stoa.creation.comics.gateways import NotRead, RapidOcr
from stoa.creation.comics.types import Words
from stoa.creation.serials.actions.chapters import delete_chapter, edit_chapter
from stoa.creation.serials.actions.schedule import publish_chapter
from stoa.creation.serials.messages import ChaptersPurged
from stoa.kit import invariants
from stoa.kit.clock import utcnow
from stoa.kit.outbox import emit
from tests.creation.comics.conftest import drawn, send
from tests.creation.comics.test_strips import strip
from tests.foundation.media import samples

API = "/api/v1/chapters"


async def listed(client: Any, chapter_id: Any) -> list[dict[str, Any]]:
    answer = await client.get(f"{API}/{chapter_id}/images")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def names(client: Any, chapter_id: Any) -> list[str]:
    pages = await listed(client, chapter_id)
    assert [page["position"] for page in pages] == list(range(1, len(pages) + 1))
    return [page["filename"] for page in pages]


async def test_a_dozen_pages_at_once(mine: Any, app: Any, jobs: Any, chapter: Any) -> None:
    answer = await send(mine, chapter.id, "page10.png", "Page2.png", "page1.png", "cover.svg", cover=b"<svg/>")
    assert answer.status_code == 201, answer.text
    done = answer.json()
    assert [page["filename"] for page in done["images"]] == ["page1.png", "Page2.png", "page10.png"]
    assert done["refused"] == [
        {"filename": "cover.svg", "problem": "SVG drawings can hold scripts and are not taken; please export it as PNG"}
    ]
    assert {(page["state"], page["url"], page["width"], page["height"]) for page in done["images"]} == {
        ("processing", "", 80, 120)
    }
    await jobs()
    pages = await listed(mine, chapter.id)
    assert [(page["state"], page["progress"], page["position"]) for page in pages] == [
        ("ready", 100, place) for place in (1, 2, 3)
    ]
    assert all(page["srcset"].startswith(f"/media/{page['media_id']}/") and page["processed_at"] for page in pages)
    assert (await mine.get(f"/api/v1/media/{pages[0]['media_id']}")).json()["visibility"] == "private"
    uses = (await mine.get(f"/api/v1/media/{pages[0]['media_id']}/uses")).json()["uses"]
    assert [(use["subject"], use["title"], use["url"]) for use in uses] == [
        ("comic", "The lamp, Oil", f"/dashboard/chapters/{chapter.id}/images")
    ]
    async with app.database.connection() as db:
        assert await invariants.check(db) == []


async def test_one_by_one(mine: Any, jobs: Any, chapter: Any) -> None:
    path = f"{API}/{chapter.id}/images"
    sent = {"file": ("b.png", drawn(grey=7), "image/png")}
    made = await mine.post(path, files=sent, data={"alt": "  A lamp "})
    assert made.status_code == 201 and (made.json()["alt"], made.json()["position"]) == ("A lamp", 1), made.text
    for file, field in ((b"", "empty"), (b"GIF89a", "damaged"), (drawn()[:-20] + b"x" * 9, None)):
        refused = await mine.post(path, files={"file": ("c.png", file, "image/png")})
        if field:
            assert refused.status_code == 422 and field in refused.json()["fields"]["file"], refused.text
    long = await mine.post(path, files={"file": ("c.png", drawn(), "image/png")}, data={"alt": "x" * 501})
    assert long.status_code == 422
    assert (await mine.post(f"{path}/bulk", files={})).status_code == 422
    await jobs()
    assert [(page["filename"], page["state"]) for page in await listed(mine, chapter.id)] == [
        ("b.png", "ready"),
        ("c.png", "failed"),  # its head was whole, its end was not
    ]


async def test_what_is_sent_to_do_harm(mine: Any, app: Any, chapter: Any) -> None:
    """A bomb, a file that is two things at once, one that is none, a name that leads elsewhere: one is a page."""
    size = struct.pack(">II", 60_000, 60_000)
    bomb = drawn()[:16] + size + drawn()[24:]
    both = drawn() + samples.packed({"a.txt": b"x"})
    sent = await mine.post(
        f"{API}/{chapter.id}/images/bulk",
        files=[
            ("files", ("bomb.png", bomb, "image/png")),
            ("files", ("both.png", both, "image/png")),
            ("files", ("page.pdf", samples.pdf(), "image/png")),
            ("files", ("large.png", drawn() + b"\0" * app.settings.max_upload_bytes, "image/png")),
            ("files", ("../../etc/<b>page</b>.png", drawn(), "image/png")),
        ],
    )
    assert sent.status_code == 201, sent.text
    (page,) = sent.json()["images"]
    assert page["filename"] == "b>.png"
    problems = {one["filename"]: one["problem"] for one in sent.json()["refused"]}
    assert sorted(problems) == ["bomb.png", "both.png", "large.png", "page.pdf"]
    assert "50 megapixels" in problems["bomb.png"] and "at most 25 MB" in problems["large.png"]
    assert (await mine.get("/api/v1/media")).json()["items"][0]["id"] == page["media_id"]


async def test_put_in_order(mine: Any, stranger: Any, jobs: Any, chapter: Any, make: Any, ana: Any) -> None:
    await send(mine, chapter.id, "a.png", "b.png", "c.png", "d.png")
    a, b, c, d = [page["id"] for page in await listed(mine, chapter.id)]
    path = f"{API}/{chapter.id}/images/reorder"
    answer = await mine.patch(path, json={"image_ids": [d, b, a, c]})
    assert answer.status_code == 200 and [page["id"] for page in answer.json()] == [d, b, a, c]
    other = await make.chapter(ana, await make.series(ana, content_type="manga"), body="", published=False)
    foreign = (await send(mine, other.id, "z.png")).json()["images"][0]["id"]
    for wrong in ([d, b, a], [d, b, a, a], [d, b, a, str(uuid4())], [d, b, a, foreign], [d, b, a, c, foreign], []):
        refused = await mine.patch(path, json={"image_ids": wrong})
        assert refused.status_code == 422 and "image_ids" in refused.json()["fields"]
    assert (await stranger.patch(path, json={"image_ids": [a, b, c, d]})).status_code == 404
    assert await names(mine, chapter.id) == ["d.png", "b.png", "a.png", "c.png"]
    one = f"{API}/{chapter.id}/images/{c}"
    for place, expected in ((1, "cdba"), (3, "dbca"), (99, "dbac")):
        assert (await mine.patch(one, json={"position": place})).status_code == 200
        assert await names(mine, chapter.id) == [f"{name}.png" for name in expected]
    assert (await mine.patch(one, json={"position": 0})).status_code == 422
    assert (await mine.patch(f"{API}/{other.id}/images/{c}", json={"position": 1})).status_code == 404
    orders = [[a, b, c, d], [d, c, b, a], [b, a, d, c]]
    answers = await asyncio.gather(*(mine.patch(path, json={"image_ids": order}) for order in orders))
    assert {answer.status_code for answer in answers} == {200}
    assert [page["id"] for page in await listed(mine, chapter.id)] in orders


async def test_two_send_pages_at_once(mine: Any, jobs: Any, chapter: Any) -> None:
    sent = [(f"{n}a.png", f"{n}b.png") for n in range(4)]
    done = await asyncio.gather(*(send(mine, chapter.id, *pair) for pair in sent))
    assert {answer.status_code for answer in done} == {201}
    await jobs()
    there = await listed(mine, chapter.id)
    assert [page["position"] for page in there] == list(range(1, 9)) and {page["state"] for page in there} == {"ready"}
    assert len({page["media_id"] for page in there}) == 2, "the same bytes are the same file"


async def test_described_and_taken_out(mine: Any, jobs: Any, chapter: Any) -> None:
    await send(mine, chapter.id, "a.png", "b.png", "c.png")
    await jobs()
    pages = await listed(mine, chapter.id)
    path = f"{API}/{chapter.id}/images/{pages[1]['id']}"
    changed = await mine.patch(path, json={"alt": " A hand with a match ", "is_double": True})
    assert changed.json()["alt"] == "A hand with a match"
    assert (changed.json()["is_double"], changed.json()["is_double_chosen"]) == (True, True)
    assert (await mine.patch(path, json={"is_double": None})).json()["is_double"] is False
    assert (await mine.patch(path, json={"alt": "x" * 501})).status_code == 422
    assert (await mine.patch(path, content=b'{"alt": "\\ud800"}')).status_code in (400, 422)
    assert (await mine.get(path)).json()["words"] == []
    assert (await mine.delete(path)).status_code == 204
    assert (await mine.delete(path)).status_code == 404
    assert await names(mine, chapter.id) == ["a.png", "c.png"]
    assert (await mine.get(f"/api/v1/media/{pages[1]['media_id']}")).json()["state"] == "deleted"
    await mine.delete(f"/api/v1/media/{pages[0]['media_id']}")
    gone = (await listed(mine, chapter.id))[0]
    assert (gone["state"], gone["problem"]) == ("failed", "Its file lies in the trash of the library")
    again = await send(mine, chapter.id, "b.png", b=drawn(grey=2))
    assert again.status_code == 201, "the same file comes back from the trash"
    await jobs()
    assert [page["state"] for page in await listed(mine, chapter.id)] == ["failed", "ready", "ready"]


async def test_who_may(mine: Any, client: Any, stranger: Any, make: Any, ana: Any, jobs: Any, chapter: Any) -> None:
    (page,) = (await send(mine, chapter.id, "a.png")).json()["images"]
    path = f"{API}/{chapter.id}/images"
    calls = [
        ("GET", path, None),
        ("GET", f"{path}/{page['id']}", None),
        ("PATCH", f"{path}/{page['id']}", {"alt": "mine now"}),
        ("DELETE", f"{path}/{page['id']}", None),
        ("POST", f"{path}/{page['id']}/process", None),
    ]
    analyst, editor = client.as_(await make.user()), client.as_(colleague := await make.user())
    await make.collaborator(ana, colleague, "editor")
    for method, address, body in calls:
        assert (await client.request(method, address, json=body)).status_code == 401
        assert (await stranger.request(method, address, json=body)).status_code == 404
        assert (await analyst.request(method, address, json=body)).status_code == 404
    assert (await send(stranger, chapter.id, "b.png")).status_code == 404
    assert (await client.get(f"{API}/{chapter.id}/pages")).status_code == 404
    sent = await send(editor, chapter.id, "b.png", b=drawn(grey=9))
    assert sent.status_code == 201
    await jobs()
    there = await listed(editor, chapter.id)
    assert [one["state"] for one in there] == ["ready", "ready"]
    assert (await mine.get(f"/api/v1/media/{there[1]['media_id']}")).status_code == 200, "it is the owner's file"
    assert (await client.get(there[1]["url"])).status_code == 200, "the address is signed"
    assert (await client.get(there[1]["url"].partition("?")[0])).status_code == 404
    novel = await make.chapter(ana, await make.series(ana), published=False)
    refused = await send(mine, novel.id, "a.png")
    assert refused.status_code == 409 and refused.json()["code"] == "not_a_comic"


async def test_what_readers_get(
    mine: Any, client: Any, stranger: Any, ana: Any, jobs: Any, chapter: Any, queries: Any, tx: Any
) -> None:
    """S1: of a locked chapter as many pages as paragraphs are shown of a text, and nothing else of it."""
    spread = drawn(160, 120, grey=3)
    await send(mine, chapter.id, "1.png", "2.png", "3.png", "4.png", "5.png", "6.png", **{"3": spread})
    path = f"{API}/{chapter.id}"
    assert (await mine.get(f"{path}/pages")).json() == [], "nothing is ready yet"
    await jobs()
    async with tx(ana) as ctx:
        await publish_chapter(ctx, chapter.id)
    pages = (await client.get(f"{path}/pages")).json()
    assert [(page["position"], page["is_double"], page["slices"]) for page in pages] == [
        (n, n == 3, []) for n in range(1, 7)
    ]
    with queries() as seen:
        await client.get(f"{path}/pages")
    assert len([sql for sql in seen if "chapter_images i join media" in sql]) == 1
    for page in pages:
        assert (await client.get(page["url"])).status_code == 200
        assert (await client.get(page["url"].partition("?")[0])).status_code == 404
        assert all("?e=" in entry for entry in page["srcset"].split(", "))
    closed = await mine.patch(f"{path}/access", json={"access": "subscribers"})
    assert closed.status_code == 200, closed.text
    answer = await stranger.get(f"{path}/pages")
    assert [page["position"] for page in answer.json()] == [1, 2, 3]
    assert len((await mine.get(f"{path}/pages")).json()) == 6
    hidden = [page["media_id"] for page in await listed(mine, chapter.id)][3:]
    assert not any(media_id in answer.text for media_id in hidden)
    for media_id in hidden:
        assert (await stranger.get(f"/media/{media_id}/960.webp")).status_code == 404


async def test_a_public_picture_becomes_private_or_a_copy(
    mine: Any, make: Any, ana: Any, jobs: Any, chapter: Any
) -> None:
    """Or a copy of it, where it is shown elsewhere."""
    unused, shown = drawn(grey=50), drawn(grey=51)
    ids = []
    for data in (unused, shown):
        sent = await mine.post("/api/v1/media", files={"file": ("x.png", data, "image/png")})
        ids.append(sent.json()["id"])
    await make.post(author=ana, images=[f"/media/{ids[1]}/960.webp"])
    await jobs()
    await send(mine, chapter.id, "1.png", "2.png", **{"1": unused, "2": shown})
    await jobs()
    first, second = await listed(mine, chapter.id)
    assert first["media_id"] == ids[0] and second["media_id"] != ids[1] and second["state"] == "ready"
    seen = [(await mine.get(f"/api/v1/media/{one}")).json()["visibility"] for one in (*ids, second["media_id"])]
    assert seen == ["private", "public", "private"]


async def test_a_strip_is_shown_in_parts(
    mine: Any, client: Any, app: Any, jobs: Any, tx: Any, make: Any, ana: Any
) -> None:
    series = await make.series(ana, content_type="webtoon", reading_direction="vertical")
    chapter = await make.chapter(ana, series, body="", published=False)
    data = strip(60, [(1000, 60), (1300, 60), (900, 60), (900, 0)])
    await send(mine, chapter.id, "strip.png", "wide.png", strip=data, wide=drawn(300, 100))
    await jobs()
    pages = await listed(mine, chapter.id)
    assert [(page["state"], page["slices_count"], page["is_double"]) for page in pages] == [
        ("ready", 3, False),
        ("ready", 0, False),  # in a strip nothing is a spread
    ]
    shown = (await mine.get(f"{API}/{chapter.id}/pages")).json()[0]["slices"]
    assert sum(part["height"] for part in shown) == 4280 and {part["width"] for part in shown} == {60}
    assert [(await client.get(part["url"])).status_code for part in shown] == [200, 200, 200]
    assert [(await client.get(part["url"].partition("?")[0])).status_code for part in shown] == [404, 404, 404]
    library = (await mine.get("/api/v1/media")).json()["items"]
    assert sorted(file["filename"] for file in library) == ["strip.png", "wide.png"], "parts are no files of it"
    again = await mine.post(f"{API}/{chapter.id}/images/{pages[0]['id']}/process")
    assert again.status_code == 200 and again.json()["state"] == "processing"
    await jobs()
    assert (await mine.get(f"{API}/{chapter.id}/pages")).json()[0]["slices"][0]["id"] == shown[0]["id"]
    async with tx() as ctx:
        assert await actions.purge_parts(ctx, utcnow() + timedelta(hours=1)) == 0
    await mine.delete(f"{API}/{chapter.id}/images/{pages[0]['id']}")
    async with tx() as ctx:
        assert await actions.purge_parts(ctx, utcnow() + timedelta(hours=1)) == 3
    await jobs()
    async with tx() as ctx:
        assert await invariants.check(ctx.db) == []


class Lamp:
    """A reader that knows what it will find."""

    def __init__(self) -> None:
        self.closed = 0
        self.found: list[list[Words] | Exception] = []

    async def read(self, data: bytes, heights: Any = ()) -> list[Words]:
        found = self.found.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def close(self) -> None:
        self.closed += 1


async def test_words_are_read(mine: Any, jobs: Any, chapter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lamp = Lamp()
    monkeypatch.setattr(working, "reader_of", lambda _: lamp)
    lamp.found = [
        [Words("LEFT", [10, 10, 30, 12], 0.9), Words("RIGHT", [60, 11, 30, 12], 0.8)],
        NotRead("a page of noise"),
        [],
    ]
    await send(mine, chapter.id, "1.png", "2.png", "3.png")
    await jobs()
    pages = await listed(mine, chapter.id)
    assert [(page["state"], page["ocr_state"], page["ocr_text"]) for page in pages] == [
        ("ready", "done", "RIGHT\nLEFT"),  # it is read from right to left
        ("ready", "failed", ""),
        ("ready", "done", ""),
    ]
    assert lamp.closed >= 1 and lamp.found == []
    detail = (await mine.get(f"{API}/{chapter.id}/images/{pages[0]['id']}")).json()
    assert detail["words"] == [
        {"text": "RIGHT", "box": [60, 11, 30, 12], "score": 0.8},
        {"text": "LEFT", "box": [10, 10, 30, 12], "score": 0.9},
    ]
    lamp.found = [[Words("AGAIN", [1, 1, 30, 12], 0.9)]]
    await mine.post(f"{API}/{chapter.id}/images/{pages[1]['id']}/process")
    await jobs()
    assert (await listed(mine, chapter.id))[1]["ocr_text"] == "AGAIN"


async def test_words_are_found_once_everybody_may_read_them(
    mine: Any, ana: Any, jobs: Any, chapter: Any, tx: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S1: search knows what is written in pages when they are open, and nothing of it before."""
    lamp = Lamp()
    monkeypatch.setattr(working, "reader_of", lambda _: lamp)
    lamp.found = [[Words("WICKLESS", [1, 1, 30, 12], 0.9)], [Words("PARAFFIN", [1, 1, 30, 12], 0.9)]]

    async def found(word: str) -> bool:
        async with tx() as ctx:
            sql = "select exists (select from works where id = $1 and search @@ plainto_tsquery('simple', $2))"
            return bool(await ctx.db.fetchval(sql, chapter.id, word))

    await send(mine, chapter.id, "1.png", "2.png")
    await jobs()
    page = (await listed(mine, chapter.id))[0]
    await mine.patch(f"{API}/{chapter.id}/images/{page['id']}", json={"alt": "A Thunderstorm"})
    async with tx(ana) as ctx:
        shown = await publish_chapter(ctx, chapter.id)
        await edit_chapter(ctx, chapter.id, revision=shown.revision, title="Another oil")
    assert [await found(word) for word in ("wickless", "paraffin", "thunderstorm")] == [True] * 3
    access = {"access": "subscribers"}
    assert (await mine.patch(f"{API}/{chapter.id}/access", json=access)).status_code == 200
    assert [await found(word) for word in ("wickless", "paraffin", "thunderstorm")] == [False] * 3
    assert (await mine.patch(f"{API}/{chapter.id}/access", json={"access": "free"})).status_code == 200
    await mine.delete(f"{API}/{chapter.id}/images/{page['id']}")
    assert [await found(word) for word in ("wickless", "paraffin", "thunderstorm")] == [False, True, False]


async def test_a_copy_has_the_same_pages_of_its_own(
    mine: Any, stranger: Any, jobs: Any, chapter: Any, tx: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that are ready at once, with what was said of them; those that are being worked on when they are."""
    lamp = Lamp()
    monkeypatch.setattr(working, "reader_of", lambda _: lamp)
    lamp.found = [[], [Words("wickless", [5, 5, 9, 9], 0.9)], [], []]
    await send(mine, chapter.id, "1.png", "2-strip.png", **{"2-strip": strip(60, [(1300, 60), (1400, 60), (1400, 60)])})
    await jobs()
    first, second = await listed(mine, chapter.id)
    await mine.patch(f"{API}/{chapter.id}/images/{first['id']}", json={"alt": "A lamp", "is_double": True})
    await send(mine, chapter.id, "3.png", **{"3": drawn(grey=9)})
    copied = await mine.post(f"{API}/{chapter.id}/duplicate")
    assert copied.status_code == 201, copied.text
    copy_id = copied.json()["id"]
    pages, kept = await listed(mine, copy_id), await listed(mine, chapter.id)
    facts = ("media_id", "position", "filename", "alt", "is_double", "slices_count", "ocr_state", "ocr_text", "state")
    assert [[page[name] for name in facts] for page in pages] == [[page[name] for name in facts] for page in kept]
    assert [(page["state"], page["alt"], page["slices_count"]) for page in pages] == [
        ("ready", "A lamp", 0), ("ready", "", 3), ("processing", "", 0),
    ]  # fmt: skip
    assert not {page["id"] for page in pages} & {page["id"] for page in kept}
    async with tx() as ctx:
        words = await ctx.db.fetchval("select picture_words from chapters where work_id = $1", UUID(copy_id))
    assert ("A lamp" in words, "wickless" in words) == (True, True)
    await jobs()
    assert [page["state"] for page in await listed(mine, copy_id)] == ["ready"] * 3
    uses = (await mine.get(f"/api/v1/media/{first['media_id']}/uses")).json()["uses"]
    assert {use["url"] for use in uses} == {f"/dashboard/chapters/{one}/images" for one in (chapter.id, copy_id)}
    await mine.delete(f"{API}/{chapter.id}/images/{second['id']}")  # its file and its parts are the copy's as well
    async with tx() as ctx:
        assert await actions.purge_parts(ctx, utcnow() + timedelta(hours=1)) == 0
        assert await invariants.check(ctx.db) == []
    shown = (await mine.get(f"{API}/{copy_id}/pages")).json()
    assert [len(page["slices"]) for page in shown] == [0, 3, 0]
    assert (await stranger.get(f"{API}/{copy_id}/pages")).status_code == 404
    assert (await stranger.post(f"{API}/{chapter.id}/duplicate")).status_code == 404


async def test_nothing_is_left_after_thirty_days(
    mine: Any, app: Any, ana: Any, jobs: Any, chapter: Any, tx: Any
) -> None:
    """S5."""
    await send(mine, chapter.id, "1.png")
    await jobs()
    media_id = (await listed(mine, chapter.id))[0]["media_id"]
    async with tx(ana) as ctx:
        await delete_chapter(ctx, chapter.id)
    async with tx() as ctx:
        await emit(ctx, ChaptersPurged(chapter_ids=[chapter.id]))
        assert await ctx.db.fetchval("select count(*) from chapter_images") == 0
    assert (await mine.get(f"/api/v1/media/{media_id}/uses")).json()["uses"] == []


async def test_the_reader_reads() -> None:
    """The real one, from the models in its package, without a network."""
    words = pyvips.Image.text("THE HARBOUR AT NIGHT", dpi=130).invert()
    page = words.embed(90, 210, 700, 500, extend="background", background=[255])
    reader = RapidOcr()
    try:
        (line,) = await reader.read(bytes(page.pngsave_buffer()))
        assert line.text == "THE HARBOUR AT NIGHT" and line.score > 0.9
        x, y, width, height = line.box
        assert abs(x - 90) < 12 and abs(y - 210) < 15 and abs(width - words.width) < 24 and height < 60
        with pytest.raises(NotRead):
            await reader.read(b"no picture")
    finally:
        await reader.close()
