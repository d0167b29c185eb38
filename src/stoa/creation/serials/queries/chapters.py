"""Chapters for those who work on them, and the lists of a series."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.creation.serials.queries.places import SeriesPlace, chapter_url, permissions_of_actor
from stoa.creation.serials.types import (
    CHAPTER,
    WARNINGS,
    AccessLevel,
    ChapterCard,
    ChapterStatus,
    ChapterView,
    ContentType,
    OwnChapter,
    WarningView,
)
from stoa.creation.works.policies import can_see
from stoa.creation.works.queries import STATS_COLUMNS, TEAM_JOIN
from stoa.creation.works.types import StatsView
from stoa.foundation.people.queries import PERSON_COLUMNS, looking_as, not_hidden, viewer_id
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.queries import MEMBERSHIP_COLUMNS
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe
from stoa.kit.markdown import WORDS_PER_MINUTE
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.entitlements.policies import locked_of

OF_CHAPTERS: Final = f"w.kind = '{CHAPTER}'"
MINUTES: Final = f"greatest(1, round(w.word_count / {WORDS_PER_MINUTE}.0))::integer as reading_minutes"
IMAGES: Final = "(select count(*) from chapter_images i where i.chapter_id = w.id)::integer as images_count"
NUMBER: Final = "trim_scale(c.number) as number"  # 1, and not 1.00
STATUS: Final = """
    case when c.archived_at is not null then 'archived'
      when w.state in ('published', 'in_review', 'refused', 'withheld') then w.state
      when c.scheduled_at is not null then 'scheduled' else 'draft' end
"""
WARNED: Final = """
    (
      select coalesce(jsonb_agg(jsonb_build_object('warning', ww.warning, 'details', ww.details)
        order by ww.added_at, ww.warning), '[]')
      from work_warnings ww where ww.work_id = w.id
    ) as warned
"""


class Warned(msgspec.Struct, frozen=True):
    """A warning as it is kept."""

    warning: str
    details: str


class _ChapterRow(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    author_id: UUID
    series_id: UUID
    site_id: UUID
    site_slug: str
    series_slug: str | None
    series_title: str
    content_type: ContentType
    slug: str | None
    number: Decimal
    volume: int | None
    position: int
    title: str
    body_markdown: str
    body_html: str
    author_note_markdown: str
    author_note_html: str
    author_note_position: str
    word_count: int
    reading_minutes: int
    images_count: int
    language: str
    rating: str
    status: ChapterStatus
    state: str
    closed: bool
    revision: int
    version: int
    access: AccessLevel
    opens_at: datetime | None
    tier_id: UUID | None
    preview_paragraphs: int | None
    paywall_message: str
    price_minor: int | None
    price_asset: str | None
    scheduled_at: datetime | None
    timezone: str
    schedule_problem: str | None
    warned: list[Warned]
    meta_title: str
    meta_description: str
    screening_reasons: list[str]
    review_note: str | None
    stats: StatsView
    author: PersonView
    published_at: datetime | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    team_role: str | None
    team_permissions: list[str]


_BY_ID = maybe(
    _ChapterRow,
    f"""
    select w.id, w.author_id, c.series_id, site.id as site_id, site.slug as site_slug, sw.slug as series_slug,
      sw.title as series_title, b.content_type, w.slug, {NUMBER}, c.volume, c.position, w.title, c.body_markdown,
      c.body_html, c.author_note_markdown, c.author_note_html, c.author_note_position, w.word_count, {MINUTES},
      {IMAGES}, w.language, w.rating, {STATUS} as status, w.state, w.closed, w.revision, c.version, w.access,
      w.opens_at, c.tier_id, c.preview_paragraphs, c.paywall_message, w.price_minor, w.price_asset, c.scheduled_at,
      c.timezone, c.schedule_problem, {WARNED}, c.meta_title, c.meta_description, w.screening_reasons, w.review_note,
      {STATS_COLUMNS}, {PERSON_COLUMNS}, w.published_at, c.archived_at, w.created_at, w.updated_at, w.deleted_at,
      {MEMBERSHIP_COLUMNS}
    from works w join chapters c on c.work_id = w.id join works sw on sw.id = c.series_id
    join series b on b.work_id = c.series_id join sites site on site.id = w.site_id
    join users u on u.id = w.author_id join profiles p on p.user_id = u.id {TEAM_JOIN}
    left join work_stats s on s.work_id = w.id
    where w.id = $1 and {OF_CHAPTERS} and c.purged_at is null and {not_hidden("w.author_id", "$3")}
      and (w.deleted_at is null or $4::boolean) and sw.deleted_at is null and site.deleted_at is null
    """,
)
_OWN = many(
    OwnChapter,
    f"""
    select w.id, w.slug, {NUMBER}, c.volume, c.position, w.title, {STATUS} as status, w.revision, c.version, w.access,
      w.opens_at, w.price_minor, w.price_asset, w.word_count, {IMAGES}, coalesce(s.views, 0) as views, c.scheduled_at,
      c.timezone, c.schedule_problem, w.published_at, w.updated_at, w.deleted_at
    from chapters c join works w on w.id = c.work_id left join work_stats s on s.work_id = w.id
    where c.series_id = $1 and c.purged_at is null and (w.deleted_at is not null) = $2
      and ($3::text is null or {STATUS} = $3) and ($4::text is null or w.access = $4)
      and ($5::text is null or strpos(lower(w.title), lower($5)) > 0) and c.position > $6
    order by c.position limit $7
    """,
)


class _CardRow(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    author_id: UUID
    slug: str
    number: Decimal
    volume: int | None
    position: int
    title: str
    state: str
    closed: bool
    access: AccessLevel
    opens_at: datetime | None
    price_minor: int | None
    price_asset: str | None
    word_count: int
    images_count: int
    reading_minutes: int
    published_at: datetime
    team_role: str | None
    team_permissions: list[str]


_PUBLIC: Final = f"""
    select w.id, w.author_id, w.slug, {NUMBER}, c.volume, c.position, w.title, w.state, w.closed, w.access, w.opens_at,
      w.price_minor, w.price_asset, w.word_count, {IMAGES}, {MINUTES}, w.published_at, {MEMBERSHIP_COLUMNS}
    from chapters c join works w on w.id = c.work_id {TEAM_JOIN}
    where c.series_id = $1 and w.state = 'published' and w.deleted_at is null
"""
_FORWARD = many(_CardRow, f"{_PUBLIC} and c.position > $3 order by c.position limit $4")
_BACKWARD = many(_CardRow, f"{_PUBLIC} and c.position < $3 order by c.position desc limit $4")


async def chapter_by_id(ctx: Ctx, chapter_id: UUID, *, also_deleted: bool = False) -> ChapterView | None:
    """A chapter with its source, or None for one that the actor may not know of.

    Whoever may see it as its readers do gets it here, too: `access_chapter` looks at `my_permissions`.
    """
    row = await _BY_ID(ctx.db, chapter_id, viewer_id(ctx), looking_as(ctx), also_deleted)
    if row is None or not can_see(ctx.actor, row):
        return None
    held = permissions_of_actor(ctx, row)
    if row.deleted_at is not None and Permission.READ_DRAFTS not in held:
        return None
    taken: dict[str, Any] = {name: getattr(row, name) for name in _SAME}
    return ChapterView(
        **taken,
        url=chapter_url(row.site_slug, row.series_slug, row.slug),
        warnings=warnings_of(row.warned),
        my_permissions=[one for one in Permission if one in held],
    )


_MADE: Final = {"url", "warnings", "my_permissions"}
_SAME: Final = [name for name in ChapterView.__struct_fields__ if name not in _MADE]


def warnings_of(warned: list[Warned]) -> list[WarningView]:
    """What is warned of, with its name; kinds that are no longer known are left out."""
    known = [(WARNINGS[one.warning], one.details) for one in warned if one.warning in WARNINGS]
    return [WarningView(kind.id, kind.name, kind.severity, details) for kind, details in known]


async def own_chapters(
    ctx: Ctx,
    series_id: UUID,
    *,
    status: ChapterStatus | None = None,
    access: AccessLevel | None = None,
    words: str | None = None,
    deleted: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[OwnChapter]:
    """The chapters of a series in their order, for those who work on it; ask `access_series_place` before.

    `words` are looked for in titles; `deleted`: those that can still be restored (S5), instead.
    """
    scope = f"chapters.own.{series_id}.{status}.{access}.{words}.{deleted}"
    (after,) = decode(cursor, tuple[int], scope=scope) or (0,)
    rows = await _OWN(ctx.db, series_id, deleted, status, access, words or None, after, limit + 1)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.position,))


async def public_chapters(
    ctx: Ctx, series: UUID | SeriesPlace, *, newest_first: bool = False, cursor: str | None = None, limit: int = 50
) -> Page[ChapterCard]:
    """The published chapters of a series in their order, or the last first; ask `access_series…` before."""
    series_id = series if isinstance(series, UUID) else series.id
    scope = f"chapters.public.{series_id}.{newest_first}"
    (start,) = decode(cursor, tuple[int], scope=scope) or (2**31 - 1 if newest_first else 0,)
    find = _BACKWARD if newest_first else _FORWARD
    rows = await find(ctx.db, series_id, viewer_id(ctx), start, limit + 1)
    rows = [row for row in rows if can_see(ctx.actor, row)]  # all of them, or where the series is closed none
    locked = await locked_of(ctx, rows)
    cards = [
        ChapterCard(
            **{name: getattr(row, name) for name in ChapterCard.__struct_fields__ if name != "is_locked"},
            is_locked=row.id in locked,
        )
        for row in rows
    ]
    return keyset(cards, limit, scope=scope, key=lambda card: (card.position,))
