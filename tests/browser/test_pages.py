"""Every page, for each who may see it: no barrier that axe-core knows of, light and dark, on a phone and on a desk;
nothing that sticks out of a narrow screen; nothing too small for a finger."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.pages import PAGES, Hall, Look, fill, page_paths
from tests.browser.visitor import DESKTOP, PHONE, Visitor, Width

FIT = (Path(__file__).parent / "fit.js").read_text("utf-8")
NARROWEST = 320
AXE_RUN = """async (rules) => {
  const only = rules && { runOnly: { type: 'rule', values: rules } }
  const { violations } = await axe.run(document, { resultTypes: ['violations'], preload: false, iframes: false, ...only })
  return violations.filter((one) => ['serious', 'critical'].includes(one.impact)).flatMap((one) => one.nodes.slice(0, 4)
    .map((node) => `${one.impact}: ${one.id}: ${node.html.slice(0, 160)} — ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ''}`))
}"""

# Two frames: in the first the new colours begin, in the second they are there.
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
async def hall(furnish: Any) -> AsyncIterator[Hall]:
    async with furnish(works=False) as house:
        yield await fill(house)


def test_every_page_is_looked_at() -> None:
    pages = set(page_paths())
    missing = sorted(pages - PAGES.keys())
    assert not missing, (
        "Pages that nobody has looked at. Add to PAGES in tests/browser/pages.py a line such as\n"
        + "\n".join(f'    "{path}": _seen("{path}", <who>),' for path in missing)
    )
    assert not (gone := sorted(PAGES.keys() - pages - {"404"})), f"pages in PAGES that are gone: {gone}"


@pytest.mark.slow
@pytest.mark.parametrize("who", ["anonymous", "newcomer", "creator", "admin"])
async def test_pages_are_fit_for_everybody(hall: Hall, open_page: Any, axe: str, who: str) -> None:
    looks = [look for page in PAGES.values() for look in page if look.who == who]
    visitors = [await open_page(hall.house, as_=hall.people[who], width=width) for width in (DESKTOP, PHONE)]
    found = await asyncio.gather(*(look_around(visitor, looks, hall, axe) for visitor in visitors))
    faults = [fault for some in found for fault in some]
    assert not faults, "\n".join(dict.fromkeys(faults))


async def look_around(visitor: Visitor, looks: list[Look], hall: Hall, axe: str) -> list[str]:
    """What is wrong with pages, one after the other."""
    visitor.allow(r"status of 4(04|10) ")
    visitor.allow(r"answer: GET \S+ 4(04|10)$")
    faults = []
    for look in looks:
        page = await visitor.go(look.address.format(**hall.values), look.status)
        if look.opens:
            await page.locator(look.opens).locator("visible=true").first.click()
        for fault in await inspect(page, visitor.width, axe):
            faults.append(f"{look} on a {visitor.width}: {fault}")
    return faults


async def inspect(page: Page, width: Width, axe: str) -> list[str]:
    """Faults of the page as it stands there: in light, in dark, and on a phone how it fits."""
    await page.evaluate(f"{{{axe}\n}}")
    faults: list[str] = await page.evaluate(AXE_RUN, None)
    await page.emulate_media(color_scheme="dark")
    await page.evaluate(SETTLED)
    faults += [
        f"in the dark: {fault}" for fault in await page.evaluate(AXE_RUN, ["color-contrast", "link-in-text-block"])
    ]
    await page.emulate_media(color_scheme="light")
    await page.evaluate(SETTLED)
    if not width.is_phone:
        return faults
    await page.evaluate(FIT)
    faults += await page.evaluate("sticksOut()")
    faults += await page.evaluate("tooSmall()")
    await page.set_viewport_size({"width": NARROWEST, "height": width.height})
    faults += await page.evaluate("sticksOut()")
    await page.set_viewport_size({"width": width.width, "height": width.height})
    return faults
