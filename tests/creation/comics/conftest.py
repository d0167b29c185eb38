"""What the tests of comics share: a storage in memory, a series of pictures with one chapter, and who looks at it."""

from typing import Any
from uuid import UUID

import pytest
import pyvips

from stoa.kit.files import open_storage


@pytest.fixture(autouse=True)
def storage(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "storage", open_storage("memory:///"))


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


@pytest.fixture
def mine(client: Any, ana: Any) -> Any:
    return client.as_(ana)


@pytest.fixture
async def stranger(client: Any, make: Any) -> Any:
    return client.as_(await make.user("ben"))


@pytest.fixture
async def chapter(make: Any, ana: Any) -> Any:
    """A draft of a manga, read from right to left."""
    series = await make.series(ana, title="The lamp", content_type="manga", reading_direction="rtl")
    return await make.chapter(ana, series, title="Oil", body="", published=False)


def drawn(width: int = 80, height: int = 120, grey: int = 1) -> bytes:
    """A small picture, another one for each grey."""
    return bytes(pyvips.Image.black(width, height, bands=3).linear(1, grey).cast("uchar").pngsave_buffer())


async def send(client: Any, chapter_id: UUID | str, *names: str, **pages: bytes) -> Any:
    """Files of these names as pages; what is not given is drawn."""
    files = [
        ("files", (name, pages.get(name.partition(".")[0]) or drawn(grey=at), "image/png"))
        for at, name in enumerate(names, 1)
    ]
    return await client.post(f"/api/v1/chapters/{chapter_id}/images/bulk", files=files)
