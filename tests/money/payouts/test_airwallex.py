"""Airwallex: our client code against a server that speaks as Airwallex documents."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from stoa.kit.errors import NotFound
from stoa.money.payouts.errors import BadDestination, BadPayoutWebhook, ProviderUnavailable
from stoa.money.payouts.gateways import TransferRequest
from stoa.money.payouts.gateways.airwallex import Airwallex, look
from stoa.money.payouts.types import DestinationDetails
from tests.money.payouts.test_wise import BANKS as COMMON
from tests.providers.airwallex import WEBHOOK_SECRET, AirwallexServer
from tests.providers.payouts import standing

AIRWALLEX = Airwallex()
LOGIN = "/api/v1/authentication/login"
BANKS = COMMON | {
    "JPY": ("JP", {"bank_code": "0005", "branch_code": "123", "account_number": "1234567"}),
    "KWD": ("KW", {"swift_code": "nbokkwkw", "iban": "KW81CBKU0000000000001234560101"}),
}


@pytest.fixture
def server(app: Any) -> Iterator[AirwallexServer]:
    with standing(app, AirwallexServer) as made:
        yield made


def details(currency: str = "EUR", **changed: str) -> DestinationDetails:
    country, fields = BANKS[currency]
    return DestinationDetails(holder="Ana Maria Lindqvist", currency=currency, country=country, fields=fields | changed)


def request(recipient: str, amount_minor: int = 500, currency: str = "USD", key: str = "p:1") -> TransferRequest:
    return TransferRequest(
        key=key, amount_minor=amount_minor, currency=currency, recipient=recipient, description="Earnings, November"
    )


@pytest.mark.parametrize(
    ("currency", "method", "told"),
    [
        ("EUR", "LOCAL", {"iban": "DE89370400440532013000", "local_clearing_system": "SEPA"}),
        (
            "GBP",
            "LOCAL",
            {
                "account_number": "28821822",
                "account_routing_type1": "sort_code",
                "account_routing_value1": "231470",
                "local_clearing_system": "FASTER_PAYMENTS",
            },
        ),
        (
            "INR",
            "LOCAL",
            {
                "account_number": "678911234567891",
                "account_routing_type1": "ifsc",
                "account_routing_value1": "YESB0236041",
            },
        ),
        (
            "USD",
            "LOCAL",
            {
                "account_number": "12345678",
                "account_routing_type1": "aba",
                "account_routing_value1": "111000025",
                "bank_account_category": "Checking",
                "local_clearing_system": "ACH",
            },
        ),
        (
            "JPY",
            "LOCAL",
            {
                "account_number": "1234567",
                "account_routing_type1": "bank_code",
                "account_routing_value1": "0005",
                "account_routing_type2": "branch_code",
                "account_routing_value2": "123",
                "local_clearing_system": "ZENGIN",
            },
        ),
        ("KWD", "SWIFT", {"iban": "KW81CBKU0000000000001234560101", "swift_code": "NBOKKWKW"}),
    ],
)
async def test_beneficiaries(
    ctx: Any, server: AirwallexServer, currency: str, method: str, told: dict[str, str]
) -> None:
    recipient = await AIRWALLEX.register(ctx, details(currency))
    assert recipient == f"{next(iter(server.beneficiaries))}:{currency}"
    (_, path, login), (_, _, asked) = server.asked
    assert (path, login) == (LOGIN, {})
    address = asked["beneficiary"].pop("address", None)
    assert asked == {
        "beneficiary": {
            "type": "BANK_ACCOUNT",
            "entity_type": "PERSONAL",
            "first_name": "Ana Maria",
            "last_name": "Lindqvist",
            "bank_details": {
                "account_currency": currency,
                "account_name": "Ana Maria Lindqvist",
                "bank_country_code": BANKS[currency][0],
            }
            | told,
        },
        "nickname": "Ana Maria Lindqvist",
        "transfer_methods": [method],
    }
    assert (address is not None) == (currency == "USD")
    if address is not None:
        assert address == {
            "country_code": "US",
            "street_address": "50 Branson Ave",
            "city": "Seattle",
            "state": "WA",
            "postcode": "98104",
        }


async def test_what_airwallex_does_not_take_is_said_beside_its_field(ctx: Any, server: AirwallexServer) -> None:
    for given, field in (
        (details(iban="DE00 3704 0044 0532 0130 00"), "iban"),
        (details("GBP", account_number="00012345"), "account_number"),
    ):
        with pytest.raises(BadDestination) as refused:
            await AIRWALLEX.register(ctx, given)
        assert refused.value.fields == {field: "Must be a valid number"}
    assert server.beneficiaries == {}


@pytest.mark.parametrize(
    ("amount_minor", "currency", "to", "sent", "arrives_minor"),
    [
        (500, "USD", "USD", None, 500),
        (500, "USD", "EUR", "5.00", 450),
        (500, "USD", "JPY", "5.00", 750),
        (1501, "JPY", "USD", "1501", 1001),
        (501, "USD", "KWD", "5.01", 1503),
        (1_005, "KWD", "USD", "1.005", 335),
        (12_345, "KWD", "KWD", None, 12_345),
    ],
)
async def test_quotes_are_exact_in_every_currency(
    ctx: Any, server: AirwallexServer, amount_minor: int, currency: str, to: str, sent: str | None, arrives_minor: int
) -> None:
    """At the rate for clients; the fee is the platform's."""
    recipient = await AIRWALLEX.register(ctx, details(to))
    quote = await AIRWALLEX.quote(ctx, recipient, amount_minor, currency)
    assert (quote.amount_minor, quote.fee_minor, quote.arrives_minor, quote.currency) == (
        amount_minor,
        0,
        arrives_minor,
        to,
    )
    asked = [content for _, path, content in server.asked if path == "/api/v1/fx/rates/current"]
    assert asked == ([{"sell_currency": currency, "buy_currency": to, "sell_amount": sent}] if sent else [])


@pytest.mark.parametrize(
    ("amount_minor", "currency", "to", "sent", "left"),
    [
        (500, "USD", "EUR", "5.00", "999995.00"),
        (1500, "JPY", "USD", "1500", "998500"),
        (12_345, "KWD", "USD", "12.345", "999987.655"),
        (500, "USD", "KWD", "5.00", "999991.14"),
    ],
)
async def test_a_transfer_on_the_wire(
    ctx: Any, server: AirwallexServer, amount_minor: int, currency: str, to: str, sent: str, left: str
) -> None:
    recipient = await AIRWALLEX.register(ctx, details(to))
    server.asked.clear()
    transfer = await AIRWALLEX.submit(ctx, request(recipient, amount_minor, currency))
    ((method, path, asked),) = server.asked
    assert (method, path) == ("POST", "/api/v1/transfers/create"), "the token is kept"
    assert str(asked.pop("source_amount")) == sent
    assert asked == {
        "request_id": "p:1",
        "beneficiary_id": recipient.removesuffix(f":{to}"),
        "source_currency": currency,
        "transfer_currency": to,
        "transfer_method": "SWIFT" if to == "KWD" else "LOCAL",
        "fee_paid_by": "PAYER",
        "reason": "professional_business_services",
        "reference": "Earnings, November",
    }
    assert (transfer.reference, transfer.state) == (next(iter(server.transfers)), "processing")
    assert str(server.balance[currency]) == left


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("IN_APPROVAL", "processing"),
        ("APPROVAL_REJECTED", "processing"),
        ("SCHEDULED", "processing"),
        ("OVERDUE", "processing"),
        ("PROCESSING", "processing"),
        ("SENT", "processing"),
        ("PAID", "arrived"),
        ("CANCELLATION_REQUESTED", "processing"),
        ("CANCELLED", "failed"),
        ("A STATUS OF NEXT YEAR", "processing"),
    ],
)
async def test_states(ctx: Any, server: AirwallexServer, status: str, state: str) -> None:
    sent = await AIRWALLEX.submit(ctx, request(await AIRWALLEX.register(ctx, details())))
    body, headers = server.move(sent.reference, status)
    found = await AIRWALLEX.look_up(ctx, sent.reference)
    assert (found.reference, found.state) == (sent.reference, state)
    assert (found.failure_reason is not None) == (state == "failed")
    assert AIRWALLEX.verify(ctx, headers, body) == "verified"
    news = AIRWALLEX.read(body)
    assert (news.reference, news.state) == (sent.reference, state)


async def test_what_failed_is_called_off_before_it_counts_as_failed(ctx: Any, server: AirwallexServer) -> None:
    """At Airwallex somebody could repeat a failed transfer; our next attempt would be the second payment."""
    sent = await AIRWALLEX.submit(ctx, request(await AIRWALLEX.register(ctx, details())))
    body, _ = server.move(sent.reference, "FAILED", reason="90101: Invalid account name/number")
    assert AIRWALLEX.read(body).state == "processing"
    server.mischief = ["", "crash"]
    with pytest.raises(ProviderUnavailable):
        await AIRWALLEX.look_up(ctx, sent.reference)
    found = await AIRWALLEX.look_up(ctx, sent.reference)
    assert (found.state, found.failure_code) == ("failed", "cancelled")
    assert found.failure_reason == "90101: Invalid account name/number"
    assert server.transfers[sent.reference]["status"] == "CANCELLED"
    assert server.balance["USD"] == Decimal(1_000_000)


@pytest.mark.parametrize(
    "mischief", ["timeout", "timeout_after", "crash", "crash_after", "limit", "denied", "gibberish", "another"]
)
@pytest.mark.parametrize("at", ["login", "transfer", "list"])
async def test_an_answer_that_got_lost(ctx: Any, server: AirwallexServer, mischief: str, at: str) -> None:
    """Nothing is known, so nothing is said; the same key again is the same transfer."""
    recipient = await AIRWALLEX.register(ctx, details())
    match at:
        case "login":
            ctx.app.cache.clear()
            server.mischief = [mischief]
        case "transfer":
            server.mischief = [mischief]
        case "list":
            server.mischief = ["timeout_after", "", "", mischief]  # the transfer, a login, its duplicate
            with pytest.raises(ProviderUnavailable):
                await AIRWALLEX.submit(ctx, request(recipient))
    with pytest.raises(ProviderUnavailable):
        await AIRWALLEX.submit(ctx, request(recipient))
    sent = await AIRWALLEX.submit(ctx, request(recipient))
    again = await AIRWALLEX.submit(ctx, request(recipient))
    assert sent == again and sent.state == "processing"
    assert list(server.transfers) == [sent.reference]
    assert server.balance["USD"] == Decimal("999995.00")
    assert (await AIRWALLEX.submit(ctx, request(recipient, key="p:2"))).reference != sent.reference


async def test_a_refusal_counts_only_when_nothing_was_made_before(ctx: Any, server: AirwallexServer) -> None:
    recipient = await AIRWALLEX.register(ctx, details())
    server.balance["USD"] = Decimal("4.99")
    refused = await AIRWALLEX.submit(ctx, request(recipient))
    assert (refused.state, refused.failure_code) == ("failed", "balance_insufficient")
    assert refused.failure_reason == "Airwallex refused it: The wallet does not hold enough"
    unknown = await AIRWALLEX.submit(ctx, request("nobody:EUR"))
    assert (unknown.state, unknown.failure_code) == ("failed", "beneficiary_not_found")
    server.balance["USD"] = Decimal(5)
    server.mischief = ["timeout_after"]
    with pytest.raises(ProviderUnavailable):
        await AIRWALLEX.submit(ctx, request(recipient, key="p:2"))
    server.beneficiaries.clear()
    assert (await AIRWALLEX.submit(ctx, request(recipient, key="p:2"))).state == "processing"
    assert len(server.transfers) == 1


async def test_a_token_is_kept_until_it_ends_or_is_not_taken(ctx: Any, server: AirwallexServer) -> None:
    recipient = await AIRWALLEX.register(ctx, details())
    await AIRWALLEX.quote(ctx, recipient, 500, "USD")
    assert server.tokens == ["token-1"]
    server.tokens[0] = "withdrawn"
    with pytest.raises(ProviderUnavailable):
        await AIRWALLEX.quote(ctx, recipient, 500, "USD")
    await AIRWALLEX.quote(ctx, recipient, 500, "USD")
    assert server.tokens == ["withdrawn", "token-2"]
    ctx.now += timedelta(minutes=29)
    await AIRWALLEX.quote(ctx, recipient, 500, "USD")
    assert len(server.tokens) == 3


async def test_a_transfer_that_airwallex_does_not_know_is_not_failed(ctx: Any, server: AirwallexServer) -> None:
    with pytest.raises(NotFound):
        await AIRWALLEX.look_up(ctx, "77")


async def test_webhooks_are_believed_by_their_signature_and_time(ctx: Any, server: AirwallexServer) -> None:
    sent = await AIRWALLEX.submit(ctx, request(await AIRWALLEX.register(ctx, details())))
    body, headers = server.move(sent.reference, "PAID")
    assert AIRWALLEX.verify(ctx, headers, body) == "verified"
    assert AIRWALLEX.verify(ctx, headers, body + b" ") == "bad_signature"
    for changed in ({"x-signature": ""}, {"x-signature": "é"}, {"x-timestamp": "1"}, {"x-timestamp": ""}):
        assert AIRWALLEX.verify(ctx, headers | changed, body) == "bad_signature"
    assert AIRWALLEX.verify(ctx, {}, body) == "bad_signature"
    for age_s, verdict in ((290, "verified"), (310, "too_old"), (-310, "too_old")):
        old, headers = server.move(sent.reference, "PAID", age_s=age_s)
        assert AIRWALLEX.verify(ctx, headers, old) == verdict
    forged, headers = server.move(sent.reference, "PAID", secret="guessed")
    assert AIRWALLEX.verify(ctx, headers, forged) == "bad_signature"
    changing = f"whsec_new,{ctx.app.settings.airwallex_webhook_secret}"
    ctx.app.settings = msgspec.structs.replace(ctx.app.settings, airwallex_webhook_secret=changing)
    for secret in ("whsec_new", WEBHOOK_SECRET):
        signed, headers = server.move(sent.reference, "PAID", secret=secret)
        assert AIRWALLEX.verify(ctx, headers, signed) == "verified", "while the secret is being changed"
    unsigned, headers = server.move(sent.reference, "PAID", secret="")
    ctx.app.settings = msgspec.structs.replace(ctx.app.settings, airwallex_webhook_secret="")
    assert AIRWALLEX.verify(ctx, headers, unsigned) == "bad_signature", "without a secret nothing is believed"


async def test_other_events(ctx: Any, server: AirwallexServer) -> None:
    other = AIRWALLEX.read(server.event("payment_intent.succeeded", {"id": "int_1"}, event_id="e1")[0])
    assert (other.event_id, other.kind, other.reference) == ("e1", "payment_intent.succeeded", None)
    for unreadable in (b"", b"{}", b"\xff", b"[" * 100_000, server.event("payout.transfer.paid", {"id": 5})[0]):
        with pytest.raises(BadPayoutWebhook):
            AIRWALLEX.read(unreadable)


async def test_the_doctor_logs_in(ctx: Any, server: AirwallexServer) -> None:
    await look(ctx.app.settings, ctx.app.http)
    server.api_key = "another"
    with pytest.raises(ProviderUnavailable):
        await look(ctx.app.settings, ctx.app.http)
