"""Sums over payouts, and all of them as a file."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from stoa.kit.ctx import App, Ctx
from stoa.kit.db import many
from stoa.kit.money import to_decimal
from stoa.money.payouts.queries import PAYOUT_COLUMNS
from stoa.money.payouts.types import PayoutState, PayoutView, Sums

EXPORTED_AT_ONCE: Final = 500
_START: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
_HEAD: Final = (
    "id requested_at state asset amount gross platform_fee net currency provider_fee fee_borne_by arrives"
    " arrives_currency provider destination reference sent_at ended_at reason"
).split()

_SUMS = many(
    Sums,
    """select asset, currency, count(*) as requested,
         count(*) filter (where state in ('pending', 'in_review', 'processing')) as open,
         count(*) filter (where state = 'paid') as paid,
         count(*) filter (where state = 'failed') as failed,
         count(*) filter (where state = 'cancelled') as cancelled,
         coalesce(sum(source_minor) filter (where state = 'paid'), 0)::bigint as source_minor,
         coalesce(sum(net_payout_minor) filter (where state = 'paid'), 0)::bigint as net_minor,
         coalesce(sum(fee_minor) filter (where state = 'paid' and not fee_on_platform), 0)::bigint as fees_minor,
         coalesce(sum(net_payout_minor) filter (where state in ('pending', 'in_review', 'processing')), 0)::bigint
           as open_minor,
         round(
           (extract(epoch from avg(ended_at - requested_at) filter (where state = 'paid')) / 86400)::numeric, 1
         )::float8 as days_to_arrive,
         max(ended_at) filter (where state = 'paid') as last_paid_at
       from payouts where user_id = $1 group by asset, currency order by asset <> 'COIN', asset <> 'USD', asset""",
)
_EXPORTED = many(
    PayoutView,
    f"""select {PAYOUT_COLUMNS} from payouts
        where user_id = $1 and ($2::text is null or state = $2) and ($3::text is null or asset = $3)
          and (requested_at, id) < ($4, $5::uuid)
        order by requested_at desc, id desc limit $6""",
)


async def sums(ctx: Ctx, user_id: UUID) -> list[Sums]:
    """What came of somebody's payouts, by asset and currency."""
    return await _SUMS(ctx.db, user_id)


def as_csv(ctx: Ctx, *, state: PayoutState | None = None, asset: str | None = None) -> AsyncIterator[str]:
    """The actor's payouts as CSV, newest first, with a line of names; parts of any length.

    Read little by little, each time on a connection of its own for a moment: the request's is given back by then.
    """
    return _csv(ctx.app, ctx.member.id, state, asset)


async def _csv(app: App, user_id: UUID, state: PayoutState | None, asset: str | None) -> AsyncIterator[str]:
    yield _lines([_HEAD])
    place: tuple[datetime, UUID] | None = _START
    while place:
        async with app.database.connection() as db:
            rows = await _EXPORTED(db, user_id, state, asset, *place, EXPORTED_AT_ONCE)
        yield _lines(_cells(row) for row in rows)
        place = (rows[-1].requested_at, rows[-1].id) if len(rows) == EXPORTED_AT_ONCE else None


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cells(row: PayoutView) -> list[str]:
    """Amounts with their decimals; what a spreadsheet would take for a formula is quoted."""
    net = (row.gross_minor, row.platform_fee_minor, row.net_payout_minor)
    texts = [row.provider, row.destination, row.provider_reference or ""]
    return [
        str(row.id),
        row.requested_at.isoformat(),
        row.state.value,
        row.asset,
        str(to_decimal(row.source_minor, row.asset)),
        *(str(to_decimal(minor, row.currency)) for minor in net),
        row.currency,
        str(to_decimal(row.fee_minor, row.currency)),
        "platform" if row.fee_on_platform else "creator",
        str(to_decimal(row.arrives_minor, row.arrives_currency)),
        row.arrives_currency,
        *(_safe(text) for text in texts),
        row.sent_at.isoformat() if row.sent_at else "",
        row.ended_at.isoformat() if row.ended_at else "",
        _safe(row.failure_reason or row.review_reason or ""),
    ]


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
