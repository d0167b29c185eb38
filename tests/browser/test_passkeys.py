"""Passkeys in a real browser, with Chromium's virtual authenticator (I4)."""

from typing import Any

import pyotp
import pytest
from playwright.async_api import expect

from stoa.kit.clock import utcnow
from tests.browser.house import House
from tests.browser.visitor import PHONE, Visitor
from tests.conftest import PASSWORD, User

PASSKEYS = "/dashboard/account/passkeys"


class VirtualKey:
    """An authenticator of this visitor's device: it knows its owner by their finger."""

    def __init__(self, devtools: Any, id: str) -> None:
        self.devtools = devtools
        self.id = id

    @classmethod
    async def plug_in(cls, visitor: Visitor) -> "VirtualKey":
        """Before the first page that asks for one."""
        devtools = await visitor.context.new_cdp_session(visitor.page)
        await devtools.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return cls(devtools, added["authenticatorId"])

    async def touch(self, by_itself: bool) -> None:
        """Whether somebody's finger is on it when it is asked."""
        sent = {"authenticatorId": self.id, "enabled": by_itself}
        await self.devtools.send("WebAuthn.setAutomaticPresenceSimulation", sent)

    async def verify(self, it_is_them: bool) -> None:
        """Whether it is its owner's finger."""
        sent = {"authenticatorId": self.id, "isUserVerified": it_is_them}
        await self.devtools.send("WebAuthn.setUserVerified", sent)

    async def credentials(self) -> list[dict[str, Any]]:
        """The passkeys on it."""
        held = await self.devtools.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        found: list[dict[str, Any]] = held["credentials"]
        return found


async def add_passkey(visitor: Visitor, name: str, *, password: str | None = PASSWORD) -> None:
    """From the page of passkeys to one more of them."""
    page = await visitor.go(PASSKEYS)
    await page.get_by_label("Name", exact=False).last.fill(name)
    if password is not None:
        await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Add a passkey").click()


async def asks_only_when_pressed(visitor: Visitor) -> None:
    """A browser that offers no passkey among the names: what waits there would take the finger meant for the button."""
    never = "if (window.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false"
    await visitor.context.add_init_script(never)


async def log_out(visitor: Visitor) -> None:
    """By the menu."""
    page = await visitor.go("/about")
    await page.locator(".masthead details summary").click()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_text("You are logged out")).to_be_visible()


@pytest.fixture
async def ana(house: House) -> User:
    return await house.make.user("ana")


async def test_a_passkey_is_added_and_logs_in_alone(house: House, open_page: Any, ana: User) -> None:
    visitor = await open_page(house, as_=ana, width=PHONE)
    key = await VirtualKey.plug_in(visitor)
    page = visitor.page
    await add_passkey(visitor, "My phone")
    await expect(page.get_by_role("heading", name="Your passkey is added")).to_be_visible()
    await expect(page.get_by_role("list", name="Backup codes").get_by_role("listitem")).to_have_count(10)
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_text("One passkey.")).to_be_visible()
    (held,) = await key.credentials()
    assert (held["rpId"], held["isResidentCredential"]) == ("localhost", True)
    assert await house.value("select second_factors from users where id = $1", ana.id) == ["passkey"]

    await asks_only_when_pressed(visitor)
    await log_out(visitor)
    await visitor.go("/login?next=/wallet")
    await page.get_by_role("button", name="Log in with a passkey").click()
    await expect(page.get_by_role("heading", name="Wallet", level=1)).to_be_visible()
    assert page.url == f"{house.url}/wallet"
    assert await house.value("select count(*) from sessions where provider = 'passkey' and revoked_at is null") == 1
    assert await house.value("select last_used_at is not null from passkeys") is True


async def test_it_is_offered_among_the_names_that_the_browser_fills_in(house: House, open_page: Any, ana: User) -> None:
    visitor = await open_page(house, as_=ana)
    await VirtualKey.plug_in(visitor)
    await add_passkey(visitor, "")
    await visitor.page.get_by_role("link", name="I have kept them").click()
    await expect(visitor.page.get_by_text("One passkey.")).to_be_visible()
    await log_out(visitor)
    await visitor.page.goto("/login?next=/about")
    await visitor.page.wait_for_url("**/about")
    await expect(visitor.page.get_by_text("Your account, ana")).to_be_attached()


async def test_the_wrong_finger_says_so_and_the_code_is_there(house: House, open_page: Any, ana: User) -> None:
    phone = await house.make.phone(ana)
    await house.make.recent(ana)
    visitor = await open_page(house)
    key = await VirtualKey.plug_in(visitor)
    page = await visitor.go("/login?next=/about")
    await key.verify(False)
    await page.get_by_role("button", name="Log in with a passkey").click()
    await expect(page.get_by_text("No passkey was used")).to_be_visible()
    await page.get_by_label("E-mail").fill(ana.email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await page.get_by_label("Code of your app").fill(await phone.later())
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url("**/about")


async def test_a_passkey_is_the_second_step_and_the_step_up(house: House, open_page: Any, ana: User) -> None:
    visitor = await open_page(house, as_=ana)
    key = await VirtualKey.plug_in(visitor)
    page = visitor.page
    await add_passkey(visitor, "Desk")
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_text("One passkey.")).to_be_visible()
    await key.touch(False)
    await log_out(visitor)
    await visitor.go("/login?next=/mfa/backup-codes")
    await page.get_by_label("E-mail").fill(ana.email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    await key.touch(True)
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("heading", name="Backup codes")).to_be_visible()
    async with house.make.tx() as ctx:
        await ctx.db.execute("update sessions set second_factor_at = second_factor_at - interval '11 minutes'")
    await page.get_by_role("button", name="Make ten new codes").click()
    await expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("heading", name="Your new backup codes")).to_be_visible()


async def test_an_app_is_set_up_by_its_qr_code_and_asked_for(house: House, open_page: Any, ana: User) -> None:
    visitor = await open_page(house, as_=ana, width=PHONE)
    page = await visitor.go("/dashboard/account/security")
    await page.get_by_role("link", name="Set one up").click()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Show the QR code").click()
    picture = page.get_by_role("img", name="QR code")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(image) => image.complete && image.naturalWidth > 0"), "the policy lets it be shown"
    await page.get_by_text("It cannot be scanned?").click()
    secret = (await page.locator("#secret").inner_text()).replace(" ", "")
    await page.get_by_label("The code it shows").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Turn it on").click()
    await expect(page.get_by_role("heading", name="Your authenticator app is set up")).to_be_visible()
    await expect(page.get_by_role("button", name="Print")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download").click()
    assert (await download.value).suggested_filename == "backup-codes.txt"
    await log_out(visitor)
    await visitor.go("/login?next=/about")
    await page.get_by_label("E-mail").fill(ana.email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await page.get_by_label("Code of your app").fill(pyotp.TOTP(secret).at(utcnow(), counter_offset=1))
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url("**/about")
