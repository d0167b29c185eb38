"""Asking a gateway itself what became of an order, for when its webhooks stay away (M11).

What it answers is merged like a webhook, so that it does not matter which of the two comes first, or if one never does.
Nothing is locked while a gateway is asked.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import structlog

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, one, value
from stoa.kit.errors import StoaError
from stoa.kit.queue import enqueue
from stoa.money.payments import queries
from stoa.money.payments.actions.merging import merge
from stoa.money.payments.actions.switchboard import gateway_of
from stoa.money.payments.errors import AmountMismatch, GatewayUnavailable
from stoa.money.payments.gateways import Listed, Payment
from stoa.money.payments.messages import AskOrder
from stoa.money.payments.types import Order

__all__ = ["Listed", "Payment", "ask", "ask_again", "ask_soon", "list_payments", "payments_of", "take_over"]

log = structlog.get_logger(__name__)

QUIET_S: Final = 180  # an order that waits for longer than this is asked about
LONGEST_PAUSE_S: Final = 3600
AT_A_TIME: Final = 50
SOONEST_S: Final = 10  # between two questions while the payer looks on


class _Due(msgspec.Struct, frozen=True):
    order_id: UUID
    gateway: str
    account_id: UUID | None


# A question counts before it is asked: a gateway on which workers die is asked at the same growing pauses.
_CLAIM = many(
    _Due,
    """
    with due as (
      select o.id, o.gateway, o.account_id from orders o
      left join order_inquiries i on i.order_id = o.id
      where (o.state = 'pending' or (o.state = 'failed' and exists (
          select from order_events e where e.order_id = o.id and e.details ? 'session_id')))
        and o.updated_at < $1::timestamptz - make_interval(secs => $2)
        and (i.next_at is null or i.next_at <= $1)
      order by i.next_at nulls first, o.updated_at, o.id limit $4),
    claimed as (
      insert into order_inquiries as known (order_id, asked, asked_at, next_at)
      select id, 1, $1, $1::timestamptz + make_interval(secs => $2) from due
      on conflict (order_id) do update set asked = known.asked + 1, asked_at = $1,
        next_at = $1::timestamptz + make_interval(secs => least($3::float8, $2 * 2 ^ least(known.asked, 20)))
      where known.next_at is null or known.next_at <= $1
      returning order_id)
    select d.id as order_id, d.gateway, d.account_id from due d join claimed c on c.order_id = d.id
    """,
)
_CLAIM_SOON = value(
    UUID | None,
    """
    insert into order_inquiries as known (order_id, asked, asked_at)
    select id, 0, $2 from orders
    where id = $1 and state = 'pending' and updated_at < $2::timestamptz - make_interval(secs => $3)
    on conflict (order_id) do update set asked_at = $2
    where known.asked_at < $2::timestamptz - greatest(make_interval(secs => $3),
      ($2::timestamptz - (select updated_at from orders where id = $1)) / 4)
    returning order_id
    """,
)
_LOCKED = one(Order, f"select {queries.ORDER_COLUMNS} from orders where id = $1 for update")


async def ask(ctx: Ctx, order_id: UUID) -> Order:
    """The order after what its gateway says of it now. Needs a context outside of any transaction.

    What does not fit the order is left out: reconciliation names it. Raises NotFound, GatewayUnavailable,
    UnknownGateway.
    """
    order = await queries.ORDER(ctx.db, order_id)
    gateway = await gateway_of(ctx, order.gateway, order.account_id)
    payments = await gateway.payments_of(ctx, order.id)
    async with ctx.app.database.transaction() as db:
        return await _merge_all(replace(ctx, db=db), order.id, payments)


async def ask_soon(ctx: Ctx, order_id: UUID) -> None:
    """Has the gateway of a pending order asked at once, because its payer is looking. Repeating it soon does nothing:
    the pause is SOONEST_S at first, and grows with the time that the order waits. Needs a context in autocommit."""
    async with ctx.db.transaction():
        if await _CLAIM_SOON(ctx.db, order_id, ctx.now, SOONEST_S):
            await enqueue(ctx, AskOrder(order_id), unique=str(order_id))


async def ask_again(ctx: Ctx) -> dict[str, int]:
    """Asks about orders that wait for longer than QUIET_S, each at growing pauses. Needs a context in autocommit.

    Answers how many were asked about, and how many have changed. A gateway that does not answer is left in peace until
    the next time.
    """
    counted = {"asked": 0, "changed": 0}
    silent: set[tuple[str, UUID | None]] = set()
    for due in await _CLAIM(ctx.db, ctx.now, float(QUIET_S), float(LONGEST_PAUSE_S), AT_A_TIME):
        if (due.gateway, due.account_id) in silent:
            continue
        before = await queries.ORDER(ctx.db, due.order_id)
        try:
            after = await ask(ctx, due.order_id)
        except GatewayUnavailable:
            silent.add((due.gateway, due.account_id))
        except StoaError as error:  # of a gateway that is switched off, say: the others must not wait for it
            log.warning("payments.cannot_ask", order_id=str(due.order_id), error=error.code)
        else:
            counted["asked"] += 1
            counted["changed"] += after != before
    return counted


async def payments_of(ctx: Ctx, order: Order) -> list[Payment]:
    """What the gateway says of an order now, for looking only. Raises GatewayUnavailable, UnknownGateway."""
    return await (await gateway_of(ctx, order.gateway, order.account_id)).payments_of(ctx, order.id)


async def list_payments(
    ctx: Ctx, gateway: str, account_id: UUID | None, since: datetime, until: datetime
) -> list[Listed]:
    """What an account at a gateway lists of a time. Raises GatewayUnavailable, UnknownGateway."""
    return await (await gateway_of(ctx, gateway, account_id)).list_payments(ctx, since, until)


async def take_over(ctx: Ctx, order_id: UUID, listed: Listed) -> None:
    """Merges what a gateway's list says of a payment into its order. Needs a context outside of any transaction.

    Raises NotFound; what does not fit the order changes nothing.
    """
    payment = Payment(
        payment_id=listed.payment_id,
        order_id=order_id,
        status=listed.status,
        amount_minor=listed.amount_minor,
        currency=listed.currency,
        captured_minor=listed.captured_minor,
        refunded_minor=listed.refunded_minor,
        fee_minor=listed.fee_minor,
    )
    async with ctx.app.database.transaction() as db:
        await _merge_all(replace(ctx, db=db), order_id, [payment])


async def _merge_all(ctx: Ctx, order_id: UUID, payments: list[Payment]) -> Order:
    order = await _LOCKED(ctx.db, order_id)
    # What brought money first: after it, attempts that brought none are no news.
    for payment in sorted(payments, key=lambda payment: -payment.captured_minor):
        try:
            order = await merge(ctx, order, payment, cause=f"{order.gateway} was asked")
        except AmountMismatch as error:
            log.warning("payments.does_not_fit", order_id=str(order_id), error=error.detail)
    return order
