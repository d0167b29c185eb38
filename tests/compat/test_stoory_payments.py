"""Stoory's payments: an order, its checkout, the proof of it, the list of orders; by the sandbox and by Razorpay."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from stoa.kit.queue import run_due
from stoa.money.payments.actions import hosted
from stoa.money.payments.types import SandboxCard
from tests.money.books import assert_clean, buckets, count, postings
from tests.money.payments.test_orders import buy, transfer_of
from tests.money.payments.test_razorpay import credits_of
from tests.providers.razorpay import KEY_ID, RazorpayServer, standing

CREATE, VERIFY, ORDERS = (f"/api/payments/{name}" for name in ("create-order", "verify-payment", "orders"))
GOOD = SandboxCard("4242 4242 4242 4242", "12/40", "123")
ASKS = SandboxCard("4000 0025 0000 3155", "12/40", "123")


@pytest.fixture
def razorpay(app: Any) -> Iterator[RazorpayServer]:
    with standing(app) as made:
        yield made


async def created(client: Any, **body: Any) -> dict[str, Any]:
    answer = await client.post(CREATE, json=body or {"amount": 500})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def told_in(address: str | None) -> dict[str, str]:
    """What stands in the query of an address."""
    return dict(parse_qsl(urlsplit(address or "").query))


async def paid(make: Any, made: dict[str, Any]) -> dict[str, str]:
    """The payer types a good card on the sandbox's page; what stands in the address they come back to."""
    async with make.tx() as ctx:
        return told_in((await hosted.submit_card(ctx, made["order"]["razorpay_order_id"], GOOD)).redirect_url)


async def test_an_order_at_the_sandbox(app: Any, client: Any, make: Any) -> None:
    """The same flow without an account: its own order, its own signature, really verified."""
    ana = await make.member("ana")
    me = client.as_(ana)
    made = await created(me, amount=499.5, return_url="/wallet?from=stoory")
    order = made["order"]
    assert made == {
        "success": True,
        "message": "Order created",
        "order": {
            "id": order["id"],
            "razorpay_order_id": order["razorpay_order_id"],
            "razorpay_payment_id": None,
            "kind": "credits",
            "description": "499.50 INR of credit",
            "amount": 499.5,
            "refunded_amount": 0.0,
            "currency": "INR",
            "status": "pending",
            "gateway": "sandbox",
            "created_at": order["created_at"],
            "updated_at": order["updated_at"],
        },
        "key_id": "sandbox",
        "checkout_url": f"{app.settings.base_url}/sandbox/checkout/{order['razorpay_order_id']}",
        "expires_at": made["expires_at"],
    }
    assert order["razorpay_order_id"].startswith("order_test_")
    back = await paid(make, made)
    assert back.pop("from") == "stoory"
    assert set(back) == {"razorpay_order_id", "razorpay_payment_id", "razorpay_signature"}
    answer = await me.post(VERIFY, json=back)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["success"], told["message"]) == (True, "Payment verified")
    assert (told["order"]["status"], told["order"]["razorpay_payment_id"]) == ("paid", back["razorpay_payment_id"])
    assert await postings(app, await transfer_of(app, order["id"], "credit_purchase")) == {
        ("", "INR", "world:sandbox"): -49_950,
        ("ana", "INR", "purchased"): 49_950,
    }
    await run_due(app, reraise=True)  # the sandbox's webhooks of it
    assert (await me.post(VERIFY, json=back)).json()["success"] is True
    assert await credits_of(app, ana) == {"purchased": 49_950}
    await assert_clean(app)


async def test_the_webhook_is_faster_than_the_payer(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    made = await created(client.as_(ana))
    back = await paid(make, made)
    await run_due(app, reraise=True)
    assert await credits_of(app, ana) == {"purchased": 50_000}
    assert (await client.as_(ana).post(VERIFY, json=back)).json()["success"] is True
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await assert_clean(app)


async def test_a_proof_is_a_payment_method_everywhere(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    made = await created(client.as_(ana))
    back = await paid(make, made)
    path = f"/api/v1/orders/{made['order']['id']}/confirm"
    forged = await client.as_(ana).post(path, json={"payment_method_id": "order_test_1|pay_test_1|" + "0" * 64})
    assert (forged.status_code, forged.json()["code"]) == (422, "unknown_payment_method")
    answer = await client.as_(ana).post(path, json={"payment_method_id": "|".join(back.values())})
    assert (answer.status_code, answer.json()["state"]) == (200, "paid"), answer.text
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await assert_clean(app)


async def test_a_bank_that_wants_to_see_the_payer(app: Any, client: Any, make: Any) -> None:
    """The proof stands in the address only once the bank has agreed."""
    ana = await make.member("ana")
    made = await created(client.as_(ana))
    session_id = made["order"]["razorpay_order_id"]
    async with make.tx() as ctx:
        asked = await hosted.submit_card(ctx, session_id, ASKS)
        challenge = urlsplit(asked.redirect_url or "")
        assert challenge.path.startswith("/sandbox/3ds/") and not challenge.query
        refused = await hosted.answer_challenge(ctx, challenge.path.rpartition("/")[2], approve=False)
        assert refused.redirect_url == made["checkout_url"], "another card may be tried"
        again = await hosted.submit_card(ctx, session_id, ASKS)
        payment_id = urlsplit(again.redirect_url or "").path.rpartition("/")[2]
        agreed = [await hosted.answer_challenge(ctx, payment_id, approve=True) for _ in range(2)]
        pressed = await hosted.submit_card(ctx, session_id, GOOD)
    back = told_in(agreed[0].redirect_url)
    assert back["razorpay_payment_id"] == payment_id
    assert {agreed[1].redirect_url, pressed.redirect_url} == {agreed[0].redirect_url}, "pressing twice changes nothing"
    assert (await client.as_(ana).post(VERIFY, json=back)).json()["success"] is True
    assert await credits_of(app, ana) == {"purchased": 50_000}


@pytest.mark.parametrize("at", ["sandbox", "razorpay"])
async def test_forgeries(app: Any, client: Any, make: Any, at: str, request: Any) -> None:
    """Another's order, another's payment, a signature of one's own: nothing moves."""
    server = request.getfixturevalue("razorpay") if at == "razorpay" else None
    ana, eve = await make.member("ana"), await make.member("eve")
    mine, hers = await created(client.as_(eve)), await created(client.as_(ana))
    if server:
        good = server.proof(server.pay(hers["order"]["razorpay_order_id"]))
        unpaid = server.proof({"order_id": mine["order"]["razorpay_order_id"], "id": "pay_1"}, secret="guessed")
    else:
        good = await paid(make, hers)
        unpaid = good | {"razorpay_order_id": mine["order"]["razorpay_order_id"]}
    assert (await client.as_(eve).post(VERIFY, json=good)).status_code == 404
    for forged in (
        unpaid,
        good | {"razorpay_order_id": mine["order"]["razorpay_order_id"]},
        unpaid | {"razorpay_signature": "0" * 64},
    ):
        answer = await client.as_(eve).post(VERIFY, json=forged)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_payment_method"), forged
        assert list(answer.json()["fields"]) == ["razorpay_signature"]
    assert (await client.post(VERIFY, json=good)).status_code == 401
    assert await credits_of(app, eve) == await credits_of(app, ana) == {}
    assert await count(app, "select count(*) from orders where fulfilled_at is not null") == 0
    assert (await client.as_(ana).post(VERIFY, json=good)).json()["success"] is True


async def test_an_order_at_razorpay(app: Any, client: Any, make: Any, razorpay: RazorpayServer) -> None:
    """Rupees in paise over there; a repeated key is the same order."""
    ana = await make.member("ana")
    me = client.as_(ana)
    answers = [await me.post(CREATE, json={"amount": 499.5}, headers={"idempotency-key": "once"}) for _ in range(2)]
    made = answers[0].json()
    assert answers[1].json() == made
    order = made["order"]
    assert (made["key_id"], made["checkout_url"], order["gateway"]) == (KEY_ID, None, "razorpay")
    over_there = razorpay.orders[order["razorpay_order_id"]]
    assert (over_there["amount"], over_there["currency"], over_there["receipt"]) == (49_950, "INR", order["id"])
    assert over_there["notes"] == {"order_id": order["id"]}
    proof = razorpay.proof(razorpay.pay(over_there["id"], "authorized"))
    verified = await asyncio.gather(*(me.post(VERIFY, json=proof) for _ in range(5)))
    assert [(a.status_code, a.json()["success"]) for a in verified] == [(200, True)] * 5
    assert razorpay.orders[over_there["id"]]["status"] == "paid", "it was captured"
    assert await postings(app, await transfer_of(app, order["id"], "credit_purchase")) == {
        ("", "INR", "world:razorpay"): -49_950,
        ("ana", "INR", "purchased"): 49_950,
    }
    await assert_clean(app)


async def test_a_payment_that_failed(app: Any, client: Any, make: Any, razorpay: RazorpayServer) -> None:
    ana = await make.member("ana")
    made = await created(client.as_(ana))
    opened = made["order"]["razorpay_order_id"]
    told = (await client.as_(ana).post(VERIFY, json=razorpay.proof(razorpay.pay(opened, "failed")))).json()
    assert (told["success"], told["order"]["status"]) == (False, "failed")
    assert told["message"] == "Payment was unsuccessful as you may have cancelled it."
    again = await client.as_(ana).post(VERIFY, json=razorpay.proof(razorpay.pay(opened)))
    assert again.json()["success"] is True
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await assert_clean(app)


async def test_razorpay_does_not_answer(app: Any, client: Any, make: Any, razorpay: RazorpayServer) -> None:
    ana = await make.member("ana")
    razorpay.mischief = ["timeout", "timeout"]
    refused = await client.as_(ana).post(CREATE, json={"amount": 500}, headers={"idempotency-key": "once"})
    assert (refused.status_code, refused.json()["code"]) == (503, "gateway_unavailable")
    assert await count(app, "select count(*) from orders") == 0
    answer = await client.as_(ana).post(CREATE, json={"amount": 500}, headers={"idempotency-key": "once"})
    proof = razorpay.proof(razorpay.pay(answer.json()["order"]["razorpay_order_id"]))
    razorpay.mischief = ["crash", "crash"]
    assert (await client.as_(ana).post(VERIFY, json=proof)).status_code == 503
    assert await credits_of(app, ana) == {}
    assert (await client.as_(ana).post(VERIFY, json=proof)).json()["success"] is True


async def test_coins(app: Any, client: Any, make: Any, razorpay: RazorpayServer) -> None:
    """A package at its price, M3."""
    ana = await make.member("ana")
    wrong = await client.as_(ana).post(CREATE, json={"kind": "coins", "package_id": 2, "amount": 5})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["amount_minor"]) == (409, "price_changed", 999)
    assert await count(app, "select count(*) from orders") == 0
    made = await created(client.as_(ana), kind="coins", package_id=2, amount=9.99)
    order = made["order"]
    assert (order["kind"], order["amount"], order["currency"]) == ("coins", 9.99, "USD")
    proof = razorpay.proof(razorpay.pay(order["razorpay_order_id"]))
    assert (await client.as_(ana).post(VERIFY, json=proof)).json()["success"] is True
    assert await buckets(app, ana) == {"purchased": 27_500}
    await assert_clean(app)


async def test_the_list_of_orders(app: Any, client: Any, make: Any, razorpay: RazorpayServer) -> None:
    ana, ben, chief = await make.member("ana"), await make.member("ben"), await make.user("chief", roles=("admin",))
    me = client.as_(ana)
    bought = (await buy(me, package=1)).json()
    made = await created(me)
    body = (await me.get(ORDERS)).json()
    assert (body["success"], body["next_cursor"]) == (True, None)
    first, second = body["orders"]
    assert first == made["order"]
    assert (second["id"], second["razorpay_order_id"], second["status"]) == (bought["id"], None, "paid")
    assert second["razorpay_payment_id"] == bought["payment_id"]
    page = (await me.get(ORDERS, params={"limit": 1})).json()
    rest = (await me.get(ORDERS, params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert (page["orders"], rest["orders"]) == ([first], [second])
    path = f"{ORDERS}/{first['id']}"
    assert (await me.get(path)).json() == {"success": True, "order": first}
    assert (await client.as_(chief).get(path)).json()["order"] == first
    assert (await client.as_(ben).get(path)).status_code == 404
    assert (await client.as_(ben).get(ORDERS)).json()["orders"] == []
    assert [(await client.get(p)).status_code for p in (ORDERS, path)] == [401, 401]
    for nobody in ("order_of_nobody", "00000000-0000-7000-8000-000000000000"):
        assert (await me.get(f"{ORDERS}/{nobody}")).status_code == 404, nobody


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": 0.5}, "amount"),
        ({"amount": 500.001}, "amount"),
        ({"amount": 1e9}, "amount"),
        ({"amount": 1e300}, "amount"),
        ({"amount": "500"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 500, "currency": "XYZ"}, "currency"),
        ({"amount": 500, "currency": "COIN"}, "currency"),
        ({"amount": 500, "currency": "inr"}, "currency"),
        ({"kind": "coins"}, "package_id"),
        ({"kind": "coins", "package_id": 99}, "package_id"),
        ({"kind": "deal", "amount": 500}, "kind"),
        ({"amount": 500, "return_url": "https://elsewhere.example/"}, "return_url"),
    ],
)
async def test_what_cannot_be_ordered(app: Any, client: Any, make: Any, body: dict[str, Any], field: str) -> None:
    ana = await make.member("ana")
    answer = await client.as_(ana).post(CREATE, json=body)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field]), answer.text
    assert await count(app, "select count(*) from orders") == 0


async def test_what_is_no_proof(client: Any, make: Any) -> None:
    ana = await make.member("ana")
    answer = await client.as_(ana).post(VERIFY, json={"razorpay_order_id": "a|b", "razorpay_payment_id": ""})
    assert (answer.status_code, sorted(answer.json()["fields"])) == (
        422,
        ["razorpay_order_id", "razorpay_payment_id", "razorpay_signature"],
    )
    proof = {"razorpay_order_id": "o", "razorpay_payment_id": "p", "razorpay_signature": "s"}
    assert (await client.as_(ana).post(VERIFY, json=proof)).status_code == 404


async def test_where_nobody_can_be_paid_this_way(app: Any, client: Any, make: Any) -> None:
    ana, settings = await make.member("ana"), app.settings
    app.settings = msgspec.structs.replace(settings, sandbox=False)
    answer = await client.as_(ana).post(CREATE, json={"amount": 500})
    app.settings = settings
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_gateway")
