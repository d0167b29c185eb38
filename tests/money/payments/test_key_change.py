"""The platform's own keys at Stripe are changed while orders are open: each settles still, or ends clearly."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.queue import run_due
from tests.money.books import assert_clean, buckets, count, platform
from tests.money.payments.test_orders import buy, checkout
from tests.money.payments.test_webhooks import state_of
from tests.providers.stripe import WEBHOOK_SECRET, StripeServer
from tests.providers.stripe_accounts import StripeWorld, world

NEW_KEY, NEW_SECRET = "sk_live_of_the_next", "whsec_of_the_next"


@pytest.fixture
def stripe(app: Any) -> Iterator[StripeWorld]:
    """The account of the first keys, and another one."""
    with world(app, sandbox=False) as made:
        made.account("acct_next", NEW_KEY)
        yield made


def change(app: Any, key: str = NEW_KEY, secret: str = f"{NEW_SECRET}, {WEBHOOK_SECRET}") -> None:
    """The operator has changed the settings and started Stoa again."""
    app.settings = msgspec.structs.replace(app.settings, stripe_secret_key=key, stripe_webhook_secret=secret)


async def told(app: Any, client: Any, server: StripeServer, kind: str, about: Any, secret: str) -> int:
    body, headers = server.event(kind, about, secret=secret)
    answer = await client.post("/api/v1/webhooks/stripe", content=body, headers=headers)
    await run_due(app, reraise=True)
    status: int = answer.status_code
    return status


@pytest.mark.parametrize("secret", [NEW_SECRET, WEBHOOK_SECRET])
async def test_a_key_of_the_same_account(app: Any, client: Any, make: Any, stripe: StripeWorld, secret: str) -> None:
    """Rolled: what was opened is known under the new key; events are believed by the new secret and the old one."""
    ana = await make.member("ana")
    first, second = (await checkout(client.as_(ana))).json(), (await checkout(client.as_(ana))).json()
    stripe.platform.keys = {NEW_KEY}
    del stripe.accounts["acct_next"]
    change(app)
    stripe.platform.pay(first["session_id"])
    done = stripe.platform.sessions[first["session_id"]]
    assert await told(app, client, stripe.platform, "checkout.session.completed", done, secret) == 200
    assert await state_of(client, ana, first) == "paid"
    cancelled = await client.as_(ana).post(f"/api/v1/orders/{second['order_id']}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert stripe.platform.sessions[second["session_id"]]["status"] == "expired"
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_another_account_while_the_payer_pays(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """The old account's page is paid, and its secret is still among ours; what came in there is given back there."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await checkout(client.as_(ana))).json()
    change(app)
    stripe.platform.pay(order["session_id"])
    done = stripe.platform.sessions[order["session_id"]]
    assert await told(app, client, stripe.platform, "checkout.session.completed", done, WEBHOOK_SECRET) == 200
    assert await state_of(client, ana, order) == "paid"
    assert await buckets(app, ana) == {"purchased": 10_000}
    path = f"/api/v1/orders/{order['order_id']}/refund"
    tried = (await client.as_(boss).post(path, json={"reason": "not by these keys"})).json()
    await run_due(app, reraise=True)
    failed = (await client.as_(boss).get(f"/api/v1/refunds/{tried['id']}")).json()
    assert (failed["status"], failed["failure_message"][:24]) == ("failed", "stripe would not give it")
    stripe.platform.refunded["pi_2"] = 499  # by hand, at the old account's desk
    charge = stripe.platform.charge("pi_2")
    assert await told(app, client, stripe.platform, "charge.refunded", charge, WEBHOOK_SECRET) == 200
    assert await state_of(client, ana, order) == "refunded"
    assert await platform(app, "USD", "world:stripe") == 0
    await assert_clean(app)


@pytest.mark.parametrize("opened", ["page", "3ds"])
async def test_another_account_before_the_payer_pays(
    app: Any, client: Any, make: Any, stripe: StripeWorld, opened: str
) -> None:
    """Paying anew goes to the new account; what was begun at the old one runs out there."""
    ana = await make.member("ana")
    if opened == "page":
        order = (await checkout(client.as_(ana))).json()
    else:
        order = (await buy(client.as_(ana), "pm_card_authenticationRequired", package=1)).json()
        order["order_id"] = order["id"]
    change(app)
    path = f"/api/v1/orders/{order['order_id']}"
    again = await client.as_(ana).post(f"{path}/checkout", json={})
    assert again.status_code == 201, again.text
    server = stripe.accounts["acct_next"]
    assert list(server.sessions) == [again.json()["session_id"]]
    server.pay(again.json()["session_id"])
    done = server.sessions[again.json()["session_id"]]
    assert await told(app, client, server, "checkout.session.completed", done, NEW_SECRET) == 200
    assert await state_of(client, ana, order) == "paid"
    assert await buckets(app, ana) == {"purchased": 10_000}
    await assert_clean(app)


async def test_what_nobody_pays_ends(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """Also where Stripe is switched off: by its buyer at once, or by itself after a day."""
    from stoa.money.payments.actions import close_unpaid

    ana = await make.member("ana")
    orders = [(await checkout(client.as_(ana))).json() for _ in range(4)]
    change(app)
    cancelled = await client.as_(ana).post(f"/api/v1/orders/{orders[0]['order_id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    async with make.tx() as ctx:
        days_ago = utcnow() - timedelta(days=2)
        await ctx.db.execute("update orders set updated_at = $1 where id = $2", days_ago, orders[1]["order_id"])
        assert await close_unpaid(ctx) == 1
    change(app, "", "")
    assert (await client.as_(ana).post(f"/api/v1/orders/{orders[2]['order_id']}/checkout", json={})).status_code == 404
    cancelled = await client.as_(ana).post(f"/api/v1/orders/{orders[2]['order_id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    async with make.tx() as ctx:
        await ctx.db.execute("update orders set updated_at = $1 where id = $2", days_ago, orders[3]["order_id"])
        assert await close_unpaid(ctx) == 1
    assert [await state_of(client, ana, order) for order in orders] == ["cancelled"] * 4
    last = (await client.as_(ana).get(f"/api/v1/orders/{orders[3]['order_id']}")).json()["events"][-1]
    assert last["cause"] == "not paid in time; its gateway is switched off"
    assert await buckets(app, ana) == {}


async def test_the_old_secret_is_gone(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """Then the old account's events are not believed: kept for whoever looks, and nothing moves."""
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    change(app, NEW_KEY, NEW_SECRET)
    intent = stripe.platform.pay(order["session_id"])
    assert await told(app, client, stripe.platform, "payment_intent.succeeded", intent, WEBHOOK_SECRET) == 400
    assert await state_of(client, ana, order) == "pending"
    assert await count(app, "select count(*) from webhook_events where verdict = 'bad_signature'") == 1
    assert await buckets(app, ana) == {}
