"""Uploads in parts and from addresses: resumed, cut off, given up, too large, and by whom."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from stoa.foundation.media import actions
from stoa.foundation.media.actions import multipart
from stoa.kit import invariants, outgoing
from stoa.kit.clock import utcnow
from tests.foundation.media import samples
from tests.foundation.media.test_library import MEDIA, holds, used


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart, "PART_BYTES", 1000)


async def begin(client: Any, data: bytes, name: str = "film.mp4", **more: Any) -> dict[str, Any]:
    body = {"filename": name, "size_bytes": len(data), **more}
    answer = await client.post(f"{MEDIA}/upload/signed-url", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def send_parts(client: Any, upload: dict[str, Any], data: bytes, *numbers: int) -> None:
    for part in upload["parts"]:
        if not part["is_stored"] and (not numbers or part["number"] in numbers):
            start = (part["number"] - 1) * upload["part_bytes"]
            chunk = data[start : start + part["bytes_count"]]
            answer = await client.put(part["url"], content=chunk)
            assert answer.status_code == 204 and answer.headers["etag"], answer.text


async def test_in_parts_by_signed_addresses(mine: Any, client: Any, app: Any, jobs: Any) -> None:
    data = samples.film()
    folder = (await mine.post(f"{MEDIA}/folders", json={"name": "Films"})).json()["id"]
    upload = await begin(mine, data, alt="A red wall", folder_id=folder, visibility="private")
    assert len(upload["parts"]) == -(-len(data) // 1000) > 3
    assert sum(part["bytes_count"] for part in upload["parts"]) == len(data)
    assert await used(mine) == len(data), "reserved from the beginning"
    await send_parts(client, upload, data)  # whoever has the address; no session is needed
    answer = await mine.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["state"], answer.json()["filename"]) == ("processing", "film.mp4")
    again = await mine.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]})
    assert again.status_code == 404, "once; then it is over"
    assert (await client.put(upload["parts"][0]["url"], content=data[:1000])).status_code == 404
    await jobs()
    made = (await mine.get(f"{MEDIA}/{upload['upload_id']}")).json()
    assert (made["state"], made["kind"], made["content_type"]) == ("ready", "video", "video/mp4")
    assert (made["duration_ms"], made["source_width"], made["source_height"]) == (2000, 320, 240)
    assert made["details"]["video_codec"] == "mpeg4" and made["url"] and made["folder_id"] == folder
    assert (made["sent_bytes"], made["visibility"], made["alt"]) == (len(data), "private", "A red wall")
    assert (await mine.get(f"{MEDIA}/{made['id']}/download")).content == data
    assert await app.storage.paths("uploads") == []
    await holds(app)


async def test_a_cut_upload_goes_on(mine: Any, client: Any) -> None:
    data = samples.picture(60, 60)
    upload = await begin(mine, data, "a.png")
    await send_parts(client, upload, data, 1, 3)
    short = await client.put(upload["parts"][1]["url"], content=data[1000:1500])
    assert short.status_code == 422, "half a part is none"
    incomplete = await mine.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]})
    assert incomplete.status_code == 409 and incomplete.json()["code"] == "upload_incomplete"
    missing = incomplete.json()["missing"]
    assert 2 in missing and 1 not in missing and 3 not in missing
    (listed,) = (await mine.get(f"{MEDIA}/upload")).json()
    assert listed["id"] == upload["upload_id"]
    there = (await mine.get(f"{MEDIA}/upload/{upload['upload_id']}")).json()
    assert there["stored_bytes"] == 2000 and [p["number"] for p in there["parts"] if not p["is_stored"]] == missing
    await send_parts(client, there, data)
    assert (await mine.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]})).status_code == 201


async def test_what_is_given_up_leaves_nothing(mine: Any, client: Any, stranger: Any, app: Any, jobs: Any) -> None:
    data = samples.picture(60, 60)
    upload = await begin(mine, data, "a.png")
    await send_parts(client, upload, data, 1)
    path = f"{MEDIA}/upload/{upload['upload_id']}"
    for method, body in (("GET", None), ("DELETE", None)):
        assert (await stranger.request(method, path, json=body)).status_code == 404
    assert (await stranger.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]})).status_code == 404
    assert (await mine.delete(path)).status_code == 204
    assert (await mine.delete(path)).status_code == 404
    await jobs()
    assert await app.storage.paths("uploads") == [] and await used(mine) == 0
    assert (await client.put(upload["parts"][1]["url"], content=data[1000:2000])).status_code == 404
    await holds(app)


async def test_what_is_cut_off_for_good_is_taken_away(mine: Any, client: Any, app: Any, jobs: Any, tx: Any) -> None:
    data = samples.picture(60, 60)
    upload = await begin(mine, data, "a.png")
    await send_parts(client, upload, data, 1, 2)
    async with tx() as ctx:
        ctx.now = utcnow() + timedelta(hours=23)
        assert await actions.give_up_expired(ctx) == 0
        ctx.now = utcnow() + timedelta(hours=25)
        assert await actions.give_up_expired(ctx) == 1
    await jobs()
    assert await app.storage.paths("uploads") == [] and await used(mine) == 0
    await holds(app)


async def test_parts_that_nobody_knows_of_are_swept(mine: Any, client: Any, app: Any, ctx: Any) -> None:
    data = samples.picture(60, 60)
    upload = await begin(mine, data, "a.png")
    await send_parts(client, upload, data, 1)
    await app.storage.put("uploads/01900000-0000-7000-8000-000000000000/00001", b"x", "text/plain")
    assert await actions.sweep(ctx) == 1
    assert len(await app.storage.paths("uploads")) == 1


async def test_addresses_cannot_be_made_up(mine: Any, client: Any) -> None:
    data = samples.picture(60, 60)
    upload = await begin(mine, data, "a.png")
    url = upload["parts"][0]["url"]
    head, token = url.rsplit("/", 1)
    for wrong in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "x", token[1:], "A" * 200):
        assert (await client.put(f"{head}/{wrong}", content=data[:1000])).status_code == 404, wrong


async def test_refused_beginnings(mine: Any, app: Any) -> None:
    for body in (
        {"filename": "a", "size_bytes": 0},
        {"filename": "", "size_bytes": 5},
        {"filename": "/", "size_bytes": 5},
        {"filename": "a", "size_bytes": 2**70},
        {"filename": "a"},
        {"filename": "a", "size_bytes": 5, "folder_id": "01900000-0000-7000-8000-000000000000"},
    ):
        answer = await mine.post(f"{MEDIA}/upload/signed-url", json=body)
        assert answer.status_code in (413, 422), (body, answer.text)
    too_large = await mine.post(f"{MEDIA}/upload/signed-url", json={"filename": "a", "size_bytes": 1024**3 + 1})
    assert too_large.status_code == 413 and too_large.json()["code"] == "file_too_large"
    full = await mine.post(f"{MEDIA}/upload/signed-url", json={"filename": "a", "size_bytes": 1024**3})
    assert full.status_code == 201
    over = await mine.post(f"{MEDIA}/upload/signed-url", json={"filename": "a", "size_bytes": 1})
    assert over.status_code == 402 and over.json()["code"] == "plan_limit"
    await holds(app)


async def test_only_so_many_under_way(mine: Any) -> None:
    answers = await asyncio.gather(
        *(mine.post(f"{MEDIA}/upload/signed-url", json={"filename": "a", "size_bytes": 5}) for _ in range(23))
    )
    assert sorted(a.status_code for a in answers) == [201] * 20 + [409] * 3


async def test_completed_twice_at_once(mine: Any, client: Any, app: Any, jobs: Any, live: Any) -> None:
    data = samples.picture(60, 60)
    upload = await begin(mine, data, "a.png")
    await send_parts(client, upload, data)
    answers = await asyncio.gather(
        *(mine.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]}) for _ in range(4))
    )
    assert {a.status_code for a in answers} <= {201, 404} and 201 in {a.status_code for a in answers}
    await jobs()
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from media") == 1
        assert await invariants.check(db) == []


async def test_the_same_file_again_in_parts_is_a_copy(mine: Any, client: Any, jobs: Any, app: Any) -> None:
    data = samples.picture(60, 60)
    for _ in range(2):
        upload = await begin(mine, data, "a.png")
        await send_parts(client, upload, data)
        await mine.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]})
        await jobs()
    items = (await mine.get(MEDIA)).json()["items"]
    assert [item["state"] for item in items] == ["ready", "ready"]
    await holds(app)


async def test_what_is_no_file_fails_and_frees_its_room(mine: Any, client: Any, jobs: Any, app: Any) -> None:
    for data, why in ((b"\x80\x81" * 900, "not a kind"), (samples.picture(60, 60)[:1500], "damaged")):
        upload = await begin(mine, data, "a.bin")
        await send_parts(client, upload, data)
        await mine.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]})
        await jobs()
        made = (await mine.get(f"{MEDIA}/{upload['upload_id']}")).json()
        assert made["state"] == "failed" and why in made["problem"]
    assert await used(mine) == 0 and await app.storage.paths("uploads") == [] == await app.storage.paths("media")
    await holds(app)


async def test_a_picture_in_parts_may_be_no_larger_either(mine: Any, client: Any, jobs: Any, app: Any) -> None:
    data = samples.picture(60, 60)
    upload = await begin(mine, data, "a.png")
    await send_parts(client, upload, data)
    await mine.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]})
    before = app.settings
    app.settings = msgspec.structs.replace(before, max_upload_bytes=2000)
    try:
        await jobs()
    finally:
        app.settings = before
    made = (await mine.get(f"{MEDIA}/{upload['upload_id']}")).json()
    assert made["state"] == "failed" and "at most" in made["problem"]


# ---- from an address -------------------------------------------------------------------------------------------


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    pages: dict[str, Any] = {}

    async def fetch(url: str, *, most_bytes: int, timeout_s: float = 20, accept: str = "*/*") -> outgoing.Fetched:
        found = pages.get(url)
        if found is None:
            raise outgoing.Unreachable("There is no such host")
        return outgoing.Fetched(url, found[:most_bytes], "text/html", "from there.png")

    monkeypatch.setattr(outgoing, "download", fetch)
    return pages


async def test_from_an_address(mine: Any, web: dict[str, Any], app: Any) -> None:
    web["https://files.example/a"] = samples.picture(60, 60)
    body = {"url": " https://files.example/a ", "alt": "A stone", "title": "Stone", "visibility": "private"}
    answer = await mine.post(f"{MEDIA}/upload/from-url", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["filename"], made["alt"], made["content_type"]) == ("from there.png", "A stone", "image/png")
    assert (made["visibility"], made["state"]) == ("private", "ready")
    web["https://files.example/b"] = b"<!doctype html>"
    refused = await mine.post(f"{MEDIA}/upload/from-url", json={"url": "https://files.example/b"})
    assert refused.status_code == 422 and "Web pages" in refused.json()["fields"]["file"]
    gone = await mine.post(f"{MEDIA}/upload/from-url", json={"url": "https://nowhere.example/"})
    assert (gone.status_code, gone.json()["fields"]) == (422, {"url": "There is no such host"})
    await holds(app)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8200/health", "http://localhost/", "http://169.254.169.254/latest/", "file:///etc/passwd"]
)
async def test_our_own_network_is_not_fetched_from(mine: Any, url: str) -> None:
    answer = await mine.post(f"{MEDIA}/upload/from-url", json={"url": url})
    assert answer.status_code == 422 and "url" in answer.json()["fields"]
