"""Xendit: its hosted page by invoices, refunds, and its webhooks.

Its official client blocks and brings a client of its own along, so we speak its API over our HTTP client. An invoice
has no idempotency key: what was made and got lost is found by our order's id, and ended before another one is opened.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx
import msgspec
import structlog

from stoa.kit.config import Settings
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import parse_id
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
from stoa.money.payments.gateways.asking import Refused, ask
from stoa.money.payments.gateways.signatures import secrets_in
from stoa.money.payments.gateways.xendit.wire import (
    Invoice,
    Refund,
    RefundPage,
    notice_of,
    payment_of,
    refunded_of,
    to_xendit,
)

log = structlog.get_logger(__name__)
T = TypeVar("T")

TOKEN_HEADER: Final = "x-callback-token"
EVENT_ID_HEADER: Final = "webhook-id"
SESSION_S: Final = 3600
PAGE: Final = 100
AT_ONCE: Final = 5  # look-ups of refunds at a time
_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_PAID: Final = frozenset({"PAID", "SETTLED"})

_ORDER_OF = value(
    UUID | None, "select (select order_id from order_payments where gateway = 'xendit' and payment_id = $1 limit 1)"
)
# So that the event which tells of it is no news, and does not cancel the order that is paid in another way by then.
_NOTE_CANCELLED = run(
    """insert into order_payments (gateway, account_id, payment_id, order_id, status, updated_at)
       select 'xendit', o.account_id, $1, o.id, 'cancelled', $3 from orders o where o.id = $2
       on conflict (gateway, account_id, payment_id) do update set status = 'cancelled', updated_at = $3
       where order_payments.captured_minor = 0"""
)


class XenditKeys(msgspec.Struct, frozen=True):
    """Whose account at Xendit it is. Webhooks carry `webhook_token` as their proof."""

    secret_key: str
    webhook_token: str
    api_base: str

    @classmethod
    def of(cls, settings: Settings) -> "XenditKeys":
        """The platform's own."""
        return cls(
            secret_key=settings.xendit_secret_key,
            webhook_token=settings.xendit_webhook_token,
            api_base=settings.xendit_api_base,
        )


class Xendit:
    """An account at Xendit: the platform's own, or a creator's."""

    name = "xendit"
    currencies: frozenset[str] | None = frozenset({"IDR", "PHP", "MYR", "THB", "VND", "USD"})
    charges_methods = False
    event_id_header: str | None = EVENT_ID_HEADER

    def __init__(self, keys: XenditKeys) -> None:
        self._keys = keys

    # ---- what every gateway can do

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """Raises Invalid for parts of a rupiah or a dong."""
        to_xendit(amount_minor, currency)

    async def charge(self, ctx: Ctx, request: ChargeRequest) -> Payment:
        """Raises UnknownPaymentMethod: people pay at Xendit's page, nothing is stored here."""
        raise UnknownPaymentMethod(fields={"payment_method_id": "With Xendit people pay on its own page only"})

    async def open_session(self, ctx: Ctx, request: SessionRequest) -> Session:
        """An invoice. Raises Invalid for what Xendit does not take."""
        wanted = {
            "external_id": str(request.order_id),
            "amount": to_xendit(request.amount_minor, request.currency),
            "currency": request.currency,
            "description": request.description,
            "invoice_duration": SESSION_S,
            "success_redirect_url": request.return_url,
            "failure_redirect_url": request.return_url,
            "should_send_email": False,
            "metadata": {"order_id": str(request.order_id)},
        }
        try:
            told = await self._ask(ctx, "POST", "v2/invoices", repeats=False, content=_JSON.encode(wanted))
        except Refused as refused:
            raise Invalid(fields={"payment": _why(refused)}) from refused
        invoice = _struct(told, Invoice)
        if not invoice.invoice_url:
            raise GatewayUnavailable
        return Session(invoice.id, invoice.invoice_url, invoice.expiry_date or ctx.now + timedelta(seconds=SESSION_S))

    async def close(self, ctx: Ctx, order_id: UUID) -> None:
        """Ends the order's invoices. Raises PaymentUnderWay when one of them is paid."""
        for invoice in await self._invoices(ctx, external_id=str(order_id)):
            if invoice.status in _PAID:
                raise PaymentUnderWay
            if invoice.status == "PENDING":
                await self._expire(ctx, order_id, invoice.id)

    async def refund(self, ctx: Ctx, *, payment_id: str, amount_minor: int, key: str) -> Payment:
        """Gives money back, once per key, then asks for all that went back."""
        order_id = await _ORDER_OF(ctx.db, payment_id)
        if order_id is None:  # a payment of somebody else's program
            raise NotRefundable(refundable_minor=0)
        try:
            invoice = _struct(await self._ask(ctx, "GET", f"v2/invoices/{payment_id}"), Invoice)
        except Refused as refused:
            raise NotRefundable(refundable_minor=0) from refused
        before = await self._payment(ctx, invoice, order_id)
        once = {"idempotency-key": hashlib.sha256(key.encode()).hexdigest()}
        wanted = {
            "invoice_id": payment_id,
            "reference_id": once["idempotency-key"],
            "amount": to_xendit(amount_minor, before.currency),
            "currency": before.currency,
            "reason": "REQUESTED_BY_CUSTOMER",
            "metadata": {"order_id": str(order_id), "invoice_id": payment_id},
        }
        try:
            await self._ask(ctx, "POST", "refunds", content=_JSON.encode(wanted), headers=once)
        except Refused as refused:
            left_minor = before.captured_minor - before.refunded_minor
            raise NotRefundable(_why(refused), refundable_minor=left_minor) from refused
        return await self._payment(ctx, invoice, order_id)

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """By the header TOKEN_HEADER; without a token of our own nothing is believed. The wire has no time."""
        given = headers.get(TOKEN_HEADER, "").encode("utf-8", "replace")
        known = secrets_in(self._keys.webhook_token)
        return "verified" if any(hmac.compare_digest(token, given) for token in known) else "bad_signature"

    def read(self, body: bytes) -> Notice:
        """What an event says. One of a type we have no use for, or of somebody else's payment, has no payment."""
        try:
            return notice_of(body)
        except (msgspec.DecodeError, UnicodeDecodeError, Invalid) as error:
            raise BadWebhook("The event cannot be read") from error

    async def payments_of(self, ctx: Ctx, order_id: UUID) -> list[Payment]:
        """By the order's invoices; one that still waits for its payer is no payment yet."""
        invoices = await self._invoices(ctx, external_id=str(order_id))
        return [await self._payment(ctx, one, order_id) for one in invoices if one.status != "PENDING"]

    async def list_payments(self, ctx: Ctx, since: datetime, until: datetime) -> list[Listed]:
        """By the invoices made in that time that are paid or over; what went back is asked of each that was paid."""
        invoices = await self._invoices(ctx, created_after=since.isoformat(), created_before=until.isoformat())
        told = sorted((i for i in invoices if i.status != "PENDING"), key=lambda i: i.created or since)
        room = asyncio.Semaphore(AT_ONCE)

        async def one(invoice: Invoice) -> Listed:
            async with room:
                return _listed(invoice, await self._payment(ctx, invoice, UUID(int=0)), since)

        return list(await asyncio.gather(*(one(invoice) for invoice in told)))

    async def submit_evidence(self, ctx: Ctx, *, dispute_id: str, evidence: Evidence, key: str) -> DisputeNews:
        """Raises EvidenceRefused: disputes of invoices are answered at Xendit's dashboard."""
        raise EvidenceRefused("Xendit takes evidence at its dashboard only. Please answer this dispute there")

    async def look(self, http: httpx.AsyncClient) -> None:
        """Whether Xendit knows our key. Raises GatewayUnavailable."""
        try:
            await _ask(http, self._keys, "GET", "balance")
        except Refused as refused:
            raise GatewayUnavailable from refused

    # ---- its own steps

    async def _ask(self, ctx: Ctx, method: str, path: str, **sent: Any) -> Any:
        return await _ask(ctx.app.http, self._keys, method, path, **sent)

    async def _invoices(self, ctx: Ctx, **wanted: str) -> list[Invoice]:
        found: list[Invoice] = []
        while True:
            params = wanted | {"limit": str(PAGE)} | ({"last_invoice": found[-1].id} if found else {})
            try:
                page = _struct(await self._ask(ctx, "GET", "v2/invoices", params=params), list[Invoice])
            except Refused as refused:
                raise GatewayUnavailable from refused
            found += page
            if len(page) < PAGE:
                return found

    async def _expire(self, ctx: Ctx, order_id: UUID, invoice_id: str) -> None:
        try:
            try:
                told = await self._ask(ctx, "POST", f"invoices/{invoice_id}/expire!")
            except Refused:  # it has gone on meanwhile
                told = await self._ask(ctx, "GET", f"v2/invoices/{invoice_id}")
        except Refused as refused:  # a moment ago it was there
            raise GatewayUnavailable from refused
        if _struct(told, Invoice).status in _PAID:
            raise PaymentUnderWay
        await _NOTE_CANCELLED(ctx.db, invoice_id, order_id, ctx.now)

    async def _payment(self, ctx: Ctx, invoice: Invoice, order_id: UUID) -> Payment:
        """An invoice with all that went back of it."""
        refunds: list[Refund] = []
        has_more = invoice.status in _PAID
        while has_more:
            params = {"invoice_id": invoice.id, "limit": str(PAGE)}
            after = {"after_id": refunds[-1].id} if refunds else {}
            try:
                page = _struct(await self._ask(ctx, "GET", "refunds", params=params | after), RefundPage)
            except Refused as refused:
                raise GatewayUnavailable from refused
            refunds += page.data
            has_more = page.has_more and bool(page.data)
        try:
            return payment_of(invoice, order_id, refunded_of(refunds, invoice.currency.upper()))
        except Invalid as error:
            raise GatewayUnavailable from error


async def _ask(
    http: httpx.AsyncClient, keys: XenditKeys, method: str, path: str, *, repeats: bool = True, **sent: Any
) -> Any:
    if "content" in sent:
        sent["headers"] = {"content-type": "application/json", **sent.get("headers", {})}
    try:
        return await ask(http, method, f"{keys.api_base}/{path}", auth=(keys.secret_key, ""), repeats=repeats, **sent)
    except Refused as refused:
        if refused.told.get("error_code") == "REQUEST_FORBIDDEN_ERROR":  # the key may not: no fault of a payer's
            raise GatewayUnavailable from refused
        raise


def _struct(told: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        log.error("xendit.answer_not_as_documented", error=str(error))
        raise GatewayUnavailable from error


def _why(refused: Refused) -> str:
    reason = refused.told.get("message")
    return reason if isinstance(reason, str) and reason else "Xendit does not take this"


def _listed(invoice: Invoice, payment: Payment, since: datetime) -> Listed:
    return Listed(
        payment_id=invoice.id,
        order_id=parse_id(invoice.external_id),
        status=payment.status,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.refunded_minor,
        fee_minor=payment.fee_minor,
        created_at=invoice.created or since,
    )
