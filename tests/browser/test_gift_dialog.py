"""The gift form with JavaScript: what its button says, one gift for a double click, and where one is afterwards."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.house import House
from tests.browser.visitor import arrived

pytestmark = pytest.mark.browser


async def test_the_button_says_only_what_can_be_given(house: House, open_page: Any) -> None:
    post = await house.make.post(await house.make.user("ines"))
    visitor = await open_page(house, as_=await house.make.member("ben", purchased=300))
    page = await visitor.go(f"/p/{post.slug}/gift")
    sums, button = page.locator(".gift-sums"), page.locator(".gift-form [type=submit]")
    await expect(button).to_have_text(re.compile("^Gift 50 coins"))
    await expect(sums).to_contain_text("$0.64")
    await expect(sums).to_contain_text(re.compile(r"ines gets\s*20\s*coins"), use_inner_text=True)
    await expect(sums.get_by_text("of every hundred coins")).to_be_hidden()
    await page.get_by_role("radio", name="Another").check()
    own = page.get_by_label("Your amount")
    for typed in ("", "1.5", "0", "-3", "1000001", "1" * 21):
        await own.fill(typed)
        await expect(button.locator("[data-gift-label]")).to_have_text("Gift")
        await expect(button).to_be_enabled()
        await expect(sums.get_by_text("40 of every hundred coins")).to_be_visible()
    await own.fill("1")
    await expect(button.locator("[data-gift-label]")).to_have_text("Gift 1 coin")
    await expect(sums).to_contain_text(re.compile(r"ines gets\s*0.40\s*coins"), use_inner_text=True)
    await own.fill("301")
    await expect(page.get_by_text("That is more than there is in your wallet.")).to_be_visible()
    await expect(button).to_be_disabled()


async def test_the_page_leads_back(house: House, open_page: Any) -> None:
    post = await house.make.post(await house.make.user("ines"), title="On walking")
    visitor = await open_page(house, as_=await house.make.member("ben", purchased=300))
    visitor.allow(r" 422")
    page = await visitor.go(f"/p/{post.slug}/gift")
    await page.get_by_role("radio", name="Another").check()
    await page.get_by_label("Your amount").fill("1.5")
    await page.get_by_role("button", name="Gift", exact=True).click()
    await expect(page.get_by_text("The gift was not made")).to_be_visible()
    await expect(page.get_by_text("for “On walking”")).to_be_visible()
    await page.get_by_role("radio", name="Another").check()
    await page.get_by_label("Your amount").fill("20")
    await page.get_by_role("button", name="Gift 20 coins").dblclick()
    await arrived(page, re.compile(f"/p/{post.slug}$"))
    await expect(page.locator("#toasts .toast-item")).to_have_count(1)
    await expect(page.locator("#toasts")).to_contain_text("You gave 20 coins to ines.")
    assert await house.coins("ben") == {"purchased": 28_000}


async def test_a_double_click_in_the_dialog_is_sent_once(house: House, open_page: Any) -> None:
    post = await house.make.post(await house.make.user("ines"))
    visitor = await open_page(house, as_=await house.make.member("ben", purchased=300))
    page = await visitor.go(f"/p/{post.slug}")
    await page.wait_for_load_state()
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/gifts") else None)
    await page.locator("#thanks").get_by_role("link", name="Give coins").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Gift 50 coins").evaluate("(b) => { b.click(); b.click(); b.click() }")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#toasts .toast-item")).to_have_count(1)
    assert len(sent) == 1, sent
    await expect(page.locator("#thanks")).to_be_focused()
    # Another one, at once: the form is a fresh one.
    await page.get_by_role("link", name="Gift", exact=True).click()
    await dialog.get_by_role("button", name="Gift 50 coins").click()
    await expect(page.locator("#toasts .toast-item")).to_have_count(2)
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_role("link", name="Gift", exact=True)).to_be_focused()
    assert len(sent) == 2
    assert await house.coins("ben") == {"purchased": 20_000}
    await page.get_by_role("button", name="Undo").last.click()
    await expect(page.locator("#toasts")).to_contain_text("Taken back")
    await expect(page.locator("#thanks")).to_be_focused()
