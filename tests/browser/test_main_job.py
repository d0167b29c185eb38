"""The main job as people do it: write, be found, be given coins, be paid; and books that balance to the hundredth."""

import re
from typing import Any

import pytest
import pyvips
from playwright.async_api import Page, expect

from tests.browser.house import House
from tests.browser.payouts import do_not_hurry, let_go
from tests.browser.visitor import DESKTOP, PHONE, SETTLED, Visitor, Width, arrived
from tests.conftest import PASSWORD

TITLE = "What a colonnade is for"
SENTENCE = "Quibblesome shade is the whole of architecture."


async def register(visitor: Visitor, name: str) -> None:
    page = await visitor.go("/register")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("E-mail").fill(f"{name}@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create my account").click()
    await expect(page.locator("#toasts")).to_contain_text(f"Welcome, {name}. 100 coins are in your wallet")
    await expect(page.locator("#wallet-chip")).to_contain_text("100")


async def log_in(visitor: Visitor, name: str) -> None:
    page = await visitor.go("/login")
    await page.get_by_label("E-mail").fill(f"{name}@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page.locator("details.menu-box").first).to_contain_text(name)


async def log_out(visitor: Visitor) -> None:
    page = visitor.page
    await page.locator(".masthead details summary").click()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.locator("#toasts")).to_contain_text("You are logged out.")
    assert await visitor.context.cookies() == [] or "Join" in await page.locator(".masthead").inner_text()


async def write_post(visitor: Visitor) -> str:
    """Writes with the hands and the tools of the editor, looks at the preview, publishes; answers the post's path."""
    page = await visitor.go("/write")
    await expect(page.locator("[data-editor-root][data-ready]")).to_be_attached()
    await page.get_by_label("Title").fill(TITLE)
    await page.get_by_label("Title").press("Enter")
    keys = page.keyboard
    await keys.type(SENTENCE)
    await keys.press("Enter")
    await take_tool(page, "Heading")
    await keys.type("The walk")
    await keys.press("Enter")
    await keys.type("People came for the ")
    await take_tool(page, "Bold")
    await keys.type("talk")
    await take_tool(page, "Bold")
    await keys.type(" and stayed.")
    await keys.press("Enter")
    picture = bytes(pyvips.Image.black(800, 450, bands=3).linear(1, [120, 90, 60]).cast("uchar").pngsave_buffer())
    await page.locator("input[type=file]").set_input_files(
        {"name": "columns.png", "mimeType": "image/png", "buffer": picture}
    )
    await expect(page.locator(".editor-text img")).to_have_count(1)
    await expect(page.locator("[data-say=state]")).to_have_text("Saved")
    await arrived(page, re.compile(r"/write/[0-9a-f-]{36}$"))
    await see_preview(visitor)
    await page.get_by_role("button", name="Publish …").click()
    await expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    await page.get_by_label("Category").select_option("Education")
    await page.get_by_role("button", name="Publish it now").click()
    await expect(page.locator("#toasts")).to_contain_text("Published. It is open to everybody now.")
    await arrived(page, re.compile(r"/p/"))
    await see_text(page)
    return page.url.removeprefix(visitor.house.url)


async def take_tool(page: Page, name: str) -> None:
    """A press on the toolbar; the hands are back in the text a moment later."""
    await page.get_by_role("button", name=name, exact=True).click()
    await expect(page.locator(".editor-text")).to_be_focused()


async def see_preview(visitor: Visitor) -> None:
    async with visitor.context.expect_page() as opening:
        await visitor.page.locator("[data-preview]:visible").click()
    preview = await opening.value
    await preview.wait_for_url(re.compile(r"/preview$"))
    await see_text(preview)
    await preview.close()


async def see_text(page: Page) -> None:
    """The text as it was typed, with its heading, its weight and its picture."""
    text = page.locator("article .reading")
    await expect(page.locator("h1.text-title")).to_have_text(TITLE)
    await expect(text.locator("p").first).to_have_text(SENTENCE)
    await expect(text.get_by_role("heading", name="The walk")).to_be_visible()
    await expect(text.locator("strong")).to_have_text("talk")
    picture = text.locator("img")
    await expect(picture).to_have_attribute("src", re.compile(r"^/media/.+\.webp$"))
    await picture.scroll_into_view_if_needed()
    await expect(picture).to_have_js_property("complete", True)
    assert await picture.evaluate("image => image.naturalWidth") > 0


async def find_it(visitor: Visitor, path: str) -> None:
    """By a word of its body, and on the front page."""
    page = visitor.page
    await page.get_by_role("link", name="Home").first.click()
    await expect(page.locator(".lead-title, .work-title").first).to_have_text(TITLE)
    await page.keyboard.press("/")
    await page.locator("[data-search]:visible").fill("quibblesome")
    await page.keyboard.press("Enter")
    await expect(page.locator(".work-title")).to_have_count(1)
    await expect(page.locator(".work mark")).to_have_text("Quibblesome")
    await page.get_by_role("link", name=TITLE).click()
    await arrived(page, re.compile(re.escape(path) + "$"))
    await see_text(page)


async def to_the_end(page: Page) -> None:
    """Where the bar with its buttons stays: while one scrolls, it comes and goes."""
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    await page.evaluate(SETTLED)
    await expect(page.locator("[data-reading-bar]:not([data-away])")).to_be_visible()


async def like_it(visitor: Visitor) -> None:
    await to_the_end(visitor.page)
    await visitor.page.get_by_role("button", name="Like", exact=True).click()
    liked = visitor.page.get_by_role("button", name="Like, 1")
    await expect(liked).to_have_attribute("aria-pressed", "true")
    assert await visitor.house.value("select likes from work_stats") == 1


async def give(visitor: Visitor, coins: int, *, message: str = "") -> None:
    """Through the dialog, whose button says what will happen."""
    page = visitor.page
    await page.wait_for_load_state()  # before its scripts are there, the button leads to a page of its own
    await to_the_end(page)
    await page.get_by_role("link", name="Gift", exact=True).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    if coins == 50:
        await dialog.get_by_role("radio", name="50 coins").check()
    else:
        await dialog.get_by_role("radio", name="Another").check()
        await dialog.get_by_label("Your amount").fill(str(coins))
    if message:
        await dialog.get_by_label("A word with it").fill(message)
    shown = f"{coins:,}".replace(",", "\u202f")
    await dialog.get_by_role("button", name=f"Gift {shown} coins").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#toasts")).to_contain_text(f"You gave {shown} coins to")


async def buy(visitor: Visitor, label: str) -> Page:
    """To the gateway's page by the button of a package."""
    page = await visitor.go("/wallet")
    await page.get_by_role("button", name=label).click()
    await expect(page.get_by_role("heading", name="Pay with card")).to_be_visible()
    return page


async def pay(page: Page, number: str) -> None:
    await page.get_by_label("Card number").fill(number)
    await page.get_by_label("Expiry").fill("12 / 34")
    await page.get_by_label("Security code").fill("123")
    await page.locator("button.till-pay").click()


async def buy_coins(visitor: Visitor, reader: str) -> None:
    """A card that pays, one that is declined, one whose bank asks first."""
    house = visitor.house
    page = await buy(visitor, "Buy 1\u202f200 for $34.99")
    await pay(page, "4242 4242 4242 4242")
    await expect(page.get_by_role("heading", name="1,000 + 200 bonus coins are in your wallet")).to_be_visible()
    await expect(page.locator("#wallet-chip")).to_contain_text("1\u202f200")
    assert await house.coins(reader) == {"purchased": 120_000}

    page = await buy(visitor, "Buy 100 for $4.99")
    await pay(page, "4000 0000 0000 0002")
    await expect(page.get_by_role("alert")).to_contain_text("declined")
    await page.get_by_role("button", name="Back to Stoa without paying").click()
    await arrived(page, re.compile(r"/wallet/orders/"))
    assert await house.coins(reader) == {"purchased": 120_000}
    assert await house.platform("USD", "coin_sales") == 3499

    page = await buy(visitor, "Buy 100 for $4.99")
    await pay(page, "4000 0025 0000 3155")
    await expect(page.get_by_role("heading", name="Is this you?")).to_be_visible()
    await page.get_by_role("button", name="Yes, pay $4.99").click()
    await expect(page.get_by_role("heading", name="100 coins are in your wallet")).to_be_visible()
    await visitor.go("/wallet")
    await expect(page.locator(".amount-big")).to_contain_text("1\u202f300")
    assert await house.coins(reader) == {"purchased": 130_000}
    assert await house.platform("USD", "coin_sales") == 3998


async def be_paid(visitor: Visitor, writer: str) -> None:
    """400 earned coins, of the 1,000 that were bought; the promotional ones stay what they are."""
    house = visitor.house
    page = await visitor.go("/dashboard/earnings")
    await expect(page.locator("h1 + p")).to_contain_text("400 coins from 2 gifts so far")
    await page.get_by_role("link", name="Pay out…").click()
    await page.get_by_label("Pay out to").select_option(label="Test bank account")
    await page.get_by_role("button", name="See the fee and the day").click()
    await expect(page.locator(".reckoning")).to_contain_text("$5.13")
    await page.get_by_role("button", name="Pay out 400 coins").click()
    await expect(page.locator("#toasts")).to_contain_text("400 coins are on their way out.")
    assert await house.coins(writer) == {"promotional": 14_000, "earned_reserved": 40_000}
    await let_go(house)
    await visitor.go("/dashboard/earnings")
    await expect(page.locator("#timeline .station", has_text="Arrived")).to_contain_text("$5.13 paid out so far")
    await expect(page.locator("#timeline .station-sum")).to_have_text([*["0 coins"] * 4, "400 coins"])
    await page.reload()
    await expect(page.locator("#payouts .badge")).to_have_text("Arrived")
    await expect(page.locator("#payouts")).to_contain_text("$5.13")
    assert await house.coins(writer) == {"promotional": 14_000}
    await visitor.go("/wallet")
    await expect(page.locator(".bucket-item", has_text="Promotional")).to_contain_text("140")


async def see_the_books(visitor: Visitor) -> None:
    """Nothing is left over, and a gift opens down to its postings."""
    page = await visitor.go("/admin/books")
    assert await page.locator("h2", has_text="Coins").count() == 1
    differences = page.locator("tr.grand td.n").filter(has_text=re.compile(r"\S"))
    assert set(await differences.all_inner_texts()) == {"0.00"}
    await expect(page.locator(".badge", has_text="Does not balance")).to_have_count(0)
    await expect(page.locator("tr", has_text="Platform: fees")).to_contain_text("600.00")
    await visitor.go("/admin/books/transfers?kind=gift")
    await page.get_by_role("link", name="@ben gave 1,000 coins to @ines").click()
    await expect(page.get_by_role("heading", name="@ben gave 1,000 coins to @ines")).to_be_visible()
    postings = page.get_by_role("table", name="Postings in Coins")
    rows = {
        await row.locator("th").inner_text(): await row.locator("td.n .amount").all_inner_texts()
        for row in await postings.locator("tbody tr").all()
    }
    assert rows == {
        "@ben: purchased": ["minus\n(1\u202f000.00)", "300.00"],
        "@ines: earned": ["400.00", "400.00"],
        "Platform: fees": ["600.00"],  # which keeps no running balance
    }


async def see_the_machinery(visitor: Visitor) -> None:
    page = await visitor.go("/admin/jobs")
    await expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    await visitor.go("/admin/jobs/dead")
    await expect(page.get_by_role("heading", name="No dead letters")).to_be_visible()
    await visitor.go("/admin/books/check")
    await expect(page.get_by_role("main")).to_contain_text("The books are right")


@pytest.mark.slow
@pytest.mark.parametrize("width", [DESKTOP, PHONE], ids=str)
async def test_main_job(house: House, open_page: Any, width: Width, monkeypatch: Any) -> None:
    do_not_hurry(monkeypatch)
    await house.make.user("chief", roles=("admin",))
    visitor = await open_page(house, width=width)
    await register(visitor, "ines")
    path = await write_post(visitor)
    await log_out(visitor)

    await register(visitor, "ben")
    await find_it(visitor, path)
    await like_it(visitor)
    await give(visitor, 50)
    assert await house.coins("ines") == {"promotional": 12_000}
    await visitor.page.get_by_role("button", name="Undo").click()
    await expect(visitor.page.locator("#toasts")).to_contain_text("Taken back: 50 coins are in your wallet again.")
    assert (await house.coins("ines"), await house.coins("ben")) == ({"promotional": 10_000}, {"promotional": 10_000})
    await visitor.page.reload()
    await give(visitor, 100, message="For the shade.")
    await expect(visitor.page.locator("#wallet-chip")).to_contain_text("0")
    assert (await house.coins("ines"), await house.coins("ben")) == ({"promotional": 14_000}, {})
    await buy_coins(visitor, "ben")
    await visitor.go(path)
    await give(visitor, 1000)
    await expect(visitor.page.locator("#thanks")).to_contain_text("Thank you")
    assert await house.coins("ben") == {"purchased": 30_000}
    assert await house.coins("ines") == {"promotional": 14_000, "earned": 40_000}
    assert await house.platform("COIN", "fees") == 60_000
    await log_out(visitor)

    await log_in(visitor, "ines")
    await be_paid(visitor, "ines")
    await log_out(visitor)

    await log_in(visitor, "chief")
    await see_the_books(visitor)
    await see_the_machinery(visitor)
    assert set((await house.books()).values()) == {0}
    assert await house.value("select count(*) from jobs where state = 'dead'") == 0
