"""One's library as pages, without JavaScript: finding, describing, moving, deleting, uploading."""

from typing import Any
from uuid import UUID

import pytest

from stoa.kit import outgoing
from stoa.kit.files import open_storage
from tests.foundation.media import samples
from tests.providers import clamd

PATH = "/dashboard/media"


@pytest.fixture(autouse=True)
def storage(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "storage", open_storage("memory:///"))


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana")


@pytest.fixture
async def mine(signed_in: Any, ana: Any) -> Any:
    visitor = await signed_in(ana)
    await visitor.get(PATH)
    return visitor


async def upload(visitor: Any, data: bytes, name: str = "stone.png", **fields: str) -> Any:
    answer = await visitor.client.post(
        f"{PATH}/upload", files={"file": (name, data)}, data=fields, headers={"X-CSRF-Token": visitor.token}
    )
    return visitor._seen(answer)


async def made(visitor: Any, seed: int = 1, name: str = "stone.png", **fields: str) -> str:
    answer = await upload(visitor, samples.picture(50 + seed, 40, seed), name, **fields)
    assert answer.status_code == 303, answer.text[:500]
    return str(answer.headers["location"].rpartition("/")[2])


async def test_it_is_found_and_says_how_to_begin(mine: Any) -> None:
    page = await mine.get("/dashboard/posts")
    assert f'href="{PATH}"' in page.text
    page = await mine.get(PATH)
    assert "No files yet" in page.text and f"{PATH}/upload" in page.text
    assert "The trash is empty" in (await mine.get(f"{PATH}/trash")).text
    assert "Nothing is stored yet" in (await mine.get(f"{PATH}/storage")).text


async def test_upload_describe_find(mine: Any) -> None:
    media_id = await made(mine, alt="A stone")
    page = await mine.get(f"{PATH}/{media_id}")
    assert "A stone" in page.text and "Not scanned" in page.text and "51 × 40" in page.text
    fields = {"title": "By the <sea>", "alt": "Waves", "caption": "", "tags": "Sea, water", "folder_id": ""}
    saved = await mine.post(f"{PATH}/{media_id}", **fields, filename="waves.png", visibility="private")
    page = await mine.follow(saved)
    assert "By the &lt;sea&gt;" in page.text and 'value="sea, water"' in page.text and "Saved." in page.text
    await made(mine, 2, "other.png")
    for query, seen, unseen in (
        ("?q=waves", "By the", "other.png"),
        ("?tag=sea", "By the", "other.png"),
        ("?kind=image&unused=on&sort=name", "other.png", "nothing of it"),
        ("?view=list", "other.png", "media-grid"),
    ):
        text = (await mine.get(PATH + query)).text
        assert seen in text and unseen not in text, query
    assert "Nothing fits" in (await mine.get(f"{PATH}?q=nowhere")).text
    assert (await mine.get(f"{PATH}?kind=song&sort=best&view=x")).status_code == 200
    assert (await mine.get(f"{PATH}?cursor=broken")).status_code == 303


async def test_what_is_wrong_stands_beside_its_field(mine: Any) -> None:
    media_id = await made(mine)
    fields = {"title": "x" * 201, "alt": "kept", "caption": "", "tags": "", "folder_id": "nonsense"}
    page = await mine.post(f"{PATH}/{media_id}", **fields, filename="", visibility="secret")
    assert page.status_code == 422
    for field in ("title", "filename", "visibility", "folder_id"):
        assert f'href="#f-{field}"' in page.text, field
    assert "kept" in page.text, "what was typed is not lost"
    refused = await upload(mine, b"<!doctype html>", "a.html")
    assert refused.status_code == 422 and "Web pages" in refused.text
    wrong = await mine.post(f"{PATH}/{media_id}/resize", width="0", part_x="5")
    assert wrong.status_code == 422 and 'href="#f-width"' in wrong.text and 'href="#f-part_y"' in wrong.text


async def test_folders(mine: Any) -> None:
    opened = await mine.follow(await mine.post(f"{PATH}/folders", name="Covers"))
    assert "This folder is empty" in opened.text
    here = str(opened.url.path)
    taken = await mine.post(f"{PATH}/folders", name="covers")
    assert taken.status_code == 422 and "already" in taken.text
    inner = await mine.follow(await mine.post(f"{PATH}/folders", name="Old", parent_id=here.rpartition("/")[2]))
    assert ">Covers</a>" in inner.text, "the way back"
    media_id = await made(mine, folder_id=str(inner.url.path).rpartition("/")[2])
    assert "stone.png" in (await mine.get(str(inner.url.path))).text
    renamed = await mine.follow(await mine.post(here, new_name="Book covers"))
    assert "Book covers" in renamed.text
    assert (await mine.post(here, new_name=" ")).status_code == 422
    gone = await mine.follow(await mine.post(f"{inner.url.path}/delete"))
    assert "one folder up" in gone.text and "stone.png" in gone.text
    assert media_id in gone.text


async def test_several_at_once(mine: Any) -> None:
    ids = [await made(mine, seed, f"{seed}.png") for seed in (1, 2, 3)]
    folder = str((await mine.post(f"{PATH}/folders", name="Sea")).headers["location"]).rpartition("/")[2]

    async def bulk(do: str, *which: str, **more: str) -> str:
        answer = await mine.post(f"{PATH}/bulk", do=do, ids=list(which), back=PATH, **more)
        return str((await mine.follow(answer)).text)

    assert "Please tick some files first" in await bulk("delete")
    assert "2 files moved" in await bulk("move", *ids[:2], folder_id=folder)
    assert "3 files tagged" in await bulk("tag", *ids, tag="sea, stone")
    assert "Tag taken from 1 file" in await bulk("untag", ids[0], tag="sea")
    assert "Please name a tag" in await bulk("tag", *ids, tag=" ")
    assert "Please choose" in await bulk("dance", *ids)
    assert "2 files in the trash" in await bulk("delete", *ids[:2])
    assert "1 file back" in await bulk("restore", ids[0])
    assert "not there" in await bulk("delete", ids[0], str(UUID(int=5)))
    trash = await mine.get(f"{PATH}/trash")
    assert "2.png" in trash.text and "1.png" not in trash.text and "Empty the trash" in trash.text
    emptied = await mine.follow(await mine.post(f"{PATH}/trash/empty"))
    assert "1 file deleted for good" in emptied.text
    away = await mine.post(f"{PATH}/bulk", do="delete", ids=[], back="https://elsewhere.example/")
    assert away.headers["location"] == PATH


async def test_delete_and_back(mine: Any, ana: Any, make: Any) -> None:
    media_id = await made(mine)
    await make.post(author=ana, title="Under the columns", cover_media_id=UUID(media_id))
    page = await mine.get(f"{PATH}/{media_id}")
    assert "Under the columns" in page.text and "It is used in 1 place" in page.text
    deleted = await mine.follow(await mine.post(f"{PATH}/{media_id}/delete"))
    assert "Put it back" in deleted.text and "stone.png" not in deleted.text
    assert "In the trash" in (await mine.get(f"{PATH}/{media_id}")).text
    back = await mine.follow(await mine.post(f"{PATH}/{media_id}/restore"))
    assert "back in your library" in back.text
    await mine.post(f"{PATH}/{media_id}/delete")
    gone = await mine.follow(await mine.post(f"{PATH}/{media_id}/delete"))
    assert "deleted for good" in gone.text and (await mine.get(f"{PATH}/{media_id}")).status_code == 404


async def test_what_is_made_of_it(mine: Any, jobs: Any) -> None:
    media_id = await made(mine)
    copy = await mine.follow(await mine.post(f"{PATH}/{media_id}/copy"))
    assert "stone.png (copy)" in copy.text
    part = {"part_x": "1", "part_y": "1", "part_width": "20", "part_height": "10"}
    resized = await mine.follow(await mine.post(f"{PATH}/{media_id}/resize", width="10", **part))
    assert "10 × 5" in resized.text and "This is the new file" in resized.text
    smaller = await mine.follow(await mine.post(f"{PATH}/{media_id}/optimize"))
    assert "fewer bytes" in smaller.text and "image/webp" in smaller.text
    film = (await upload(mine, samples.film(), "a.mp4")).headers["location"]
    assert "It is being worked on" in (await mine.get(film)).text
    refused = await mine.post(f"{film}/copy")
    assert refused.status_code == 409 and "ready" in refused.text
    await jobs()
    shown = await mine.get(film)
    assert "<video" in shown.text and "0:02" in shown.text
    assert "Films" in (await mine.get(f"{PATH}/storage")).text


async def test_a_virus_is_told_of(mine: Any, app: Any) -> None:
    async with clamd.standing(app):
        answer = await upload(mine, b"hello\n" + clamd.EICAR, "a.txt")
        page = await mine.follow(answer)
    assert "A virus was found" in page.text and clamd.NAME in page.text
    assert "Download" not in page.text
    listed = await mine.get(PATH)
    assert "Virus found" in listed.text


async def test_from_an_address(mine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fetch(url: str, *, most_bytes: int) -> outgoing.Fetched:
        return outgoing.Fetched(url, samples.picture(30, 30), "image/png", "wave.png")

    refused = await mine.post(f"{PATH}/upload/from-url", url="http://127.0.0.1/a.png")
    assert refused.status_code == 422 and "open internet" in refused.text and "127.0.0.1" in refused.text
    monkeypatch.setattr(outgoing, "download", fetch)
    page = await mine.follow(await mine.post(f"{PATH}/upload/from-url", url="https://files.example/wave.png"))
    assert "wave.png" in page.text
