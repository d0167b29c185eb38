"""One's own account, and somebody's public profile with all that they are."""

from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.identity.types import RENAME_EVERY
from stoa.foundation.people.queries.blocks import looking_as, not_hidden, viewer_id
from stoa.foundation.people.queries.columns import AVATAR_URL, NAMED, SHOWN, person_columns
from stoa.foundation.people.types import (
    AccountView,
    AuthorCard,
    AuthorProfile,
    AuthorView,
    BrandProfile,
    BrandView,
    MeView,
    Preferences,
    PublicProfile,
    SiteView,
)
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, value
from stoa.kit.errors import NotFound


def _columns(row: type[msgspec.Struct], alias: str, field: str = "", **other: str) -> str:
    """The columns of a Struct from a table under `alias`, nested under `field`; `other`: those that are made up."""
    prefix = f"{field}." if field else ""
    return ", ".join(f'{other.get(n, f"{alias}.{n}")} as "{prefix}{n}"' for n in row.__struct_fields__)


_SHOWN_EMAIL: Final = "case when a.show_email then u.email end"
_JOINS: Final = "left join author_profiles a on a.user_id = u.id left join brand_profiles b on b.user_id = u.id"
_AUTHOR: Final = _columns(AuthorCard, "a", "author", email=_SHOWN_EMAIL)
_ME = maybe(
    MeView,
    f"""
    select u.id, u.username, p.display_name, {AVATAR_URL} as avatar_url, u.is_verified, p.locale, p.timezone,
      p.preferences
    from users u join profiles p on p.user_id = u.id where u.id = $1
    """,
)
_ACCOUNT = maybe(
    AccountView,
    f"""
    select u.id, u.username, p.display_name, u.email, u.phone, u.roles, u.status, u.is_verified,
      {AVATAR_URL} as avatar_url, p.bio, p.locale, p.timezone, p.preferences, p.followers_count, p.following_count,
      coalesce(t.plan, 'free') as platform_tier, a.user_id is not null as has_author_profile,
      b.user_id is not null as has_brand_profile, n.rename_at, u.created_at, p.updated_at
    from users u join profiles p on p.user_id = u.id {_JOINS}
    left join account_plans t on t.user_id = u.id and (t.expires_at is null or t.expires_at > $2)
    left join lateral (
      select max(taken_at) + $3::interval as rename_at from usernames
      where user_id = u.id having count(*) > 1 and max(taken_at) + $3 > $2
    ) n on true
    where u.id = $1
    """,
)
_PUBLIC = maybe(
    PublicProfile,
    f"""
    select u.id, u.username, p.display_name, {AVATAR_URL} as avatar_url, u.is_verified, p.bio,
      p.followers_count, p.following_count, u.created_at as joined_at,
      exists (select from follows f where f.follower_id = $2 and f.following_id = u.id) as is_followed,
      (u.status = 'suspended') as is_suspended,
      coalesce((p.preferences ->> 'show_in_search')::boolean, true) as show_in_search,
      coalesce((p.preferences ->> 'show_followers')::boolean, true) as show_followers,
      {_AUTHOR}, {_columns(BrandProfile, "b", "brand")}
    from users u join profiles p on p.user_id = u.id {_JOINS}
    where {NAMED} and {SHOWN} and {not_hidden("u.id", "$3")}
    """,
)
_SEEN: Final = f"""
    from users u join profiles p on p.user_id = u.id {_JOINS}
    where u.id = $1 and {SHOWN} and {not_hidden("u.id", "$2")}
"""
_AUTHOR_BY_ID = maybe(AuthorView, f"select {person_columns('person')}, {_AUTHOR} {_SEEN} and a.user_id is not null")
_BRAND_BY_ID = maybe(
    BrandView,
    f"select {person_columns('person')}, {_columns(BrandProfile, 'b', 'brand')} {_SEEN} and b.user_id is not null",
)
_OWN_AUTHOR = maybe(
    AuthorProfile,
    f"""
    select {_columns(AuthorProfile, "a", is_verified="u.is_verified")}
    from author_profiles a join users u on u.id = a.user_id where a.user_id = $1
    """,
)
_OWN_BRAND = maybe(BrandProfile, f"select {_columns(BrandProfile, 'b')} from brand_profiles b where b.user_id = $1")
_SITES = many(
    SiteView,
    "select id, slug, title, is_default, created_at from sites where owner_id = $1 and is_open order by created_at, id",
)
_PREFERENCES = value(dict[str, object] | None, "select preferences from profiles where user_id = $1")


async def me(ctx: Ctx) -> MeView | None:
    """The actor as every page needs them, or None for nobody."""
    return await _ME(ctx.db, ctx.actor.id) if ctx.actor else None


async def account(ctx: Ctx) -> AccountView:
    """The actor's own account. Raises NotFound."""
    found = await _ACCOUNT(ctx.db, ctx.member.id, ctx.now, RENAME_EVERY)
    if found is None:
        raise NotFound
    return found


async def preferences(ctx: Ctx) -> Preferences:
    """The actor's own preferences, with defaults for what they never chose."""
    return msgspec.convert(await _PREFERENCES(ctx.db, ctx.member.id) or {}, Preferences)


async def public_profile(ctx: Ctx, username: str) -> PublicProfile | None:
    """Somebody by name, or by one they had before (I1); None for nobody, and for whoever is hidden (P4)."""
    return await _PUBLIC(ctx.db, username, viewer_id(ctx), looking_as(ctx))


async def author(ctx: Ctx, user_id: UUID) -> AuthorView | None:
    """A creator as everybody sees them, or None; also for whoever is hidden from the actor (P4)."""
    return await _AUTHOR_BY_ID(ctx.db, user_id, looking_as(ctx))


async def sites_of(ctx: Ctx, user_id: UUID) -> list[SiteView]:
    """The sites that somebody owns, the oldest first."""
    return await _SITES(ctx.db, user_id)


async def brand(ctx: Ctx, user_id: UUID) -> BrandView | None:
    """A brand as everybody sees it, or None; also for whoever is hidden from the actor (P4)."""
    return await _BRAND_BY_ID(ctx.db, user_id, looking_as(ctx))


async def own_author_profile(ctx: Ctx) -> AuthorProfile | None:
    """The actor's own creator profile, or None."""
    return await _OWN_AUTHOR(ctx.db, ctx.member.id)


async def own_brand_profile(ctx: Ctx) -> BrandProfile | None:
    """The actor's own brand profile, or None."""
    return await _OWN_BRAND(ctx.db, ctx.member.id)
