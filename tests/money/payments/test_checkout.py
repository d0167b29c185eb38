"""`/api/v1/checkout`: buying on hosted pages, whatever is sold, and polling for the outcome."""

import asyncio
from typing import Any

import pytest

from stoa.kit.ids import new_id
from stoa.kit.queue import run_due
from tests.money.books import assert_clean, buckets, count


async def purchase(client: Any, body: dict[str, Any], **headers: str) -> Any:
    given = {k.replace("_", "-"): v for k, v in headers.items()}
    return await client.post("/api/v1/checkout/purchase", json=body, headers=given)


async def pay(client: Any, order_id: str) -> Any:
    return await client.post(f"/api/v1/orders/{order_id}/confirm", json={"payment_method_id": "pm_card_visa"})


@pytest.mark.parametrize(
    ("body", "amount", "currency", "words"),
    [
        ({"kind": "coins", "item": {"package_id": 2}}, 999, "USD", "250 + 25 bonus coins"),
        ({"kind": "coins", "item": {"packageId": 1}, "gateway": "sandbox"}, 499, "USD", "100 coins"),
        (
            {"kind": "credits", "item": {"amount_minor": 50_000, "currency": "INR"}, "return_url": "/wallet"},
            50_000,
            "INR",
            "500.00 INR of credit",
        ),
        (
            {"kind": "coins", "item": {"package_id": 1}, "amount_minor": 499, "currency": "USD"},
            499,
            "USD",
            "100 coins",
        ),
    ],
)
async def test_a_purchase(
    app: Any, client: Any, make: Any, body: dict[str, Any], amount: int, currency: str, words: str
) -> None:
    ana, eve = await make.user("ana"), await make.user("eve")
    answer = await purchase(client.as_(ana), body)
    assert answer.status_code == 201, answer.text
    opened = answer.json()
    assert sorted(opened) == ["expires_at", "order_id", "session_id", "url"]
    order = (await client.as_(ana).get(f"/api/v1/orders/{opened['order_id']}")).json()
    assert (order["amount_minor"], order["currency"], order["description"]) == (amount, currency, words)
    assert (order["state"], order["kind"]) == ("pending", body["kind"])
    path = f"/api/v1/checkout/session/{opened['session_id']}"
    seen = (await client.as_(ana).get(path)).json()
    assert seen == {
        "session_id": opened["session_id"],
        "state": "open",
        "order_id": opened["order_id"],
        "order_state": "pending",
        "payment_status": None,
        "failure_message": None,
        "url": opened["url"],
        "expires_at": opened["expires_at"],
    }
    assert (await client.as_(ana).get(f"/api/v1/checkouts/{opened['session_id']}")).json() == seen
    for stranger in (eve, await make.user("boss", roles=("admin",))):
        assert (await client.as_(stranger).get(path)).status_code == 404
    assert (await client.get(path)).status_code == 401
    assert (await client.as_(ana).get(f"/api/v1/checkout/session/{new_id()}")).status_code == 404
    assert (await pay(client.as_(ana), opened["order_id"])).json()["state"] == "paid"
    assert (await client.as_(ana).get(path)).json()["state"] == "cancelled", "it was paid without the page"
    await run_due(app, reraise=True)
    await assert_clean(app)


async def test_what_is_wrong_is_named(app: Any, client: Any, make: Any) -> None:
    me = client.as_(await make.user("ana"))
    coins = {"kind": "coins", "item": {"package_id": 1}}
    for change, field in (
        ({"kind": "air"}, "kind"),
        ({"kind": "Coins!"}, "kind"),
        ({"kind": "membership"}, "kind"),
        ({"item": {}}, "package_id"),
        ({"item": {"package_id": 7}}, "package_id"),
        ({"item": {"package_id": -1}}, "package_id"),
        ({"item": {"package_id": 10**20}}, "package_id"),
        ({"item": {"package_id": "1"}}, "package_id"),
        ({"item": {"package_id": 1.5}}, "package_id"),
        ({"item": [1]}, "item"),
        ({"item": None}, "item"),
        ({"kind": "credits", "item": {"amount_minor": 0, "currency": "USD"}}, "amount"),
        ({"kind": "credits", "item": {"amount_minor": -500, "currency": "USD"}}, "amount"),
        ({"kind": "credits", "item": {"amount_minor": 10**18, "currency": "USD"}}, "amount"),
        ({"kind": "credits", "item": {"amount_minor": 1e9, "currency": "USD"}}, "amount_minor"),
        ({"kind": "credits", "item": {"amount_minor": "500", "currency": "USD"}}, "amount_minor"),
        ({"kind": "credits", "item": {"amount_minor": 500, "currency": "COIN"}}, "currency"),
        ({"kind": "tip", "item": {"recipient_id": "x"}}, "recipient_id"),
        ({"return_url": "https://evil.example/"}, "return_url"),
        ({"amount_minor": 499}, "amount_minor"),
    ):
        answer = await purchase(me, {**coins, **change})
        assert answer.status_code == 422 and field in answer.json()["fields"], (change, answer.text)
    changed = await purchase(me, {**coins, "amount_minor": 498, "currency": "USD"})
    assert (changed.status_code, changed.json()["code"], changed.json()["amount_minor"]) == (409, "price_changed", 499)
    unknown = await purchase(me, {**coins, "gateway": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_gateway")
    assert (await purchase(client, coins)).status_code == 401
    assert await count(app, "select count(*) from orders") == 0


async def test_nobody_offers_tiers_yet(app: Any, client: Any, make: Any) -> None:
    me = client.as_(await make.user("ana"))
    path = "/api/v1/checkout/subscription"
    answer = await me.post(path, json={"tier_id": str(new_id()), "billing": "yearly"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such tier")
    for body in ({}, {"tier_id": "x"}, {"tier_id": str(new_id()), "billing": "weekly"}):
        assert (await me.post(path, json=body)).status_code == 422
    assert (await client.post(path, json={})).status_code == 401
    assert await count(app, "select count(*) from orders") == 0


async def test_a_tier_is_bought_from_whoever_sells_memberships(
    client: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the plug of the kind, which is asked for what it costs."""
    from stoa.money.payments import types
    from stoa.money.payments.types import Quote

    class Tiers:
        async def item(self, ctx: Any, given: dict[str, Any]) -> dict[str, Any]:
            return given

        async def price(self, ctx: Any, item: dict[str, Any]) -> Quote:
            return Quote(900 if item["billing"] == "monthly" else 9900, "USD", "A tier")

    monkeypatch.setitem(types._SOLD, "membership", Tiers())
    me, tier = client.as_(await make.user("ana")), str(new_id())
    opened = await me.post("/api/v1/checkout/subscription", json={"tier_id": tier, "billing": "yearly"})
    assert opened.status_code == 201, opened.text
    order = (await me.get(f"/api/v1/orders/{opened.json()['order_id']}")).json()
    assert (order["kind"], order["amount_minor"], order["item"]) == (
        "membership",
        9900,
        {"tier_id": tier, "billing": "yearly"},
    )


async def test_the_same_key_at_once_is_one_order(app: Any, live: Any, client: Any, make: Any) -> None:
    """M11."""
    ana = await make.user("ana")
    coins = {"kind": "coins", "item": {"package_id": 1}}
    answers = await asyncio.gather(*(purchase(client.as_(ana), coins, Idempotency_Key="buy-1") for _ in range(6)))
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.json()["order_id"] for a in answers if a.status_code == 201}) == 1
    assert await count(app, "select count(*) from orders") == 1
    other = await purchase(client.as_(ana), {"kind": "coins", "item": {"package_id": 2}}, Idempotency_Key="buy-1")
    assert other.status_code == 409
    assert "purchased" not in await buckets(app, ana)


async def test_how_a_session_ends(app: Any, client: Any, make: Any) -> None:
    """Open, failed and open still, paid; and one that another took the place of, and one that ran out."""
    from stoa.money.payments.actions import hosted
    from stoa.money.payments.types import SandboxCard

    me = client.as_(await make.user("ana"))
    opened = (await purchase(me, {"kind": "coins", "item": {"package_id": 1}})).json()
    path = f"/api/v1/checkout/session/{opened['session_id']}"
    async with make.tx() as ctx:
        await hosted.submit_card(ctx, opened["session_id"], SandboxCard("4000000000000002", "12/40", "123"))
    await run_due(app, reraise=True)
    seen = (await me.get(path)).json()
    assert (seen["state"], seen["order_state"], seen["payment_status"]) == ("open", "failed", "failed")
    assert seen["failure_message"] == "The card was declined. Please use another one."
    async with make.tx() as ctx:
        await hosted.submit_card(ctx, opened["session_id"], SandboxCard("4242424242424242", "12/40", "123"))
    await run_due(app, reraise=True)
    seen = (await me.get(path)).json()
    assert (seen["state"], seen["order_state"], seen["payment_status"]) == ("complete", "paid", "succeeded")
    opened = (await purchase(me, {"kind": "coins", "item": {"package_id": 1}})).json()
    again = (await me.post(f"/api/v1/orders/{opened['order_id']}/checkout", json={})).json()
    assert (await me.get(f"/api/v1/checkout/session/{opened['session_id']}")).json()["state"] == "cancelled"
    async with make.tx() as ctx:
        await ctx.db.execute(
            "update checkout_sessions set expires_at = now() where session_id = $1", again["session_id"]
        )
    assert (await me.get(f"/api/v1/checkout/session/{again['session_id']}")).json()["state"] == "expired"
