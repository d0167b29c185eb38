"""Stripe through the public door: our client code against a server that speaks as Stripe documents (M11, M13, M14)."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from stoa.kit.errors import Invalid
from stoa.kit.money import CURRENCIES
from stoa.kit.queue import run_due
from stoa.money.payments.gateways.stripe import to_stripe
from tests.money.books import assert_clean, buckets, count, platform, postings
from tests.money.payments.test_orders import buy, checkout, transfer_of
from tests.money.payments.test_webhooks import outcomes, state_of
from tests.providers.stripe import WEBHOOK_SECRET, StripeServer, standing

HOOK = "/api/v1/webhooks/stripe"


@pytest.fixture
def server(app: Any) -> Iterator[StripeServer]:
    """Stripe is the only gateway, so that orders go to it."""
    with standing(app) as made:
        app.settings = msgspec.structs.replace(app.settings, sandbox=False)
        yield made


async def deliver(client: Any, server: StripeServer, kind: str, about: dict[str, Any], **how: Any) -> Any:
    body, headers = server.event(kind, about, **how)
    return await client.post(HOOK, content=body, headers=headers)


async def told(app: Any, client: Any, server: StripeServer, kind: str, about: dict[str, Any]) -> None:
    answer = await deliver(client, server, kind, about)
    assert answer.status_code == 200, answer.text
    await run_due(app, reraise=True)


async def test_a_purchase_by_card(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    assert (order["state"], order["gateway"], order["payment_id"]) == ("paid", "stripe", "pi_1")
    assert await postings(app, await transfer_of(app, order["id"])) == {
        ("", "USD", "world:stripe"): -499,
        ("", "USD", "coin_sales"): 499,
        ("", "COIN", "issued"): -10_000,
        ("ana", "COIN", "purchased"): 10_000,
    }
    ((_, path, asked),) = server.asked
    assert path == "/v1/payment_intents"
    assert (asked["amount"], asked["currency"], asked["metadata"]) == ("499", "usd", {"order_id": order["id"]})
    await assert_clean(app)


async def test_refused_cards_are_answers(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), "pm_card_chargeDeclined", package=1)).json()
    assert (order["state"], order["failure_code"]) == ("failed", "generic_decline")
    assert order["failure_message"] == "Your card was declined."
    unknown = await buy(client.as_(ana), "pm_of_somebody", package=1)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_payment_method")
    again = await client.as_(ana).post(
        f"/api/v1/orders/{order['id']}/confirm", json={"payment_method_id": "pm_card_visa"}
    )
    assert again.json()["state"] == "paid", again.text
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_a_bank_that_wants_to_see_the_payer(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), "pm_card_authenticationRequired", package=1)).json()
    intent = server.intents[order["payment_id"]]
    assert order["state"] == "pending"
    assert order["next_action"]["url"] == intent["next_action"]["redirect_to_url"]["url"]
    server._succeed(intent)
    await told(app, client, server, "payment_intent.succeeded", intent)
    assert await state_of(client, ana, order) == "paid"
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_another_card_ends_the_attempt_that_waits(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), "pm_card_authenticationRequired", package=1)).json()
    path, body = f"/api/v1/orders/{order['id']}/confirm", {"payment_method_id": "pm_card_visa"}
    assert (await client.as_(ana).post(path, json=body)).json()["state"] == "paid"
    assert [i["status"] for i in server.intents.values()] == ["canceled", "succeeded"]
    await told(app, client, server, "payment_intent.canceled", server.intents[order["payment_id"]])
    assert await outcomes(app) == ["unchanged"]
    assert await state_of(client, ana, order) == "paid"


async def test_no_second_charge_while_the_first_one_is_under_way(
    app: Any, client: Any, make: Any, server: StripeServer
) -> None:
    """The payer has convinced the bank; before we hear of it they try another card."""
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), "pm_card_authenticationRequired", package=1)).json()
    server._succeed(server.intents[order["payment_id"]])
    path, body = f"/api/v1/orders/{order['id']}/confirm", {"payment_method_id": "pm_card_visa"}
    answer = await client.as_(ana).post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_under_way")
    assert len(server.intents) == 1
    assert await buckets(app, ana) == {}
    await told(app, client, server, "payment_intent.succeeded", server.intents[order["payment_id"]])
    assert (await client.as_(ana).post(path, json=body)).json()["state"] == "paid"
    assert len(server.intents) == 1
    assert await buckets(app, ana) == {"purchased": 10_000}


async def test_a_hosted_page(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    first = order["session_id"]
    assert order["url"] == server.sessions[first]["url"]
    again = (await client.as_(ana).post(f"/api/v1/orders/{order['order_id']}/checkout", json={})).json()
    assert [s["status"] for s in server.sessions.values()] == ["expired", "open"]
    await told(app, client, server, "checkout.session.expired", server.sessions[first])
    assert await state_of(client, ana, order) == "pending", "we ended that session ourselves"
    intent = server.pay(again["session_id"])
    await told(app, client, server, "checkout.session.completed", server.sessions[again["session_id"]])
    await told(app, client, server, "payment_intent.succeeded", intent)
    assert await state_of(client, ana, order) == "paid"
    assert await outcomes(app) == ["unchanged", "applied", "unchanged"]
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_a_session_that_ran_out_ends_the_order(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    session = server.sessions[order["session_id"]]
    session["status"] = "expired"
    await told(app, client, server, "checkout.session.expired", session)
    assert await state_of(client, ana, order) == "cancelled"


async def test_a_paid_page_cannot_be_cancelled(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    server.pay(order["session_id"])
    answer = await client.as_(ana).post(f"/api/v1/orders/{order['order_id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_under_way")
    await told(app, client, server, "checkout.session.completed", server.sessions[order["session_id"]])
    assert await state_of(client, ana, order) == "paid"


@pytest.mark.parametrize("mischief", ["timeout", "timeout_after", "crash"])
async def test_an_answer_that_got_lost(app: Any, client: Any, make: Any, server: StripeServer, mischief: str) -> None:
    """The client repeats the request under the same key: one payment."""
    ana = await make.member("ana")
    server.mischief = [mischief]
    assert (await buy(client.as_(ana), package=1)).json()["state"] == "paid"
    assert len(server.intents) == 1
    assert len(server.asked) == 2
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


@pytest.mark.parametrize(
    "mischief", [["timeout_after", "timeout"], ["crash", "crash"], ["limit"], ["denied"], ["timeout", "timeout"]]
)
async def test_a_charge_that_is_given_up_and_made_again(
    app: Any, client: Any, make: Any, server: StripeServer, mischief: list[str]
) -> None:
    """503, and nothing moved here; the same key again gives the one payment, though the order was lost meanwhile."""
    ana = await make.member("ana")
    server.mischief = list(mischief)
    refused = await buy(client.as_(ana), package=1, idempotency_key="once-only")
    assert (refused.status_code, refused.json()["code"]) == (503, "gateway_unavailable")
    assert await count(app, "select count(*) from orders") == 0
    assert await buckets(app, ana) == {}
    for intent in list(server.intents.values()):  # its webhook is faster than the repetition
        assert (await deliver(client, server, "payment_intent.succeeded", intent)).status_code == 200
    await run_due(app)
    order = (await buy(client.as_(ana), package=1, idempotency_key="once-only")).json()
    assert order["state"] == "paid"
    assert list(server.intents) == [order["payment_id"]]
    assert await buckets(app, ana) == {"purchased": 10_000}
    assert await platform(app, "USD", "world:stripe") == -499
    await assert_clean(app)


async def test_pressing_twice_at_once(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    path, body = f"/api/v1/orders/{order['order_id']}/confirm", {"payment_method_id": "pm_card_visa"}
    answers = await asyncio.gather(*(client.as_(ana).post(path, json=body) for _ in range(5)))
    assert {(a.status_code, a.json()["state"]) for a in answers} == {(200, "paid")}
    assert [i["status"] for i in server.intents.values()] == ["succeeded"]
    assert [s["status"] for s in server.sessions.values()] == ["expired"]
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_an_answer_that_is_none(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """As from something between us and Stripe: no JSON, or not a payment."""
    ana = await make.member("ana")
    for mischief in ("gibberish", "another"):
        server.mischief = [mischief]
        refused = await buy(client.as_(ana), package=1)
        assert (refused.status_code, refused.json()["code"]) == (503, "gateway_unavailable")
    assert await buckets(app, ana) == {}


async def test_refunds(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """M13: a part, the same again under its key, and the rest; the webhooks of it are no news."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    path = f"/api/v1/orders/{order['id']}/refund"
    part = {"amount_minor": 199, "reason": "by half"}
    answer = await client.as_(boss).post(path, json=part, headers={"idempotency-key": "half-of-it"})
    assert (answer.status_code, answer.json()["status"]) == (201, "approved"), answer.text
    server.mischief = ["", "timeout_after"]
    await run_due(app, reraise=True)
    assert server.refunded == {order["payment_id"]: 199}
    assert await state_of(client, ana, order) == "partially_refunded"
    made = (await client.as_(boss).get(f"/api/v1/refunds/{answer.json()['id']}")).json()
    assert (made["status"], made["gateway"], made["reference"][:3]) == ("done", "stripe", "re_")
    await told(app, client, server, "charge.refunded", server.charge(order["payment_id"]))
    assert (await client.as_(boss).post(path, json={"reason": "and the rest"})).status_code == 201
    await run_due(app, reraise=True)
    assert (await state_of(client, ana, order), server.refunded) == ("refunded", {order["payment_id"]: 499})
    await told(app, client, server, "charge.refunded", server.charge(order["payment_id"]))
    assert await outcomes(app) == ["unchanged", "unchanged"]
    assert await buckets(app, ana) == {}
    assert await platform(app, "USD", "world:stripe") == 0
    await assert_clean(app)


async def test_a_refund_that_stripe_refuses(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    server.refunded[order["payment_id"]] = 400  # by hand, at Stripe's own desk
    answer = await client.as_(boss).post(f"/api/v1/orders/{order['id']}/refund", json={"reason": "all"})
    assert answer.status_code == 201
    await run_due(app, reraise=True)
    failed = (await client.as_(boss).get(f"/api/v1/refunds/{answer.json()['id']}")).json()
    assert (failed["status"], failed["failure_message"][:6]) == ("failed", "stripe")
    assert await buckets(app, ana) == {"purchased": 10_000}
    await told(app, client, server, "charge.refunded", server.charge(order["payment_id"]))
    assert await state_of(client, ana, order) == "partially_refunded"
    await assert_clean(app)


async def test_the_refund_before_the_success(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    intent = server.pay(order["session_id"])
    server.refunded[intent["id"]] = 499
    await told(app, client, server, "charge.refunded", server.charge(intent["id"]))
    await told(app, client, server, "payment_intent.succeeded", intent)
    await told(app, client, server, "checkout.session.completed", server.sessions[order["session_id"]])
    assert await outcomes(app) == ["applied", "unchanged", "unchanged"]
    assert await state_of(client, ana, order) == "refunded"
    assert await buckets(app, ana) == {}
    assert await platform(app, "USD", "world:stripe") == 0
    await assert_clean(app)


async def test_the_webhook_before_the_answer_of_the_charge(
    app: Any, client: Any, make: Any, server: StripeServer
) -> None:
    from stoa.money.payments.gateways.stripe import Stripe

    ana = await make.member("ana")
    charge = Stripe.charge

    async def charge_and_hear_first(self: Any, ctx: Any, request: Any) -> Any:
        payment = await charge(self, ctx, request)
        await deliver(client, server, "payment_intent.succeeded", server.intents[payment.payment_id])
        return payment

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stripe, "charge", charge_and_hear_first)
        assert (await buy(client.as_(ana), package=1)).json()["state"] == "paid"
    await run_due(app, reraise=True)
    assert await outcomes(app) == ["unchanged"]
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_the_same_event_at_once_and_at_each_address(
    app: Any, client: Any, make: Any, server: StripeServer
) -> None:
    """The addresses of the documents lead into the same inbox."""
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    body, headers = server.event("payment_intent.succeeded", server.pay(order["session_id"]))
    paths = (HOOK, "/webhook/stripe", "/api/payments/webhook", HOOK)
    answers = await asyncio.gather(*(client.post(path, content=body, headers=headers) for path in paths))
    assert [a.status_code for a in answers] == [200] * 4
    assert len({a.json()["id"] for a in answers}) == 1
    await run_due(app, reraise=True)
    assert await count(app, "select deliveries from webhook_events") == 4
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


@pytest.mark.parametrize("path", [HOOK, "/webhook/stripe", "/api/payments/webhook"])
@pytest.mark.parametrize(
    ("how", "verdict"),
    [
        ({"secret": "whsec_of_somebody"}, "bad_signature"),
        ({"secret": ""}, "bad_signature"),
        ({"age_s": 302}, "too_old"),
        ({"age_s": -302}, "too_old"),
    ],
)
async def test_forged_and_old_events(
    app: Any, client: Any, make: Any, server: StripeServer, path: str, how: dict[str, Any], verdict: str
) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    body, headers = server.event("payment_intent.succeeded", server.pay(order["session_id"]), **how)
    assert (await client.post(path, content=body, headers=headers)).status_code == 400
    async with app.database.connection() as db:
        assert await db.fetchval("select verdict from webhook_events") == verdict
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "pending"
    assert await buckets(app, ana) == {}


async def test_a_changed_body_and_signatures_that_are_none(
    app: Any, client: Any, make: Any, server: StripeServer
) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    body, headers = server.event("payment_intent.succeeded", server.pay(order["session_id"]))
    assert (await client.post(HOOK, content=body.replace(b"499", b"999"), headers=headers)).status_code == 400
    assert (await client.post(HOOK, content=body)).status_code == 400
    only_v0 = headers["stripe-signature"].replace("v1=", "v2=")
    assert (await client.post(HOOK, content=body, headers={"stripe-signature": only_v0})).status_code == 400
    assert await buckets(app, ana) == {}


async def test_without_a_secret_nothing_is_believed(app: Any, client: Any, server: StripeServer) -> None:
    app.settings = msgspec.structs.replace(app.settings, stripe_webhook_secret="")
    assert (await deliver(client, server, "ping.pong", {}, secret="")).json()["verdict"] == "bad_signature"


async def test_where_stripe_is_off_its_addresses_are_not_there(client: Any) -> None:
    for path in (HOOK, "/webhook/stripe", "/api/payments/webhook"):
        assert (await client.post(path, content=b"{}")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("customer.created", {"id": "cus_1", "object": "customer"}),
        ("something.entirely.new", {}),
        ("payment_intent.succeeded", {"id": "pi_9", "amount": 1, "currency": "usd", "status": "succeeded"}),
        ("checkout.session.completed", {"id": "cs_9", "amount_total": None, "currency": None, "metadata": {}}),
        ("charge.refunded", {"id": "ch_9", "amount": 1, "currency": "usd", "metadata": {"order_id": "42"}}),
        ("charge.dispute.created", {"id": "dp_9", "status": "needs_response", "payment_intent": None}),
        ("charge.dispute.created", {"id": "dp_9", "status": "warning_needs_response", "payment_intent": "pi_9"}),
    ],
)
async def test_events_that_are_of_no_use_are_kept_and_done(
    app: Any, client: Any, server: StripeServer, kind: str, about: dict[str, Any]
) -> None:
    await told(app, client, server, kind, about)
    assert await outcomes(app) == ["unchanged"]


async def test_an_event_that_is_not_as_documented(app: Any, client: Any, server: StripeServer) -> None:
    for kind, about in (
        ("payment_intent.succeeded", {"id": 5}),
        ("charge.refunded", {}),
        ("charge.dispute.created", {"status": None}),
    ):
        assert (await deliver(client, server, kind, about)).json()["verdict"] == "unreadable"


async def test_a_dispute(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """Its event names the payment only; should it come first, it waits until the payment is known."""
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    intent = server.pay(order["session_id"])
    dispute = {"id": "dp_1", "object": "dispute", "status": "needs_response", "payment_intent": intent["id"]}
    dispute |= {"amount": 499, "currency": "usd", "charge": intent["latest_charge"], "metadata": {}}
    assert (await deliver(client, server, "charge.dispute.created", dispute)).status_code == 200
    await run_due(app)
    assert await outcomes(app) == [None]
    await told(app, client, server, "payment_intent.succeeded", intent)
    await told(app, client, server, "charge.dispute.funds_withdrawn", dispute)
    assert await state_of(client, ana, order) == "disputed"
    await assert_clean(app)


@pytest.mark.parametrize(("word", "ends"), [("winning", "paid"), ("losing", "refunded"), ("other", "disputed")])
async def test_evidence_goes_to_stripe(
    app: Any, client: Any, make: Any, server: StripeServer, word: str, ends: str
) -> None:
    """Files first, then all of it at once, under keys; an answer that is lost is asked for again and found."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    dispute = server.dispute(order["payment_id"])
    await told(app, client, server, "charge.dispute.created", dispute)
    path = f"/api/v1/payments/{order['id']}/dispute"
    found = (await client.as_(boss).get(path)).json()
    assert (found["reference"], found["reason"], found["amount_minor"], found["fee_minor"]) == (
        "dp_1",
        "product_not_received",
        499,
        1500,
    )
    assert await platform(app, "USD", "dispute_fees") == -1500
    parts = [("text", (None, f"It was delivered: {word}_evidence"))]
    parts += [("files", (f"{name}.pdf", b"%PDF-1.4 " + name.encode(), "application/pdf")) for name in ("one", "two")]
    assert (await client.as_(boss).post(f"{path}/evidence", files=parts)).status_code == 201
    server.mischief = ["", "timeout_after", "", "timeout_after"]
    await run_due(app, reraise=True)
    assert len(server.files) == 2 and b"%PDF-1.4 one" in server.files["file_1"]
    assert dispute["evidence"] == {
        "uncategorized_text": f"It was delivered: {word}_evidence",
        "uncategorized_file": "file_1",
        "service_documentation": "file_2",
    }
    found = (await client.as_(boss).get(path)).json()
    assert (found["status"], found["evidence"][0]["status"]) == (dispute["status"], "sent")
    assert await state_of(client, ana, order) == ends
    for kind in ("charge.dispute.updated", "charge.dispute.funds_withdrawn", "charge.dispute.closed"):
        await told(app, client, server, kind, dispute)
    assert await state_of(client, ana, order) == ends
    await assert_clean(app)


async def test_evidence_that_stripe_refuses(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    dispute = server.dispute(order["payment_id"])
    await told(app, client, server, "charge.dispute.created", dispute)
    dispute["status"] = "under_review"
    path = f"/api/v1/payments/{order['id']}/dispute"
    parts = [("text", (None, "It was delivered to their door"))]
    assert (await client.as_(boss).post(f"{path}/evidence", files=parts)).status_code == 201
    await run_due(app, reraise=True)
    (evidence,) = (await client.as_(boss).get(path)).json()["evidence"]
    assert (evidence["status"], evidence["failure_message"]) == ("refused", "This dispute is already closed.")


async def test_an_inquiry_moves_nothing(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    asked = server.dispute(order["payment_id"]) | {"status": "warning_needs_response"}
    await told(app, client, server, "charge.dispute.created", asked)
    assert await state_of(client, ana, order) == "paid"
    await assert_clean(app)


async def test_a_webhook_of_another_amount_is_rejected(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    intent = server.pay(order["session_id"])
    await told(app, client, server, "payment_intent.succeeded", intent | {"amount": 1, "amount_received": 1})
    assert await outcomes(app) == ["rejected"]
    assert await buckets(app, ana) == {}


async def test_what_nobody_paid_is_closed_unless_it_is_being_paid(
    app: Any, client: Any, make: Any, server: StripeServer
) -> None:
    from stoa.money.payments.actions import close_unpaid

    ana = await make.member("ana")
    orders = [(await checkout(client.as_(ana))).json() for _ in range(3)]
    server.pay(orders[0]["session_id"])
    async with make.tx() as ctx:
        await ctx.db.execute("update orders set updated_at = updated_at - interval '2 days'")
        assert await close_unpaid(ctx) == 2
    assert [await state_of(client, ana, o) for o in orders] == ["pending", "cancelled", "cancelled"]
    assert [s["status"] for s in server.sessions.values()] == ["complete", "expired", "expired"]


async def test_the_platform_chooses_where_orders_go(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    with standing(app):
        assert (await buy(client.as_(ana), package=1)).json()["gateway"] == "sandbox"
        async with make.tx() as ctx:
            await ctx.db.execute(
                "insert into platform_config (changes, updated_at) values ($1, now())", {"default_gateway": "stripe"}
            )
        app.cache.clear()
        assert (await buy(client.as_(ana), package=1)).json()["gateway"] == "stripe"
    assert (await buy(client.as_(ana), package=1)).json()["gateway"] == "sandbox", "Stripe is off"
    app.cache.clear()


async def test_the_doctor_asks_stripe(app: Any, server: StripeServer) -> None:
    from stoa.money.payments.errors import GatewayUnavailable
    from stoa.money.payments.gateways.stripe import StripeKeys, ask

    await ask(StripeKeys.of(app.settings), app.http)
    wrong = msgspec.structs.replace(app.settings, stripe_secret_key="sk_test_wrong")
    with pytest.raises(GatewayUnavailable):
        await ask(StripeKeys.of(wrong), app.http)
    assert WEBHOOK_SECRET not in repr(app.settings)


def test_amounts_as_stripe_counts_them() -> None:
    """No decimals: whole units; three decimals: in steps of ten. What it counts otherwise is not sold."""
    assert [to_stripe(500, c) for c in ("USD", "JPY", "KRW")] == [500, 500, 500]
    assert to_stripe(5_120, "KWD") == 5_120
    with pytest.raises(Invalid):
        to_stripe(5_124, "KWD")
    assert not {"ISK", "UGX", "MGA"} & CURRENCIES.keys()
