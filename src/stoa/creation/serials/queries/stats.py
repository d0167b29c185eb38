"""A series in numbers."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from stoa.creation.serials.queries.listed import OUT
from stoa.creation.serials.types import ChapterStats, DayStats, DetailedStats, SeriesStats
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, one

MAX_DAYS: Final = 365
_CHAPTERS: Final = 500  # of the first so many a curve is drawn
_TOTALS = one(
    SeriesStats,
    f"""
    select coalesce(s.views, 0) as views, coalesce(parts.views, 0)::bigint as chapter_views,
      (
        select count(distinct v.user_id) from work_views v join works c on c.id = v.work_id
        where c.parent_id = w.id and {OUT}
      ) as readers_count,
      (coalesce(s.likes, 0) + coalesce(parts.likes, 0))::bigint as likes,
      (coalesce(s.dislikes, 0) + coalesce(parts.dislikes, 0))::bigint as dislikes,
      (coalesce(s.comments, 0) + coalesce(parts.comments, 0))::bigint as comments,
      (coalesce(s.gifts, 0) + coalesce(parts.gifts, 0))::bigint as gifts,
      (coalesce(s.gifts_coins, 0) + coalesce(parts.gifts_coins, 0))::bigint as gifts_coins,
      coalesce(parts.chapters, 0)::integer as chapters_count, coalesce(parts.words, 0)::bigint as words_count,
      b.trending, w.published_at as first_published_at, b.last_published_at
    from works w join series b on b.work_id = w.id left join work_stats s on s.work_id = w.id
    left join lateral (
      select sum(cs.views) as views, sum(cs.likes) as likes, sum(cs.dislikes) as dislikes,
        sum(cs.comments) as comments, sum(cs.gifts) as gifts, sum(cs.gifts_coins) as gifts_coins,
        count(*) filter (where {OUT}) as chapters, sum(c.word_count) filter (where {OUT}) as words
      from works c left join work_stats cs on cs.work_id = c.id where c.parent_id = w.id and c.kind = 'chapter'
    ) parts on true
    where w.id = $1
    """,
)
_DAYS = many(
    DayStats,
    """
    with own as (select id, id = $1 as is_series from works where id = $1 or (parent_id = $1 and kind = 'chapter')),
    looked as (
      select (v.created_at at time zone 'UTC')::date as day, count(*) filter (where own.is_series) as views,
        count(*) filter (where not own.is_series) as chapter_views
      from own join work_views v on v.work_id = own.id where v.created_at >= $2 group by 1
    ), liked as (
      select (r.created_at at time zone 'UTC')::date as day, count(*) as likes
      from own join reactions r on r.work_id = own.id where r.created_at >= $2 and r.kind = 'like' group by 1
    )
    select d::date as day, coalesce(looked.views, 0) as views, coalesce(looked.chapter_views, 0) as chapter_views,
      coalesce(liked.likes, 0) as likes
    from generate_series($2::timestamptz at time zone 'UTC', $3::timestamptz at time zone 'UTC', interval '1 day') d
    left join looked on looked.day = d::date left join liked on liked.day = d::date order by d
    """,
)
_BY_CHAPTER = many(
    ChapterStats,
    f"""
    with shown as (
      select c.id, ch.number, ch.position from works c join chapters ch on ch.work_id = c.id
      where c.parent_id = $1 and {OUT} order by ch.position limit {_CHAPTERS}
    ), began as materialized (
      select user_id from work_views where work_id = (select id from shown order by position limit 1)
    )
    select shown.id, shown.number, shown.position, c.title, c.word_count, coalesce(s.views, 0) as views,
      coalesce(s.likes, 0) as likes, coalesce(s.comments, 0) as comments,
      case when exists (select from began) then (100 * kept.readers / (select count(*) from began))::integer
        end as kept_percent,
      c.published_at
    from shown join works c on c.id = shown.id left join work_stats s on s.work_id = shown.id
    cross join lateral (
      select count(*) as readers from work_views v join began on began.user_id = v.user_id where v.work_id = shown.id
    ) kept
    where {OUT} order by shown.position
    """,
)


async def series_stats(ctx: Ctx, series_id: UUID) -> SeriesStats:
    """A series in numbers, its chapters included. Raises NotFound."""
    return await _TOTALS(ctx.db, series_id)


async def detailed_stats(ctx: Ctx, series_id: UUID, *, days: int = 30) -> DetailedStats:
    """The same with each of the last `days`, today included, and each of the first chapters. Raises NotFound."""
    start = ctx.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    return DetailedStats(
        totals=await _TOTALS(ctx.db, series_id),
        days=await _DAYS(ctx.db, series_id, start, ctx.now),
        chapters=await _BY_CHAPTER(ctx.db, series_id),
    )
