"""A comic from its files to its last page: brought in all at once, seen through the work on it, published; and read
from right to left by somebody who has no mouse."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pyvips
from playwright.async_api import Page, Route, expect

from stoa.creation.comics.actions.pages import NewImage, add_images
from stoa.creation.serials.actions.chapters import create_chapter
from stoa.creation.serials.actions.schedule import publish_chapter
from stoa.creation.serials.types import ContentType
from stoa.kit.queue import run_due
from tests.browser.house import House
from tests.browser.test_keyboard import arrive, tab_to
from tests.browser.visitor import Visitor, arrived

PAGES = 12
# How red the picture is, in steps of 20: the number of its file.
NUMBER = """async (picture) => {
  await picture.decode()
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 })
  const paint = canvas.getContext('2d')
  paint.drawImage(picture, 0, 0, 1, 1)
  return Math.round(paint.getImageData(0, 0, 1, 1).data[0] / 20)
}"""


def drawn(number: int) -> bytes:
    picture = pyvips.Image.black(320, 480, bands=3).linear(1, [20 * number, 120, 90])
    return bytes(picture.cast("uchar").pngsave_buffer())


def files() -> list[dict[str, Any]]:
    """As a folder gives them, by letters: page 10 before page 2."""
    names = sorted((f"page {number}.png", number) for number in range(1, PAGES + 1))
    return [{"name": name, "mimeType": "image/png", "buffer": drawn(number)} for name, number in names]


async def work(house: House) -> None:
    """Does what waits to be done."""
    while await run_due(house.app, reraise=True):
        pass


async def bring_in(visitor: Visitor, chapter_id: Any) -> None:
    """Chooses them all, sees how far they are, and that they stand in the order of their numbers."""
    house, page = visitor.house, await visitor.go(f"/dashboard/chapters/{chapter_id}/images")
    sent = asyncio.Event()

    async def slowly(route: Route) -> None:
        await sent.wait()
        await route.continue_()

    await page.route("**/images/bulk", slowly)
    await page.get_by_label("The pages of this chapter").set_input_files(files())  # type: ignore[arg-type]
    queue = page.get_by_role("list", name="Uploads")
    await expect(queue.get_by_role("progressbar", name="page 1.png to page 12.png")).to_be_visible()
    await expect(queue.get_by_role("button", name="Cancel page 1.png to page 12.png")).to_be_visible()
    assert await house.value("select count(*) from chapter_images where chapter_id = $1", chapter_id) == 0
    sent.set()
    cards = page.locator("[data-order-item]")
    await expect(cards.locator(".page-name")).to_have_text([f"page {number}.png" for number in range(1, PAGES + 1)])
    await expect(queue.get_by_role("listitem")).to_have_count(0)
    await expect(cards.get_by_text("Being worked on").and_(page.locator(".badge"))).to_have_count(PAGES)
    await expect(page.locator("[data-pages-waiting]")).to_contain_text("0 of 12 are ready.")

    await work(house)
    await expect(cards.locator(".page-shot img")).to_have_count(PAGES)  # which the page shows by itself
    await expect(page.locator("[data-pages-waiting]")).to_have_count(0)
    pictures = cards.locator(".page-shot img")
    assert [await pictures.nth(n).evaluate(NUMBER) for n in range(PAGES)] == list(range(1, PAGES + 1))


async def publish(visitor: Visitor) -> None:
    page = visitor.page
    await page.get_by_role("navigation", name="This chapter").get_by_role("link", name="Text").click()
    await expect(page.locator("[data-editor-root][data-ready]")).to_be_attached()
    await page.get_by_role("button", name="Publish …").click()
    await page.get_by_role("button", name="Publish it").click()
    await expect(page.locator("#toasts")).to_contain_text("Published. Readers find it now.")


async def at(page: Page, number: int, *, of: int = PAGES, file: int | None = None) -> None:
    """This page is the one that is shown, with the picture of the file of that number."""
    shown = page.locator(".leaf:visible img")
    await expect(page.locator("[data-page]")).to_have_text(f"Page {number} of {of}")
    await expect(shown).to_have_count(1)
    assert await shown.evaluate(NUMBER) == (number if file is None else file)


async def seated(page: Page, address: str) -> None:
    """The chapter is there, and what turns its pages."""
    await arrived(page, re.compile(f"{address}$"))
    await expect(page.locator(".chair[data-ready]")).to_be_attached()


async def read(visitor: Visitor) -> None:
    """From the series to the end of its last chapter, by Tab, Enter and the arrows."""
    page = await arrive(visitor, "/s/ana/series/the-lamp")
    keys = page.keyboard
    await tab_to(page, "Oil")
    await keys.press("Enter")
    await seated(page, "/s/ana/series/the-lamp/oil")
    await at(page, 1)
    await keys.press("ArrowRight")
    await expect(page.locator("#toasts")).to_contain_text("This is the first page.")
    for number in range(2, PAGES + 1):
        await keys.press("ArrowLeft")
        await at(page, number)
    await keys.press("ArrowRight")
    await at(page, PAGES - 1)
    await keys.press("ArrowLeft")
    await at(page, PAGES)
    end = page.get_by_role("region", name="After the chapter")
    await keys.press("ArrowLeft")
    await expect(end).to_be_focused()
    await keys.press("ArrowLeft")

    await seated(page, "/s/ana/series/the-lamp/wick")
    await at(page, 1, of=1, file=0)
    await keys.press("ArrowLeft")
    await expect(end).to_be_focused()
    page = await arrive(visitor, "/s/ana/series/the-lamp")
    chapters = page.get_by_role("region", name="Chapters").locator("li")
    for title in ("Oil", "Wick"):
        await expect(chapters.filter(has_text=title).locator("[data-read-note]")).to_be_visible()


@pytest.fixture
async def resting(furnish: Any) -> AsyncIterator[House]:
    """A house whose jobs wait until they are told to run."""
    async with furnish(works=False) as made:
        yield made


async def test_from_a_folder_of_pictures_to_a_reader_without_a_mouse(resting: House, open_page: Any) -> None:
    make = resting.make
    ana = await make.user("ana", roles=("creator",))
    series = await make.series(ana, title="The lamp", content_type=ContentType.MANGA)
    chapter = await make.chapter(ana, series, title="Oil", body="", published=False)
    async with make.tx(ana) as ctx:
        last = await create_chapter(ctx, series.id, title="Wick")
        await add_images(ctx, last.id, [NewImage("1.png", drawn(0))])
    await work(resting)
    async with make.tx(ana) as ctx:
        await publish_chapter(ctx, last.id)
    writer = await open_page(resting, as_=ana)
    await bring_in(writer, chapter.id)
    await publish(writer)
    await read(await open_page(resting))
