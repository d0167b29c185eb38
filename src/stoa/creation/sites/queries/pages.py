"""Pages of sites."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.sites.types import KIND, PageRow, SitePage
from stoa.creation.works.policies import can_see
from stoa.creation.works.queries import TEAM_JOIN
from stoa.foundation.people.queries import looking_as, not_hidden, viewer_id
from stoa.foundation.team.queries import MEMBERSHIP_COLUMNS
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe
from stoa.kit.errors import NotFound
from stoa.money.entitlements.policies import may_read
from stoa.money.entitlements.types import Granted


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    author_id: UUID
    site_id: UUID
    site_slug: str
    slug: str | None
    title: str
    body_markdown: str
    body_html: str
    excerpt: str
    language: str
    state: str
    revision: int
    access: str
    opens_at: datetime | None
    closed: bool
    price_minor: int | None
    price_asset: str | None
    show_in_nav: bool
    nav_order: int
    nav_label: str
    meta_title: str
    meta_description: str
    word_count: int
    screening_reasons: list[str]
    review_note: str | None
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    team_role: str | None
    team_permissions: list[str]


class _ListRow(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    slug: str | None
    title: str
    excerpt: str
    state: str
    revision: int
    show_in_nav: bool
    nav_order: int
    nav_label: str
    word_count: int
    published_at: datetime | None
    updated_at: datetime


_PAGE: Final = f"""
    select w.id, w.author_id, s.id as site_id, s.slug as site_slug, w.slug, w.title, g.body_markdown, g.body_html,
      w.excerpt, w.language, w.state, w.revision, w.access, w.opens_at, w.closed, w.price_minor, w.price_asset,
      g.show_in_nav, g.nav_order, g.nav_label, g.meta_title, g.meta_description, w.word_count, w.screening_reasons,
      w.review_note, w.published_at, w.created_at, w.updated_at, {MEMBERSHIP_COLUMNS}
    from works w join site_pages g on g.work_id = w.id
    join sites s on s.id = w.site_id and s.deleted_at is null {TEAM_JOIN}
    where w.deleted_at is null and {not_hidden("w.author_id", "$3")}
"""
_BY_ID = maybe(_Row, f"{_PAGE} and w.id = $1")
_BY_SLUG = maybe(
    _Row,
    f"""
    {_PAGE} and w.id = (
      select work_id from work_slugs where kind = '{KIND}' and site_id = $4 and parent_id is null and slug = $1
    )
    """,
)
_LIST = many(
    _ListRow,
    f"""
    select w.id, w.slug, w.title, w.excerpt, w.state, w.revision, g.show_in_nav, g.nav_order, g.nav_label,
      w.word_count, w.published_at, w.updated_at
    from works w join site_pages g on g.work_id = w.id
    where w.site_id = $1 and w.kind = '{KIND}' and w.deleted_at is null and ($2 or w.state = 'published')
    order by g.nav_order, w.id
    """,
)


async def site_pages(ctx: Ctx, access: SiteAccess) -> list[PageRow]:
    """The pages of a site (at most MAX_PAGES) in the order of its navigation; drafts for who may read them."""
    rows = await _LIST(ctx.db, access.id, access.may(Permission.READ_DRAFTS))
    return [
        PageRow(
            **{name: getattr(row, name) for name in row.__struct_fields__} | _address(access.slug, row.id, row.slug)
        )
        for row in rows
    ]


async def site_page(ctx: Ctx, page_id: UUID) -> SitePage | None:
    """A page as the actor may have it; None for one they may not know of."""
    return await _view(ctx, await _BY_ID(ctx.db, page_id, viewer_id(ctx), looking_as(ctx)))


async def public_page_by_slug(ctx: Ctx, site_id: UUID, slug: str) -> SitePage | None:
    """A page by an address it has or once had: where `slug` of the answer differs, redirect to it (S6)."""
    return await _view(ctx, await _BY_SLUG(ctx.db, slug, viewer_id(ctx), looking_as(ctx), site_id))


async def public_page(ctx: Ctx, site_id: UUID, slug: str) -> SitePage:
    """The same; raises NotFound where there is none."""
    found = await public_page_by_slug(ctx, site_id, slug)
    if found is None:
        raise NotFound("There is no such page")
    return found


def _address(site_slug: str, page_id: UUID, slug: str | None) -> dict[str, str]:
    named = slug or str(page_id)  # every page has one; it is claimed when it is made
    return {"slug": named, "url": f"/s/{site_slug}/{named}"}


async def _view(ctx: Ctx, row: _Row | None) -> SitePage | None:
    if row is None or not can_see(ctx.actor, row):
        return None
    answer = await may_read(ctx, row)
    if not isinstance(answer, Granted):
        return None
    insider = answer.why != "free"
    names = set(SitePage.__struct_fields__) & set(_Row.__struct_fields__)
    hidden = {} if insider else {"body_markdown": None, "screening_reasons": None, "review_note": None}
    plain = {name: getattr(row, name) for name in names}
    return SitePage(**plain | hidden | _address(row.site_slug, row.id, row.slug))
