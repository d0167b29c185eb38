"""Reads of profiles and follows."""

from typing import Final
from uuid import UUID

from stoa.foundation.people.types import PersonView, ProfileView
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe

# For joining a person into another row: `{PERSON_COLUMNS}` of `users u join profiles p on p.user_id = u.id`, as the
# nested Struct field `author` (or another name, by replacing the prefix).
AVATAR_URL: Final = "'/media/' || p.avatar_media_id || '/320.webp'"
PERSON_COLUMNS: Final = f"""
    u.id as "author.id", u.username as "author.username", p.display_name as "author.display_name",
    {AVATAR_URL} as "author.avatar_url", u.is_verified as "author.is_verified"
"""

_PERSON = f"""
    select u.id, u.username, p.display_name, {AVATAR_URL} as avatar_url, u.is_verified
    from users u join profiles p on p.user_id = u.id where u.status in ('active', 'pending_verification')
"""
_PERSON_BY_NAME = maybe(PersonView, f"{_PERSON} and lower(u.username) = lower($1)")
_PERSON_BY_ID = maybe(PersonView, f"{_PERSON} and u.id = $1")
_PROFILE = maybe(
    ProfileView,
    f"""
    select u.id, u.username, p.display_name, {AVATAR_URL} as avatar_url, u.is_verified, p.bio,
      p.followers_count, p.following_count, u.created_at as joined_at,
      exists (select from follows f where f.follower_id = $2 and f.following_id = u.id) as is_followed
    from users u join profiles p on p.user_id = u.id
    where lower(u.username) = lower($1) and u.status in ('active', 'pending_verification')
    """,
)


async def person(ctx: Ctx, username: str) -> PersonView | None:
    """A person by name in any case, or None."""
    return await _PERSON_BY_NAME(ctx.db, username)


async def person_by_id(ctx: Ctx, user_id: UUID) -> PersonView | None:
    """A person by id, or None."""
    return await _PERSON_BY_ID(ctx.db, user_id)


async def profile(ctx: Ctx, username: str) -> ProfileView | None:
    """A public profile as the actor sees it, or None."""
    return await _PROFILE(ctx.db, username, ctx.actor.id if ctx.actor else None)
