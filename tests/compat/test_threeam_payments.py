"""Each row of 3AM's payments that has to do with credits, tips and payouts: the body, and the postings."""

from typing import Any

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.days import business_days_after
from tests.money.books import assert_clean, count, postings
from tests.money.payments.test_orders import transfer_of
from tests.money.wallet.test_credits import no_promotional

BAD = [-1, 0, 0.5, 10_001, 10**9, 10**30, 1e9, 10.001, 1e-7, "50", "1e9", "", None, True, [], {}]


def buying(user: Any, amount: Any = 50, method: str = "pm_card_visa") -> dict[str, Any]:
    return {"user_id": str(user.id), "amount": amount, "payment_method_id": method}


def tipping(user: Any, amount: Any = 1, username: str = "creator1") -> dict[str, Any]:
    return {"from_user_id": str(user.id), "to_creator_username": username, "amount": amount}


async def test_intent(app: Any, client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    me = client.as_(ana)
    answer = await me.post("/api/payments/intent", json={"amount": 12.5})
    assert answer.status_code == 201, answer.text
    intent = answer.json()["payment_intent"]
    assert (intent["amount"], intent["currency"], intent["status"]) == (12.5, "USD", "pending")
    status = (await me.get(f"/api/v1/checkouts/{intent['session_id']}")).json()
    assert (status["order_id"], status["state"]) == (intent["id"], "open")
    assert intent["checkout_url"].endswith(intent["session_id"])
    assert (await me.post("/api/payments/intent", json={"amount": 5, "user_id": str(ben.id)})).status_code == 404
    for amount in BAD:
        refused = await me.post("/api/payments/intent", json={"amount": amount})
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["amount"]), amount
    assert await count(app, "select count(*) from orders") == 1
    await assert_clean(app)


async def test_credits_purchase(app: Any, client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    me = client.as_(ana)
    answer = await me.post("/api/payments/credits/purchase", json=buying(ana))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    transaction = body["transaction"]
    assert body == {
        "transaction": {
            "id": transaction["id"],
            "from_user_id": None,
            "to_user_id": str(ana.id),
            "amount": 50.0,
            "platform_fee": 0.0,
            "charity_fee": 0.0,
            "tax": 0.0,
            "net_amount": 50.0,
            "currency": "USD",
            "type": "purchase",
            "status": "completed",
            "stripe_payment_id": transaction["stripe_payment_id"],
            "created_at": transaction["created_at"],
        },
        "failure_message": None,
        "next_action_url": None,
    }
    assert await postings(app, await transfer_of(app, transaction["id"], "credit_purchase")) == {
        ("", "USD", "world:sandbox"): -5_000,
        ("ana", "USD", "purchased"): 5_000,
    }
    declined = await me.post("/api/payments/credits/purchase", json=buying(ana, method="pm_card_chargeDeclined"))
    assert (declined.status_code, declined.json()["transaction"]["status"]) == (201, "failed")
    assert declined.json()["failure_message"].startswith("The card was declined")
    before = await count(app, "select count(*) from ledger_transfers")
    assert (await me.post("/api/payments/credits/purchase", json=buying(ben))).status_code == 404
    assert (await client.post("/api/payments/credits/purchase", json=buying(ana))).status_code == 401
    for amount in BAD:
        refused = await me.post("/api/payments/credits/purchase", json=buying(ana, amount))
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["amount"]), amount
    assert await count(app, "select count(*) from ledger_transfers") == before
    await assert_clean(app)


@pytest.mark.parametrize(
    ("amount", "kind", "net", "platform", "charity"),
    [(1, "tip", 0.97, 0.02, 0.01), (3, "superlike", 2.91, 0.06, 0.03)],
)
async def test_tip(
    app: Any, client: Any, make: Any, amount: int, kind: str, net: float, platform: float, charity: float
) -> None:
    """M8."""
    viewer, creator = await make.user("viewer"), await make.user("creator1")
    await no_promotional(make, viewer)
    me = client.as_(viewer)
    await me.post("/api/payments/credits/purchase", json=buying(viewer))
    headers = {"Idempotency-Key": "k"}
    answer = await me.post("/api/payments/tip", json=tipping(viewer, amount), headers=headers)
    assert answer.status_code == 201, answer.text
    transaction = answer.json()["transaction"]
    assert transaction == {
        "id": transaction["id"],
        "from_user_id": str(viewer.id),
        "to_user_id": str(creator.id),
        "amount": float(amount),
        "platform_fee": platform,
        "charity_fee": charity,
        "tax": 0.0,
        "net_amount": net,
        "currency": "USD",
        "type": kind,
        "status": "completed",
        "stripe_payment_id": None,
        "created_at": transaction["created_at"],
    }
    tip = (await me.get(f"/api/v1/tips/{transaction['id']}")).json()
    assert await postings(app, tip["transfer_id"]) == {
        ("viewer", "USD", "purchased"): -amount * 100,
        ("creator1", "USD", "earned"): round(net * 100),
        ("", "USD", "fees"): round(platform * 100),
        ("", "USD", "charity"): round(charity * 100),
    }
    again = await me.post("/api/payments/tip", json=tipping(viewer, amount), headers=headers)
    assert again.json() == answer.json()
    assert await count(app, "select count(*) from tips") == 1
    await assert_clean(app)


async def test_refused_tips(app: Any, client: Any, make: Any) -> None:
    viewer, creator = await make.user("viewer"), await make.user("creator1")
    me = client.as_(viewer)
    before = await count(app, "select count(*) from ledger_transfers")
    for amount in (-1, 0, 2, 4, 1.5, 10**9, 10**30, 1e9, "1", "1e9", "", None, True, [], {}):
        refused = await me.post("/api/payments/tip", json=tipping(viewer, amount))
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["amount"]), amount
    assert (await me.post("/api/payments/tip", json=tipping(creator))).status_code == 404
    assert (await me.post("/api/payments/tip", json=tipping(viewer, username="nobody"))).status_code == 404
    assert (await me.post("/api/payments/tip", json=tipping(viewer, username="viewer"))).status_code in (409, 422)
    assert await count(app, "select count(*) from ledger_transfers") == before
    assert await count(app, "select count(*) from tips") == 0
    await assert_clean(app)


async def test_balance(client: Any, make: Any) -> None:
    ana, ben, chief = await make.user("ana"), await make.user("ben"), await make.user("chief", roles=("admin",))
    me = client.as_(ana)
    await me.post("/api/payments/credits/purchase", json=buying(ana, 12.34))
    expected = {
        "balance": {
            "user_id": str(ana.id),
            "balance": 50_012.34,
            "reserved_balance": 0.0,
            "promotional": 50_000.0,
            "purchased": 12.34,
            "earned": 0.0,
            "currency": "USD",
        }
    }
    for who in (me, client.as_(chief)):
        answer = await who.get(f"/api/payments/balance/{ana.id}")
        assert (answer.status_code, answer.json()) == (200, expected)
    assert (await client.as_(ben).get(f"/api/payments/balance/{ana.id}")).status_code == 404
    assert (await client.get(f"/api/payments/balance/{ana.id}")).status_code == 401
    for path in ("ana", "00000000-0000-7000-8000-000000000000"):
        assert (await client.as_(chief).get(f"/api/payments/balance/{path}")).status_code == 404


async def test_withdraw(app: Any, client: Any, make: Any) -> None:
    """M7, M8, M9: what was earned is reserved, once for each key; nothing is taken from it again but the fee."""
    ana, ben = await make.user("ana"), await make.user("ben")
    await make.credits(ana, promotional=0, purchased=2_000, earned=1_500)
    await make.destination(ana, speed="express")
    me = client.as_(ana)
    headers = {"Idempotency-Key": "w"}
    answer = await me.post("/api/payments/withdraw", json={"user_id": str(ana.id), "amount": 12.5}, headers=headers)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    transaction = body["transaction"]
    assert body == {
        "transaction": {
            "id": transaction["id"],
            "from_user_id": str(ana.id),
            "to_user_id": None,
            "amount": 12.5,
            "platform_fee": 0.0,
            "charity_fee": 0.0,
            "provider_fee": 0.13,
            "net_amount": 12.37,
            "currency": "USD",
            "type": "payout",
            "status": "pending",
            "stripe_payment_id": None,
            "metadata": {
                "destination": "Savings (USD) •••• 6789",
                "arrives": 12.37,
                "arrives_currency": "USD",
                "arrives_by": business_days_after(utcnow().date(), 1).isoformat(),
            },
            "created_at": transaction["created_at"],
        },
        "balance": {
            "user_id": str(ana.id),
            "balance": 22.5,
            "reserved_balance": 12.5,
            "promotional": 0.0,
            "purchased": 20.0,
            "earned": 2.5,
            "currency": "USD",
        },
    }
    payout = (await me.get(f"/api/v1/payouts/{transaction['id']}")).json()
    async with make.tx() as ctx:
        hold_id = await ctx.db.fetchval("select hold_id from payouts where id = $1", payout["id"])
    assert await postings(app, hold_id) == {("ana", "USD", "earned"): -1_250, ("ana", "USD", "earned_reserved"): 1_250}
    again = await me.post("/api/payments/withdraw", json={"user_id": str(ana.id), "amount": 12.5}, headers=headers)
    assert again.json() == body
    before = await count(app, "select count(*) from ledger_transfers")
    refused = [
        ({"user_id": str(ana.id), "amount": 2.5}, 409),
        ({"user_id": str(ben.id), "amount": 12.5}, 404),
        *[({"user_id": str(ana.id), "amount": amount}, 422) for amount in (-5, 0, 5.001, 10**30, "5", None, True, [])],
    ]
    for given, status in refused:
        assert (await me.post("/api/payments/withdraw", json=given)).status_code == status, given
    short = await client.as_(ben).post("/api/payments/withdraw", json={"user_id": str(ben.id), "amount": 10**9})
    assert (short.status_code, short.json()["code"]) == (409, "not_earned"), "promotional credit is no earning"
    assert (await client.post("/api/payments/withdraw", json=refused[0][0])).status_code == 401
    assert await count(app, "select count(*) from ledger_transfers") == before
    assert await count(app, "select count(*) from payouts") == 1
    await assert_clean(app)
