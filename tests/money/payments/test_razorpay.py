"""Razorpay through the public door: our client code against a server that speaks as Razorpay documents (M11, M13)."""

import asyncio
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.kit.queue import run_due
from stoa.money.payments.actions import asking
from stoa.money.payments.errors import EvidenceRefused, GatewayUnavailable
from stoa.money.payments.gateways import Evidence, EvidenceFile
from stoa.money.payments.gateways.proofs import Proof, proof_in
from stoa.money.payments.gateways.razorpay import Razorpay, RazorpayKeys
from stoa.money.payments.gateways.razorpay.talking import to_razorpay
from tests.money.books import assert_clean, count, platform, postings
from tests.money.payments.test_orders import transfer_of
from tests.money.payments.test_webhooks import outcomes, state_of
from tests.providers.razorpay import WEBHOOK_SECRET, RazorpayServer, standing

HOOK = "/api/v1/webhooks/razorpay"
PDF = EvidenceFile("delivery.pdf", "application/pdf", b"%PDF-1.7 the parcel arrived")


@pytest.fixture
def server(app: Any) -> Iterator[RazorpayServer]:
    """Razorpay is the only gateway, so that orders go to it."""
    with standing(app) as made:
        app.settings = msgspec.structs.replace(app.settings, sandbox=False)
        yield made


def gateway(app: Any) -> Razorpay:
    return Razorpay(RazorpayKeys.of(app.settings))


async def checkout(client: Any, amount_minor: int = 50_000, currency: str = "INR", **headers: str) -> Any:
    body = {"amount_minor": amount_minor, "currency": currency, "return_url": "/wallet?bought=1"}
    headers = {name.replace("_", "-"): content for name, content in headers.items()}
    return await client.post("/api/v1/wallet/credits/checkout", json=body, headers=headers)


async def opened(make: Any, client: Any, name: str = "ana") -> tuple[Any, dict[str, Any]]:
    """Somebody with an order that waits on Razorpay's page."""
    user = await make.member(name)
    answer = await checkout(client.as_(user))
    assert answer.status_code == 201, answer.text
    return user, answer.json()


async def credits_of(app: Any, user: Any, asset: str = "INR") -> dict[str, int]:
    async with app.database.connection() as db:
        rows = await db.fetch(
            "select purpose, balance_minor from ledger_accounts where owner_id = $1 and asset = $2", user.id, asset
        )
    return {r["purpose"]: r["balance_minor"] for r in rows if r["balance_minor"]}


async def deliver(client: Any, server: RazorpayServer, kind: str, **about: Any) -> Any:
    body, headers = server.event(kind, **about)
    return await client.post(HOOK, content=body, headers=headers)


async def told(app: Any, client: Any, server: RazorpayServer, kind: str, **about: Any) -> None:
    answer = await deliver(client, server, kind, **about)
    assert answer.status_code == 200, answer.text
    await run_due(app, reraise=True)


async def settled(app: Any, client: Any, server: RazorpayServer, order: dict[str, Any]) -> dict[str, Any]:
    """The payer pays on the page, and we hear of it; the payment."""
    payment = server.pay(order["session_id"])
    await told(app, client, server, "payment.captured", payment=payment)
    return payment


# ---- the hosted page


async def test_a_hosted_page(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order = await opened(make, client)
    link = server.links[order["session_id"]]
    assert order["url"] == link["short_url"]
    assert (link["amount"], link["currency"], link["reference_id"]) == (50_000, "INR", f"{order['order_id']}-0")
    assert link["notes"] == {"order_id": order["order_id"]}
    assert link["callback_url"] == f"{app.settings.base_url}/wallet?bought=1"
    assert "customer" not in link, "nobody's address is handed on"
    payment = server.pay(order["session_id"])
    made = server.orders[payment["order_id"]]
    await told(app, client, server, "payment_link.paid", payment=payment, order=made, payment_link=link)
    await told(app, client, server, "payment.captured", payment=payment)
    await told(app, client, server, "order.paid", payment=payment, order=made)
    assert await outcomes(app) == ["applied", "unchanged", "unchanged"]
    assert await state_of(client, ana, order) == "paid"
    assert await postings(app, await transfer_of(app, order["order_id"], "credit_purchase")) == {
        ("", "INR", "world:razorpay"): -50_000,
        ("ana", "INR", "purchased"): 50_000,
    }
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await assert_clean(app)


async def test_another_page_ends_the_first(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order = await opened(make, client)
    again = (await client.as_(ana).post(f"/api/v1/orders/{order['order_id']}/checkout", json={})).json()
    assert [link["status"] for link in server.links.values()] == ["cancelled", "created"]
    first = server.links[order["session_id"]]
    await told(app, client, server, "payment_link.cancelled", payment_link=first)
    assert await state_of(client, ana, order) == "pending", "we ended that link ourselves"
    await settled(app, client, server, again)
    assert await outcomes(app) == ["unchanged", "applied"]
    assert await credits_of(app, ana) == {"purchased": 50_000}


async def test_a_link_that_ran_out_ends_the_order(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order = await opened(make, client)
    link = server.links[order["session_id"]] | {"status": "expired"}
    await told(app, client, server, "payment_link.expired", payment_link=link)
    assert await state_of(client, ana, order) == "cancelled"
    assert await credits_of(app, ana) == {}


async def test_a_payment_that_failed_and_the_next_one(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order = await opened(make, client)
    failed = server.pay(order["session_id"], "failed")
    await told(app, client, server, "payment.failed", payment=failed)
    shown = (await client.as_(ana).get(f"/api/v1/orders/{order['order_id']}")).json()
    assert (shown["state"], shown["failure_code"]) == ("failed", "BAD_REQUEST_ERROR")
    assert shown["failure_message"] == "Payment was unsuccessful as you may have cancelled it."
    await settled(app, client, server, order)
    assert await state_of(client, ana, order) == "paid"
    await assert_clean(app)


async def test_a_paid_page_cannot_be_cancelled(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order = await opened(make, client)
    payment = server.pay(order["session_id"])
    answer = await client.as_(ana).post(f"/api/v1/orders/{order['order_id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_under_way")
    await told(app, client, server, "payment.captured", payment=payment)
    assert await state_of(client, ana, order) == "paid"


async def test_cards_are_not_typed_here(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    """The page that is open stays so."""
    ana, order = await opened(make, client)
    path = f"/api/v1/orders/{order['order_id']}/confirm"
    for method in ("pm_card_visa", "card_1", "order_1|pay_1", "||", "a|b|c|d"):
        answer = await client.as_(ana).post(path, json={"payment_method_id": method})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_payment_method"), method
    assert server.links[order["session_id"]]["status"] == "created"
    assert await state_of(client, ana, order) == "pending"
    assert await credits_of(app, ana) == {}


@pytest.mark.parametrize("mischief", [["timeout"], ["timeout_after"], ["crash"]])
async def test_an_answer_that_got_lost(
    app: Any, client: Any, make: Any, server: RazorpayServer, mischief: list[str]
) -> None:
    """It is asked for again, under the same name: one link."""
    server.mischief = mischief
    ana, order = await opened(make, client)
    assert list(server.links) == [order["session_id"]]
    await settled(app, client, server, order)
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await assert_clean(app)


@pytest.mark.parametrize("mischief", [["timeout_after", "timeout"], ["crash", "crash"], ["limit"], ["denied"]])
async def test_a_checkout_that_is_given_up_and_made_again(
    app: Any, client: Any, make: Any, server: RazorpayServer, mischief: list[str]
) -> None:
    """503, and nothing is kept here; the same key again gives the one link."""
    ana = await make.member("ana")
    server.mischief = list(mischief)
    refused = await checkout(client.as_(ana), idempotency_key="once-only")
    assert (refused.status_code, refused.json()["code"]) == (503, "gateway_unavailable")
    assert await count(app, "select count(*) from orders") == 0
    order = (await checkout(client.as_(ana), idempotency_key="once-only")).json()
    assert list(server.links) == [order["session_id"]]
    await settled(app, client, server, order)
    assert await state_of(client, ana, order) == "paid"


async def test_a_name_that_was_used_for_a_link_which_has_ended(
    app: Any, client: Any, make: Any, server: RazorpayServer
) -> None:
    ana = await make.member("ana")
    server.mischief = ["timeout_after", "timeout"]
    assert (await checkout(client.as_(ana), idempotency_key="once-only")).status_code == 503
    (lost,) = server.links.values()
    lost["status"] = "expired"
    order = (await checkout(client.as_(ana), idempotency_key="once-only")).json()
    assert server.links[order["session_id"]]["reference_id"] == f"{order['order_id']}-1"


@pytest.mark.parametrize("mischief", ["gibberish", "another"])
async def test_an_answer_that_is_none(app: Any, client: Any, make: Any, server: RazorpayServer, mischief: str) -> None:
    ana = await make.member("ana")
    server.mischief = [mischief]
    refused = await checkout(client.as_(ana))
    assert (refused.status_code, refused.json()["code"]) == (503, "gateway_unavailable")
    assert await count(app, "select count(*) from orders") == 0


async def test_the_keys_of_another_account(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    """They are changed while orders are open: what was begun there cannot be ended, and can be paid anew here."""
    ana, order, opened_id = await ordered(app, make, client, server)
    await client.as_(ana).post(f"/api/v1/orders/{order['id']}/checkout", json={})
    with standing(app) as other:
        again = await client.as_(ana).post(f"/api/v1/orders/{order['id']}/checkout", json={})
        assert again.status_code == 201, again.text
        payment = other.pay(again.json()["session_id"])
        proof = server.proof(server.pay(opened_id))
        assert (await confirm(client, ana, order, proof)).status_code == 422, "that payment is not here"
        await told(app, client, other, "payment.captured", payment=payment)
    assert await state_of(client, ana, order) == "paid"
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await assert_clean(app)


# ---- proofs of Standard Checkout


async def ordered(app: Any, make: Any, client: Any, server: RazorpayServer) -> tuple[Any, dict[str, Any], str]:
    """Somebody, an order of Stoory's, and Razorpay's order for it."""
    ana = await make.member("ana")
    answer = await client.as_(ana).post("/api/payments/create-order", json={"amount": 500})
    assert answer.status_code == 201, answer.text
    order = answer.json()["order"]
    return ana, order, order["razorpay_order_id"]


async def confirm(client: Any, user: Any, order: dict[str, Any], proof: dict[str, str]) -> Any:
    method = "|".join(proof[f"razorpay_{part}"] for part in ("order_id", "payment_id", "signature"))
    return await client.as_(user).post(f"/api/v1/orders/{order['id']}/confirm", json={"payment_method_id": method})


@pytest.mark.parametrize("status", ["captured", "authorized"])
async def test_a_proof_pays(app: Any, client: Any, make: Any, server: RazorpayServer, status: str) -> None:
    """A payment that is only authorized is captured; the webhooks of it are no news."""
    ana, order, opened_id = await ordered(app, make, client, server)
    payment = server.pay(opened_id, status)
    answer = await confirm(client, ana, order, server.proof(payment))
    assert (answer.status_code, answer.json()["state"]) == (200, "paid"), answer.text
    assert server.payments[payment["id"]]["status"] == "captured"
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await told(app, client, server, "payment.captured", payment=payment)
    await told(app, client, server, "order.paid", payment=payment, order=server.orders[opened_id])
    assert await outcomes(app) == ["unchanged", "unchanged"]
    again = await confirm(client, ana, order, server.proof(payment))
    assert again.json()["state"] == "paid"
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await assert_clean(app)


async def test_a_proof_and_its_webhook_at_once(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order, opened_id = await ordered(app, make, client, server)
    payment = server.pay(opened_id)
    body, headers = server.event("payment.captured", payment=payment)
    answers = await asyncio.gather(
        *(confirm(client, ana, order, server.proof(payment)) for _ in range(4)),
        *(client.post(HOOK, content=body, headers=headers) for _ in range(4)),
    )
    await run_due(app, reraise=True)
    assert {a.status_code for a in answers} == {200}
    assert await count(app, "select deliveries from webhook_events") == 4
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await assert_clean(app)


async def test_forged_proofs(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order, opened_id = await ordered(app, make, client, server)
    payment = server.pay(opened_id)
    good = server.proof(payment)
    other = await client.as_(await make.member("ben")).post("/api/payments/create-order", json={"amount": 500})
    elsewhere = server.proof(server.pay(other.json()["order"]["razorpay_order_id"]))
    mixed = server.proof(payment | {"order_id": elsewhere["razorpay_order_id"]})
    unpaid = server.proof(payment | {"id": "pay_of_nobody"})
    for proof in (
        server.proof(payment, secret="guessed"),
        good | {"razorpay_signature": "0" * 64},
        good | {"razorpay_signature": "é" * 20},
        good | {"razorpay_payment_id": elsewhere["razorpay_payment_id"]},
        elsewhere,
        mixed,
        unpaid,
    ):
        answer = await confirm(client, ana, order, proof)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_payment_method"), proof
    assert await credits_of(app, ana) == {}
    assert (await confirm(client, ana, order, good)).json()["state"] == "paid"


async def test_a_proof_of_a_payment_that_failed(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order, opened_id = await ordered(app, make, client, server)
    answer = await confirm(client, ana, order, server.proof(server.pay(opened_id, "failed")))
    assert (answer.status_code, answer.json()["state"]) == (200, "failed")
    assert await credits_of(app, ana) == {}


async def test_a_checkout_whose_notes_are_lost(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    """A page that does not hand our notes on: the order over there names ours all the same."""
    server.notes_on_payments = False
    ana, order, opened_id = await ordered(app, make, client, server)
    payment = server.pay(opened_id)
    await told(app, client, server, "payment.captured", payment=payment)
    assert await state_of(client, ana, order) == "pending"
    await told(app, client, server, "order.paid", payment=payment, order=server.orders[opened_id])
    assert await outcomes(app) == ["unchanged", "applied"]
    refund = server.give_back(payment["id"], 20_000)
    await told(app, client, server, "refund.processed", refund=refund, payment=payment)
    assert await state_of(client, ana, order) == "partially_refunded"
    assert await credits_of(app, ana) == {"purchased": 30_000}
    await assert_clean(app)


# ---- refunds


async def brought(app: Any, currency: str) -> int:
    """What came in through the gateway and did not go back, its fees aside."""
    return -(await platform(app, currency, "world:razorpay") + await platform(app, currency, "gateway_fees"))


async def refund(app: Any, client: Any, order: Any, **body: Any) -> Any:
    """What became of a refund that is asked for as `client`."""
    headers = {"idempotency-key": "half-of-it"} if "amount_minor" in body else {}
    answer = await client.post(f"/api/v1/orders/{order['order_id']}/refund", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    await run_due(app, reraise=True)
    return (await client.get(f"/api/v1/refunds/{answer.json()['id']}")).json()


async def test_refunds(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    """M13: a part, the same again under its key, and the rest; the webhooks of it are no news."""
    ana, order = await opened(make, client)
    boss = await make.user("boss", roles=("admin",))
    payment = await settled(app, client, server, order)
    server.mischief = ["", "timeout_after"]
    for _ in range(2):
        part = await refund(app, client.as_(boss), order, amount_minor=19_900, reason="by half")
        assert part["status"] in ("approved", "done")
    assert await state_of(client, ana, order) == "partially_refunded"
    assert [r["amount"] for r in server.refunds] == [19_900]
    await told(app, client, server, "refund.processed", refund=server.refunds[0], payment=payment)
    rest = await refund(app, client.as_(boss), order, reason="and the rest")
    assert (rest["status"], rest["amount_minor"]) == ("done", 30_100)
    assert await state_of(client, ana, order) == "refunded"
    await told(app, client, server, "refund.processed", refund=server.refunds[1], payment=payment)
    assert await outcomes(app) == ["applied", "unchanged", "unchanged"]
    assert await credits_of(app, ana) == {}
    assert await brought(app, "INR") == 0
    await assert_clean(app)


async def test_a_refund_that_razorpay_refuses(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order = await opened(make, client)
    boss = await make.user("boss", roles=("admin",))
    payment = await settled(app, client, server, order)
    by_hand = server.give_back(payment["id"], 40_000)
    assert (await refund(app, client.as_(boss), order, reason="all"))["status"] == "failed"
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await told(app, client, server, "refund.processed", refund=by_hand, payment=payment)
    assert await state_of(client, ana, order) == "partially_refunded"
    assert await credits_of(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_the_refund_before_the_success(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order = await opened(make, client)
    payment = server.pay(order["session_id"])
    captured = dict(payment)
    refund = server.give_back(payment["id"], 50_000)
    await told(app, client, server, "refund.processed", refund=refund, payment=payment)
    await told(app, client, server, "payment.captured", payment=captured)
    await told(app, client, server, "payment.authorized", payment=captured | {"status": "authorized"})
    assert await outcomes(app) == ["applied", "unchanged", "unchanged"]
    assert await state_of(client, ana, order) == "refunded"
    assert await credits_of(app, ana) == {}
    assert await brought(app, "INR") == 0
    await assert_clean(app)


async def test_a_second_payment_goes_back(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    """By Standard Checkout in one tab and on the page of a link in another."""
    ana, order, opened_id = await ordered(app, make, client, server)
    link = (await client.as_(ana).post(f"/api/v1/orders/{order['id']}/checkout", json={})).json()
    first, second = server.pay(link["session_id"]), server.pay(opened_id)
    for payment in (first, second):
        await told(app, client, server, "payment.captured", payment=payment)
    await run_due(app, reraise=True)
    assert await credits_of(app, ana) == {"purchased": 50_000}
    assert [(r["payment_id"], r["amount"]) for r in server.refunds] == [(second["id"], 50_000)]
    await assert_clean(app)


# ---- webhooks


@pytest.mark.parametrize(
    ("how", "verdict"),
    [
        ({"secret": "somebody's"}, "bad_signature"),
        ({"secret": ""}, "bad_signature"),
        ({"age_s": 25 * 3600 + 60}, "too_old"),
        ({"age_s": -25 * 3600 - 60}, "too_old"),
    ],
)
async def test_forged_and_old_events(
    app: Any, client: Any, make: Any, server: RazorpayServer, how: dict[str, Any], verdict: str
) -> None:
    ana, order = await opened(make, client)
    body, headers = server.event("payment.captured", **how, payment=server.pay(order["session_id"]))
    assert (await client.post(HOOK, content=body, headers=headers)).status_code == 400
    async with app.database.connection() as db:
        assert await db.fetchval("select verdict from webhook_events") == verdict
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "pending"
    assert await credits_of(app, ana) == {}


async def test_an_event_that_comes_a_day_late(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order = await opened(make, client)
    payment = server.pay(order["session_id"])
    body, headers = server.event("payment.captured", age_s=24 * 3600, payment=payment)
    assert (await client.post(HOOK, content=body, headers=headers)).status_code == 200
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "paid"


async def test_a_changed_body_and_no_signature(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order = await opened(make, client)
    body, headers = server.event("payment.captured", payment=server.pay(order["session_id"]))
    for content, given in (
        (body.replace(b"50000", b"90000"), headers),
        (body, {}),
        (body, headers | {"x-razorpay-signature": ""}),
        (body, headers | {"x-razorpay-signature": "é".encode().decode("latin-1")}),
    ):
        answer = await client.post(HOOK, content=content, headers={k: v.encode("latin-1") for k, v in given.items()})
        assert (answer.status_code, answer.json()["verdict"]) == (400, "bad_signature")
    assert await credits_of(app, ana) == {}


async def test_without_a_secret_nothing_is_believed(app: Any, client: Any, server: RazorpayServer) -> None:
    app.settings = msgspec.structs.replace(app.settings, razorpay_webhook_secret="")
    body, headers = server.event("payment.captured", secret="")
    assert (await client.post(HOOK, content=body, headers=headers)).json()["verdict"] == "bad_signature"


async def test_while_a_secret_is_being_changed(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    """The old one stands beside the new one, with a comma between."""
    ana, order = await opened(make, client)
    app.settings = msgspec.structs.replace(app.settings, razorpay_webhook_secret=f"the-new-one, {WEBHOOK_SECRET}")
    body, headers = server.event("payment.captured", payment=server.pay(order["session_id"]))
    assert (await client.post(HOOK, content=body, headers=headers)).status_code == 200
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "paid"


async def test_the_same_event_at_once(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    """Known by the id in its header; without one by its bytes."""
    ana, order = await opened(make, client)
    body, headers = server.event("payment.captured", event_id="EventOnce", payment=server.pay(order["session_id"]))
    bare = {name: content for name, content in headers.items() if name != "x-razorpay-event-id"}
    for given in (headers, bare):
        answers = await asyncio.gather(*(client.post(HOOK, content=body, headers=given) for _ in range(5)))
        assert [a.status_code for a in answers] == [200] * 5
        assert len({a.json()["id"] for a in answers}) == 1
    await run_due(app, reraise=True)
    async with app.database.connection() as db:
        rows = await db.fetch("select event_id, deliveries, outcome from webhook_events order by received_at, id")
    assert [(r["deliveries"], r["outcome"]) for r in rows] in ([(5, "applied"), (5, "unchanged")],)
    assert rows[0]["event_id"] == "EventOnce"
    assert await credits_of(app, ana) == {"purchased": 50_000}
    await assert_clean(app)


@pytest.mark.parametrize("changed", [{"amount": 100}, {"currency": "USD"}, {"amount_refunded": 60_000}])
async def test_news_that_does_not_fit_is_rejected(
    app: Any, client: Any, make: Any, server: RazorpayServer, changed: dict[str, Any]
) -> None:
    ana, order = await opened(make, client)
    payment = server.pay(order["session_id"]) | changed
    await told(app, client, server, "payment.captured", payment=payment)
    assert await outcomes(app) == ["rejected"]
    assert await state_of(client, ana, order) == "pending"
    assert await credits_of(app, ana) == {}


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("settlement.processed", {"settlement": {"id": "setl_1"}}),
        ("something.entirely.new", {}),
        ("payment.captured", {"payment": {"id": "pay_9", "amount": 1, "currency": "INR", "status": "captured"}}),
        ("order.paid", {"order": {"id": "order_9", "receipt": "of somebody else", "notes": []}}),
        ("payment_link.paid", {"payment_link": {"id": "plink_9", "amount": 1, "currency": "INR", "status": "paid"}}),
    ],
)
async def test_events_that_are_of_no_use_are_kept_and_done(
    app: Any, client: Any, server: RazorpayServer, kind: str, about: dict[str, Any]
) -> None:
    await told(app, client, server, kind, **about)
    assert await outcomes(app) == ["unchanged"]


async def test_an_event_that_is_not_as_documented(app: Any, client: Any, server: RazorpayServer) -> None:
    for kind, about in (
        ("payment.captured", {"payment": {"id": 5}}),
        ("order.paid", {"order": {}}),
        ("payment.dispute.created", {"dispute": {"id": "disp_1"}, "payment": {"id": "pay_1"}}),
    ):
        assert (await deliver(client, server, kind, **about)).json()["verdict"] == "unreadable"
    deep = b'{"event": "other", "payload": {"other": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    proof = {"x-razorpay-signature": hmac.new(WEBHOOK_SECRET.encode(), deep, hashlib.sha256).hexdigest()}
    assert (await client.post(HOOK, content=deep, headers=proof)).json()["verdict"] == "unreadable"


# ---- disputes


async def test_a_dispute_that_is_answered_and_won(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    """Its money is kept apart; the evidence goes over the wire; in the end all is as it was."""
    ana, order = await opened(make, client)
    boss = await make.user("boss", roles=("admin",))
    payment = await settled(app, client, server, order)
    dispute = server.dispute(payment["id"])
    await told(app, client, server, "payment.dispute.created", payment=payment, dispute=dispute)
    assert await state_of(client, ana, order) == "disputed"
    assert await credits_of(app, ana) == {"purchased_reserved": 50_000}
    assert await platform(app, "INR", "disputed") == -50_000
    path = f"/api/v1/payments/{order['order_id']}/dispute"
    found = (await client.as_(ana).get(path)).json()
    assert (found["status"], found["amount"], found["reason"]) == ("needs_response", "500.00", dispute["reason_code"])
    parts: list[Any] = [("text", (None, "It was delivered.")), ("files", (PDF.name, PDF.body, PDF.content_type))]
    handed = await client.as_(boss).post(f"{path}/evidence", files=parts)
    assert handed.status_code == 201, handed.text
    await run_due(app, reraise=True)
    assert (dispute["status"], dispute["evidence"]["summary"]) == ("under_review", "It was delivered.")
    assert [one["file"] for one in server.documents.values()] == [PDF.body]
    await told(app, client, server, "payment.dispute.under_review", payment=payment, dispute=dispute)
    dispute["status"] = "won"
    await told(app, client, server, "payment.dispute.won", payment=payment, dispute=dispute)
    assert await state_of(client, ana, order) == "paid"
    assert await credits_of(app, ana) == {"purchased": 50_000}
    assert await platform(app, "INR", "disputed") == 0
    await assert_clean(app)


@pytest.mark.parametrize(("status", "state"), [("lost", "refunded"), ("closed", "paid")])
@pytest.mark.parametrize("reordered", [False, True])
async def test_the_end_of_a_dispute(
    app: Any, client: Any, make: Any, server: RazorpayServer, status: str, state: str, reordered: bool
) -> None:
    """Lost, what was bought is taken back; closed without a deduction, nothing is. Also when the end is told first."""
    ana, order = await opened(make, client)
    payment = await settled(app, client, server, order)
    begun = server.dispute(payment["id"])
    ended = begun | {"status": status, "amount_deducted": 50_000 if status == "lost" else 0}
    news = [("payment.dispute.created", begun), (f"payment.dispute.{status}", ended)]
    for kind, dispute in reversed(news) if reordered else news:
        await told(app, client, server, kind, payment=payment, dispute=dispute)
    assert await state_of(client, ana, order) == state
    assert await credits_of(app, ana) == ({} if status == "lost" else {"purchased": 50_000})
    assert await brought(app, "INR") == (0 if status == "lost" else 50_000)
    assert await platform(app, "INR", "disputed") == 0
    await assert_clean(app)


async def test_a_dispute_whose_webhook_stays_away(app: Any, client: Any, make: Any, server: RazorpayServer) -> None:
    ana, order = await opened(make, client)
    payment = server.pay(order["session_id"])
    server.dispute(payment["id"])
    async with app.database.connection() as db:
        await asking.ask(Ctx(db, None, utcnow(), "test", app), UUID(order["order_id"]))
    assert await state_of(client, ana, order) == "disputed"
    assert await credits_of(app, ana) == {"purchased_reserved": 50_000}
    await assert_clean(app)


async def test_what_a_dispute_says(app: Any, server: RazorpayServer) -> None:
    payment = {"id": "pay_1", "amount": 50_000, "currency": "INR", "status": "captured", "fee": 1180}
    payment |= {"notes": {"order_id": "01890000-0000-7000-8000-000000000001"}, "amount_refunded": 0}
    about: dict[str, Any] = {"id": "disp_1", "payment_id": "pay_1", "amount": 39_000, "reason_code": "not_received"}
    for status, deducted, expected in (
        ("open", 0, "needs_response"),
        ("under_review", 0, "under_review"),
        ("won", 0, "won"),
        ("lost", 39_000, "lost"),
        ("closed", 0, "won"),
        ("closed", 39_000, "lost"),
    ):
        told_of = about | {"status": status, "amount_deducted": deducted, "respond_by": 1_800_000_000}
        body, _ = server.event(f"payment.dispute.{status}", payment=payment, dispute=told_of)
        notice = gateway(app).read(body)
        assert notice.payment is not None and notice.payment.dispute is not None
        news = notice.payment.dispute
        assert (news.dispute_id, news.status, news.amount_minor, news.reason) == (
            "disp_1",
            expected,
            39_000,
            "not_received",
        )
        assert news.evidence_due_by is not None and int(news.evidence_due_by.timestamp()) == 1_800_000_000
        assert (notice.payment.fee_minor, notice.payment.disputed) == (1180, expected != "won")
        nameless, _ = server.event(f"payment.dispute.{status}", payment=payment | {"notes": []}, dispute=told_of)
        assert (gateway(app).read(nameless).disputed_payment_id, gateway(app).read(nameless).dispute) == ("pay_1", news)


async def test_evidence(app: Any, client: Any, make: Any, ctx: Any, server: RazorpayServer) -> None:
    _, order = await opened(make, client)
    dispute = server.dispute((await settled(app, client, server, order))["id"])
    pay, evidence = gateway(app), Evidence("The parcel was signed for.", [PDF])
    news = await pay.submit_evidence(ctx, dispute_id=dispute["id"], evidence=evidence, key="once")
    assert (news.status, dispute["status"]) == ("under_review", "under_review")
    assert dispute["evidence"]["summary"] == "The parcel was signed for."
    assert [d["file"] for d in server.documents.values()] == [PDF.body]
    again = await pay.submit_evidence(ctx, dispute_id=dispute["id"], evidence=evidence, key="once")
    assert (again.status, len(server.documents)) == ("under_review", 1)
    for status in ("won", "lost", "closed"):
        dispute["status"] = status
        with pytest.raises(EvidenceRefused):
            await pay.submit_evidence(ctx, dispute_id=dispute["id"], evidence=evidence, key="late")
    with pytest.raises(EvidenceRefused):
        await pay.submit_evidence(ctx, dispute_id="disp_of_nobody", evidence=evidence, key="k")


async def test_evidence_that_razorpay_does_not_take(app: Any, ctx: Any, server: RazorpayServer) -> None:
    odd = EvidenceFile("notes.txt", "text/plain", b"see there")
    for evidence, why in (
        (Evidence("x", []), "at least one document"),
        (Evidence("x", [PDF, odd]), "PDF documents only"),
        (Evidence("x" * 1001, [PDF]), "at most 1,000 characters"),
    ):
        with pytest.raises(EvidenceRefused, match=why):
            await gateway(app).submit_evidence(ctx, dispute_id="disp_1", evidence=evidence, key="k")
    assert server.asked == []


# ---- asking Razorpay


async def test_what_razorpay_knows_of_an_order(
    app: Any, client: Any, make: Any, ctx: Any, server: RazorpayServer
) -> None:
    """When webhooks stay away: by the links and orders that were opened for it."""
    ana, order, opened_id = await ordered(app, make, client, server)
    link = (await client.as_(ana).post(f"/api/v1/orders/{order['id']}/checkout", json={})).json()
    order_id = UUID(order["id"])
    assert await gateway(app).payments_of(ctx, order_id) == []
    failed, paid = server.pay(opened_id, "failed"), server.pay(link["session_id"])
    server.give_back(paid["id"], 10_000)
    found = {p.payment_id: p for p in await gateway(app).payments_of(ctx, order_id)}
    assert {p.status for p in found.values()} == {"failed", "succeeded"}
    news = found[paid["id"]]
    assert (news.order_id, news.captured_minor, news.refunded_minor) == (order_id, 50_000, 10_000)
    assert news.fee_minor == 1180, "two percent, and 18 percent of tax on that"
    assert found[failed["id"]].captured_minor == 0
    server.mischief = ["crash", "crash"]
    with pytest.raises(GatewayUnavailable):
        await gateway(app).payments_of(ctx, order_id)


async def test_the_list_of_payments(app: Any, client: Any, make: Any, ctx: Any, server: RazorpayServer) -> None:
    """By pages, the oldest first; payments of other programs have no order."""
    _, order = await opened(make, client)
    ours = await settled(app, client, server, order)
    stranger = server._order(700, "JPY", {"receipt": "theirs"})["id"]
    others = [server.pay(stranger) for _ in range(150)]
    now = utcnow()
    listed = await gateway(app).list_payments(ctx, now - timedelta(hours=1), now + timedelta(hours=1))
    assert [p.payment_id for p in listed] == [ours["id"], *(p["id"] for p in others)]
    assert (listed[0].order_id, listed[0].amount_minor, listed[0].fee_minor) == (UUID(order["order_id"]), 50_000, 1180)
    assert (listed[-1].order_id, listed[-1].currency, listed[-1].fee_minor) == (None, "JPY", None)
    assert await gateway(app).list_payments(ctx, now + timedelta(hours=1), now + timedelta(hours=2)) == []


async def test_the_doctor_asks_razorpay(app: Any, server: RazorpayServer) -> None:
    await gateway(app).look(app.http)
    app.settings = msgspec.structs.replace(app.settings, razorpay_key_secret="wrong")
    with pytest.raises(GatewayUnavailable):
        await gateway(app).look(app.http)
    assert WEBHOOK_SECRET not in repr(app.settings)


@pytest.mark.parametrize(
    ("currency", "amount_minor"),
    [("INR", 10_000), ("JPY", 1_500), ("KWD", 5_120), ("IDR", 1_500_001), ("EUR", 999), ("VND", 30_000)],
)
async def test_amounts_are_exact(
    app: Any, client: Any, make: Any, server: RazorpayServer, currency: str, amount_minor: int
) -> None:
    """As the smallest unit, none, two or three decimals alike."""
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana), amount_minor, currency)).json()
    assert server.links[order["session_id"]]["amount"] == amount_minor
    await settled(app, client, server, order)
    assert await credits_of(app, ana, currency) == {"purchased": amount_minor}
    assert await brought(app, currency) == amount_minor
    await assert_clean(app)


async def test_what_razorpay_counts_otherwise_is_not_sold(
    app: Any, client: Any, make: Any, server: RazorpayServer
) -> None:
    ana = await make.member("ana")
    refused = await checkout(client.as_(ana), 5_124, "KWD")
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["amount"])
    assert await count(app, "select count(*) from orders") == 0
    assert [to_razorpay(500, c) for c in ("USD", "JPY", "KRW")] == [500, 500, 500]


def test_proofs() -> None:
    assert proof_in("order_1|pay_1|00") == Proof("order_1", "pay_1", "00")
    assert str(proof_in("a|b|c")) == "a|b|c"
    assert [proof_in(text) for text in ("", "a|b", "a||c", "|b|c", "a|b|c|d")] == [None] * 5


async def test_where_razorpay_is_off_its_address_is_not_there(client: Any) -> None:
    assert (await client.post(HOOK, content=b"{}")).status_code == 404
