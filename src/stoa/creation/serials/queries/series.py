"""One series as the actor may have it, and a studio's list of them."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.serials.queries.listed import OUT, public_series
from stoa.creation.serials.types import (
    SERIES,
    WARNINGS,
    AccessLevel,
    ContentType,
    Direction,
    GenreView,
    OwnSeries,
    SeriesStatus,
    SeriesView,
    TagView,
    WarningView,
)
from stoa.creation.works.policies import can_see, permissions_on
from stoa.creation.works.queries import STATS_COLUMNS, TEAM_JOIN
from stoa.creation.works.types import State, StatsView
from stoa.foundation.media.queries import cover_columns
from stoa.foundation.media.types import Cover
from stoa.foundation.people.queries import PERSON_COLUMNS, looking_as, not_hidden, viewer_id
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.queries import MEMBERSHIP_COLUMNS
from stoa.foundation.team.types import STAFF_PERMISSIONS, Permission, SiteAccess
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe
from stoa.kit.pagination import Page, decode, keyset

__all__ = ["own_series", "public_series", "series_by_id", "series_by_slug", "url_of"]


class _Warned(msgspec.Struct, frozen=True):
    warning: str
    details: str


class _SeriesRow(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    author_id: UUID
    site_id: UUID
    site_slug: str
    site_title: str
    slug: str | None
    title: str
    synopsis_markdown: str
    synopsis_html: str
    excerpt: str
    content_type: ContentType
    reading_direction: Direction
    status: SeriesStatus
    state: str
    access: str
    opens_at: datetime | None
    closed: bool
    price_minor: int | None
    price_asset: str | None
    revision: int
    language: str
    original_language: str
    rating: str
    author: PersonView
    cover: Cover | None
    banner: Cover | None
    thumbnail: Cover | None
    genres: list[GenreView]
    tags: list[TagView]
    warned: list[_Warned]
    update_schedule: str
    update_days: list[int]
    timezone: str
    default_access: AccessLevel
    early_access_days: int
    preview_paragraphs: int
    paywall_message: str
    is_listed: bool
    meta_title: str
    meta_description: str
    canonical_url: str | None
    total_planned_chapters: int | None
    stats: StatsView
    chapters_count: int
    words_count: int
    published_at: datetime | None
    completed_at: datetime | None
    last_published_at: datetime | None
    next_scheduled_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    team_role: str | None
    team_permissions: list[str]


_OF_SERIES: Final = f"w.kind = '{SERIES}'"
_GENRES: Final = """
    (
      select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'parent_id', g.parent_id, 'slug', g.slug,
        'name', g.name, 'description', g.description, 'is_featured', g.is_featured)
        order by sg.is_primary desc, g.position, g.name), '[]')
      from series_genres sg join genres g on g.id = sg.genre_id where sg.series_id = w.id
    ) as genres
"""
_TAGS: Final = """
    (
      select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'slug', t.slug, 'name', t.name,
        'is_approved', t.is_approved) order by t.slug), '[]')
      from series_tags st join tags t on t.id = st.tag_id where st.series_id = w.id and not t.is_blocked
    ) as tags
"""
_WARNED: Final = """
    (
      select coalesce(jsonb_agg(jsonb_build_object('warning', ww.warning, 'details', ww.details)
        order by ww.added_at, ww.warning), '[]')
      from work_warnings ww where ww.work_id = w.id
    ) as warned
"""
_SERIES: Final = f"""
    select w.id, w.author_id, site.id as site_id, site.slug as site_slug, site.title as site_title, w.slug, w.title,
      b.synopsis_markdown, b.synopsis_html, w.excerpt, b.content_type, b.reading_direction, b.status, w.state, w.access,
      w.opens_at, w.closed, w.price_minor, w.price_asset, w.revision, w.language, b.original_language, w.rating,
      {PERSON_COLUMNS}, {cover_columns("m", "cover")}, {cover_columns("bm", "banner")},
      {cover_columns("tm", "thumbnail")}, {_GENRES}, {_TAGS}, {_WARNED}, b.update_schedule, b.update_days, b.timezone,
      b.default_access, b.early_access_days, b.preview_paragraphs, b.paywall_message, b.is_listed, b.meta_title,
      b.meta_description, b.canonical_url, b.total_planned_chapters, {STATS_COLUMNS},
      coalesce(counted.chapters, 0) as chapters_count, coalesce(counted.words, 0) as words_count, w.published_at,
      b.completed_at, b.last_published_at, coming.scheduled_at as next_scheduled_at, w.created_at, w.updated_at,
      w.deleted_at, {MEMBERSHIP_COLUMNS}
    from works w join series b on b.work_id = w.id join sites site on site.id = w.site_id
    join users u on u.id = w.author_id join profiles p on p.user_id = u.id {TEAM_JOIN}
    left join media m on m.id = w.cover_media_id and m.state = 'ready'
    left join media bm on bm.id = b.banner_media_id and bm.state = 'ready'
    left join media tm on tm.id = b.thumbnail_media_id and tm.state = 'ready'
    left join work_stats s on s.work_id = w.id
    left join lateral (
      select count(*)::integer as chapters, sum(c.word_count)::bigint as words from works c
      where c.parent_id = w.id and {OUT}
    ) counted on true
    left join lateral (
      select min(ch.scheduled_at) as scheduled_at from chapters ch join works c on c.id = ch.work_id
      where ch.series_id = w.id and ch.scheduled_at > $5 and c.deleted_at is null
    ) coming on true
    where {_OF_SERIES} and b.purged_at is null and {not_hidden("w.author_id", "$3")}
      and ($4::boolean or (w.deleted_at is null and site.deleted_at is null))
"""
_BY_ID = maybe(_SeriesRow, f"{_SERIES} and w.id = $1")
_BY_SLUG = maybe(
    _SeriesRow,
    f"""
    {_SERIES} and w.id = (
      select work_id from work_slugs where kind = '{SERIES}' and slug = $1 and site_id = $6 and parent_id is null
    )
    """,
)
_STATES: Final = tuple(State)
_OWN = many(
    OwnSeries,
    f"""
    select w.id, w.slug, w.title, b.content_type,
      case when w.state = 'published' then b.status else 'draft' end as status, w.state, {cover_columns("m", "cover")},
      coalesce(counted.chapters, 0) as chapters_count, coalesce(counted.drafts, 0) as drafts_count,
      coalesce(counted.scheduled, 0) as scheduled_count, coalesce(counted.words, 0) as words_count, {STATS_COLUMNS},
      w.updated_at, w.deleted_at
    from works w join series b on b.work_id = w.id
    left join media m on m.id = w.cover_media_id and m.state = 'ready'
    left join work_stats s on s.work_id = w.id
    left join lateral (
      select count(*) filter (where c.state = 'published')::integer as chapters,
        count(*) filter (
          where c.state <> 'published' and ch.scheduled_at is null and ch.archived_at is null
        )::integer as drafts,
        count(*) filter (where ch.scheduled_at is not null)::integer as scheduled,
        sum(c.word_count) filter (where c.state = 'published')::bigint as words
      from chapters ch join works c on c.id = ch.work_id where ch.series_id = w.id and c.deleted_at is null
    ) counted on true
    where {_OF_SERIES} and w.site_id = $1 and w.state = any($2::text[]) and (w.deleted_at is not null) = $3
      and b.purged_at is null
      and ($4::text is null or $4 = case when w.state = 'published' then b.status else 'draft' end)
      and ($5::text is null or b.content_type = $5)
      and ($6::text is null or strpos(lower(w.title), lower($6)) > 0)
      and (w.updated_at, w.id) < ($7, $8::uuid)
    order by w.updated_at desc, w.id desc limit $9
    """,
)


async def series_by_id(ctx: Ctx, series_id: UUID, *, also_deleted: bool = False) -> SeriesView | None:
    """A series as the actor may have it; None for one they may not know of."""
    row = await _BY_ID(ctx.db, series_id, viewer_id(ctx), looking_as(ctx), also_deleted, ctx.now)
    return _view(ctx, row)


async def series_by_slug(ctx: Ctx, site_id: UUID, slug: str) -> SeriesView | None:
    """The same by an address the series has or once had: where `slug` of the answer differs, redirect to it (S6)."""
    return _view(ctx, await _BY_SLUG(ctx.db, slug, viewer_id(ctx), looking_as(ctx), False, ctx.now, site_id))


async def own_series(
    ctx: Ctx,
    site: SiteAccess,
    *,
    status: SeriesStatus | None = None,
    content_type: ContentType | None = None,
    words: str | None = None,
    deleted: bool = False,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[OwnSeries]:
    """The series of a site for those who work on it, the last changed first: drafts for who may read them, else what is
    out. `words` are looked for in titles; `deleted`: those that can still be restored (S5), instead.
    """
    reads_drafts = site.may(Permission.READ_DRAFTS)
    if deleted and not reads_drafts:
        return Page(items=[])
    states = list(_STATES) if reads_drafts else [State.PUBLISHED]
    scope = f"series.site.{site.id}.{status}.{content_type}.{words}.{deleted}"
    start = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
    seek = decode(cursor, tuple[datetime, UUID], scope=scope) or start
    rows = await _OWN(ctx.db, site.id, states, deleted, status, content_type, words or None, *seek, limit + 1)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.updated_at, row.id))


def url_of(site_slug: str, slug: str | None) -> str | None:
    """Where a series is read; None before it has an address."""
    return None if slug is None else f"/s/{site_slug}/series/{slug}"


def _view(ctx: Ctx, row: _SeriesRow | None) -> SeriesView | None:
    if row is None or not can_see(ctx.actor, row):
        return None
    held = permissions_on(ctx.actor, row) if ctx.actor else frozenset[Permission]()
    if ctx.actor is not None and ctx.actor.is_staff:
        held |= STAFF_PERMISSIONS
    if row.deleted_at is not None and Permission.READ_DRAFTS not in held:
        return None
    is_out = row.state == State.PUBLISHED
    taken = {name: getattr(row, name) for name in _SAME}
    return SeriesView(
        **taken,
        url=url_of(row.site_slug, row.slug),
        synopsis_markdown=row.synopsis_markdown if Permission.READ_DRAFTS in held else None,
        status=row.status if is_out else SeriesStatus.DRAFT,
        warnings=[_warning(one) for one in row.warned],
        my_permissions=[one for one in Permission if one in held],
    )


_MADE: Final = {"url", "synopsis_markdown", "status", "warnings", "my_permissions"}
_SAME: Final = [name for name in SeriesView.__struct_fields__ if name not in _MADE]


def _warning(one: _Warned) -> WarningView:
    kind = WARNINGS[one.warning]
    return WarningView(kind.id, kind.name, kind.severity, one.details)
