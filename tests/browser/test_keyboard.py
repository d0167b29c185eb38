"""Without a mouse: where the focus is can always be seen, dialogs keep it, and a gift needs nothing but keys."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from stoa.foundation.settings.actions import change_platform
from tests.browser.house import House
from tests.browser.visitor import arrived

FOCUS = (Path(__file__).parent / "focus.js").read_text("utf-8")
MOST_STOPS = 150


@pytest.fixture
async def post(house: House) -> Any:
    """A text that somebody else can like and give for."""
    return await house.make.post(await house.make.user("ines"), title="On walking in the shade")


async def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Presses Tab until the focus is on what has this name."""
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Shift+Tab" if back else "Tab")
        if re.search(name, await page.evaluate("focusName()")):
            return
    raise AssertionError(f"no key leads to {name}")


async def arrive(visitor: Any, path: str) -> Page:
    page: Page = await visitor.go(path)
    await page.evaluate(FOCUS)
    return page


async def test_focus_is_seen_wherever_it_stops(house: House, open_page: Any, post: Any) -> None:
    reader = await house.make.user("ben")
    visitor = await open_page(house, as_=reader)
    for path in ("/", f"/p/{post.slug}", "/wallet", "/search?q=columns", "/dashboard/earnings"):
        page = await arrive(visitor, path)
        await page.evaluate("document.activeElement.blur()")
        stops: list[str] = []
        for _ in range(MOST_STOPS):
            await page.keyboard.press("Tab")
            stop = await page.evaluate("focusName()")
            if not stop or (stops and stop == stops[0]):
                break
            assert await page.evaluate("focusFaults()") == [], f"{path}: {stop}"
            stops.append(stop)
        assert 10 <= len(stops) < MOST_STOPS, f"{path}: {stops}"


async def test_skip_link_leads_past_the_bar(house: House, open_page: Any, post: Any) -> None:
    visitor = await open_page(house)
    page = await arrive(visitor, f"/p/{post.slug}")
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport(ratio=1)
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('main') !== null")


async def test_keys_dialog(house: House, open_page: Any, post: Any) -> None:
    visitor = await open_page(house, as_=await house.make.user("ben"))
    page = await arrive(visitor, f"/p/{post.slug}")
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    await expect(dialog).to_be_visible()
    for word in ("Like", "Share", "Search", "Next, previous in a list", "Wallet"):
        await expect(dialog).to_contain_text(word)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.keyboard.press("l")
    await expect(page.get_by_role("button", name="Like, 1")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("/")
    await expect(page.locator("[data-search]")).to_be_focused()
    await page.keyboard.type("?gw")  # letters while somebody types
    await expect(page.locator("[data-search]")).to_have_value("?gw")
    await page.keyboard.press("Escape")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("g")
    await page.keyboard.press("w")
    await arrived(page, re.compile("/wallet$"))
    await page.keyboard.press("g")
    await page.keyboard.press("h")
    await arrived(page, house.url + "/")
    await page.keyboard.press("j")
    await expect(page.get_by_role("link", name=post.title)).to_be_focused()
    await page.keyboard.press("Enter")
    await arrived(page, re.compile(f"/p/{post.slug}$"))
    await page.keyboard.press("c")
    await arrived(page, re.compile("/write$"))


async def test_dialog_keeps_the_focus(house: House, open_page: Any, post: Any) -> None:
    visitor = await open_page(house, as_=await house.make.user("ben"))
    page = await arrive(visitor, f"/p/{post.slug}")
    await tab_to(page, "^Gift$")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    inside = "document.activeElement === document.body || document.activeElement.closest('dialog[open]') !== null"
    names = set()
    for _ in range(20):
        await page.keyboard.press("Tab")
        assert await page.evaluate(inside), await page.evaluate("focusName()")
        assert await page.evaluate("focusFaults()") == []
        names.add(await page.evaluate("focusName()"))
    assert {"Close", "Gift 50 coins"} <= names, names
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert await page.evaluate("focusName()") == "Gift", "the focus is where it was before"


async def test_focus_stays_on_what_was_pressed(house: House, open_page: Any, post: Any) -> None:
    """Though HTMX puts another button in its place."""
    visitor = await open_page(house, as_=await house.make.user("ben"))
    page = await arrive(visitor, f"/p/{post.slug}")
    for before, after in (("^Follow ines", "Following ines. Press to stop"), ("^Like$", "Like, 1")):
        await tab_to(page, before)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name=after)).to_be_focused()
        assert await page.evaluate("focusFaults()") == []


async def test_menu(house: House, open_page: Any) -> None:
    visitor = await open_page(house, as_=await house.make.user("ben"))
    page = await arrive(visitor, "/")
    await tab_to(page, "^Your account")
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate("focusName()") == "Profile"
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate("focusName()") == "Your posts"
    await page.keyboard.press("Escape")
    assert (await page.evaluate("focusName()")).startswith("Your account")
    await expect(page.get_by_role("link", name="Your posts")).to_be_hidden()


async def test_gift_by_keys_only(house: House, open_page: Any, post: Any) -> None:
    """From the text to the thanks and, thinking better of it, back."""
    reader = await house.make.member("ben", purchased=300)
    async with house.make.tx() as ctx:
        await change_platform(ctx, gift_undo_s=60)
    visitor = await open_page(house, as_=reader)
    page = await arrive(visitor, f"/p/{post.slug}")
    await tab_to(page, "^Gift$")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await tab_to(page, "^50 coins")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio", name="200 coins")).to_be_checked()
    await tab_to(page, "^A word with it")
    await page.keyboard.type("By hand.")
    await tab_to(page, "^Gift 200 coins")
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text("You gave 200 coins to ines.")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert await house.coins("ben") == {"purchased": 10_000}
    assert await house.coins("ines") == {"promotional": 10_000, "earned": 8_000}
    assert await house.value("select message from gifts") == "By hand."
    await tab_to(page, "^Undo$", back=True)
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text("Taken back: 200 coins are in your wallet again.")
    assert await house.coins("ben") == {"purchased": 30_000}
    assert await house.coins("ines") == {"promotional": 10_000}
