"""Reads of tags."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from stoa.creation.serials.types import SERIES, TagView, WaitingTag
from stoa.creation.works.queries import LISTED
from stoa.foundation.people.queries import person_columns
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe
from stoa.kit.pagination import Page, decode, keyset

_USED: Final = f"""
    (
      select count(*)::integer from series_tags st join works w on w.id = st.series_id
      where st.tag_id = t.id and w.kind = '{SERIES}' and {LISTED}
    )
"""
_TAG: Final = f"""
    select t.id, t.slug, t.name, t.is_approved, {_USED} as usage_count from tags t
"""
_OPEN: Final = "t.is_approved and not t.is_blocked and t.merged_into is null"
_POPULAR = many(
    TagView,
    f"""
    with counted as ({_TAG} where {_OPEN})
    select id, slug, name, is_approved, usage_count from counted
    where (usage_count, id) < ($1, $2::uuid) order by usage_count desc, id desc limit $3
    """,
)
_SEARCH = many(
    TagView,
    f"""
    with counted as (
      {_TAG} where {_OPEN} and (strpos(t.slug, $1) > 0 or strpos(lower(t.name), $2) > 0) limit 500
    )
    select id, slug, name, is_approved, usage_count from counted
    order by not (starts_with(slug, $1) or starts_with(lower(name), $2)), usage_count desc, name limit $3
    """,
)
# One that became another answers with that one.
_BY_SLUG = maybe(
    TagView,
    f"""
    {_TAG} where t.id = (select coalesce(merged_into, id) from tags where slug = $1)
      and not t.is_blocked and (t.is_approved or $2::boolean)
    """,
)
_BY_ID = maybe(TagView, f"{_TAG} where t.id = $1 and t.merged_into is null")
_WAITING = many(
    WaitingTag,
    f"""
    select t.id, t.slug, t.name, t.is_approved, t.is_blocked,
      (select count(*)::integer from series_tags st where st.tag_id = t.id) as series_count,
      {person_columns("created_by")}, t.created_at
    from tags t left join users u on u.id = t.created_by left join profiles p on p.user_id = u.id
    where t.merged_into is null and case $1 when 'waiting' then not t.is_approved and not t.is_blocked
        when 'blocked' then t.is_blocked else t.is_approved and not t.is_blocked end
      and ($2 = '' or strpos(lower(t.name), $2) > 0)
      and (t.created_at, t.id) > ($3, $4::uuid)
    order by t.created_at, t.id limit $5
    """,
)


async def popular_tags(ctx: Ctx, *, cursor: str | None = None, limit: int = 50) -> Page[TagView]:
    """Approved tags, those of the most series first."""
    seek = decode(cursor, tuple[int, UUID], scope="tags.popular") or (2**31 - 1, UUID(int=2**128 - 1))
    rows = await _POPULAR(ctx.db, *seek, limit + 1)
    return keyset(rows, limit, scope="tags.popular", key=lambda row: (row.usage_count, row.id))


async def search_tags(ctx: Ctx, text: str, *, slug: str, limit: int = 10) -> list[TagView]:
    """Approved tags that hold the text, or have its address in theirs; those that begin with it first."""
    lowered = " ".join(text.lower().split())
    return await _SEARCH(ctx.db, slug or lowered, lowered, limit) if lowered else []


async def tag_by_slug(ctx: Ctx, slug: str) -> TagView | None:
    """A tag by an address; where `slug` of the answer differs, it was merged into that one. Waiting ones for staff."""
    return await _BY_SLUG(ctx.db, slug, ctx.actor is not None and ctx.actor.is_staff)


async def tag_by_id(ctx: Ctx, tag_id: UUID) -> TagView | None:
    """A tag in any state that was not merged away, or None."""
    return await _BY_ID(ctx.db, tag_id)


async def tags_by_state(
    ctx: Ctx, state: str = "waiting", *, words: str = "", cursor: str | None = None, limit: int = 50
) -> Page[WaitingTag]:
    """For moderators: tags that are 'waiting', 'approved' or 'blocked', the oldest first."""
    lowered = words.strip().lower()
    scope = f"tags.{state}.{lowered}"
    seek = decode(cursor, tuple[datetime, UUID], scope=scope) or (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))
    rows = await _WAITING(ctx.db, state, lowered, *seek, limit + 1)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.created_at, row.id))
