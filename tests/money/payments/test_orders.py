"""Orders and the sandbox gateway through the public door (M3, M11, M14)."""

from datetime import timedelta
from typing import Any

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.queue import run_due
from tests.money.books import assert_clean, buckets, count, platform, postings


async def buy(client: Any, method: str = "pm_card_visa", package: int = 4, **headers: str) -> Any:
    return await client.post(
        "/api/v1/wallet/purchases",
        json={"package_id": package, "payment_method_id": method},
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


async def checkout(client: Any, package: int = 1) -> Any:
    return await client.post("/api/v1/wallet/checkout", json={"package_id": package, "return_url": "/wallet?bought=1"})


async def transfer_of(app: Any, order_id: str, kind: str = "coin_purchase") -> Any:
    async with app.database.connection() as db:
        return await db.fetchval(
            "select id from ledger_transfers where kind = $1 and metadata ->> 'order_id' = $2", kind, order_id
        )


@pytest.mark.parametrize(
    ("package", "cents", "coins"),
    [(1, 499, 100), (2, 999, 275), (3, 1999, 575), (4, 3499, 1200), (5, 7999, 3100), (6, 14999, 6500)],
)
async def test_a_purchase_is_one_transfer_of_money_and_coins(
    app: Any, client: Any, make: Any, package: int, cents: int, coins: int
) -> None:
    """M3: coins and bonus arrive in the purchased bucket."""
    ana = await make.member("ana")
    answer = await buy(client.as_(ana), package=package)
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert (order["state"], order["amount_minor"], order["currency"], order["next_action"]) == (
        "paid",
        cents,
        "USD",
        None,
    )
    assert order["payment_id"].startswith("pay_test_")
    assert await postings(app, await transfer_of(app, order["id"])) == {
        ("", "USD", "world:sandbox"): -cents,
        ("", "USD", "coin_sales"): cents,
        ("", "COIN", "issued"): -coins * 100,
        ("ana", "COIN", "purchased"): coins * 100,
    }
    await assert_clean(app)


async def test_an_order_tells_its_changes_and_causes(client: Any, make: Any) -> None:
    """M14."""
    ana, eve = await make.member("ana"), await make.member("eve")
    boss = await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana))).json()
    path = f"/api/v1/orders/{order['id']}"
    detail = (await client.as_(ana).get(path)).json()
    assert [(e["from_state"], e["to_state"], e["cause"]) for e in detail["events"]] == [
        (None, "created", "order placed"),
        ("created", "paid", "sandbox answered the charge"),
    ]
    assert detail["description"] == "1,000 + 200 bonus coins"
    assert (await client.as_(eve).get(path)).status_code == 404
    assert (await client.get(path)).status_code == 401
    assert (await client.as_(boss).get(path)).status_code == 200
    for action, body in (("confirm", {"payment_method_id": "pm_card_visa"}), ("checkout", {}), ("cancel", None)):
        for other in (eve, boss):
            answer = await client.as_(other).post(f"{path}/{action}", json=body)
            assert answer.status_code == 404, (action, other.username)
    listed = (await client.as_(ana).get("/api/v1/orders")).json()
    assert [o["id"] for o in listed["items"]] == [order["id"]]
    assert (await client.as_(eve).get("/api/v1/orders")).json()["items"] == []


async def test_a_declined_card_is_told_and_another_one_pays(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), "pm_card_chargeDeclined")).json()
    assert (order["state"], order["failure_code"]) == ("failed", "card_declined")
    assert order["failure_message"] == "The card was declined. Please use another one."
    assert await buckets(app, ana) == {}
    again = await client.as_(ana).post(
        f"/api/v1/orders/{order['id']}/confirm", json={"paymentMethodId": "pm_card_chargeDeclined"}
    )
    assert again.json()["state"] == "failed"
    paid = await client.as_(ana).post(
        f"/api/v1/orders/{order['id']}/confirm", json={"payment_method_id": "pm_card_visa"}
    )
    assert (paid.status_code, paid.json()["state"], paid.json()["failure_code"]) == (200, "paid", None)
    once_more = await client.as_(ana).post(
        f"/api/v1/orders/{order['id']}/confirm", json={"payment_method_id": "pm_card_visa"}
    )
    assert once_more.json()["state"] == "paid"
    assert await buckets(app, ana) == {"purchased": 120_000}
    detail = (await client.as_(ana).get(f"/api/v1/orders/{order['id']}")).json()
    assert [(e["from_state"], e["to_state"]) for e in detail["events"]] == [
        (None, "created"),
        ("created", "failed"),
        ("failed", "pending"),
        ("pending", "failed"),
        ("failed", "pending"),
        ("pending", "paid"),
    ]
    assert (await client.as_(ana).post(f"/api/v1/orders/{order['id']}/cancel")).status_code == 409


async def test_what_is_wrong_is_named(client: Any, make: Any) -> None:
    me = client.as_(await make.member("ana"))
    for body, field in (
        ({"package_id": 7, "payment_method_id": "pm_card_visa"}, "package_id"),
        ({"package_id": 1, "payment_method_id": "pm_card_unknown"}, "payment_method_id"),
        ({"package_id": 0, "payment_method_id": "pm_card_visa"}, "package_id"),
        ({"package_id": 1}, "payment_method_id"),
        ({"package_id": 1, "payment_method_id": "pm_card_visa", "return_url": "https://evil.example/"}, "return_url"),
        ({"package_id": 1, "payment_method_id": "pm_card_visa", "return_url": "//evil.example/"}, "return_url"),
        ({"package_id": 1, "payment_method_id": "pm_card_visa", "return_url": "/\\evil.example/"}, "return_url"),
    ):
        answer = await me.post("/api/v1/wallet/purchases", json=body)
        assert answer.status_code == 422 and field in answer.json()["fields"], (body, answer.text)
    assert (await me.get("/api/v1/orders")).json()["items"] == []


async def test_the_same_key_buys_once(app: Any, client: Any, make: Any) -> None:
    """M11."""
    ana = await make.member("ana")
    first = await buy(client.as_(ana), Idempotency_Key="buy-1")
    again = await buy(client.as_(ana), Idempotency_Key="buy-1")
    other = await buy(client.as_(ana), package=5, Idempotency_Key="buy-1")
    assert first.json() == again.json() and other.status_code == 409
    assert await buckets(app, ana) == {"purchased": 120_000}


async def test_three_d_secure_waits_for_the_payer(app: Any, client: Any, make: Any) -> None:
    from stoa.money.payments import queries
    from stoa.money.payments.actions import hosted

    ana = await make.member("ana")
    order = (await buy(client.as_(ana), "pm_card_authenticationRequired")).json()
    assert order["state"] == "pending"
    assert order["next_action"] == {"kind": "redirect", "url": f"http://testserver/sandbox/3ds/{order['payment_id']}"}
    assert await buckets(app, ana) == {}
    async with make.tx() as ctx:
        shown = await queries.sandbox_challenge(ctx, order["payment_id"])
        assert (shown.amount_minor, shown.currency, shown.status) == (3499, "USD", "requires_action")
        answer = await hosted.answer_challenge(ctx, order["payment_id"], approve=True)
    assert (answer.status, answer.redirect_url) == ("succeeded", "http://testserver/wallet")
    assert await buckets(app, ana) == {}, "only the webhook tells the order"
    await run_due(app, reraise=True)
    assert await buckets(app, ana) == {"purchased": 120_000}
    detail = (await client.as_(ana).get(f"/api/v1/orders/{order['id']}")).json()
    assert detail["state"] == "paid"
    assert detail["events"][-1]["cause"].startswith("sandbox webhook payment.succeeded evt_test_")
    async with make.tx() as ctx:
        late = await hosted.answer_challenge(ctx, order["payment_id"], approve=False)
    assert late.status == "succeeded", "the first answer stands"


async def test_a_refused_challenge_fails_the_order(app: Any, client: Any, make: Any) -> None:
    from stoa.money.payments.actions import hosted

    ana = await make.member("ana")
    order = (await buy(client.as_(ana), "pm_card_authenticationRequired")).json()
    async with make.tx() as ctx:
        assert (await hosted.answer_challenge(ctx, order["payment_id"], approve=False)).status == "failed"
    await run_due(app, reraise=True)
    detail = (await client.as_(ana).get(f"/api/v1/orders/{order['id']}")).json()
    assert (detail["state"], detail["failure_code"]) == ("failed", "authentication_failed")


async def test_hosted_checkout_from_page_to_coins(app: Any, client: Any, make: Any) -> None:
    from stoa.money.payments import queries
    from stoa.money.payments.actions import hosted
    from stoa.money.payments.errors import BadCard
    from stoa.money.payments.types import SandboxCard

    ana, eve = await make.member("ana"), await make.member("eve")
    answer = await checkout(client.as_(ana))
    assert answer.status_code == 201, answer.text
    session_id = answer.json()["session_id"]
    assert answer.json()["url"] == f"http://testserver/sandbox/checkout/{session_id}"
    status = f"/api/v1/checkouts/{session_id}"
    assert (await client.as_(eve).get(status)).status_code == 404
    seen = (await client.as_(ana).get(status)).json()
    assert (seen["state"], seen["order_state"], seen["payment_status"]) == ("open", "pending", None)
    async with make.tx() as ctx:
        session = await queries.sandbox_session(ctx, session_id)
        assert (session.amount_minor, session.currency, session.description) == (499, "USD", "100 coins")
    expiry = f"12/{(utcnow().year + 2) % 100:02d}"
    async with make.tx() as ctx:
        with pytest.raises(BadCard) as wrong:
            await hosted.submit_card(ctx, session_id, SandboxCard("4242 4242 4242 4241", "01/20", "12"))
        assert sorted(wrong.value.fields) == ["cvc", "expiry", "number"]
        declined = await hosted.submit_card(ctx, session_id, SandboxCard("4000 0000 0000 0002", expiry, "123"))
        assert (declined.status, declined.redirect_url) == ("failed", None)
    await run_due(app, reraise=True)
    assert (await client.as_(ana).get(status)).json()["failure_message"] == declined.message
    async with make.tx() as ctx:
        asked = await hosted.submit_card(ctx, session_id, SandboxCard("4000-0025-0000-3155", expiry, "123"))
        assert asked.status == "requires_action" and "/sandbox/3ds/" in (asked.redirect_url or "")
        twice = await hosted.submit_card(ctx, session_id, SandboxCard("4000-0025-0000-3155", expiry, "123"))
        assert twice == asked, "pressing twice asks once"
        payment_id = (asked.redirect_url or "").rpartition("/")[2]
        refused = await hosted.answer_challenge(ctx, payment_id, approve=False)
        assert refused.redirect_url == f"http://testserver/sandbox/checkout/{session_id}", "another card may be tried"
    async with make.tx() as ctx:
        paid = await hosted.submit_card(ctx, session_id, SandboxCard("4242424242424242", expiry, "1234"))
        assert (paid.status, paid.redirect_url) == ("succeeded", "http://testserver/wallet?bought=1")
        again = await hosted.submit_card(ctx, session_id, SandboxCard("4242424242424242", expiry, "1234"))
        assert again == paid
    await run_due(app, reraise=True)
    seen = (await client.as_(ana).get(status)).json()
    assert (seen["state"], seen["order_state"], seen["payment_status"]) == ("complete", "paid", "succeeded")
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_a_session_ends(app: Any, client: Any, make: Any) -> None:
    from stoa.money.payments.actions import hosted
    from stoa.money.payments.errors import SessionClosed
    from stoa.money.payments.types import SandboxCard

    ana = await make.member("ana")
    left, stale = (await checkout(client.as_(ana))).json(), (await checkout(client.as_(ana))).json()
    async with make.tx() as ctx:
        assert await hosted.leave_checkout(ctx, left["session_id"]) == "http://testserver/wallet?bought=1"
        for table, name in (("sandbox_sessions", "id"), ("checkout_sessions", "session_id")):
            sql = f"update {table} set expires_at = $2 where {name} = $1"
            await ctx.db.execute(sql, stale["session_id"], ctx.now)
    await run_due(app, reraise=True)
    assert (await client.as_(ana).get(f"/api/v1/orders/{left['order_id']}")).json()["state"] == "cancelled"
    assert (await client.as_(ana).get(f"/api/v1/checkouts/{stale['session_id']}")).json()["state"] == "expired"
    for session in (left, stale):
        async with make.tx() as ctx:
            with pytest.raises(SessionClosed):
                await hosted.submit_card(ctx, session["session_id"], SandboxCard("4242424242424242", "12/40", "123"))


async def test_cancelled_and_forgotten_orders(app: Any, client: Any, make: Any) -> None:
    from stoa.money.payments.actions import close_unpaid

    ana = await make.member("ana")
    one = (await checkout(client.as_(ana))).json()
    cancelled = await client.as_(ana).post(f"/api/v1/orders/{one['order_id']}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert (await client.as_(ana).post(f"/api/v1/orders/{one['order_id']}/cancel")).status_code == 200
    closed = await client.as_(ana).post(
        f"/api/v1/orders/{one['order_id']}/confirm", json={"payment_method_id": "pm_card_visa"}
    )
    assert (closed.status_code, closed.json()["code"]) == (409, "order_closed")
    two = (await checkout(client.as_(ana))).json()
    async with make.tx() as ctx:
        assert await close_unpaid(ctx) == 0
        await ctx.db.execute("update orders set updated_at = $1", utcnow() - timedelta(days=2))
        assert await close_unpaid(ctx) == 1
    assert (await client.as_(ana).get(f"/api/v1/orders/{two['order_id']}")).json()["state"] == "cancelled"


async def test_a_gateway_that_does_not_answer_is_asked_once(client: Any, make: Any, monkeypatch: Any) -> None:
    from stoa.money.payments.actions import close_unpaid
    from stoa.money.payments.errors import GatewayUnavailable
    from stoa.money.payments.gateways.sandbox import Sandbox

    asked = []

    async def close(gateway: Any, ctx: Any, order_id: Any) -> None:
        asked.append(order_id)
        raise GatewayUnavailable

    me = client.as_(await make.member("ana"))
    orders = [(await checkout(me)).json()["order_id"] for _ in range(3)]
    async with make.tx() as ctx:
        await ctx.db.execute("update orders set updated_at = $1", utcnow() - timedelta(days=2))
        with monkeypatch.context() as patch:
            patch.setattr(Sandbox, "close", close)
            assert await close_unpaid(ctx) == 0
        assert len(asked) == 1
        assert await close_unpaid(ctx) == 3
    assert [(await me.get(f"/api/v1/orders/{o}")).json()["state"] for o in orders] == ["cancelled"] * 3


async def test_the_price_is_the_one_that_was_shown(make: Any) -> None:
    from stoa.money.payments.actions import create_order
    from stoa.money.payments.errors import OrderKeyReused, PriceChanged

    ana = await make.member("ana")
    item = {"package_id": 1, "coins": 100, "bonus_coins": 0}
    async with make.tx(ana) as ctx:
        with pytest.raises(PriceChanged) as changed:
            await create_order(ctx, kind="coins", item=item, amount_minor=498, currency="USD", key="a")
        assert changed.value.extra == {"amount_minor": 499, "currency": "USD"}
        first = await create_order(ctx, kind="coins", item=item, amount_minor=499, currency="USD", key="a")
        assert (
            await create_order(ctx, kind="coins", item=item, amount_minor=499, currency="USD", key="a")
        ).id == first.id
        with pytest.raises(OrderKeyReused):
            await create_order(
                ctx,
                kind="coins",
                item={"package_id": 2, "coins": 250, "bonus_coins": 25},
                amount_minor=999,
                currency="USD",
                key="a",
            )


async def test_the_database_refuses_an_unknown_transition(client: Any, make: Any) -> None:
    """M14."""
    import asyncpg

    ana = await make.member("ana")
    order = (await buy(client.as_(ana))).json()
    async with make.tx() as ctx:
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            async with ctx.db.transaction():
                await ctx.db.execute("update orders set state = 'created' where id = $1", order["id"])
        assert refused.value.constraint_name == "orders_transition_known"


async def test_refund_takes_the_coins_back(app: Any, client: Any, make: Any) -> None:
    """M13: in parts, each with its share of the coins, never more than was paid."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=2)).json()
    path = f"/api/v1/orders/{order['id']}/refund"
    assert (await client.as_(ana).post(path, json={"reason": "please"})).status_code == 403
    part = await client.as_(boss).post(path, json={"reason": "changed their mind", "amount_minor": 333})
    assert part.status_code == 201, part.text
    assert (part.json()["status"], part.json()["amount"], part.json()["origin"]) == ("approved", "3.33", "staff")
    more = await client.as_(boss).post(path, json={"reason": "too much", "amount_minor": 667})
    assert (more.status_code, more.json()["refundable_minor"]) == (409, 666)
    await run_due(app, reraise=True)
    assert await refunded(client.as_(ana), order) == ("partially_refunded", 333)
    taken = 27_500 * 333 // 999
    assert await buckets(app, ana) == {"purchased": 27_500 - taken}
    rest = await client.as_(boss).post(path, json={"reason": "the rest"})
    assert (rest.status_code, rest.json()["amount_minor"]) == (201, 666)
    await run_due(app, reraise=True)
    assert await refunded(client.as_(ana), order) == ("refunded", 999)
    assert await buckets(app, ana) == {}
    assert await platform(app, "USD", "world:sandbox") == 0
    assert await platform(app, "USD", "coin_sales") == 0
    assert await count(app, "select count(*) from webhook_events where outcome = 'unchanged'") == 3
    await assert_clean(app)


async def refunded(client: Any, order: Any) -> tuple[str, int]:
    found = (await client.get(f"/api/v1/orders/{order['id']}")).json()
    return found["state"], found["refunded_minor"]


async def test_only_another_administrator_refunds(client: Any, make: Any) -> None:
    boss, mina = await make.user("boss", roles=("admin",)), await make.user("mina", roles=("moderator", "support"))
    order = (await buy(client.as_(boss), package=2)).json()
    path = f"/api/v1/orders/{order['id']}/refund"
    for nobody_for_this in (boss, mina):
        refused = await client.as_(nobody_for_this).post(path, json={"reason": "mine"})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    other = await make.user("other", roles=("admin",))
    assert (await client.as_(other).post(path, json={"reason": "asked to"})).json()["status"] == "approved"


async def test_spent_coins_cannot_be_refunded_by_staff(app: Any, client: Any, make: Any) -> None:
    ana, bob = await make.member("ana"), await make.member("bob")
    boss = await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 40})
    path = f"/api/v1/orders/{order['id']}/refund"
    refused = await client.as_(boss).post(path, json={"reason": "all of it"})
    # 60.00 coins are left, and 299 cents buy 59.91 of them; 300 would need 60.12.
    assert (refused.status_code, refused.json()["refundable_minor"]) == (409, 299)
    assert (await client.as_(boss).post(path, json={"reason": "what is left", "amount_minor": 299})).status_code == 201
    await run_due(app, reraise=True)
    assert await buckets(app, ana) == {"purchased": 6_000 - 10_000 * 299 // 499}
    await assert_clean(app)
