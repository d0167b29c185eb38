"""Money as people handle it: in by card, on as tips, back by an administrator, out to a bank; and after each step where
it is."""

import asyncio
import re
from typing import Any

from playwright.async_api import Page, expect

from stoa.money.payments import actions as payments
from stoa.money.wallet import actions as wallets
from tests.browser.house import House
from tests.browser.payouts import do_not_hurry, let_go
from tests.browser.test_keyboard import arrive, tab_to
from tests.browser.test_main_job import pay
from tests.browser.visitor import DESKTOP, PHONE, Visitor, arrived

GOOD, DECLINED, ASKS = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155"


async def add_credit(visitor: Visitor, amount: str) -> Page:
    """To the gateway's page by the form of the wallet."""
    page = await visitor.go("/wallet")
    await page.get_by_label("Amount to add").fill(amount)
    await page.get_by_role("button", name="Add credit").click()
    await expect(page.get_by_role("heading", name="Pay with card")).to_be_visible()
    return page


async def payments_say(visitor: Visitor, path: str, *rows: tuple[str, str]) -> None:
    """The list of payments begins with these: what and in which state. The worker may still be about to hear of it."""
    for left in reversed(range(20)):
        page = await visitor.go(path)
        table = page.locator("tbody tr")
        shown = [await table.nth(number).inner_text() for number in range(len(rows))]
        cells = [re.split(r"\s*[\t\n]\s*", text) for text in shown]
        if all(what in row[0] and state in row for row, (what, state) in zip(cells, rows, strict=True)):
            return
        assert left, f"{shown} is not {rows}"
        await asyncio.sleep(0.5)


async def money_is(visitor: Visitor, asset: str, **stages: str) -> None:
    """What "Where is my money" says of the stages of an asset; of those that are not named, nothing."""
    page = await visitor.go("/dashboard/money")
    section = page.locator(f"section[aria-labelledby=money-{asset}]")
    for stage, shown in stages.items():
        await expect(section.locator(f"[data-stage={stage}] .station-sum")).to_have_text(shown)
    await expect(section.locator(".station[data-full]")).to_have_count(len(stages))


async def test_credit_by_a_good_card_a_declined_one_and_one_whose_bank_asks(house: House, open_page: Any) -> None:
    ben = await house.make.member("ben")
    await house.make.credits(ben, promotional=0)
    visitor = await open_page(house, as_=ben, width=PHONE)
    page = await add_credit(visitor, "20")
    await pay(page, GOOD)
    await expect(page.get_by_role("heading", name="20.00 USD of credit is in your wallet")).to_be_visible()
    await payments_say(visitor, "/account/payments", ("20.00 USD of credit", "Paid"))

    page = await add_credit(visitor, "7.50")
    await pay(page, DECLINED)
    await expect(page.get_by_role("alert")).to_contain_text("declined")
    await payments_say(visitor, "/account/payments", ("7.50 USD of credit", "Declined"), ("20.00 USD", "Paid"))

    page = await add_credit(visitor, "5")
    await pay(page, ASKS)
    await expect(page.get_by_role("heading", name="Is this you?")).to_be_visible()
    await page.get_by_role("button", name="Yes, pay $5.00").click()
    await expect(page.get_by_role("heading", name="5.00 USD of credit is in your wallet")).to_be_visible()
    await payments_say(visitor, "/account/payments", ("5.00 USD of credit", "Paid"), ("7.50", "Declined"))
    page = await visitor.go("/dashboard/money")
    await expect(page.get_by_role("row", name="USD").last).to_contain_text("$25.00")


async def test_a_tip_from_the_wallet_and_one_by_card(house: House, open_page: Any) -> None:
    ines, ben = await house.make.member("ines"), await house.make.member("ben")
    await house.make.credits(ben, promotional=0, purchased=400)
    reader, writer = await open_page(house, as_=ben), await open_page(house, as_=ines, width=PHONE)
    page = await reader.go("/@ines/tip")
    await page.get_by_role("radio", name="$3.00").check()
    await page.get_by_role("button", name="Send the tip from your wallet").click()
    await expect(page.locator("#toasts")).to_contain_text("You tipped ines $3.00.")
    await money_is(writer, "USD", available="$2.91")

    page = await reader.go("/@ines/tip")
    await page.get_by_role("radio", name="$3.00").check()
    await page.get_by_role("button", name="Pay the tip by card").click()
    await pay(page, GOOD)
    await expect(page.get_by_role("heading", name="Your tip has arrived")).to_be_visible()
    await money_is(writer, "USD", available="$5.82")
    await writer.page.get_by_role("link", name="$5.82").click()
    lines = writer.page.locator(".entries > .entry")
    await expect(lines).to_have_count(2)
    await lines.first.locator("summary").click()
    await expect(lines.first).to_contain_text("Your share: 97 % of the tip; it can be paid out")
    await payments_say(reader, "/account/payments", ("Superlike of 3.00 USD", "Paid"), ("Tip of 3.00 USD", "Paid"))
    assert await house.books() == {"USD": 0, "COIN": 0}


async def test_dollars_are_withdrawn_to_a_new_account(house: House, open_page: Any, monkeypatch: Any) -> None:
    """A second factor before the account, the fee before the button, and then where the money is until it arrives."""
    do_not_hurry(monkeypatch)
    ines = await house.make.member("ines")
    await house.make.credits(ines, promotional=0, earned=2500)
    phone = await house.make.phone(ines)
    visitor = await open_page(house, as_=ines, width=DESKTOP)
    await money_is(visitor, "USD", available="$25.00")
    page = visitor.page
    await page.get_by_role("link", name="Pay out…").click()
    await page.get_by_role("link", name=re.compile("Add a")).first.click()
    await page.get_by_label("Code of your app").fill(await phone.later())
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_label("Country of the account").select_option("US")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Name on the account").fill("Ines Ferreira")
    await page.get_by_label("Account number").fill("0001 2345 6789".replace(" ", ""))
    await page.get_by_label("Speed").select_option("express")
    await page.get_by_role("button", name="Add this destination").click()
    await expect(page.locator("#toasts")).to_contain_text("Added. It can be used now.")

    page = await visitor.go("/dashboard/money")
    await expect(page.locator("#offer-USD")).to_contain_text("$25.00 can be paid out: $24.75 arrives by")
    await page.get_by_role("link", name="Pay out…").click()
    await page.get_by_role("button", name="See the fee and the day").click()
    await expect(page.locator(".reckoning tfoot")).to_contain_text("$24.75")
    await page.locator("main form button[type=submit]").click()
    await arrived(page, re.compile(r"/dashboard/payouts/[0-9a-f-]{36}$"))
    page = await visitor.go("/dashboard/money")
    reserved = page.locator("section[aria-labelledby=money-USD] [data-stage=reserved]")
    await expect(reserved.locator(".station-sum")).to_have_text("$25.00")
    await expect(page.locator("#money table").last).to_contain_text("You can still cancel it. It is sent by")
    await let_go(house)
    await expect(page.locator("[data-stage=arrived] .station-sum")).to_have_text("$25.00")  # which it shows by itself
    await expect(page.locator("[data-stage=arrived]")).to_contain_text("$24.75 in 1 payout, after $0.25 of fees")
    assert await house.books() == {"USD": 0, "COIN": 0}


async def test_an_administrator_gives_a_tip_back(house: House, open_page: Any) -> None:
    make = house.make
    ines, ben, chief = await make.member("ines"), await make.member("ben"), await make.user("chief", roles=("admin",))
    for superlike in (False, True):
        async with make.tx(ben) as ctx:  # one after the other: lists are in the order of their times
            order = await wallets.order_tip(ctx, recipient_id=ines.id, superlike=superlike, key=f"{superlike}")
            await payments.confirm(ctx, order.id, "pm_card_visa", return_url="/")
    writer, admin = await open_page(house, as_=ines), await open_page(house, as_=chief)
    await money_is(writer, "USD", available="$3.88")
    page = await admin.go(f"/admin/orders/{order.id}")
    await expect(page.get_by_label("Amount")).to_have_value("3.00")
    await page.get_by_label("Reason").fill("It was meant for somebody else")
    await page.get_by_role("button", name="Refund this amount to @ben").click()
    await expect(page.locator("#toasts")).to_contain_text("$3.00 are on their way back to the buyer.")
    async with asyncio.timeout(20):
        while await house.value("select state from refunds") != "done":  # the worker speaks to the gateway
            await asyncio.sleep(0.1)
    await money_is(writer, "USD", available="$0.97")
    await payments_say(writer, "/dashboard/payments", ("Superlike", "Refunded"), ("Tip", "Paid"))
    reader = await open_page(house, as_=ben, width=PHONE)
    await payments_say(reader, "/account/payments", ("Superlike", "Refunded"), ("Tip", "Paid"))
    assert await house.books() == {"USD": 0, "COIN": 0}


async def test_a_payout_needs_nothing_but_keys(house: House, open_page: Any, monkeypatch: Any) -> None:
    do_not_hurry(monkeypatch)
    ines = await house.make.member("ines", earned=400)
    visitor = await open_page(house, as_=ines)
    page = await arrive(visitor, "/dashboard/money")
    await tab_to(page, "^400 coins$")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="400 coins available")).to_be_visible()
    page = await arrive(visitor, "/dashboard/money")
    await tab_to(page, "Pay out…")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/dashboard/payouts/new?asset=COIN")
    page = await arrive(visitor, "/dashboard/payouts/new?asset=COIN")
    await tab_to(page, "See the fee and the day")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/dashboard/payouts/confirm?**")
    await page.evaluate("document.activeElement.blur()")
    page = await arrive(visitor, page.url.removeprefix(house.url))
    await tab_to(page, r"^(Pay out|Withdraw) ")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/dashboard/payouts/[0-9a-f-]{36}$"))
    await money_is(visitor, "COIN", reserved="400 coins")
