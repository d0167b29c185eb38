"""Reads of posts. Nothing here hands out a text that the actor may not have."""

from datetime import UTC, datetime
from html import escape
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.posts.types import KIND, OwnPost, PostView
from stoa.creation.works import queries as works
from stoa.creation.works.policies import can_see, permissions_on
from stoa.creation.works.queries import CARD_JOINS, STATS_COLUMNS, TEAM_JOIN
from stoa.creation.works.types import Sort, StatsView, WorkCard
from stoa.foundation.media.queries import cover_columns
from stoa.foundation.media.types import Cover
from stoa.foundation.people.queries import PERSON_COLUMNS, looking_as, not_hidden, viewer_id
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.queries import MEMBERSHIP_COLUMNS
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, value
from stoa.kit.errors import NotFound
from stoa.kit.markdown import WORDS_PER_MINUTE
from stoa.kit.pagination import Numbered, Page, bounded, decode, keyset
from stoa.money.entitlements.policies import may_read
from stoa.money.entitlements.types import Granted


class _PostRow(msgspec.Struct, frozen=True):
    id: UUID
    author_id: UUID
    slug: str | None
    title: str
    excerpt: str
    body_html: str
    body_markdown: str
    category: str | None
    language: str
    rating: str
    images: list[str]
    cover: Cover | None
    cover_chosen: bool
    author: PersonView
    stats: StatsView
    state: str
    revision: int
    access: str
    opens_at: datetime | None
    closed: bool
    price_minor: int | None
    price_asset: str | None
    my_reaction: str | None
    word_count: int
    reading_minutes: int
    screening_reasons: list[str]
    review_note: str | None
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    team_role: str | None
    team_permissions: list[str]


_MINUTES: Final = f"greatest(1, round(w.word_count / {WORDS_PER_MINUTE}.0))::integer as reading_minutes"
_POST: Final = f"""
    select w.id, w.author_id, w.slug, w.title, w.excerpt, b.body_html, b.body_markdown, w.category, w.language,
      w.rating, w.images, {cover_columns("m", "cover")}, b.cover_chosen, {PERSON_COLUMNS}, {STATS_COLUMNS}, w.state,
      w.revision, w.access, w.opens_at, w.closed, w.price_minor, w.price_asset, r.kind as my_reaction, w.word_count,
      {_MINUTES}, w.screening_reasons, w.review_note, w.published_at, w.created_at, w.updated_at, {MEMBERSHIP_COLUMNS}
    from works w join posts b on b.work_id = w.id {CARD_JOINS} {TEAM_JOIN}
    left join work_stats s on s.work_id = w.id
    left join reactions r on r.work_id = w.id and r.user_id = $2
    where w.deleted_at is null and {not_hidden("w.author_id", "$3")}
"""
_BY_ID = maybe(_PostRow, f"{_POST} and w.id = $1")
_BY_SLUG = maybe(
    _PostRow,
    f"""
    {_POST} and w.id = (
      select work_id from work_slugs where kind = '{KIND}' and slug = $1 and site_id is null and parent_id is null
    )
    """,
)
_OWN = many(
    OwnPost,
    f"""
    select w.id, w.slug, w.title, w.excerpt, w.category, w.state, w.revision, w.word_count, {_MINUTES},
      {cover_columns("m", "cover")}, {STATS_COLUMNS}, w.screening_reasons, w.review_note, w.published_at,
      w.created_at, w.updated_at
    from works w left join work_stats s on s.work_id = w.id
    left join media m on m.id = w.cover_media_id and m.state = 'ready'
    where w.author_id = $1 and w.kind = '{KIND}' and w.deleted_at is null and w.state = any($2::text[])
      and (w.updated_at, w.id) < ($3, $4::uuid)
      and ($6::uuid is null or case when w.site_id is null then $7::boolean else w.site_id = $6 end)
    order by w.updated_at desc, w.id desc limit $5
    """,
)
_STATES: Final = ("draft", "in_review", "published", "unpublished", "refused")


_SOURCE = value(str | None, "select body_markdown from posts where work_id = $1")


async def post_by_id(ctx: Ctx, post_id: UUID) -> PostView | None:
    """A post as the actor may have it; None for one they may not know of."""
    return await _view(ctx, await _BY_ID(ctx.db, post_id, viewer_id(ctx), looking_as(ctx)))


async def post_by_slug(ctx: Ctx, slug: str) -> PostView | None:
    """The same by an address the post has or once had: where `slug` of the answer differs, redirect to it (S6)."""
    return await _view(ctx, await _BY_SLUG(ctx.db, slug, viewer_id(ctx), looking_as(ctx)))


async def source(ctx: Ctx, post: PostView) -> str:
    """The text as its author wrote it, for whoever may read it; the excerpt of a post that is locked for the actor."""
    if post.is_locked:
        return post.excerpt
    text = await _SOURCE(ctx.db, post.id)
    if text is None:
        raise NotFound("There is no such post")
    return text


async def posts_page(
    ctx: Ctx, *, sort: Sort = Sort.RECENT, category: str | None = None, page: int = 1, limit: int = 10
) -> Numbered[WorkCard]:
    """Published posts by page number (P2). Raises Invalid for a page or limit out of bounds."""
    page, limit = bounded(page, limit)
    return await works.feed_page(ctx, sort=sort, kinds=(KIND,), category=category, page=page, limit=limit)


async def own_posts(ctx: Ctx, *, state: str | None = None, cursor: str | None = None, limit: int = 20) -> Page[OwnPost]:
    """The actor's posts, in all states or in one, the last changed first."""
    scope = f"posts.own.{state}"
    start = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
    seek = decode(cursor, tuple[datetime, UUID], scope=scope) or start
    rows = await _OWN(ctx.db, ctx.member.id, [state] if state else list(_STATES), *seek, limit + 1, None, True)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.updated_at, row.id))


async def site_posts(
    ctx: Ctx, access: SiteAccess, *, state: str | None = None, cursor: str | None = None, limit: int = 20
) -> Page[OwnPost]:
    """What the owner of a site has there, for those who work on it: drafts for who may read them, else what is out."""
    wanted = [state] if state else list(_STATES)
    if not access.may(Permission.READ_DRAFTS):
        wanted = [one for one in wanted if one == "published"]
    scope = f"posts.site.{access.id}.{state}"
    start = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
    seek = decode(cursor, tuple[datetime, UUID], scope=scope) or start
    rows = await _OWN(ctx.db, access.owner_id, wanted, *seek, limit + 1, access.id, access.is_default)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.updated_at, row.id))


async def _view(ctx: Ctx, row: _PostRow | None) -> PostView | None:
    if row is None or not can_see(ctx.actor, row):
        return None
    answer = await may_read(ctx, row)
    granted = isinstance(answer, Granted)
    held = permissions_on(ctx.actor, row) if ctx.actor else frozenset()
    insider = isinstance(answer, Granted) and answer.why != "free"
    return PostView(
        id=row.id,
        slug=row.slug,
        title=row.title,
        excerpt=row.excerpt,
        body_html=row.body_html if granted else f"<p>{escape(row.excerpt)}</p>",
        body_markdown=row.body_markdown if insider else None,
        category=row.category,
        language=row.language,
        rating=row.rating,
        images=row.images if granted else [],
        cover=row.cover,
        cover_chosen=row.cover_chosen,
        author=row.author,
        stats=row.stats,
        state=row.state,
        revision=row.revision,
        access=row.access,
        is_mine=ctx.actor is not None and ctx.actor.id == row.author_id,
        my_permissions=[one for one in Permission if one in held],
        is_locked=not granted,
        offers=[] if isinstance(answer, Granted) else answer.offers,
        my_reaction=row.my_reaction,
        word_count=row.word_count,
        reading_minutes=row.reading_minutes,
        screening_reasons=row.screening_reasons if insider else None,
        review_note=row.review_note if insider else None,
        published_at=row.published_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
