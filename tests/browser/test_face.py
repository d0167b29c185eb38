"""The picture of one's face in a browser: a part chosen with keys or by dragging, the middle without a script."""

from pathlib import Path
from typing import Any

import pytest
import pyvips
from playwright.async_api import Page, expect

from tests.browser.house import House
from tests.browser.visitor import PHONE
from tests.foundation.people.test_avatar import colour, picture

HERE = "/dashboard/account/profile"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """800 x 400: red at the left, blue at the right."""
    path = tmp_path / "me.png"
    path.write_bytes(picture())
    return path


async def use(page: Page) -> Any:
    """Sends what is chosen; the face as people see it now."""
    await page.get_by_role("button", name="Use this picture").click()
    await expect(page.locator("#toasts")).to_contain_text("This is how people see you now.")
    shown = await page.locator(".face-now img").get_attribute("src")
    assert shown is not None
    answer = await page.context.request.get(f"http://{page.url.split('/')[2]}{shown.replace('/320.', '/640.')}")
    return pyvips.Image.new_from_buffer(await answer.body(), "")


async def test_with_keys(house: House, open_page: Any, file: Path) -> None:
    visitor = await open_page(house, as_=await house.make.user("ines"))
    page = await visitor.go(HERE)
    await page.set_input_files("#f-file", file)
    canvas = page.locator("[data-face-canvas]")
    await expect(canvas).to_be_visible()
    await canvas.focus()
    for key in ("+", "+", *["ArrowLeft"] * 60, *["ArrowUp"] * 30):
        await page.keyboard.press(key)
    face = await use(page)
    assert (face.width, face.height, colour(face)) == (333, 333, "red"), "two steps larger, as far left as it goes"
    await page.get_by_role("button", name="Remove my picture").click()
    await expect(page.locator("#toasts")).to_contain_text("Your picture is gone.")
    await expect(page.locator(".face-now img")).to_have_count(0)


async def test_by_dragging(house: House, open_page: Any, file: Path) -> None:
    visitor = await open_page(house, as_=await house.make.user("ines"))
    page = await visitor.go(HERE)
    await page.set_input_files("#f-file", file)
    canvas = page.locator("[data-face-canvas]")
    await expect(canvas).to_be_visible()
    box = await canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x - box["width"], y, steps=5)
    await page.mouse.up()
    face = await use(page)
    assert (face.width, colour(face)) == (400, "blue"), "the picture goes with the hand"


async def test_without_a_script_it_is_the_middle(house: House, open_page: Any, file: Path) -> None:
    visitor = await open_page(house, as_=await house.make.user("ines"), scripts=False, width=PHONE)
    page = await visitor.go(HERE)
    await expect(page.locator("[data-face-canvas]")).to_be_hidden()
    await page.set_input_files("#f-file", file)
    face = await use(page)
    assert (face.width, face.height, colour(face)) == (400, 400, "both")


async def test_the_zone_of_this_device_is_offered(house: House, open_page: Any) -> None:
    visitor = await open_page(house, as_=await house.make.user("ines"))
    page = await visitor.go("/")
    await page.add_init_script(
        "Intl.DateTimeFormat = function () { return { resolvedOptions: () => ({ timeZone: 'Asia/Tokyo' }) } }"
    )
    page = await visitor.go("/dashboard/account/preferences")
    await page.get_by_role("button", name="Use Asia/Tokyo, as this device does").click()
    await expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#f-timezone-help")).to_contain_text("JST")
