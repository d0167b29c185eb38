"""Reads of runs and discrepancies, and of what stands here beside what a gateway lists."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, one, value
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.reconciliation.types import (
    Count,
    Discrepancy,
    Kind,
    MatterState,
    OrderHere,
    Ours,
    OwnAccount,
    PayoutHere,
    Run,
    Stray,
    Subject,
)

LIMIT: Final = 20
RUN_COLUMNS: Final = """id, subject, gateway, account_id, since, until, state, failure, compared, elsewhere, found,
  actor_id, started_at, ended_at"""
RUN = one(Run, f"select {RUN_COLUMNS} from reconciliation_runs where id = $1")
_RUNS = many(
    Run,
    f"""select {RUN_COLUMNS} from reconciliation_runs
        where $1::timestamptz is null or (started_at, id) < ($1, $2::uuid)
        order by started_at desc, id desc limit $3""",
)
DISCREPANCY_SQL: Final = """
    select d.id, d.subject, d.gateway, d.account_id, d.kind, d.reference, d.order_id, d.payout_id, d.currency, d.here,
      d.there, d.at, d.state, d.note, u.username as decided_by, d.found_at, d.seen_at, d.ended_at
    from reconciliation_discrepancies d left join users u on u.id = d.decided_by
"""
DISCREPANCY = one(Discrepancy, f"{DISCREPANCY_SQL} where d.id = $1")
_DISCREPANCIES = many(
    Discrepancy,
    f"""{DISCREPANCY_SQL}
    where ($1::text is null or d.kind = $1) and ($2::text is null or d.state = $2)
      and ($3::text is null or d.gateway = $3)
      and ($4::timestamptz is null or (d.found_at, d.id) < ($4, $5::uuid))
    order by d.found_at desc, d.id desc limit $6""",
)
_COUNTS = many(
    Count,
    "select kind, count(*) as open from reconciliation_discrepancies where state = 'open' group by kind order by kind",
)
_OLDEST_OPEN = value(
    datetime | None,
    """select min(at) from reconciliation_discrepancies
       where state = 'open' and subject = $1 and gateway = $2 and account_id is not distinct from $3""",
)
_BOOKED: Final = """
    select coalesce(t.metadata ->> 'order_id', r.metadata ->> 'order_id') as order_id, a.asset,
      -sum(l.amount_minor) as minor
    from ledger_accounts a
    join ledger_postings l on l.account_id = a.id and l.created_at >= (select min(created_at) from chosen)
    join ledger_transfers t on t.id = l.transfer_id
    left join ledger_transfers r on r.id = t.reverses
    where a.owner_id is null and a.purpose = 'world:' || $1
      and t.kind not in ('gateway_fee', 'dispute_fee', 'dispute_taken', 'dispute_returned')
    group by 1, 2
"""
_OURS = many(
    Ours,
    f"""
    with chosen as materialized (
      select o.* from orders o
      where o.gateway = $1 and o.account_id is not distinct from $2 and o.id in (
        select $6::uuid
        union
        select p.order_id from order_payments p
        where p.gateway = $1 and p.account_id is not distinct from $2 and p.payment_id = any($3::text[])
        union
        select x.id from orders x
        where x.gateway = $1 and x.fulfilled_at is not null and x.created_at >= $4 and x.created_at < $5)),
    booked as materialized ({_BOOKED}),
    kept as materialized (
      select p.order_id, sum(greatest(p.captured_minor - p.refunded_minor - p.lost_minor, 0)) as minor
      from order_payments p join chosen o on o.id = p.order_id group by 1)
    select p.payment_id, o.id as order_id, o.state as order_state, o.fulfilled_at is not null as is_fulfilled,
      p.is_extra, p.status, o.amount_minor, o.currency, p.captured_minor, p.refunded_minor, p.fee_minor,
      coalesce(k.minor, 0)::bigint as kept_minor, coalesce(b.minor, 0)::bigint as booked_minor,
      o.created_at as ordered_at
    from chosen o
    join order_payments p on p.order_id = o.id
    left join kept k on k.order_id = o.id
    left join booked b on b.order_id = o.id::text and b.asset = o.currency
    order by o.created_at, p.payment_id
    """,
)
_OWN_ACCOUNTS = many(
    OwnAccount,
    """select distinct gateway, account_id from orders
       where account_id is not null and created_at >= $1 order by gateway, account_id""",
)
_ORDERS_HERE = many(
    OrderHere,
    """select id, state, amount_minor, currency from orders
       where id = any($3::uuid[]) and gateway = $1 and account_id is not distinct from $2""",
)
_STRAYS = many(
    Stray,
    """
    select t.id as transfer_id, t.cause, a.asset as currency, l.amount_minor, l.created_at
    from ledger_accounts a
    join ledger_postings l on l.account_id = a.id and l.created_at >= $2 and l.created_at < $3
    join ledger_transfers t on t.id = l.transfer_id
    where a.owner_id is null and a.purpose = 'world:' || $1
      and not exists (select from orders o where o.id::text = t.metadata ->> 'order_id' and o.gateway = $1)
      and t.reverses is null and not exists (select from ledger_reversals x where x.original = t.id)
    order by l.created_at, t.id
    """,
)
_PAYOUT_HERE: Final = """
    select p.id, p.state, p.provider_reference as reference, p.net_payout_minor as amount_minor, p.currency,
      coalesce((
        select sum(l.amount_minor) from ledger_postings_of(p.transfer_id) l
        join ledger_accounts a on a.id = l.account_id
        where a.owner_id is null
          and a.purpose in ('payout_world:' || p.provider, 'payout_fees:' || p.provider)
      ), 0)::bigint as booked_minor, p.requested_at, p.sent_at, p.updated_at, p.promised_by < $1::date as is_late
    from payouts p
"""
_PAYOUTS_HERE = many(
    PayoutHere,
    f"""{_PAYOUT_HERE}
    where p.provider = $2 and ((p.state = 'processing' and p.requested_at < $4)
      or (p.state = 'paid' and p.requested_at >= $3 and p.requested_at < $4))
    order by p.requested_at, p.id
    """,
)
_ONE_PAYOUT_HERE = one(PayoutHere, f"{_PAYOUT_HERE} where p.id = $2")


async def run(ctx: Ctx, run_id: UUID) -> Run:
    """One run. Raises NotFound."""
    return await RUN(ctx.db, run_id)


async def runs(ctx: Ctx, *, cursor: str | None = None, limit: int = LIMIT) -> Page[Run]:
    """Runs, newest first."""
    place = decode(cursor, tuple[datetime, UUID], scope="reconciliation.runs") or (None, None)
    rows = await _RUNS(ctx.db, *place, limit + 1)
    return keyset(rows, limit, scope="reconciliation.runs", key=lambda row: (row.started_at, row.id))


async def discrepancies(
    ctx: Ctx,
    *,
    kind: Kind | None = None,
    state: MatterState | None = None,
    gateway: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[Discrepancy]:
    """What was found to differ, newest first."""
    scope = f"reconciliation.{kind}.{state}.{gateway}"
    place = decode(cursor, tuple[datetime, UUID], scope=scope) or (None, None)
    rows = await _DISCREPANCIES(ctx.db, kind, state, gateway, *place, limit + 1)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.found_at, row.id))


async def discrepancy(ctx: Ctx, discrepancy_id: UUID) -> Discrepancy:
    """One difference. Raises NotFound."""
    return await DISCREPANCY(ctx.db, discrepancy_id)


async def counts(ctx: Ctx) -> dict[Kind, int]:
    """How many of each kind are open; every kind is there."""
    found = {count.kind: count.open for count in await _COUNTS(ctx.db)}
    return {kind: found.get(kind, 0) for kind in Kind}


async def oldest_open(ctx: Ctx, subject: Subject, gateway: str, account_id: UUID | None) -> datetime | None:
    """When the oldest payment was made about which something is open."""
    return await _OLDEST_OPEN(ctx.db, subject, gateway, account_id)


async def ours(
    ctx: Ctx,
    gateway: str,
    account_id: UUID | None,
    payment_ids: Collection[str],
    since: datetime,
    until: datetime,
) -> list[Ours]:
    """Payments by these ids, and those of paid orders of this time: with all other payments of their orders."""
    return await _OURS(ctx.db, gateway, account_id, list(payment_ids), since, until, None)


async def ours_of(ctx: Ctx, gateway: str, account_id: UUID | None, order_id: UUID) -> list[Ours]:
    """The payments of one order."""
    return await _OURS(ctx.db, gateway, account_id, [], ctx.now, ctx.now, order_id)


async def orders_here(ctx: Ctx, gateway: str, account_id: UUID | None, ids: Collection[UUID]) -> dict[UUID, OrderHere]:
    """Those of these orders that are this account's."""
    return {order.id: order for order in await _ORDERS_HERE(ctx.db, gateway, account_id, list(ids))}


async def own_accounts(ctx: Ctx, since: datetime) -> list[OwnAccount]:
    """Creators' own accounts through which something was ordered since then."""
    return await _OWN_ACCOUNTS(ctx.db, since)


async def strays(ctx: Ctx, gateway: str, since: datetime, until: datetime) -> list[Stray]:
    """Movements of a gateway's money in the books that belong to none of its orders, and stand."""
    return await _STRAYS(ctx.db, gateway, since, until)


async def payouts_here(ctx: Ctx, provider: str, since: datetime, until: datetime) -> list[PayoutHere]:
    """Payouts asked for in this time and paid, and all that are under way."""
    return await _PAYOUTS_HERE(ctx.db, ctx.now.date(), provider, since, until)


async def payout_here(ctx: Ctx, payout_id: UUID) -> PayoutHere:
    """One payout. Raises NotFound."""
    return await _ONE_PAYOUT_HERE(ctx.db, ctx.now.date(), payout_id)
