"""Following, following no more, and what a follower hears of."""

from uuid import UUID

import asyncpg

from stoa.foundation.people.errors import NotYourself
from stoa.foundation.people.messages import Followed, Unfollowed
from stoa.foundation.people.policies import NOBODY, access_follow, access_person
from stoa.foundation.people.types import FollowingView, Notify
from stoa.kit.ctx import Ctx
from stoa.kit.db import constraint_of, run, update
from stoa.kit.errors import NotFound
from stoa.kit.outbox import emit

_FOLLOW = run("insert into follows (follower_id, following_id, created_at) values ($1, $2, $3) on conflict do nothing")
_UNFOLLOW = run("delete from follows where follower_id = $1 and following_id = $2")


async def follow(ctx: Ctx, person: str | UUID) -> None:
    """The actor follows a person, by name or id; repeating it changes nothing.

    Raises NotFound, also where one has blocked the other (P4), and NotYourself.
    """
    found = await access_person(ctx, person)
    if found.id == ctx.member.id:
        raise NotYourself
    try:
        is_new = await _FOLLOW(ctx.db, ctx.member.id, found.id, ctx.now)
    except asyncpg.CheckViolationError as error:  # blocked, perhaps a moment ago: the database decides who was first
        if constraint_of(error) != "follows_not_blocked":
            raise
        raise NotFound(NOBODY) from None
    if is_new:
        await emit(ctx, Followed(follower_id=ctx.member.id, following_id=found.id))


async def unfollow(ctx: Ctx, person: str | UUID) -> None:
    """The actor follows a person no more; repeating it changes nothing. Raises NotFound."""
    found = await access_person(ctx, person)
    if await _UNFOLLOW(ctx.db, ctx.member.id, found.id):
        await emit(ctx, Unfollowed(follower_id=ctx.member.id, following_id=found.id))


async def set_follow_settings(
    ctx: Ctx, user_id: UUID, *, notify: Notify | None = None, **chosen: bool
) -> FollowingView:
    """What the actor hears of somebody they follow. `notify` all or none sets every kind first; then those `chosen`.

    Kinds are the fields of FollowSettings. Raises NotFound for somebody they do not follow.
    """
    before = await access_follow(ctx, user_id)
    kinds = before.settings.__struct_fields__
    changes = {} if notify in (None, Notify.SOME) else dict.fromkeys(kinds, notify is Notify.ALL)
    changes |= {name: chosen[name] for name in kinds if name in chosen}
    await update(ctx.db, "follows", changes, where={"follower_id": ctx.member.id, "following_id": user_id})
    return await access_follow(ctx, user_id)
