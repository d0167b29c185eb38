"""The storages: a folder, memory and a real S3 API do the same; uploads straight to S3 by its own signatures."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from stoa.foundation.media import actions
from stoa.foundation.media.actions import multipart
from stoa.kit.errors import NotFound
from stoa.kit.files import open_storage
from tests.foundation.media import samples
from tests.foundation.media.test_kinds import send
from tests.foundation.media.test_library import MEDIA, holds, used
from tests.foundation.media.test_uploads import begin, send_parts
from tests.providers import s3


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with s3.standing() as url:
        yield url


@pytest.fixture
async def remote(bucket: str, app: Any, monkeypatch: pytest.MonkeyPatch, storage: None) -> Any:
    made = open_storage(bucket)
    monkeypatch.setattr(app, "storage", made)
    for folder in ("media", "uploads", "quarantine"):
        await made.delete(await made.paths(folder))
    return made


@pytest.mark.parametrize("where", ["file", "memory", "s3"])
async def test_all_storages_do_the_same(where: str, bucket: str, tmp_path: Path) -> None:
    made = open_storage({"file": (tmp_path / "files").as_uri(), "memory": "memory:///", "s3": bucket}[where])
    await made.put("a/one.txt", b"0123456789", "text/plain")
    assert await made.get("a/one.txt") == b"0123456789"
    assert [c async for c in made.stream("a/one.txt", span=(2, 5))] == [b"234"]
    assert b"".join([c async for c in made.stream("a/one.txt", span=(8, 10))]) == b"89"
    await made.copy("a/one.txt", "a/two.txt")
    large = tmp_path / "large"
    large.write_bytes(b"stone" * 3_000_000)
    await made.put_file("a/large.bin", large, "application/octet-stream")
    assert await made.sizes("a") == {"a/large.bin": 15_000_000, "a/one.txt": 10, "a/two.txt": 10}
    assert (await made.size("a/two.txt"), await made.size("a/none")) == (10, None)
    with pytest.raises(NotFound):
        await made.copy("a/none", "a/three")
    with pytest.raises(NotFound):
        await made.get("a/none")
    with pytest.raises(NotFound):
        assert [c async for c in made.stream("a/none")]
    await made.delete(["a/one.txt", "a/two.txt", "a/large.bin", "a/none"])
    assert await made.paths("a") == []
    signed = await made.signed_put("a/put", timedelta(minutes=5))
    assert (signed is not None) == (where == "s3")


async def test_a_library_on_s3(mine: Any, client: Any, remote: Any, jobs: Any, app: Any) -> None:
    made = (await send(mine, samples.picture(400, 200))).json()
    await jobs()
    assert len(await remote.paths("media")) == 5
    assert (await client.get(made["url"])).status_code == 200
    assert (await client.get(made["url"].replace("webp", "avif"))).status_code == 200
    part = await mine.get(f"{MEDIA}/{made['id']}/download", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    copy = (await mine.post(f"{MEDIA}/{made['id']}/copy", json={})).json()
    await mine.post(f"{MEDIA}/bulk/delete", json={"ids": [made["id"]], "for_good": True})
    await jobs()
    assert {path.split("/")[1] for path in await remote.paths("media")} == {copy["id"]}
    await holds(app)


async def test_straight_to_s3(
    mine: Any, client: Any, remote: Any, jobs: Any, app: Any, monkeypatch: pytest.MonkeyPatch, ctx: Any
) -> None:
    monkeypatch.setattr(multipart, "PART_BYTES", 4000)
    data = samples.film()
    upload = await begin(mine, data)
    assert all(part["url"].startswith("http://127.0.0.1:") for part in upload["parts"])
    async with httpx.AsyncClient() as anywhere:
        for part in upload["parts"][:-1]:
            start = (part["number"] - 1) * 4000
            (await anywhere.put(part["url"], content=data[start : start + 4000])).raise_for_status()
        last = upload["parts"][-1]
        await anywhere.put(last["url"], content=b"something else, of another length")
        refused = await mine.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]})
        assert refused.json()["missing"] == [last["number"]], "S3 takes any length; we do not"
        await anywhere.put(last["url"], content=data[(last["number"] - 1) * 4000 :])
    done = await mine.post(f"{MEDIA}/upload/complete", json={"upload_id": upload["upload_id"]})
    assert done.status_code == 201, done.text
    await jobs()
    assert (await mine.get(f"{MEDIA}/{upload['upload_id']}/download")).content == data
    assert await remote.paths("uploads") == []
    ours = await begin(mine, data, direct=False)
    assert all(part["url"].startswith("/api/") for part in ours["parts"])
    await send_parts(client, ours, data, 1)
    assert len(await remote.paths("uploads")) == 1
    await mine.delete(f"{MEDIA}/upload/{ours['upload_id']}")
    await jobs()
    assert await remote.paths("uploads") == [] and await used(mine) > 0
    await remote.put("media/01900000-0000-7000-8000-000000000000/320.webp", b"x", "image/webp")
    assert await actions.sweep(ctx) == 1
    await holds(app)


def test_where_it_may_lie(tmp_path: Path) -> None:
    for wrong in ("ftp://x", "/tmp/x", "", "http://bucket"):
        with pytest.raises(ValueError, match="storage_url"):
            open_storage(wrong)
    assert open_storage("r2://0123456789abcdef/pictures/stoa") is not None
    assert open_storage("gs://pictures/stoa") is not None
