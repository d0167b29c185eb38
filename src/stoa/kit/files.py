"""Stored files: a local folder, or S3, Google Cloud Storage or Azure by URL, behind one small interface.

Paths are made by the program, never by people: lower case segments of letters, digits, `.`, `_` and `-`, so a path can
neither leave the storage nor mean two things.
"""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, ObjectStore, S3Store, from_url

from stoa.kit.config import Settings
from stoa.kit.errors import NotFound

_SEGMENT = r"[a-z0-9_](?:[a-z0-9_-]|\.(?!\.)){0,99}"
_PATH: Final = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT}){{0,9}}")


class Storage:
    """Files by path. Made once per process."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        # Only remote stores keep a content type; a folder knows names and bytes, and readers send the type themselves.
        self._keeps_types = not isinstance(store, LocalStore)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Storage":
        """The storage of this installation."""
        return open_storage(settings.storage_url)

    async def put(self, path: str, content: bytes, content_type: str) -> None:
        """Writes a whole file; a file of that path is replaced. It is there entirely or not at all."""
        attributes = {"Content-Type": content_type} if self._keeps_types else None
        await obstore.put_async(self._store, _checked(path), content, attributes=attributes)

    async def put_file(self, path: str, file: Path, content_type: str) -> None:
        """As `put`, of a file on this machine: in parts, so that a large one never is in memory as a whole."""
        attributes = {"Content-Type": content_type} if self._keeps_types else None
        await obstore.put_async(self._store, _checked(path), file, attributes=attributes, max_concurrency=2)

    async def copy(self, path: str, to: str) -> None:
        """Copies a file within the storage. Raises NotFound."""
        try:
            await obstore.copy_async(self._store, _checked(path), _checked(to))
        except FileNotFoundError:
            raise NotFound("This file is gone") from None

    async def size(self, path: str) -> int | None:
        """The number of bytes of a file, or None where there is none."""
        try:
            return (await obstore.head_async(self._store, _checked(path)))["size"]
        except FileNotFoundError:
            return None

    async def sizes(self, folder: str) -> dict[str, int]:
        """The number of bytes of each file below a folder."""
        found: dict[str, int] = {}
        async for batch in obstore.list(self._store, _checked(folder), chunk_size=1000):
            found |= {entry["path"]: entry["size"] for entry in batch}
        return found

    async def signed_put(self, path: str, expires_in: timedelta) -> str | None:
        """An address of the storage itself at which whoever has it can PUT this file; None where there are none."""
        if not isinstance(self._store, S3Store | GCSStore | AzureStore):
            return None
        return await obstore.sign_async(self._store, "PUT", _checked(path), expires_in)

    async def get(self, path: str) -> bytes:
        """The whole content. Raises NotFound."""
        try:
            found = await obstore.get_async(self._store, _checked(path))
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise NotFound("This file is gone") from None

    async def stream(
        self, path: str, chunk_bytes: int = 256 * 1024, *, span: tuple[int, int] | None = None
    ) -> AsyncIterator[bytes]:
        """The content in chunks of at least `chunk_bytes`, but the last. Raises NotFound before the first one.

        span: only the bytes from the first number to before the second one.
        """
        try:
            found = await obstore.get_async(self._store, _checked(path), options={"range": span} if span else None)
        except FileNotFoundError:
            raise NotFound("This file is gone") from None
        async for chunk in found.stream(min_chunk_size=chunk_bytes):
            yield bytes(chunk)

    async def delete(self, paths: Sequence[str]) -> None:
        """Removes files; one that is not there is no error."""
        for path in paths:
            try:
                await obstore.delete_async(self._store, _checked(path))
            except FileNotFoundError:
                continue

    async def exists(self, path: str) -> bool:
        """Whether there is a file at this path."""
        try:
            await obstore.head_async(self._store, _checked(path))
        except FileNotFoundError:
            return False
        return True

    async def paths(self, folder: str) -> list[str]:
        """All paths below a folder, in order."""
        return sorted([path async for batch in self.batches(folder) for path in batch])

    async def batches(self, folder: str, size: int = 1000) -> AsyncIterator[list[str]]:
        """All paths below a folder, in no order, at most `size` at a time: for folders that hold very many."""
        async for batch in obstore.list(self._store, _checked(folder), chunk_size=size):
            yield [entry["path"] for entry in batch]


def open_storage(url: str) -> Storage:
    """The storage behind a URL: `file:///folder` (made if missing), `s3://bucket`, `r2://account/bucket`,
    `gs://bucket`, `az://container`, or `memory://`.

    Credentials of remote stores come from their usual environment variables. Raises ValueError for another scheme.
    """
    scheme = urlsplit(url).scheme
    if scheme == "file":
        folder = Path(unquote(urlsplit(url).path))
        folder.mkdir(parents=True, exist_ok=True)
        return Storage(LocalStore(folder))
    if scheme == "memory":
        return Storage(MemoryStore())
    if scheme in ("s3", "gs", "az"):
        return Storage(from_url(url))
    if scheme == "r2":  # r2://account/bucket/prefix: Cloudflare's, which speaks S3
        account, _, rest = url.removeprefix("r2://").partition("/")
        return Storage(from_url(f"s3://{rest}", endpoint=f"https://{account}.r2.cloudflarestorage.com", region="auto"))
    raise ValueError(f"storage_url: {scheme or url} is not one of file, s3, r2, gs, az, memory")


def _checked(path: str) -> str:
    if _PATH.fullmatch(path) is None:
        raise ValueError(f"not a storage path: {path!r}")
    return path
