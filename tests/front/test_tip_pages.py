"""The page of a tip, credits in the wallet, and where both are seen afterwards (M4, M8)."""

from typing import Any

import pytest

from stoa.money.wallet.queries import wallet
from tests.front.test_wallet_pages import form, words
from tests.money.books import assert_clean, count
from tests.money.wallet.test_credits import no_promotional


async def cents(make: Any, user: Any) -> int:
    """What somebody can spend in US cents."""
    async with make.tx(user) as ctx:
        held = await wallet(ctx, user.id)
    return sum(one.total_minor for one in held.currencies if one.asset == "USD")


async def test_a_superlike_from_a_post(app: Any, make: Any, signed_in: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    post = await make.post(ana, title="Worth something")
    reader = await signed_in(ben)
    assert f'href="/p/{post.slug}/tip"' in (await reader.get(f"/p/{post.slug}")).text
    assert 'href="/@ana/tip"' in (await reader.get("/@ana")).text
    page = await reader.get(f"/p/{post.slug}/tip")
    text = words(page.text)
    assert "Of $1.00 $0.97 for ana, $0.02 for the platform, $0.01 for charity" in text
    assert "Of $3.00 $2.91 for ana, $0.06 for the platform, $0.03 for charity" in text
    assert "A tip cannot be taken back" in text and "It arrives as promotional credit" in text
    given = form(page.text, "/tips")
    for _ in range(2):  # a double click
        answer = await reader.post("/tips", **given, amount="3")
    assert answer.headers["location"] == f"/p/{post.slug}"
    assert "You tipped ana $3.00." in (await reader.follow(answer)).text
    assert (await cents(make, ben), await cents(make, ana)) == (4_999_700, 5_000_291)
    await assert_clean(app)


async def test_a_tip_is_among_the_payments(make: Any, signed_in: Any) -> None:
    await make.user("ana")
    ben = await make.user("ben")
    reader = await signed_in(ben)
    await reader.post("/tips", **form((await reader.get("/@ana/tip")).text, "/tips"), amount="1")
    page = await reader.get("/account/payments?kind=tip")
    assert "Tip of 1.00 USD" in words(page.text)
    assert "You tipped @ana 1.00 USD" in words((await reader.get("/wallet/history")).text)
    path = page.text.split('href="/account/payments/')[1].split('"')[0]
    page = await reader.get(f"/account/payments/{path}")
    assert "See the movement" in page.text
    movement = await reader.get("/wallet/transfers/" + page.text.split('href="/wallet/transfers/')[1].split('"')[0])
    assert "For charity: 1 % of what was paid with promotional credit" in words(movement.text)
    assert (await reader.get(f"/account/payments/{path}/receipt")).status_code == 200


async def test_what_is_refused_says_why(app: Any, make: Any, signed_in: Any) -> None:
    await make.user("ana")
    ben = await make.user("ben")
    await no_promotional(make, ben)
    reader = await signed_in(ben)
    before = await count(app, "select count(*) from ledger_transfers")
    assert (await reader.get("/@ben/tip")).status_code == 422
    assert (await reader.get("/@nobody/tip")).status_code == 404
    page = await reader.get("/@ana/tip")
    assert "There is not enough credit in your wallet" in words(page.text)
    given = form(page.text, "/tips")
    answer = await reader.post("/tips", **given, amount="1")
    assert answer.status_code == 409 and "You have 0.00 USD of credit for this" in words(answer.text)
    for amount in ("2", "0", "-1", "1e9", "3.0", "", "one"):
        answer = await reader.post("/tips", **given, amount=amount)
        assert answer.status_code == 422, amount
    assert (await reader.post("/tips", **{**given, "recipient_id": "x"}, amount="1")).status_code == 422
    assert await count(app, "select count(*) from ledger_transfers") == before
    assert await count(app, "select count(*) from tips") == 0


async def test_credit_is_added_on_the_gateways_page(make: Any, signed_in: Any) -> None:
    reader = await signed_in(await make.user("ben"))
    page = await reader.get("/wallet")
    given = form(page.text, "/wallet/credits")
    answer = await reader.post("/wallet/credits", **given, amount="12.50", currency="EUR")
    assert answer.status_code == 303 and "/sandbox/checkout/" in answer.headers["location"]
    page = await reader.get("/wallet/orders")
    assert "12.50 EUR of credit" in words(page.text)


@pytest.mark.parametrize("amount", ["-5", "0", "0.5", "1e3", "1e9", "99999999", "1.234", "five", "", "NaN", "١٢"])
async def test_bad_amounts_of_credit_come_back_with_the_form(app: Any, make: Any, signed_in: Any, amount: str) -> None:
    reader = await signed_in(await make.user("ben"))
    given = form((await reader.get("/wallet")).text, "/wallet/credits")
    answer = await reader.post("/wallet/credits", **given, amount=amount, currency="USD")
    assert answer.status_code == 422 and "Nothing was bought" in answer.text
    answer = await reader.post("/wallet/credits", **given, amount="5", currency="COIN")
    assert answer.status_code == 422
    assert await count(app, "select count(*) from orders") == 0
