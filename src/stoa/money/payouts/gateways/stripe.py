"""Stripe Connect: transfers from the platform's balance at Stripe to accounts that are connected to it.

What is transferred stands in the connected account at once; from there Stripe pays it out to its owner's bank. Stripe
keeps idempotency keys for a day only, so a transfer also carries our key as its group, and is looked for by it first.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx
import msgspec
import stripe

from stoa.kit.config import Settings
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.money.payments.actions.signing import verify
from stoa.money.payments.actions.stripe_client import (
    SIGNATURE_HEADER,
    StripeKeys,
    ask,
    client_of,
    reached,
    struct_of,
    to_stripe,
)
from stoa.money.payments.errors import GatewayUnavailable
from stoa.money.payouts.errors import BadDestination, BadPayoutWebhook, ProviderUnavailable
from stoa.money.payouts.gateways import (
    PayoutQuote,
    Transfer,
    TransferNews,
    TransferRequest,
    Verdict,
    check_answers,
)
from stoa.money.payouts.types import DestinationDetails, Field

_ACCOUNT: Final = Field(
    name="account",
    label="Stripe account",
    help="The id of an account that is connected to this platform, such as acct_1032D82eZvKYlo2C",
    pattern="acct_[0-9A-Za-z]{8,40}",
)
_REVERSED: Final = "Stripe took the transfer back"


class _Account(msgspec.Struct, frozen=True):
    id: str
    payouts_enabled: bool = False
    default_currency: str | None = None
    country: str | None = None
    capabilities: dict[str, str] = {}


class _Made(msgspec.Struct, frozen=True):
    id: str
    reversed: bool = False


class _Listed(msgspec.Struct, frozen=True):
    data: list[_Made]


class _Data(msgspec.Struct, frozen=True):
    object: msgspec.Raw


class _Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    data: _Data


class StripeConnect:
    """The platform's account at Stripe, by `stripe_secret_key` and `stripe_connect_client_id`."""

    name = "stripe"
    label = "Stripe account"
    currencies: tuple[str, ...] = ("EUR", "GBP", "INR", "JPY", "USD")

    def account(self, ctx: Ctx) -> str:
        """Our id at Connect, which stays when the secret key is changed."""
        return ctx.app.settings.stripe_connect_client_id

    def fields(self, currency: str, country: str) -> list[Field]:
        """The account's id."""
        if currency not in self.currencies:
            raise BadDestination(fields={"currency": f"One of {', '.join(self.currencies)}"})
        return [_ACCOUNT]

    async def register(self, ctx: Ctx, details: DestinationDetails) -> str:
        """The account itself, once Stripe says that money can be sent to it and leave it."""
        account_id = check_answers(self.fields(details.currency, details.country), details.fields)[_ACCOUNT.name]
        with _asked():
            try:
                answer = await _client(ctx).v1.accounts.retrieve_async(account_id)
            except (stripe.PermissionError, stripe.InvalidRequestError):
                unknown = "Stripe knows no such account that is connected to this platform"
                raise BadDestination(fields={_ACCOUNT.name: unknown}) from None
            found = struct_of(answer, _Account)
        wrong: dict[str, str] = {}
        if not found.payouts_enabled or found.capabilities.get("transfers") != "active":
            wrong[_ACCOUNT.name] = "This account cannot be paid out yet. Please finish what Stripe asks of you there"
        held = (found.default_currency or "").upper()
        if held != details.currency:
            wrong["currency"] = f"This account is held in {held}"
        if found.country is not None and found.country != details.country:
            wrong["country"] = f"This account is in {found.country}"
        if wrong:
            raise BadDestination(fields=wrong)
        return found.id

    async def quote(self, ctx: Ctx, recipient: str, amount_minor: int, currency: str) -> PayoutQuote:
        """All of it arrives, at once, as it is sent; what Stripe converts later it converts in the account."""
        _check(amount_minor, currency)
        return PayoutQuote(
            amount_minor=amount_minor,
            fee_minor=0,
            arrives_minor=amount_minor,
            currency=currency,
            arrives_by=ctx.now.date(),
        )

    async def submit(self, ctx: Ctx, request: TransferRequest) -> Transfer:
        """A transfer, unless there is one of this group."""
        _check(request.amount_minor, request.currency)
        transfers, group = _client(ctx).v1.transfers, f"payout:{request.key}"
        params: Any = {
            "amount": to_stripe(request.amount_minor, request.currency),
            "currency": request.currency.lower(),
            "destination": request.recipient,
            "description": request.description,
            "transfer_group": group,
        }
        with _asked():
            before = struct_of(await transfers.list_async({"transfer_group": group, "limit": 1}), _Listed)
            if before.data:
                return _told(before.data[0])
            try:
                answer = await transfers.create_async(params, {"idempotency_key": group})
            except stripe.InvalidRequestError as error:
                return Transfer(
                    reference=group,
                    state="failed",
                    failure_code=error.code or "refused",
                    failure_reason=f"Stripe refused it: {error.user_message or error.code or 'no reason was given'}",
                )
            return _told(struct_of(answer, _Made))

    async def look_up(self, ctx: Ctx, reference: str) -> Transfer:
        """By Stripe's id."""
        with _asked():
            try:
                answer = await _client(ctx).v1.transfers.retrieve_async(reference)
            except stripe.InvalidRequestError:
                raise NotFound from None
            return _told(struct_of(answer, _Made))

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """By the header SIGNATURE_HEADER; without the secret of this endpoint nothing is believed."""
        secret = ctx.app.settings.stripe_payouts_webhook_secret
        return verify(secret.encode(), headers.get(SIGNATURE_HEADER, ""), body, ctx.now) if secret else "bad_signature"

    def read(self, body: bytes) -> TransferNews:
        """What an event says. One of a type we have no use for speaks of no transfer."""
        try:
            event = msgspec.json.decode(body, type=_Event)
            if not event.type.startswith("transfer."):
                return TransferNews(event_id=event.id, kind=event.type)
            told = _told(msgspec.json.decode(event.data.object, type=_Made))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadPayoutWebhook("The event cannot be read") from None
        return TransferNews(event_id=event.id, kind=event.type, reference=told.reference, state=told.state)


async def look(settings: Settings, http: httpx.AsyncClient) -> None:
    """Whether Stripe knows our key, for the doctor. Raises ProviderUnavailable."""
    with _asked():
        await ask(StripeKeys.of(settings), http)


@contextmanager
def _asked() -> Iterator[None]:
    """What Stripe did not say of the request itself is ProviderUnavailable."""
    try:
        with reached():
            yield
    except (GatewayUnavailable, stripe.StripeError) as error:
        raise ProviderUnavailable from error


def _client(ctx: Ctx) -> stripe.StripeClient:
    return client_of(StripeKeys.of(ctx.app.settings), ctx.app.http)


def _check(amount_minor: int, currency: str) -> None:
    """Raises BadDestination for a third decimal, which Stripe does not take."""
    try:
        to_stripe(amount_minor, currency)
    except Invalid as error:
        raise BadDestination(fields=error.fields) from None


def _told(made: _Made) -> Transfer:
    if not made.reversed:
        return Transfer(reference=made.id, state="arrived")
    return Transfer(reference=made.id, state="failed", failure_code="reversed", failure_reason=_REVERSED)
