"""Following, and one's own profile."""

from uuid import UUID

import msgspec

from stoa.foundation.people.errors import NotYourself
from stoa.foundation.people.messages import Followed, Unfollowed
from stoa.foundation.people.policies import access_person
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, run, update
from stoa.kit.outbox import emit

_FOLLOW = run("insert into follows (follower_id, following_id, created_at) values ($1, $2, $3) on conflict do nothing")
_UNFOLLOW = run("delete from follows where follower_id = $1 and following_id = $2")


async def open_profile(ctx: Ctx, user_id: UUID, username: str) -> None:
    """The empty profile of a new account."""
    await insert(ctx.db, "profiles", {"user_id": user_id, "display_name": username, "updated_at": ctx.now})


async def edit_profile(
    ctx: Ctx,
    *,
    display_name: str | msgspec.UnsetType = msgspec.UNSET,
    bio: str | msgspec.UnsetType = msgspec.UNSET,
    avatar_media_id: UUID | msgspec.UnsetType | None = msgspec.UNSET,
) -> None:
    """Changes only what is given of the actor's own profile."""
    given = {"display_name": display_name, "bio": bio, "avatar_media_id": avatar_media_id}
    changes = {name: v for name, v in given.items() if v is not msgspec.UNSET}
    await update(ctx.db, "profiles", {**changes, "updated_at": ctx.now}, where={"user_id": ctx.member.id})


async def follow(ctx: Ctx, username: str) -> None:
    """The actor follows a person; repeating it changes nothing. Raises NotFound, NotYourself."""
    person = await access_person(ctx, username)
    if person.id == ctx.member.id:
        raise NotYourself
    if await _FOLLOW(ctx.db, ctx.member.id, person.id, ctx.now):
        await emit(ctx, Followed(follower_id=ctx.member.id, following_id=person.id))


async def unfollow(ctx: Ctx, username: str) -> None:
    """The actor follows a person no more; repeating it changes nothing. Raises NotFound."""
    person = await access_person(ctx, username)
    if await _UNFOLLOW(ctx.db, ctx.member.id, person.id):
        await emit(ctx, Unfollowed(follower_id=ctx.member.id, following_id=person.id))
