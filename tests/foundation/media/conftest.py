"""What the tests of media share: a storage in memory, somebody, and files of all kinds."""

from typing import Any

import pytest

from stoa.kit.files import open_storage


@pytest.fixture(autouse=True)
def storage(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "storage", open_storage("memory:///"))


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana")


@pytest.fixture
def mine(client: Any, ana: Any) -> Any:
    return client.as_(ana)


@pytest.fixture
async def stranger(client: Any, make: Any) -> Any:
    return client.as_(await make.user("ben"))
