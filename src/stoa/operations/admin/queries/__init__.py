"""Reads for the administration, across modules, with names. One statement each."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, many, maybe, one, value
from stoa.kit.errors import NotFound
from stoa.kit.pagination import Page, decode, keyset
from stoa.operations.admin.types import (
    AccountRow,
    Cause,
    Figures,
    OrderRow,
    PayoutRow,
    PostingRow,
    TransferLine,
    WebhookDetail,
)

LIMIT: Final = 50

_FIGURES = one(
    Figures,
    """
    select
      (select count(*) from users where status in ('active', 'pending_verification')) as members,
      (select count(*) from users where created_at > $1::timestamptz - interval '1 day') as members_day,
      (select count(*) from works where state = 'published' and deleted_at is null) as posts,
      (select count(*) from works where state = 'published' and deleted_at is null
         and published_at > $1::timestamptz - interval '1 day') as posts_day,
      g.gifts_day, g.gifted_minor_day, o.orders_day, o.sales_minor_day,
      p.payouts_open, p.payouts_held, p.payouts_minor,
      (select count(*) from works where state = 'in_review' and deleted_at is null) as reviews,
      (select count(*) from jobs where state = 'waiting') as jobs_waiting,
      (select count(*) from jobs where state = 'dead') as jobs_dead,
      (select count(*) from webhook_events where verdict = 'verified' and outcome is null) as webhooks_waiting,
      (select count(*) from webhook_events where verdict <> 'verified'
         and received_at > $1::timestamptz - interval '1 day') as webhooks_refused_day
    from (select count(*) as gifts_day, coalesce(sum(amount_coins), 0)::bigint * 100 as gifted_minor_day
          from gifts where created_at > $1::timestamptz - interval '1 day' and undone_at is null) g,
      (select count(*) as orders_day, coalesce(sum(amount_minor - refunded_minor), 0)::bigint as sales_minor_day
       from orders where fulfilled_at > $1::timestamptz - interval '1 day' and currency = 'USD'
         and kind = 'coins') o,
      (select count(*) as payouts_open, count(*) filter (where state = 'in_review') as payouts_held,
              coalesce(sum(net_payout_minor), 0)::bigint as payouts_minor
       from payouts where state in ('pending', 'in_review', 'processing')) p
    """,
)
_ORDERS = many(
    OrderRow,
    """
    select o.id, u.username, o.description, o.amount_minor, o.currency, o.refunded_minor, o.gateway, o.state,
      o.failure_message, o.created_at, o.fulfilled_at
    from orders o join users u on u.id = o.user_id
    where ($1::text is null or o.state = $1) and ($2::text is null or lower(u.username) = lower($2))
      and ($3::timestamptz is null or (o.created_at, o.id) < ($3, $4::uuid))
    order by o.created_at desc, o.id desc limit $5
    """,
)
_PAYOUTS = many(
    PayoutRow,
    """
    select p.id, u.username, p.asset, p.source_minor, p.net_payout_minor, p.currency, p.state, p.attempts,
      p.failure_reason, p.review_reason, p.review_until, p.next_try_at, p.requested_at, p.ended_at
    from payouts p join users u on u.id = p.user_id
    where ($1::text is null or p.state = $1) and ($2::text is null or lower(u.username) = lower($2))
      and ($3::timestamptz is null or (p.requested_at, p.id) < ($3, $4::uuid))
    order by p.requested_at desc, p.id desc limit $5
    """,
)
_ACCOUNT: Final = """
    select a.id, u.username, a.asset, a.purpose, k.kind, k.about, ledger_balance(a.id) as balance_minor, a.opened_at
    from ledger_accounts a
    join ledger_purposes k on k.purpose = split_part(a.purpose, ':', 1) and k.platform = (a.id < 0)
    left join users u on u.id = a.owner_id
"""
_ACCOUNT_BY_ID = maybe(AccountRow, f"{_ACCOUNT} where a.id = $1")
_ACCOUNTS = many(
    AccountRow,
    f"""{_ACCOUNT}
    where ($1::text is null or a.asset = $1) and ($2::boolean is null or (a.id < 0) = $2)
      and ($3::text is null or a.purpose = $3) and ($4::text is null or lower(u.username) = lower($4))
      and ($5::bigint is null or a.id > $5)
    order by a.id limit $6
    """,
)
_REVERSED_BY: Final = "(select r.reversal from ledger_reversals r where r.original = t.id) as reversed_by"
_TRANSFERS = many(
    TransferLine,
    f"""
    select t.id, t.kind, t.cause, u.username as actor, t.reverses, {_REVERSED_BY},
      (select jsonb_agg(jsonb_build_object('asset', m.asset, 'amount_minor', m.amount_minor) order by m.asset)
       from (select a.asset, sum(p.amount_minor)::bigint as amount_minor
             from ledger_postings_of(t.id) p join ledger_accounts a on a.id = p.account_id
             where p.amount_minor > 0 group by a.asset) m) as moved,
      t.created_at
    from ledger_transfers t left join users u on u.id = t.actor_id
    where ($1::text is null or t.kind = $1) and ($2::timestamptz is null or t.created_at < $2)
      and ($3::uuid is null or t.id < $3)
    order by t.id desc limit $4
    """,
)
_POSTINGS = many(
    PostingRow,
    """
    select p.account_id, u.username, a.asset, a.purpose, k.kind, k.about, p.amount_minor, p.balance_after_minor
    from ledger_postings_of($1) p join ledger_accounts a on a.id = p.account_id
    join ledger_purposes k on k.purpose = split_part(a.purpose, ':', 1) and k.platform = (a.id < 0)
    left join users u on u.id = a.owner_id
    order by a.asset, p.amount_minor, p.account_id
    """,
)
# A reversal, and what ends a hold, have the cause of what they reverse or end.
_CAUSE = one(
    Cause,
    """
    with origin as (
      select coalesce(t.reverses, h.id, t.id) as id,
        coalesce(r.metadata, b.metadata, t.metadata) as metadata
      from ledger_transfers t
      left join ledger_transfers r on r.id = t.reverses
      left join ledger_holds h on h.closing = t.id
      left join ledger_transfers b on b.id = h.id
      where t.id = $1
    )
    select g.id as gift_id, s.username as gift_sender, c.username as gift_recipient, g.amount_coins as gift_coins,
      g.work_title as gift_title, g.work_path as gift_path, o.id as order_id, o.description as order_description,
      p.id as payout_id, p.state as payout_state, h.id as hold_id, h.state as hold_state, h.closing as closing_id
    from origin
    left join gifts g on g.transfer_id = origin.id
    left join users s on s.id = g.sender_id left join users c on c.id = g.recipient_id
    left join orders o on o.id = (origin.metadata ->> 'order_id')::uuid
    left join payouts p on p.id = (origin.metadata ->> 'payout_id')::uuid
    left join ledger_holds h on h.id = origin.id
    """,
)


_WEBHOOK = one(
    WebhookDetail,
    """
    select id, gateway, event_id, kind, verdict, outcome, note, order_id, deliveries, headers,
      encode(substring(body for 20000), 'escape') as body, received_at, applied_at
    from webhook_events where id = $1
    """,
)


_USERNAME: Statement[str | None] = value(str | None, "select username from users where id = $1")


class _TransferId(msgspec.Struct, frozen=True):
    id: UUID


_ORDER_TRANSFER = maybe(_TransferId, "select id from ledger_transfers where idempotency_key = 'order:' || $1::text")


async def figures(ctx: Ctx) -> Figures:
    """The place at a glance."""
    return await _FIGURES(ctx.db, ctx.now)


async def orders(
    ctx: Ctx, *, state: str | None = None, username: str | None = None, cursor: str | None = None
) -> Page[OrderRow]:
    """Everybody's orders, newest first."""
    scope = f"admin.orders.{state}.{username}"
    place = decode(cursor, tuple[datetime, UUID], scope=scope) or (None, None)
    rows = await _ORDERS(ctx.db, state, username, *place, LIMIT + 1)
    return keyset(rows, LIMIT, scope=scope, key=lambda row: (row.created_at, row.id))


async def order_transfer_id(ctx: Ctx, order_id: UUID) -> UUID | None:
    """The transfer that handed over what an order bought, or None."""
    found = await _ORDER_TRANSFER(ctx.db, str(order_id))
    return found.id if found else None


async def payouts(
    ctx: Ctx, *, state: str | None = None, username: str | None = None, cursor: str | None = None
) -> Page[PayoutRow]:
    """Everybody's payouts, newest first."""
    scope = f"admin.payouts.{state}.{username}"
    place = decode(cursor, tuple[datetime, UUID], scope=scope) or (None, None)
    rows = await _PAYOUTS(ctx.db, state, username, *place, LIMIT + 1)
    return keyset(rows, LIMIT, scope=scope, key=lambda row: (row.requested_at, row.id))


async def accounts(
    ctx: Ctx,
    *,
    asset: str | None = None,
    platform: bool | None = None,
    purpose: str | None = None,
    username: str | None = None,
    cursor: str | None = None,
) -> Page[AccountRow]:
    """Accounts of the books by id, those of the platform first."""
    scope = f"admin.accounts.{asset}.{platform}.{purpose}.{username}"
    after = decode(cursor, tuple[int], scope=scope)
    rows = await _ACCOUNTS(ctx.db, asset, platform, purpose, username, after and after[0], LIMIT + 1)
    return keyset(rows, LIMIT, scope=scope, key=lambda row: (row.id,))


async def account(ctx: Ctx, account_id: int) -> AccountRow:
    """One account. Raises NotFound."""
    found = await _ACCOUNT_BY_ID(ctx.db, account_id) if abs(account_id) < 2**63 else None
    if found is None:
        raise NotFound
    return found


async def transfers(
    ctx: Ctx, *, kind: str | None = None, until: datetime | None = None, cursor: str | None = None
) -> Page[TransferLine]:
    """Transfers, newest first: of one kind, and before a time."""
    scope = f"admin.transfers.{kind}.{until}"
    before = decode(cursor, tuple[UUID], scope=scope)
    rows = await _TRANSFERS(ctx.db, kind, until, before and before[0], LIMIT + 1)
    return keyset(rows, LIMIT, scope=scope, key=lambda row: (row.id,))


async def postings(ctx: Ctx, transfer_id: UUID) -> list[PostingRow]:
    """The postings of a transfer, by asset, what was given first."""
    return await _POSTINGS(ctx.db, transfer_id)


async def cause(ctx: Ctx, transfer_id: UUID) -> Cause:
    """What was behind a transfer. Raises NotFound."""
    return await _CAUSE(ctx.db, transfer_id)


async def webhook(ctx: Ctx, event_id: UUID) -> WebhookDetail:
    """One row of the inbox with what arrived. Raises NotFound."""
    return await _WEBHOOK(ctx.db, event_id)


async def username(ctx: Ctx, user_id: UUID) -> str | None:
    """What somebody is called."""
    return await _USERNAME(ctx.db, user_id)
