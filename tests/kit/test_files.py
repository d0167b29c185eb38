"""Storage: files by path, in a folder or in memory, and no way out of it."""

from pathlib import Path

import pytest

from stoa.kit.errors import NotFound
from stoa.kit.files import Storage, open_storage


@pytest.fixture(params=["file", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return open_storage((tmp_path / "a folder").as_uri() if request.param == "file" else "memory:///")


async def test_put_get_replace_delete(storage: Storage) -> None:
    await storage.put("media/ab/1.webp", b"one", "image/webp")
    await storage.put("media/ab/1.webp", b"two", "image/webp")
    assert await storage.get("media/ab/1.webp") == b"two"
    assert await storage.exists("media/ab/1.webp")
    assert await storage.paths("media") == ["media/ab/1.webp"]
    await storage.delete(["media/ab/1.webp", "media/ab/never.webp"])
    assert not await storage.exists("media/ab/1.webp")
    with pytest.raises(NotFound):
        await storage.get("media/ab/1.webp")


async def test_batches(storage: Storage) -> None:
    for n in range(5):
        await storage.put(f"many/{n}.txt", b"", "text/plain")
    batches = [batch async for batch in storage.batches("many", 2)]
    assert sorted(path for batch in batches for path in batch) == [f"many/{n}.txt" for n in range(5)]
    assert all(len(batch) <= 2 for batch in batches)


async def test_stream(storage: Storage) -> None:
    content = bytes(range(256)) * 4096
    await storage.put("big.bin", content, "application/octet-stream")
    chunks = [chunk async for chunk in storage.stream("big.bin")]
    assert b"".join(chunks) == content
    with pytest.raises(NotFound):
        async for _ in storage.stream("none.bin"):
            pass


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../x", "/etc/passwd", "a//b", "a/./b", "", "a\\b", "a\x00b", "A/b", "..", "a/%2e%2e/b", "a/..b", "ä"],
)
async def test_no_way_out(storage: Storage, path: str) -> None:
    for attempt in (
        storage.put(path, b"", "text/plain"),
        storage.get(path),
        storage.exists(path),
        storage.delete([path]),
    ):
        with pytest.raises(ValueError, match="not a storage path"):
            await attempt


async def test_a_folder_holds_plain_files(tmp_path: Path) -> None:
    await open_storage((tmp_path / "f").as_uri()).put("a/b.txt", b"x", "text/plain")
    assert (tmp_path / "f" / "a" / "b.txt").read_bytes() == b"x"


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(ValueError, match="ftp is not one of"):
        open_storage("ftp://host/x")


def test_remote_stores_are_made_without_a_connection() -> None:
    assert isinstance(open_storage("s3://bucket/prefix"), Storage)
