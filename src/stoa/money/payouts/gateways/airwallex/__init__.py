"""Airwallex: beneficiaries, and transfers that are paid from our own wallet there.

The same request_id is the same transfer: a second one is refused as a duplicate, and then the first is asked for. A
transfer that failed is called off at once, since it gives our money back, and may be made again, only when it is.
Airwallex tells the fee of a transfer only when it is made, so that the platform bears it, beside the transfer.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import msgspec
import structlog

from stoa.kit.config import Settings
from stoa.kit.ctx import Ctx
from stoa.kit.days import business_days_after
from stoa.kit.errors import NotFound
from stoa.money.payments.actions.signing import TOLERANCE_S, secrets_in
from stoa.money.payouts.errors import BadDestination, BadPayoutWebhook, ProviderUnavailable
from stoa.money.payouts.gateways import (
    PayoutQuote,
    Transfer,
    TransferNews,
    TransferRequest,
    Verdict,
    check_answers,
)
from stoa.money.payouts.gateways.airwallex.wire import (
    API_VERSION,
    DUPLICATE,
    FAILED,
    Beneficiary,
    Event,
    Listed,
    Made,
    Rates,
    Refusal,
    Token,
    beneficiary_body,
    method_of,
    news_of,
    transfer_of,
    wrong_fields,
)
from stoa.money.payouts.gateways.forms import form_of
from stoa.money.payouts.gateways.talking import Reply, ask, minor_of, read_as, read_if, wire_amount
from stoa.money.payouts.types import PROMISED_DAYS, DestinationDetails, Field

log = structlog.get_logger(__name__)

SIGNATURE_HEADER: Final = "x-signature"
TIME_HEADER: Final = "x-timestamp"
SPARE: Final = timedelta(minutes=2)  # a token is not used any more so long before it ends
MAX_REFERENCE: Final = 35
REASON: Final = "professional_business_services"


class Airwallex:
    """The platform's account, by `airwallex_client_id`, `airwallex_api_key` and `airwallex_webhook_secret`."""

    name = "airwallex"
    label = "Bank account, by Airwallex"
    currencies: tuple[str, ...] = ("BHD", "EUR", "GBP", "INR", "JPY", "KWD", "USD")

    def account(self, ctx: Ctx) -> str:
        """The client id, which stays when the key is changed."""
        return ctx.app.settings.airwallex_client_id

    def fields(self, currency: str, country: str) -> list[Field]:
        """What the banks of that currency ask for."""
        return form_of(currency, country, self.currencies)

    async def register(self, ctx: Ctx, details: DestinationDetails) -> str:
        """A beneficiary; its id is told with its currency, which says how money gets there."""
        answers = check_answers(self.fields(details.currency, details.country), details.fields)
        reply = await _ask(ctx, "POST", "/api/v1/beneficiaries/create", beneficiary_body(details, answers))
        if reply.is_refused:
            raise BadDestination(fields=wrong_fields(read_if(reply.body, Refusal), details.currency))
        return f"{read_as(reply.body, Beneficiary).id}:{details.currency}"

    async def quote(self, ctx: Ctx, recipient: str, amount_minor: int, currency: str) -> PayoutQuote:
        """Without a fee, since the platform bears it; what a conversion comes to, at the rate of now."""
        _, arriving = _recipient(recipient)
        arrives_minor = amount_minor
        if arriving != currency:
            params = {
                "sell_currency": currency,
                "buy_currency": arriving,
                "sell_amount": str(wire_amount(amount_minor, currency)),
            }
            reply = await _ask(ctx, "GET", "/api/v1/fx/rates/current", params=params)
            if reply.is_refused:
                raise BadDestination(fields=wrong_fields(read_if(reply.body, Refusal), arriving))
            bought = read_as(reply.body, Rates).bought()
            if bought is None:
                raise ProviderUnavailable
            arrives_minor = minor_of(bought, arriving)
        return PayoutQuote(
            amount_minor=amount_minor,
            fee_minor=0,
            arrives_minor=arrives_minor,
            currency=arriving,
            arrives_by=business_days_after(ctx.now.date(), PROMISED_DAYS[1]),
        )

    async def submit(self, ctx: Ctx, request: TransferRequest) -> Transfer:
        """A transfer. A refusal counts only when Airwallex has none of an earlier, lost answer."""
        beneficiary_id, arriving = _recipient(request.recipient)
        body = {
            "request_id": request.key,
            "beneficiary_id": beneficiary_id,
            "source_currency": request.currency,
            "source_amount": wire_amount(request.amount_minor, request.currency),
            "transfer_currency": arriving,
            "transfer_method": method_of(arriving),
            "fee_paid_by": "PAYER",
            "reason": REASON,
            "reference": request.description[:MAX_REFERENCE].strip(),
        }
        reply = await _ask(ctx, "POST", "/api/v1/transfers/create", body)
        if not reply.is_refused:
            return await self._told(ctx, read_as(reply.body, Made))
        made = await _made_before(ctx, request.key)
        if made is not None:
            return await self._told(ctx, made)
        refusal = read_if(reply.body, Refusal)
        if refusal is not None and refusal.code == DUPLICATE:
            raise ProviderUnavailable  # there is one, which the list does not show yet
        return Transfer(
            reference=request.key,
            state="failed",
            failure_code=refusal.code if refusal else "refused",
            failure_reason=f"Airwallex refused it: {'; '.join(wrong_fields(refusal, arriving).values())}",
        )

    async def look_up(self, ctx: Ctx, reference: str) -> Transfer:
        """By Airwallex's id."""
        reply = await _ask(ctx, "GET", f"/api/v1/transfers/{reference}")
        if reply.is_refused:
            log.error("payouts.airwallex_transfer_unknown", transfer=reference, account=self.account(ctx))
            raise NotFound
        return await self._told(ctx, read_as(reply.body, Made))

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """By the headers SIGNATURE_HEADER and TIME_HEADER (milliseconds); without a secret nothing is believed."""
        told = headers.get(TIME_HEADER, "")
        given = headers.get(SIGNATURE_HEADER, "").encode("utf-8", "replace")
        signed = told.encode("utf-8", "replace") + body
        secrets = secrets_in(ctx.app.settings.airwallex_webhook_secret)
        proofs = [hmac.new(secret, signed, hashlib.sha256).hexdigest().encode() for secret in secrets]
        if not any(hmac.compare_digest(proof, given) for proof in proofs):
            return "bad_signature"
        if not (told.isascii() and told.isdecimal() and len(told) <= 15):
            return "bad_signature"
        return "verified" if abs(ctx.now.timestamp() - int(told) / 1000) <= TOLERANCE_S else "too_old"

    def read(self, body: bytes) -> TransferNews:
        """What an event says. One of a type we have no use for speaks of no transfer."""
        try:
            return news_of(msgspec.json.decode(body, type=Event))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadPayoutWebhook("The event cannot be read") from None

    async def _told(self, ctx: Ctx, made: Made) -> Transfer:
        """What a transfer says; one that failed is called off first."""
        if made.status == FAILED:
            reply = await _ask(ctx, "POST", f"/api/v1/transfers/{made.id}/cancel", {})
            cancelled = None if reply.is_refused else read_as(reply.body, Made)
            if cancelled is not None:
                made = msgspec.structs.replace(cancelled, failure_reason=made.failure_reason)
        return transfer_of(made)


async def look(settings: Settings, http: httpx.AsyncClient) -> None:
    """Whether Airwallex knows our client id and key, for the doctor. Raises ProviderUnavailable."""
    await _login(settings, http)


# ---- the steps


async def _made_before(ctx: Ctx, request_id: str) -> Made | None:
    """The transfer that was made under a request_id."""
    reply = await _ask(ctx, "GET", "/api/v1/transfers", params={"request_id": request_id})
    if reply.is_refused:
        raise ProviderUnavailable
    return next((made for made in read_as(reply.body, Listed).items if made.request_id == request_id), None)


async def _ask(
    ctx: Ctx, method: str, path: str, body: Mapping[str, Any] | None = None, params: Mapping[str, str] | None = None
) -> Reply:
    """A question with a token, which is kept until it ends, or is not taken any more."""
    settings = ctx.app.settings
    key = ("airwallex token", settings.airwallex_api_base, settings.airwallex_client_id, settings.airwallex_api_key)
    kept: tuple[str, datetime] | None = ctx.app.cache.get(key)
    if kept is None or ctx.now >= kept[1] - SPARE:
        kept = ctx.app.cache[key] = await _login(settings, ctx.app.http)
    headers = {"authorization": f"Bearer {kept[0]}", "x-api-version": API_VERSION}
    try:
        return await ask(
            ctx.app.http, method, f"{settings.airwallex_api_base}{path}", headers=headers, params=params, body=body
        )
    except ProviderUnavailable:
        ctx.app.cache.pop(key, None)  # perhaps it was the token: whoever asks again logs in again
        raise


async def _login(settings: Settings, http: httpx.AsyncClient) -> tuple[str, datetime]:
    headers = {"x-client-id": settings.airwallex_client_id, "x-api-key": settings.airwallex_api_key}
    url = f"{settings.airwallex_api_base}/api/v1/authentication/login"
    reply = await ask(http, "POST", url, headers=headers, body={})
    if reply.is_refused:
        log.error("airwallex does not know this Stoa: look at airwallex_client_id and airwallex_api_key")
        raise ProviderUnavailable
    answer = read_as(reply.body, Token)
    try:
        return answer.token, answer.ends_at()
    except ValueError:
        log.error("payouts.answer_not_as_documented", kind="Token")
        raise ProviderUnavailable from None


def _recipient(recipient: str) -> tuple[str, str]:
    """Airwallex's id and the currency. Raises BadDestination."""
    beneficiary_id, _, currency = recipient.rpartition(":")
    if not beneficiary_id:
        raise BadDestination(fields={"destination": "This is no beneficiary at Airwallex"})
    return beneficiary_id, currency
