"""Chapters as readers have them. What is hidden from the actor is never put into an answer (S1)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from stoa.creation.serials.queries.chapters import IMAGES, MINUTES, NUMBER, OF_CHAPTERS, WARNED, Warned, warnings_of
from stoa.creation.serials.queries.places import chapter_url, permissions_of_actor
from stoa.creation.serials.types import CHAPTER, AccessLevel, ContentType, Direction, Neighbour, ReadView
from stoa.creation.works.policies import can_see
from stoa.creation.works.queries import STATS_COLUMNS, TEAM_JOIN
from stoa.creation.works.types import State, StatsView
from stoa.foundation.people.queries import PERSON_COLUMNS, looking_as, not_hidden, viewer_id
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.queries import MEMBERSHIP_COLUMNS
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe
from stoa.money.entitlements.policies import is_open, locked_of, may_read, offers
from stoa.money.entitlements.types import Answer, Granted, Refused

As = Literal["anonymous", "follower", "member"]


class _Beside(msgspec.Struct, frozen=True):
    """A chapter before or after, as far as the door has to know it."""

    id: UUID
    author_id: UUID
    slug: str
    number: Decimal
    title: str
    state: str
    closed: bool
    access: str
    opens_at: datetime | None
    price_minor: int | None
    price_asset: str | None
    team_role: str | None
    team_permissions: list[str]


class _ReadRow(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    author_id: UUID
    series_id: UUID
    site_id: UUID
    site_slug: str
    site_title: str
    series_slug: str | None
    series_title: str
    content_type: ContentType
    reading_direction: Direction
    early_access_days: int
    slug: str | None
    number: Decimal
    volume: int | None
    title: str
    body_html: str
    preview_html: str
    author_note_html: str
    author_note_position: str
    excerpt: str
    word_count: int
    reading_minutes: int
    images_count: int
    language: str
    rating: str
    author: PersonView
    access: AccessLevel
    opens_at: datetime | None
    closed: bool
    price_minor: int | None
    price_asset: str | None
    paywall_message: str
    warned: list[Warned]
    meta_title: str
    meta_description: str
    stats: StatsView
    my_reaction: str | None
    state: str
    previous: _Beside | None
    next: _Beside | None
    published_at: datetime | None
    updated_at: datetime
    team_role: str | None
    team_permissions: list[str]


def _beside(name: str, compares: str, order: str) -> str:
    return f"""
        left join lateral (
          select nw.id, nw.author_id, coalesce(nw.slug, '') as slug, trim_scale(nc.number) as number, nw.title,
            nw.state, nw.closed, nw.access, nw.opens_at, nw.price_minor, nw.price_asset
          from chapters nc join works nw on nw.id = nc.work_id
          where nc.series_id = c.series_id and nc.position {compares} c.position and nw.state = 'published'
            and nw.deleted_at is null
          order by nc.position {order} limit 1
        ) {name} on true
    """


def _beside_columns(alias: str, field: str) -> str:
    names = ("id", "author_id", "slug", "number", "title", "state", "closed", "access", "opens_at", "price_minor")
    plain = ", ".join(f'{alias}.{name} as "{field}.{name}"' for name in (*names, "price_asset"))
    return f"""{plain}, member.role as "{field}.team_role",
        coalesce(member.permissions, '{{}}') as "{field}.team_permissions" """


_READ: Final = f"""
    select w.id, w.author_id, c.series_id, site.id as site_id, site.slug as site_slug, site.title as site_title,
      sw.slug as series_slug, sw.title as series_title, b.content_type, b.reading_direction,
      b.early_access_days, w.slug, {NUMBER}, c.volume, w.title, c.body_html, c.preview_html, c.author_note_html,
      c.author_note_position, w.excerpt, w.word_count, {MINUTES}, {IMAGES}, w.language, w.rating, {PERSON_COLUMNS},
      w.access, w.opens_at, w.closed,
      w.price_minor, w.price_asset, coalesce(nullif(c.paywall_message, ''), b.paywall_message) as paywall_message,
      {WARNED}, c.meta_title, c.meta_description, {STATS_COLUMNS}, r.kind as my_reaction, w.state,
      {_beside_columns("before", "previous")}, {_beside_columns("after", "next")}, w.published_at, w.updated_at,
      {MEMBERSHIP_COLUMNS}
    from works w join chapters c on c.work_id = w.id join works sw on sw.id = c.series_id
    join series b on b.work_id = c.series_id join sites site on site.id = w.site_id
    join users u on u.id = w.author_id join profiles p on p.user_id = u.id {TEAM_JOIN}
    left join work_stats s on s.work_id = w.id
    left join reactions r on r.work_id = w.id and r.user_id = $2
    {_beside("before", "<", "desc")} {_beside("after", ">", "asc")}
    where {OF_CHAPTERS} and w.deleted_at is null and sw.deleted_at is null and site.deleted_at is null
      and {not_hidden("w.author_id", "$3")}
"""
_BY_ID = maybe(_ReadRow, f"{_READ} and w.id = $1")
_BY_SLUG = maybe(
    _ReadRow,
    f"""
    {_READ} and w.id = (
      select k.work_id from work_slugs k join works kw on kw.id = k.parent_id
      where k.kind = '{CHAPTER}' and k.site_id = kw.site_id and k.parent_id = $1 and k.slug = $4
    )
    """,
)
_BY_NUMBER = maybe(
    _ReadRow,
    f"""
    {_READ} and c.series_id = $1 and c.number = $4 and c.holds_number
    order by w.state = 'published' desc, c.volume nulls first limit 1
    """,
)


async def chapter_to_read(ctx: Ctx, chapter_id: UUID) -> ReadView | None:
    """A chapter as the actor may have it; None for one they may not know of."""
    return await _view(ctx, await _BY_ID(ctx.db, chapter_id, viewer_id(ctx), looking_as(ctx)))


async def chapter_by_slug(ctx: Ctx, series_id: UUID, slug: str) -> ReadView | None:
    """The same by an address the chapter has or had in this series: where `url` differs, redirect to it (S6)."""
    return await _view(ctx, await _BY_SLUG(ctx.db, series_id, viewer_id(ctx), looking_as(ctx), slug))


async def chapter_by_number(ctx: Ctx, series_id: UUID, number: Decimal) -> ReadView | None:
    """The same by its number; of several volumes the first one's."""
    return await _view(ctx, await _BY_NUMBER(ctx.db, series_id, viewer_id(ctx), looking_as(ctx), number))


async def chapter_seen_by(ctx: Ctx, chapter_id: UUID, who: As) -> ReadView | None:
    """A chapter as somebody else would have it if it were out now; for those who read its drafts."""
    row = await _BY_ID(ctx.db, chapter_id, viewer_id(ctx), looking_as(ctx))
    if row is None or Permission.READ_DRAFTS not in permissions_of_actor(ctx, row):
        return None
    answer: Answer = Granted("free") if is_open(row.access, row.opens_at, ctx.now) else Refused(offers(row))
    if who == "member" and isinstance(answer, Refused) and _opens_to_members(ctx, row):
        answer = Granted("free")
    return _made(ctx, row, answer, locked=set())


def _opens_to_members(ctx: Ctx, row: _ReadRow) -> bool:
    """S2: what is for members, and what opens to all soon enough."""
    early = timedelta(days=row.early_access_days)
    return row.access != "scheduled" or (row.opens_at is not None and row.opens_at - early <= ctx.now)


async def _view(ctx: Ctx, row: _ReadRow | None) -> ReadView | None:
    if row is None or not can_see(ctx.actor, row):
        return None
    beside = [one for one in (row.previous, row.next) if one is not None]
    return _made(ctx, row, await may_read(ctx, row), locked=await locked_of(ctx, beside))


def _made(ctx: Ctx, row: _ReadRow, answer: Answer, *, locked: set[UUID]) -> ReadView:
    granted = isinstance(answer, Granted)
    held = permissions_of_actor(ctx, row)
    taken: dict[str, Any] = {name: getattr(row, name) for name in _SAME}
    return ReadView(
        **taken,
        series_slug=row.series_slug or "",
        slug=row.slug or "",
        url=chapter_url(row.site_slug, row.series_slug, row.slug) or f"/dashboard/chapters/{row.id}/preview",
        body_html=row.body_html if granted else row.preview_html,
        author_note_html=row.author_note_html if granted or row.author_note_position == "start" else "",
        is_locked=not granted,
        why=answer.why if isinstance(answer, Granted) else None,
        offers=[] if isinstance(answer, Granted) else answer.offers,
        warnings=warnings_of(row.warned),
        my_permissions=[one for one in Permission if one in held],
        previous=_neighbour(row.previous, row, locked),
        next=_neighbour(row.next, row, locked),
    )


def _neighbour(one: _Beside | None, row: _ReadRow, locked: set[UUID]) -> Neighbour | None:
    if one is None or (row.state == State.PUBLISHED and not row.closed and one.closed):
        return None
    return Neighbour(one.id, one.slug, one.number, one.title, one.id in locked)


_OWN: Final = {
    *("series_slug", "slug", "url", "body_html", "author_note_html", "is_locked", "why", "offers", "warnings"),
    *("my_permissions", "previous", "next"),
}
_SAME: Final = [name for name in ReadView.__struct_fields__ if name not in _OWN]
