"""Light and dark by choice, less motion by the system's wish, a reader's own face and size."""

from typing import Any

from playwright.async_api import expect

from tests.browser.house import House

MOVING = """() => [...document.querySelectorAll('*')].filter((element) => ['', '::before', '::after'].some((part) => {
  const style = getComputedStyle(element, part || null)
  return `${style.transitionDuration},${style.animationDuration}`.split(',').some((one) => parseFloat(one) > 0.001)
})).length"""
PAPER, NIGHT = "rgb(250, 248, 244)", "rgb(20, 19, 15)"


async def test_nothing_moves_for_who_does_not_want_it(house: House, open_page: Any) -> None:
    reader = await house.make.user("ben")
    post = await house.make.post()
    still = await open_page(house, as_=reader, motion="reduce")
    lively = await open_page(house, as_=reader, motion="no-preference")
    for path in ("/", f"/p/{post.slug}", "/wallet", "/styleguide"):
        page = await still.go(path)
        assert await page.evaluate(MOVING) == 0, path
        page = await lively.go(path)
        assert await page.evaluate(MOVING) > 0, f"{path} has nothing that could move"


async def test_scheme_by_system_and_by_choice(house: House, open_page: Any) -> None:
    visitor = await open_page(house, scheme="dark")
    page = await visitor.go("/about")
    ground, footer = page.locator("html"), page.locator(".footer")
    await expect(ground).to_have_css("background-color", NIGHT)
    async with page.expect_response("**/preferences/theme"):
        await footer.get_by_role("button", name="Light").click()
    await expect(ground).to_have_css("background-color", PAPER)
    await page.reload()
    await expect(ground).to_have_css("background-color", PAPER)
    await expect(footer.get_by_role("button", name="Light")).to_have_attribute("aria-pressed", "true")
    async with page.expect_response("**/preferences/theme"):
        await footer.get_by_role("button", name="As the system").click()
    await expect(ground).to_have_css("background-color", NIGHT)


async def test_face_and_size_of_texts(house: House, open_page: Any) -> None:
    post = await house.make.post()
    visitor = await open_page(house)
    page = await visitor.go(f"/p/{post.slug}")
    text = page.locator("article .reading p").first
    size = "element => getComputedStyle(element).fontSize"
    assert await text.evaluate(size) == "19px"
    await page.locator("summary[aria-label='How the text looks']").click()
    async with page.expect_response("**/preferences/reading"):
        await page.locator(".size-choice", has_text="24").click()
    assert await text.evaluate(size) == "24px"
    await page.reload()
    assert await text.evaluate(size) == "24px"
