"""Creators' own accounts at gateways: keys tried on saving, sealed, masked, changed, left (M12)."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest

from stoa.kit.queue import run_due
from tests.conftest import PASSWORD
from tests.money.books import assert_clean, count, postings
from tests.money.wallet.test_card_tips import checkout, earned, pay, tipped, transfers
from tests.providers.stripe_accounts import StripeWorld, world

BASE = "/api/v1/payment-gateway"
KEY, HOOK = "sk_live_of_ana_1234", "whsec_of_ana_5678"


@pytest.fixture
def stripe(app: Any) -> Iterator[StripeWorld]:
    """Stripe with the platform's account and one of ana's; for real money only."""
    with world(app, sandbox=False) as made:
        made.account("acct_ana", KEY)
        yield made


async def connect(client: Any, user: Any, key: str = KEY, hook: str | None = HOOK, **more: Any) -> Any:
    body = {"secret_key": key, "password": PASSWORD, **({"webhook_secret": hook} if hook else {}), **more}
    return await client.as_(user).post(f"{BASE}/stripe/connect", json=body)


async def deliver(
    client: Any, owner: Any, server: Any, kind: str, about: Any, *, secret: str = HOOK, **how: Any
) -> Any:
    body, headers = server.event(kind, about, secret=secret, **how)
    return await client.post(f"/api/v1/webhooks/stripe/{owner.id}", content=body, headers=headers)


async def test_nothing_is_connected_at_first(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    found = (await client.as_(ana).get(BASE)).json()
    assert (found["default_gateway"], found["settlement"]) == (None, "platform")
    assert [(g["gateway"], g["connected"], g["ready"]) for g in found["gateways"]] == [
        ("RAZORPAY", False, False),
        ("STRIPE", False, False),
        ("XENDIT", False, False),
    ]
    for provider in ("razorpay", "stripe", "xendit"):
        status = (await client.as_(ana).get(f"{BASE}/{provider}/status")).json()
        assert status["webhook_url"] == f"http://testserver/api/v1/webhooks/{provider}/{ana.id}"
        assert status["connected"] is False
        gone = await client.as_(ana).post(f"{BASE}/{provider}/disconnect", json={"password": PASSWORD})
        assert gone.status_code == 404
    for path in ("razorpay/webhook-secret", "stripe/webhook-secret"):
        answer = await client.as_(ana).post(f"{BASE}/{path}", json={"webhook_secret": HOOK, "password": PASSWORD})
        assert answer.status_code == 404
    token = {"webhook_token": HOOK, "password": PASSWORD}
    assert (await client.as_(ana).post(f"{BASE}/xendit/webhook-token", json=token)).status_code == 404
    assert (await client.get(BASE)).status_code == 401


async def test_a_key_is_tried_sealed_and_masked(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    ana = await make.user("ana")
    answer = await connect(client, ana)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["gateway"], shown["connected"], shown["ready"], shown["is_default"]) == ("STRIPE", True, True, True)
    assert (shown["account_id"], shown["secret_masked"], shown["webhook_secret_masked"]) == (
        "acct_ana",
        "••••1234",
        "••••5678",
    )
    assert (shown["charges_enabled"], shown["is_live"], shown["way"]) == (True, True, "keys")
    assert shown["health"] == {
        "state": "quiet",
        "last_received_at": None,
        "waiting": 0,
        "dead": 0,
        "refused": 0,
        "lag_s": None,
    }
    assert (await client.as_(ana).get(f"{BASE}/stripe/status")).json() == shown
    found = (await client.as_(ana).get(BASE)).json()
    assert (found["default_gateway"], found["settlement"]) == ("STRIPE", "direct")
    async with app.database.connection() as db:
        kept = await db.fetchrow("select * from gateway_accounts")
        noted = await db.fetch("select action, before, after from audit_events where action like 'payments.gateway%'")
    for secret in (KEY, HOOK):
        assert secret not in str(dict(kept)) and secret.encode() not in kept["secret_sealed"] + kept["webhook_sealed"]
        assert secret not in answer.text and secret not in str([dict(row) for row in noted])
    assert [row["action"] for row in noted] == ["payments.gateway_connected"]
    from stoa.kit.crypto import SealBroken

    with pytest.raises(SealBroken):
        app.keyring.open(kept["secret_sealed"], f"gateway_account:{kept['id']}:webhook")
    assert app.keyring.open(kept["secret_sealed"], f"gateway_account:{kept['id']}:secret").decode() == KEY


@pytest.mark.parametrize(
    ("key", "field", "status"),
    [
        ("sk_live_of_nobody", "secret_key", 422),
        ("sk_test_of_ana_1234", "secret_key", 422),
        ("pk_live_of_ana_1234", "secret_key", 422),
        ("whsec_something", "secret_key", 422),
        ("sk_live_\nof_ana", "secret_key", 422),
        ("sk_live_é_of_ana", "secret_key", 422),
        ("short", "secret_key", 422),
        ("sk_live_" + "x" * 300, "secret_key", 422),
    ],
)
async def test_a_key_that_is_refused_is_not_kept(
    app: Any, client: Any, make: Any, stripe: StripeWorld, key: str, field: str, status: int
) -> None:
    answer = await connect(client, await make.user("ana"), key)
    assert answer.status_code == status, answer.text
    assert field in answer.json()["fields"]
    assert await count(app, "select count(*) from gateway_accounts") == 0


@pytest.mark.parametrize("mischief", ["timeout", "crash", "gibberish", "limit"])
async def test_a_provider_that_does_not_answer(
    app: Any, client: Any, make: Any, stripe: StripeWorld, mischief: str
) -> None:
    stripe.accounts["acct_ana"].mischief = [mischief] * 2
    answer = await connect(client, await make.user("ana"))
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unavailable")
    assert await count(app, "select count(*) from gateway_accounts") == 0


async def test_who_changes_it_shows_who_they_are(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    ana = await make.user("ana")
    for password in (None, "not the password at all"):
        answer = await connect(client, ana, password=password)
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["password"])
    assert await count(app, "select count(*) from gateway_accounts") == 0
    assert (await connect(client, ana)).status_code == 200
    for path, body in (
        ("stripe/disconnect", {}),
        ("default", {"gateway": None}),
        ("stripe/webhook-secret", {"webhook_secret": "whsec_of_somebody"}),
        ("stripe/connect", {}),
        ("xendit/connect", {"api_key": "xnd_production_1"}),
        ("razorpay/connect", {"key_id": "rzp_live_1", "key_secret": "secret-secret"}),
    ):
        answer = await client.as_(ana).post(f"{BASE}/{path}", json=body)
        assert answer.status_code == 422 and "password" in answer.json()["fields"], path
    shown = (await client.as_(ana).get(f"{BASE}/stripe/status")).json()
    assert (shown["connected"], shown["is_default"], shown["webhook_secret_masked"]) == (True, True, "••••5678")


async def test_payments_go_there_when_it_is_ready(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """M12: all of it is the creator's, in their own account; here it is explained, and neither spent nor paid out."""
    ana, ben = await make.user("ana"), await make.user("ben")
    assert (await connect(client, ana, hook=None)).json()["waits_for"].startswith("Please add the webhook secret")
    refused = await client.as_(ana).post(f"{BASE}/default", json={"gateway": "STRIPE", "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (409, "account_not_ready")
    order = await tipped(client, ben, ana)
    assert order["gateway"] == "stripe" and list(stripe.platform.intents) == [order["payment_id"]]
    assert await earned(app, ana) == 291
    secret = {"webhook_secret": HOOK, "password": PASSWORD}
    ready = await client.as_(ana).post(f"{BASE}/stripe/webhook-secret", json=secret)
    assert (ready.json()["ready"], ready.json()["is_default"]) == (True, True)
    order = await tipped(client, ben, ana)
    assert list(stripe.accounts["acct_ana"].intents) == [order["payment_id"]]
    ((kind, transfer_id),) = await transfers(app, order["id"])
    assert kind == "direct_tip"
    assert await postings(app, transfer_id) == {
        ("", "USD", "direct_world:stripe"): -300,
        ("ana", "USD", "direct"): 300,
    }
    assert await earned(app, ana) == 291
    seen = (await client.as_(ana).get(f"/api/v1/payments/{order['id']}")).json()
    assert (seen["amount_minor"], seen["fee_minor"], seen["net_minor"]) == (300, 0, 300)
    held = (await client.as_(ana).get("/api/v1/wallet")).json()
    assert [(c["currency"], c["earned_minor"]) for c in held["currencies"]] == [("USD", 291)]
    line = (await client.as_(ana).get("/api/v1/wallet/history")).json()["items"][0]
    assert line["title"] == "@ben tipped you a superlike of 3.00 USD by card, into your own account"
    assert [(p["account"], p["amount"]) for p in line["postings"]] == [
        ("Accounts of people's own (stripe)", "-3.00"),
        ("USD in your own account", "3.00"),
    ]
    platform_only = {"gateway": None, "password": PASSWORD}
    assert (await client.as_(ana).post(f"{BASE}/default", json=platform_only)).json()["settlement"] == "platform"
    await tipped(client, ben, ana)
    assert len(stripe.platform.intents) == 2
    await assert_clean(app)


async def test_a_refund_of_what_went_there(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """M13: from the creator's own account, and out of what an invoice would count."""
    ana, ben, boss = await make.user("ana"), await make.user("ben"), await make.user("boss", roles=("admin",))
    await connect(client, ana)
    order = await tipped(client, ben, ana)
    for amount_minor in (1, 299):
        body = {"reason": "asked for it", "amount_minor": amount_minor}
        answer = await client.as_(boss).post(f"/api/v1/orders/{order['id']}/refund", json=body)
        assert answer.status_code == 201, answer.text
        await run_due(app, reraise=True)
    assert stripe.accounts["acct_ana"].refunded == {order["payment_id"]: 300}
    (_, transfer_id) = (await transfers(app, order["id"]))[-1]
    assert await postings(app, transfer_id) == {
        ("", "USD", "direct_world:stripe"): 299,
        ("ana", "USD", "direct"): -299,
    }
    seen = (await client.as_(ana).get(f"/api/v1/payments/{order['id']}")).json()
    assert (seen["status"], seen["refunded_minor"], seen["kept_minor"]) == ("refunded", 300, 0)
    await assert_clean(app)


async def test_a_tip_on_the_hosted_page(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    await connect(client, ana)
    opened = (await checkout(client.as_(ben), ana, True)).json()
    server = stripe.accounts["acct_ana"]
    assert list(server.sessions) == [opened["session_id"]] and stripe.platform.sessions == {}
    path = f"/api/v1/checkout/session/{opened['session_id']}"
    assert (await client.as_(ben).get(path)).json()["state"] == "open"
    intent = server.pay(opened["session_id"])
    told = server.sessions[opened["session_id"]]
    assert (await deliver(client, ana, server, "checkout.session.completed", told)).status_code == 200
    await run_due(app, reraise=True)
    seen = (await client.as_(ben).get(path)).json()
    assert (seen["state"], seen["order_state"], seen["payment_status"]) == ("complete", "paid", "succeeded")
    assert (await deliver(client, ana, server, "payment_intent.succeeded", intent)).status_code == 200
    await run_due(app, reraise=True)
    health = (await client.as_(ana).get(f"{BASE}/stripe/status")).json()["health"]
    assert (health["state"], health["waiting"], health["dead"], health["refused"]) == ("well", 0, 0, 0)
    await assert_clean(app)


async def test_open_orders_finish_with_the_keys_they_were_placed_with(
    app: Any, client: Any, make: Any, stripe: StripeWorld
) -> None:
    """Another account is connected while an order is open: it is paid and told at the old one, whose keys go then."""
    ana, ben = await make.user("ana"), await make.user("ben")
    other = stripe.account("acct_other", "sk_live_of_another")
    await connect(client, ana)
    opened = (await checkout(client.as_(ben), ana, True)).json()
    changed = await connect(client, ana, "sk_live_of_another", "whsec_of_another")
    assert (changed.json()["account_id"], changed.json()["is_default"]) == ("acct_other", True)
    assert await count(app, "select count(*) from gateway_accounts where secret_sealed is not null") == 2
    await tipped(client, ben, ana)
    assert len(other.intents) == 1
    old = stripe.accounts["acct_ana"]
    old.pay(opened["session_id"])
    told = old.sessions[opened["session_id"]]
    assert (await deliver(client, ana, old, "checkout.session.completed", told)).status_code == 200
    await run_due(app, reraise=True)
    assert (await client.as_(ben).get(f"/api/v1/orders/{opened['order_id']}")).json()["state"] == "paid"
    from stoa.money.payments.actions.accounts import wipe

    async with make.tx() as ctx:
        assert await wipe(ctx) == 1
    assert await count(app, "select count(*) from gateway_accounts where secret_sealed is not null") == 1
    late = await deliver(client, ana, old, "checkout.session.completed", told, event_id="evt_late")
    assert late.status_code == 400, "its secret is forgotten"
    await assert_clean(app)


async def test_keys_that_are_rolled(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """The same account by another key: the old one is refused by now, so open orders finish with the new one."""
    ana, ben = await make.user("ana"), await make.user("ben")
    await connect(client, ana)
    opened = (await checkout(client.as_(ben), ana, True)).json()
    server = stripe.accounts["acct_ana"]
    server.keys = {"sk_live_of_ana_rolled"}
    changed = (await connect(client, ana, "sk_live_of_ana_rolled", None)).json()
    assert (changed["secret_masked"], changed["webhook_secret_masked"]) == ("••••lled", "••••5678")
    assert (await pay(client.as_(ben), opened["order_id"])).json()["state"] == "paid"
    intent = server.intents["pi_1"] if "pi_1" in server.intents else next(iter(server.intents.values()))
    assert (await deliver(client, ana, server, "payment_intent.succeeded", intent)).status_code == 200
    await run_due(app, reraise=True)
    async with app.database.connection() as db:
        row = await db.fetchrow("select e.outcome, e.account_id = o.account_id as fits from webhook_events e, orders o")
    assert (row["outcome"], row["fits"]) == ("applied", True), "asked about, the gateway tells its fee as well"
    await assert_clean(app)


async def test_disconnected_while_an_order_is_open(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    ana, ben, boss = await make.user("ana"), await make.user("ben"), await make.user("boss", roles=("admin",))
    await connect(client, ana)
    first = (await checkout(client.as_(ben), ana)).json()
    second = (await checkout(client.as_(ben), ana)).json()
    left = await client.as_(ana).post(f"{BASE}/stripe/disconnect", json={"password": PASSWORD})
    assert (left.status_code, left.json()["connected"]) == (200, False)
    assert (await pay(client.as_(ben), first["order_id"])).json()["state"] == "paid"
    server = stripe.accounts["acct_ana"]
    assert len(server.intents) == 1
    cancelled = await client.as_(ben).post(f"/api/v1/orders/{second['order_id']}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert server.sessions[second["session_id"]]["status"] == "expired"
    await run_due(app)
    from stoa.money.payments.actions.accounts import wipe

    async with make.tx() as ctx:
        await wipe(ctx)
    assert await count(app, "select count(*) from gateway_accounts where wiped_at is not null") == 1
    refused = await client.as_(boss).post(f"/api/v1/orders/{first['order_id']}/refund", json={"reason": "please"})
    assert (refused.status_code, refused.json()["code"]) == (409, "gateway_disconnected")
    order = await tipped(client, ben, ana)
    assert order["payment_id"] in stripe.platform.intents and await earned(app, ana) == 291
    await assert_clean(app)


@pytest.mark.parametrize("way", ["keys", "oauth", "restricted"])
async def test_an_account_that_does_not_open_any_more(
    app: Any, client: Any, make: Any, stripe: StripeWorld, way: str
) -> None:
    """Revoked or restricted at Stripe, unannounced: payments come through the platform until it opens again."""
    from dataclasses import replace
    from datetime import timedelta

    from stoa.money.payments.actions.looking_after import look_after

    ana, ben = await make.user("ana"), await make.user("ben")
    server = stripe.accounts["acct_ana"]
    if way == "oauth":
        state = (await begun(client, ana))["state"]
        stripe.codes["ac_1"] = "acct_ana"
        await client.as_(ana).post(f"{BASE}/stripe/connect", json={"code": "ac_1", "state": state})
    else:
        await connect(client, ana)

    async def looked(hours: int) -> dict[str, int]:
        async with make.tx() as ctx:
            return await look_after(replace(ctx, now=ctx.now + timedelta(hours=hours)))

    assert await looked(1) == {"open": 0, "closed": 0, "silent": 0}, "it was asked about just now"
    if way == "keys":
        server.keys = {"sk_live_of_another_day"}
    elif way == "oauth":
        stripe.connected.clear()
    else:
        server.account["charges_enabled"] = False
    assert await looked(7) == {"open": 0, "closed": 1, "silent": 0}
    shown = (await client.as_(ana).get(f"{BASE}/stripe/status")).json()
    assert (shown["ready"], shown["charges_enabled"]) == (False, False)
    assert shown["waits_for"].startswith("Stripe does not let it take payments")
    await tipped(client, ben, ana)
    assert server.intents == {} and await earned(app, ana) == 291
    server.keys, server.account["charges_enabled"] = {KEY}, True
    stripe.connected.add("acct_ana")
    server.mischief = ["crash"] * 2
    assert (await looked(8))["silent"] == 1
    assert await looked(9) == {"open": 1, "closed": 0, "silent": 0}
    await tipped(client, ben, ana)
    assert len(server.intents) == 1
    await assert_clean(app)


async def test_two_changes_at_once(app: Any, live: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    ana = await make.user("ana")
    stripe.account("acct_other", "sk_live_of_another")
    answers = await asyncio.gather(
        connect(client, ana), connect(client, ana, "sk_live_of_another"), connect(client, ana), connect(client, ana)
    )
    assert {a.status_code for a in answers} == {200}
    assert await count(app, "select count(*) from gateway_accounts where ended_at is null and is_default") == 1
    assert await count(app, "select count(*) from gateway_accounts where secret_sealed is not null") == 1


async def test_keys_are_sealed_anew(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    from stoa.kit.config import EncryptionKey
    from stoa.kit.crypto import Keyring
    from stoa.money.payments.actions.accounts import reseal

    await connect(client, await make.user("ana"))
    before = app.keyring
    try:
        app.keyring = Keyring([EncryptionKey("next", b"n" * 32), *app.settings.encryption_keys])
        async with make.tx() as ctx:
            assert await reseal(ctx) == 1
            assert await reseal(ctx) == 0
        async with app.database.connection() as db:
            row = await db.fetchrow("select id, secret_sealed, webhook_sealed from gateway_accounts")
        for what, secret in (("secret", KEY), ("webhook", HOOK)):
            assert app.keyring.open(row[f"{what}_sealed"], f"gateway_account:{row['id']}:{what}").decode() == secret
            assert not app.keyring.needs_reseal(row[f"{what}_sealed"])
    finally:
        app.keyring = before


# ---- Razorpay and Xendit: what is asked when keys are saved


@pytest.fixture
def others(app: Any) -> Iterator[list[tuple[str, str]]]:
    """Razorpay and Xendit as far as they are asked for whether keys work: both know the keys of ana."""
    asked: list[tuple[str, str]] = []
    import base64

    def answer(request: httpx.Request) -> httpx.Response:
        given = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        asked.append((str(request.url), given))
        if given == "rzp_live_of_ana:secret-of-ana":
            return httpx.Response(200, json={"entity": "collection", "count": 0, "items": []})
        if given == "xnd_production_of_ana:":
            return httpx.Response(200, json={"balance": 0})
        if given == "xnd_production_no_rights:":
            return httpx.Response(403, json={"error_code": "REQUEST_FORBIDDEN_ERROR"})
        return httpx.Response(401, json={"error_code": "INVALID_API_KEY"})

    settings, http = app.settings, app.http
    app.settings = msgspec.structs.replace(
        settings, sandbox=False, razorpay_api_base="http://razorpay.test", xendit_api_base="http://xendit.test"
    )
    app.http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    yield asked
    app.settings, app.http = settings, http


async def test_razorpay_keys(app: Any, client: Any, make: Any, others: list[tuple[str, str]]) -> None:
    ana = await make.user("ana")
    body = {"key_id": "rzp_live_of_ana", "key_secret": "secret-of-ana", "webhook_secret": "hook-of-ana"}
    answer = await client.as_(ana).post(f"{BASE}/razorpay/connect", json=body | {"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    assert others == [("http://razorpay.test/v1/payments?count=1", "rzp_live_of_ana:secret-of-ana")]
    shown = answer.json()
    assert (shown["key_id"], shown["secret_masked"], shown["ready"]) == ("rzp_live_of_ana", "••••-ana", True)
    for wrong, field in (
        ({"key_secret": "something-else"}, "key_secret"),
        ({"key_id": "rzp_test_of_ana"}, "key_id"),
        ({"key_id": "of_ana"}, "key_id"),
    ):
        refused = await client.as_(ana).post(f"{BASE}/razorpay/connect", json=body | {"password": PASSWORD} | wrong)
        assert (refused.status_code, list(refused.json()["fields"])) == (422, [field])
    assert await count(app, "select count(*) from gateway_accounts") == 1


async def test_xendit_keys(app: Any, client: Any, make: Any, others: list[tuple[str, str]]) -> None:
    ana = await make.user("ana")
    path, proof = f"{BASE}/xendit/connect", {"password": PASSWORD}
    answer = await client.as_(ana).post(path, json={"api_key": "xnd_production_of_ana"} | proof)
    assert answer.status_code == 200, answer.text
    assert others == [("http://xendit.test/balance", "xnd_production_of_ana:")]
    assert (answer.json()["ready"], answer.json()["webhook_secret_masked"]) == (False, None)
    token = {"webhook_token": "token-of-ana"} | proof
    shown = (await client.as_(ana).post(f"{BASE}/xendit/webhook-token", json=token)).json()
    assert (shown["ready"], shown["webhook_secret_masked"]) == (True, "••••-ana")
    for key in ("xnd_production_of_eve", "xnd_production_no_rights", "xnd_development_1", "sk_live_of_ana"):
        refused = await client.as_(ana).post(path, json={"api_key": key} | proof)
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["api_key"])


async def test_a_currency_that_their_gateway_does_not_take(
    app: Any, client: Any, make: Any, others: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes through the platform, as for those who have connected nothing."""
    monkeypatch.setattr("stoa.money.payments.gateways.xendit.Xendit.currencies", frozenset({"IDR"}))
    app.settings = msgspec.structs.replace(app.settings, sandbox=True)
    ana, ben = await make.user("ana"), await make.user("ben")
    keys = {"api_key": "xnd_production_of_ana", "webhook_token": "token-of-ana", "password": PASSWORD}
    shown = (await client.as_(ana).post(f"{BASE}/xendit/connect", json=keys)).json()
    assert (shown["ready"], shown["is_default"]) == (True, True)
    assert (await tipped(client, ben, ana))["gateway"] == "sandbox"
    assert await earned(app, ana) == 291


# ---- Connect


async def begun(client: Any, user: Any) -> dict[str, str]:
    answer = await client.as_(user).post(f"{BASE}/stripe/connect", json={"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    parts = urlsplit(answer.json()["authorization_url"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://connect.stripe.test/oauth/authorize"
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


async def test_an_account_is_connected_by_oauth(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    asked = await begun(client, ana)
    assert (asked["client_id"], asked["response_type"], asked["scope"]) == ("ca_of_this_machine", "code", "read_write")
    assert asked["redirect_uri"] == "http://testserver/dashboard/payments/connected/stripe"
    stripe.codes["ac_1"] = "acct_ana"
    back = {"code": "ac_1", "state": asked["state"]}
    shown = (await client.as_(ana).post(f"{BASE}/stripe/connect", json=back)).json()
    assert (shown["connected"], shown["ready"], shown["way"], shown["account_id"]) == (True, True, "oauth", "acct_ana")
    assert await count(app, "select count(*) from gateway_accounts where secret_sealed is not null") == 0
    again = await client.as_(ana).post(f"{BASE}/stripe/connect", json=back)
    assert (again.status_code, list(again.json()["fields"])) == (422, ["code"])
    opened = (await checkout(client.as_(ben), ana, True)).json()
    server = stripe.accounts["acct_ana"]
    server.pay(opened["session_id"])
    body, headers = server.event("checkout.session.completed", server.sessions[opened["session_id"]])
    body = body.replace(b'"object":"event"', b'"object":"event","account":"acct_ana"')
    body, headers = signed(body)
    assert (await client.post("/api/v1/webhooks/stripe", content=body, headers=headers)).status_code == 200
    await run_due(app, reraise=True)
    order = (await client.as_(ben).get(f"/api/v1/orders/{opened['order_id']}")).json()
    assert order["state"] == "paid"
    ((kind, _),) = await transfers(app, order["id"])
    assert kind == "direct_tip"
    left = await client.as_(ana).post(f"{BASE}/stripe/disconnect", json={"password": PASSWORD})
    assert left.status_code == 200
    await run_due(app, reraise=True)
    assert stripe.let_go == ["acct_ana"] and stripe.connected == set()
    await assert_clean(app)


async def test_an_account_that_comes_back_is_kept(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """It is let go of by a job, which may be late: by then its owner can have connected it again."""
    ana = await make.user("ana")
    for code in ("ac_1", "ac_2"):
        stripe.codes[code] = "acct_ana"
        back = {"code": code, "state": (await begun(client, ana))["state"]}
        shown = (await client.as_(ana).post(f"{BASE}/stripe/connect", json=back)).json()
        assert shown["connected"]
        if code == "ac_1":
            left = await client.as_(ana).post(f"{BASE}/stripe/disconnect", json={"password": PASSWORD})
            assert left.status_code == 200
    await run_due(app, reraise=True)
    assert stripe.let_go == [] and stripe.connected == {"acct_ana"}


def signed(body: bytes, secret: str = "whsec_of_this_machine") -> tuple[bytes, dict[str, str]]:
    """A body with a right signature, whoever made it up."""
    import hashlib
    import hmac
    import time

    seconds = int(time.time())
    proof = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"content-type": "application/json", "stripe-signature": f"t={seconds},v1={proof}"}


async def test_a_way_to_stripe_ends_where_it_began(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    ana, eve = await make.user("ana"), await make.user("eve")
    asked = await begun(client, ana)
    stripe.codes["ac_1"] = "acct_ana"
    for user, state in (
        (eve, asked["state"]),  # somebody else is led to end it
        (ana, asked["state"][:-4] + "AAAA"),
        (ana, "x.y"),
        (ana, "…"),
        (ana, ""),
        (ana, None),
    ):
        body = {"code": "ac_1", "state": state}
        answer = await client.as_(user).post(f"{BASE}/stripe/connect", json=body)
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["state"]), state
    assert await count(app, "select count(*) from gateway_accounts") == 0
    assert stripe.codes == {"ac_1": "acct_ana"}, "nobody asked for it"
    late = {"code": "ac_none", "state": asked["state"]}
    answer = await client.as_(ana).post(f"{BASE}/stripe/connect", json=late)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["code"])


async def test_without_connect_a_key_is_needed(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    app.settings = msgspec.structs.replace(app.settings, stripe_connect_client_id="")
    answer = await client.as_(await make.user("ana")).post(f"{BASE}/stripe/connect", json={"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_gateway")
