"""A tip by card from its page to the page of its checkout, and what that says at each turn."""

import re
from datetime import timedelta
from typing import Any

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.queue import run_due
from stoa.money.payments.actions import hosted
from stoa.money.payments.types import SandboxCard
from tests.front.test_wallet_pages import form, words
from tests.money.books import assert_clean, count
from tests.money.wallet.test_card_tips import earned
from tests.money.wallet.test_credits import no_promotional

CARD = SandboxCard("4242424242424242", "12/40", "123")
DECLINED = SandboxCard("4000000000000002", "12/40", "123")


async def creator(make: Any, name: str) -> Any:
    """Somebody with a site."""
    user = await make.user(name)
    async with make.tx(user) as ctx:
        await ctx.db.fetchval("select sites_open_default($1, gen_random_uuid(), now())", user.id)
    return user


async def begun(reader: Any, amount: str = "3") -> tuple[str, str]:
    """The address of the gateway's page for a tip to ana, and the session."""
    given = form((await reader.get("/@ana/tip")).text, "/tips")
    answer = await reader.post("/tips", **given, amount=amount, by="card")
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    return address, address.rpartition("/")[2]


async def own_page(app: Any, session_id: str) -> str:
    async with app.database.connection() as db:
        url: str = await db.fetchval("select return_url from checkout_sessions where session_id = $1", session_id)
    return url.removeprefix("http://testserver")


async def test_a_tip_by_card(app: Any, make: Any, signed_in: Any) -> None:
    ana, ben = await creator(make, "ana"), await make.user("ben")
    await no_promotional(make, ben)
    reader = await signed_in(ben)
    page = words((await reader.get("/@ana/tip")).text)
    assert "There is not enough credit in your wallet" in page and "Pay the tip by card" in page
    assert "Send the tip from your wallet" not in page
    address, session_id = await begun(reader)
    assert address.startswith("http://testserver/sandbox/checkout/")
    here = await own_page(app, session_id)
    assert re.fullmatch(r"/s/ana/checkout/[0-9a-f-]{36}", here)
    page = await reader.get(here)
    assert "Waiting for the payment" in words(page.text) and f'hx-get="{here}"' in page.text
    assert f'href="{here}"' in page.text, "a link for who has no JavaScript"
    assert f'href="{address}"' in page.text
    async with make.tx() as ctx:
        answer = await hosted.submit_card(ctx, session_id, CARD)
    assert answer.redirect_url == f"http://testserver{here}"
    await run_due(app, reraise=True)
    part = await reader.get(here, **{"HX-Request": "true"})
    assert "<html" not in part.text and "hx-get" not in part.text
    assert "Thank you Superlike of 3.00 USD for @ana: $3.00 paid" in words(part.text)
    assert 'href="/@ana"' in part.text
    assert await earned(app, ana) == 291
    order_id = re.search(r'href="/account/payments/([0-9a-f-]+)"', part.text)[1]  # type: ignore[index]
    assert "Your tip has arrived" in words((await reader.get(f"/wallet/orders/{order_id}")).text)
    page = await reader.get(f"/account/payments/{order_id}")
    assert 'href="/@ana"' in page.text
    movement = re.search(r'href="(/wallet/transfers/[0-9a-f-]+)"', page.text)[1]  # type: ignore[index]
    assert "For charity: 1 % of the tip" in words((await reader.get(movement)).text)
    other = await signed_in(ana)
    assert "by card" in words((await other.get("/wallet/history")).text)
    assert "Superlike of 3.00 USD for @ana" in words((await other.get("/dashboard/payments")).text)
    assert (await other.get(here)).status_code == 404
    await assert_clean(app)


async def test_declined_expired_and_given_up(app: Any, make: Any, signed_in: Any) -> None:
    await creator(make, "ana")
    reader = await signed_in(await make.user("ben"))
    _, session_id = await begun(reader)
    here = await own_page(app, session_id)
    async with make.tx() as ctx:
        await hosted.submit_card(ctx, session_id, DECLINED)
    await run_due(app, reraise=True)
    page = await reader.get(here)
    said = "The payment was declined The card was declined. Please use another one. Nothing was charged."
    assert said in words(page.text)
    again = await reader.post(f"{here}/again", **form(page.text, f"{here}/again"))
    assert again.status_code == 303 and "/sandbox/checkout/" in again.headers["location"]
    second = await own_page(app, again.headers["location"].rpartition("/")[2])
    assert second != here
    async with make.tx() as ctx:
        await ctx.db.execute("update checkout_sessions set expires_at = $1", utcnow() - timedelta(minutes=1))
    page = await reader.get(second)
    assert "The payment page has run out" in words(page.text)
    for _ in range(2):
        given = await reader.post(f"{second}/cancel", **form(page.text, f"{second}/cancel"))
        assert given.headers["location"] == second
    assert "It was given up" in words((await reader.get(second)).text)
    assert (await reader.post(f"{second}/again", **form(page.text, f"{second}/again"))).headers["location"] == second
    assert await count(app, "select count(*) from order_payments where captured_minor > 0") == 0


async def test_it_stands_on_the_site_of_whom_it_is_for(app: Any, make: Any, signed_in: Any) -> None:
    await creator(make, "ana")
    await creator(make, "eve")
    reader = await signed_in(await make.user("ben"))
    _, session_id = await begun(reader)
    here = await own_page(app, session_id)
    for address in (
        here.replace("/s/ana/", "/s/eve/"),
        here.replace("/s/ana/", "/s/nobody/"),
        "/s/ana/checkout/cs_test_none",
        "/s/ana/checkout/00000000-0000-7000-8000-000000000000",
    ):
        assert (await reader.get(address)).status_code == 404, address
    assert (await reader.get(f"/s/ana/checkout/{session_id}")).status_code == 200
    stranger = await signed_in(await make.user("sam"))
    for how in ("", "/again", "/cancel"):
        answer = await (stranger.get(here) if not how else stranger.post(here + how))
        assert answer.status_code == 404, how


async def test_a_foreign_page_is_reached_by_one_of_ours(
    app: Any, make: Any, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our policy lets no form end elsewhere: a page between leads on."""
    import msgspec

    from tests.providers.stripe import standing

    await creator(make, "ana")
    reader = await signed_in(await make.user("ben"))
    with standing(app) as server:
        app.settings = msgspec.structs.replace(app.settings, sandbox=False)
        given = form((await reader.get("/@ana/tip")).text, "/tips")
        answer = await reader.post("/tips", **given, amount="1", by="card")
        (session,) = server.sessions.values()
    assert answer.status_code == 200
    assert f'content="0;url={session["url"]}"' in answer.text and "On to the payment" in words(answer.text)


async def test_a_double_click_is_one_order(app: Any, make: Any, signed_in: Any) -> None:
    await creator(make, "ana")
    reader = await signed_in(await make.user("ben"))
    given = form((await reader.get("/@ana/tip")).text, "/tips")
    for _ in range(2):
        assert (await reader.post("/tips", **given, amount="1", by="card")).status_code == 303
    assert await count(app, "select count(*) from orders") == 1
    assert await count(app, "select count(*) from checkout_sessions where closed_at is null") == 1
    other = await reader.post("/tips", **given, amount="3", by="card")
    assert other.status_code == 409 and "This key belongs to another order" in words(other.text)
