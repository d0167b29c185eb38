"""A gateway that needs no account and moves no real money, and behaves like one that does.

It keeps its own books in the sandbox_* tables, has a hosted checkout page and a 3-D Secure step, and tells of every
change by a signed webhook over HTTP. Orders learn of it only from its answers and its webhooks.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import httpx
import msgspec

from stoa.kit.ctx import App, Ctx
from stoa.kit.db import insert, many, maybe, one, run, update, value
from stoa.kit.ids import new_id
from stoa.money.payments.errors import BadWebhook, NotRefundable, SessionClosed, UnknownPaymentMethod
from stoa.money.payments.gateways import (
    ChargeRequest,
    DisputeNews,
    Evidence,
    Listed,
    Notice,
    Payment,
    PaymentStatus,
    Session,
    SessionRequest,
    Verdict,
    disputes,
)
from stoa.money.payments.gateways.cards import DECLINED, METHODS, NOT_AUTHENTICATED, behaviour_of
from stoa.money.payments.gateways.proofs import Proof, proof_in, proven
from stoa.money.payments.gateways.signatures import sign, verify
from stoa.money.payments.types import SandboxAnswer, SandboxCard, SandboxSession

SIGNATURE_HEADER: Final = "sandbox-signature"
SESSION_S: Final = 30 * 60
ORDER: Final = "order_test_"  # how its orders begin, of which the payer gets a proof, as from Razorpay's checkout


class _Row(msgspec.Struct, frozen=True):
    id: str
    order_id: UUID
    session_id: str | None
    amount_minor: int
    currency: str
    card: str
    status: PaymentStatus
    refunded_minor: int
    disputed: bool
    failure_code: str | None
    failure_message: str | None
    return_url: str


_COLUMNS = """id, order_id, session_id, amount_minor, currency, card, status, refunded_minor, disputed,
  failure_code, failure_message, return_url"""
_PAYMENT = one(_Row, f"select {_COLUMNS} from sandbox_payments where id = $1 for update")
_BY_KEY = maybe(_Row, f"select {_COLUMNS} from sandbox_payments where request_key = $1 for update")
_SESSION_OF = value(str | None, "select session_id from sandbox_payments where id = $1")
_WAITING_IN_SESSION = maybe(
    _Row,
    f"""select {_COLUMNS} from sandbox_payments
        where session_id = $1 and card = $2 and status = 'requires_action' for update""",
)
_SESSION = one(
    SandboxSession,
    """select id, order_id, amount_minor, currency, description, return_url, state, expires_at
       from sandbox_sessions where id = $1 for update""",
)


_REFUND_KNOWN = value(bool, "select exists (select 1 from sandbox_refunds where request_key = $1)")
_CLOSE_SESSIONS = run("update sandbox_sessions set state = 'cancelled' where order_id = $1 and state = 'open'")
_CANCEL_WAITING = run(
    """update sandbox_payments set status = 'cancelled', updated_at = $2
       where order_id = $1 and status = 'requires_action'"""
)
_PAID_IN_SESSION = maybe(
    _Row, f"select {_COLUMNS} from sandbox_payments where session_id = $1 and status = 'succeeded' limit 1"
)
_PROVEN = maybe(
    _Row, f"select {_COLUMNS} from sandbox_payments where id = $1 and session_id = $2 and order_id = $3 for update"
)
_LATEST_SESSION = maybe(
    SandboxSession,
    """select id, order_id, amount_minor, currency, description, return_url, state, expires_at
       from sandbox_sessions where order_id = $1 order by created_at desc, id desc limit 1""",
)
_OF_ORDER = many(_Row, f"select {_COLUMNS} from sandbox_payments where order_id = $1 order by created_at, id")
_LISTED = many(
    Listed,
    """select id as payment_id, order_id, status, amount_minor, currency,
         case when status = 'succeeded' then amount_minor else 0 end as captured_minor, refunded_minor,
         null::bigint as fee_minor, created_at
       from sandbox_payments where created_at >= $1 and created_at < $2 order by created_at, id""",
)
_KNOWN_REQUEST = run(
    """insert into sandbox_payments (id, request_key, order_id, session_id, amount_minor, currency, card, status,
         failure_code, failure_message, return_url, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) on conflict (request_key) do nothing"""
)


class Sandbox:
    """The sandbox gateway. `announce` is told each new event's id, and has it delivered."""

    name = "sandbox"
    currencies: frozenset[str] | None = None
    charges_methods = True
    event_id_header: str | None = None

    def __init__(self, announce: Callable[[Ctx, str], Awaitable[None]]) -> None:
        self._announce = announce

    # ---- what every gateway can do

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """It counts everything."""

    async def charge(self, ctx: Ctx, request: ChargeRequest) -> Payment:
        """Charges one of METHODS, or takes the proof of an order that was paid on its page."""
        proof = proof_in(request.payment_method_id)
        if proof is not None:
            return await self._proven(ctx, request, proof)
        behaviour = METHODS.get(request.payment_method_id)
        if behaviour is None:
            known = ", ".join(sorted(METHODS))
            raise UnknownPaymentMethod(fields={"payment_method_id": f"The sandbox knows these: {known}"})
        session = SandboxSession(
            id="",
            order_id=request.order_id,
            amount_minor=request.amount_minor,
            currency=request.currency,
            description=request.description,
            return_url=request.return_url,
            state="open",
            expires_at=ctx.now,
        )
        return await _told(ctx, await self._attempt(ctx, session, behaviour, request.key))

    async def open_session(self, ctx: Ctx, request: SessionRequest) -> Session:
        """A hosted page under /sandbox/checkout/."""
        return await self._open(ctx, request, "cs_test_")

    async def open_order(self, ctx: Ctx, request: SessionRequest) -> Session:
        """The same page; from there the payer comes back with a proof of the payment in the address."""
        return await self._open(ctx, request, ORDER)

    @property
    def public_key(self) -> str:
        """There is only one sandbox."""
        return self.name

    async def _open(self, ctx: Ctx, request: SessionRequest, beginning: str) -> Session:
        session_id = beginning + secrets.token_urlsafe(24)
        expires_at = ctx.now + timedelta(seconds=SESSION_S)
        row = {"id": session_id, "created_at": ctx.now, "expires_at": expires_at}
        await insert(ctx.db, "sandbox_sessions", row | msgspec.structs.asdict(request))
        return Session(session_id, checkout_url(ctx, session_id), expires_at)

    async def close(self, ctx: Ctx, order_id: UUID) -> None:
        """Ends what still waits for the payer, without an event: the one who closes knows."""
        await _CLOSE_SESSIONS(ctx.db, order_id)
        await _CANCEL_WAITING(ctx.db, order_id, ctx.now)

    async def refund(self, ctx: Ctx, *, payment_id: str, amount_minor: int, key: str) -> Payment:
        """Gives money back, once per key."""
        row = await _PAYMENT(ctx.db, payment_id)
        refund_id = "re_test_" + hashlib.sha256(key.encode()).hexdigest()[:24]
        if await _REFUND_KNOWN(ctx.db, key):
            return msgspec.structs.replace(await _told(ctx, row), refund_id=refund_id)
        left_minor = row.amount_minor - row.refunded_minor if row.status == "succeeded" else 0
        if not 0 < amount_minor <= left_minor:
            raise NotRefundable(refundable_minor=left_minor)
        refund = {"request_key": key, "payment_id": payment_id, "amount_minor": amount_minor, "created_at": ctx.now}
        await insert(ctx.db, "sandbox_refunds", refund)
        changed = {"refunded_minor": row.refunded_minor + amount_minor}
        row = await self._change(ctx, row, changed, "payment.refunded")
        return msgspec.structs.replace(await _told(ctx, row), refund_id=refund_id)

    async def submit_evidence(self, ctx: Ctx, *, dispute_id: str, evidence: Evidence, key: str) -> DisputeNews:
        """Takes evidence once per dispute, and decides by what it says."""
        answered = await disputes.answer(ctx, dispute_id, evidence, key)
        if answered.is_new:
            row = await _PAYMENT(ctx.db, answered.payment_id)
            kind = "dispute.updated" if answered.news.status == "under_review" else "dispute.closed"
            await self._tell(ctx, await _told(ctx, row), kind)
        return answered.news

    async def payments_of(self, ctx: Ctx, order_id: UUID) -> list[Payment]:
        """All attempts, and that the payer turned back on the hosted page."""
        latest = await _LATEST_SESSION(ctx.db, order_id)
        left = [_left(latest)] if latest is not None and latest.state == "cancelled" else []
        return left + [await _told(ctx, row) for row in await _OF_ORDER(ctx.db, order_id)]

    async def list_payments(self, ctx: Ctx, since: datetime, until: datetime) -> list[Listed]:
        """All attempts of this time."""
        return await _LISTED(ctx.db, since, until)

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """By the header SIGNATURE_HEADER."""
        return verify(_secret(ctx.app), headers.get(SIGNATURE_HEADER, ""), body, ctx.now)

    def read(self, body: bytes) -> Notice:
        """The event's JSON is a Notice."""
        try:
            return msgspec.json.decode(body, type=Notice)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadWebhook("The event cannot be read") from error

    async def look(self, http: httpx.AsyncClient) -> None:
        """It has no keys."""

    # ---- the hosted pages

    async def submit_card(self, ctx: Ctx, session_id: str, card: SandboxCard) -> SandboxAnswer:
        """The payer's card on the hosted page. Raises SessionClosed; pressing twice pays once."""
        session = await _SESSION(ctx.db, session_id)
        if session.state == "complete":
            paid = await _PAID_IN_SESSION(ctx.db, session_id)
            return SandboxAnswer("succeeded", _back(ctx.app, session, paid), None)
        if session.state != "open" or session.expires_at <= ctx.now:
            raise SessionClosed
        behaviour = behaviour_of(card, ctx.now)
        row = await _WAITING_IN_SESSION(ctx.db, session_id, behaviour)
        if row is None:
            row = await self._attempt(ctx, session, behaviour, f"{session_id}:{new_id()}")
        if row.status == "requires_action":
            return SandboxAnswer(row.status, challenge_url(ctx, row.id), None)
        if row.status == "failed":
            return SandboxAnswer(row.status, None, row.failure_message)
        await update(ctx.db, "sandbox_sessions", {"state": "complete"}, where={"id": session_id})
        return SandboxAnswer(row.status, _back(ctx.app, session, row), None)

    async def answer_challenge(self, ctx: Ctx, payment_id: str, *, approve: bool) -> SandboxAnswer:
        """The payer's answer to 3-D Secure. A second answer changes nothing and is told the first one's outcome."""
        session_id = await _SESSION_OF(ctx.db, payment_id)
        session = await _SESSION(ctx.db, session_id) if session_id else None  # locked before the payment, as everywhere
        row = await _PAYMENT(ctx.db, payment_id)
        if row.status == "requires_action":
            code, message = (None, None) if approve else NOT_AUTHENTICATED
            status = "succeeded" if approve else "failed"
            changed = {"status": status, "failure_code": code, "failure_message": message}
            row = await self._change(ctx, row, changed, f"payment.{status}")
            if session is not None and approve:
                await update(ctx.db, "sandbox_sessions", {"state": "complete"}, where={"id": session.id})
        if row.status == "failed" and session is not None and session.state == "open":
            return SandboxAnswer(row.status, checkout_url(ctx, session.id), row.failure_message)
        back = _back(ctx.app, session, row) if session is not None else row.return_url
        return SandboxAnswer(row.status, back, row.failure_message)

    async def leave(self, ctx: Ctx, session_id: str) -> str:
        """The payer turns back on the hosted page: the checkout ends; answers where to go."""
        session = await _SESSION(ctx.db, session_id)
        if session.state == "open":
            await self.close(ctx, session.order_id)
            await self._tell(ctx, _left(session), "session.cancelled")
        return session.return_url

    # ---- its books

    async def _proven(self, ctx: Ctx, request: ChargeRequest, proof: Proof) -> Payment:
        """The payment that a proof is of. Raises UnknownPaymentMethod for a proof of another order, or of nothing."""
        row = await _PROVEN(ctx.db, proof.payment, proof.order, request.order_id)
        if row is None or not proof.is_genuine(_proof_secret(ctx.app)):
            raise UnknownPaymentMethod(fields={"payment_method_id": "The sandbox knows no such payment of this order"})
        return await _told(ctx, row)

    async def _attempt(self, ctx: Ctx, session: SandboxSession, behaviour: str, key: str) -> _Row:
        """One payment attempt, once per key, with its event."""
        status: PaymentStatus = {"declined": "failed", "asks": "requires_action"}.get(behaviour, "succeeded")  # type: ignore[assignment]
        code, message = DECLINED if status == "failed" else (None, None)
        payment_id = "pay_test_" + secrets.token_urlsafe(18)
        fresh = await _KNOWN_REQUEST(
            ctx.db,
            payment_id,
            key,
            session.order_id,
            session.id or None,
            session.amount_minor,
            session.currency,
            behaviour,
            status,
            code,
            message,
            session.return_url,
            ctx.now,
        )
        row = cast("_Row", await _BY_KEY(ctx.db, key))
        if not fresh:
            if (row.order_id, row.amount_minor, row.currency, row.card) != (
                session.order_id,
                session.amount_minor,
                session.currency,
                behaviour,
            ):
                raise UnknownPaymentMethod(
                    fields={"payment_method_id": "This attempt was made with another card already"}
                )
            return row
        await self._tell(ctx, await _told(ctx, row), f"payment.{status}")
        if behaviour == "disputed":
            await disputes.begin(ctx, row.id, row.amount_minor)
            row = await self._change(ctx, row, {"disputed": True}, "dispute.created")
        return row

    async def _change(self, ctx: Ctx, row: _Row, changed: dict[str, Any], kind: str) -> _Row:
        await update(ctx.db, "sandbox_payments", changed | {"updated_at": ctx.now}, where={"id": row.id})
        row = msgspec.structs.replace(row, **changed)
        await self._tell(ctx, await _told(ctx, row), kind)
        return row

    async def _tell(self, ctx: Ctx, payment: Payment, kind: str) -> None:
        event_id = "evt_test_" + secrets.token_urlsafe(18)
        body = msgspec.json.encode(Notice(event_id, kind, payment)).decode()
        event = {"id": event_id, "subject": payment.payment_id, "body": body, "created_at": ctx.now}
        await insert(ctx.db, "sandbox_events", event)
        await self._announce(ctx, event_id)


def _left(session: SandboxSession) -> Payment:
    """A checkout that ended without a payment, told under the session's own id."""
    return Payment(
        payment_id=session.id,
        order_id=session.order_id,
        status="cancelled",
        amount_minor=session.amount_minor,
        currency=session.currency,
    )


async def _told(ctx: Ctx, row: _Row) -> Payment:
    return Payment(
        payment_id=row.id,
        order_id=row.order_id,
        status=row.status,
        amount_minor=row.amount_minor,
        currency=row.currency,
        captured_minor=row.amount_minor if row.status == "succeeded" else 0,
        refunded_minor=row.refunded_minor,
        disputed=row.disputed,
        failure_code=row.failure_code,
        failure_message=row.failure_message,
        action_url=challenge_url(ctx, row.id) if row.status == "requires_action" else None,
        dispute=await disputes.news_of(ctx, row.id) if row.disputed else None,
    )


def checkout_url(ctx: Ctx, session_id: str) -> str:
    """The hosted checkout page of a session."""
    return f"{ctx.app.settings.base_url}/sandbox/checkout/{session_id}"


def challenge_url(ctx: Ctx, payment_id: str) -> str:
    """The 3-D Secure page of a payment."""
    return f"{ctx.app.settings.base_url}/sandbox/3ds/{payment_id}"


def signed(app: App, body: bytes, now: datetime) -> dict[str, str]:
    """The headers with which the sandbox sends an event."""
    return {
        "content-type": "application/json",
        "user-agent": "Stoa-Sandbox/1",
        SIGNATURE_HEADER: sign(_secret(app), body, now),
    }


def _secret(app: App) -> bytes:
    return hmac.new(app.settings.secret_key.encode(), b"sandbox webhooks", hashlib.sha256).digest()


def _proof_secret(app: App) -> bytes:
    return hmac.new(app.settings.secret_key.encode(), b"sandbox proofs", hashlib.sha256).digest()


def _back(app: App, session: SandboxSession, paid: _Row | None) -> str:
    """Where the payer goes: back, and from an order's page with a proof of what was paid."""
    if not session.id.startswith(ORDER) or paid is None or paid.status != "succeeded":
        return session.return_url
    return proven(_proof_secret(app), session.return_url, session.id, paid.id)
