"""Wise: our client code against a server that speaks as Wise documents."""

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from stoa.kit.errors import NotFound
from stoa.money.payouts.errors import BadDestination, BadPayoutWebhook, ProviderUnavailable
from stoa.money.payouts.gateways import TransferRequest
from stoa.money.payouts.gateways.wise import Wise, look
from stoa.money.payouts.types import DestinationDetails
from tests.providers.payouts import standing
from tests.providers.wise import PROFILE, WiseServer

WISE = Wise()
IBAN = {"iban": "DE89 3704 0044 0532 0130 00"}
BANKS: dict[str, tuple[str, dict[str, str]]] = {
    "EUR": ("DE", IBAN),
    "GBP": ("GB", {"sort_code": "23-14-70", "account_number": "28821822"}),
    "INR": ("IN", {"ifsc": "yesb0236041", "account_number": "678911234567891"}),
    "USD": (
        "US",
        {
            "routing_number": "111000025",
            "account_number": "12345678",
            "account_type": "checking",
            "street": "50 Branson Ave",
            "city": "Seattle",
            "state": "WA",
            "postcode": "98104",
        },
    ),
}


@pytest.fixture
def server(app: Any) -> Iterator[WiseServer]:
    with standing(app, WiseServer) as made:
        yield made


def details(currency: str = "EUR", holder: str = "Ana Lindqvist", **changed: str) -> DestinationDetails:
    country, fields = BANKS[currency]
    return DestinationDetails(holder=holder, currency=currency, country=country, fields=fields | changed)


def request(recipient: str, amount_minor: int = 500, currency: str = "USD", key: str = "p:1") -> TransferRequest:
    return TransferRequest(
        key=key, amount_minor=amount_minor, currency=currency, recipient=recipient, description="Earnings, November"
    )


@pytest.mark.parametrize(
    ("currency", "kind", "told"),
    [
        ("EUR", "iban", {"iban": "DE89370400440532013000"}),
        ("GBP", "sort_code", {"sortCode": "231470", "accountNumber": "28821822"}),
        ("INR", "indian", {"ifscCode": "YESB0236041", "accountNumber": "678911234567891"}),
        (
            "USD",
            "aba",
            {
                "abartn": "111000025",
                "accountNumber": "12345678",
                "accountType": "CHECKING",
                "address": {
                    "country": "US",
                    "firstLine": "50 Branson Ave",
                    "city": "Seattle",
                    "state": "WA",
                    "postCode": "98104",
                },
            },
        ),
    ],
)
async def test_recipients(ctx: Any, server: WiseServer, currency: str, kind: str, told: dict[str, Any]) -> None:
    recipient = await WISE.register(ctx, details(currency))
    assert recipient == f"50000001:{currency}"
    assert server.asked == [
        (
            "POST",
            "/v1/accounts",
            {
                "currency": currency,
                "type": kind,
                "profile": 22001,
                "ownedByCustomer": False,
                "accountHolderName": "Ana Lindqvist",
                "details": {"legalType": "PRIVATE"} | told,
            },
        )
    ]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (details(iban="DE00 3704 0044 0532 0130 00"), {"iban": "Please specify a valid one."}),
        (details(holder="Ana"), {"holder": "Please enter the recipients first and last name."}),
        (details("GBP", sort_code="00-00-00"), {"sort_code": "Please specify a valid one."}),
    ],
)
async def test_what_wise_does_not_take_is_said_beside_its_field(
    ctx: Any, server: WiseServer, given: DestinationDetails, wrong: dict[str, str]
) -> None:
    with pytest.raises(BadDestination) as refused:
        await WISE.register(ctx, given)
    assert refused.value.fields == wrong
    assert server.accounts == {}


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (details(iban="no"), {"iban"}),
        (details("GBP", sort_code="1", account_number=""), {"sort_code", "account_number"}),
        (details("USD", account_type="gold", state="Washington"), {"account_type", "state"}),
        (DestinationDetails(holder="A B", currency="KWD", country="KW", fields={}), {"currency"}),
        (DestinationDetails(holder="A B", currency="GBP", country="FR", fields={}), {"country"}),
    ],
)
async def test_what_is_no_account_is_refused_here(
    ctx: Any, server: WiseServer, given: DestinationDetails, fields: set[str]
) -> None:
    with pytest.raises(BadDestination) as refused:
        await WISE.register(ctx, given)
    assert set(refused.value.fields) == fields
    assert server.asked == []


@pytest.mark.parametrize(
    ("amount_minor", "currency", "to", "sent", "fee_minor", "arrives_minor"),
    [
        (500, "USD", "EUR", "5.00", 5, 446),
        (500, "USD", "USD", "5.00", 5, 495),
        (1, "USD", "GBP", "0.01", 0, 1),
        (1500, "JPY", "USD", "1500", 15, 990),
        (12_345, "KWD", "USD", "12.345", 123, 1222),
        (99_999_999_999_999, "USD", "INR", "999999999999.99", 1_000_000_000_000, 7_919_999_999_999_920),
    ],
)
async def test_quotes_are_exact_in_every_currency(
    ctx: Any,
    server: WiseServer,
    amount_minor: int,
    currency: str,
    to: str,
    sent: str,
    fee_minor: int,
    arrives_minor: int,
) -> None:
    """Our balance pays, so the price of that way counts, not of the first one."""
    recipient = await WISE.register(ctx, details(to))
    quote = await WISE.quote(ctx, recipient, amount_minor, currency)
    _, path, asked = server.asked[-1]
    assert path == f"/v3/profiles/{PROFILE}/quotes"
    assert str(asked.pop("sourceAmount")) == sent
    assert asked == {
        "sourceCurrency": currency,
        "targetCurrency": to,
        "targetAmount": None,
        "targetAccount": 50000001,
        "preferredPayIn": "BALANCE",
    }
    assert (quote.amount_minor, quote.fee_minor, quote.arrives_minor, quote.currency) == (
        amount_minor,
        fee_minor,
        arrives_minor,
        to,
    )
    assert quote.arrives_by is not None


async def test_a_transfer_on_the_wire(ctx: Any, server: WiseServer) -> None:
    recipient = await WISE.register(ctx, details())
    server.asked.clear()
    sent = await WISE.submit(ctx, request(recipient))
    quote_id = next(iter(server.quotes))
    transaction_id = str(uuid.uuid5(uuid.NAMESPACE_URL, "stoa:payout:p:1"))
    assert [(method, path) for method, path, _ in server.asked] == [
        ("POST", f"/v3/profiles/{PROFILE}/quotes"),
        ("POST", "/v1/transfers"),
        ("POST", f"/v3/profiles/{PROFILE}/transfers/50000002/payments"),
        ("GET", "/v1/transfers/50000002"),
    ]
    assert server.asked[1][2] == {
        "targetAccount": 50000001,
        "quoteUuid": quote_id,
        "customerTransactionId": transaction_id,
        "details": {"reference": "Earnings"},
    }
    assert (sent.reference, sent.state, sent.failure_reason) == ("50000002", "processing", None)
    assert server.balance["USD"] == Decimal("999995.00")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("incoming_payment_waiting", "processing"),
        ("incoming_payment_initiated", "processing"),
        ("processing", "processing"),
        ("funds_converted", "processing"),
        ("outgoing_payment_sent", "arrived"),
        ("bounced_back", "processing"),
        ("cancelled", "failed"),
        ("funds_refunded", "failed"),
        ("charged_back", "failed"),
        ("a state of next year", "processing"),
    ],
)
async def test_states(ctx: Any, server: WiseServer, status: str, state: str) -> None:
    """What bounced comes back by way of cancelled: only then it may be sent again."""
    sent = await WISE.submit(ctx, request(await WISE.register(ctx, details())))
    body, headers = server.move(sent.reference, status)
    found = await WISE.look_up(ctx, sent.reference)
    assert (found.reference, found.state) == (sent.reference, state)
    assert (found.failure_reason is not None) == (state == "failed")
    assert WISE.verify(ctx, headers, body) == "verified"
    news = WISE.read(body)
    assert (news.kind, news.reference, news.state) == ("transfers#state-change", sent.reference, state)


@pytest.mark.parametrize(
    "mischief",
    [
        ["timeout"],
        ["timeout_after"],
        ["crash"],
        ["limit"],
        ["denied"],
        ["gibberish"],
        ["another"],
        ["", "timeout"],
        ["", "timeout_after"],
        ["", "crash_after"],
        ["", "gibberish"],
        ["", "", "timeout"],
        ["", "", "timeout_after"],
        ["", "", "crash_after"],
        ["", "", "denied"],
        ["", "", "", "timeout"],
    ],
)
async def test_an_answer_that_got_lost(ctx: Any, server: WiseServer, mischief: list[str]) -> None:
    """Nothing is known, so nothing is said; the same key again is the same transfer, funded once."""
    recipient = await WISE.register(ctx, details())
    server.mischief = list(mischief)
    with pytest.raises(ProviderUnavailable):
        await WISE.submit(ctx, request(recipient))
    sent = await WISE.submit(ctx, request(recipient))
    again = await WISE.submit(ctx, request(recipient))
    assert sent == again and sent.state == "processing"
    assert list(server.transfers) == server.funded == [sent.reference]
    assert server.balance["USD"] == Decimal("999995.00")
    other = await WISE.submit(ctx, request(recipient, key="p:2"))
    assert other.reference != sent.reference


@pytest.mark.parametrize("mischief", ["timeout", "timeout_after", "crash", "limit", "denied", "gibberish", "another"])
async def test_the_other_questions(ctx: Any, server: WiseServer, mischief: str) -> None:
    recipient = await WISE.register(ctx, details())
    sent = await WISE.submit(ctx, request(recipient))
    server.mischief = [mischief] * 3
    with pytest.raises(ProviderUnavailable):
        await WISE.register(ctx, details())
    with pytest.raises(ProviderUnavailable):
        await WISE.quote(ctx, recipient, 500, "USD")
    with pytest.raises(ProviderUnavailable):
        await WISE.look_up(ctx, sent.reference)


async def test_a_balance_that_does_not_cover_it(ctx: Any, server: WiseServer) -> None:
    """The transfer is called off, so that nobody funds it by hand after we have sent another one."""
    recipient = await WISE.register(ctx, details())
    server.balance["USD"] = Decimal("4.99")
    sent = await WISE.submit(ctx, request(recipient))
    assert (sent.state, sent.failure_code) == ("failed", "balance.payment-option-unavailable")
    assert sent.failure_reason == "The platform's balance at Wise does not cover it just now"
    assert [t["status"] for t in server.transfers.values()] == ["cancelled"]
    server.balance["USD"] = Decimal(5)
    assert (await WISE.submit(ctx, request(recipient))).state == "failed", "one key is one outcome"
    assert (await WISE.submit(ctx, request(recipient, key="p:2"))).state == "processing"
    assert server.balance["USD"] == 0


async def test_a_refusal_counts_only_when_nothing_was_made_before(ctx: Any, server: WiseServer) -> None:
    recipient = await WISE.register(ctx, details())
    refused = await WISE.submit(ctx, request("1:EUR"))
    assert (refused.state, refused.failure_code) == ("failed", "refused")
    assert refused.failure_reason == "Wise refused it: Recipient not found"
    server.mischief = ["", "", "timeout_after"]
    with pytest.raises(ProviderUnavailable):
        await WISE.submit(ctx, request(recipient, key="p:2"))
    account = server.accounts.pop("50000001")  # meanwhile Wise does not want the recipient any more
    sent = await WISE.submit(ctx, request(recipient, key="p:2"))
    assert (sent.state, [sent.reference]) == ("processing", server.funded)
    assert account["id"] == next(iter(server.transfers.values()))["targetAccount"]


async def test_a_transfer_that_wise_does_not_know_is_not_failed(ctx: Any, server: WiseServer) -> None:
    """As after somebody set the token of another profile."""
    with pytest.raises(NotFound):
        await WISE.look_up(ctx, "77")


async def test_webhooks_are_believed_by_their_signature(ctx: Any, server: WiseServer) -> None:
    sent = await WISE.submit(ctx, request(await WISE.register(ctx, details())))
    body, headers = server.move(sent.reference, "funds_converted")
    assert WISE.verify(ctx, headers, body) == "verified"
    assert WISE.verify(ctx, headers, body + b" ") == "bad_signature"
    for wrong in ("", "no", "é", headers["x-signature-sha256"][4:], "A" * 344):
        assert WISE.verify(ctx, headers | {"x-signature-sha256": wrong}, body) == "bad_signature"
    assert WISE.verify(ctx, {}, body) == "bad_signature"
    forged, headers = server.move(sent.reference, "outgoing_payment_sent", key=server.other_key)
    assert WISE.verify(ctx, headers, forged) == "bad_signature"
    for key in ("", "no key"):
        ctx.app.settings = msgspec.structs.replace(ctx.app.settings, wise_webhook_key=key)
        assert WISE.verify(ctx, headers, body) == "bad_signature"


async def test_other_events(ctx: Any, server: WiseServer) -> None:
    told = {"transfer_id": 5, "failure_reason_code": "WRONG_ID_NUMBER", "failure_description": "The number is wrong"}
    news = WISE.read(server.event("transfers#payout-failure", told)[0])
    assert (news.reference, news.state, news.failure_code) == ("5", None, "WRONG_ID_NUMBER")
    assert WISE.read(server.event("balances#update", {"amount": 1})[0]).reference is None
    for unreadable in (b"", b"{}", b"\xff", b"[" * 100_000, b'{"event_type": "x", "data": 5}'):
        with pytest.raises(BadPayoutWebhook):
            WISE.read(unreadable)


async def test_the_doctor_asks_for_the_profile(ctx: Any, server: WiseServer) -> None:
    await look(ctx.app.settings, ctx.app.http)
    assert server.asked[-1][1] == f"/v2/profiles/{PROFILE}"
    server.mischief = ["denied"]
    with pytest.raises(ProviderUnavailable):
        await look(ctx.app.settings, ctx.app.http)
    server.profile = "1"
    with pytest.raises(ProviderUnavailable):
        await look(ctx.app.settings, ctx.app.http)
