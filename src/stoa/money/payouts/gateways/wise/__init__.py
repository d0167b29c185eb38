"""Wise Platform: recipients, quotes, and transfers that are paid from the balance of our own profile there.

A transfer is made in three steps: a quote, the transfer itself under a UUID that is made of our key, and its funding.
The same UUID is the same transfer, so all three may be asked again; one that is not funded yet is funded, once. One
that our balance does not cover is called off before it is told as failed, so that nobody funds it later by hand.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
import msgspec
import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from stoa.kit.config import Settings
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.money.payouts.errors import BadDestination, BadPayoutWebhook, ProviderUnavailable
from stoa.money.payouts.gateways import (
    PayoutQuote,
    Transfer,
    TransferNews,
    TransferRequest,
    Verdict,
    check_answers,
)
from stoa.money.payouts.gateways.forms import form_of
from stoa.money.payouts.gateways.talking import Reply, ask, minor_of, read_as, read_if, wire_amount
from stoa.money.payouts.gateways.wise.wire import (
    CANCELLED,
    WAITING,
    Account,
    Event,
    Funding,
    Made,
    Option,
    Quote,
    Refusal,
    account_body,
    news_of,
    transfer_of,
    wrong_fields,
)
from stoa.money.payouts.types import DestinationDetails, Field

log = structlog.get_logger(__name__)

SIGNATURE_HEADER: Final = "x-signature-sha256"
MAX_REFERENCE: Final = 10  # what all routes take
PAGE: Final = 100
MAX_PAGES: Final = 20
LOOK_BACK: Final = timedelta(days=30)


class Wise:
    """The platform's profile at Wise, by `wise_api_token`, `wise_profile_id` and `wise_webhook_key`."""

    name = "wise"
    label = "Bank account, by Wise"
    currencies: tuple[str, ...] = ("EUR", "GBP", "INR", "USD")

    def account(self, ctx: Ctx) -> str:
        """The number of our profile."""
        return ctx.app.settings.wise_profile_id

    def fields(self, currency: str, country: str) -> list[Field]:
        """What the banks of that currency ask for."""
        return form_of(currency, country, self.currencies)

    async def register(self, ctx: Ctx, details: DestinationDetails) -> str:
        """A recipient; its id is told with its currency, which every quote needs."""
        answers = check_answers(self.fields(details.currency, details.country), details.fields)
        reply = await _ask(ctx, "POST", "/v1/accounts", account_body(details, answers, self.account(ctx)))
        if reply.is_refused:
            raise BadDestination(fields=wrong_fields(read_if(reply.body, Refusal)))
        account = read_as(reply.body, Account)
        return f"{account.id}:{details.currency}"

    async def quote(self, ctx: Ctx, recipient: str, amount_minor: int, currency: str) -> PayoutQuote:
        """What arrives when the amount leaves our balance; Wise takes its fee from it, and converts the rest."""
        quoted = await _quoted(ctx, recipient, amount_minor, currency)
        if isinstance(quoted, Reply):
            raise BadDestination(fields=wrong_fields(read_if(quoted.body, Refusal)))
        made, option = quoted
        return PayoutQuote(
            amount_minor=amount_minor,
            fee_minor=minor_of(option.fee.total, made.source_currency),
            arrives_minor=minor_of(option.target_amount, made.target_currency),
            currency=made.target_currency,
            arrives_by=option.estimated_delivery.date() if option.estimated_delivery else None,
        )

    async def submit(self, ctx: Ctx, request: TransferRequest) -> Transfer:
        """Quote, transfer and funding. A refusal counts only when Wise has no transfer of an earlier, lost answer."""
        transaction_id = uuid5(NAMESPACE_URL, f"stoa:payout:{request.key}")
        quoted = await _quoted(ctx, request.recipient, request.amount_minor, request.currency)
        refused = quoted if isinstance(quoted, Reply) else None
        made: Made | None = None
        if not isinstance(quoted, Reply):
            account_id, _ = _recipient(request.recipient)
            body = {
                "targetAccount": account_id,
                "quoteUuid": str(quoted[0].id),
                "customerTransactionId": str(transaction_id),
                "details": {"reference": request.description[:MAX_REFERENCE].rstrip(" ,")},
            }
            reply = await _ask(ctx, "POST", "/v1/transfers", body)
            refused = reply if reply.is_refused else None
            made = None if reply.is_refused else read_as(reply.body, Made)
        if made is None:
            made = await _made_before(ctx, transaction_id)
        if made is None:
            told = wrong_fields(read_if(refused.body, Refusal) if refused else None)
            return Transfer(
                reference=str(transaction_id),
                state="failed",
                failure_code="refused",
                failure_reason=f"Wise refused it: {'; '.join(told.values())}",
            )
        return await _funded(ctx, made) if made.status == WAITING else transfer_of(made)

    async def look_up(self, ctx: Ctx, reference: str) -> Transfer:
        """By Wise's id."""
        return transfer_of(await _transfer(ctx, reference))

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """By the header SIGNATURE_HEADER. A signature has no time; what an event says is asked for anyway."""
        key = _public_key(ctx.app.settings)
        try:
            signature = base64.b64decode(headers.get(SIGNATURE_HEADER, "").encode("utf-8", "replace"), validate=True)
            if key is None:
                return "bad_signature"
            key.verify(signature, body, PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return "bad_signature"
        return "verified"

    def read(self, body: bytes) -> TransferNews:
        """What an event says. One of a type we have no use for speaks of no transfer."""
        try:
            return news_of(msgspec.json.decode(body, type=Event), body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadPayoutWebhook("The event cannot be read") from None


async def look(settings: Settings, http: httpx.AsyncClient) -> None:
    """Whether Wise knows our token and profile, for the doctor. Raises ProviderUnavailable."""
    reply = await _call(settings, http, "GET", f"/v2/profiles/{settings.wise_profile_id}")
    if reply.is_refused:
        raise ProviderUnavailable


# ---- the steps


async def _quoted(ctx: Ctx, recipient: str, amount_minor: int, currency: str) -> tuple[Quote, Option] | Reply:
    """A quote with its price, or the refusal."""
    account_id, target = _recipient(recipient)
    body = {
        "sourceCurrency": currency,
        "targetCurrency": target,
        "sourceAmount": wire_amount(amount_minor, currency),
        "targetAmount": None,
        "targetAccount": account_id,
        "preferredPayIn": "BALANCE",
    }
    reply = await _ask(ctx, "POST", f"/v3/profiles/{ctx.app.settings.wise_profile_id}/quotes", body)
    if reply.is_refused:
        return reply
    quote = read_as(reply.body, Quote)
    option = quote.by_balance()
    return (quote, option) if option is not None else Reply(422, b"")


async def _funded(ctx: Ctx, made: Made) -> Transfer:
    """Pays for a transfer from our balance, or calls it off."""
    path = f"/v3/profiles/{ctx.app.settings.wise_profile_id}/transfers/{made.id}/payments"
    reply = await _ask(ctx, "POST", path, {"type": "BALANCE"})
    funding = read_if(reply.body, Funding)
    if not reply.is_refused and funding is not None and funding.status == "COMPLETED":
        return transfer_of(await _transfer(ctx, str(made.id)))
    now = await _transfer(ctx, str(made.id))
    if now.status != WAITING:  # somebody else's request has paid for it meanwhile
        return transfer_of(now)
    code = (funding.error_code if funding else None) or "not_funded"
    log.warning("payouts.wise_not_funded", transfer=made.id, error_code=code)
    reply = await _ask(ctx, "PUT", f"/v1/transfers/{made.id}/cancel")
    cancelled = None if reply.is_refused else read_as(reply.body, Made)
    if cancelled is None or cancelled.status != CANCELLED:
        raise ProviderUnavailable
    reason = "The platform's balance at Wise does not cover it just now"
    return Transfer(reference=str(made.id), state="failed", failure_code=code, failure_reason=reason)


async def _transfer(ctx: Ctx, reference: str) -> Made:
    """Raises NotFound for one that Wise does not know."""
    reply = await _ask(ctx, "GET", f"/v1/transfers/{reference}")
    if reply.is_refused:
        log.error("payouts.wise_transfer_unknown", transfer=reference, profile=ctx.app.settings.wise_profile_id)
        raise NotFound
    return read_as(reply.body, Made)


async def _made_before(ctx: Ctx, transaction_id: UUID) -> Made | None:
    """The transfer that was made under an id, among the latest ones. Raises ProviderUnavailable when there are more
    than can be looked through: better to be asked again than to pay twice."""
    since = (ctx.now - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for page in range(MAX_PAGES):
        params = {
            "profile": ctx.app.settings.wise_profile_id,
            "limit": str(PAGE),
            "offset": str(page * PAGE),
            "createdDateStart": since,
        }
        reply = await _ask(ctx, "GET", "/v1/transfers", params=params)
        if reply.is_refused:
            raise ProviderUnavailable
        rows = read_as(reply.body, list[Made])
        for made in rows:
            if made.customer_transaction_id == transaction_id:
                return made
        if len(rows) < PAGE:
            return None
    raise ProviderUnavailable


async def _ask(
    ctx: Ctx, method: str, path: str, body: Mapping[str, Any] | None = None, params: Mapping[str, str] | None = None
) -> Reply:
    return await _call(ctx.app.settings, ctx.app.http, method, path, body, params)


async def _call(
    settings: Settings,
    http: httpx.AsyncClient,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    params: Mapping[str, str] | None = None,
) -> Reply:
    headers = {"authorization": f"Bearer {settings.wise_api_token}"}
    return await ask(http, method, f"{settings.wise_api_base}{path}", headers=headers, params=params, body=body)


def _recipient(recipient: str) -> tuple[int, str]:
    """Wise's id and the currency. Raises BadDestination."""
    account_id, _, currency = recipient.partition(":")
    if not (account_id.isascii() and account_id.isdigit() and currency):
        raise BadDestination(fields={"destination": "This is no recipient at Wise"})
    return int(account_id), currency


def _public_key(settings: Settings) -> RSAPublicKey | None:
    if not settings.wise_webhook_key:
        return None
    try:
        key = load_pem_public_key(settings.wise_webhook_key.replace("\\n", "\n").encode())
    except ValueError:
        log.error("wise_webhook_key is not the text of a public key")
        return None
    return key if isinstance(key, RSAPublicKey) else None
