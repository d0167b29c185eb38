"""Reads of profiles and follows."""

from uuid import UUID

from stoa.foundation.people.queries.blocks import hidden, looking_as, not_hidden, viewer_id
from stoa.foundation.people.queries.columns import AVATAR_URL, NAMED, PERSON_COLUMNS, SHOWN, person_columns
from stoa.foundation.people.types import PersonView, ProfileView
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe

__all__ = [
    "AVATAR_URL",
    "NAMED",
    "PERSON_COLUMNS",
    "SHOWN",
    "hidden",
    "looking_as",
    "not_hidden",
    "person_by_id",
    "person_columns",
    "profile",
    "seen_person",
    "viewer_id",
]

_PERSON = f"""
    select u.id, u.username, p.display_name, {AVATAR_URL} as avatar_url, u.is_verified
    from users u join profiles p on p.user_id = u.id where {SHOWN}
"""
_SEEN: str = not_hidden("u.id", "$2")
_PERSON_BY_ID = maybe(PersonView, f"{_PERSON} and u.id = $1")
_SEEN_BY_NAME = maybe(PersonView, f"{_PERSON} and {NAMED} and {_SEEN}")
_SEEN_BY_ID = maybe(PersonView, f"{_PERSON} and u.id = $1 and {_SEEN}")
_PROFILE = maybe(
    ProfileView,
    f"""
    select u.id, u.username, p.display_name, {AVATAR_URL} as avatar_url, u.is_verified, p.bio,
      p.followers_count, p.following_count, u.created_at as joined_at,
      exists (select from follows f where f.follower_id = $2 and f.following_id = u.id) as is_followed,
      (u.status = 'suspended') as is_suspended
    from users u join profiles p on p.user_id = u.id
    where {NAMED} and {SHOWN} and {not_hidden("u.id", "$3")}
    """,
)


async def person_by_id(ctx: Ctx, user_id: UUID) -> PersonView | None:
    """A person by id, or None; whether the actor may know of them is decided elsewhere."""
    return await _PERSON_BY_ID(ctx.db, user_id)


async def seen_person(ctx: Ctx, person: str | UUID) -> PersonView | None:
    """Somebody, by name or id, as far as the actor may know of them (P4), or None."""
    find = _SEEN_BY_NAME if isinstance(person, str) else _SEEN_BY_ID
    return await find(ctx.db, person, looking_as(ctx))


async def profile(ctx: Ctx, username: str) -> ProfileView | None:
    """A public profile as the actor sees it, or None; also for whoever is hidden from them (P4)."""
    return await _PROFILE(ctx.db, username, viewer_id(ctx), looking_as(ctx))
