"""Xendit through the public door: our client code against a server that speaks as Xendit documents (M11, M13)."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.errors import Invalid
from stoa.kit.queue import run_due
from stoa.money.payments.actions import close_unpaid
from stoa.money.payments.errors import EvidenceRefused, GatewayUnavailable
from stoa.money.payments.gateways import Evidence
from stoa.money.payments.gateways.xendit import Xendit, XenditKeys
from stoa.money.payments.gateways.xendit.wire import minor, to_xendit
from tests.money.books import assert_clean, count, platform, postings
from tests.money.payments.test_orders import transfer_of
from tests.money.payments.test_razorpay import credits_of
from tests.money.payments.test_webhooks import outcomes, state_of
from tests.providers.xendit import CALLBACK_TOKEN, XenditServer, standing

HOOK = "/api/v1/webhooks/xendit"


@pytest.fixture
def server(app: Any) -> Iterator[XenditServer]:
    """Xendit is the only gateway, so that orders go to it."""
    with standing(app) as made:
        app.settings = msgspec.structs.replace(app.settings, sandbox=False)
        yield made


def gateway(app: Any) -> Xendit:
    return Xendit(XenditKeys.of(app.settings))


async def checkout(client: Any, amount_minor: int = 50_000, currency: str = "PHP", **headers: str) -> Any:
    body = {"amount_minor": amount_minor, "currency": currency, "return_url": "/wallet?bought=1"}
    headers = {name.replace("_", "-"): content for name, content in headers.items()}
    return await client.post("/api/v1/wallet/credits/checkout", json=body, headers=headers)


async def opened(make: Any, client: Any, name: str = "ana", **what: Any) -> tuple[Any, dict[str, Any]]:
    """Somebody with an order that waits on Xendit's page."""
    user = await make.member(name)
    answer = await checkout(client.as_(user), **what)
    assert answer.status_code == 201, answer.text
    return user, answer.json()


async def hear(app: Any, client: Any, told: tuple[bytes, dict[str, str]]) -> None:
    body, headers = told
    answer = await client.post(HOOK, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    await run_due(app, reraise=True)


async def settled(app: Any, client: Any, server: XenditServer, order: dict[str, Any]) -> dict[str, Any]:
    """The payer pays on the page, and we hear of it; the invoice."""
    invoice = server.pay(order["session_id"])
    await hear(app, client, server.told(invoice))
    return invoice


# ---- the hosted page


async def test_a_hosted_page(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    """PENDING, PAID, SETTLED: paid once."""
    ana, order = await opened(make, client)
    invoice = server.invoices[order["session_id"]]
    assert order["url"] == invoice["invoice_url"]
    assert (invoice["external_id"], invoice["amount"], invoice["currency"]) == (order["order_id"], 500, "PHP")
    back = f"{app.settings.base_url}/wallet?bought=1"
    assert (invoice["success_redirect_url"], invoice["failure_redirect_url"]) == (back, back)
    assert not {"payer_email", "customer"} & invoice.keys(), "nobody's address is handed on"
    await settled(app, client, server, order)
    await hear(app, client, server.told(server.settle(order["session_id"])))
    assert await outcomes(app) == ["applied", "unchanged"]
    assert await state_of(client, ana, order) == "paid"
    assert await postings(app, await transfer_of(app, order["order_id"], "credit_purchase")) == {
        ("", "PHP", "world:xendit"): -50_000,
        ("ana", "PHP", "purchased"): 50_000,
    }
    await assert_clean(app)


async def test_another_page_ends_the_first(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    ana, order = await opened(make, client)
    again = (await client.as_(ana).post(f"/api/v1/orders/{order['order_id']}/checkout", json={})).json()
    assert [i["status"] for i in server.invoices.values()] == ["EXPIRED", "PENDING"]
    await hear(app, client, server.told(server.invoices[order["session_id"]]))
    assert await state_of(client, ana, order) == "pending", "we ended that invoice ourselves"
    await settled(app, client, server, again)
    assert await outcomes(app) == ["unchanged", "applied"]
    assert await credits_of(app, ana, "PHP") == {"purchased": 50_000}


async def test_an_invoice_that_ran_out_ends_the_order(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    ana, order = await opened(make, client)
    await hear(app, client, server.told(server.run_out(order["session_id"])))
    assert await state_of(client, ana, order) == "cancelled"
    assert await credits_of(app, ana, "PHP") == {}


async def test_a_paid_page_cannot_be_cancelled(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    ana, order = await opened(make, client)
    invoice = server.pay(order["session_id"])
    answer = await client.as_(ana).post(f"/api/v1/orders/{order['order_id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_under_way")
    await hear(app, client, server.told(invoice))
    assert await state_of(client, ana, order) == "paid"


async def test_what_nobody_paid_is_closed_unless_it_is_being_paid(
    app: Any, client: Any, make: Any, server: XenditServer
) -> None:
    ana = await make.member("ana")
    orders = [(await checkout(client.as_(ana))).json() for _ in range(3)]
    server.pay(orders[0]["session_id"])
    async with make.tx() as ctx:
        await ctx.db.execute("update orders set updated_at = updated_at - interval '2 days'")
        assert await close_unpaid(ctx) == 2
    assert [await state_of(client, ana, o) for o in orders] == ["pending", "cancelled", "cancelled"]
    assert [i["status"] for i in server.invoices.values()] == ["PAID", "EXPIRED", "EXPIRED"]


async def test_cards_are_not_typed_here(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    """The page that is open stays so."""
    ana, order = await opened(make, client)
    path = f"/api/v1/orders/{order['order_id']}/confirm"
    for method in ("pm_card_visa", "order_1|pay_1|signature"):
        answer = await client.as_(ana).post(path, json={"payment_method_id": method})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_payment_method"), method
    assert server.invoices[order["session_id"]]["status"] == "PENDING"
    assert await state_of(client, ana, order) == "pending"


@pytest.mark.parametrize("mischief", ["timeout_after", "timeout", "crash", "limit", "denied"])
async def test_a_checkout_that_is_given_up_and_made_again(
    app: Any, client: Any, make: Any, server: XenditServer, mischief: str
) -> None:
    """503, and nothing is kept here; the same key again ends what was made meanwhile, and opens one page."""
    ana = await make.member("ana")
    server.mischief = ["", mischief]
    refused = await checkout(client.as_(ana), idempotency_key="once-only")
    assert (refused.status_code, refused.json()["code"]) == (503, "gateway_unavailable")
    assert await count(app, "select count(*) from orders") == 0
    lost = [i["status"] for i in server.invoices.values()]
    assert lost == (["PENDING"] if mischief == "timeout_after" else [])
    order = (await checkout(client.as_(ana), idempotency_key="once-only")).json()
    assert [i["status"] for i in server.invoices.values()] == ["EXPIRED"] * len(lost) + ["PENDING"]
    await settled(app, client, server, order)
    assert await credits_of(app, ana, "PHP") == {"purchased": 50_000}
    await assert_clean(app)


async def test_asking_again_where_it_does_no_harm(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    server.mischief = ["timeout"]
    _, order = await opened(make, client)
    assert list(server.invoices) == [order["session_id"]]
    assert [(method, path) for method, path, _ in server.asked] == [
        ("GET", "/v2/invoices"),
        ("GET", "/v2/invoices"),
        ("POST", "/v2/invoices"),
    ]


@pytest.mark.parametrize("mischief", ["gibberish", "another"])
async def test_an_answer_that_is_none(app: Any, client: Any, make: Any, server: XenditServer, mischief: str) -> None:
    ana = await make.member("ana")
    server.mischief = ["", mischief]
    refused = await checkout(client.as_(ana))
    assert (refused.status_code, refused.json()["code"]) == (503, "gateway_unavailable")
    assert await count(app, "select count(*) from orders") == 0


async def test_the_keys_of_another_account(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    """They are changed while orders are open: what was begun there is not known here, and can be paid anew."""
    ana, order = await opened(make, client)
    with standing(app) as other:
        again = await client.as_(ana).post(f"/api/v1/orders/{order['order_id']}/checkout", json={})
        assert again.status_code == 201, again.text
        await settled(app, client, other, again.json())
    assert await state_of(client, ana, order) == "paid"
    assert await credits_of(app, ana, "PHP") == {"purchased": 50_000}
    await assert_clean(app)


# ---- refunds


async def brought(app: Any, currency: str) -> int:
    """What came in through the gateway and did not go back, its fees aside."""
    return -(await platform(app, currency, "world:xendit") + await platform(app, currency, "gateway_fees"))


async def refund(app: Any, client: Any, order: Any, **body: Any) -> Any:
    """What became of a refund that is asked for as `client`."""
    headers = {"idempotency-key": "half-of-it"} if "amount_minor" in body else {}
    answer = await client.post(f"/api/v1/orders/{order['order_id']}/refund", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    await run_due(app, reraise=True)
    return (await client.get(f"/api/v1/refunds/{answer.json()['id']}")).json()


@pytest.mark.parametrize("takes_time", [False, True])
async def test_refunds(app: Any, client: Any, make: Any, server: XenditServer, takes_time: bool) -> None:
    """M13: a part, the same again under its key, and the rest; the webhooks of it are no news."""
    server.refunds_take_time = takes_time
    ana, order = await opened(make, client)
    boss = await make.user("boss", roles=("admin",))
    await settled(app, client, server, order)
    server.mischief = ["", "", "timeout_after"]
    for _ in range(2):
        part = await refund(app, client.as_(boss), order, amount_minor=19_950, reason="by half")
        assert part["status"] in ("approved", "done")
    assert await state_of(client, ana, order) == "partially_refunded"
    assert [r["amount"] for r in server.refunds] == [Decimal("199.50")]
    rest = await refund(app, client.as_(boss), order, reason="and the rest")
    assert (rest["status"], rest["amount_minor"]) == ("done", 30_050)
    for made in server.refunds:
        made["status"] = "SUCCEEDED"
        await hear(app, client, server.told_refund(made))
    assert await outcomes(app) == ["applied", "unchanged", "unchanged"]
    assert await credits_of(app, ana, "PHP") == {}
    assert await brought(app, "PHP") == 0
    await assert_clean(app)


@pytest.mark.parametrize("wrapped", [False, True])
async def test_refunds_by_hand(app: Any, client: Any, make: Any, server: XenditServer, wrapped: bool) -> None:
    """Their webhook tells of one refund; the whole is asked for. One that failed gave nothing back."""
    ana, order = await opened(make, client)
    await settled(app, client, server, order)
    failed = server.give_back(order["session_id"], 400)
    failed["status"] = "FAILED"
    first, second = server.give_back(order["session_id"], 100), server.give_back(order["session_id"], "50.25")
    await hear(app, client, server.told_refund(failed, wrapped=wrapped))
    assert await state_of(client, ana, order) == "partially_refunded"
    for refund in (second, first):
        await hear(app, client, server.told_refund(refund, wrapped=wrapped))
    assert await outcomes(app) == ["applied", "applied", "unchanged", "unchanged"]
    assert await credits_of(app, ana, "PHP") == {"purchased": 50_000 - 15_025}
    await assert_clean(app)


async def test_the_refund_before_the_success(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    """It waits until the payment is known."""
    ana, order = await opened(make, client)
    paid = dict(server.pay(order["session_id"]))
    refund = server.give_back(order["session_id"], 500)
    body, headers = server.told_refund(refund)
    assert (await client.post(HOOK, content=body, headers=headers)).status_code == 200
    await run_due(app)
    assert await outcomes(app) == [None]
    await hear(app, client, server.told(paid))
    await run_due(app, now=utcnow() + timedelta(hours=1), reraise=True)
    assert await outcomes(app) == ["applied", "applied"]
    assert await state_of(client, ana, order) == "refunded"
    assert await credits_of(app, ana, "PHP") == {}
    assert await brought(app, "PHP") == 0
    await assert_clean(app)


async def test_a_refund_that_xendit_refuses(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    ana, order = await opened(make, client)
    boss = await make.user("boss", roles=("admin",))
    await settled(app, client, server, order)
    server.give_back(order["session_id"], 400)
    failed = await refund(app, client.as_(boss), order, reason="all")
    assert (failed["status"], failed["failure_message"]) == (
        "failed",
        "xendit would not give it back: The refund amount is above what is left",
    )
    assert await credits_of(app, ana, "PHP") == {"purchased": 50_000}
    await assert_clean(app)


# ---- webhooks


@pytest.mark.parametrize("token", ["", "somebody's", CALLBACK_TOKEN[:-1], "é".encode().decode("latin-1")])
async def test_forged_events(app: Any, client: Any, make: Any, server: XenditServer, token: str) -> None:
    ana, order = await opened(make, client)
    body, headers = server.told(server.pay(order["session_id"]), token=token)
    sent = {name: content.encode("latin-1") for name, content in headers.items()}
    answer = await client.post(HOOK, content=body, headers=sent)
    assert (answer.status_code, answer.json()["verdict"]) == (400, "bad_signature")
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "pending"
    assert await credits_of(app, ana, "PHP") == {}


async def test_without_a_token_nothing_is_believed(app: Any, client: Any, server: XenditServer) -> None:
    app.settings = msgspec.structs.replace(app.settings, xendit_webhook_token="")
    for headers in ({}, {"x-callback-token": ""}):
        answer = await client.post(HOOK, content=b"{}", headers=headers)
        assert (answer.status_code, answer.json()["verdict"]) == (400, "bad_signature")


async def test_while_a_secret_is_being_changed(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    """The old one stands beside the new one, with a comma between."""
    ana, order = await opened(make, client)
    app.settings = msgspec.structs.replace(app.settings, xendit_webhook_token=f"the-new-one, {CALLBACK_TOKEN}")
    body, headers = server.told(server.pay(order["session_id"]))
    assert (await client.post(HOOK, content=body, headers=headers)).status_code == 200
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "paid"


async def test_the_same_event_at_once(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    """Known by the id in its header; without one by its bytes."""
    ana, order = await opened(make, client)
    body, headers = server.told(server.pay(order["session_id"]), webhook_id="once")
    bare = {name: content for name, content in headers.items() if name != "webhook-id"}
    for given in (headers, bare):
        answers = await asyncio.gather(*(client.post(HOOK, content=body, headers=given) for _ in range(5)))
        assert [a.status_code for a in answers] == [200] * 5
        assert len({a.json()["id"] for a in answers}) == 1
    await run_due(app, reraise=True)
    assert await outcomes(app) == ["applied", "unchanged"]
    assert await count(app, "select sum(deliveries)::int from webhook_events") == 10
    assert await credits_of(app, ana, "PHP") == {"purchased": 50_000}
    await assert_clean(app)


@pytest.mark.parametrize("changed", [{"amount": 499, "paid_amount": 499}, {"paid_amount": 499}, {"currency": "THB"}])
async def test_news_that_does_not_fit_is_rejected(
    app: Any, client: Any, make: Any, server: XenditServer, changed: dict[str, Any]
) -> None:
    ana, order = await opened(make, client)
    await hear(app, client, server.told(server.pay(order["session_id"]), **changed))
    assert await outcomes(app) == ["rejected"]
    assert await state_of(client, ana, order) == "pending"
    assert await credits_of(app, ana, "PHP") == {}


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "1", "external_id": "of somebody else", "status": "PAID", "amount": 5, "currency": "IDR"}',
        b'{"id": "1", "external_id": "01890000-0000-7000-8000-000000000001", "status": "PENDING", "amount": 5}',
        b'{"event": "dispute.won", "id": "d", "status": "WON", "currency": "PHP", "amount": {"initial": "5.00"}}',
        b'{"event": "something.new", "data": {"id": 5}}',
        b'{"event": "refund.succeeded", "data": {"id": "rfd-1", "invoice_id": null, "amount": 5}}',
    ],
)
async def test_events_that_are_of_no_use_are_kept_and_done(
    app: Any, client: Any, server: XenditServer, body: bytes
) -> None:
    await hear(app, client, (body, {"x-callback-token": CALLBACK_TOKEN, "webhook-id": "w"}))
    assert await outcomes(app) == ["unchanged"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"id": "1"}',
        b'{"id": "1", "external_id": "01890000-0000-7000-8000-000000000001", "status": "PAID", "amount": 1e999}',
        b'{"id": "1", "external_id": "01890000-0000-7000-8000-000000000001", "status": "PAID", "amount": 0.001}',
        b'{"id": "1", "external_id": "01890000-0000-7000-8000-000000000001", "status": "PAID", "amount": "NaN"}',
        b'{"id": "1", "external_id": "01890000-0000-7000-8000-000000000001", "status": "PAID", "amount": 1,'
        b' "currency": "XYZ"}',
        b'{"event": "refund.succeeded", "data": 5}',
        b'{"event": "dispute.action_required", "id": "mi-dspt-1", "status": "ACTION_REQUIRED"}',
    ],
)
async def test_an_event_that_is_not_as_documented(app: Any, client: Any, server: XenditServer, body: bytes) -> None:
    answer = await client.post(HOOK, content=body, headers={"x-callback-token": CALLBACK_TOKEN})
    assert (answer.status_code, answer.json()["verdict"]) == (400, "unreadable")


async def test_the_token_is_not_kept_with_the_event(app: Any, client: Any, server: XenditServer) -> None:
    """It proves who sends, so nobody may read it in the inbox, nor one that was mistyped."""
    body = b'{"event": "something.new", "data": {"id": 5}}'
    await hear(app, client, (body, {"x-callback-token": CALLBACK_TOKEN, "webhook-id": "w"}))
    refused = await client.post(HOOK, content=body, headers={"x-callback-token": CALLBACK_TOKEN + "x"})
    assert refused.status_code == 400
    assert await count(app, "select count(*) from webhook_events where headers::text like '%webhook-id%'") == 1
    assert await count(app, "select count(*) from webhook_events where headers::text like '%callback%'") == 0


# ---- disputes


@pytest.mark.parametrize(("status", "state"), [("WON", "paid"), ("LOST", "refunded")])
@pytest.mark.parametrize("reordered", [False, True])
async def test_a_dispute(
    app: Any, client: Any, make: Any, server: XenditServer, status: str, state: str, reordered: bool
) -> None:
    """Known by our order; answered at Xendit's dashboard; its end is told."""
    ana, order = await opened(make, client)
    invoice = await settled(app, client, server, order)
    begun, ended = server.told_dispute(invoice), server.told_dispute(invoice, status)
    if not reordered:
        await hear(app, client, begun)
        assert await state_of(client, ana, order) == "disputed"
        assert await credits_of(app, ana, "PHP") == {"purchased_reserved": 50_000}
        found = (await client.as_(ana).get(f"/api/v1/payments/{order['order_id']}/dispute")).json()
        assert (found["status"], found["amount"], found["reason"]) == ("needs_response", "500.00", "fraud")
        await hear(app, client, server.told_dispute(invoice, "UNDER_REVIEW"))
    await hear(app, client, ended)
    if reordered:
        await hear(app, client, begun)
    assert await state_of(client, ana, order) == state
    assert await credits_of(app, ana, "PHP") == ({"purchased": 50_000} if status == "WON" else {})
    assert await platform(app, "PHP", "disputed") == 0
    await assert_clean(app)


async def test_the_dispute_before_the_success(app: Any, client: Any, make: Any, server: XenditServer) -> None:
    """It waits until the payment is known."""
    ana, order = await opened(make, client)
    invoice = server.pay(order["session_id"])
    body, headers = server.told_dispute(invoice)
    assert (await client.post(HOOK, content=body, headers=headers)).status_code == 200
    await run_due(app)
    await hear(app, client, server.told(invoice))
    await run_due(app, now=utcnow() + timedelta(hours=1), reraise=True)
    assert await outcomes(app) == ["applied", "applied"]
    assert await state_of(client, ana, order) == "disputed"
    await assert_clean(app)


# ---- asking Xendit


async def test_what_xendit_knows_of_an_order(app: Any, client: Any, make: Any, ctx: Any, server: XenditServer) -> None:
    """When webhooks stay away. Five percent stay with Xendit."""
    ana, order = await opened(make, client)
    again = (await client.as_(ana).post(f"/api/v1/orders/{order['order_id']}/checkout", json={})).json()
    order_id = UUID(order["order_id"])
    assert [p.status for p in await gateway(app).payments_of(ctx, order_id)] == ["cancelled"]
    server.pay(again["session_id"])
    server.give_back(again["session_id"], "100.50")
    found = {p.payment_id: p for p in await gateway(app).payments_of(ctx, order_id)}
    news = found[again["session_id"]]
    assert (news.status, news.captured_minor, news.refunded_minor, news.fee_minor) == (
        "succeeded",
        50_000,
        10_050,
        2_500,
    )
    server.mischief = ["crash", "crash"]
    with pytest.raises(GatewayUnavailable):
        await gateway(app).payments_of(ctx, order_id)


async def test_more_refunds_than_fit_on_a_page(
    app: Any, client: Any, make: Any, ctx: Any, server: XenditServer
) -> None:
    _, order = await opened(make, client)
    await settled(app, client, server, order)
    for _ in range(205):
        server.give_back(order["session_id"], "0.25")
    (news,) = await gateway(app).payments_of(ctx, UUID(order["order_id"]))
    assert news.refunded_minor == 205 * 25


async def test_the_list_of_payments(app: Any, client: Any, make: Any, ctx: Any, server: XenditServer) -> None:
    """By pages, the oldest first; invoices of other programs have no order, and those that wait are left out."""
    _, order = await opened(make, client)
    await settled(app, client, server, order)
    server.give_back(order["session_id"], 100)
    for number in range(150):
        theirs = {"external_id": f"theirs-{number}", "amount": Decimal(15_000), "currency": "IDR"}
        urls = {"success_redirect_url": "https://e.org", "failure_redirect_url": "https://e.org"}
        made = server._open(theirs | urls | {"invoice_duration": 3600})
        if number % 2:
            server.pay(made["id"])
    now = utcnow()
    listed = await gateway(app).list_payments(ctx, now - timedelta(hours=1), now + timedelta(hours=1))
    assert len(listed) == 76
    first, last = listed[0], listed[-1]
    assert (first.order_id, first.captured_minor, first.refunded_minor, first.fee_minor) == (
        UUID(order["order_id"]),
        50_000,
        10_000,
        2_500,
    )
    assert (last.order_id, last.currency, last.amount_minor, last.fee_minor) == (None, "IDR", 1_500_000, 75_000)
    assert await gateway(app).list_payments(ctx, now + timedelta(hours=1), now + timedelta(hours=2)) == []


async def test_evidence_goes_another_way(app: Any, ctx: Any, server: XenditServer) -> None:
    with pytest.raises(EvidenceRefused, match="dashboard"):
        await gateway(app).submit_evidence(ctx, dispute_id="d", evidence=Evidence("x", []), key="k")
    assert server.asked == []


async def test_the_doctor_asks_xendit(app: Any, server: XenditServer) -> None:
    await gateway(app).look(app.http)
    app.settings = msgspec.structs.replace(app.settings, xendit_secret_key="wrong")
    with pytest.raises(GatewayUnavailable):
        await gateway(app).look(app.http)
    assert CALLBACK_TOKEN not in repr(app.settings)


@pytest.mark.parametrize(
    ("currency", "amount_minor", "wire"),
    [
        ("IDR", 1_500_000, "15000"),
        ("IDR", 15_000_000_000, "150000000"),
        ("PHP", 19_999, "199.99"),
        ("PHP", 54_999_999, "549999.99"),
        ("MYR", 505, "5.05"),
        ("THB", 3_510, "35.10"),
        ("VND", 25_001, "25001"),
    ],
)
async def test_amounts_are_exact(
    app: Any, client: Any, make: Any, server: XenditServer, currency: str, amount_minor: int, wire: str
) -> None:
    """Whole units with decimals after the point, rupiah and dong without any."""
    ana, order = await opened(make, client, amount_minor=amount_minor, currency=currency)
    assert server.invoices[order["session_id"]]["amount"] == Decimal(wire)
    await settled(app, client, server, order)
    assert await credits_of(app, ana, currency) == {"purchased": amount_minor}
    assert await brought(app, currency) == amount_minor
    await assert_clean(app)


async def test_what_xendit_counts_otherwise_or_does_not_take(
    app: Any, client: Any, make: Any, server: XenditServer
) -> None:
    ana = await make.member("ana")
    for amount_minor, currency, field in ((1_500_050, "IDR", "amount"), (50_000, "EUR", "currency")):
        refused = await checkout(client.as_(ana), amount_minor, currency)
        assert (refused.status_code, list(refused.json()["fields"])) == (422, [field]), currency
    assert server.invoices == {}
    assert await count(app, "select count(*) from orders") == 0


def test_amounts_as_xendit_counts_them() -> None:
    assert [str(to_xendit(m, c)) for m, c in ((1_500_000, "IDR"), (19_999, "PHP"), (300, "VND"))] == [
        "15000",
        "199.99",
        "300",
    ]
    assert [minor(Decimal(text), c) for text, c in (("15000", "IDR"), ("1E+3", "IDR"), ("5.124", "KWD"))] == [
        1_500_000,
        100_000,
        5_124,
    ]
    for text, currency in (("0.001", "PHP"), ("NaN", "PHP"), ("Infinity", "IDR"), ("1E+400", "IDR"), ("0.5", "VND")):
        with pytest.raises(Invalid):
            minor(Decimal(text), currency)


async def test_where_xendit_is_off_its_address_is_not_there(client: Any) -> None:
    assert (await client.post(HOOK, content=b"{}")).status_code == 404
