"""Stripe Connect: our client code against a server that speaks as Stripe documents."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from stoa.kit.errors import NotFound
from stoa.money.payouts.actions.switchboard import provider_named, switched_on
from stoa.money.payouts.errors import BadDestination, BadPayoutWebhook, ProviderUnavailable
from stoa.money.payouts.gateways import TransferRequest
from stoa.money.payouts.gateways.stripe import StripeConnect
from stoa.money.payouts.types import DestinationDetails
from tests.money.books import assert_clean, buckets, count, platform
from tests.money.payouts.test_providers import World
from tests.providers.stripe_connect import ACCOUNT, SECRET, ConnectServer, standing

CONNECT = StripeConnect()


@pytest.fixture
def server(app: Any) -> Iterator[ConnectServer]:
    with standing(app) as made:
        yield made


def details(currency: str = "EUR", account: str = ACCOUNT, country: str = "DE") -> DestinationDetails:
    return DestinationDetails(holder="Ana Lindqvist", currency=currency, country=country, fields={"account": account})


def request(amount_minor: int = 500, currency: str = "USD", key: str = "p:1") -> TransferRequest:
    return TransferRequest(
        key=key, amount_minor=amount_minor, currency=currency, recipient=ACCOUNT, description="Earnings, November"
    )


async def test_an_account_is_looked_at_before_it_is_kept(ctx: Any, server: ConnectServer) -> None:
    assert await CONNECT.register(ctx, details()) == ACCOUNT
    assert server.asked == [("GET", f"/v1/accounts/{ACCOUNT}", {})]


@pytest.mark.parametrize(
    ("given", "changed", "fields"),
    [
        (details(account="acct_of_nobody_here"), {}, {"account"}),
        (details(account="acct_1032D82eZvKYlo2D"), {}, {"account"}),
        (details(account="no account"), {}, {"account"}),
        (details(), {"payouts_enabled": False}, {"account"}),
        (details(), {"capabilities": {"transfers": "pending"}}, {"account"}),
        (details(), {"capabilities": {}}, {"account"}),
        (details("USD", country="US"), {}, {"currency", "country"}),
        (details("KWD"), {}, {"currency"}),
    ],
)
async def test_an_account_that_cannot_be_paid(
    ctx: Any, server: ConnectServer, given: DestinationDetails, changed: dict[str, Any], fields: set[str]
) -> None:
    server.connected[ACCOUNT] |= changed
    with pytest.raises(BadDestination) as refused:
        await CONNECT.register(ctx, given)
    assert set(refused.value.fields) == fields


@pytest.mark.parametrize(("amount_minor", "currency"), [(500, "USD"), (1, "EUR"), (1500, "JPY"), (12_340, "KWD")])
async def test_a_transfer_on_the_wire(ctx: Any, server: ConnectServer, amount_minor: int, currency: str) -> None:
    """Stripe counts in the smallest unit, and takes only two of three decimals."""
    quote = await CONNECT.quote(ctx, ACCOUNT, amount_minor, currency)
    assert (quote.fee_minor, quote.arrives_minor, quote.currency) == (0, amount_minor, currency)
    sent = await CONNECT.submit(ctx, request(amount_minor, currency))
    assert server.asked == [
        ("GET", "/v1/transfers", {"transfer_group": "payout:p:1", "limit": "1"}),
        (
            "POST",
            "/v1/transfers",
            {
                "amount": str(amount_minor),
                "currency": currency.lower(),
                "destination": ACCOUNT,
                "description": "Earnings, November",
                "transfer_group": "payout:p:1",
            },
        ),
    ]
    assert list(server.answered) == ["payout:p:1"], "its idempotency key"
    assert (sent.reference, sent.state) == ("tr_1", "arrived")
    assert server.available[currency.lower()] == 100_000_000 - amount_minor


async def test_a_third_decimal_is_refused(ctx: Any, server: ConnectServer) -> None:
    with pytest.raises(BadDestination):
        await CONNECT.quote(ctx, ACCOUNT, 12_345, "KWD")


@pytest.mark.parametrize(
    "mischief",
    [
        ["timeout", "timeout"],
        ["crash", "crash"],
        ["limit"],
        ["denied"],
        ["gibberish", "gibberish"],
        ["another"],
        ["", "timeout", "timeout"],
        ["", "timeout_after", "timeout"],
        ["", "timeout_after", "crash"],
        ["", "limit"],
        ["", "another"],
    ],
)
async def test_an_answer_that_got_lost(ctx: Any, server: ConnectServer, mischief: list[str]) -> None:
    """The same key is the same transfer, also when Stripe has forgotten the key."""
    server.mischief = list(mischief)
    with pytest.raises(ProviderUnavailable):
        await CONNECT.submit(ctx, request())
    server.mischief.clear()
    server.forget_keys()
    sent = await CONNECT.submit(ctx, request())
    assert sent == await CONNECT.submit(ctx, request())
    assert list(server.transfers) == [sent.reference]
    assert server.available["usd"] == 100_000_000 - 500
    assert (await CONNECT.submit(ctx, request(key="p:2"))).reference != sent.reference


async def test_refusals(ctx: Any, server: ConnectServer) -> None:
    server.available["usd"] = 499
    refused = await CONNECT.submit(ctx, request())
    assert (refused.state, refused.failure_code) == ("failed", "balance_insufficient")
    assert refused.failure_reason == "Stripe refused it: You have insufficient available funds in your Stripe account."
    server.connected.clear()
    assert (await CONNECT.submit(ctx, request(key="p:2"))).failure_code == "resource_missing"
    assert server.transfers == {}
    with pytest.raises(NotFound):  # it says nothing about the money
        await CONNECT.look_up(ctx, "tr_of_another_account")


async def test_a_reversal(ctx: Any, server: ConnectServer) -> None:
    sent = await CONNECT.submit(ctx, request())
    assert (await CONNECT.look_up(ctx, sent.reference)).state == "arrived"
    body, headers = server.reverse(sent.reference)
    assert (await CONNECT.look_up(ctx, sent.reference)).state == "failed"
    assert CONNECT.verify(ctx, headers, body) == "verified"
    news = CONNECT.read(body)
    assert (news.kind, news.reference, news.state) == ("transfer.reversed", sent.reference, "failed")


async def test_webhooks(ctx: Any, server: ConnectServer) -> None:
    """The endpoint for payouts has a secret of its own."""
    await CONNECT.submit(ctx, request())
    body, headers = server.event("transfer.created", server.transfers["tr_1"], secret=SECRET)
    assert CONNECT.verify(ctx, headers, body) == "verified"
    assert CONNECT.verify(ctx, headers, body + b" ") == "bad_signature"
    assert CONNECT.verify(ctx, *reversed(server.event("transfer.created", {}))) == "bad_signature"
    assert CONNECT.verify(ctx, *reversed(server.event("transfer.created", {}, secret=SECRET, age_s=301))) == "too_old"
    ctx.app.settings = msgspec.structs.replace(ctx.app.settings, stripe_payouts_webhook_secret="")
    assert CONNECT.verify(ctx, *reversed(server.event("transfer.created", {}, secret=""))) == "bad_signature"
    other = CONNECT.read(server.event("payout.paid", {"id": "po_1"}, event_id="evt_x")[0])
    assert (other.event_id, other.reference) == ("evt_x", None)
    for unreadable in (b"", b"{}", b"\xff", server.event("transfer.created", {"id": 5})[0]):
        with pytest.raises(BadPayoutWebhook):
            CONNECT.read(unreadable)


async def test_a_payout_to_a_connected_account(app: Any, client: Any, make: Any, server: ConnectServer) -> None:
    """It stands there at once: 400 coins are 5.13 USD."""
    ana = await make.member("ana", earned=400)
    me = client.as_(ana)
    place = {"provider": "stripe", "holder": "Ana Lindqvist", "currency": "EUR", "country": "DE"}
    body = place | {"fields": {"account": ACCOUNT}, "password": ana.password}
    destination = (await me.post("/api/v1/payout-destinations", json=body)).json()
    payout = (await me.post("/api/v1/payouts", json={"destination": destination["id"]})).json()
    world = World(app, client, make, "stripe", server)
    server.mischief = ["", "timeout_after", "timeout"]
    await world.pass_(3600)
    assert (await me.get(f"/api/v1/payouts/{payout['id']}")).json()["state"] == "paid"
    assert [t["amount"] for t in server.transfers.values()] == [513]
    assert await platform(app, "USD", "payout_world:stripe") == 513
    told = server.event("transfer.created", server.transfers["tr_1"], secret=SECRET)
    assert (await world.hear(told)).status_code == 200
    assert (await world.hear(server.reverse("tr_1"))).status_code == 200
    await world.pass_(0)
    assert await count(app, "select count(*) from webhook_events where outcome = 'unchanged'") == 1
    assert (await me.get(f"/api/v1/payouts/{payout['id']}")).json()["failure_reason"] == "Stripe took the transfer back"
    assert await buckets(app, ana) == {"earned": 40_000}
    await assert_clean(app)


async def test_it_is_on_when_connect_is_set_up(ctx: Any, server: ConnectServer, monkeypatch: Any) -> None:
    assert switched_on(ctx.app.settings) == ["stripe", "sandbox"]
    assert provider_named(ctx, "stripe").name == "stripe"
    for missing in ("stripe_secret_key", "stripe_connect_client_id"):
        assert switched_on(msgspec.structs.replace(ctx.app.settings, **{missing: ""})) == ["sandbox"]
    from stoa.money.payouts.gateways import stripe

    await stripe.look(ctx.app.settings, ctx.app.http)
    server.keys = {"another"}
    with pytest.raises(ProviderUnavailable):
        await stripe.look(ctx.app.settings, ctx.app.http)
