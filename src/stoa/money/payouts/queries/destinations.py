"""Reads of destinations."""

from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, value
from stoa.money.payouts.types import DestinationView

_COLUMNS: Final = """select d.id, d.user_id, d.provider, d.label, d.currency, d.country, d.hint, d.is_default,
    d.usable_from, d.created_at, d.changed_at, d.deleted_at, p.id as open_payout_id
  from payout_destinations d
  left join lateral (
    select o.id from payouts o where o.destination_id = d.id and o.state in ('pending', 'in_review', 'processing')
    order by o.id limit 1
  ) p on true"""
DESTINATION = maybe(DestinationView, f"{_COLUMNS} where d.id = $1")
DEFAULT = maybe(DestinationView, f"{_COLUMNS} where d.user_id = $1 and d.is_default")
SAME = maybe(
    DestinationView,
    f"{_COLUMNS} where d.user_id = $1 and d.fingerprint = $2 and d.currency = $3 and d.deleted_at is null",
)
RECIPIENT = value(str | None, "select recipient from payout_destinations where id = $1")
_OF_PERSON = many(
    DestinationView,
    f"{_COLUMNS} where d.user_id = $1 and d.deleted_at is null order by d.is_default desc, d.created_at, d.id",
)


async def destinations(ctx: Ctx, user_id: UUID) -> list[DestinationView]:
    """Somebody's destinations, the default one first."""
    return await _OF_PERSON(ctx.db, user_id)
