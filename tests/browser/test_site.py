"""A site with a script: made, dressed while one looks on, put in order by keys and by hand, visited on a phone."""

import re
from typing import Any

from playwright.async_api import expect

from tests.browser.house import House
from tests.browser.visitor import PHONE, arrived


async def test_a_site_is_made_dressed_and_put_in_order(house: House, open_page: Any) -> None:
    ana = await house.make.user("ana")
    visitor = await open_page(house, as_=ana)
    page = await visitor.go("/dashboard/sites")
    await page.get_by_role("link", name="Make your first site").click()
    await page.get_by_label("Name", exact=True).fill("The Colonnade")
    await expect(page.get_by_label("Address")).to_have_attribute("placeholder", "the-colonnade")
    await page.get_by_label("In one line").fill("Stone and shade")
    await page.get_by_role("button", name="Make the site").click()
    await page.get_by_role("link", name="Choose a theme").click()

    frame = page.frame_locator("[data-look-frame]")
    await expect(frame.locator(".house")).to_have_attribute("data-home", "plain")
    await page.get_by_role("radio", name="Folio").check()
    await expect(frame.locator(".house")).to_have_attribute("data-home", "plate")
    await page.get_by_label("Series").select_option("wall")
    await expect(frame.locator(".house")).to_have_attribute("data-shelf", "wall")
    assert await house.value("select theme from site_settings") == "stoa", "nothing is kept before it is said"
    await page.get_by_role("button", name="Use this theme").click()
    await expect(page.locator("#toasts")).to_contain_text("Your visitors see it")

    await page.get_by_role("link", name="Branding").first.click()
    await arrived(page, re.compile("/branding$"))
    await page.locator("#f-primary_color").fill("#ffdddd")
    await page.locator("[data-take-colour]").click()
    await expect(page.locator("#contrast")).not_to_contain_text("Not readable")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#toasts")).to_contain_text("Your visitors see it")

    for title in ("Hours", "About me"):
        await page.get_by_role("link", name="Pages").first.click()
        await page.get_by_role("link", name="New page").or_(page.get_by_role("link", name="Write a page")).first.click()
        await page.get_by_label("Title", exact=True).fill(title)
        await page.locator(".ProseMirror").click()
        await page.keyboard.type(f"What there is to say of {title}.")
        await page.get_by_text("Address, navigation, search").click()
        await page.get_by_label("Show it in the navigation").check()
        await page.get_by_role("button", name="Publish").click()
        await expect(page.locator("#toasts")).to_contain_text("Your visitors see it.")
    await page.get_by_role("link", name="Navigation").first.click()
    await expect(page.get_by_role("button", name="Move About me")).to_be_visible()
    await page.get_by_role("button", name="Move About me").focus()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("[data-order-said]")).to_have_text("About me is now number 1 of 2.")
    await page.get_by_label("Name of Hours in the navigation").fill("When")
    await page.get_by_role("button", name="Keep this order").click()
    await expect(page.locator("#toasts")).to_contain_text("in this order")

    stranger = await open_page(house, width=PHONE)
    seen = await stranger.go("/s/the-colonnade")
    await expect(seen.get_by_role("heading", level=1)).to_have_text("The Colonnade")
    links = seen.get_by_role("navigation", name="The Colonnade").get_by_role("link")
    assert await links.all_inner_texts() == ["Home", "Series", "About me", "When", "About"]
    await links.nth(2).click()
    await expect(seen.locator(".reading")).to_have_text("What there is to say of About me.")
