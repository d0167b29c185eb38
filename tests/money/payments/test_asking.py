"""Webhooks that stay away: the gateway itself is asked, and what it says is merged once (M11)."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.kit.queue import run_due
from stoa.money.payments.actions import asking, hosted
from stoa.money.payments.gateways.sandbox import Sandbox
from stoa.money.payments.gateways.stripe import Stripe, StripeKeys
from stoa.money.payments.types import SandboxCard
from tests.money.books import assert_clean, buckets, count, platform
from tests.money.payments.test_orders import buy, checkout
from tests.money.payments.test_stripe import deliver
from tests.money.payments.test_webhooks import outcomes, state_of
from tests.providers.stripe import StripeServer, fee_of, standing


@pytest.fixture
def server(app: Any) -> Iterator[StripeServer]:
    """Stripe is the only gateway, so that orders go to it."""
    with standing(app) as made:
        app.settings = msgspec.structs.replace(app.settings, sandbox=False)
        yield made


def in_(minutes: float) -> datetime:
    return utcnow() + timedelta(minutes=minutes)


async def ask_again(app: Any, minutes: float = 5) -> dict[str, int]:
    """The job, so many minutes from now."""
    async with app.database.connection() as db:
        return await asking.ask_again(Ctx(db, None, in_(minutes), "test", app))


async def pressed(make: Any, order: dict[str, Any]) -> None:
    """The payer pays on the sandbox's page, and its webhook gets lost."""
    async with make.tx() as ctx:
        await hosted.submit_card(ctx, order["session_id"], SandboxCard("4242 4242 4242 4242", "04/40", "123"))
    await lose_webhooks(make.app)


async def lose_webhooks(app: Any) -> None:
    async with app.database.transaction() as db:
        await db.execute("delete from jobs where type like '%DeliverSandboxEvent'")


async def test_a_webhook_that_never_comes(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    server.pay(order["session_id"])
    assert await ask_again(app, minutes=2) == {"asked": 0, "changed": 0}, "it may still come"
    assert await ask_again(app) == {"asked": 1, "changed": 1}
    assert await state_of(client, ana, order) == "paid"
    assert await buckets(app, ana) == {"purchased": 10_000}
    assert await ask_again(app, minutes=600) == {"asked": 0, "changed": 0}, "it waits no more"
    assert await platform(app, "USD", "world:stripe") == -(499 - fee_of(499)), "it keeps its fee"
    await assert_clean(app)


async def test_a_charge_whose_answer_and_webhook_were_lost(
    app: Any, client: Any, make: Any, server: StripeServer
) -> None:
    """Nobody here knows the payment's id: Stripe finds it by the order's."""
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    server.mischief = ["", "timeout_after", "timeout"]  # the session is closed, then the charge is made and lost
    path, body = f"/api/v1/orders/{order['order_id']}/confirm", {"payment_method_id": "pm_card_visa"}
    assert (await client.as_(ana).post(path, json=body)).status_code == 503
    assert len(server.intents) == 1
    assert await ask_again(app) == {"asked": 1, "changed": 1}
    assert await state_of(client, ana, order) == "paid"
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_where_stripe_does_not_search(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """As in India: its sessions and what we know of are asked for by name."""
    server.searches = False
    ana = await make.member("ana")
    by_page = (await checkout(client.as_(ana))).json()
    server.pay(by_page["session_id"])
    at_once = (await buy(client.as_(ana), "pm_card_authenticationRequired", package=1)).json()
    server._succeed(server.intents[at_once["payment_id"]])
    assert await ask_again(app) == {"asked": 2, "changed": 2}
    assert {await state_of(client, ana, order) for order in (by_page, at_once)} == {"paid"}
    assert await buckets(app, ana) == {"purchased": 20_000}
    await assert_clean(app)


async def test_what_is_still_open_stays_open(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    before = await count(app, "select count(*) from order_events")
    assert await ask_again(app) == {"asked": 1, "changed": 0}
    assert await state_of(client, ana, order) == "pending"
    assert await count(app, "select count(*) from order_events") == before
    server.sessions[order["session_id"]]["status"] = "expired"
    assert await ask_again(app, minutes=60) == {"asked": 1, "changed": 1}
    assert await state_of(client, ana, order) == "cancelled"
    await assert_clean(app)


async def test_pauses_grow(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    await checkout(client.as_(ana))
    asked = [minute for minute in range(4, 241) if (await ask_again(app, minutes=minute))["asked"]]
    assert asked == [4, 7, 13, 25, 49, 97, 157, 217]


async def test_a_gateway_that_says_nothing_for_an_hour(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """It is asked once a round, not once an order; afterwards all ends well."""
    ana = await make.member("ana")
    orders = [(await checkout(client.as_(ana))).json() for _ in range(3)]
    for order in orders:
        server.pay(order["session_id"])
    server.asked.clear()
    server.mischief = ["timeout"] * 1000
    for minute in (4, 7, 13, 25, 49):
        assert await ask_again(app, minutes=minute) == {"asked": 0, "changed": 0}
    assert len(server.asked) == 5 * 2, "once, and the client's own repetition"
    assert await buckets(app, ana) == {}
    server.mischief = []
    assert await ask_again(app, minutes=97) == {"asked": 3, "changed": 3}
    assert [await state_of(client, ana, order) for order in orders] == ["paid"] * 3
    assert await buckets(app, ana) == {"purchased": 30_000}
    await assert_clean(app)


async def test_webhook_and_question_at_once(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    orders = [(await checkout(client.as_(ana))).json() for _ in range(4)]
    for order in orders:
        intent = server.pay(order["session_id"])
        assert (await deliver(client, server, "payment_intent.succeeded", intent)).status_code == 200
    done = await asyncio.gather(run_due(app, reraise=True), ask_again(app), ask_again(app), run_due(app, reraise=True))
    assert done[1]["asked"] + done[2]["asked"] == 4, "each is asked about once"
    assert set(await outcomes(app)) <= {"applied", "unchanged"}
    assert await buckets(app, ana) == {"purchased": 40_000}
    assert await platform(app, "USD", "world:stripe") == -4 * (499 - fee_of(499))
    assert await count(app, "select count(*) from events where type = 'money.payments.OrderPaid'") == 4
    await assert_clean(app)


async def test_the_webhook_comes_after_all(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    intent = server.pay(order["session_id"])
    await ask_again(app)
    assert (await deliver(client, server, "payment_intent.succeeded", intent)).status_code == 200
    await run_due(app, reraise=True)
    assert await outcomes(app) == ["unchanged"]
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_what_does_not_fit_is_left_out(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    intent = server.pay(order["session_id"])
    intent |= {"amount": 498, "amount_received": 498}
    assert await ask_again(app) == {"asked": 1, "changed": 0}
    assert await state_of(client, ana, order) == "pending"
    assert await buckets(app, ana) == {}


async def test_the_sandbox_is_asked_too(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    me = client.as_(ana)
    paid, left = (await checkout(me)).json(), (await checkout(me)).json()
    await pressed(make, paid)
    async with make.tx() as ctx:
        await hosted.leave_checkout(ctx, left["session_id"])
    await lose_webhooks(app)
    assert await ask_again(app) == {"asked": 2, "changed": 2}
    assert (await state_of(client, ana, paid), await state_of(client, ana, left)) == ("paid", "cancelled")
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_the_payer_looks_on(app: Any, client: Any, make: Any) -> None:
    """The page of the order has the gateway asked at once, but not at each look."""
    ana = await make.member("ana")
    me = client.as_(ana)
    order = (await checkout(me)).json()
    await pressed(make, order)
    path = f"/wallet/orders/{order['order_id']}"
    assert (await me.get(path)).status_code == 200
    assert await run_due(app, reraise=True) == 0, "it has only just begun"
    async with make.tx() as ctx:
        await ctx.db.execute("update orders set updated_at = updated_at - interval '30 seconds'")
    for at in (path, f"/api/v1/checkouts/{order['session_id']}") * 3:
        assert (await me.get(at)).status_code == 200
    assert await run_due(app, reraise=True) == 1
    assert await state_of(client, ana, order) == "paid"
    assert await buckets(app, ana) == {"purchased": 10_000}
    assert await count(app, "select count(*) from order_inquiries") == 1
    await assert_clean(app)


async def test_the_sandbox_has_nothing_to_tell_of_others(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    other = (await buy(client.as_(ana), package=1)).json()
    async with make.tx() as ctx:
        gateway = Sandbox(lambda *_: asyncio.sleep(0))
        assert await gateway.payments_of(ctx, order["order_id"]) == []
        (told,) = await gateway.payments_of(ctx, other["id"])
        assert (told.payment_id, told.captured_minor) == (other["payment_id"], 499)
        (listed,) = await gateway.list_payments(ctx, in_(-1), in_(1))
        assert (listed.payment_id, str(listed.order_id), listed.captured_minor) == (told.payment_id, other["id"], 499)
        assert await gateway.list_payments(ctx, in_(1), in_(2)) == []


async def test_stripes_list(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """Page by page, with fees where they are in the payment's own currency; what others did has no order."""
    ana = await make.member("ana")
    orders = [(await buy(client.as_(ana), package=1)).json() for _ in range(5)]
    refused = (await buy(client.as_(ana), "pm_card_chargeDeclined", package=1)).json()
    server._succeed(server._intent(777, "eur", {}))
    server.refunded[orders[0]["payment_id"]] = 99
    server.page = 2
    gateway = Stripe(StripeKeys.of(app.settings))
    async with make.tx() as ctx:
        listed = {one.payment_id: one for one in await gateway.list_payments(ctx, in_(-1), in_(1))}
        assert await gateway.list_payments(ctx, in_(1), in_(2)) == []
        server.settles_in = "inr"
        assert {one.fee_minor for one in await gateway.list_payments(ctx, in_(-1), in_(1))} == {None}
    assert set(listed) == set(server.intents)
    first = listed[orders[0]["payment_id"]]
    assert (str(first.order_id), first.status, first.currency) == (orders[0]["id"], "succeeded", "USD")
    assert (first.captured_minor, first.refunded_minor, first.fee_minor) == (499, 99, fee_of(499))
    assert listed[refused["payment_id"]].status == "failed"
    assert [one.captured_minor for one in listed.values() if one.order_id is None] == [777]
