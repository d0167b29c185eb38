"""Stripe: payments by PaymentIntent, the hosted Checkout page, refunds, and its webhooks.

Its official client speaks over our own HTTP client, so that our time limits hold and nothing has to be closed apart.
Every POST carries an idempotency key, the client's own repetitions of it too.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx
import msgspec
import stripe
import structlog

from stoa.kit.config import Settings
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import parse_id
from stoa.kit.money import exponent
from stoa.money.payments.errors import (
    BadWebhook,
    GatewayUnavailable,
    NotRefundable,
    PaymentUnderWay,
    UnknownPaymentMethod,
)
from stoa.money.payments.gateways import ChargeRequest, Notice, Payment, Session, SessionRequest, Verdict
from stoa.money.payments.gateways.signatures import verify
from stoa.money.payments.gateways.stripe.wire import Checkout, Event, Intent, notice_of, payment_of

log = structlog.get_logger(__name__)
T = TypeVar("T")

SIGNATURE_HEADER: Final = "stripe-signature"
SESSION_S: Final = 3600  # Stripe takes from half an hour to a day
TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0)
RETRIES: Final = 1
MAX_KEY: Final = 255
_UNDER_WAY: Final = frozenset({"succeeded", "processing", "requires_capture"})


# The sessions that were opened for an order and are not known to have ended without money.
_SESSIONS = value(
    list[str],
    """select coalesce(array_agg(e.details ->> 'session_id' order by e.id), '{}') from order_events e
       where e.order_id = $1 and e.details ->> 'session_id' is not null and not exists (
         select 1 from order_payments p where p.gateway = 'stripe' and p.payment_id = e.details ->> 'session_id'
           and p.status = 'cancelled')""",
)
_WAITING = value(
    list[str],
    """select coalesce(array_agg(payment_id order by payment_id), '{}') from order_payments
       where gateway = 'stripe' and order_id = $1 and status in ('requires_action', 'processing')
         and starts_with(payment_id, 'pi_')""",
)
# So that the event which tells of it is no news, and does not cancel the order that is paid in another way by then.
_NOTE_CANCELLED = run(
    """insert into order_payments (gateway, account_id, payment_id, order_id, status, updated_at)
       select 'stripe', o.account_id, $1, o.id, 'cancelled', $3 from orders o where o.id = $2
       on conflict (gateway, account_id, payment_id) do update set status = 'cancelled', updated_at = $3
       where order_payments.captured_minor = 0"""
)


class _Http(stripe.HTTPClient):
    """The client's way out: one of our own, whose connections the process shares."""

    name = "stoa"

    def __init__(self, http: httpx.AsyncClient) -> None:
        super().__init__()
        self._http = http

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One request. A failure to get an answer may be repeated: whatever changes something carries a key."""
        try:
            answer = await self._http.request(
                method.upper(), url, headers=dict(headers), content=post_data or None, timeout=TIMEOUT
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise stripe.APIConnectionError(type(error).__name__, should_retry=True) from error  # type: ignore[no-untyped-call]
        return answer.content, answer.status_code, answer.headers

    async def sleep_async(self, secs: float) -> None:
        """The pause before a repetition."""
        await asyncio.sleep(secs)


class StripeKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Whose account at Stripe it is. With `connected` (acct_…) the key speaks for an account connected to its own."""

    secret_key: str
    webhook_secret: str
    api_base: str
    connected: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "StripeKeys":
        """The platform's own."""
        return cls(
            secret_key=settings.stripe_secret_key,
            webhook_secret=settings.stripe_webhook_secret,
            api_base=settings.stripe_api_base,
        )


class Stripe:
    """An account at Stripe: the platform's own, or a creator's."""

    name = "stripe"
    currencies: frozenset[str] | None = None
    charges_methods = True
    event_id_header: str | None = None

    def __init__(self, keys: StripeKeys) -> None:
        self._keys = keys

    async def charge(self, ctx: Ctx, request: ChargeRequest) -> Payment:
        """A PaymentIntent, confirmed at once, with the payer at hand. Raises UnknownPaymentMethod, Invalid."""
        params: Any = {
            "amount": to_stripe(request.amount_minor, request.currency),
            "currency": request.currency.lower(),
            "payment_method": request.payment_method_id,
            "confirm": True,
            "description": request.description,
            "return_url": request.return_url,
            "metadata": {"order_id": str(request.order_id)},
            "expand": ["latest_charge"],
        }
        try:
            with _reached():
                intents = self._client(ctx).v1.payment_intents
                answer = await intents.create_async(params, {"idempotency_key": _key(request.key)})
        except stripe.CardError as error:
            return _declined(error, request.order_id)
        except stripe.IdempotencyError as error:
            told = {"payment_method_id": "This attempt was made with another payment method already"}
            raise UnknownPaymentMethod(fields=told) from error
        except stripe.InvalidRequestError as error:
            if (error.param or "").startswith("payment_method"):
                raise UnknownPaymentMethod(fields={"payment_method_id": "Stripe does not know this one"}) from error
            raise Invalid(fields={"payment": error.user_message or "Stripe does not take this payment"}) from error
        return payment_of(_struct(answer, Intent), request.order_id)

    async def open_session(self, ctx: Ctx, request: SessionRequest) -> Session:
        """A page of Stripe Checkout. Raises Invalid for what Stripe does not take."""
        metadata = {"order_id": str(request.order_id)}
        price = {
            "currency": request.currency.lower(),
            "unit_amount": to_stripe(request.amount_minor, request.currency),
            "product_data": {"name": request.description},
        }
        params: Any = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "success_url": request.return_url,
            "cancel_url": request.return_url,
            "client_reference_id": str(request.order_id),
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata, "description": request.description},
            "expires_at": int((ctx.now + timedelta(seconds=SESSION_S)).timestamp()),
        }
        try:
            with _reached():
                answer = await self._client(ctx).v1.checkout.sessions.create_async(params)
        except stripe.InvalidRequestError as error:
            raise Invalid(fields={"payment": error.user_message or "Stripe does not take this payment"}) from error
        opened = _struct(answer, Checkout)
        if opened.url is None:
            raise GatewayUnavailable
        return Session(opened.id, opened.url, datetime.fromtimestamp(opened.expires_at, UTC))

    async def close(self, ctx: Ctx, order_id: UUID) -> None:
        """Ends the order's sessions and waiting payments. Raises PaymentUnderWay when one of them is being paid."""
        for session_id in await _SESSIONS(ctx.db, order_id):
            await self._close_session(ctx, order_id, session_id)
        for payment_id in await _WAITING(ctx.db, order_id):
            await self._cancel(ctx, order_id, payment_id)

    async def refund(self, ctx: Ctx, *, payment_id: str, amount_minor: int, key: str) -> Payment:
        """Gives money back, once per key, then asks for the payment as it is."""
        client = self._client(ctx)
        before = await self._payment(ctx, payment_id)
        params: Any = {
            "payment_intent": payment_id,
            "amount": to_stripe(amount_minor, before.currency),
            "reason": "requested_by_customer",
        }
        try:
            with _reached():
                await client.v1.refunds.create_async(params, {"idempotency_key": _key(f"refund:{key}")})
        except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            raise NotRefundable(refundable_minor=before.captured_minor - before.refunded_minor) from error
        return await self._payment(ctx, payment_id)

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """By the header SIGNATURE_HEADER; without a secret nothing is believed."""
        secret = self._keys.webhook_secret
        return verify(secret.encode(), headers.get(SIGNATURE_HEADER, ""), body, ctx.now) if secret else "bad_signature"

    def read(self, body: bytes) -> Notice:
        """What an event says. One of a type we have no use for, or of somebody else's payment, has no payment."""
        try:
            event = msgspec.json.decode(body, type=Event)
            return notice_of(event)
        except (msgspec.DecodeError, UnicodeDecodeError, Invalid) as error:
            raise BadWebhook("The event cannot be read") from error

    # ---- its own steps

    def _client(self, ctx: Ctx) -> stripe.StripeClient:
        return _client_of(self._keys, ctx.app.http)

    async def _payment(self, ctx: Ctx, payment_id: str) -> Payment:
        try:
            with _reached():
                answer = await self._client(ctx).v1.payment_intents.retrieve_async(
                    payment_id, {"expand": ["latest_charge"]}
                )
        except stripe.InvalidRequestError as error:
            raise NotRefundable(refundable_minor=0) from error
        intent = _struct(answer, Intent)
        order_id = parse_id(intent.metadata.get("order_id"))
        if order_id is None:  # a payment of somebody else's program
            raise NotRefundable(refundable_minor=0)
        return payment_of(intent, order_id)

    async def _close_session(self, ctx: Ctx, order_id: UUID, session_id: str) -> None:
        sessions = self._client(ctx).v1.checkout.sessions
        expand: Any = {"expand": ["payment_intent"]}
        with _reached():
            try:
                answer = await sessions.expire_async(session_id, expand)
            except stripe.InvalidRequestError:  # it has ended already
                answer = await sessions.retrieve_async(session_id, expand)
        session = _struct(answer, Checkout)
        intent = session.payment_intent if isinstance(session.payment_intent, Intent) else None
        is_paid = session.payment_status == "paid" or (intent is not None and intent.status in _UNDER_WAY)
        if session.status == "complete" and is_paid:
            raise PaymentUnderWay
        await _NOTE_CANCELLED(ctx.db, session.id, order_id, ctx.now)
        if intent is not None and intent.status == "canceled":
            await _NOTE_CANCELLED(ctx.db, intent.id, order_id, ctx.now)

    async def _cancel(self, ctx: Ctx, order_id: UUID, payment_id: str) -> None:
        intents = self._client(ctx).v1.payment_intents
        with _reached():
            try:
                answer = await intents.cancel_async(payment_id)
            except stripe.InvalidRequestError:  # it has gone on meanwhile
                answer = await intents.retrieve_async(payment_id)
        intent = _struct(answer, Intent)
        if intent.status in _UNDER_WAY:
            raise PaymentUnderWay
        if intent.status == "canceled":
            await _NOTE_CANCELLED(ctx.db, payment_id, order_id, ctx.now)


def to_stripe(amount_minor: int, currency: str) -> int:
    """An amount as Stripe counts it: in the smallest unit; with three decimals, in steps of ten. Raises Invalid."""
    if exponent(currency) == 3 and amount_minor % 10:
        raise Invalid(fields={"amount_minor": f"Stripe takes {currency} with two decimals only"})
    return amount_minor


async def ask(keys: StripeKeys, http: httpx.AsyncClient) -> None:
    """Whether Stripe knows the key. Raises GatewayUnavailable."""
    with _reached():
        await _client_of(keys, http).v1.balance.retrieve_async()


def _client_of(keys: StripeKeys, http: httpx.AsyncClient) -> stripe.StripeClient:
    return stripe.StripeClient(
        keys.secret_key,
        stripe_account=keys.connected,
        base_addresses={"api": keys.api_base},
        http_client=_Http(http),
        max_network_retries=RETRIES,
    )


@contextmanager
def _reached() -> Iterator[None]:
    """Answers that concern the request pass; whatever else keeps Stripe from doing it is GatewayUnavailable."""
    try:
        yield
    except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        if error.http_status != 409:
            raise
        raise GatewayUnavailable from error  # another request with this key is being answered
    except stripe.StripeError as error:
        log.warning(
            "stripe.unavailable", error=type(error).__name__, status=error.http_status, request=error.request_id
        )
        raise GatewayUnavailable from error


def _struct(answer: stripe.StripeObject, kind: type[T]) -> T:
    try:
        return msgspec.convert(answer.to_dict(), kind)
    except msgspec.ValidationError as error:
        log.error("stripe.answer_not_as_documented", error=str(error))
        raise GatewayUnavailable from error


def _key(key: str) -> str:
    return key if len(key) <= MAX_KEY else hashlib.sha256(key.encode()).hexdigest()


def _declined(error: stripe.CardError, order_id: UUID) -> Payment:
    """A refused card comes as an error, with the payment in it."""
    body: Any = error.json_body
    told = body.get("error", {}).get("payment_intent") if isinstance(body, dict) else None
    if told is None:
        message = error.user_message or "The card was refused. Please use another one"
        raise UnknownPaymentMethod(fields={"payment_method_id": message}) from error
    return payment_of(msgspec.convert(told, Intent), order_id)
