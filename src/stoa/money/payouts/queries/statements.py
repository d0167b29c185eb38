"""What a month did to what somebody has earned, from the books themselves."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, value
from stoa.money.payouts.queries import PAYOUT_COLUMNS
from stoa.money.payouts.types import PayoutView


class Balance(msgspec.Struct, frozen=True):
    """What was earned and not paid out of one asset, reserved or not, before and after a time."""

    asset: str
    opening_minor: int
    closing_minor: int


class Line(msgspec.Struct, frozen=True):
    """What all movements of one kind brought, or took, within a time. `kind` of a reversal is what it reversed."""

    asset: str
    kind: str
    is_reversal: bool
    movements: int
    amount_minor: int


_BALANCES = many(
    Balance,
    """select asset,
         coalesce(sum(ledger_balance_at(id, $2::timestamptz - interval '1 microsecond')), 0)::bigint as opening_minor,
         coalesce(sum(ledger_balance_at(id, $3::timestamptz - interval '1 microsecond')), 0)::bigint as closing_minor
       from ledger_accounts where owner_id = $1 and purpose in ('earned', 'earned_reserved')
       group by asset order by asset <> 'COIN', asset <> 'USD', asset""",
)
# A payout that is asked for moves what is earned from one account to the other, and so nothing.
_LINES = many(
    Line,
    """select m.asset, coalesce(o.kind, m.kind) as kind, m.reverses is not null as is_reversal, count(*) as movements,
         sum(m.amount_minor)::bigint as amount_minor
       from (
         select t.id, t.kind, t.reverses, a.asset, sum(p.amount_minor) as amount_minor
         from ledger_accounts a
         join ledger_postings p on p.account_id = a.id and p.created_at >= $2 and p.created_at < $3
         join ledger_transfers t on t.id = p.transfer_id
         where a.owner_id = $1 and a.purpose in ('earned', 'earned_reserved')
         group by t.id, t.kind, t.reverses, a.asset having sum(p.amount_minor) <> 0
       ) m left join ledger_transfers o on o.id = m.reverses
       group by m.asset, coalesce(o.kind, m.kind), m.reverses is not null, m.amount_minor > 0
       order by m.asset, sum(m.amount_minor) desc, kind""",
)
_PAID = many(
    PayoutView,
    f"""select {PAYOUT_COLUMNS} from payouts
        where user_id = $1 and state = 'paid' and ended_at >= $2 and ended_at < $3 order by ended_at, id""",
)
_FIRST = value(
    datetime | None,
    """select min(p.created_at) from ledger_accounts a join ledger_postings p on p.account_id = a.id
       where a.owner_id = $1 and a.purpose = 'earned'""",
)


def month_of(day: date) -> tuple[date, date]:
    """The first day of its month, and of the next one."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


async def months(ctx: Ctx, user_id: UUID) -> list[date]:
    """The first days of the months that have a statement, the newest first: since something was earned for the first
    time, until now."""
    since = await _FIRST(ctx.db, user_id)
    if since is None:
        return []
    found = [since.date().replace(day=1)]
    while found[-1] < ctx.now.date().replace(day=1):
        found.append(month_of(found[-1])[1])
    return found[::-1]


async def balances(ctx: Ctx, user_id: UUID, since: datetime, until: datetime) -> list[Balance]:
    """By asset, what was earned and not paid out then."""
    return await _BALANCES(ctx.db, user_id, since, until)


async def lines(ctx: Ctx, user_id: UUID, since: datetime, until: datetime) -> list[Line]:
    """By asset and kind, what came in and what went out."""
    return await _LINES(ctx.db, user_id, since, until)


async def paid(ctx: Ctx, user_id: UUID, since: datetime, until: datetime) -> list[PayoutView]:
    """The payouts that arrived within the time, the first one first."""
    return await _PAID(ctx.db, user_id, since, until)
