"""Every page, for each who may see it: no barrier that axe-core knows of, in the light on a phone and in the dark on a
desk; nothing that sticks out of a narrow screen; nothing too small for a finger. Here the desks, and what finds faults;
the phones, which take as long, are in test_pages_phone.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.pages import PAGES, Hall, Look, fill, page_paths
from tests.browser.visitor import DESKTOP, PHONE, Visitor, Width

FIT = (Path(__file__).parent / "fit.js").read_text("utf-8")
NARROWEST = 320
AT_A_TIME = 12
SCHEME = {PHONE: "light", DESKTOP: "dark"}


FAULTS = """() => {
  document.querySelector('main').innerHTML = `<p id="pale">Too pale</p><button></button>
    <p>A sentence with <a href="#main">a link</a> in it.</p><p><a href="#main">Alone</a></p>
    <div id="wide">Wider than the narrowest</div><div id="scrolls"><p>By itself</p></div>`
  const set = (name, style) => Object.assign(document.querySelector(name).style, style)
  set('#pale', { color: '#bbb', background: '#fff' })
  set('#wide', { width: '340px' })
  set('#scrolls', { overflowX: 'auto' })
  set('#scrolls p', { width: '900px' })
}"""


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


def rounds() -> Iterator[Any]:
    """Who looks at which pages: a few at a time, so that no test takes long."""
    for who in ("anonymous", "newcomer", "creator", "admin"):
        looks = [look for page in PAGES.values() for look in page if look.who == who]
        for number, start in enumerate(range(0, len(looks), AT_A_TIME), 1):
            yield pytest.param(who, looks[start : start + AT_A_TIME], id=f"{who}-{number}")


@pytest.mark.slow
@pytest.mark.parametrize(("who", "looks"), list(rounds()))
async def test_pages_are_fit_for_everybody(hall: Hall, open_page: Any, axe: str, who: str, looks: list[Look]) -> None:
    await check_fit(hall, open_page, axe, who, looks, DESKTOP)


async def check_fit(hall: Hall, open_page: Any, axe: str, who: str, looks: list[Look], width: Width) -> None:
    """Opens these pages, one after the other, and names all that is wrong with them."""
    visitor = await open_page(hall.house, as_=hall.people[who], width=width, scheme=SCHEME[width])
    await visitor.context.add_init_script(f"{{{axe}\n}}\n{FIT}")
    faults = await look_around(visitor, looks, hall)
    assert not faults, "\n".join(dict.fromkeys(faults))


async def look_around(visitor: Visitor, looks: list[Look], hall: Hall) -> list[str]:
    """What is wrong with pages, one after the other."""
    visitor.allow(r"status of (40[349]|410|503) ")
    visitor.allow(r"answer: GET \S+ (40[349]|410|503)$")
    faults = []
    for look in looks:
        page = await visitor.go(look.address.format(**hall.values), look.status)
        if look.opens:
            await page.locator(look.opens).locator("visible=true").first.click()
        for fault in await inspect(page, visitor.width):
            faults.append(f"{look} on a {visitor.width}: {fault}")
    return faults


async def inspect(page: Page, width: Width) -> list[str]:
    """Faults of the page as it stands there, and on a phone how it fits."""
    faults: list[str] = await page.evaluate("(isPhone) => unfit(isPhone)", width.is_phone)
    if width.is_phone:
        await page.set_viewport_size({"width": NARROWEST, "height": width.height})
        faults += await page.evaluate("sticksOut()")
        await page.set_viewport_size({"width": width.width, "height": width.height})
    return faults


async def test_the_checks_bite(hall: Hall, open_page: Any, axe: str) -> None:
    """What each of them is there to find, and beside it what is allowed."""
    visitor = await open_page(hall.house, width=PHONE)
    await visitor.context.add_init_script(f"{{{axe}\n}}\n{FIT}")
    page = await visitor.go("/about")
    assert await inspect(page, PHONE) == []
    await page.evaluate(FAULTS)
    found = "\n".join(await inspect(page, PHONE))
    for fault in ("color-contrast", "button-name", "“Alone” is", "“Wider than the narrowest” reaches"):
        assert fault in found, found
    assert "a link" not in found and "itself" not in found, found
