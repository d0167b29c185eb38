"""Payouts through their pages: destinations, withdrawing credits with the fee shown before, the list, statements."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

from stoa.kit.clock import utcnow
from stoa.money.payouts import actions
from stoa.money.payouts.queries.destinations import destinations
from tests.conftest import PASSWORD
from tests.front.test_earnings_pages import CONFIRM, NEW, all_payouts, asked, confirmation, drained, hidden, words

HERE = "/dashboard/payouts"
PLACES = f"{HERE}/destinations"
ACCOUNT = {
    "provider": "sandbox",
    "currency": "USD",
    "country": "DE",
    "holder": "Ana Lima",
    "label": "Savings",
    "answer_account_number": "DE89370400440532013000",
    "answer_speed": "standard",
    "password": PASSWORD,
}


async def places_of(make: Any, user: Any) -> list[Any]:
    async with make.tx(user) as ctx:
        return await destinations(ctx, user.id)


async def test_pages_need_a_session(visitor: Any) -> None:
    places = ("", "/destinations", "/destinations/new", "/statements", "/statements/month", "/export")
    for path in (*places, "/new", "/confirm"):
        assert (await visitor.get(HERE + path)).headers["location"].startswith("/login?next=")


async def test_an_empty_list_teaches(make: Any, signed_in: Any) -> None:
    writer = await signed_in(await make.member("ana"))
    text = words((await writer.get(HERE)).text)
    assert "No payout yet" in text and "Withdraw" not in text
    text = words((await writer.get(PLACES)).text)
    assert "No destination yet" in text
    assert "No statement yet" in words((await writer.get(f"{HERE}/statements")).text)
    assert (await writer.get(f"{HERE}/statements/month?month=2026-01")).status_code == 404
    for month in ("", "2026-13", "x", "9999-01"):
        assert (await writer.get(f"{HERE}/statements/month?month={month}")).status_code == 404


async def test_a_destination_is_added_in_two_steps(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana")
    writer = await signed_in(ana)
    page = await writer.get(f"{PLACES}/new")
    assert "First, where the account is." in words(page.text)
    assert '<option value="DE">Germany</option>' in page.text
    assert (await writer.get(f"{PLACES}/new?country=XX&currency=USD")).status_code == 422
    page = await writer.get(f"{PLACES}/new?country=DE&currency=USD&provider=sandbox")
    text = words(page.text)
    assert "An account in USD in Germany, paid by Test bank." in text
    assert "Account number" in text and "Password" in text
    wrong = await writer.post(f"{PLACES}/new", **ACCOUNT | {"answer_account_number": "12", "holder": "A"})
    assert wrong.status_code == 422
    assert 'id="f-holder-error"' in wrong.text
    wrong = await writer.post(f"{PLACES}/new", **ACCOUNT | {"answer_account_number": "12"})
    assert 'id="f-answer_account_number-error"' in wrong.text
    assert 'value="Ana Lima"' in wrong.text, "what was typed is not lost"
    wrong = await writer.post(f"{PLACES}/new", **ACCOUNT | {"password": "not mine at all"})
    assert 'id="f-password-error"' in wrong.text
    assert await places_of(make, ana) == []
    page = await writer.follow(await writer.post(f"{PLACES}/new", **ACCOUNT))
    text = words(page.text)
    assert "Added. It can be used now." in text
    assert "Savings •••• 3000 Default" in text
    assert "DE89370400440532013000" not in page.text
    again = await writer.post(f"{PLACES}/new", **ACCOUNT)
    assert (again.status_code, "You have this destination already" in again.text) == (409, True)


async def test_a_second_one_says_from_when(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=400)
    writer = await signed_in(ana)
    await writer.post(f"{PLACES}/new", **ACCOUNT)
    page = await writer.follow(
        await writer.post(f"{PLACES}/new", **ACCOUNT | {"answer_account_number": "11112222", "label": "House"})
    )
    tomorrow = utcnow() + timedelta(days=1)
    text = words(page.text)
    assert f"Added. Money can be sent there from {tomorrow.day} {tomorrow:%B %Y}" in text
    assert "House •••• 2222 New" in text
    _, house = await places_of(make, ana)
    text = words((await confirmation(writer, destination=str(house.id))).text)
    assert "This destination is new" in text and "Choose another one" in text
    given = {"key": "k", "asset": "COIN", "amount_minor": "40000", "destination": str(house.id), "fee_minor": "0"}
    refused = await writer.post(CONFIRM, **given)
    assert refused.status_code == 409
    assert f"from {tomorrow.day} {tomorrow:%B %Y}" in words(refused.text)
    assert await all_payouts(make, ana) == []
    page = await writer.follow(await writer.post(f"{PLACES}/{house.id}/default"))
    assert "Payouts go to House, unless you say otherwise." in page.text


async def test_changing_and_removing(make: Any, signed_in: Any) -> None:
    ana, eve = await make.member("ana"), await make.member("eve")
    made = await make.destination(ana)
    writer, stranger = await signed_in(ana), await signed_in(eve)
    for path in (f"{PLACES}/{made.id}", f"{PLACES}/{made.id}/remove"):
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.post(path, **ACCOUNT)).status_code == 404
    page = await writer.get(f"{PLACES}/{made.id}")
    assert "Leave it empty to keep •••• 6789" in page.text and "000123456789" not in page.text
    kept = {"label": "House", "holder": "Ana", "answer_account_number": "", "answer_speed": "express"}
    refused = await writer.post(f"{PLACES}/{made.id}", **kept)
    assert refused.status_code == 422 and "Please enter your password" in refused.text
    page = await writer.follow(await writer.post(f"{PLACES}/{made.id}", **kept, password=PASSWORD))
    assert "Changed." in page.text and "House •••• 6789" in words(page.text)
    page = await writer.follow(
        await writer.post(f"{PLACES}/{made.id}", **kept | {"answer_account_number": "11112222"}, password=PASSWORD)
    )
    assert "Changed. Money can be sent there from" in page.text
    page = await writer.get(f"{PLACES}/{made.id}/remove")
    assert "Remove House?" in page.text
    assert (await writer.post(f"{PLACES}/{made.id}/remove", password="wrong")).status_code == 422
    page = await writer.follow(await writer.post(f"{PLACES}/{made.id}/remove", password=PASSWORD))
    assert "House is removed." in page.text and "No destination yet" in page.text
    assert (await writer.get(f"{PLACES}/{made.id}")).status_code == 404


async def test_who_has_a_second_factor_shows_it_before_the_form(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana")
    made = await make.destination(ana)
    writer = await signed_in(ana)
    await make.phone(ana)
    for path in (f"{PLACES}/new", f"{PLACES}/{made.id}", f"{PLACES}/{made.id}/remove"):
        answer = await writer.get(path)
        assert answer.headers["location"].startswith("/mfa/step-up?next="), path
    answer = await writer.post(f"{PLACES}/{made.id}/remove")
    assert answer.headers["location"].startswith("/mfa/step-up")
    assert len(await places_of(make, ana)) == 1


async def test_withdrawing_credits_with_the_fee_shown_before(make: Any, signed_in: Any, jobs: Any) -> None:
    ana = await make.member("ana")
    await make.credits(ana, promotional=0, earned=1_250, purchased=300)
    place = await make.destination(ana, speed="express")
    writer = await signed_in(ana)
    text = words((await writer.get(HERE)).text)
    assert "USD $12.50 $0.00 $12.50 Withdraw USD" in text
    assert "You have also earned $12.50 of credits. Withdraw USD" in words(
        (await writer.get("/dashboard/earnings")).text
    )
    page = await writer.get(NEW)
    assert "Earned $12.50 Reserved $0.00" in words(page.text) and 'value="12.50"' in page.text
    page = await confirmation(writer, amount="10", destination=str(place.id), asset="USD")
    text = words(page.text)
    assert "Earned, after everybody's share $10.00" in text
    assert "Fee of Test bank minus (0.10)" in text
    assert "You receive $9.90" in text
    assert "To Savings (USD) •••• 6789 Arrives by" in text
    fields = hidden(page.text)
    shown = await writer.post(CONFIRM, **fields | {"fee_minor": "9"})
    assert shown.status_code == 409
    assert "The fee has changed, please look again." in words(shown.text)
    assert await all_payouts(make, ana) == []
    page = await writer.follow(await writer.post(CONFIRM, **fields))
    assert "$10.00 are on their way out." in words(page.text)
    text = words(page.text)
    assert "Credits $10.00 Fee of the transfer $0.10 You receive $9.90" in text
    assert "One is under way" in words((await writer.get(f"{NEW}?asset=USD")).text)
    await drained(make, jobs)
    [payout] = await all_payouts(make, ana)
    assert payout.state == "paid"
    text = words((await writer.get(HERE)).text)
    assert "$10.00 Arrived Savings (USD) •••• 6789 $0.10 $9.90" in text
    assert "USD 1 0 $10.00 $0.10 0" in text
    page = await writer.get(f"{HERE}/{payout.id}/statement")
    text = words(page.text)
    assert page.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert "Payout statement" in text and "For 10.00 USD" in text
    assert "Your earnings 10.00 USD Fee of the transfer -0.10 USD You receive 9.90 USD" in text


async def test_money_that_came_back(make: Any, signed_in: Any, jobs: Any) -> None:
    ana = await make.member("ana")
    await make.credits(ana, promotional=0, earned=1_250)
    place = await make.destination(ana, "FAIL00001234")
    writer = await signed_in(ana)
    await writer.post(CONFIRM, **await asked(writer, amount="12.50", destination=str(place.id), asset="USD"))
    await drained(make, jobs)
    [payout] = await all_payouts(make, ana)
    text = words((await writer.get(f"{HERE}/{payout.id}")).text)
    assert "The bank says that this account is closed. The money is back in your balance" in text
    assert "Money is back" in text
    assert "Failed The bank says that this account is closed" in words((await writer.get(HERE)).text)
    cancelled = await asked(writer, amount="12.50", destination="sandbox_bank", asset="USD")
    page = await writer.follow(await writer.post(CONFIRM, **cancelled))
    latest = (await all_payouts(make, ana))[0]
    page = await writer.follow(await writer.post(f"{HERE}/{latest.id}/cancel"))
    assert "Cancelled. $12.50 are back." in words(page.text)


async def test_filters_pages_and_the_file(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=400)
    await make.credits(ana, promotional=0, earned=1_250)
    for number in range(23):
        async with make.tx(ana) as ctx:
            ctx.now -= timedelta(days=30 - number)
            payout = await actions.request_payout(ctx, key=str(number), asset="USD" if number else "COIN")
            await actions.cancel_payout(ctx, payout.id)
    writer = await signed_in(ana)
    page = await writer.get(HERE)
    assert page.text.count("data-walk") == 20
    found = re.search(r'href="(/dashboard/payouts\?cursor=[^"]+)"', page.text)
    assert found
    assert (await writer.get(unescape(found[1]))).text.count("data-walk") == 3
    assert (await writer.get(f"{HERE}?asset=COIN")).text.count("data-walk") == 1
    text = words((await writer.get(f"{HERE}?state=paid")).text)
    assert "No such payout" in text
    assert (await writer.get(f"{HERE}?state=gone")).status_code == 422
    rows = list(csv.DictReader(io.StringIO((await writer.get(f"{HERE}/export?asset=COIN")).text)))
    assert [(row["asset"], row["amount"], row["state"]) for row in rows] == [("COIN", "400.00", "cancelled")]


async def test_a_month_on_one_sheet(make: Any, signed_in: Any, jobs: Any, client: Any) -> None:
    """Opening balance, what came and went by kind, closing balance: they add up, from the books themselves."""
    ana, bob = await make.member("ana", earned=400), await make.member("bob", purchased=100)
    await make.credits(ana, promotional=0, earned=600)
    await make.credits(bob, promotional=0, purchased=500)
    giver, me = client.as_(bob), client.as_(ana)
    for amount in (10, 20):
        await giver.post("/api/v1/gifts", json={"recipient_id": str(ana.id), "amount": amount})
    undone = (await giver.post("/api/v1/gifts", json={"recipient_id": str(ana.id), "amount": 5})).json()
    await giver.post(f"/api/v1/gifts/{undone['id']}/undo")
    await giver.post("/api/v1/tips", json={"recipient_id": str(ana.id)})
    await make.destination(ana, speed="express")
    await me.post("/api/v1/payouts", json={"asset": "USD", "amount_minor": 500})
    await drained(make, jobs)
    writer = await signed_in(ana)
    month = utcnow().strftime("%Y-%m")
    page = await writer.get(f"{HERE}/statements")
    assert utcnow().strftime("%B %Y") in page.text
    text = words((await writer.get(f"{HERE}/statements/month?month={month}")).text)
    assert "Gifts received 3 14.00" in text
    assert "Gifts received, taken back 1 -2.00" in text
    assert "Left, earned and not paid out 412.00" in text
    assert "Tips received 1 0.97" in text
    assert "Paid out 1 -5.00" in text
    assert "Left, earned and not paid out 1.97" in text
    assert "Savings (USD) •••• 6789 5.00 USD 0.05 USD 4.95 USD" in text
    before = (utcnow().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    assert (await writer.get(f"{HERE}/statements/month?month={before}")).status_code == 404
    pdf = await writer.get(f"{HERE}/statements/month?month={month}&format=pdf")
    assert pdf.headers["content-type"] == "application/pdf" and pdf.content.startswith(b"%PDF")
    assert pdf.headers["content-disposition"] == f'attachment; filename="statement-{month}.pdf"'


async def test_statements_through_the_api(make: Any, client: Any, jobs: Any) -> None:
    ana, eve, boss = await make.member("ana", earned=400), await make.member("eve"), await make.user(roles=("admin",))
    me = client.as_(ana)
    payout = (await me.post("/api/v1/payouts", json={})).json()
    await drained(make, jobs)
    path = f"/api/v1/payouts/{payout['id']}/statement"
    first, again = await me.get(path), await me.get(path)
    assert (first.status_code, first.headers["content-type"]) == (200, "application/pdf")
    assert first.content == again.content, "the same statement gives the same bytes"
    text = words((await me.get(f"{path}?format=html")).text)
    assert "For 400.00 coins" in text
    assert (
        "Readers gave for it 12.82 USD Platform's share -7.69 USD Your earnings 5.13 USD"
        " Fee of the transfer 0.00 USD You receive 5.13 USD"
    ) in text
    for stranger in (client.as_(eve), client.as_(boss)):
        assert (await stranger.get(path)).status_code == 404
    month = utcnow().strftime("%Y-%m")
    sheet = await me.get(f"/api/v1/payouts/statement?month={month}&format=html")
    assert "Paid out 1 -400.00" in words(sheet.text)
    assert (await me.get(f"/api/v1/payouts/statement?month={month}")).content.startswith(b"%PDF")
    assert (await me.get("/api/v1/payouts/statement?month=2020-01")).status_code == 404
    for wrong in ("", "?month=2026", "?month=2026-13", f"?month={month}&format=doc"):
        assert (await me.get(f"/api/v1/payouts/statement{wrong}")).status_code == 422, wrong
    assert (await client.as_(None).get(path)).status_code == 401
