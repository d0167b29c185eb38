"""Fixtures: a Chromium, and the whole application behind a real port with a database of its own.

house       the application, its job runner and a fresh database, for one test
open_page   `visitor = await open_page(house, as_=user, width=PHONE)` somebody's browser, watched for faults

Any error in a page, request that fails or breach of the content security policy fails the test that saw it, unless the
test said `visitor.allow(...)`. What a page looked like when its test failed is in test-results/.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright, expect

from stoa.front.page import MANIFEST
from stoa.kit.ids import new_id
from stoa.kit.postgres import EmbeddedPostgres
from tests.browser.house import House, serve
from tests.browser.visitor import DESKTOP, TIMEOUT_MS, Visitor, Width

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "test-results"
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# A browser that speaks to nobody but us.
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
OUTCOME = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call":
        item.stash[OUTCOME] = report.passed
    return report


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = os.environ.get("STOA_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.fail(f"no Chromium at {path}: install the package chromium, or set STOA_CHROMIUM to one", pytrace=False)
    if not MANIFEST.exists():
        pytest.fail("the front end is not bundled: run this by ./stoa test", pytrace=False)
    expect.set_options(timeout=TIMEOUT_MS)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        await started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    if not AXE.exists():
        pytest.fail(f"no axe-core at {AXE}: run this by ./stoa test, or `npm ci` in frontend/", pytrace=False)
    return AXE.read_text("utf-8")


@pytest.fixture(scope="session")
async def furnish(
    postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractAsyncContextManager[House]]:
    """`async with furnish(works=True) as house:` the application with a fresh database, served."""

    def begin(*, works: bool = True) -> AbstractAsyncContextManager[House]:
        name = f"stoa_house_{new_id().hex[-12:]}"
        return serve(postgres, name, template, tmp_path_factory.mktemp("house"), works=works)

    return begin


@pytest.fixture
async def house(furnish: Any) -> AsyncIterator[House]:
    async with furnish() as made:
        yield made


@pytest.fixture
async def open_page(
    browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Callable[..., Awaitable[Visitor]]]:
    visitors: list[Visitor] = []

    async def open_one(house: House, *, as_: Any = None, width: Width = DESKTOP, **more: Any) -> Visitor:
        visitor = await Visitor.arrive(browser, house, as_=as_, width=width, **more)
        visitors.append(visitor)
        return visitor

    yield open_one
    failed = not request.node.stash.get(OUTCOME, False)
    faults = [fault for visitor in visitors for fault in visitor.faults()]
    for number, visitor in enumerate(visitors, 1):
        if failed or visitor.faults():
            name = re.sub(r"\W+", "-", request.node.nodeid.removeprefix("tests/browser/")).strip("-")
            await visitor.keep_looks(RESULTS, f"{name}-{number}")
        await visitor.leave()
    assert not faults, "faults in pages:\n" + "\n".join(faults)
