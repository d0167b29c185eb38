"""DreamDot's checkout, redeeming what was earned, and its list of transactions."""

from typing import Any

from stoa.kit.clock import utcnow
from stoa.kit.days import business_days_after
from tests.compat.test_threeam_payments import BAD
from tests.money.books import assert_clean, count, postings


async def test_create_checkout_session(app: Any, client: Any, make: Any) -> None:
    ana = await make.user("ana")
    me = client.as_(ana)
    path = "/api/payment/create-checkout-session"
    answer = await me.post(path, json={"amount": 20}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["amount"], body["currency"]) == (20.0, "USD")
    assert body["url"].endswith(body["session_id"])
    assert (await me.get(f"/api/v1/checkouts/{body['session_id']}")).json()["order_id"] == body["order_id"]
    assert (await me.post(path, json={"amount": 20}, headers={"Idempotency-Key": "k"})).json() == body
    paid = await me.post(f"/api/v1/orders/{body['order_id']}/confirm", json={"payment_method_id": "pm_card_visa"})
    assert (paid.json()["kind"], paid.json()["state"]) == ("credits", "paid")
    balance = (await me.get(f"/api/payments/balance/{ana.id}")).json()["balance"]
    assert (balance["purchased"], balance["balance"]) == (20.0, 50_020.0)
    for amount in BAD:
        refused = await me.post(path, json={"amount": amount})
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["amount"]), amount
    refused = await me.post(path, json={"amount": 5, "return_url": "https://elsewhere.example/"})
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["return_url"])
    assert (await client.post(path, json={"amount": 5})).status_code == 401
    assert await count(app, "select count(*) from orders") == 1
    await assert_clean(app)


async def test_transactions(client: Any, make: Any) -> None:
    ana, ben, chief = await make.user("ana"), await make.user("ben"), await make.user("chief", roles=("admin",))
    me = client.as_(ana)
    tip = {"from_user_id": str(ana.id), "to_creator_username": "ben", "amount": 3}
    sent = await me.post("/api/payments/tip", json=tip)
    assert sent.status_code == 201
    path = f"/api/payment/transactions/{ana.id}"
    body = (await me.get(path)).json()
    first, second = body["transactions"]
    assert first == {
        "id": first["id"],
        "type": "tip",
        "description": "You tipped @ben a superlike of 3.00 USD",
        "changes": [{"currency": "USD", "amount": -3.0}],
        "is_reversed": False,
        "created_at": first["created_at"],
    }
    assert (second["type"], second["changes"]) == (
        "welcome",
        [{"currency": "COIN", "amount": 100.0}, {"currency": "USD", "amount": 50_000.0}],
    )
    assert body["next_cursor"] is None
    page = (await me.get(path, params={"limit": 1})).json()
    rest = (await me.get(path, params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert (page["transactions"], rest["transactions"]) == ([first], [second])
    assert (await client.as_(chief).get(path)).json() == body
    assert (await client.as_(ben).get(path)).status_code == 404
    assert (await client.get(path)).status_code == 401
    for nobody in ("ana", "00000000-0000-7000-8000-000000000000"):
        assert (await client.as_(chief).get(f"/api/payment/transactions/{nobody}")).status_code == 404


async def test_redeem_balance(app: Any, client: Any, make: Any) -> None:
    """Only what was earned (M4), once for each key, reserved at once (M9)."""
    ana = await make.user("ana")
    await make.credits(ana, purchased=2_000, earned=1_500)
    me = client.as_(ana)
    headers = {"Idempotency-Key": "r"}
    answer = await me.post("/api/payment/redeem-balance", json={"amount": 5}, headers=headers)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body == {
        "payout_id": body["payout_id"],
        "amount": 5.0,
        "fee": 0.0,
        "currency": "USD",
        "arrives": 5.0,
        "arrives_currency": "USD",
        "arrives_by": business_days_after(utcnow().date(), 5).isoformat(),
        "destination": f"Test bank account (USD) •••• {ana.id.hex[-4:].upper()}",
        "status": "pending",
        "redeemable_balance": 10.0,
    }
    async with make.tx() as ctx:
        hold_id = await ctx.db.fetchval("select hold_id from payouts")
    assert await postings(app, hold_id) == {("ana", "USD", "earned"): -500, ("ana", "USD", "earned_reserved"): 500}
    again = await me.post("/api/payment/redeem-balance", json={"amount": 5}, headers=headers)
    assert again.json() == body
    open_one = await me.post("/api/payment/redeem-balance", json={"amount": 5})
    assert (open_one.status_code, open_one.json()["code"]) == (409, "payout_open")
    await me.post(f"/api/v1/payouts/{body['payout_id']}/cancel")
    for amount in (-5, 0, 5.001, 10**30, "5", True, []):
        assert (await me.post("/api/payment/redeem-balance", json={"amount": amount})).status_code == 422, amount
    assert (await me.post("/api/payment/redeem-balance", json={"amount": 10**9})).json()["code"] == "not_earned"
    whole = (await me.post("/api/payment/redeem-balance", json={})).json()
    assert (whole["amount"], whole["redeemable_balance"]) == (15.0, 0.0)
    ben = await make.user("ben")
    short = await client.as_(ben).post("/api/payment/redeem-balance", json={})
    assert (short.status_code, short.json()["code"]) == (409, "below_minimum"), "the initial balance is no earning"
    assert (await client.post("/api/payment/redeem-balance", json={})).status_code == 401
    await assert_clean(app)
