"""Razorpay: its hosted page by Payment Links, Standard Checkout by orders and proofs, refunds, disputes, webhooks.

Its official client blocks and brings a client of its own along, so we speak its API over our HTTP client. Razorpay
knows idempotency keys for refunds only; elsewhere our own name of a thing is unique over there (the `reference_id` of a
link), or a second one does no harm (an order that nobody pays).
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import httpx
import msgspec
import structlog

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, run, value
from stoa.kit.errors import Invalid
from stoa.money.payments.errors import (
    BadWebhook,
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
from stoa.money.payments.gateways.asking import Refused
from stoa.money.payments.gateways.proofs import Proof, proof_in
from stoa.money.payments.gateways.razorpay.contesting import contest
from stoa.money.payments.gateways.razorpay.talking import RazorpayKeys as RazorpayKeys
from stoa.money.payments.gateways.razorpay.talking import ask_razorpay, struct, to_razorpay, why
from stoa.money.payments.gateways.razorpay.wire import (
    OVER,
    DisputeEntity,
    DisputePage,
    LinkEntity,
    LinkPage,
    OrderEntity,
    Page,
    PaymentEntity,
    dispute_of,
    disputed,
    ended,
    happened,
    listed,
    notice_of,
    order_named_in,
    payment_of,
)
from stoa.money.payments.gateways.signatures import secrets_in

log = structlog.get_logger(__name__)

SIGNATURE_HEADER: Final = "x-razorpay-signature"
EVENT_ID_HEADER: Final = "x-razorpay-event-id"
# Razorpay tries for a day to deliver an event, which says when it happened.
MAX_AGE_S: Final = 25 * 3600
SESSION_S: Final = 3600  # it takes from a quarter of an hour to half a year
MAX_DESCRIPTION: Final = 2048
NAMES_TRIED: Final = 5
PAGE: Final = 100

# Links and orders over there that were opened for an order of ours, the oldest first.
_OPENED = value(
    list[str],
    """select coalesce(array_agg(details ->> 'session_id' order by id), '{}') from order_events
       where order_id = $1 and details ->> 'session_id' is not null""",
)
_ENDED = value(
    list[str],
    """select coalesce(array_agg(payment_id), '{}') from order_payments
       where gateway = 'razorpay' and order_id = $1 and status = 'cancelled'""",
)


class _Known(msgspec.Struct, frozen=True):
    name: str
    order_id: UUID


# Our orders by Razorpay's names of their payments, and of its own orders.
_ORDERS_OF = many(
    _Known,
    """select payment_id as name, order_id from order_payments where gateway = 'razorpay' and payment_id = any($1)
       union select session_id, order_id from checkout_sessions where session_id = any($1)""",
)
# So that the event which tells of it is no news, and does not cancel the order that is paid in another way by then.
_NOTE_CANCELLED = run(
    """insert into order_payments (gateway, account_id, payment_id, order_id, status, updated_at)
       select 'razorpay', o.account_id, $1, o.id, 'cancelled', $3 from orders o where o.id = $2
       on conflict (gateway, account_id, payment_id) do update set status = 'cancelled', updated_at = $3
       where order_payments.captured_minor = 0"""
)


class Razorpay:
    """An account at Razorpay: the platform's own, or a creator's."""

    name = "razorpay"
    currencies: frozenset[str] | None = None
    charges_methods = False
    event_id_header: str | None = EVENT_ID_HEADER

    def __init__(self, keys: RazorpayKeys) -> None:
        self._keys = keys

    @property
    def public_key(self) -> str:
        """What Standard Checkout in the browser is told."""
        return self._keys.key_id

    # ---- what every gateway can do

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """Raises Invalid for a third decimal."""
        to_razorpay(amount_minor, currency)

    async def charge(self, ctx: Ctx, request: ChargeRequest) -> Payment:
        """Takes what Standard Checkout has shown to the payer as proof; a payment that is only authorized is captured.

        Raises UnknownPaymentMethod for everything else: cards are typed at Razorpay's, never here.
        """
        proof = proof_in(request.payment_method_id)
        if proof is None or not proof.is_genuine(self._keys.key_secret.encode()):
            raise _no_proof("This is not what Razorpay's checkout answers for a payment")
        if proof.order not in await _OPENED(ctx.db, request.order_id):
            raise _no_proof("This payment is for another order")
        told = await self._payment(ctx, proof)
        fits = (told.amount, told.currency) == (to_razorpay(request.amount_minor, request.currency), request.currency)
        if told.status == "authorized" and fits:
            told = await self._capture(ctx, told)
        return payment_of(told, request.order_id)

    async def open_session(self, ctx: Ctx, request: SessionRequest) -> Session:
        """A Payment Link. Raises Invalid for what Razorpay does not take.

        Its name over there is unique. Where the answer to an earlier try got lost, that link is found by it, and the
        next name is tried when that one has ended.
        """
        expires_at = ctx.now + timedelta(seconds=SESSION_S)
        wanted = {
            "amount": to_razorpay(request.amount_minor, request.currency),
            "currency": request.currency,
            "accept_partial": False,
            "description": request.description[:MAX_DESCRIPTION],
            "expire_by": int(expires_at.timestamp()),
            "notes": {"order_id": str(request.order_id)},
            "notify": {"sms": False, "email": False},
            "reminder_enable": False,
            "callback_url": request.return_url,
            "callback_method": "get",
        }
        first = len(await _OPENED(ctx.db, request.order_id))
        for number in range(first, first + NAMES_TRIED):
            link = await self._open_link(ctx, wanted | {"reference_id": f"{request.order_id}-{number}"})
            if link.status == "created" and link.short_url:
                return Session(link.id, link.short_url, datetime.fromtimestamp(link.expire_by, UTC))
        raise GatewayUnavailable

    async def open_order(self, ctx: Ctx, request: SessionRequest) -> Session:
        """An order for Standard Checkout, which runs on a page of somebody else's. Raises Invalid."""
        wanted = {
            "amount": to_razorpay(request.amount_minor, request.currency),
            "currency": request.currency,
            "receipt": str(request.order_id),
            "notes": {"order_id": str(request.order_id)},
            "payment": {"capture": "automatic", "capture_options": {"refund_speed": "normal"}},
        }
        try:
            order = struct(await self._ask(ctx, "POST", "orders", json=wanted), OrderEntity)
        except Refused as refused:
            raise Invalid(fields={"payment": why(refused)}) from refused
        return Session(order.id, "", ctx.now + timedelta(days=1))

    async def close(self, ctx: Ctx, order_id: UUID) -> None:
        """Ends the order's links. An order over there cannot be ended; what is paid for it later still counts.

        Raises PaymentUnderWay when one of them is paid.
        """
        over = set(await _ENDED(ctx.db, order_id))
        for opened in await _OPENED(ctx.db, order_id):
            if opened.startswith("plink_") and opened not in over:
                await self._close_link(ctx, order_id, opened)
            elif opened.startswith("order_") and await self._is_paid(ctx, opened):
                raise PaymentUnderWay

    async def refund(self, ctx: Ctx, *, payment_id: str, amount_minor: int, key: str) -> Payment:
        """Gives money back, once per key, then asks for the payment as it is."""
        order_id = await self._order_of(ctx, payment_id)
        try:
            before = struct(await self._ask(ctx, "GET", f"payments/{payment_id}"), PaymentEntity)
        except Refused as refused:
            raise NotRefundable(refundable_minor=0) from refused
        wanted = {"amount": to_razorpay(amount_minor, before.currency), "speed": "normal"}
        once = {"X-Refund-Idempotency": hashlib.sha256(key.encode()).hexdigest()}
        try:
            await self._ask(ctx, "POST", f"payments/{payment_id}/refund", json=wanted, headers=once)
        except Refused as refused:
            left_minor = before.amount - before.amount_refunded if before.status == "captured" else 0
            raise NotRefundable(why(refused), refundable_minor=left_minor) from refused
        return payment_of(await self._as_it_is(ctx, payment_id), order_id)

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """By the header SIGNATURE_HEADER, over the body with the time in it; without a secret nothing is believed."""
        given = headers.get(SIGNATURE_HEADER, "").encode("utf-8", "replace")
        secrets = secrets_in(self._keys.webhook_secret)
        expected = [hmac.new(secret, body, hashlib.sha256).hexdigest().encode() for secret in secrets]
        if not any(hmac.compare_digest(one, given) for one in expected):
            return "bad_signature"
        at = happened(body)
        return "too_old" if at and abs(ctx.now.timestamp() - at) > MAX_AGE_S else "verified"

    def read(self, body: bytes) -> Notice:
        """What an event says. One of a type we have no use for, or of somebody else's payment, has no payment."""
        try:
            return notice_of(body)
        except (msgspec.DecodeError, UnicodeDecodeError, OverflowError, ValueError, OSError) as error:
            raise BadWebhook("The event cannot be read") from error

    async def payments_of(self, ctx: Ctx, order_id: UUID) -> list[Payment]:
        """By the links and orders that were opened for the order, with what is disputed of them."""
        found: dict[str, Payment] = {}
        for opened in await _OPENED(ctx.db, order_id):
            try:
                told = await self._paid_by_link(ctx, order_id, opened)
                told = told if told is not None else await self._paid_by_order(ctx, order_id, opened)
            except Refused as refused:  # it was made with other keys
                log.warning("razorpay.not_known_there", opened=opened, status=refused.status)
            else:
                found |= {payment.payment_id: payment for payment in told}
        disputes = await self._disputes(ctx) if any(one.captured_minor for one in found.values()) else {}
        return [_with(payment, disputes.get(payment.payment_id)) for payment in found.values()]

    async def list_payments(self, ctx: Ctx, since: datetime, until: datetime) -> list[Listed]:
        """By pages, the newest first over there; payments of other programs have no order."""
        found: list[PaymentEntity] = []
        window = {"from": int(since.timestamp()), "to": int(until.timestamp()), "count": PAGE}
        while True:
            try:
                told = await self._ask(ctx, "GET", "payments", params=window | {"skip": len(found)})
            except Refused as refused:
                raise GatewayUnavailable from refused
            page = struct(told, Page)
            found += page.items
            if len(page.items) < PAGE:
                break
        names = [name for p in found for name in (p.id, p.order_id) if name]
        ours = {row.name: row.order_id for row in await _ORDERS_OF(ctx.db, names)}
        return [
            listed(p, order_named_in(notes=p.notes) or ours.get(p.id) or ours.get(p.order_id or ""))
            for p in reversed(found)
        ]

    async def submit_evidence(self, ctx: Ctx, *, dispute_id: str, evidence: Evidence, key: str) -> DisputeNews:
        """Uploads the files and contests the dispute. What was handed in already is answered with how it stands."""
        return await contest(ctx.app.http, self._keys, dispute_id, evidence)

    async def look(self, http: httpx.AsyncClient) -> None:
        """Whether Razorpay knows our keys. Raises GatewayUnavailable."""
        try:
            await ask_razorpay(http, self._keys, "GET", "payments", params={"count": 1})
        except Refused as refused:
            raise GatewayUnavailable from refused

    # ---- its own steps

    async def _ask(self, ctx: Ctx, method: str, path: str, **sent: Any) -> Any:
        return await ask_razorpay(ctx.app.http, self._keys, method, path, **sent)

    async def _payment(self, ctx: Ctx, proof: Proof) -> PaymentEntity:
        try:
            told = struct(await self._ask(ctx, "GET", f"payments/{proof.payment}"), PaymentEntity)
        except Refused as refused:
            raise _no_proof("Razorpay does not know this payment") from refused
        if told.order_id != proof.order:
            raise _no_proof("This payment is for another order")
        return told

    async def _capture(self, ctx: Ctx, told: PaymentEntity) -> PaymentEntity:
        wanted = {"amount": told.amount, "currency": told.currency}
        try:
            return struct(await self._ask(ctx, "POST", f"payments/{told.id}/capture", json=wanted), PaymentEntity)
        except Refused:  # it has been captured, or given back, meanwhile
            return await self._as_it_is(ctx, told.id)

    async def _as_it_is(self, ctx: Ctx, payment_id: str) -> PaymentEntity:
        try:
            return struct(await self._ask(ctx, "GET", f"payments/{payment_id}"), PaymentEntity)
        except Refused as refused:  # a moment ago it was there
            raise GatewayUnavailable from refused

    async def _open_link(self, ctx: Ctx, wanted: dict[str, Any]) -> LinkEntity:
        try:
            return struct(await self._ask(ctx, "POST", "payment_links", json=wanted), LinkEntity)
        except Refused as refused:
            known = await self._link_named(ctx, wanted["reference_id"])
            if known is None or (known.amount, known.currency) != (wanted["amount"], wanted["currency"]):
                raise Invalid(fields={"payment": why(refused)}) from refused
            return known

    async def _link_named(self, ctx: Ctx, name: str) -> LinkEntity | None:
        try:
            page = struct(await self._ask(ctx, "GET", "payment_links", params={"reference_id": name}), LinkPage)
        except Refused:
            return None
        return next((link for link in page.payment_links if link.reference_id == name), None)

    async def _paid_by_link(self, ctx: Ctx, order_id: UUID, opened: str) -> list[Payment] | None:
        """What was paid by a link, and that it has ended; None for what is no link."""
        if not opened.startswith("plink_"):
            return None
        link = struct(await self._ask(ctx, "GET", f"payment_links/{opened}"), LinkEntity)
        told = [await self._ask(ctx, "GET", f"payments/{paid.payment_id}") for paid in link.payments or []]
        payments = [payment_of(struct(one, PaymentEntity), order_id) for one in told]
        return [*payments, ended(link, order_id)] if link.status in OVER else payments

    async def _paid_by_order(self, ctx: Ctx, order_id: UUID, opened: str) -> list[Payment]:
        page = struct(await self._ask(ctx, "GET", f"orders/{opened}/payments"), Page)
        return [payment_of(payment, order_id) for payment in page.items]

    async def _disputes(self, ctx: Ctx) -> dict[str, DisputeEntity]:
        """The latest dispute about each payment; Razorpay lists them all, the newest first."""
        try:
            page = struct(await self._ask(ctx, "GET", "disputes", params={"count": PAGE}), DisputePage)
        except Refused as refused:
            raise GatewayUnavailable from refused
        return {dispute.payment_id: dispute for dispute in reversed(page.items)}

    async def _close_link(self, ctx: Ctx, order_id: UUID, link_id: str) -> None:
        try:
            try:
                told = await self._ask(ctx, "POST", f"payment_links/{link_id}/cancel")
            except Refused:  # it has ended already
                told = await self._ask(ctx, "GET", f"payment_links/{link_id}")
        except Refused as refused:  # begun with the keys of another account: it runs out by itself there
            log.warning("razorpay.begun_at_another_account", name=link_id, status=refused.status)
        else:
            if struct(told, LinkEntity).status in ("paid", "partially_paid"):
                raise PaymentUnderWay
        await _NOTE_CANCELLED(ctx.db, link_id, order_id, ctx.now)

    async def _is_paid(self, ctx: Ctx, opened: str) -> bool:
        try:
            return struct(await self._ask(ctx, "GET", f"orders/{opened}"), OrderEntity).status == "paid"
        except Refused as refused:
            log.warning("razorpay.begun_at_another_account", name=opened, status=refused.status)
            return False

    async def _order_of(self, ctx: Ctx, payment_id: str) -> UUID:
        known = await _ORDERS_OF(ctx.db, [payment_id])
        if not known:
            raise NotRefundable(refundable_minor=0)
        return known[0].order_id


def _with(payment: Payment, dispute: DisputeEntity | None) -> Payment:
    return disputed(payment, dispute_of(dispute)) if dispute else payment


def _no_proof(why: str) -> UnknownPaymentMethod:
    return UnknownPaymentMethod(fields={"payment_method_id": why})
