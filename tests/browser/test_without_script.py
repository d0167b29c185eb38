"""Without JavaScript: everything but the rich editor works, with plain forms and pages."""

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.house import House
from tests.browser.payouts import do_not_hurry
from tests.browser.visitor import PHONE, arrived
from tests.conftest import PASSWORD

BODY = "## The walk\n\nPeople came for the **shade** and stayed.\n"


async def register(page: Page, name: str) -> None:
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("E-mail").fill(f"{name}@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create my account").click()
    await expect(page.locator("#toasts")).to_contain_text(f"Welcome, {name}.")


async def test_writing_and_publishing(house: House, open_page: Any) -> None:
    visitor = await open_page(house, scripts=False)
    page = await visitor.go("/register")
    await register(page, "ines")
    await page.locator(".masthead").get_by_role("link", name="Write").click()
    await page.get_by_label("Title").fill("A plain form")
    await page.get_by_label("Text, in Markdown").fill("Only half of it")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("#toasts")).to_contain_text("Saved.")
    assert await house.value("select body_markdown from posts") == "Only half of it"
    await page.get_by_label("Text, in Markdown").fill(BODY)
    await page.get_by_role("button", name="Publish …").click()
    await page.get_by_label("Category").select_option("Education")
    await page.get_by_role("button", name="Publish it now").click()
    await expect(page.locator("#toasts")).to_contain_text("Published. It is open to everybody now.")
    await expect(page.locator("h1.text-title")).to_have_text("A plain form")
    await expect(page.locator("article .reading strong")).to_have_text("shade")
    assert await house.value("select state::text from works") == "published"
    await page.locator(".masthead details summary").click()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("link", name="Log in").first).to_be_visible()


async def test_reading_liking_following_giving(house: House, open_page: Any) -> None:
    writer = await house.make.user("ines")
    post = await house.make.post(writer)
    await house.make.user("ben")
    visitor = await open_page(house, scripts=False, width=PHONE)
    visitor.allow(r"422 ")
    page = await visitor.go(f"/p/{post.slug}")
    await expect(page.locator("article .reading")).to_contain_text("A covered walk of columns")
    await page.locator(".masthead").get_by_role("link", name="Log in").click()
    await page.get_by_label("E-mail").fill("ben@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await arrived(page, re.compile(f"/p/{post.slug}$"))

    await page.get_by_role("button", name="Like", exact=True).click()
    await expect(page.get_by_role("button", name="Like, 1")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="Follow ines").click()
    await expect(page.get_by_role("button", name="Following ines. Press to stop")).to_be_visible()
    assert await house.value("select count(*) from follows") == 1

    await visitor.go(f"/p/{post.slug}")
    await page.get_by_role("link", name="Gift", exact=True).click()
    await page.get_by_role("radio", name="Another").check()
    await page.get_by_label("Your amount").fill("70")
    await page.get_by_label("A word with it").fill("Thank you")
    await page.get_by_role("button", name="Give the coins").click()
    await expect(page.locator("#toasts")).to_contain_text("You gave 70 coins to ines.")
    assert await house.coins("ben") == {"promotional": 3_000}
    assert await house.coins("ines") == {"promotional": 12_800}
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#toasts")).to_contain_text("Taken back: 70 coins are in your wallet again.")
    assert await house.coins("ben") == {"promotional": 10_000}


async def test_buying(house: House, open_page: Any) -> None:
    visitor = await open_page(house, as_=await house.make.user("ben"), scripts=False)
    page = await visitor.go("/wallet")
    await page.get_by_role("button", name="Buy 100 for $4.99").click()
    await page.get_by_role("link", name="Use the card 4000 0025 0000 3155").click()
    await page.locator("button.till-pay").click()
    await page.get_by_role("button", name="Yes, pay $4.99").click()
    await expect(page.get_by_role("heading", name="100 coins are in your wallet")).to_be_visible()
    assert await house.coins("ben") == {"promotional": 10_000, "purchased": 10_000}


async def test_being_paid(house: House, open_page: Any, monkeypatch: Any) -> None:
    do_not_hurry(monkeypatch)
    writer = await house.make.member("ines", earned=400)
    visitor = await open_page(house, as_=writer, scripts=False)
    page = await visitor.go("/dashboard/earnings")
    await page.get_by_role("link", name="Pay out…").click()
    await page.get_by_role("button", name="See the fee and the day").click()
    await page.get_by_role("button", name="Pay out 400 coins").click()
    await expect(page.locator("#toasts")).to_contain_text("400 coins are on their way out.")
    await page.get_by_role("button", name="Cancel this payout").click()
    await expect(page.locator("#toasts")).to_contain_text("Cancelled. 400 coins are back.")
    assert await house.coins("ines") == {"earned": 40_000}


async def test_scheme_and_keys(house: House, open_page: Any) -> None:
    visitor = await open_page(house, scripts=False)
    page = await visitor.go("/about")
    await page.locator(".footer").get_by_role("button", name="Dark").click()
    await arrived(page, re.compile("/about$"))
    await expect(page.locator("html")).to_have_attribute("data-theme", "stoa-dark")
