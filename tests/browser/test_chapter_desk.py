"""The writing desk of a chapter, with hands: tools, what is kept, two tabs, two editors; and an order made by keys."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from stoa.creation.serials.actions.chapters import edit_chapter
from stoa.creation.serials.policies.chapters import access_chapter
from tests.browser.house import House
from tests.browser.visitor import DESKTOP
from tests.foundation.media import samples


async def ready(page: Page) -> None:
    await expect(page.locator("[data-editor-root][data-ready]")).to_be_attached()


@pytest.mark.slow
async def test_writing_a_chapter(house: House, open_page: Any) -> None:
    make = house.make
    user = await make.user("ana", roles=("creator",))
    series = await make.series(user, title="The Long Walk")
    chapter = await make.chapter(user, series, title="Setting out", body="", published=False)
    visitor = await open_page(house, as_=user, width=DESKTOP)
    visitor.allow(r"status of 409 ")
    visitor.allow(r"answer: (POST|PATCH) \S+ 409$")
    desk = f"/dashboard/chapters/{chapter.id}/edit"
    page = await visitor.go(desk)
    await ready(page)
    await page.locator(".ProseMirror").click()
    await page.keyboard.type("It was ||the butler|| who did it. ")
    await page.locator("[data-tool=bold]").click()
    await page.keyboard.type("Surely.")  # at once: the hands are back in the text
    for tool in ("undo", "redo"):
        await page.locator(f"[data-tool={tool}]").click()
    await expect(page.locator(".ProseMirror strong")).to_have_text("Surely.")
    await page.locator("[data-tool=footnote]").click()
    await page.get_by_label("Footnote 1").fill("Or so they say.")
    await page.locator(".ProseMirror p").first.click()
    await page.locator("[data-tool=table]").click()
    await page.get_by_label("Heading of column 1").fill("Who")
    await page.get_by_label("Row 1, column 1").fill("The | butler")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("[data-say=state]")).to_have_text("Saved as version 2")
    async with make.tx(user) as ctx:
        saved = await access_chapter(ctx, chapter.id)
    assert '<span class="spoiler"' in saved.body_html
    assert "<strong>Surely.</strong>" in saved.body_html
    assert re.search(r"<td>The \| butler</td>", saved.body_html)
    assert "Or so they say." in saved.body_html

    # What is typed and not saved waits; another tab is asked before it writes over it.
    await page.get_by_label("Title").fill("Setting out, early")
    await expect(page.locator("[data-say=state]")).to_have_text("Kept as you type, not in the chapter yet")
    second = await visitor.context.new_page()
    await second.goto(f"{house.url}{desk}")
    await ready(second)
    await expect(second.get_by_text("There is a text that was typed and not saved")).to_be_visible()
    await second.get_by_label("Title").fill("Another title")
    await expect(second.get_by_role("dialog")).to_contain_text("open in another tab")
    await second.get_by_role("button", name="Go on with this one").click()
    await expect(second.locator("[data-say=state]")).to_have_text("Kept as you type, not in the chapter yet")
    await second.close(run_before_unload=False)

    # Somebody else saves meanwhile: both texts are versions in the end.
    async with make.tx(user) as ctx:
        await edit_chapter(ctx, chapter.id, revision=saved.revision, body_markdown="Something else altogether.")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("#conflict-dialog")).to_be_visible()
    assert await page.locator("[data-other-text]").input_value() == "Something else altogether."
    await page.get_by_role("button", name="Save mine as the newest").click()
    await expect(page.locator("[data-say=state]")).to_have_text("Saved as version 4")
    async with make.tx(user) as ctx:
        assert (await access_chapter(ctx, chapter.id)).title == "Setting out, early"


async def test_a_picture_that_comes_late_leaves_the_hands_where_they_are(house: House, open_page: Any) -> None:
    user = await house.make.user("ana", roles=("creator",))
    chapter = await house.make.chapter(user, await house.make.series(user), title="Setting", body="", published=False)
    visitor = await open_page(house, as_=user)
    page = await visitor.go(f"/dashboard/chapters/{chapter.id}/edit")
    await ready(page)
    sent = asyncio.Event()

    async def slowly(route: Route) -> None:
        await sent.wait()
        await route.continue_()

    await page.route("**/api/v1/media", slowly)
    picture = {"name": "sea.png", "mimeType": "image/png", "buffer": samples.picture(60, 40)}
    await page.locator("[data-toolbar] input[type=file]").set_input_files(picture)  # type: ignore[arg-type]
    await expect(page.locator("[data-say=upload]").first).to_contain_text("Sending sea.png")
    await page.get_by_label("Title").press("End")
    await page.keyboard.type(" out,")
    sent.set()
    await expect(page.locator(".ProseMirror img")).to_have_count(1)
    await page.keyboard.type(" early")
    await expect(page.get_by_label("Title")).to_have_value("Setting out, early")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("[data-say=state]")).to_have_text("Saved as version 2")


@pytest.mark.slow
async def test_an_order_made_by_keys_and_by_hand(house: House, open_page: Any) -> None:
    make = house.make
    user = await make.user("ben", roles=("creator",))
    series = await make.series(user, title="The Short Walk")
    for title in ("One", "Two", "Three"):
        await make.chapter(user, series, title=title, published=False)
    visitor = await open_page(house, as_=user, width=DESKTOP)
    page = await visitor.go(f"/dashboard/series/{series.id}/chapters/order")
    items = page.locator("[data-order-item]")
    await page.get_by_role("button", name="Move Three").focus()
    await page.keyboard.press("Home")
    await expect(items).to_contain_text(["Three", "One", "Two"])
    await expect(page.locator("[data-order-said]")).to_have_text("Three is now number 1 of 3.")
    start, end = [await page.get_by_role("button", name=f"Move {name}").bounding_box() for name in ("One", "Two")]
    assert start is not None and end is not None
    await page.mouse.move(start["x"] + 10, start["y"] + 10)
    await page.mouse.down()
    await page.mouse.move(end["x"] + 10, end["y"] + end["height"] - 2, steps=4)
    await page.mouse.up()
    await expect(items).to_contain_text(["Three", "Two", "One"])
    await page.get_by_role("button", name="Keep this order").click()
    await expect(page.locator("tbody th")).to_contain_text(["Three", "Two", "One"])
