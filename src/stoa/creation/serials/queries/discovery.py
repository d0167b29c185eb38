"""What makes a series easier to find, and its place among others."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from stoa.creation.serials.types import SERIES, ListingPart, ListingScore, Ranking, SeriesStatus, SeriesView
from stoa.creation.works.queries import LISTED
from stoa.creation.works.types import State
from stoa.kit.ctx import Ctx
from stoa.kit.db import one

SYNOPSIS_LEAST, TAGS_LEAST, FRESH_DAYS = 50, 3, 30


class _Places(msgspec.Struct, frozen=True, kw_only=True):
    is_listed: bool
    listed_count: int
    trending: int
    popular: int
    type_count: int
    trending_in_type: int
    popular_in_type: int
    genre_count: int
    trending_in_genre: int
    popular_in_genre: int


_AHEAD: Final = """
    count(*) filter (where (b.trending, b.work_id) > (me.trending, me.work_id) {among})::integer + 1 as trending{name},
    count(*) filter (where (b.reads, b.work_id) > (me.reads, me.work_id) {among})::integer + 1 as popular{name}
"""
_OF_TYPE: Final = "and b.content_type = me.content_type"
_OF_GENRE: Final = "and $2::uuid = any(held.genres)"
_PLACES = one(
    _Places,
    f"""
    select coalesce(bool_or(b.work_id = me.work_id), false) as is_listed, count(b.work_id)::integer as listed_count,
      {_AHEAD.format(among="", name="")},
      count(b.work_id) filter (where true {_OF_TYPE})::integer as type_count,
      {_AHEAD.format(among=_OF_TYPE, name="_in_type")},
      count(b.work_id) filter (where true {_OF_GENRE})::integer as genre_count,
      {_AHEAD.format(among=_OF_GENRE, name="_in_genre")}
    from series me
    left join (series b join works w on w.id = b.work_id and w.kind = '{SERIES}' and {LISTED}) on b.is_listed
    left join lateral (
      select array_agg(g.id) || array_agg(g.parent_id) as genres
      from series_genres sg join genres g on g.id = sg.genre_id where sg.series_id = b.work_id
    ) held on true
    where me.work_id = $1 group by me.work_id
    """,
)


def score_of(series: SeriesView, now: datetime) -> ListingScore:
    """What a series has of what readers look for, of 100 points."""
    parts = _parts(series, now)
    return ListingScore(
        score=sum(part.points for part in parts if part.is_met),
        can_list=all(part.is_met for part in parts if part.is_needed),
        is_listed=series.is_listed,
        parts=parts,
    )


def _parts(series: SeriesView, now: datetime) -> list[ListingPart]:
    out, done = series.chapters_count, series.status in (SeriesStatus.COMPLETED, SeriesStatus.CANCELLED)
    told = bool(series.update_days or series.update_schedule) or done
    last = series.last_published_at
    fresh = series.status is SeriesStatus.COMPLETED or (last is not None and now - last <= timedelta(days=FRESH_DAYS))
    needed = [
        ("published", "It is published", "publish the series", 0, series.state == State.PUBLISHED),
        ("cover", "A cover", "choose a cover", 20, series.cover is not None),
        ("synopsis", "A synopsis", f"write a synopsis of at least {SYNOPSIS_LEAST} characters", 15, _tells(series)),
        ("genre", "A genre", "choose a genre", 15, bool(series.genres)),
        ("chapter", "A chapter", "publish a chapter", 10, out > 0),
    ]
    helpful = [
        ("chapters", "Three chapters", "publish three chapters, so that readers can settle in", 10, out >= 3),
        ("tags", "Three tags", "choose three tags", 10, len(series.tags) >= TAGS_LEAST),
        ("banner", "A banner", "choose a banner for its page", 5, series.banner is not None),
        ("schedule", "A schedule", "tell readers when the next chapter comes", 5, told),
        ("fresh", "It goes on", f"publish a chapter within {FRESH_DAYS} days, or mark it complete", 10, fresh),
    ]
    return [
        ListingPart(key, label, hint, points, is_met, is_needed)
        for is_needed, group in ((True, needed), (False, helpful))
        for key, label, hint, points, is_met in group
    ]


def _tells(series: SeriesView) -> bool:
    """By its excerpt, which is plain text of up to 200 characters."""
    return len(series.excerpt) >= SYNOPSIS_LEAST


async def ranking(ctx: Ctx, series: SeriesView) -> Ranking:
    """The place of a series among those that are listed."""
    genre = series.genres[0] if series.genres else None
    places = await _PLACES(ctx.db, series.id, genre.id if genre else None)
    found = msgspec.structs.asdict(places)
    if not places.is_listed:
        found |= {name: None for name in found if name.startswith(("trending", "popular"))}
    elif genre is None:
        found |= {"trending_in_genre": None, "popular_in_genre": None}
    return Ranking(**found, genre=genre.name if genre else None)
