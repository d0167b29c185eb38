"""The library with a script: several files at once, large ones in parts, what is refused, and the keyboard alone."""

from typing import Any

import msgspec
from playwright.async_api import expect

from stoa.foundation.media import actions
from stoa.foundation.media.actions import multipart
from tests.browser.house import House
from tests.foundation.media import samples


def given(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


async def test_several_at_once_with_their_progress(house: House, open_page: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(multipart, "PART_BYTES", 2000)
    before = house.app.settings
    house.app.settings = msgspec.structs.replace(before, max_upload_bytes=12_000)
    try:
        ana = await house.make.user("ana")
        visitor = await open_page(house, as_=ana)
        visitor.allow(r"422( |$)")
        page = await visitor.go("/dashboard/media")
        await page.get_by_role("link", name="Upload", exact=True).click()
        await expect(page.get_by_text("Drop files here")).to_be_visible()
        film = samples.film()
        assert len(film) > 12_000, "it comes in parts"
        files = [given("film.mp4", film), given("page.html", b"<!doctype html>"), given("a.txt", b"Under the columns")]
        await page.get_by_label("Files").set_input_files(files)
        queue = page.get_by_role("list", name="Uploads")
        await expect(queue.get_by_role("link", name="film.mp4")).to_be_visible()
        await expect(queue.get_by_role("link", name="a.txt")).to_be_visible()
        await expect(queue).to_contain_text("Web pages and scripts are not taken")
        await expect(queue.get_by_role("button", name="Try page.html again")).to_be_visible()
        await queue.get_by_role("link", name="film.mp4").click()
        await expect(page.locator("video")).to_be_visible(timeout=60_000)  # worked on meanwhile; nobody has to reload
        await expect(page.locator("main")).to_contain_text("320 × 240")
        assert await house.value("select count(*) from media where state = 'ready'") >= 1
        assert await house.value("select count(*) from media_uploads") == 0
    finally:
        house.app.settings = before


async def test_with_the_keyboard_alone(house: House, open_page: Any) -> None:
    ana = await house.make.user("ana")
    for name in ("one", "two"):
        async with house.make.tx(ana) as ctx:
            data = samples.picture(60, 40, len(name) + ord(name[0]))
            await actions.upload_file(ctx, data=data, about=actions.About(filename=f"{name}.png"))
    visitor = await open_page(house, as_=ana)
    page = await visitor.go("/dashboard/media")
    await page.get_by_label("Tick one.png").focus()
    await page.keyboard.press("Space")
    await expect(page.locator("[data-media-count]")).to_have_text("1 ticked:")
    await page.get_by_role("button", name="Delete").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text("1 file in the trash.")
    await expect(page.locator(".media-grid")).not_to_contain_text("one.png")
    await expect(page.locator(".media-grid")).to_contain_text("two.png")
