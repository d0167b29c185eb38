"""Reads of refunds."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, one, value
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.payments.types import OrderState
from stoa.money.receipts.types import Payment
from stoa.money.refunds.types import UNDER_WAY, Refund, RefundRow, RefundState, RefundStatus

COLUMNS: Final = """id, payment_id, subject, payer_id, payee_id, asset, amount_minor, reason, origin, state,
  requested_by, decided_by, note, gateway, reference, transfer_id, failure, key, requested_at, decided_at, submitted_at,
  ended_at"""
REFUND = one(Refund, f"select {COLUMNS} from refunds where id = $1")
BY_KEY = maybe(Refund, f"select {COLUMNS} from refunds where payment_id = $1 and key = $2")
REQUEST_OF = maybe(Refund, f"select {COLUMNS} from refunds where payment_id = $1 and state = 'requested'")
UNDER_WAY_MINOR = value(
    int,
    """select coalesce(sum(amount_minor), 0)::bigint from refunds
       where payment_id = $1 and state in ('approved', 'submitted')""",
)
_OF_PAYMENT = many(
    Refund, f"select {COLUMNS} from refunds where payment_id = $1 order by requested_at desc, id desc limit 100"
)
_START: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
_QUEUE = many(
    RefundRow,
    """select r.id, r.payment_id, r.subject, p.username as payer, e.username as payee, r.asset, r.amount_minor,
         r.reason, r.origin, r.state, r.requested_at
       from refunds r join users p on p.id = r.payer_id left join users e on e.id = r.payee_id
       where ($1::text is null or r.state = $1)
         and ($2::text is null or lower(p.username) = lower($2) or lower(e.username) = lower($2))
         and (r.requested_at, r.id) < ($3, $4::uuid)
       order by r.requested_at desc, r.id desc limit $5""",
)


async def refund(ctx: Ctx, refund_id: UUID) -> Refund:
    """One refund, whoever's it is; ask `policies` for somebody. Raises NotFound."""
    return await REFUND(ctx.db, refund_id)


async def refunds_of(ctx: Ctx, payment_id: UUID) -> list[Refund]:
    """Refunds of one payment, the newest first."""
    return await _OF_PAYMENT(ctx.db, payment_id)


async def queue(
    ctx: Ctx,
    *,
    state: RefundState | None = None,
    person: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[RefundRow]:
    """Everybody's refunds, the newest first; `person` is either side's name. For administrators."""
    scope = f"refunds.{state}.{person}"
    place = decode(cursor, tuple[datetime, UUID], scope=scope) or _START
    rows = await _QUEUE(ctx.db, state, person, *place, limit + 1)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.requested_at, row.id))


async def ask_until(ctx: Ctx, payment: Payment) -> datetime | None:
    """Until when the payer may ask for a payment back; None for one that was never paid."""
    days = (await platform(ctx)).refund_window_days
    return payment.settled_at + timedelta(days=days) if payment.is_settled and payment.settled_at else None


async def status(ctx: Ctx, payment: Payment) -> RefundStatus:
    """How far refunds of a payment are, and what the acting member can do about it."""
    found = await refunds_of(ctx, payment.id)
    under_way_minor = sum(one.amount_minor for one in found if one.state in UNDER_WAY)
    left_minor = payment.gross_minor - payment.refunded_minor - under_way_minor if payment.is_settled else 0
    until = await ask_until(ctx, payment)
    me = ctx.member
    waits = any(one.state == RefundState.REQUESTED for one in found)
    is_free = payment.state in (OrderState.PAID, OrderState.PARTIALLY_REFUNDED) and left_minor > 0
    return RefundStatus(
        payment_id=payment.id,
        left_minor=left_minor,
        ask_until=until,
        can_ask=payment.payer_id == me.id and is_free and not waits and until is not None and until > ctx.now,
        can_issue=payment.payer_id != me.id and is_free and (me.is_admin or payment.receiver_id == me.id),
        refunds=found,
    )
