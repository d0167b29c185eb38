"""The webhook inbox: kept before it is believed, applied once in whatever order (M11, M13, M14)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ids import new_id
from stoa.kit.queue import run_due
from stoa.money.payments.gateways import Notice, Payment
from stoa.money.payments.gateways.sandbox import signed
from tests.money.books import assert_clean, buckets, count, platform, postings
from tests.money.payments.test_orders import buy, checkout, transfer_of

HOOK = "/api/v1/webhooks/sandbox"


def told(order: dict[str, Any], payment_id: str = "pay_test_x", **changed: Any) -> Payment:
    """What the gateway says of a payment of an order: paid in full, unless changed."""
    fields: dict[str, Any] = {
        "payment_id": payment_id,
        "order_id": UUID(order["order_id"] if "order_id" in order else order["id"]),
        "status": "succeeded",
        "amount_minor": 499,
        "currency": "USD",
        "captured_minor": 499,
    }
    return Payment(**(fields | changed))


async def send(client: Any, payment: Payment, *, event_id: str | None = None, kind: str = "payment.succeeded") -> Any:
    body = msgspec.json.encode(Notice(event_id or f"evt_{new_id()}", kind, payment))
    return await client.post(HOOK, content=body, headers=signed(client.app, body, utcnow()))


async def state_of(client: Any, user: Any, order: dict[str, Any]) -> str:
    path = f"/api/v1/orders/{order.get('order_id') or order['id']}"
    return str((await client.as_(user).get(path)).json()["state"])


async def outcomes(app: Any) -> list[str | None]:
    async with app.database.connection() as db:
        return [r["outcome"] for r in await db.fetch("select outcome from webhook_events order by received_at, id")]


async def test_an_event_is_kept_and_applied_by_a_job(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    answer = await send(client, told(order))
    assert answer.status_code == 200, answer.text
    assert await outcomes(app) == [None]
    assert await state_of(client, ana, order) == "pending", "it is only kept yet"
    await run_due(app, reraise=True)
    assert await outcomes(app) == ["applied"]
    assert await state_of(client, ana, order) == "paid"
    assert await buckets(app, ana) == {"purchased": 10_000}
    assert await count(app, "select count(*) from events where type = 'money.payments.OrderPaid'") == 1


@pytest.mark.parametrize(
    ("broken", "verdict"),
    [
        ({"sandbox-signature": "t=1,v1=00"}, "bad_signature"),
        ({"sandbox-signature": ""}, "bad_signature"),
        ({"sandbox-signature": "v1=,t=,,,"}, "bad_signature"),
        ({"sandbox-signature": "t=99999999999999999999,v1=é".encode().decode("latin-1")}, "bad_signature"),
    ],
)
async def test_a_forgery_is_kept_and_not_believed(
    app: Any, client: Any, make: Any, broken: dict[str, str], verdict: str
) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    body = msgspec.json.encode(Notice("evt_forged", "payment.succeeded", told(order)))
    headers = signed(app, body, utcnow()) | {"cookie": "stoa_session=secret"} | broken
    answer = await client.post(HOOK, content=body, headers={k: v.encode("latin-1") for k, v in headers.items()})
    assert (answer.status_code, answer.json()["code"], answer.json()["verdict"]) == (400, "bad_webhook", verdict)
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "pending"
    async with app.database.connection() as db:
        row = await db.fetchrow("select verdict, body, headers, event_id from webhook_events")
    assert (row["verdict"], row["body"], row["event_id"]) == (verdict, body, None)
    assert "cookie" not in row["headers"] and "sandbox-signature" in row["headers"]


async def test_a_forgery_does_not_take_the_place_of_the_true_event(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    body = msgspec.json.encode(Notice("evt_1", "payment.succeeded", told(order)))
    assert (await client.post(HOOK, content=body, headers={"sandbox-signature": "t=1,v1=0"})).status_code == 400
    assert (await send(client, told(order), event_id="evt_1")).status_code == 200
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "paid"


async def test_an_old_or_changed_or_unreadable_event(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    body = msgspec.json.encode(Notice("evt_1", "payment.succeeded", told(order)))
    for sent, headers, verdict in (
        (body, signed(app, body, utcnow() - timedelta(seconds=301)), "too_old"),
        (body, signed(app, body, utcnow() + timedelta(seconds=301)), "too_old"),
        (body.replace(b"499", b"999"), signed(app, body, utcnow()), "bad_signature"),
        (b"{}", signed(app, b"{}", utcnow()), "unreadable"),
        (b"\xff\xfe", signed(app, b"\xff\xfe", utcnow()), "unreadable"),
        (b"", signed(app, b"", utcnow()), "unreadable"),
    ):
        answer = await client.post(HOOK, content=sent, headers=headers)
        assert (answer.status_code, answer.json()["verdict"]) == (400, verdict)
    assert (await client.post("/api/v1/webhooks/nobody", content=body)).status_code == 404
    assert (await client.post(HOOK, content=b"x" * (256 * 1024 + 1))).status_code == 413
    await run_due(app, reraise=True)
    assert await buckets(app, ana) == {}
    assert await count(app, "select count(*) from webhook_events") == 6


async def test_the_same_event_again_is_counted_only(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    first = await send(client, told(order), event_id="evt_1")
    again = await send(client, told(order), event_id="evt_1")
    await run_due(app, reraise=True)
    later = await send(client, told(order), event_id="evt_1")
    await run_due(app, reraise=True)
    assert first.json() == again.json() == later.json()
    assert await count(app, "select deliveries from webhook_events") == 3
    assert await buckets(app, ana) == {"purchased": 10_000}


async def test_success_after_refund(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    await send(client, told(order, refunded_minor=499), kind="payment.refunded")
    await run_due(app, reraise=True)
    await send(client, told(order))
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "refunded"
    assert await outcomes(app) == ["applied", "unchanged"]
    assert await buckets(app, ana) == {}
    assert await platform(app, "USD", "world:sandbox") == 0
    await assert_clean(app)


async def test_failure_after_success_and_success_after_failure(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    await send(client, told(order))
    await send(client, told(order, status="failed", captured_minor=0), kind="payment.failed")
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "paid"
    other = (await checkout(client.as_(ana))).json()
    await send(client, told(other, "pay_2", status="failed", captured_minor=0), kind="payment.failed")
    await run_due(app, reraise=True)
    assert await state_of(client, ana, other) == "failed"
    await send(client, told(other, "pay_3"))
    await run_due(app, reraise=True)
    assert await state_of(client, ana, other) == "paid"
    await send(client, told(other, "pay_2", status="requires_action", captured_minor=0), kind="payment.requires_action")
    await run_due(app, reraise=True)
    assert await state_of(client, ana, other) == "paid"
    assert await buckets(app, ana) == {"purchased": 20_000}


async def test_the_webhook_before_the_answer_of_the_charge(app: Any, client: Any, make: Any) -> None:
    """The event arrives while the charge's answer is still on its way into the order."""
    from stoa.money.payments.gateways.sandbox import Sandbox

    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    charge = Sandbox.charge

    async def charge_and_hear_first(self: Any, ctx: Any, request: Any) -> Any:
        payment = await charge(self, ctx, request)
        await send(client, payment)  # on another connection, before our transaction has ended
        return payment

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sandbox, "charge", charge_and_hear_first)
        answer = await client.as_(ana).post(
            f"/api/v1/orders/{order['order_id']}/confirm", json={"payment_method_id": "pm_card_visa"}
        )
    assert answer.json()["state"] == "paid"
    await run_due(app, reraise=True)
    assert set(await outcomes(app)) == {"unchanged"}
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount_minor": 498, "captured_minor": 498},
        {"captured_minor": 498},
        {"currency": "INR"},
        {"refunded_minor": 500},
        {"refunded_minor": -1},
    ],
)
async def test_amounts_are_checked_against_the_order(app: Any, client: Any, make: Any, changed: dict[str, Any]) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await checkout(client.as_(ana))).json()
    await send(client, told(order, **changed))
    await run_due(app, reraise=True)
    assert await outcomes(app) == ["rejected"]
    assert await state_of(client, ana, order) == "pending"
    assert await buckets(app, ana) == {}
    shown = (await client.as_(boss).get("/api/v1/webhook-events?status=rejected")).json()["items"]
    assert len(shown) == 1 and shown[0]["note"]


async def test_an_event_of_an_unknown_order_is_tried_again_and_can_be_repeated(
    app: Any, client: Any, make: Any
) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order_id = new_id()
    sent = (await send(client, told({"id": str(order_id)}))).json()
    await run_due(app)
    assert await count(app, "select count(*) from jobs where type like '%ApplyWebhook' and state <> 'done'") == 1
    await run_due(app, now=utcnow() + timedelta(days=1))
    assert await count(app, "select count(*) from jobs where type like '%ApplyWebhook' and state = 'dead'") == 1
    waiting = (await client.as_(boss).get("/api/v1/webhook-events?status=waiting")).json()["items"]
    assert [e["id"] for e in waiting] == [sent["id"]]
    order = (await checkout(client.as_(ana))).json()
    async with make.tx() as ctx:  # the order turns up under the id that the gateway speaks of
        for table in ("order_events", "checkout_sessions"):
            await ctx.db.execute(f"delete from {table} where order_id = $1", order["order_id"])
        await ctx.db.execute("update orders set id = $1 where id = $2", order_id, order["order_id"])
    path = f"/api/v1/webhook-events/{sent['id']}/repeat"
    assert (await client.as_(ana).post(path)).status_code == 403
    assert (await client.as_(await make.user("mina", roles=("moderator",))).post(path)).status_code == 403
    assert (await client.as_(boss).post(path)).status_code == 202
    await run_due(app, reraise=True)
    assert await buckets(app, ana) == {"purchased": 10_000}
    assert (await client.as_(boss).post(path)).status_code == 409


async def test_a_second_payment_of_one_order_goes_back(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    async with make.tx() as ctx:  # two tabs: the other one had its hosted page open, and the gateway took its card too
        await ctx.db.execute(
            """insert into sandbox_payments
                 (id, request_key, order_id, amount_minor, currency, card, status, return_url, created_at, updated_at)
               values ('pay_second', 'second', $1, 499, 'USD', 'good', 'succeeded', '/wallet', now(), now())""",
            order["id"],
        )
    await send(client, told(order, "pay_second"))
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "paid"
    assert await buckets(app, ana) == {"purchased": 10_000}
    assert await count(app, "select refunded_minor from sandbox_payments where id = 'pay_second'") == 499
    assert await count(app, "select count(*) from order_payments where is_extra and refunded_minor = 499") == 1
    assert await platform(app, "USD", "world:sandbox") == -499
    await assert_clean(app)


async def test_a_dispute_is_noted(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), "pm_card_createDispute", package=1)).json()
    assert order["state"] == "disputed"
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "disputed"
    await send(client, told(order, order["payment_id"], refunded_minor=499, disputed=True), kind="payment.refunded")
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "refunded"
    assert await buckets(app, ana) == {}


async def test_a_refund_of_spent_coins_is_owed_and_paid_from_what_comes_next(app: Any, client: Any, make: Any) -> None:
    """M13: the gateway's refund cannot be refused; what was spent is taken from later coins and earnings first."""
    ana, bob = await make.member("ana"), await make.member("bob", purchased=100)
    order = (await buy(client.as_(ana), package=1)).json()
    await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 70})
    await send(client, told(order, order["payment_id"], refunded_minor=499), kind="payment.refunded")
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "refunded"
    assert await postings(app, await transfer_of(app, order["id"], "coin_refund")) == {
        ("", "USD", "coin_sales"): -499,
        ("", "USD", "world:sandbox"): 499,
        ("ana", "COIN", "purchased"): -3_000,
        ("", "COIN", "receivable"): -7_000,
        ("", "COIN", "issued"): 10_000,
    }
    assert (await client.as_(ana).get("/api/v1/wallet")).json()["debt_minor"] == 7_000
    gift = (await client.as_(bob).post("/api/v1/gifts", json={"recipient_id": str(ana.id), "amount": 50})).json()
    assert await postings(app, gift["transfer_id"]) == {
        ("bob", "COIN", "purchased"): -5_000,
        ("", "COIN", "receivable"): 2_000,
        ("", "COIN", "fees"): 3_000,
    }
    undone = await client.as_(bob).post(f"/api/v1/gifts/{gift['id']}/undo")
    assert undone.status_code == 200
    assert (await client.as_(ana).get("/api/v1/wallet")).json()["debt_minor"] == 7_000
    again = (await buy(client.as_(ana), package=1)).json()
    assert await postings(app, await transfer_of(app, again["id"])) == {
        ("", "USD", "world:sandbox"): -499,
        ("", "USD", "coin_sales"): 499,
        ("", "COIN", "issued"): -10_000,
        ("ana", "COIN", "purchased"): 3_000,
        ("", "COIN", "receivable"): 7_000,
    }
    assert (await client.as_(ana).get("/api/v1/wallet")).json()["debt_minor"] == 0
    assert await platform(app, "COIN", "receivable") == 0
    await assert_clean(app)


async def test_what_is_not_believed_is_forgotten_after_a_while(app: Any, client: Any, make: Any) -> None:
    from stoa.money.payments.actions.webhooks import forget_unbelieved

    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    await client.post(HOOK, content=b"junk")
    await send(client, told(order))
    async with make.tx() as ctx:
        assert await forget_unbelieved(ctx) == 0
        await ctx.db.execute("update webhook_events set received_at = received_at - interval '31 days'")
        assert await forget_unbelieved(ctx) == 1
    assert await count(app, "select count(*) from webhook_events where verdict = 'verified'") == 1


async def test_the_inbox_is_for_administrators(client: Any, make: Any) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    await client.post(HOOK, content=b"\xffjunk", headers={"x-told": "by nobody", "cookie": "stoa_session=secret"})
    assert (await client.get("/api/v1/webhook-events")).status_code == 401
    mina = client.as_(await make.user("mina", roles=("moderator",)))
    assert (await client.as_(ana).get("/api/v1/webhook-events")).status_code == 403
    assert (await mina.get("/api/v1/webhook-events")).status_code == 403
    (event,) = (await client.as_(boss).get("/api/v1/webhook-events?status=refused")).json()["items"]
    path = f"/api/v1/webhook-events/{event['id']}"
    assert (await client.as_(ana).get(path)).status_code == 403
    opened = (await client.as_(boss).get(path)).json()
    assert (opened["verdict"], opened["body"], opened["headers"]["x-told"]) == (
        "bad_signature",
        "\\377junk",
        "by nobody",
    )
    assert "cookie" not in opened["headers"]


async def test_a_flood_of_forgeries_is_not_kept(app: Any, client: Any, monkeypatch: Any) -> None:
    from stoa.money.payments.actions import webhooks

    monkeypatch.setattr(webhooks, "UNBELIEVED_PER_MINUTE", 3)
    answers = [await client.post(HOOK, content=b"junk") for _ in range(5)]
    assert {a.status_code for a in answers} == {400}
    assert await count(app, "select count(*) from webhook_events") == 3
