"""Who follows whom, newest first; people who are hidden from the actor are left out by the statements (P4)."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from stoa.foundation.people.queries.blocks import not_hidden, viewer_id
from stoa.foundation.people.queries.columns import SHOWN, person_columns
from stoa.foundation.people.types import FollowingView, FollowSettings, FollowView
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe

START: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))  # before the newest of every list
_IS_FOLLOWED: Final = "exists (select from follows m where m.follower_id = $2 and m.following_id = u.id) as is_followed"


def _people(whose: str, who: str) -> str:
    return f"""
        select {person_columns("person")}, f.created_at as followed_at, {_IS_FOLLOWED}
        from follows f join users u on u.id = f.{who} join profiles p on p.user_id = u.id
        where f.{whose} = $1 and {SHOWN} and {not_hidden(f"f.{who}", "$2")}
          and (f.created_at, f.{who}) < ($3, $4::uuid)
        order by f.created_at desc, f.{who} desc limit $5
    """


_FOLLOWERS = many(FollowView, _people("following_id", "follower_id"))
_FOLLOWED = many(FollowView, _people("follower_id", "following_id"))
_SETTINGS: Final = ", ".join(f'f.{name} as "settings.{name}"' for name in FollowSettings.__struct_fields__)
_MINE: Final = f"""
    select {person_columns("person")}, f.created_at as followed_at, {_SETTINGS}
    from follows f join users u on u.id = f.following_id join profiles p on p.user_id = u.id
    where f.follower_id = $1 and {SHOWN}
"""
_FOLLOWING = many(
    FollowingView,
    f"""
    {_MINE} and (f.created_at, f.following_id) < ($2, $3::uuid)
    order by f.created_at desc, f.following_id desc limit $4
    """,
)
_FOLLOW = maybe(FollowingView, f"{_MINE} and f.following_id = $2")


async def followers(ctx: Ctx, user_id: UUID, *, before: tuple[datetime, UUID], limit: int) -> list[FollowView]:
    """Who follows somebody, as far as the actor may know of them."""
    return await _FOLLOWERS(ctx.db, user_id, viewer_id(ctx), *before, limit)


async def followed(ctx: Ctx, user_id: UUID, *, before: tuple[datetime, UUID], limit: int) -> list[FollowView]:
    """Whom somebody follows, as far as the actor may know of them."""
    return await _FOLLOWED(ctx.db, user_id, viewer_id(ctx), *before, limit)


async def following(ctx: Ctx, *, before: tuple[datetime, UUID], limit: int) -> list[FollowingView]:
    """Whom the actor follows, with what they want to hear of."""
    return await _FOLLOWING(ctx.db, ctx.member.id, *before, limit)


async def follow_of(ctx: Ctx, user_id: UUID) -> FollowingView | None:
    """The actor's follow of one person, or None."""
    return await _FOLLOW(ctx.db, ctx.member.id, user_id)
