"""The reader's chair: typography that stays, a place that is found again, and a comic by the keyboard alone."""

import asyncio
import re
from typing import Any

import pytest
import pyvips
from playwright.async_api import Locator, Page, expect

from stoa.creation.comics.actions.pages import NewImage, add_images
from stoa.creation.serials.actions.chapters import create_chapter
from stoa.creation.serials.actions.schedule import publish_chapter
from stoa.creation.serials.types import ContentType
from tests.browser.house import House
from tests.browser.visitor import PHONE, SETTLED, TIMEOUT_MS, arrived

WORDS = "They walked under the columns and spoke of what could be known, and the shade moved with them over the stone. "
LONG = "\n\n".join(f"Paragraph {number}. {WORDS * 4}" for number in range(1, 41))
PAGES = 5
# The paragraph that the eyes are on: the first that reaches below the bar.
AT_THE_LINE = """() => [...document.querySelectorAll('[data-text] > p')]
  .findIndex((one) => one.getBoundingClientRect().bottom > 84) + 1"""
SIZE = "element => getComputedStyle(element).fontSize"
FAMILY = "element => getComputedStyle(element).fontFamily"


@pytest.fixture
async def ana(house: House) -> Any:
    return await house.make.user("ana", roles=("creator",))


async def comes_true(page: Page, script: str, arg: Any = None) -> None:
    """Asks until the answer is yes. Not by wait_for_function, which the page's policy lets look only once."""
    async with asyncio.timeout(TIMEOUT_MS / 1000):
        while not await page.evaluate(script, arg):
            await page.evaluate(SETTLED)


async def at_the_line(page: Page, paragraph: int) -> None:
    """Waits until this paragraph is where one reads."""
    await comes_true(page, f"n => ({AT_THE_LINE})() === n", paragraph)


async def at_rest(page: Page) -> None:
    """Waits until nothing moves any more: a face that arrives moves the lines, and they the page and its bar."""
    await page.wait_for_load_state()
    await page.evaluate("document.fonts.ready.then(() => {})")
    await page.evaluate(SETTLED)


async def look_at_settings(page: Page) -> None:
    """A little back, and the bar is there; when it has come, its menu is opened."""
    await page.evaluate("scrollBy(0, -20)")
    await expect(page.locator("[data-reading-bar]:not([data-away])")).to_be_visible()
    await at_rest(page)
    await tap(page, page.locator("summary[aria-label='How it looks']"))
    await expect(page.locator(".chair-panel")).to_be_visible()


async def choose(page: Page, what: Locator) -> None:
    """One of the settings, and what it moves."""
    await what.evaluate("one => { one.closest('.chair-panel').scrollTop = one.offsetTop - 60 }")
    async with page.expect_response("**/preferences/reader"):
        await tap(page, what)
    await at_rest(page)


async def tap(page: Page, what: Locator) -> None:
    """With a finger, where it stands: before a click the page may be scrolled, as if its bar did not stick."""
    await expect(what).to_be_in_viewport(ratio=1)
    box = await what.bounding_box()
    assert box is not None
    await page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


async def scroll_to(page: Page, paragraph: int) -> None:
    """As with a finger: the page is moved, and moved by somebody."""
    await expect(page.locator(".chair[data-ready]")).to_be_attached()
    await at_rest(page)
    await page.evaluate("dispatchEvent(new Event('touchmove'))")
    await page.evaluate(
        "n => { const box = document.querySelectorAll('[data-text] > p')[n - 1].getBoundingClientRect();"
        " scrollBy({ top: box.top - 60, behavior: 'instant' }) }",
        paragraph,
    )
    await at_the_line(page, paragraph)
    await comes_true(
        page,
        "n => Object.keys(localStorage).some((key) => key.startsWith('stoa.reading.place.')"
        " && JSON.parse(localStorage[key]).block === n - 1)",
        paragraph,
    )


async def test_a_stranger_on_a_phone_finds_the_place_again(house: House, open_page: Any, ana: Any) -> None:
    series = await house.make.series(ana, title="The long road", chapters=1)
    await house.make.chapter(ana, series, title="Where it bends", body=LONG)
    visitor = await open_page(house, width=PHONE)
    page = await visitor.go("/s/ana/series/the-long-road")
    await page.get_by_role("link", name="Where it bends").click()
    text = page.locator("[data-text] p").first
    await expect(text).to_contain_text("Paragraph 1.")
    await scroll_to(page, 12)
    before = await text.evaluate(SIZE)

    # Another face, larger, on sepia: and still at the same lines.
    await look_at_settings(page)
    await choose(page, page.locator("label", has_text="Atkinson"))
    for _ in range(2):
        await choose(page, page.get_by_role("button", name="Larger"))
    await choose(page, page.locator("label", has_text="Sepia"))
    assert (before, await text.evaluate(SIZE)) == ("19px", "21px")
    assert "Atkinson Hyperlegible" in await text.evaluate(FAMILY)
    await expect(page.locator("html")).to_have_css("background-color", "rgb(245, 236, 217)")
    assert abs(await page.evaluate(AT_THE_LINE) - 12) <= 1
    await expect(page.locator("[data-reading-bar] details[open] summary")).to_be_in_viewport(ratio=1)  # the bar stays
    await page.keyboard.press("Escape")
    await scroll_to(page, 20)

    # Gone, and come back by the series: there it was, looking as it did.
    await visitor.go("/about")
    await visitor.go("/s/ana/series/the-long-road")
    await page.get_by_role("link", name="Go on with chapter 2").click()
    await at_the_line(page, 20)
    await expect(page.get_by_text("Back where you stopped.")).to_be_visible()
    assert await text.evaluate(SIZE) == "21px"
    assert "Atkinson Hyperlegible" in await text.evaluate(FAMILY)
    await expect(page.locator("html")).to_have_css("background-color", "rgb(245, 236, 217)")
    await page.get_by_role("button", name="From the beginning").click()
    await at_the_line(page, 1)

    # A tap at the side turns a screen, once that is wanted.
    await look_at_settings(page)
    await choose(page, page.locator("label", has_text="Turn a screen"))
    await page.keyboard.press("Escape")
    before = await page.evaluate("scrollY")
    await page.touchscreen.tap(370, 400)
    await comes_true(page, "before => scrollY - before > 500", before)
    await page.touchscreen.tap(20, 400)
    await comes_true(page, "before => scrollY === before", before)
    await page.keyboard.press("-")
    await expect(page.locator("html")).to_have_attribute("data-size", "20")

    # At its end the chapter counts as read, in the list as well.
    await page.evaluate("dispatchEvent(new Event('touchmove')); scrollTo(0, document.body.scrollHeight)")
    await comes_true(
        page,
        "() => Object.keys(localStorage).some((key) => key.startsWith('stoa.reading.series.')"
        " && JSON.parse(localStorage[key]).read.length === 1)",
    )
    await page.locator(".chair-end").get_by_role("link", name="All chapters").click()
    dialog = page.get_by_role("dialog", name="Chapters of The long road")
    await expect(dialog.get_by_role("listitem").filter(has_text="Where it bends")).to_contain_text("read")


async def make_comic(house: House, ana: Any, **more: Any) -> str:
    """A comic with one chapter of PAGES pages and one after it; the address of the first."""
    series = await house.make.series(ana, title="Ink and rain", **more)
    for title, pages in (("Rain", PAGES), ("Ink", 1)):
        async with house.make.tx(ana) as ctx:
            chapter = await create_chapter(ctx, series.id, title=title)
            files = [NewImage(f"{n}.png", picture(n), alt=f"Scene {n}") for n in range(1, pages + 1)]
            await add_images(ctx, chapter.id, files)
        while await house.value("select exists (select from chapter_images where state = 'processing')"):
            await asyncio.sleep(0.05)
        async with house.make.tx(ana) as ctx:
            await publish_chapter(ctx, chapter.id)
    return f"{series.url}/rain"


def picture(number: int) -> bytes:
    image = pyvips.Image.black(320, 480, bands=3).linear(1, [40 * number, 120, 90])
    return bytes(image.cast("uchar").pngsave_buffer())


async def test_a_comic_to_the_left_by_keys_alone(house: House, open_page: Any, ana: Any) -> None:
    visitor = await open_page(house)
    page = await visitor.go(await make_comic(house, ana, content_type=ContentType.MANGA))
    shown = page.locator(".leaf:visible img")
    turn = page.locator("[data-page]")
    keys = page.keyboard

    async def at(*pages: int) -> None:
        for number, wanted in enumerate(pages):
            await expect(shown.nth(number)).to_have_attribute("alt", f"Page {wanted}: Scene {wanted}")
        await expect(shown).to_have_count(len(pages))

    await at(1)
    await keys.press("ArrowRight")  # to the right is back, and this is the first page
    await expect(page.locator("#toasts")).to_contain_text("This is the first page.")
    for wanted in (2, 3):
        await keys.press("ArrowLeft")
        await at(wanted)
    await keys.press("ArrowRight")
    await at(2)
    await keys.press("Space")
    await at(3)
    await expect(turn).to_have_text("Page 3 of 5")
    await expect(page).to_have_url(re.compile("#page-3$"))
    await keys.press("?")
    dialog = page.get_by_role("dialog", name="Keys and taps")
    await expect(dialog).to_contain_text("Turn the page, the way this is read")
    await keys.press("Escape")
    await expect(dialog).to_be_hidden()

    # Two pages side by side, the earlier one at the right; the first stands alone, as a cover.
    await keys.press("Home")
    for _ in range(2):  # as drawn, one page, two
        async with page.expect_response("**/preferences/reader"):
            await keys.press("v")
    await at(1)
    await keys.press("ArrowLeft")
    await at(2, 3)
    left, right = [await shown.nth(n).evaluate("e => e.getBoundingClientRect().left") for n in (1, 0)]
    assert left < right
    await keys.press("+")
    await expect(page.locator("[data-leaves]")).to_have_attribute("data-zoomed", "")

    # Come back: as it was, where it was.
    await visitor.go("/about")
    await visitor.go("/s/ana/series/ink-and-rain/rain")
    await at(2, 3)
    await keys.press("End")
    await at(4, 5)
    await keys.press("ArrowLeft")
    await expect(page.get_by_role("region", name="After the chapter")).to_be_focused()
    await keys.press("ArrowLeft")
    await arrived(page, re.compile("/ink-and-rain/ink$"))
    await keys.press("p")
    await arrived(page, re.compile("/ink-and-rain/rain$"))


async def test_a_comic_turns_by_taps_and_is_whole_without_script(house: House, open_page: Any, ana: Any) -> None:
    path = await make_comic(house, ana, content_type=ContentType.WESTERN_COMIC)
    visitor = await open_page(house, width=PHONE)
    page = await visitor.go(path)
    await expect(page.locator(".chair[data-ready]")).to_be_attached()
    stage, shown = page.locator("[data-leaves]"), page.locator(".leaf:visible img")
    await stage.scroll_into_view_if_needed()
    for x, wanted in ((370, 2), (370, 3), (20, 2)):
        await page.touchscreen.tap(x, 400)
        await expect(shown).to_have_attribute("alt", f"Page {wanted}: Scene {wanted}")
    bar = page.locator("[data-reading-bar]")
    await expect(bar).to_have_attribute("data-away", "")
    await page.touchscreen.tap(195, 400)
    await expect(bar).not_to_have_attribute("data-away", "")

    plain = await open_page(house, width=PHONE, scripts=False)
    page = await plain.go(path)
    await expect(page.locator(".leaf:visible img")).to_have_count(PAGES)
    await page.locator("summary[aria-label='How it looks']").click()
    await page.locator("label", has_text="Sepia").click()
    await page.get_by_role("button", name="Use these").click()
    await expect(page.locator("html")).to_have_css("background-color", "rgb(245, 236, 217)")
