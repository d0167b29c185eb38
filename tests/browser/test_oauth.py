"""Log-in by another provider, with real pages on both sides: cookies, redirects, our policy as a browser sees them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import uvicorn
from playwright.async_api import expect

from tests.browser.house import House, Server
from tests.browser.visitor import DESKTOP, PHONE, Visitor, Width
from tests.providers import Providers

LABELS = {"google": "Google", "apple": "Apple", "twitter": "X"}


@asynccontextmanager
async def open_providers(house: House) -> AsyncIterator[Providers]:
    """The providers on a port of their own, under another name than the house: for a browser, another site."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        world = Providers(f"http://localhost:{listener.getsockname()[1]}")
        server = Server(uvicorn.Config(world, lifespan="off", log_config=None, access_log=False))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        house.app.settings = msgspec.structs.replace(house.app.settings, **world.settings())
        try:
            yield world
        finally:
            server.should_exit = server.force_exit = True
            await task


@pytest.fixture
async def world(house: House) -> AsyncIterator[Providers]:
    async with open_providers(house) as made:
        yield made


async def through(visitor: Visitor, provider: str, page: str = "/login", agree: bool = True) -> None:
    """Presses the button here, and one of the two over there."""
    label = LABELS[provider]
    seen = await visitor.go(page)
    await seen.get_by_role("button", name=f"Continue with {label}").click()
    await expect(seen.get_by_role("heading", name=f"Sign in at {provider}")).to_be_visible()
    await seen.get_by_role("link", name="Continue as Ana" if agree else "Cancel").click()
    if provider == "apple" and agree:
        await seen.get_by_role("button", name="Go on").click()


@pytest.mark.parametrize("provider", ["google", "apple", "twitter"])
@pytest.mark.parametrize(("width", "scripts"), [(DESKTOP, True), (PHONE, False)], ids=["desktop", "phone-no-script"])
async def test_there_and_back(
    house: House, open_page: Any, world: Providers, provider: str, width: Width, scripts: bool
) -> None:
    visitor = await open_page(house, width=width, scripts=scripts)
    await through(visitor, provider, "/login?next=/wallet")
    page = visitor.page
    await expect(page.locator("#toasts")).to_contain_text("Welcome. You are called ana-l")
    assert page.url == f"{house.url}/wallet"
    assert await house.value("select provider from sessions") == provider
    cookies = {cookie["name"]: cookie for cookie in await visitor.context.cookies(house.url)}
    assert cookies["stoa_session"]["httpOnly"]
    assert not [name for name in cookies if name.startswith("stoa_oauth")]


async def test_whoever_says_no_comes_back_to_where_they_were(house: House, open_page: Any, world: Providers) -> None:
    visitor = await open_page(house)
    world.person = replace(world.person, name=None)
    page = await visitor.go("/register?next=/wallet")
    await page.get_by_role("button", name="Continue with Google").click()
    await page.get_by_role("link", name="Cancel").click()
    await expect(page.get_by_role("alert")).to_contain_text("Google was not allowed to tell us who you are")
    assert page.url.startswith(f"{house.url}/register?next=%2Fwallet")
    await expect(page.get_by_role("heading", name="Create an account")).to_be_visible()


async def test_an_address_is_asked_for_and_the_account_connected(
    house: House, open_page: Any, world: Providers, axe: str
) -> None:
    visitor = await open_page(house, width=PHONE)
    world.person = replace(world.person, email=None)
    await through(visitor, "twitter")
    page = visitor.page
    await expect(page.get_by_role("heading", name="One thing is missing")).to_be_visible()
    await page.evaluate(axe)
    assert (await page.evaluate("async () => (await axe.run()).violations.map(v => v.id)")) == []
    await page.get_by_label("E-mail").fill("ana@mail.example")
    await page.get_by_role("button", name="Create my account").click()
    await expect(page.locator("#toasts")).to_contain_text("Welcome. You are called ana-l")
    page = await visitor.go("/dashboard/account/connected")
    await expect(page.get_by_text("This is your only way in.")).to_be_visible()
    world.person = replace(world.person, account_id="person-2", email="ana@gmail.com")
    await page.get_by_role("button", name="Connect Google").click()
    await page.get_by_role("link", name="Continue as Ana").click()
    await expect(page.locator("#toasts")).to_contain_text("You can log in with Google from now on.")
    await page.get_by_role("button", name="Disconnect X").click()
    await expect(page.get_by_role("button", name="Connect X")).to_be_visible()
    assert await house.value("select count(*) from auth_accounts where revoked_at is null") == 1
