"""Somebody's browser: one context with one page, which writes down whatever goes wrong in it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Request, Response, expect

from stoa.kit.http.credentials import SESSION_COOKIE
from tests.browser.house import House

TIMEOUT_MS = 20_000
# Left by the page itself: HTMX asks again and again, and one navigates in between.
LEFT = ("net::ERR_ABORTED",)
WATCH_POLICY = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`content security policy: ${event.effectiveDirective} forbids ${event.blockedURI}, ${event.sourceFile}`)
})
"""

# Two frames: in the first something begins to be another, in the second it is.
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


async def arrived(page: Page, address: str | re.Pattern[str]) -> None:
    """Waits until the page is there, and its scripts with it: a key pressed before is lost."""
    await expect(page).to_have_url(address)
    await page.wait_for_load_state("domcontentloaded")


@dataclass(frozen=True)
class Width:
    """A kind of screen."""

    name: str
    width: int
    height: int
    is_phone: bool

    def __str__(self) -> str:
        return self.name


DESKTOP = Width("desktop", 1280, 900, False)
PHONE = Width("phone", 390, 844, True)


class Visitor:
    """`page` is where they are now."""

    def __init__(self, house: House, context: BrowserContext, page: Page, width: Width) -> None:
        self.house = house
        self.context = context
        self.page = page
        self.width = width
        self._faults: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        context.on("console", lambda message: message.type == "error" and self._note(f"console: {message.text}"))
        context.on("weberror", lambda error: self._note(f"uncaught: {error.error}"))
        context.on("requestfailed", self._request_failed)
        context.on("response", self._response)

    @classmethod
    async def arrive(
        cls,
        browser: Browser,
        house: House,
        *,
        as_: Any = None,
        width: Width,
        scripts: bool = True,
        scheme: str = "light",
        motion: str = "reduce",
    ) -> "Visitor":
        """A new context. Without motion unless asked, so that nothing is looked at half-way."""
        context = await browser.new_context(
            base_url=house.url,
            viewport={"width": width.width, "height": width.height},
            is_mobile=width.is_phone,
            has_touch=width.is_phone,
            java_script_enabled=scripts,
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion=motion,  # type: ignore[arg-type]
        )
        context.set_default_timeout(TIMEOUT_MS)
        await context.add_init_script(WATCH_POLICY)
        if as_ is not None:
            await context.add_cookies(
                [{"name": SESSION_COOKIE, "value": await house.session_of(as_), "url": house.url, "httpOnly": True}]
            )
        return cls(house, context, await context.new_page(), width)

    async def go(self, path: str, status: int = 200) -> Page:
        """Opens an address; it must answer `status`."""
        answer = await self.page.goto(path)
        assert answer is not None and answer.status == status, f"{path} answers {answer and answer.status}"
        return self.page

    def allow(self, pattern: str) -> None:
        """Faults that match belong to the test: a form that is refused on purpose, say."""
        self._allowed.append(re.compile(pattern))

    def faults(self) -> list[str]:
        """What went wrong and was not allowed."""
        return [fault for fault in self._faults if not any(p.search(fault) for p in self._allowed)]

    async def keep_looks(self, folder: Path, name: str) -> None:
        """A picture and the HTML of every open page."""
        folder.mkdir(exist_ok=True)
        for number, page in enumerate(self.context.pages):
            stem = f"{name}-{number}" if number else name
            (folder / f"{stem}.html").write_text(f"<!-- {page.url} -->\n{await page.content()}", "utf-8")
            await page.screenshot(path=folder / f"{stem}.png", full_page=True)

    async def leave(self) -> None:
        """Closes the browser window."""
        await self.context.close()

    def _note(self, fault: str) -> None:
        self._faults.append(f"{self.page.url.removeprefix(self.house.url)}: {fault}")

    def _request_failed(self, request: Request) -> None:
        if request.failure not in LEFT:
            self._note(f"request failed: {request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._note(f"answer: {response.request.method} {response.url} {response.status}")
