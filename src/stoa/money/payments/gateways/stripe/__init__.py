"""Stripe: payments by PaymentIntent, the hosted Checkout page, refunds, and its webhooks.

Every POST carries an idempotency key, the client's own repetitions of it too.
"""

import hashlib
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Final
from uuid import UUID

import httpx
import msgspec
import stripe
import structlog

from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import parse_id
from stoa.kit.money import exponent
from stoa.money.payments.errors import (
    BadWebhook,
    EvidenceRefused,
    GatewayUnavailable,
    NotRefundable,
    PaymentUnderWay,
    UnknownPaymentMethod,
)
from stoa.money.payments.gateways import (
    ChargeRequest,
    DisputeNews,
    Evidence,
    Listed,
    Notice,
    Payment,
    Session,
    SessionRequest,
    Verdict,
)
from stoa.money.payments.gateways.signatures import verify
from stoa.money.payments.gateways.stripe.client import StripeKeys, ask, client_of, reached, struct_of
from stoa.money.payments.gateways.stripe.wire import (
    Checkout,
    Dispute,
    Event,
    Intent,
    checked_out,
    listed_of,
    news_of,
    notice_of,
    payment_of,
    was_tried,
)

log = structlog.get_logger(__name__)

__all__ = ["Stripe", "StripeKeys", "ask", "to_stripe"]

SIGNATURE_HEADER: Final = "stripe-signature"
SESSION_S: Final = 3600  # Stripe takes from half an hour to a day
MAX_KEY: Final = 255
_WHOLE: Final = "latest_charge.balance_transaction"  # what is to be told with a payment: refunds, disputes and the fee
_PAGE: Final = 100
# Where files that speak for the receiver go.
_EVIDENCE_FIELDS: Final = ("uncategorized_file", "service_documentation", "customer_communication")
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
_KNOWN = value(
    list[str],
    """select coalesce(array_agg(payment_id order by payment_id), '{}') from order_payments
       where gateway = 'stripe' and order_id = $1 and starts_with(payment_id, 'pi_')""",
)
# So that the event which tells of it is no news, and does not cancel the order that is paid in another way by then.
_NOTE_CANCELLED = run(
    """insert into order_payments (gateway, account_id, payment_id, order_id, status, updated_at)
       select 'stripe', o.account_id, $1, o.id, 'cancelled', $3 from orders o where o.id = $2
       on conflict (gateway, account_id, payment_id) do update set status = 'cancelled', updated_at = $3
       where order_payments.captured_minor = 0"""
)


class Stripe:
    """An account at Stripe: the platform's own, or a creator's."""

    name = "stripe"
    currencies: frozenset[str] | None = None
    charges_methods = True
    event_id_header: str | None = None

    def __init__(self, keys: StripeKeys) -> None:
        self._keys = keys

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """Raises Invalid for a third decimal."""
        to_stripe(amount_minor, currency)

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
            with reached():
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
        return payment_of(struct_of(answer, Intent), request.order_id)

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
            with reached():
                answer = await self._client(ctx).v1.checkout.sessions.create_async(params)
        except stripe.InvalidRequestError as error:
            raise Invalid(fields={"payment": error.user_message or "Stripe does not take this payment"}) from error
        opened = struct_of(answer, Checkout)
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
            with reached():
                made = await client.v1.refunds.create_async(params, {"idempotency_key": _key(f"refund:{key}")})
        except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            raise NotRefundable(refundable_minor=before.captured_minor - before.refunded_minor) from error
        return msgspec.structs.replace(await self._payment(ctx, payment_id), refund_id=made.id)

    async def submit_evidence(self, ctx: Ctx, *, dispute_id: str, evidence: Evidence, key: str) -> DisputeNews:
        """Uploads the files and hands everything in, once per key. Stripe takes as many files as it has fields."""
        client = self._client(ctx)
        told: dict[str, Any] = {"uncategorized_text": evidence.text}
        try:
            with reached():
                for number, (name, file) in enumerate(zip(_EVIDENCE_FIELDS, evidence.files, strict=False)):
                    content = io.BytesIO(file.body)
                    content.name = file.name
                    upload: Any = {"file": content, "purpose": "dispute_evidence"}
                    made = await client.v1.files.create_async(upload, {"idempotency_key": _key(f"{key}:{number}")})
                    told[name] = made.id
                params: Any = {"evidence": told, "submit": True}
                answer = await client.v1.disputes.update_async(dispute_id, params, {"idempotency_key": _key(key)})
        except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            raise EvidenceRefused(error.user_message or EvidenceRefused.title) from error
        news = news_of(struct_of(answer, Dispute))
        if news is None:
            raise EvidenceRefused("Stripe does not treat it as a dispute any more")
        return news

    async def payments_of(self, ctx: Ctx, order_id: UUID) -> list[Payment]:
        """Of its sessions, of what we know, and of what Stripe finds: a charge whose answer was lost is in neither."""
        found: dict[str, Payment] = {}
        intents = {intent.id: intent for intent in await self._search(ctx, order_id)}
        for session_id in await _SESSIONS(ctx.db, order_id):
            session = await self._session(ctx, session_id)
            ended = checked_out(session) if session is not None and session.status == "expired" else None
            if session is not None and isinstance(session.payment_intent, Intent):
                intents[session.payment_intent.id] = session.payment_intent
            elif ended is not None:
                found[session_id] = ended
        for payment_id in await _KNOWN(ctx.db, order_id):
            if payment_id not in intents and (intent := await self._intent(ctx, payment_id)) is not None:
                intents[payment_id] = intent
        tried = [payment_of(one, order_id) for one in intents.values() if was_tried(one)]
        return [*found.values(), *[await self._with_dispute(ctx, one) for one in tried]]

    async def list_payments(self, ctx: Ctx, since: datetime, until: datetime) -> list[Listed]:
        """All PaymentIntents made in this time, page by page; also those of others who use the account."""
        params: Any = {
            "created": {"gte": int(since.timestamp()), "lt": ceil(until.timestamp())},
            "limit": _PAGE,
            "expand": [f"data.{_WHOLE}"],
        }
        with reached():
            page = await self._client(ctx).v1.payment_intents.list_async(params)
            return [listed_of(struct_of(intent, Intent)) async for intent in page.auto_paging_iter()]

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """By the header SIGNATURE_HEADER and any of the secrets; without one nothing is believed."""
        verdict: Verdict = "bad_signature"
        for secret in filter(None, (one.strip() for one in self._keys.webhook_secret.split(","))):
            verdict = verify(secret.encode(), headers.get(SIGNATURE_HEADER, ""), body, ctx.now)
            if verdict != "bad_signature":
                break
        return verdict

    def read(self, body: bytes) -> Notice:
        """What an event says. One of a type we have no use for, or of somebody else's payment, has no payment.

        Neither has one of another account than ours: its owner can have written there what they like.
        """
        try:
            event = msgspec.json.decode(body, type=Event)
            if event.account not in (None, self._keys.connected):
                return Notice(event.id, event.type, account=event.account)
            return notice_of(event)
        except (msgspec.DecodeError, UnicodeDecodeError, Invalid) as error:
            raise BadWebhook("The event cannot be read") from error

    async def look(self, http: httpx.AsyncClient) -> None:
        """By its balance."""
        await ask(self._keys, http)

    # ---- its own steps

    def _client(self, ctx: Ctx) -> stripe.StripeClient:
        return client_of(self._keys, ctx.app.http)

    async def _payment(self, ctx: Ctx, payment_id: str) -> Payment:
        try:
            with reached():
                answer = await self._client(ctx).v1.payment_intents.retrieve_async(
                    payment_id, {"expand": ["latest_charge"]}
                )
        except stripe.InvalidRequestError as error:
            raise NotRefundable(refundable_minor=0) from error
        intent = struct_of(answer, Intent)
        order_id = parse_id(intent.metadata.get("order_id"))
        if order_id is None:  # a payment of somebody else's program
            raise NotRefundable(refundable_minor=0)
        return payment_of(intent, order_id)

    async def _with_dispute(self, ctx: Ctx, payment: Payment) -> Payment:
        """A payment with the latest dispute about it, for which Stripe is asked apart."""
        if not payment.disputed:
            return payment
        params: Any = {"payment_intent": payment.payment_id, "limit": 1}
        with reached():
            page = await self._client(ctx).v1.disputes.list_async(params)
        found = [news_of(struct_of(one, Dispute)) for one in page.data]
        return msgspec.structs.replace(payment, dispute=found[0] if found else None)

    async def _search(self, ctx: Ctx, order_id: UUID) -> list[Intent]:
        """What Stripe finds by the order's id, a minute later than it happens; nothing where it does not search."""
        params: Any = {"query": f"metadata['order_id']:'{order_id}'", "limit": _PAGE, "expand": [f"data.{_WHOLE}"]}
        try:
            with reached():
                page = await self._client(ctx).v1.payment_intents.search_async(params)
        except stripe.InvalidRequestError:
            return []
        return [struct_of(intent, Intent) for intent in page.data]

    async def _session(self, ctx: Ctx, session_id: str) -> Checkout | None:
        expand: Any = {"expand": [f"payment_intent.{_WHOLE}"]}
        try:
            with reached():
                return struct_of(
                    await self._client(ctx).v1.checkout.sessions.retrieve_async(session_id, expand), Checkout
                )
        except stripe.InvalidRequestError:
            return None

    async def _intent(self, ctx: Ctx, payment_id: str) -> Intent | None:
        try:
            with reached():
                answer = await self._client(ctx).v1.payment_intents.retrieve_async(payment_id, {"expand": [_WHOLE]})
        except stripe.InvalidRequestError:
            return None
        return struct_of(answer, Intent)

    async def _close_session(self, ctx: Ctx, order_id: UUID, session_id: str) -> None:
        sessions = self._client(ctx).v1.checkout.sessions
        expand: Any = {"expand": ["payment_intent"]}
        try:
            with reached():
                try:
                    answer = await sessions.expire_async(session_id, expand)
                except stripe.InvalidRequestError:  # it has ended already
                    answer = await sessions.retrieve_async(session_id, expand)
        except stripe.InvalidRequestError as error:
            await self._not_here(ctx, error, session_id, order_id)
            return
        session = struct_of(answer, Checkout)
        intent = session.payment_intent if isinstance(session.payment_intent, Intent) else None
        is_paid = session.payment_status == "paid" or (intent is not None and intent.status in _UNDER_WAY)
        if session.status == "complete" and is_paid:
            raise PaymentUnderWay
        await _NOTE_CANCELLED(ctx.db, session.id, order_id, ctx.now)
        if intent is not None and intent.status == "canceled":
            await _NOTE_CANCELLED(ctx.db, intent.id, order_id, ctx.now)

    async def _cancel(self, ctx: Ctx, order_id: UUID, payment_id: str) -> None:
        intents = self._client(ctx).v1.payment_intents
        try:
            with reached():
                try:
                    answer = await intents.cancel_async(payment_id)
                except stripe.InvalidRequestError:  # it has gone on meanwhile
                    answer = await intents.retrieve_async(payment_id)
        except stripe.InvalidRequestError as error:
            await self._not_here(ctx, error, payment_id, order_id)
            return
        intent = struct_of(answer, Intent)
        if intent.status in _UNDER_WAY:
            raise PaymentUnderWay
        if intent.status == "canceled":
            await _NOTE_CANCELLED(ctx.db, payment_id, order_id, ctx.now)

    async def _not_here(self, ctx: Ctx, error: stripe.InvalidRequestError, name: str, order_id: UUID) -> None:
        """What was begun with the keys of another account cannot be ended with these: it runs out by itself there."""
        if error.http_status != 404:
            raise GatewayUnavailable from error
        log.warning("stripe.begun_at_another_account", name=name, order_id=str(order_id))
        await _NOTE_CANCELLED(ctx.db, name, order_id, ctx.now)


def to_stripe(amount_minor: int, currency: str) -> int:
    """An amount as Stripe counts it: in the smallest unit; with three decimals, in steps of ten. Raises Invalid."""
    if exponent(currency) == 3 and amount_minor % 10:
        raise Invalid(fields={"amount": f"Stripe takes {currency} with two decimals only"})
    return amount_minor


def _key(key: str) -> str:
    return key if len(key) <= MAX_KEY else hashlib.sha256(key.encode()).hexdigest()


def _declined(error: stripe.CardError, order_id: UUID) -> Payment:
    """A refused card comes as an error, with the payment in it."""
    body: Any = error.json_body
    told = body.get("error", {}).get("payment_intent") if isinstance(body, dict) else None
    if told is None:
        message = error.user_message or "The card was refused. Please use another one."
        raise UnknownPaymentMethod(fields={"payment_method_id": message}) from error
    return payment_of(msgspec.convert(told, Intent), order_id)
