"""Who reads a chapter, day by day."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import many

MAX_DAYS: Final = 365


class ReadDay(msgspec.Struct, frozen=True):
    """What happened to one work on one day, in UTC. `views`: members who looked at it for the first time (P2)."""

    day: date
    views: int
    likes: int


_DAYS = many(
    ReadDay,
    """
    with looked as (
      select (v.created_at at time zone 'UTC')::date as day, count(*) as views
      from work_views v where v.work_id = $1 and v.created_at >= $2 group by 1
    ), liked as (
      select (r.created_at at time zone 'UTC')::date as day, count(*) as likes
      from reactions r where r.work_id = $1 and r.created_at >= $2 and r.kind = 'like' group by 1
    )
    select d::date as day, coalesce(looked.views, 0) as views, coalesce(liked.likes, 0) as likes
    from generate_series($2::timestamptz at time zone 'UTC', $3::timestamptz at time zone 'UTC', interval '1 day') d
    left join looked on looked.day = d::date left join liked on liked.day = d::date order by d
    """,
)


async def read_days(ctx: Ctx, work_id: UUID, *, days: int = 30) -> list[ReadDay]:
    """Each of the last `days`, today included, at most MAX_DAYS; ask `access_chapter` before."""
    start = ctx.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=min(days, MAX_DAYS) - 1)
    return await _DAYS(ctx.db, work_id, start, ctx.now)
