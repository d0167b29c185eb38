"""One account's whole way, as a person walks it: in by mail, safe by code and passkey, out of a browser left behind."""

import re
from typing import Any

import pyotp
from playwright.async_api import Page, expect

from stoa.kit.clock import utcnow
from tests.browser.house import House
from tests.browser.test_passkeys import VirtualKey, add_passkey, asks_only_when_pressed, log_out
from tests.browser.visitor import PHONE, Visitor, arrived
from tests.conftest import PASSWORD

EMAIL = "philo@example.org"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"


async def fill_log_in(page: Page) -> None:
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()


async def register(visitor: Visitor) -> None:
    page = await visitor.go("/register")
    await page.get_by_label("Name").fill("philo")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create my account").click()
    await expect(page.locator("#toasts")).to_contain_text("Welcome, philo")


async def link_in_the_outbox(admin: Visitor) -> str:
    """What an operator without a mail server sees under /admin/mail."""
    page = await admin.go("/admin/mail")
    await page.get_by_role("row").filter(has_text=EMAIL).get_by_role("link").first.click()
    text = await page.get_by_role("region", name="Text").inner_text()
    found = re.search(r"http\S+/verify-email/\S+", text)
    assert found, text
    return found[0]


async def set_up_codes(visitor: Visitor) -> pyotp.TOTP:
    page = await visitor.go("/dashboard/account/security")
    await page.get_by_role("link", name="Set one up").click()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Show the QR code").click()
    await expect(page.get_by_role("img", name="QR code")).to_be_visible()
    await page.get_by_text("It cannot be scanned?").click()
    codes = pyotp.TOTP((await page.locator("#secret").inner_text()).replace(" ", ""))
    await page.get_by_label("The code it shows").fill(codes.now())
    await page.get_by_role("button", name="Turn it on").click()
    await expect(page.get_by_role("heading", name="Your authenticator app is set up")).to_be_visible()
    return codes


async def test_from_the_first_mail_to_a_session_ended_from_afar(house: House, open_page: Any) -> None:
    operator = await house.make.user("operator", roles=("admin",))
    admin = await open_page(house, as_=operator)
    visitor = await open_page(house, width=PHONE)
    page = visitor.page
    await register(visitor)
    await expect(page.get_by_text("Confirm your e-mail").first).to_be_visible()
    await page.goto(await link_in_the_outbox(admin))
    await page.get_by_role("button", name=re.compile("Confirm")).click()
    await expect(page.get_by_text(re.compile("confirmed", re.I)).first).to_be_visible()
    assert await house.value("select status from users where username = 'philo'") == "active"

    codes = await set_up_codes(visitor)
    await log_out(visitor)
    await visitor.go("/login?next=/about")
    await fill_log_in(page)
    await page.get_by_label("Code of your app").fill(codes.at(utcnow(), counter_offset=1))
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url("**/about")

    await VirtualKey.plug_in(visitor)
    await asks_only_when_pressed(visitor)
    await add_passkey(visitor, "My phone", password=None)
    await expect(page.get_by_text("My phone").first).to_be_visible()
    await log_out(visitor)

    left_behind = await open_page(house)
    await left_behind.go("/login?next=/wallet")
    await fill_log_in(left_behind.page)
    async with house.make.tx() as ctx:  # the step of the code that was used is over
        await ctx.db.execute("update totp_factors set last_step = last_step - 2")
    await left_behind.page.get_by_label("Code of your app").fill(codes.now())
    await left_behind.page.get_by_role("button", name="Log in").click()
    await left_behind.page.wait_for_url("**/wallet")

    await visitor.go("/login?next=/dashboard/account/sessions")
    await page.get_by_role("button", name="Log in with a passkey").click()
    await page.wait_for_url("**/dashboard/account/sessions")
    await expect(page.get_by_role("button", name=re.compile("^End the session of"))).to_have_count(1)
    await page.get_by_role("button", name=re.compile("^End the session of")).click()
    await expect(page.locator("#toasts")).to_contain_text("That session has ended")
    await expect(page.get_by_text("You are signed in nowhere else.")).to_be_visible()
    await left_behind.page.goto("/wallet")
    await arrived(left_behind.page, re.compile("/login"))
