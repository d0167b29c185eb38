"""A site as its visitors have it, and with all its settings for those who work on it."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.sites.types import (
    MAX_NAV,
    DomainState,
    Moderation,
    NavItem,
    PublicSite,
    SiteDetail,
    SiteState,
)
from stoa.creation.sites.types.looks import Choice, layout_of, style_of, theme_of
from stoa.foundation.media.queries import cover_columns
from stoa.foundation.media.types import Cover
from stoa.foundation.people.queries import looking_as, not_hidden, viewer_id
from stoa.foundation.people.queries.columns import SHOWN, person_columns
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.queries import MEMBERSHIP_COLUMNS
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, one
from stoa.kit.errors import NotFound


class _Entry(msgspec.Struct, frozen=True):
    label: str
    slug: str


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    owner: PersonView
    slug: str
    title: str
    is_default: bool
    is_open: bool
    tagline: str
    description: str
    language: str
    logo: Cover | None
    favicon: Cover | None
    cover: Cover | None
    og_image: Cover | None
    theme: str
    primary_color: str | None
    secondary_color: str | None
    accent_color: str | None
    heading_font: str | None
    body_font: str | None
    layout: dict[str, str]
    custom_css: str
    custom_css_safe: str
    custom_css_enabled: bool
    is_public: bool
    maintenance: bool
    maintenance_message: str
    suspended_at: datetime | None
    suspension_reason: str | None
    meta_title: str
    meta_description: str
    canonical_url: str | None
    social_links: dict[str, str]
    google_analytics_id: str | None
    facebook_pixel_id: str | None
    plausible_domain: str | None
    analytics_enabled: bool
    search_engines: bool
    ai_crawlers: bool
    default_rating: str
    comments_enabled: bool
    comments_moderation: str
    domain: str | None
    domain_state: str | None
    last_published_at: datetime | None
    revision: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class _PublicRow(_Row, frozen=True, kw_only=True):
    nav: list[_Entry]
    team_role: str | None
    team_permissions: list[str]


class _DetailRow(_Row, frozen=True, kw_only=True):
    series_count: int
    pages_count: int


class DeletedSite(msgspec.Struct, frozen=True):
    """A site in the trash, until it is gone for good (S5)."""

    id: UUID
    slug: str
    title: str
    deleted_at: datetime


class _ThemeUse(msgspec.Struct, frozen=True):
    theme: str
    sites_count: int


_PLACES: Final = (("logo", "lm"), ("favicon", "fm"), ("cover", "cm"), ("og", "om"))
_COLUMNS: Final = f"""
    s.id, {person_columns("owner")}, s.slug, s.title, s.is_default, s.is_open, t.tagline, t.description, t.language,
    {", ".join(cover_columns(alias, "og_image" if place == "og" else place) for place, alias in _PLACES)},
    t.theme, t.primary_color, t.secondary_color, t.accent_color, t.heading_font, t.body_font, t.layout, t.custom_css,
    t.custom_css_safe, t.custom_css_enabled, t.is_public, t.maintenance, t.maintenance_message, t.suspended_at,
    t.suspension_reason, t.meta_title, t.meta_description, t.canonical_url, t.social_links, t.google_analytics_id,
    t.facebook_pixel_id, t.plausible_domain, t.analytics_enabled, t.search_engines, t.ai_crawlers, t.default_rating,
    t.comments_enabled, t.comments_moderation, d.domain, d.state as domain_state, t.last_published_at, t.revision,
    s.created_at, t.updated_at, s.deleted_at
"""
_JOINS: Final = f"""
    sites s join site_settings t on t.site_id = s.id
    join users u on u.id = s.owner_id join profiles p on p.user_id = u.id
    left join site_domains d on d.site_id = s.id
    {
    " ".join(
        f"left join media {alias} on {alias}.id = t.{place}_media_id and {alias}.state = 'ready'"
        for place, alias in _PLACES
    )
}
"""
_NAV: Final = f"""
    coalesce((
      select jsonb_agg(jsonb_build_object('label', n.label, 'slug', n.slug) order by n.nav_order, n.id)
      from (
        select w.id, w.slug, coalesce(nullif(g.nav_label, ''), w.title) as label, g.nav_order
        from works w join site_pages g on g.work_id = w.id
        where w.site_id = s.id and w.kind = 'page' and w.state = 'published' and w.deleted_at is null and g.show_in_nav
        order by g.nav_order, w.id limit {MAX_NAV}
      ) n
    ), '[]') as nav
"""
_PUBLIC: Final = f"""
    select {_COLUMNS}, {_NAV}, {MEMBERSHIP_COLUMNS} from {_JOINS}
    left join collaborators member on member.site_id = s.id and member.user_id = $3 and member.state = 'active'
    where s.deleted_at is null and {SHOWN} and {not_hidden("s.owner_id", "$2")}
"""
_BY_ID = maybe(_PublicRow, f"{_PUBLIC} and s.id = $1")
_BY_SLUG = maybe(_PublicRow, f"{_PUBLIC} and s.id = (select site_id from site_slugs where slug = $1)")
_BY_DOMAIN = maybe(
    _PublicRow,
    f"{_PUBLIC} and s.id = (select site_id from site_domains where domain = $1 and state = 'verified')",
)
_DETAIL = one(
    _DetailRow,
    f"""
    select {_COLUMNS},
      (select count(*) from works w where w.site_id = s.id and w.kind = 'series' and w.deleted_at is null)
        as series_count,
      (select count(*) from works w where w.site_id = s.id and w.kind = 'page' and w.deleted_at is null) as pages_count
    from {_JOINS} where s.id = $1
    """,
)
_DELETED = many(
    DeletedSite,
    """
    select id, slug, title, deleted_at from sites where owner_id = $1 and deleted_at is not null and purged_at is null
    order by deleted_at desc, id limit 100
    """,
)
_THEME_USES = many(
    _ThemeUse,
    """
    select t.theme, count(*) as sites_count from site_settings t join sites s on s.id = t.site_id
    where s.is_open group by t.theme
    """,
)


async def public_site(ctx: Ctx, slug: str) -> PublicSite:
    """A site by an address it has or once had: where `slug` of the answer differs, redirect to it (S6).

    It may be private or closed: see its `state`. Raises NotFound.
    """
    return _public(ctx, await _BY_SLUG(ctx.db, slug, looking_as(ctx), viewer_id(ctx)))


async def public_site_by_domain(ctx: Ctx, domain: str) -> PublicSite:
    """A site by its own domain, once that was proved. Raises NotFound."""
    return _public(ctx, await _BY_DOMAIN(ctx.db, domain.lower().rstrip("."), looking_as(ctx), viewer_id(ctx)))


async def public_site_by_id(ctx: Ctx, site_id: UUID) -> PublicSite:
    """A site by its id. Raises NotFound."""
    return _public(ctx, await _BY_ID(ctx.db, site_id, looking_as(ctx), viewer_id(ctx)))


async def site_detail(ctx: Ctx, access: SiteAccess) -> SiteDetail:
    """All of a site's settings, for those who work on it."""
    row = await _DETAIL(ctx.db, access.id)
    names = set(SiteDetail.__struct_fields__) & set(_DetailRow.__struct_fields__)
    plain = {name: getattr(row, name) for name in names}
    return SiteDetail(
        **plain
        | {
            "role": access.role,
            "my_permissions": [one for one in Permission if access.may(one)],
            "url": f"/s/{row.slug}",
            "state": _state(row),
            "layout": layout_of(choice_of(row)),
            "layout_chosen": row.layout,
            "comments_moderation": Moderation(row.comments_moderation),
            "domain_state": DomainState(row.domain_state) if row.domain_state else None,
        }
    )


async def deleted_sites(ctx: Ctx) -> list[DeletedSite]:
    """The actor's own sites in the trash, the last deleted first."""
    return await _DELETED(ctx.db, ctx.member.id)


async def theme_uses(ctx: Ctx) -> dict[str, int]:
    """How many sites have each theme."""
    return {row.theme: row.sites_count for row in await _THEME_USES(ctx.db)}


def choice_of(row: _Row | SiteDetail) -> Choice:
    """What a site chose of its look."""
    return Choice(
        theme=row.theme,
        primary_color=row.primary_color,
        secondary_color=row.secondary_color,
        accent_color=row.accent_color,
        heading_font=row.heading_font,
        body_font=row.body_font,
        layout=row.layout_chosen if isinstance(row, SiteDetail) else row.layout,
    )


def _state(row: _Row) -> SiteState:
    if row.deleted_at is not None:
        return SiteState.DELETED
    if row.suspended_at is not None:
        return SiteState.SUSPENDED
    if not row.is_public:
        return SiteState.PRIVATE
    return SiteState.MAINTENANCE if row.maintenance else SiteState.OPEN


def _public(ctx: Ctx, row: _PublicRow | None) -> PublicSite:
    if row is None:
        raise NotFound("There is no such site")
    state, choice = _state(row), choice_of(row)
    insider = ctx.actor is not None and (
        ctx.actor.id == row.owner.id or ctx.actor.is_staff or row.team_role is not None
    )
    shown = insider or state is SiteState.OPEN
    counted = shown and row.analytics_enabled
    return PublicSite(
        id=row.id,
        slug=row.slug,
        title=row.title,
        owner=row.owner,
        tagline=row.tagline if shown else "",
        description=row.description if shown else "",
        language=row.language,
        logo=row.logo,
        favicon=row.favicon,
        cover=row.cover if shown else None,
        og_image=row.og_image if shown else None,
        theme=theme_of(row.theme),
        layout=layout_of(choice),
        style=style_of(choice, dark=False),
        style_dark=style_of(choice, dark=True),
        custom_css=row.custom_css_safe if row.custom_css_enabled else "",
        nav=[NavItem(e.label, e.slug, f"/s/{row.slug}/{e.slug}") for e in row.nav] if shown else [],
        social_links=row.social_links if shown else {},
        meta_title=row.meta_title if shown else "",
        meta_description=row.meta_description if shown else "",
        canonical_url=row.canonical_url if shown else None,
        state=state,
        is_insider=insider,
        maintenance_message=row.maintenance_message,
        search_engines=row.search_engines and state is SiteState.OPEN,
        ai_crawlers=row.ai_crawlers and state is SiteState.OPEN,
        default_rating=row.default_rating,
        comments_enabled=row.comments_enabled,
        google_analytics_id=row.google_analytics_id if counted else None,
        facebook_pixel_id=row.facebook_pixel_id if counted else None,
        plausible_domain=row.plausible_domain if counted else None,
        domain=row.domain if row.domain_state == DomainState.VERIFIED else None,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_published_at=row.last_published_at,
    )
