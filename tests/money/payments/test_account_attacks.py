"""What somebody who knows the secrets of their own gateway cannot do: speak of other people's orders and payments."""

import json
from typing import Any
from uuid import UUID

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ids import new_id
from stoa.kit.queue import run_due
from tests.money.books import assert_clean, count
from tests.money.payments.test_accounts import HOOK, connect, deliver, signed
from tests.money.payments.test_accounts import stripe as stripe
from tests.money.payments.test_orders import checkout as coins
from tests.money.wallet.test_card_tips import checkout, earned, pay
from tests.providers.stripe_accounts import StripeWorld


async def state(client: Any, user: Any, order_id: str) -> str:
    found: str = (await client.as_(user).get(f"/api/v1/orders/{order_id}")).json()["state"]
    return found


async def two(make: Any, client: Any, stripe: StripeWorld) -> tuple[Any, Any, Any]:
    """ana and eve, each with an account of their own, and ben who pays."""
    ana, eve, ben = await make.user("ana"), await make.user("eve"), await make.user("ben")
    stripe.account("acct_eve", "sk_live_of_eve_1234")
    assert (await connect(client, ana)).status_code == 200
    assert (await connect(client, eve, "sk_live_of_eve_1234", "whsec_of_eve_9999")).status_code == 200
    return ana, eve, ben


def forged(order_id: str, amount: int, payment_id: str = "pi_forged", status: str = "succeeded") -> dict[str, Any]:
    """A PaymentIntent that never was."""
    return {
        "id": payment_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_received": amount if status == "succeeded" else 0,
        "currency": "usd",
        "status": status,
        "metadata": {"order_id": order_id},
        "latest_charge": None,
        "last_payment_error": None,
        "next_action": None,
    }


async def nothing_moved(app: Any) -> None:
    assert await count(app, "select count(*) from ledger_transfers where kind <> 'welcome'") == 0
    assert await count(app, "select count(*) from order_payments where captured_minor > 0") == 0
    await assert_clean(app)


async def test_no_order_of_others_is_marked_as_paid(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """Neither the platform's, nor another creator's, by their ids or by the ids of their payments."""
    ana, eve, ben = await two(make, client, stripe)
    for_platform = (await coins(client.as_(ben))).json()
    for_ana = (await checkout(client.as_(ben), ana)).json()
    server = stripe.accounts["acct_eve"]
    for order, amount in ((for_platform, 499), (for_ana, 100)):
        intent = forged(order["order_id"], amount)
        for kind in ("payment_intent.succeeded", "payment_intent.canceled", "payment_intent.payment_failed"):
            answer = await deliver(client, eve, server, kind, intent, secret="whsec_of_eve_9999")
            assert answer.status_code == 200
        session = {"id": order["session_id"], "status": "expired", "metadata": {"order_id": order["order_id"]}}
        session |= {"amount_total": amount, "currency": "usd", "payment_status": "unpaid"}
        ended = await deliver(client, eve, server, "checkout.session.expired", session, secret="whsec_of_eve_9999")
        assert ended.status_code == 200
    await run_due(app)
    for order in (for_platform, for_ana):
        assert await state(client, ben, order["order_id"]) == "pending"
    assert await count(app, "select count(*) from webhook_events where outcome is not null") == 0
    await nothing_moved(app)


async def test_their_own_order_is_paid_when_their_gateway_says_so(
    app: Any, client: Any, make: Any, stripe: StripeWorld
) -> None:
    """And not when the event does, which they can write themselves; nor is it refunded, to have less on the invoice."""
    ana, _, ben = await two(make, client, stripe)
    opened = (await checkout(client.as_(ben), ana, True)).json()
    server = stripe.accounts["acct_ana"]
    intent = forged(opened["order_id"], 300)
    assert (await deliver(client, ana, server, "payment_intent.succeeded", intent)).status_code == 200
    await run_due(app, reraise=True)
    assert await state(client, ben, opened["order_id"]) == "pending"
    await nothing_moved(app)
    paid = (await pay(client.as_(ben), opened["order_id"])).json()
    assert paid["state"] == "paid"
    refund = server.charge(paid["payment_id"]) | {"amount_refunded": 300, "refunded": True}
    assert (await deliver(client, ana, server, "charge.refunded", refund)).status_code == 200
    await run_due(app, reraise=True)
    assert await state(client, ben, opened["order_id"]) == "paid"
    server.refunded[paid["payment_id"]] = 300  # by ana, at Stripe's own desk
    told = server.charge(paid["payment_id"])
    assert (await deliver(client, ana, server, "charge.refunded", told)).status_code == 200
    await run_due(app, reraise=True)
    assert await state(client, ben, opened["order_id"]) == "refunded"
    await assert_clean(app)


async def test_ids_of_events_and_payments_do_not_collide(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """Each account counts from one: its pi_… and evt_1 are its own, and take nobody else's place."""
    ana, eve, ben = await two(make, client, stripe)
    orders: dict[str, str] = {}
    for name, opened in (
        ("acct_platform", (await coins(client.as_(ben))).json()),
        ("acct_ana", (await checkout(client.as_(ben), ana)).json()),
        ("acct_eve", (await checkout(client.as_(ben), eve)).json()),
    ):
        orders[name] = opened["order_id"]
    # eve is first, with everybody's ids
    for name, owner, secret in (
        ("acct_eve", eve, "whsec_of_eve_9999"),
        ("acct_ana", ana, HOOK),
        ("acct_platform", None, "whsec_of_this_machine"),
    ):
        server = stripe.accounts[name]
        (session_id,) = server.sessions
        intent = server.pay(session_id)
        assert intent["id"] == "pi_2"
        if owner is not None:
            how = {"secret": secret, "event_id": "evt_1"}
            answer = await deliver(client, owner, server, "payment_intent.succeeded", intent, **how)
        else:
            body, headers = server.event("payment_intent.succeeded", intent, event_id="evt_1")
            answer = await client.post("/api/v1/webhooks/stripe", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
    await run_due(app, reraise=True)
    assert await count(app, "select count(*) from webhook_events where outcome = 'applied'") == 3
    for order_id in orders.values():
        assert await state(client, ben, order_id) == "paid"
    assert await count(app, "select count(*) from order_payments where payment_id = 'pi_2'") == 3
    await assert_clean(app)


async def test_another_account_at_our_own_address(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """A connected account's events are signed as ours are; what its owner wrote into them touches no other's orders."""
    _, _, ben = await two(make, client, stripe)
    order = (await coins(client.as_(ben))).json()
    server = stripe.accounts["acct_eve"]
    for account_id in ("acct_eve", "acct_nobody"):
        body, _ = server.event("payment_intent.succeeded", forged(order["order_id"], 499))
        extra = f'"object":"event","account":"{account_id}"'.encode()
        body, headers = signed(body.replace(b'"object":"event"', extra))
        assert (await client.post("/api/v1/webhooks/stripe", content=body, headers=headers)).status_code == 200
    await run_due(app, reraise=True)
    assert await state(client, ben, order["order_id"]) == "pending"
    assert await count(app, "select count(*) from webhook_events where outcome = 'unchanged'") == 2
    await nothing_moved(app)


async def test_each_secret_opens_one_address(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    ana, eve, ben = await two(make, client, stripe)
    opened = (await checkout(client.as_(ben), ana)).json()
    server = stripe.accounts["acct_ana"]
    intent = server.pay(opened["session_id"])
    for owner, secret in ((ana, "whsec_of_eve_9999"), (eve, HOOK), (ana, "whsec_of_this_machine"), (ana, "")):
        answer = await deliver(client, owner, server, "payment_intent.succeeded", intent, secret=secret)
        assert (answer.status_code, answer.json()["verdict"]) == (400, "bad_signature")
    body, headers = server.event("payment_intent.succeeded", intent, secret=HOOK)
    assert (await client.post("/api/v1/webhooks/stripe", content=body, headers=headers)).status_code == 400
    old = await deliver(client, ana, server, "payment_intent.succeeded", intent, age_s=600)
    assert (old.status_code, old.json()["verdict"]) == (400, "too_old")
    for path in (
        f"/api/v1/webhooks/stripe/{ben.id}",
        f"/api/v1/webhooks/stripe/{new_id()}",
        "/api/v1/webhooks/stripe/ana",
        f"/api/v1/webhooks/razorpay/{ana.id}",
        f"/api/v1/webhooks/xendit/{ana.id}",
    ):
        assert (await client.post(path, content=body, headers=headers)).status_code == 404, path
    await run_due(app)
    assert await state(client, ben, opened["order_id"]) == "pending"
    await nothing_moved(app)
    health = (await client.as_(ana).get("/api/v1/payment-gateway/stripe/status")).json()["health"]
    assert (health["state"], health["refused"]) == ("failing", 4)


async def test_a_flood_at_one_address_hides_nothing_at_ours(
    app: Any, client: Any, make: Any, stripe: StripeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stoa.money.payments.actions import webhooks

    monkeypatch.setattr(webhooks, "UNBELIEVED_PER_MINUTE", 3)
    ana, _, _ = await two(make, client, stripe)
    for _ in range(5):
        assert (await client.post(f"/api/v1/webhooks/stripe/{ana.id}", content=b"junk")).status_code == 400
    for _ in range(5):
        assert (await client.post("/api/v1/webhooks/stripe", content=b"junk")).status_code == 400
    assert await count(app, "select count(*) from webhook_events where account_id is null") == 3
    assert await count(app, "select count(*) from webhook_events where account_id is not null") == 3


NOBODYS = str(UUID(int=1))


@pytest.mark.parametrize(
    "body",
    [
        {"id": "evt_\0", "type": "payment_intent.succeeded", "data": {"object": forged(NOBODYS, 5)}},
        {"id": "evt_1", "type": "payment_intent.\0", "data": {"object": forged(NOBODYS, 5)}},
        {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": forged(NOBODYS, 5, "pi_\0")}},
        {
            "id": "evt_1",
            "type": "charge.dispute.created",
            "data": {
                "object": {
                    "id": "dp_1",
                    "status": "needs_response",
                    "payment_intent": "pi_1",
                    "evidence_details": {"due_by": 10**18},
                }
            },
        },
        b'{"id": "evt_1", "type": "other", "data": {"object": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ],
)
async def test_what_they_sign_is_read_or_refused(
    app: Any, client: Any, make: Any, stripe: StripeWorld, body: dict[str, Any] | bytes
) -> None:
    """No event of theirs is a fault of ours, whatever it is made of."""
    ana = await make.user("ana")
    assert (await connect(client, ana)).status_code == 200
    content, headers = signed(body if isinstance(body, bytes) else json.dumps(body).encode(), HOOK)
    answer = await client.post(f"/api/v1/webhooks/stripe/{ana.id}", content=content, headers=headers)
    assert (answer.status_code, answer.json()["verdict"]) == (400, "unreadable")


async def test_dead_letters_are_seen_and_repeated(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """A creator's gateway is silent for a day while an event of it waits: it is given up, and sent again."""
    from datetime import timedelta

    ana, _, ben = await two(make, client, stripe)
    boss = await make.user("boss", roles=("admin",))
    opened = (await checkout(client.as_(ben), ana)).json()
    server = stripe.accounts["acct_ana"]
    intent = server.pay(opened["session_id"])
    sent = (await deliver(client, ana, server, "payment_intent.succeeded", intent)).json()
    server.mischief = ["crash"] * 60
    await run_due(app)
    await run_due(app, now=utcnow() + timedelta(days=1))
    status = "/api/v1/payment-gateway/stripe/status"
    health = (await client.as_(ana).get(status)).json()["health"]
    assert (health["state"], health["dead"], health["waiting"]) == ("failing", 1, 0)
    every = (await client.as_(boss).get("/api/v1/webhook-events/health")).json()
    assert [(row["gateway"], row["owner"], row["state"], row["dead"]) for row in every] == [
        ("stripe", "ana", "failing", 1)
    ]
    assert (await client.as_(ana).get("/api/v1/webhook-events/health")).status_code == 403
    server.mischief = []
    assert (await client.as_(boss).post(f"/api/v1/webhook-events/{sent['id']}/repeat")).status_code == 202
    await run_due(app, reraise=True)
    assert await state(client, ben, opened["order_id"]) == "paid"
    assert (await client.as_(ana).get(status)).json()["health"]["state"] == "well"
    assert await earned(app, ana) == 0
    await assert_clean(app)
