"""Who follows whom, newest first; people who are hidden from the actor are left out by the statements (P4)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from stoa.foundation.people.queries.blocks import START, not_hidden, viewer_id
from stoa.foundation.people.queries.columns import SHOWN, person_columns
from stoa.foundation.people.types import FollowingView, FollowSettings, FollowView
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, many, maybe, value
from stoa.kit.pagination import Page, decode, keyset

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
_SHOWN_TO_OTHERS = value(
    bool | None,
    "select coalesce((preferences ->> 'show_followers')::boolean, true) from profiles where user_id = $1",
)
_FOLLOW = maybe(FollowingView, f"{_MINE} and f.following_id = $2")


async def followers(ctx: Ctx, user_id: UUID, *, cursor: str | None = None, limit: int = 20) -> Page[FollowView]:
    """Who follows somebody, as far as the actor may know of them. Raises Invalid for a cursor of another list."""
    return await _page(ctx, _FOLLOWERS, user_id, f"followers.{user_id}", cursor, limit)


async def followed(ctx: Ctx, user_id: UUID, *, cursor: str | None = None, limit: int = 20) -> Page[FollowView]:
    """Whom somebody follows, as far as the actor may know of them. Raises Invalid for a cursor of another list."""
    return await _page(ctx, _FOLLOWED, user_id, f"followed.{user_id}", cursor, limit)


async def _page(
    ctx: Ctx, find: Statement[list[FollowView]], user_id: UUID, scope: str, cursor: str | None, limit: int
) -> Page[FollowView]:
    seek = decode(cursor, tuple[datetime, UUID], scope=scope) or START
    rows = await find(ctx.db, user_id, viewer_id(ctx), *seek, limit + 1)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.followed_at, row.person.id))


async def following(ctx: Ctx, *, cursor: str | None = None, limit: int = 20) -> Page[FollowingView]:
    """Whom the actor follows, with what they want to hear of. Raises Invalid for a cursor of another list."""
    seek = decode(cursor, tuple[datetime, UUID], scope="following") or START
    rows = await _FOLLOWING(ctx.db, ctx.member.id, *seek, limit + 1)
    return keyset(rows, limit, scope="following", key=lambda row: (row.followed_at, row.person.id))


async def follow_of(ctx: Ctx, user_id: UUID) -> FollowingView | None:
    """The actor's follow of one person, or None."""
    return await _FOLLOW(ctx.db, ctx.member.id, user_id)


async def are_shown(ctx: Ctx, user_id: UUID) -> bool:
    """Whether others see who follows somebody and whom they follow: their own preference."""
    return bool(await _SHOWN_TO_OTHERS(ctx.db, user_id))
