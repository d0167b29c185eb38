"""One's library over HTTP: finding files, keeping them in order, the trash, what it takes of the plan."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from stoa.foundation.media import actions
from stoa.foundation.people import actions as people
from stoa.foundation.settings import actions as settings
from stoa.foundation.settings.types import Plans
from stoa.kit import invariants
from stoa.kit.clock import utcnow
from tests.foundation.media import samples
from tests.foundation.media.test_kinds import send

MEDIA = "/api/v1/media"


async def one(client: Any, seed: int = 1, name: str = "stone.png", **fields: str) -> dict[str, Any]:
    answer = await send(client, samples.picture(40 + seed, 30, seed), name, **fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def names(client: Any, **query: str) -> list[str]:
    answer = await client.get(MEDIA, params=query)
    assert answer.status_code == 200, answer.text
    return [item["filename"] for item in answer.json()["items"]]


async def used(client: Any) -> int:
    return int((await client.get(f"{MEDIA}/storage")).json()["total_bytes"])


async def holds(app: Any) -> None:
    async with app.database.connection() as db:
        assert await invariants.check(db) == []


async def test_a_file_with_all_that_is_said_of_it(mine: Any) -> None:
    folder = (await mine.post(f"{MEDIA}/folders", json={"name": " Covers  of books "})).json()
    assert folder["name"] == "Covers of books"
    made = await one(
        mine,
        name="../../a\\b/Ma photo.PNG",
        alt=" A stone ",
        title="Stone",
        caption="By the sea",
        folder_id=folder["id"],
        tags="Sea, #stones, sea",
        visibility="private",
    )
    expected = {
        "filename": "Ma photo.PNG",
        "alt": "A stone",
        "title": "Stone",
        "caption": "By the sea",
        "folder_id": folder["id"],
        "tags": ["sea", "stones"],
        "visibility": "private",
        "kind": "image",
        "state": "ready",
        "scan_status": "not_scanned",
        "uses_count": 0,
        "source_width": 41,
        "source_height": 30,
    }
    assert {name: made[name] for name in expected} == expected
    assert made["placeholder"] and made["dominant_colour"].startswith("#")
    assert made["bytes_count"] > made["sent_bytes"] == made["original_bytes"]


async def test_filters_and_orders(mine: Any, jobs: Any) -> None:
    folder = (await mine.post(f"{MEDIA}/folders", json={"name": "Sea"})).json()["id"]
    await one(mine, 1, "b.png", folder_id=folder, tags="sea", title="Beta")
    await one(mine, 300, "a.png", alt="100% of a wave")
    await send(mine, samples.pdf(), "c.pdf")
    await jobs()
    assert await names(mine) == ["c.pdf", "a.png", "b.png"]
    assert await names(mine, sort="oldest") == ["b.png", "a.png", "c.pdf"]
    assert await names(mine, sort="name") == ["a.png", "b.png", "c.pdf"]
    assert (await names(mine, sort="largest"))[0] == "a.png"
    assert await names(mine, kind="document") == ["c.pdf"]
    assert await names(mine, folder_id=folder) == ["b.png"]
    assert await names(mine, folder_id="none") == ["c.pdf", "a.png"]
    assert await names(mine, tag="Sea") == ["b.png"]
    assert await names(mine, q="BETA") == ["b.png"]
    assert await names(mine, q="100%") == ["a.png"] and await names(mine, q="_") == []
    assert await names(mine, unused="true") == ["c.pdf", "a.png", "b.png"]
    assert await names(mine, deleted="true") == []
    for wrong in ("kind=song", "sort=best", "folder_id=x", "unused=maybe", "cursor=abc", "q=" + "x" * 201):
        assert (await mine.get(f"{MEDIA}?{wrong}")).status_code == 422, wrong


@pytest.mark.parametrize("sort", ["newest", "oldest", "name", "largest"])
async def test_pages_miss_nothing(mine: Any, sort: str, queries: Any) -> None:
    for seed in range(1, 6):
        await one(mine, seed, "same name.png")
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        with queries() as sent:
            page = (
                await mine.get(MEDIA, params={"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {}))
            ).json()
        assert sum("from media" in text for text in sent) == 1
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(set(seen)) == 5 and cursor is None


async def test_edit(mine: Any) -> None:
    made = await one(mine)
    path = f"{MEDIA}/{made['id']}"
    changes = {"title": "New", "tags": ["B", "a"], "visibility": "private", "filename": "x/../new name.png"}
    answer = await mine.patch(path, json=changes)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["title"], body["tags"], body["visibility"]) == ("New", ["a", "b"], "private")
    assert body["filename"] == "new name.png"
    assert (await mine.patch(path, json={})).json() == (await mine.get(path)).json() | {"links": None}
    for wrong in (
        {"title": "x" * 201},
        {"alt": "x" * 1001},
        {"caption": "x" * 5001},
        {"filename": ""},
        {"filename": "///"},
        {"tags": ["x" * 51]},
        {"tags": [str(n) for n in range(51)]},
        {"folder_id": str(uuid4())},
        {"folder_id": "x"},
        {"visibility": "secret"},
        {"title": "a\u0000b"},
    ):
        refused = await mine.patch(path, json=wrong)
        assert refused.status_code == 422 and refused.json()["fields"].keys() == wrong.keys(), (wrong, refused.text)


async def test_a_stranger_gets_and_moves_nothing(mine: Any, stranger: Any) -> None:
    made, other = await one(mine), await one(stranger, 2)
    folder = (await mine.post(f"{MEDIA}/folders", json={"name": "Mine"})).json()["id"]
    assert (await stranger.post(f"{MEDIA}/{made['id']}/copy", json={})).status_code == 404
    for path, body in (
        ("move", {"folder_id": None}),
        ("tag", {"add": ["x"]}),
        ("delete", {}),
        ("restore", {}),
    ):
        answer = await stranger.post(f"{MEDIA}/bulk/{path}", json={"ids": [other["id"], made["id"]], **body})
        assert answer.status_code == 404, path
    assert (await stranger.patch(f"{MEDIA}/{other['id']}", json={"folder_id": folder})).status_code == 422
    assert (await stranger.post(f"{MEDIA}/folders", json={"name": "x", "parent_id": folder})).status_code == 422
    answer = await send(stranger, samples.picture(50, 50, 9), folder_id=folder)
    assert answer.status_code == 422 and "folder_id" in answer.json()["fields"]
    assert (await stranger.get(f"{MEDIA}/{other['id']}")).json()["state"] == "ready", "all or none"
    assert (await mine.get(f"{MEDIA}/{made['id']}")).json()["tags"] == []


async def test_folders(mine: Any) -> None:
    async def make(name: str, parent: str | None = None) -> Any:
        return await mine.post(f"{MEDIA}/folders", json={"name": name, "parent_id": parent})

    top = (await make("Top")).json()["id"]
    inner = (await make("Inner", top)).json()["id"]
    deepest = (await make("Deepest", inner)).json()["id"]
    assert (await make("top")).status_code == 422, "names are taken in whatever letters"
    assert (await make("Top", inner)).status_code == 201
    assert (await make("  ")).status_code == 422
    assert (await mine.patch(f"{MEDIA}/folders/{top}", json={"parent_id": deepest})).status_code == 422
    assert (await mine.patch(f"{MEDIA}/folders/{top}", json={"parent_id": top})).status_code == 422
    assert (await mine.patch(f"{MEDIA}/folders/{inner}", json={"name": "Within"})).json()["name"] == "Within"
    made = await one(mine, folder_id=deepest)
    listed = {f["name"]: f for f in (await mine.get(f"{MEDIA}/folders")).json()}
    assert (listed["Deepest"]["files_count"], listed["Deepest"]["bytes_count"]) == (1, made["bytes_count"])
    assert (await mine.delete(f"{MEDIA}/folders/{inner}")).status_code == 204
    assert (await mine.get(f"{MEDIA}/{made['id']}")).json()["folder_id"] == top, "its files went one up"
    assert [f["name"] for f in (await mine.get(f"{MEDIA}/folders")).json()] == ["Top"]
    parent = None
    for n in range(8):
        parent = (await make(f"f{n}", parent)).json()["id"]
    assert (await make("f9", parent)).status_code == 422, "so deep and no deeper"


async def test_two_moves_at_once_close_no_circle(mine: Any, live: Any) -> None:
    a, b = [(await mine.post(f"{MEDIA}/folders", json={"name": n})).json()["id"] for n in "ab"]
    answers = await asyncio.gather(
        mine.patch(f"{MEDIA}/folders/{a}", json={"parent_id": b}),
        mine.patch(f"{MEDIA}/folders/{b}", json={"parent_id": a}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_the_trash(mine: Any, client: Any, app: Any, jobs: Any, tx: Any) -> None:
    made, kept = await one(mine), await one(mine, 2, "kept.png")
    await jobs()
    before = await used(mine)
    assert (await mine.delete(f"{MEDIA}/{made['id']}")).status_code == 204
    assert (await mine.delete(f"{MEDIA}/{made['id']}")).status_code == 204, "twice is no error"
    await jobs()
    assert await names(mine) == ["kept.png"] and await names(mine, deleted="true") == ["stone.png"]
    assert (await client.get(made["url"])).status_code == 404
    assert (await mine.get(made["url"])).status_code == 200, "its owner looks through the trash"
    assert await used(mine) == before, "until it is emptied it counts"
    assert (await mine.post(f"{MEDIA}/{made['id']}/restore")).json()["state"] == "ready"
    assert (await client.get(made["url"])).status_code == 200
    await mine.delete(f"{MEDIA}/{made['id']}")
    again = await send(mine, samples.picture(41, 30, 1), "again.png")
    assert again.json()["id"] == made["id"] and again.json()["state"] == "ready", "sent again it comes back"
    await mine.post(f"{MEDIA}/bulk/delete", json={"ids": [made["id"], kept["id"]]})
    async with tx() as ctx:
        ctx.now = utcnow() + timedelta(days=29)
        assert await actions.purge_old(ctx) == 0
        ctx.now = utcnow() + timedelta(days=30, minutes=1)
        assert await actions.purge_old(ctx) == 2
    await jobs()
    assert await app.storage.paths("media") == [] and await used(mine) == 0
    await holds(app)


async def test_empty_the_trash(mine: Any, stranger: Any, app: Any, jobs: Any) -> None:
    made, theirs = await one(mine), await one(stranger, 2)
    await mine.delete(f"{MEDIA}/{made['id']}")
    await stranger.delete(f"{MEDIA}/{theirs['id']}")
    assert (await mine.post(f"{MEDIA}/trash/empty")).json() == {"count": 1}
    await jobs()
    assert await used(mine) == 0 and await used(stranger) > 0
    await holds(app)


async def test_bulk(mine: Any) -> None:
    ids = [(await one(mine, seed))["id"] for seed in (1, 2, 3)]
    folder = (await mine.post(f"{MEDIA}/folders", json={"name": "Sea"})).json()["id"]

    async def bulk(what: str, **body: Any) -> Any:
        return await mine.post(f"{MEDIA}/bulk/{what}", json=body)

    assert (await bulk("move", ids=ids[:2], folder_id=folder)).json() == {"count": 2}
    assert (await bulk("tag", ids=ids, add=["Sea", "stone"])).json() == {"count": 3}
    assert (await bulk("tag", ids=ids[:1], add=["new"], remove=["sea"])).json() == {"count": 1}
    assert (await mine.get(f"{MEDIA}/{ids[0]}")).json()["tags"] == ["new", "stone"]
    assert (await mine.get(f"{MEDIA}/tags")).json()[0] == {"tag": "stone", "files_count": 3}
    assert (await bulk("delete", ids=ids + ids)).json() == {"count": 3}
    assert (await bulk("restore", ids=ids)).json() == {"count": 3}
    assert (await bulk("delete", ids=ids, for_good=True)).json() == {"count": 3}
    for what, body in (
        ("delete", {"ids": []}),
        ("delete", {"ids": [str(uuid4())] * 201}),
        ("move", {"ids": ["x"], "folder_id": None}),
        ("tag", {"ids": [str(uuid4())]}),
    ):
        assert (await bulk(what, **body)).status_code in (404, 422), (what, body)


async def test_tags_have_an_end(mine: Any) -> None:
    made = await one(mine, tags=",".join(str(n) for n in range(50)))
    answer = await mine.post(f"{MEDIA}/bulk/tag", json={"ids": [made["id"]], "add": ["one more"]})
    assert answer.status_code == 422 and len((await mine.get(f"{MEDIA}/{made['id']}")).json()["tags"]) == 50


async def test_a_copy_has_files_of_its_own(mine: Any, app: Any, jobs: Any, client: Any) -> None:
    made = await one(mine, title="Stone")
    await jobs()
    copy = (await mine.post(f"{MEDIA}/{made['id']}/copy", json={})).json()
    assert (copy["title"], copy["sent_bytes"]) == ("Stone (copy)", made["sent_bytes"]) and copy["id"] != made["id"]
    assert copy["id"] in copy["srcset"] and copy["id"] in copy["url"] and made["id"] not in str(copy)
    await mine.delete(f"{MEDIA}/{made['id']}?for_good=true")
    await jobs()
    assert (await client.get(copy["url"])).status_code == 200
    assert (await mine.get(f"{MEDIA}/{copy['id']}/download")).content == samples.picture(41, 30, 1)
    await holds(app)


async def test_a_copy_needs_room(mine: Any, make: Any, app: Any) -> None:
    made = await one(mine)
    plans = msgspec.to_builtins(Plans())
    plans["free"]["storage_bytes"] = made["bytes_count"] + 10
    async with make.tx() as ctx:
        await settings.change_platform(ctx, plans=plans)
    before = await app.storage.paths("media")
    answer = await mine.post(f"{MEDIA}/{made['id']}/copy", json={})
    assert (answer.status_code, answer.json()["code"]) == (402, "plan_limit")
    assert await app.storage.paths("media") == before
    assert (await send(mine, samples.picture(90, 90, 5))).status_code == 402
    await holds(app)


async def test_what_it_takes(mine: Any, jobs: Any, app: Any) -> None:
    folder = (await mine.post(f"{MEDIA}/folders", json={"name": "Sea"})).json()["id"]
    first = await one(mine, 1, folder_id=folder)
    await send(mine, samples.pdf(), "a.pdf")
    gone = await one(mine, 3)
    await jobs()
    await mine.delete(f"{MEDIA}/{gone['id']}")
    storage = (await mine.get(f"{MEDIA}/storage")).json()
    parts = ("image_bytes", "video_bytes", "document_bytes", "other_bytes", "trash_bytes", "uploading_bytes")
    assert storage["total_bytes"] == sum(storage[part] for part in parts)
    assert (storage["plan"], storage["limit_bytes"], storage["percent"]) == ("free", 1024**3, 0)
    assert (storage["total_files"], storage["image_files"], storage["document_files"]) == (2, 1, 1)
    assert storage["trash_files"] == 1
    split = (await mine.get(f"{MEDIA}/storage/breakdown")).json()
    assert {kind["kind"]: kind["files_count"] for kind in split["kinds"]} == {"document": 1, "image": 1}
    assert {f["name"]: f["files_count"] for f in split["folders"]} == {"Sea": 1, None: 1}
    assert split["originals_bytes"] + split["variants_bytes"] == storage["image_bytes"] + storage["document_bytes"]
    assert split["unused_files"] == 2 and len(split["largest"]) == 2
    limits = (await mine.get(f"{MEDIA}/limits")).json()
    assert (limits["image_bytes"], limits["image_pixels"], limits["is_scanned"]) == (26_214_400, 50_000_000, False)
    assert UUID(first["id"])
    await holds(app)


async def test_where_it_is_used(mine: Any, ana: Any, tx: Any, make: Any) -> None:
    made = await one(mine)
    post = await make.post(author=ana, title="A stone by the sea", cover_media_id=UUID(made["id"]))
    detail = (await mine.get(f"{MEDIA}/{made['id']}/uses")).json()
    assert detail["file"]["uses_count"] == 1 and detail["file"]["last_used_at"]
    (use,) = detail["uses"]
    assert (use["subject"], use["subject_id"], use["title"]) == ("post", str(post.id), "A stone by the sea")
    assert use["url"] == f"/write/{post.id}"
    assert await names(mine, unused="true") == []
    fresh = (await mine.get(f"/api/v1/posts/{post.id}")).json()
    body = {
        "revision": fresh["revision"],
        "cover_media_id": None,
        "body_markdown": f"![]({made['url']})\n\n" + "x " * 60,
    }
    assert (await mine.patch(f"/api/v1/posts/{post.id}", json=body)).status_code == 200
    assert await names(mine, unused="true") == [], "in the text it is used, too"
    (await mine.delete(f"/api/v1/posts/{post.id}")).raise_for_status()
    assert await names(mine, unused="true") == ["stone.png"]
    async with tx(ana) as ctx:
        await people.edit_profile(ctx, avatar_media_id=UUID(made["id"]))
    uses = (await mine.get(f"{MEDIA}/{made['id']}/uses")).json()["uses"]
    assert [use["subject"] for use in uses] == ["profile"]
    async with tx(ana) as ctx:
        await people.edit_profile(ctx, avatar_media_id=None)
    assert await names(mine, unused="true") == ["stone.png"]
