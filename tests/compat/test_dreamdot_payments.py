"""DreamDot's checkout and its list of transactions."""

from typing import Any

from tests.compat.test_threeam_payments import BAD
from tests.money.books import assert_clean, count


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
