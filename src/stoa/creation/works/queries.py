"""Reads of works: lists, search, the review queue."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.creation.works.types import (
    AuthorStats,
    ReactionView,
    ReviewItem,
    SearchHit,
    Sort,
    StatsView,
    WorkCard,
    WorkRow,
)
from stoa.foundation.media.queries import cover_columns
from stoa.foundation.people.queries import PERSON_COLUMNS, hidden, looking_as, not_hidden, viewer_id
from stoa.foundation.team.queries import MEMBERSHIP_COLUMNS, membership_join
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, one, value
from stoa.kit.markdown import WORDS_PER_MINUTE
from stoa.kit.pagination import MAX_LIMIT, Numbered, Page, decode, keyset, numbered

LISTED: Final = "w.state = 'published' and w.deleted_at is null and not w.closed"
STATS_COLUMNS: Final = ", ".join(
    f'coalesce(s.{name}, 0) as "stats.{name}"'
    for name in ("views", "likes", "dislikes", "comments", "gifts", "gifts_coins", "hot")
)
CARD_COLUMNS: Final = f"""
    w.id, w.kind, w.slug, w.title, w.excerpt, w.category, w.language, w.rating, w.access, w.word_count,
    greatest(1, round(w.word_count / {WORDS_PER_MINUTE}.0))::integer as reading_minutes, w.images,
    {PERSON_COLUMNS}, {cover_columns("m", "cover")}, {STATS_COLUMNS}, w.published_at, w.created_at, w.updated_at
"""
CARD_JOINS: Final = """
    join users u on u.id = w.author_id join profiles p on p.user_id = u.id
    left join media m on m.id = w.cover_media_id and m.state = 'ready'
"""
_FIELDS = """w.id, w.author_id, w.kind, w.slug, w.title, w.state, w.revision, w.access, w.opens_at, w.closed,
    w.price_minor, w.price_asset, w.site_id, w.parent_id, w.screening_score, w.approved_score, w.published_at"""
TEAM_JOIN: Final = membership_join(owner="w.author_id", site="w.site_id", actor="$2")  # $2: the actor

# Where a work is read. A chapter stands in a series, and both on a site.
PATH: Final = """
    coalesce(case w.kind when 'post' then '/p/' || w.slug when 'page' then '/s/' || place.slug || '/' || w.slug
      when 'series' then '/s/' || place.slug || '/series/' || w.slug
      when 'chapter' then '/s/' || place.slug || '/series/' || whole.slug || '/' || w.slug end, '/') as path
"""
PATH_JOINS: Final = "left join sites place on place.id = w.site_id left join works whole on whole.id = w.parent_id"

_WORK = maybe(
    WorkRow,
    f"""
    select {_FIELDS}, {MEMBERSHIP_COLUMNS} from works w {TEAM_JOIN}
    where w.id = $1 and w.deleted_at is null and {not_hidden("w.author_id", "$3")}
    """,
)
_WHERE = value(str | None, f"select {PATH} from works w {PATH_JOINS} where w.id = $1")
_REVISION = value(int | None, "select revision from works where id = $1 and deleted_at is null")
_REACTIONS = one(
    ReactionView,
    """
    select s.likes, s.dislikes, s.views, r.kind as my_reaction
    from work_stats s left join reactions r on r.work_id = s.work_id and r.user_id = $2 where s.work_id = $1
    """,
)
_STATS = maybe(
    StatsView, "select views, likes, dislikes, comments, gifts, gifts_coins, hot from work_stats where work_id = $1"
)
_PUBLISHED_COUNT = value(
    int, f"select count(*) from works w where {LISTED} and w.author_id = $1 and w.kind = any($2::text[])"
)
_AUTHOR_STATS = one(
    AuthorStats,
    f"""
    select p.followers_count, p.following_count,
      count(*) filter (where w.kind = 'post') as posts_count, count(*) filter (where w.kind = 'series') as series_count,
      coalesce(sum(w.word_count), 0)::bigint as words_count, coalesce(sum(s.views), 0)::bigint as views,
      coalesce(sum(s.likes), 0)::bigint as likes, coalesce(sum(s.comments), 0)::bigint as comments,
      coalesce(sum(s.gifts), 0)::bigint as gifts, coalesce(sum(s.gifts_coins), 0)::bigint as gifts_coins
    from profiles p
    left join works w on w.author_id = p.user_id and {LISTED} left join work_stats s on s.work_id = w.id
    where p.user_id = $1 group by p.user_id
    """,
)
_REVIEW = many(
    ReviewItem,
    f"""
    select w.id, w.kind, w.title, w.excerpt, left(w.body_text, 5000) as body_text, w.category, w.revision,
      w.screening_score as score, w.screening_reasons as reasons, {PERSON_COLUMNS}, w.submitted_at
    from works w join users u on u.id = w.author_id join profiles p on p.user_id = u.id
    where w.state = 'in_review' and w.deleted_at is null and (w.submitted_at, w.id) > ($1, $2)
    order by w.submitted_at, w.id limit $3
    """,
)
_REVIEW_COUNT = value(int, "select count(*) from works where state = 'in_review' and deleted_at is null")

# ---- lists -----------------------------------------------------------------------------------------------------

_ORDER: Final = {Sort.RECENT: "w.published_at", Sort.TRENDING: "s.hot", Sort.POPULAR: "s.views"}
_POSITION: Final = {
    Sort.RECENT: tuple[datetime, UUID],
    Sort.TRENDING: tuple[float, UUID],
    Sort.POPULAR: tuple[int, UUID],
}
_LAST_ID: Final = UUID(int=2**128 - 1)
# Above every row: the first page asks for what comes behind it, so that first and later pages are one statement.
_TOP: Final[dict[Sort, Any]] = {
    Sort.RECENT: datetime(9999, 1, 1, tzinfo=UTC),
    Sort.TRENDING: float("inf"),
    Sort.POPULAR: 2**63 - 1,
}
_FILTERS: Final = {
    "all": "",
    "category": "and w.category = ${n}",
    "author": "and w.author_id = ${n}::uuid",
    "author and category": "and w.author_id = ${n}::uuid and w.category = ${m}",
}


# PostgreSQL keeps one plan for a statement only when it knows how many rows are wanted; planning these joins anew takes
# five times as long as running them. So the limit is written out, in two sizes, and the rest is cut off here.
_FETCHED: Final = (21, MAX_LIMIT + 1)


def _list_sql(sort: Sort, name: str, first_filter: int, tail: str) -> str:
    order, last = _ORDER[sort], "w.id" if sort is Sort.RECENT else "s.work_id"
    return f"""
        select {CARD_COLUMNS} from works w join work_stats s on s.work_id = w.id {CARD_JOINS}
        where {LISTED} and w.kind = any($1::text[]) and {not_hidden("w.author_id", "$2")}
          {_numbered(_FILTERS[name], first_filter)}
        {tail.format(order=order, last=last)}
    """


def _numbered(text: str, first: int) -> str:
    return text.format(n=first, m=first + 1)


_AFTER = {
    (sort, name, fetched): many(
        WorkCard,
        _list_sql(
            sort,
            name,
            5,
            f"and ({{order}}, {{last}}) < ($3, $4::uuid) order by {{order}} desc, {{last}} desc limit {fetched}",
        ),
    )
    for sort in Sort
    for name in _FILTERS
    for fetched in _FETCHED
}
_AT = {
    (sort, name): many(WorkCard, _list_sql(sort, name, 5, "order by {order} desc, {last} desc limit $3 offset $4"))
    for sort in Sort
    for name in _FILTERS
}
# All of them less those of hidden people (P4), who have an index of their own: so all are counted in an index alone.
_COUNTED: Final = f"select count(*) from works w where {LISTED} and w.kind = any($1::text[])"
_COUNT = {
    name: value(
        int,
        f"""
        select ({_COUNTED} {_numbered(text, 3)})
          - ({_COUNTED} and w.author_id = any({hidden("$2")}) {_numbered(text, 3)})
        """,
    )
    for name, text in _FILTERS.items()
}


async def feed(
    ctx: Ctx,
    *,
    sort: Sort = Sort.RECENT,
    kinds: Sequence[str] = ("post",),
    category: str | None = None,
    author_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[WorkCard]:
    """Published works, a keyset page of at most MAX_LIMIT. Raises Invalid for a cursor of another list."""
    name, filters = _filters(category, author_id)
    scope = f"works.{sort}"
    seek = decode(cursor, _POSITION[sort], scope=scope) or (_TOP[sort], _LAST_ID)
    rows = await _AFTER[sort, name, _size(limit)](ctx.db, list(kinds), viewer_id(ctx), *seek, *filters)
    return keyset(rows[: limit + 1], limit, scope=scope, key=lambda row: (_position(row, sort), row.id))


async def feed_page(
    ctx: Ctx,
    *,
    sort: Sort = Sort.RECENT,
    kinds: Sequence[str] = ("post",),
    category: str | None = None,
    author_id: UUID | None = None,
    page: int = 1,
    limit: int = 10,
) -> Numbered[WorkCard]:
    """Published works by page number, with their count (P2). `page` and `limit` are within bounds already."""
    name, filters = _filters(category, author_id)
    viewer = viewer_id(ctx)
    total = await _COUNT[name](ctx.db, list(kinds), viewer, *filters)
    if page == 1:
        rows = await _AFTER[sort, name, _size(limit)](ctx.db, list(kinds), viewer, _TOP[sort], _LAST_ID, *filters)
    else:
        rows = await _AT[sort, name](ctx.db, list(kinds), viewer, limit, (page - 1) * limit, *filters)
    return numbered(rows[:limit], page=page, limit=limit, total=total)


def _size(limit: int) -> int:
    return next(size for size in _FETCHED if size > limit)


def _filters(category: str | None, author_id: UUID | None) -> tuple[str, list[object]]:
    given: dict[str, object] = {}
    if author_id is not None:
        given["author"] = author_id
    if category is not None:
        given["category"] = category
    return " and ".join(given) or "all", list(given.values())


def _position(row: WorkCard, sort: Sort) -> object:
    match sort:
        case Sort.RECENT:
            return row.published_at
        case Sort.TRENDING:
            return row.stats.hot
        case Sort.POPULAR:
            return row.stats.views


# ---- search ----------------------------------------------------------------------------------------------------


SEARCHED: Final = 1000  # of the works that hold the words, the newest so many are ranked


class _FoundRow(msgspec.Struct, frozen=True):
    work: WorkCard
    rank: float
    headline: str
    path: str


_NESTED_CARD: Final = f"""
    w.id as "work.id", w.kind as "work.kind", w.slug as "work.slug",
    case w.kind when 'chapter' then concat_ws(': ', whole.title, nullif(w.title, '')) else w.title end as "work.title",
    w.excerpt as "work.excerpt", w.category as "work.category", w.language as "work.language",
    w.rating as "work.rating", w.access as "work.access", w.word_count as "work.word_count",
    greatest(1, round(w.word_count / {WORDS_PER_MINUTE}.0))::integer as "work.reading_minutes",
    w.images as "work.images", {PERSON_COLUMNS.replace('"author.', '"work.author.')},
    {cover_columns("m", "work.cover")}, {STATS_COLUMNS.replace('"stats.', '"work.stats.')},
    w.published_at as "work.published_at", w.created_at as "work.created_at", w.updated_at as "work.updated_at"
"""
# Words are looked for as English, as they stand, and in the reader's language. The marks around them are control
# characters, which no stored text holds, so that the rest can be escaped before they become tags. A headline is made
# only for the rows of the page, and only of free works: it must not show what stands behind a wall.
_SEARCH = many(
    _FoundRow,
    f"""
    with asked as materialized (
      select websearch_to_tsquery('english', $1) || websearch_to_tsquery('simple', $1)
        || websearch_to_tsquery(works_search_config($2), $1) as words
    ), newest as materialized (
      select w.id, w.search from works w, asked
      where {LISTED} and w.search @@ asked.words and w.kind = any($3::text[]) and {not_hidden("w.author_id", "$7")}
      order by w.published_at desc limit {SEARCHED}
    ), found as materialized (
      select newest.id, ts_rank_cd(newest.search, asked.words, 1)::double precision as rank from newest, asked
    ), page as materialized (
      select id, rank from found where (rank, id) < ($4, $5::uuid) order by rank desc, id desc limit $6
    )
    select {_NESTED_CARD}, page.rank,
      ts_headline(
        works_search_config(w.language), case w.access when 'free' then left(w.body_text, 50000) else w.excerpt end,
        asked.words, E'StartSel=\\x02, StopSel=\\x03, MaxFragments=2, MaxWords=28, MinWords=12, FragmentDelimiter=" … "'
      ) as headline, {PATH}
    from page cross join asked join works w on w.id = page.id join work_stats s on s.work_id = w.id {CARD_JOINS}
    {PATH_JOINS}
    order by page.rank desc, page.id desc
    """,
)


async def search(
    ctx: Ctx,
    text: str,
    *,
    language: str = "en",
    kinds: Sequence[str] = ("post", "series", "chapter"),
    cursor: str | None = None,
    limit: int = 20,
) -> Page[SearchHit]:
    """Published works that hold the words, the best first; quotes, `or` and `-` work as in web search."""
    seek = decode(cursor, tuple[float, UUID], scope="works.search") or (float("inf"), _LAST_ID)
    rows = await _SEARCH(ctx.db, text, language, list(kinds), *seek, limit + 1, viewer_id(ctx))
    hits = [SearchHit(row.work, row.rank, _marked(row.headline), row.path) for row in rows]
    return keyset(hits, limit, scope="works.search", key=lambda hit: (hit.rank, hit.work.id))


def _marked(headline: str) -> str:
    return escape(headline).replace("\x02", "<mark>").replace("\x03", "</mark>")


# ---- single works ----------------------------------------------------------------------------------------------


async def work_by_id(ctx: Ctx, work_id: UUID) -> WorkRow | None:
    """A work that is not deleted, in any state, or None; also where its author is hidden from the actor (P4).

    Policies decide who else may know of it.
    """
    return await _WORK(ctx.db, work_id, viewer_id(ctx), looking_as(ctx))


async def path_of(ctx: Ctx, work_id: UUID) -> str:
    """Where a work is read; '/' for one that is read nowhere."""
    return await _WHERE(ctx.db, work_id) or "/"


async def revision_of(ctx: Ctx, work_id: UUID) -> int | None:
    """The revision a work has now, or None when it is gone."""
    return await _REVISION(ctx.db, work_id)


async def reactions(ctx: Ctx, work_id: UUID) -> ReactionView:
    """Counts and the actor's own reaction. Raises NotFound for a work that was never published."""
    return await _REACTIONS(ctx.db, work_id, viewer_id(ctx))


async def stats(ctx: Ctx, work_id: UUID) -> StatsView | None:
    """What readers did with a work; None before it is published."""
    return await _STATS(ctx.db, work_id)


async def author_stats(ctx: Ctx, author_id: UUID) -> AuthorStats:
    """What everybody may know of somebody in numbers. Raises NotFound for nobody."""
    return await _AUTHOR_STATS(ctx.db, author_id)


async def published_count(ctx: Ctx, author_id: UUID, *, kinds: Sequence[str] = ("post",)) -> int:
    """How many works of somebody everybody can see."""
    return await _PUBLISHED_COUNT(ctx.db, author_id, list(kinds))


async def review_queue(ctx: Ctx, *, cursor: str | None = None, limit: int = 20) -> Page[ReviewItem]:
    """What waits for a moderator, the longest waiting first."""
    start = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))
    seek = decode(cursor, tuple[datetime, UUID], scope="works.review") or start
    rows = await _REVIEW(ctx.db, *seek, limit + 1)
    return keyset(rows, limit, scope="works.review", key=lambda row: (row.submitted_at, row.id))


async def review_count(ctx: Ctx) -> int:
    """How many texts wait for a moderator."""
    return await _REVIEW_COUNT(ctx.db)
