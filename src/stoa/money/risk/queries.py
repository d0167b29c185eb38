"""Reads of flags and holds."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, one
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.risk.types import FlagState, FlagView, HoldView, Severity

LIMIT: Final = 20
_START: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
_FLAG: Final = """
    select k.id, k.rule, k.severity, k.state, k.kind, k.from_id, f.username as from_name, k.to_id,
      t.username as to_name, k.asset, k.amount_minor, k.reason, k.review_until, k.note, d.username as decided_by,
      k.decided_at, k.created_at
    from risk_flags k
    left join users f on f.id = k.from_id left join users t on t.id = k.to_id left join users d on d.id = k.decided_by
"""
FLAG = one(FlagView, f"{_FLAG} where k.id = $1")
_FLAGS = many(
    FlagView,
    f"""{_FLAG}
    where ($1::text is null or k.severity = $1) and ($2::text is null or k.state = $2)
      and ($3::text is null or lower(f.username) = lower($3) or lower(t.username) = lower($3))
      and (k.created_at, k.id) < ($4, $5::uuid)
    order by k.created_at desc, k.id desc limit $6
    """,
)
_HOLDS = many(
    HoldView,
    """
    select case when state = 'rejected' then note else reason end as reason,
      case when state = 'rejected' then 'Each payout is looked at by a person before it is sent'
           else 'A person looks at it. Until then your payouts wait' end as next_step,
      case when state = 'rejected' then null else review_until end as by
    from risk_flags where from_id = $1 and severity = 'high' and state in ('open', 'rejected')
    order by state = 'rejected', review_until, id limit 20
    """,
)


async def flags(
    ctx: Ctx,
    *,
    severity: Severity | None = None,
    state: FlagState | None = None,
    person: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[FlagView]:
    """The log, newest first; `person` is the name of either side."""
    scope = f"risk.flags.{severity}.{state}.{person}"
    place = decode(cursor, tuple[datetime, UUID], scope=scope) or _START
    rows = await _FLAGS(ctx.db, severity, state, person, *place, limit + 1)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.created_at, row.id))


async def flag(ctx: Ctx, flag_id: UUID) -> FlagView:
    """One line of the log. Raises NotFound."""
    return await FLAG(ctx.db, flag_id)


async def holds_of(ctx: Ctx, user_id: UUID) -> list[HoldView]:
    """Why somebody's payouts are held, what nobody has looked at yet first (F7); empty when they are not."""
    return await _HOLDS(ctx.db, user_id)
