"""Uploads whose connection breaks in the middle, over real sockets: nothing of them stays."""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import structlog

from stoa.foundation.identity import actions as identity
from tests.browser.house import House, serve

MB = 1024 * 1024
SENT = 20 * MB  # at most half of each, and below all limits, so that the server waits for the rest
BOUNDARY = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a.mp4"\r\nContent-Type: video/mp4\r\n\r\n'


@pytest.fixture
async def house(postgres: Any, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A served application; what it writes to a temporary place is seen there."""
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    async with serve(postgres, "stoa_cut", template, tmp_path / "home", works=False) as served:
        yield served


async def send(house: House, token: str, method: str, path: str, sent: bytes, size: int, kind: str) -> None:
    """The beginning of a body, then the connection is gone, as when a cable is pulled."""
    _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(house.url).port)
    lines = (f"{method} {path} HTTP/1.1", f"Host: {urlsplit(house.url).netloc}", f"Authorization: Bearer {token}")
    head = "\r\n".join((*lines, f"Content-Type: {kind}", f"Content-Length: {size}", "", ""))
    writer.write(head.encode() + sent)
    left = min(SENT, size // 2)
    while left > 0:
        writer.write(bytes(min(left, 64 * 1024)))
        await writer.drain()
        left -= 64 * 1024
    writer.transport.abort()


def resident_bytes() -> int:
    """What this process holds of the memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def files_below(place: Path) -> list[str]:
    """What lies there, but for the embedded database's own."""
    return sorted(str(one.relative_to(place)) for one in place.rglob("*") if one.is_file())


async def test_200_megabytes_cut_in_the_middle_leave_nothing(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ana = await house.make.user("ana", roles=("creator",))
    series = await house.make.series(ana, content_type="manga")
    chapter = await house.make.chapter(ana, series, body="", published=False)
    async with house.make.tx() as ctx:
        token = (await identity.open_api_session(ctx, ana.id, by="password")).access_token
    mine = httpx.AsyncClient(base_url=house.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    before = files_below(tmp_path)
    form, size = "multipart/form-data; boundary=x", 200 * MB
    calls = [
        ("POST", "/api/v1/media/upload", BOUNDARY % b"file", size, form),
        ("POST", "/api/v1/media", BOUNDARY % b"file", 24 * MB, form),
        ("POST", f"/api/v1/chapters/{chapter.id}/images/bulk", BOUNDARY % b"files", 100 * MB, form),
        ("POST", f"/api/v1/series/{series.id}/chapters/import", BOUNDARY % b"file", 24 * MB, form),
    ]
    # In parts, as so large a file is sent: the first is whole, the second breaks off.
    begun = {"filename": "film.mp4", "size_bytes": size}
    upload = (await mine.post("/api/v1/media/upload/signed-url", json=begun)).json()
    second = upload["parts"][1]
    calls.append(("PUT", second["url"], b"", second["bytes_count"], "application/octet-stream"))
    held = []
    with structlog.testing.capture_logs() as logs, caplog.at_level(logging.WARNING):
        for _ in range(3):
            await asyncio.gather(*(send(house, token, *one[:2], one[2], *one[3:]) for one in calls))
            there = (await mine.get(f"/api/v1/media/upload/{upload['upload_id']}")).json()
            assert there["stored_bytes"] == 0
            held.append(resident_bytes())
    assert [entry for entry in logs if entry["log_level"] in ("error", "critical")] == []
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert held[2] - held[0] < 40 * MB, "what was sent is not kept"
    for table in ("media", "chapter_images", "imports"):
        assert await house.value(f"select count(*) from {table}") == 0, table
    assert files_below(tmp_path) == before
    await mine.aclose()
