"""Lists of series that everybody sees."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.creation.serials.types import SERIES, ContentType, SeriesCard, SeriesStatus
from stoa.creation.works.queries import LISTED, STATS_COLUMNS
from stoa.creation.works.types import Sort
from stoa.foundation.media.queries import cover_columns
from stoa.foundation.people.queries import PERSON_COLUMNS, not_hidden, viewer_id
from stoa.kit.ctx import Ctx
from stoa.kit.db import many
from stoa.kit.pagination import MAX_LIMIT, Page, decode, keyset


class _ByTime(msgspec.Struct, frozen=True):
    card: SeriesCard
    place: datetime


class _ByHeat(msgspec.Struct, frozen=True):
    card: SeriesCard
    place: float


class _ByReads(msgspec.Struct, frozen=True):
    card: SeriesCard
    place: int


# What is out of a series; a chapter in it is a work of its own.
OUT: Final = "c.kind = 'chapter' and c.state = 'published' and c.deleted_at is null"
_PLAIN: Final = (
    ("w", "id slug title excerpt language rating published_at"),
    ("b", "content_type reading_direction status last_published_at"),
)
CARD: Final = ", ".join(
    [f'{alias}.{name} as "card.{name}"' for alias, names in _PLAIN for name in names.split()]
    + ['site.slug as "card.site_slug"', 'site.title as "card.site_title"']
    + [PERSON_COLUMNS.replace('"author.', '"card.author.'), cover_columns("m", "card.cover")]
    + [STATS_COLUMNS.replace('"stats.', '"card.stats.')]
    + [
        "coalesce(named.genres, '{}') as \"card.genres\"",
        'coalesce(counted.chapters, 0) as "card.chapters_count"',
        'coalesce(counted.words, 0) as "card.words_count"',
    ]
)
CARD_JOINS: Final = f"""
    join series b on b.work_id = w.id join sites site on site.id = w.site_id
    join users u on u.id = w.author_id join profiles p on p.user_id = u.id
    left join media m on m.id = w.cover_media_id and m.state = 'ready'
    left join work_stats s on s.work_id = w.id
    left join lateral (
      select array_agg(g.name order by sg.is_primary desc, g.position, g.name) as genres
      from series_genres sg join genres g on g.id = sg.genre_id where sg.series_id = w.id
    ) named on true
    left join lateral (
      select count(*)::integer as chapters, sum(c.word_count)::bigint as words from works c
      where c.parent_id = w.id and {OUT}
    ) counted on true
"""
_LAST_ID: Final = UUID(int=2**128 - 1)
_RECENT: Final = "coalesce(b.last_published_at, w.published_at)"
_ORDER: Final[dict[Sort, tuple[str, str, Any, Any, Any]]] = {
    # how it is sorted, its type in SQL, a row, its type in a cursor, and what stands above all rows
    Sort.RECENT: (_RECENT, "timestamptz", _ByTime, tuple[datetime, UUID], datetime(9999, 1, 1, tzinfo=UTC)),
    Sort.TRENDING: ("b.trending", "double precision", _ByHeat, tuple[float, UUID], float("inf")),
    Sort.POPULAR: ("b.reads", "bigint", _ByReads, tuple[int, UUID], 2**63 - 1),
}
_SCOPES: Final = {"listed": "b.is_listed and $8::uuid is null", "site": "w.site_id = $8"}
# As with lists of works, a plan is kept only where the limit is written out.
_FETCHED: Final = (21, MAX_LIMIT + 1)


def _order(sort: Sort, scope: str) -> str:
    """One that is listed has a time at which something of it came out, and there is an index on it."""
    return "b.last_published_at" if (sort, scope) == (Sort.RECENT, "listed") else _ORDER[sort][0]


_PAGES = {
    (sort, scope, fetched): many(
        row,
        f"""
        with page as materialized (
          select w.id, {place} as place from works w join series b on b.work_id = w.id
          where w.kind = '{SERIES}' and {LISTED} and {not_hidden("w.author_id", "$1")} and {where}
            and ($4::text is null or b.content_type = $4) and ($5::text is null or b.status = $5)
            and ($6::uuid is null or exists (
              select from series_genres sg join genres g on g.id = sg.genre_id
              where sg.series_id = w.id and $6 in (g.id, g.parent_id)
            ))
            and ($7::uuid is null or exists (
              select from series_tags st where st.series_id = w.id and st.tag_id = $7
            ))
            and ({_order(sort, scope)}, b.work_id) < ($2::{kind}, $3::uuid)
          order by {_order(sort, scope)} desc, b.work_id desc limit {fetched}
        )
        select {CARD}, page.place from page join works w on w.id = page.id {CARD_JOINS} where {LISTED}
        order by page.place desc, page.id desc
        """,
    )
    for sort, (place, kind, row, _, _) in _ORDER.items()
    for scope, where in _SCOPES.items()
    for fetched in _FETCHED
}


async def public_series(
    ctx: Ctx,
    *,
    site_id: UUID | None = None,
    genre_id: UUID | None = None,
    tag_id: UUID | None = None,
    content_type: ContentType | None = None,
    status: SeriesStatus | None = None,
    sort: Sort = Sort.RECENT,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[SeriesCard]:
    """Published series: those of a site, or without one those that are listed for everybody to find.

    A genre holds those of its sub-genres. Recent: by when something of it last came out; trending and popular count
    its chapters, too. Raises Invalid for a cursor of another list.
    """
    _, _, _, seek_type, top = _ORDER[sort]
    scope = f"series.{sort}.{site_id}.{genre_id}.{tag_id}.{content_type}.{status}"
    seek = decode(cursor, seek_type, scope=scope) or (top, _LAST_ID)
    size = next(size for size in _FETCHED if size > limit)
    statement = _PAGES[sort, "listed" if site_id is None else "site", size]
    filters = (content_type, status, genre_id, tag_id)
    rows = await statement(ctx.db, viewer_id(ctx), *seek, *filters, site_id)
    page = keyset(rows[: limit + 1], limit, scope=scope, key=lambda row: (row.place, row.card.id))
    return Page(items=[row.card for row in page.items], next_cursor=page.next_cursor)
