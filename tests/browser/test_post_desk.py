"""The writing desk of a post, with hands: two tabs, what stays on the device, links, the count of words."""

from typing import Any

from playwright.async_api import Page, expect

from stoa.creation.posts.actions import edit
from tests.browser.house import House

MINE = "What the second tab typed, long enough to be a post of its own, and never sent to anybody."


async def ready(page: Page) -> None:
    await expect(page.locator("[data-editor-root][data-ready]")).to_be_attached()


async def type_over(page: Page, text: str) -> None:
    await page.locator(".ProseMirror").click()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type(text)


async def test_a_text_refused_after_another_tab_stays_on_the_device(house: House, open_page: Any) -> None:
    user = await house.make.user("ana")
    post = await house.make.post(user, title="On shade")
    visitor = await open_page(house, as_=user)
    visitor.allow("409")
    page = await visitor.go(f"/write/{post.id}")
    await ready(page)
    await type_over(page, MINE)
    async with house.make.tx(user) as ctx:
        await edit(ctx, post.id, revision=post.revision, body_markdown="The first tab was quicker. " * 3)
    await page.get_by_role("button", name="Update the post").click()
    for _ in range(2):  # pressed again, it is refused again, and nothing is lost by it
        await ready(page)
        note = page.get_by_role("alert").filter(has_text="This text was changed in another window")
        await expect(note).to_be_visible()
        state = page.locator("[data-say=state]")
        await expect(state).to_have_text("Changed in another window; kept on this device")
        await expect(page.locator(".ProseMirror")).to_have_text(MINE)
        async with page.expect_navigation():
            await page.get_by_role("button", name="Update the post").click()
    await ready(page)
    await page.get_by_role("link", name="Reload", exact=True).click()
    await page.wait_for_url(f"**/write/{post.id}")
    await ready(page)
    await expect(page.locator(".ProseMirror")).to_have_text(("The first tab was quicker. " * 3).strip())
    await page.get_by_role("button", name="Use it").click()
    await expect(page.locator(".ProseMirror")).to_have_text(MINE)
    await page.get_by_role("button", name="Update the post").click()
    await expect(page.locator("#toasts")).to_contain_text("Your readers see the new text.")
    await expect(page.locator("article .reading p")).to_have_text(MINE)


async def test_a_link_takes_an_address(house: House, open_page: Any) -> None:
    user = await house.make.user("ana")
    visitor = await open_page(house, as_=user)
    page = await visitor.go("/write")
    await ready(page)
    await page.locator(".ProseMirror").click()
    dialog = page.get_by_role("dialog", name="Link")
    address = dialog.get_by_label("Address")
    wrong = "This is not an address. Please give one such as example.org or https://example.org/page"
    for typed in ("javascript:alert(1)", "javascript:1", "javascript://example.org/%0a1", "data:text/html,x", "a word"):
        await page.locator("[data-tool=link]").click()
        await expect(dialog.get_by_role("alert")).to_have_count(0)
        await address.fill(typed)
        await dialog.get_by_role("button", name="Set the link").click()
        await expect(dialog.get_by_role("alert")).to_have_text(wrong)
        await expect(address).to_be_focused()
        await expect(address).to_have_attribute("aria-invalid", "true")
        await dialog.get_by_role("button", name="Close").click()
        await expect(page.locator(".ProseMirror a")).to_have_count(0)
    for typed, leads_to in (
        ("example.org:8080/a", "https://example.org:8080/a"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("mailto:ana@example.org", "mailto:ana@example.org"),
        ("/about", "/about"),
    ):
        await type_over(page, "here")
        await page.keyboard.press("ControlOrMeta+a")
        await page.locator("[data-tool=link]").click()
        await address.fill("a word")
        await dialog.get_by_role("button", name="Set the link").click()
        await address.fill(typed)
        await dialog.get_by_role("button", name="Set the link").click()
        await expect(dialog).to_be_hidden()
        await expect(page.locator(".ProseMirror a")).to_have_attribute("href", leads_to)
    await expect(page.locator("[data-say=state]")).to_have_text("Saved")


async def test_words_are_counted_as_they_are_read(house: House, open_page: Any) -> None:
    user = await house.make.user("ana")
    text = "Read [this page](https://example.org/a/very/long/address) and **that**.\n\n![A hill](/media/none/1.webp)"
    post = await house.make.post(user, title="On shade", body=text, published=False)
    visitor = await open_page(house, as_=user)
    visitor.allow("404")
    page = await visitor.go(f"/write/{post.id}")
    await ready(page)
    words = page.locator("[data-say=words]")
    await expect(words).to_have_text("7 words")
    await page.get_by_role("button", name="Markdown").click()
    await page.locator("[data-editor-source]").fill("[One](https://example.org/two/three)")
    await expect(words).to_have_text("1 word")
