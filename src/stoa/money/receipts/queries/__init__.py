"""Reads of payments: lists for the payer and for the receiver, one payment, sums, and a series for charts."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.foundation.people.queries import person_columns
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import Statement, many, maybe
from stoa.kit.errors import Invalid
from stoa.kit.money import to_decimal
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.receipts.queries.lines import LINES
from stoa.money.receipts.types import (
    MAX_PERIODS,
    Filter,
    Interval,
    Payment,
    PaymentRow,
    Period,
    Side,
    Sums,
)

EXPORTED_AT_ONCE: Final = 500
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)
_START: Final = (_LAST, UUID(int=2**128 - 1))
_OWN: Final[dict[Side, str]] = {"paid": "payer_id", "received": "receiver_id"}
_OTHER: Final[dict[Side, str]] = {"paid": "receiver_id", "received": "payer_id"}
_COLUMNS: Final = """l.id, l.kind, l.asset, l.gross_minor, l.fee_minor, l.net_minor, l.promotional_minor,
    l.refunded_minor, l.returned_minor, l.state, l.description, l.work_id, l.work_title, l.work_path, l.message,
    l.method, l.failure_message, l.created_at, l.settled_at"""
_FITS: Final = """($2::text is null or kind = $2) and ($3::text is null or state = $3)
    and ($4::text is null or asset = $4) and ($5::uuid is null or work_id = $5)
    and created_at >= $6 and created_at < $7"""


def _list(side: Side) -> Statement[list[PaymentRow]]:
    return many(
        PaymentRow,
        f"""
        select {_COLUMNS}, {person_columns("person")}
        from (
          select * from {LINES} every
          where {_OWN[side]} = $1 and {_FITS} and (created_at, id) < ($8, $9::uuid)
          order by created_at desc, id desc limit $10
        ) l
        left join users u on u.id = l.{_OTHER[side]} left join profiles p on p.user_id = u.id
        order by l.created_at desc, l.id desc
        """,
    )


def _one(side: Side) -> Statement[Payment | None]:
    """An order that was handed over names its transfer by its key."""
    return maybe(
        Payment,
        f"""
        select {_COLUMNS}, {person_columns("person")}, l.payer_id, l.receiver_id, l.reference,
          coalesce(l.transfer_id, t.id) as transfer_id
        from (select * from {LINES} every where id = $1) l
        left join ledger_transfers t on t.idempotency_key = 'order:' || l.id
        left join users u on u.id = l.{_OTHER[side]} left join profiles p on p.user_id = u.id
        """,
    )


_LISTS: Final = {side: _list(side) for side in _OWN}
_ONES: Final = {side: _one(side) for side in _OWN}
_IN_FORCE: Final = "state in ('paid', 'partially_refunded', 'refunded', 'disputed')"
_SUMS = many(
    Sums,
    f"""
    select asset, kind, count(*) as payments, count(distinct payer_id) as payers,
      sum(gross_minor)::bigint as gross_minor, sum(fee_minor - refunded_minor + returned_minor)::bigint as fee_minor,
      sum(net_minor - returned_minor)::bigint as kept_minor, sum(promotional_minor)::bigint as promotional_minor,
      sum(refunded_minor)::bigint as refunded_minor
    from {LINES} every
    where receiver_id = $1 and {_IN_FORCE} and {_FITS}
    group by grouping sets ((asset), (asset, kind))
    order by asset, kind nulls first
    """,
)


class _Slice(msgspec.Struct, frozen=True):
    start: date
    kind: str
    payments: int
    gross_minor: int
    kept_minor: int


_SLICES = many(
    _Slice,
    f"""
    select date_trunc($8, created_at at time zone 'utc')::date as start, kind, count(*) as payments,
      sum(gross_minor)::bigint as gross_minor, sum(net_minor - returned_minor)::bigint as kept_minor
    from {LINES} every
    where receiver_id = $1 and {_IN_FORCE} and {_FITS}
    group by 1, 2 order by 1, 2
    """,
)


async def payments(
    ctx: Ctx, side: Side, wanted: Filter, *, cursor: str | None = None, limit: int = 20
) -> Page[PaymentRow]:
    """What the actor paid, or received, newest first. Raises Invalid for a cursor of another list."""
    scope = f"payments.{side}.{wanted}"
    place = decode(cursor, tuple[datetime, UUID], scope=scope) or _START
    rows = await _LISTS[side](ctx.db, ctx.member.id, *_arguments(wanted), *place, limit + 1)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.created_at, row.id))


async def payment(ctx: Ctx, side: Side, payment_id: UUID) -> Payment | None:
    """One payment, whoever's it is; ask `policies` for somebody."""
    return await _ONES[side](ctx.db, payment_id)


async def sums(ctx: Ctx, wanted: Filter) -> list[Sums]:
    """What the actor received, by asset and by asset and kind; a kind of None is all of the asset."""
    return await _SUMS(ctx.db, ctx.member.id, *_arguments(wanted))


async def timeline(ctx: Ctx, wanted: Filter, interval: Interval, *, first: date, last: date) -> list[Period]:
    """What the actor received by day, week (from Monday) or month, without gaps, in which `first` and `last` lie.

    Days are those of UTC. Of one asset: `wanted.asset` is set. Raises Invalid for days that are out of order or out of
    range, and for more than MAX_PERIODS.
    """
    if not _FIRST.date() <= first <= last < _LAST.date():
        raise Invalid(fields={"since": "Please give two days, the earlier one first"})
    starts = [start_of(first, interval)]
    end = start_of(last, interval)
    while starts[-1] < end:
        starts.append(_next(starts[-1], interval))
        if len(starts) > MAX_PERIODS:
            raise Invalid(fields={"since": f"That is more than {MAX_PERIODS} {interval}s; please choose a later one"})
    within = msgspec.structs.replace(wanted, since=_midnight(starts[0]), until=_midnight(_next(starts[-1], interval)))
    found: dict[date, list[_Slice]] = {start: [] for start in starts}
    for row in await _SLICES(ctx.db, ctx.member.id, *_arguments(within), interval):
        found[row.start].append(row)
    return [
        Period(
            start,
            sum(row.payments for row in rows),
            sum(row.gross_minor for row in rows),
            sum(row.kept_minor for row in rows),
            {row.kind: row.kept_minor for row in rows},
        )
        for start, rows in found.items()
    ]


def start_of(day: date, interval: Interval) -> date:
    """The first day of the day's week or month, or the day itself."""
    match interval:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case _:
            return day


def _next(start: date, interval: Interval) -> date:
    if interval == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if interval == "week" else 1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _arguments(wanted: Filter) -> tuple[Any, ...]:
    # Within what PostgreSQL and Python both know of, in every zone.
    since, until = (min(max(at, _FIRST), _LAST) for at in (wanted.since or _FIRST, wanted.until or _LAST))
    return wanted.kind, wanted.state.value if wanted.state else None, wanted.asset, wanted.work_id, since, until


# ---- as a file


_HEAD: Final = (
    "id created_at kind description person status currency gross fee net promotional refunded returned method".split()
)


def as_csv(ctx: Ctx, wanted: Filter) -> AsyncIterator[str]:
    """What the actor received as CSV, newest first, with a line of names; parts of any length.

    Read little by little, each time on a connection of its own for a moment: the request's is given back by then.
    """
    return _csv(ctx.app, ctx.member.id, _arguments(wanted))


async def _csv(app: App, user_id: UUID, arguments: tuple[Any, ...]) -> AsyncIterator[str]:
    yield _lines([_HEAD])
    place: tuple[datetime, UUID] | None = _START
    while place:
        async with app.database.connection() as db:
            rows = await _LISTS["received"](db, user_id, *arguments, *place, EXPORTED_AT_ONCE)
        yield _lines(_cells(row) for row in rows)
        place = (rows[-1].created_at, rows[-1].id) if len(rows) == EXPORTED_AT_ONCE else None


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cells(row: PaymentRow) -> list[str]:
    """Amounts with their decimals; what a spreadsheet would take for a formula is quoted."""
    amounts = (row.gross_minor, row.fee_minor, row.net_minor, row.promotional_minor)
    texts = [row.title, row.person.username if row.person else ""]
    safe = [f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text for text in texts]
    return [
        str(row.id),
        row.created_at.isoformat(),
        row.kind,
        *safe,
        row.state.value,
        row.asset,
        *(str(to_decimal(minor, row.asset)) for minor in (*amounts, row.refunded_minor, row.returned_minor)),
        row.method,
    ]
