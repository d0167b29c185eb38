"""Reads of orders, their events, the inbox, and what the sandbox's hosted pages show."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, one
from stoa.kit.ids import parse_id
from stoa.money.payments.types import (
    CheckoutStatus,
    InboxDetail,
    InboxEvent,
    Order,
    OrderEvent,
    SandboxChallenge,
    SandboxSession,
)

ORDER_COLUMNS: Final = """id, user_id, kind, item, description, amount_minor, currency, gateway, state, refunded_minor,
  payment_id, failure_code, failure_message, fulfilled_at, key, created_at, updated_at, payee_id, account_id,
  fee_minor"""

ORDER = one(Order, f"select {ORDER_COLUMNS} from orders where id = $1")
ORDER_BY_KEY = maybe(Order, f"select {ORDER_COLUMNS} from orders where user_id = $1 and key = $2")
_ORDERS = many(
    Order,
    f"""select {ORDER_COLUMNS} from orders
        where user_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3))
        order by created_at desc, id desc limit $4""",
)
_EVENTS = many(
    OrderEvent,
    "select from_state, to_state, cause, details, created_at from order_events where order_id = $1 order by id",
)
_INBOX_COLUMNS: Final = (
    """id, gateway, event_id, kind, verdict, outcome, note, order_id, deliveries, received_at, applied_at"""
)
_INBOX = many(
    InboxEvent,
    f"""select {_INBOX_COLUMNS} from webhook_events
        where ($1::text is null
               or ($1 = 'waiting' and verdict = 'verified' and outcome is null)
               or ($1 = 'refused' and verdict <> 'verified')
               or outcome = $1)
          and ($2::timestamptz is null or (received_at, id) < ($2, $3))
        order by received_at desc, id desc limit $4""",
)
_INBOX_EVENT = one(
    InboxDetail,
    f"select {_INBOX_COLUMNS}, headers, encode(body, 'escape') as body from webhook_events where id = $1",
)
# A session is known by the gateway's name of it, and by ours, which stands in the address the payer comes back to.
_CHECKOUT = maybe(
    CheckoutStatus,
    """select s.id, s.session_id,
              case when o.fulfilled_at is not null and s.closed_at is null then 'complete'
                   when s.closed_at is not null or o.state = 'cancelled' then 'cancelled'
                   when s.expires_at <= $3 then 'expired' else 'open' end as state,
              o.id as order_id, o.state as order_state, p.status as payment_status, o.failure_message, s.url,
              s.return_url, s.expires_at
       from checkout_sessions s
       join orders o on o.id = s.order_id
       left join lateral (
         select status from order_payments where order_id = o.id order by updated_at desc, payment_id desc limit 1
       ) p on true
       where (s.session_id = $1 or s.id = $2) and o.user_id = $4
       order by s.opened_at desc limit 1""",
)


class OverThere(msgspec.Struct, frozen=True):
    """A gateway's order for one of ours."""

    order_id: UUID
    session_id: str


_OVER_THERE = many(
    OverThere,
    r"""select distinct on (order_id) order_id, session_id from checkout_sessions
        where order_id = any($1) and session_id like 'order\_%' order by order_id, opened_at desc""",
)
_SESSION = one(
    SandboxSession,
    """select id, order_id, amount_minor, currency, description, return_url,
              case when state = 'open' and expires_at <= $2 then 'expired' else state end as state, expires_at
       from sandbox_sessions where id = $1""",
)
_CHALLENGE = one(
    SandboxChallenge,
    """select id as payment_id, order_id, amount_minor, currency, status, return_url
       from sandbox_payments where id = $1""",
)


class Seen(msgspec.Struct, frozen=True):
    """What a gateway has said of a payment so far."""

    status: str
    captured_minor: int
    refunded_minor: int
    disputed: bool
    fee_minor: int
    lost_minor: int


SEEN = maybe(
    Seen,
    """select status, captured_minor, refunded_minor, disputed, fee_minor, lost_minor from order_payments
       where gateway = $1 and payment_id = $2 and account_id is not distinct from $3""",
)


class SiteName(msgspec.Struct, frozen=True):
    """A site, as far as a checkout on it shows."""

    slug: str
    title: str


_SITE = maybe(SiteName, "select slug, title from sites where slug = $1 and ($2::uuid is null or owner_id = $2)")


async def site_named(ctx: Ctx, slug: str, payee_id: UUID | None) -> SiteName | None:
    """The site of an address, if what is paid there is for its owner; None else."""
    return await _SITE(ctx.db, slug, payee_id)


async def order_by_key(ctx: Ctx, user_id: UUID, key: str) -> Order | None:
    """The order that a person placed under a key."""
    return await ORDER_BY_KEY(ctx.db, user_id, key)


async def orders(
    ctx: Ctx, user_id: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int = 20
) -> list[Order]:
    """A person's orders, newest first, those before the given (created_at, id)."""
    created_at, order_id = before or (None, None)
    return await _ORDERS(ctx.db, user_id, created_at, order_id, limit)


async def order_events(ctx: Ctx, order_id: UUID) -> list[OrderEvent]:
    """All changes of an order, oldest first (M14)."""
    return await _EVENTS(ctx.db, order_id)


async def inbox(
    ctx: Ctx, *, state: str | None = None, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[InboxEvent]:
    """The webhook inbox, newest first. `state`: waiting, refused (not believed), applied, unchanged, rejected."""
    received_at, event_id = before or (None, None)
    return await _INBOX(ctx.db, state, received_at, event_id, limit)


async def inbox_event(ctx: Ctx, event_id: UUID) -> InboxDetail:
    """One event of the inbox with its headers and its body. Raises NotFound."""
    return await _INBOX_EVENT(ctx.db, event_id)


async def checkout_status(ctx: Ctx, user_id: UUID, session_id: str) -> CheckoutStatus | None:
    """How far somebody's hosted checkout is, whatever its gateway; by the gateway's id of the session, or by ours."""
    return await _CHECKOUT(ctx.db, session_id, parse_id(session_id), ctx.now, user_id)


async def orders_over_there(ctx: Ctx, order_ids: list[UUID]) -> dict[UUID, str]:
    """The gateway's own order that was opened last for each of these orders, where there is one."""
    return {row.order_id: row.session_id for row in await _OVER_THERE(ctx.db, order_ids)}


async def sandbox_session(ctx: Ctx, session_id: str) -> SandboxSession:
    """What the sandbox's checkout page shows; the unguessable id is the right to see it. Raises NotFound."""
    return await _SESSION(ctx.db, session_id, ctx.now)


async def sandbox_challenge(ctx: Ctx, payment_id: str) -> SandboxChallenge:
    """What the sandbox's 3-D Secure page shows; the unguessable id is the right to see it. Raises NotFound."""
    return await _CHALLENGE(ctx.db, payment_id)
