"""A creator's own gateways in the dashboard: connected, looked after, chosen, left (M12)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import PASSWORD
from tests.front.test_wallet_pages import form, words
from tests.money.books import count
from tests.money.payments.test_accounts import HOOK, KEY, deliver
from tests.providers.stripe_accounts import StripeWorld, world

HERE = "/dashboard/payments/gateways"


@pytest.fixture
def stripe(app: Any) -> Iterator[StripeWorld]:
    with world(app) as made:
        made.account("acct_ana", KEY)
        yield made


async def test_from_nothing_to_payments_that_go_there(
    app: Any, client: Any, make: Any, signed_in: Any, stripe: StripeWorld
) -> None:
    ana = await make.user("ana")
    me = await signed_in(ana)
    assert f'href="{HERE}"' in (await me.get("/dashboard/payments")).text
    page = words((await me.get(HERE)).text)
    assert "comes through the platform, into your wallet" in page and "Where payments go" not in page
    page = await me.get(f"{HERE}/stripe")
    assert "Not connected" in words(page.text) and "Connect with Stripe" in page.text
    address = f"http://testserver/api/v1/webhooks/stripe/{ana.id}"
    assert address in page.text and f'data-copy="{address}"' in page.text
    fields = form(page.text, f"{HERE}/stripe/connect")
    answer = await me.post(f"{HERE}/stripe/connect", **{**fields, "secret_key": KEY, "password": PASSWORD})
    assert answer.headers["location"] == f"{HERE}/stripe"
    page = await me.follow(answer)
    assert "Your account at Stripe is connected." in page.text and KEY not in page.text
    assert "Not ready" in words(page.text) and "Please add the webhook secret" in words(page.text)
    assert "acct_ana" in page.text and "••••1234" in page.text
    fields = form(page.text, f"{HERE}/stripe/webhook") | {"new_webhook_secret": HOOK, "hook_password": PASSWORD}
    page = await me.follow(await me.post(f"{HERE}/stripe/webhook", **fields))
    assert "Payments go here" in words(page.text) and HOOK not in page.text
    assert "straight into an account of ana’s own" in words(
        (await (await signed_in(await make.user("ben"))).get("/@ana/tip")).text
    )
    page = await me.get(HERE)
    assert "goes straight to your account at Stripe" in words(page.text)
    fields = form(page.text, f"{HERE}/default") | {"settlement": "platform", "password": PASSWORD}
    page = await me.follow(await me.post(f"{HERE}/default", **fields))
    assert "Payments go to your wallet, through the platform from now on." in words(page.text)
    fields = form(page.text, f"{HERE}/default") | {"settlement": "stripe", "password": PASSWORD}
    assert "goes straight to your account" in words((await me.follow(await me.post(f"{HERE}/default", **fields))).text)
    page = await me.get(f"{HERE}/stripe")
    fields = form(page.text, f"{HERE}/stripe/disconnect") | {"leave_password": PASSWORD}
    page = await me.follow(await me.post(f"{HERE}/stripe/disconnect", **fields))
    assert "Your account at Stripe is disconnected." in words(page.text)
    assert await count(app, "select count(*) from gateway_accounts where secret_sealed is not null") == 0


@pytest.mark.parametrize(
    ("provider", "given", "said"),
    [
        ("stripe", {"secret_key": "sk_live_of_nobody"}, "Stripe does not know this key"),
        ("stripe", {"secret_key": "pk_live_of_ana"}, "This key begins with sk_live_"),
        ("stripe", {}, "This field is needed"),
        ("stripe", {"secret_key": KEY, "password": "not the password"}, "password"),
        ("stripe", {"secret_key": KEY, "password": ""}, "Please enter your password"),
        ("razorpay", {"key_id": "rzp_x", "key_secret": "secret-secret"}, "This key begins with rzp_live_"),
        ("xendit", {"api_key": "sk_live_of_ana"}, "This key begins with xnd_production_"),
    ],
)
async def test_what_is_refused_stands_beside_its_field(
    app: Any, make: Any, signed_in: Any, stripe: StripeWorld, provider: str, given: dict[str, str], said: str
) -> None:
    me = await signed_in(await make.user("ana"))
    fields = form((await me.get(f"{HERE}/{provider}")).text, f"{HERE}/{provider}/connect")
    answer = await me.post(f"{HERE}/{provider}/connect", **{**fields, "password": PASSWORD, **given})
    assert answer.status_code == 422 and said in words(answer.text), answer.text
    assert "Nothing was changed" in words(answer.text)
    for secret in (KEY, "secret-secret", "sk_live_of_nobody"):
        assert secret not in answer.text
    if "key_id" in given:
        assert 'value="rzp_x"' in answer.text, "what is no secret is not lost"
    assert await count(app, "select count(*) from gateway_accounts") == 0


async def test_other_forms_refuse_beside_their_fields(app: Any, make: Any, signed_in: Any, stripe: StripeWorld) -> None:
    me = await signed_in(await make.user("ana"))
    page = await me.get(f"{HERE}/stripe")
    connected = form(page.text, f"{HERE}/stripe/connect") | {"secret_key": KEY, "password": PASSWORD}
    await me.post(f"{HERE}/stripe/connect", **connected)
    for path, fields in (
        ("stripe/webhook", {"new_webhook_secret": HOOK, "hook_password": "wrong password"}),
        ("stripe/webhook", {"new_webhook_secret": "x", "hook_password": PASSWORD}),
        ("stripe/disconnect", {"leave_password": ""}),
        ("stripe/oauth", {"oauth_password": ""}),
        ("default", {"settlement": "platform", "password": ""}),
        ("default", {"password": PASSWORD}),
    ):
        answer = await me.post(f"{HERE}/{path}", **fields)
        assert answer.status_code == 422, (path, answer.text)
    not_ready = await me.post(f"{HERE}/default", settlement="stripe", password=PASSWORD)
    assert not_ready.status_code == 409
    for path in ("default", "paypal/connect", "paypal/webhook", "razorpay/oauth", "razorpay/disconnect"):
        fields = {"settlement": "paypal", "new_webhook_secret": HOOK, "password": PASSWORD}
        fields |= {"hook_password": PASSWORD, "leave_password": PASSWORD}
        assert (await me.post(f"{HERE}/{path}", **fields)).status_code == 404, path
    assert (await me.get(f"{HERE}/paypal")).status_code == 404
    assert await count(app, "select count(*) from gateway_accounts where ended_at is null and is_default") == 1


async def test_a_gateway_that_is_silent(app: Any, make: Any, signed_in: Any, stripe: StripeWorld) -> None:
    stripe.accounts["acct_ana"].mischief = ["timeout"] * 2
    me = await signed_in(await make.user("ana"))
    fields = form((await me.get(f"{HERE}/stripe")).text, f"{HERE}/stripe/connect")
    answer = await me.post(f"{HERE}/stripe/connect", **{**fields, "secret_key": KEY, "password": PASSWORD})
    assert answer.status_code == 503 and "The payment service does not answer right now" in words(answer.text)
    assert await count(app, "select count(*) from gateway_accounts") == 0


async def test_by_way_of_stripe(app: Any, make: Any, signed_in: Any, stripe: StripeWorld) -> None:
    me = await signed_in(await make.user("ana"))
    fields = form((await me.get(f"{HERE}/stripe")).text, f"{HERE}/stripe/oauth")
    out = await me.post(f"{HERE}/stripe/oauth", **{**fields, "oauth_password": PASSWORD})
    assert out.status_code == 200 and "Stripe asks you which of your accounts" in words(out.text)
    target = out.text.split('content="0;url=')[1].split('"')[0].replace("&amp;", "&")
    parts = urlsplit(target)
    assert parts.netloc == "connect.stripe.test"
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    back = urlsplit(asked["redirect_uri"]).path
    denied = await me.get(f"{back}?error=access_denied&state={asked['state']}")
    assert denied.headers["location"] == f"{HERE}/stripe"
    assert "You did not agree at Stripe" in words((await me.follow(denied)).text)
    stripe.codes["ac_1"] = "acct_ana"
    other = await signed_in(await make.user("eve"))
    await other.get(f"{back}?code=ac_1&state={asked['state']}")
    assert await count(app, "select count(*) from gateway_accounts") == 0
    done = await me.get(f"{back}?code=ac_1&state={asked['state']}")
    page = await me.follow(done)
    assert "Your account at Stripe is connected." in words(page.text)
    assert "there is no key to keep" in words(page.text) and "Payments go here" in words(page.text)


async def test_webhooks_that_are_refused_are_seen(
    app: Any, client: Any, make: Any, signed_in: Any, stripe: StripeWorld
) -> None:
    ana, boss = await make.user("ana"), await make.user("boss", roles=("admin",))
    me = await signed_in(ana)
    await me.post(f"{HERE}/stripe/connect", secret_key=KEY, webhook_secret=HOOK, password=PASSWORD)
    server = stripe.accounts["acct_ana"]
    about = {"id": "pi_1", "object": "payment_intent", "amount": 1, "currency": "usd", "status": "succeeded"}
    await deliver(client, ana, server, "payment_intent.succeeded", about, secret="whsec_of_another")
    page = words((await me.get(f"{HERE}/stripe")).text)
    assert "Failing" in page and "their signature did not fit" in page
    admin = await signed_in(boss)
    page = words((await admin.get("/admin/webhooks/health")).text)
    assert "Stripe" in page and "@ana" in page and "Failing" in page
    assert 'href="/admin/webhooks/health"' in (await admin.get("/admin/webhooks")).text
    assert (await me.get("/admin/webhooks/health")).status_code == 403
