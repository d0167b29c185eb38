"""A creator's own house, from the first brick to the first reader: a site, a theme, a book from a file, a date; and a
stranger with a phone, who reads, sets the type, and finds the place again."""

import asyncio
import re
from datetime import timedelta
from typing import Any

from playwright.async_api import expect

from stoa.kit.clock import utcnow
from tests.browser.house import House
from tests.browser.test_reader import SIZE, at_rest, at_the_line, choose, look_at_settings, scroll_to
from tests.browser.visitor import PHONE, Visitor
from tests.creation.exchange.samples import epub, xhtml

WORDS = "The tide came in over the flats and went out again, and nobody on the quay could say whom it had taken. "
TITLES = ("The flats", "The quay", "The bar")


def book() -> bytes:
    """Three chapters of thirty paragraphs."""
    pages = {
        f"c{number}.xhtml": xhtml(
            f"<h2>{title}</h2>" + "".join(f"<p>Paragraph {place}. {WORDS * 3}</p>" for place in range(1, 31))
        )
        for number, title in enumerate(TITLES, 1)
    }
    return epub(pages, [(title, f"c{number}.xhtml") for number, title in enumerate(TITLES, 1)], title="House of tides")


async def build(visitor: Visitor) -> None:
    """A site with a look of its own."""
    page = await visitor.go("/dashboard/sites")
    await page.get_by_role("link", name="New site").click()
    await page.get_by_label("Name").fill("The tide house")
    await page.locator("label.theme-card", has_text="Noir").click()
    await page.get_by_role("button", name="Make the site").click()
    await expect(page.get_by_role("heading", name="The tide house", level=1)).to_be_visible()


async def bring_in(visitor: Visitor) -> str:
    """A series, filled from a book; answers where it is worked on."""
    page = visitor.page
    await page.get_by_role("navigation", name="The tide house").get_by_role("link", name="Series").click()
    await page.get_by_role("link", name=re.compile("[Nn]ew series|Begin")).first.click()
    await page.get_by_label("Title").fill("House of tides")
    await page.get_by_role("button", name="Begin the series").click()
    await expect(page.get_by_role("heading", name="House of tides", level=1)).to_be_visible()
    base = page.url
    await page.goto(f"{base}/import")
    await page.locator("input[type=file]").set_input_files(
        {"name": "tides.epub", "mimeType": "application/epub+zip", "buffer": book()}
    )
    await page.get_by_role("button", name="Read it").first.click()
    rows = page.get_by_role("table", name="Chapters in the file").locator("tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(1)).to_contain_text("The quay")
    await page.get_by_role("button", name="Bring them in").click()
    await expect(page.get_by_text("It is here", exact=True)).to_be_visible()
    return base


async def set_dates(visitor: Visitor, base: str) -> None:
    """The first chapter is out, the second will be; and the series is published."""
    page = visitor.page
    await page.goto(f"{base}/chapters")
    links = [await page.get_by_role("link", name=title).get_attribute("href") for title in TITLES[:2]]
    first, second = (re.sub(r"/edit$", "/publish", str(link)) for link in links)
    await page.goto(visitor.house.url + first)
    await page.get_by_role("button", name="Publish it").click()
    await expect(page.locator("#toasts")).to_contain_text(re.compile("out|published", re.I))
    await page.goto(visitor.house.url + second)
    await page.locator("label", has_text="At a day and a time").click()
    await page.get_by_label("Day and time").fill((utcnow() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"))
    await page.get_by_role("button", name="Schedule it").click()
    await expect(page.locator("#toasts")).to_contain_text(re.compile("schedul|come", re.I))
    await page.goto(base)
    await page.get_by_role("button", name="Publish the series").click()
    await expect(page.get_by_role("link", name="View", exact=True)).to_be_visible()


async def its_time_comes(house: House) -> None:
    """The two days are over."""
    async with house.make.tx() as ctx:
        await ctx.db.execute("update chapters set scheduled_at = now() where scheduled_at is not null")


async def test_from_a_site_to_its_first_reader(house: House, open_page: Any) -> None:
    ana = await house.make.user("ana", roles=("creator",))
    writer = await open_page(house, as_=ana)
    await build(writer)
    base = await bring_in(writer)
    await set_dates(writer, base)

    stranger = await open_page(house, width=PHONE)
    page = await stranger.go("/s/the-tide-house")
    await expect(page.locator(".house")).to_have_css("background-color", "rgb(16, 16, 18)")
    await page.get_by_role("link", name="House of tides").first.click()
    chapters = page.get_by_role("region", name="Chapters")
    await expect(chapters.get_by_role("link", name=re.compile("The flats"))).to_be_visible()
    await expect(chapters.get_by_role("link", name=re.compile("The quay"))).to_have_count(0)
    stranger.allow("404")
    await stranger.go("/s/the-tide-house/series/house-of-tides/the-quay", status=404)
    await its_time_comes(house)
    async with asyncio.timeout(60):
        while await house.value("select count(*) from works where kind = 'chapter' and state = 'published'") != 2:
            await asyncio.sleep(0.2)
    await stranger.go("/s/the-tide-house/series/house-of-tides")
    await page.get_by_role("link", name=re.compile("The quay")).first.click()
    text = page.locator("[data-text] p").first
    await expect(text).to_contain_text("Paragraph 1.")
    await scroll_to(page, 9)
    await look_at_settings(page)
    await choose(page, page.get_by_role("button", name="Larger"))
    assert await text.evaluate(SIZE) == "20px"
    await page.keyboard.press("Escape")
    await scroll_to(page, 14)
    await stranger.go("/about")
    await stranger.go("/s/the-tide-house/series/house-of-tides")
    await page.get_by_role("link", name="Go on with chapter 2").click()
    await at_the_line(page, 14)
    assert await text.evaluate(SIZE) == "20px"
    await at_rest(page)
    await at_the_line(page, 14)
