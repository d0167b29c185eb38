"""Following, and following no more."""

from stoa.foundation.people.errors import NotYourself
from stoa.foundation.people.messages import Followed, Unfollowed
from stoa.foundation.people.policies import access_person
from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.outbox import emit

_FOLLOW = run("insert into follows (follower_id, following_id, created_at) values ($1, $2, $3) on conflict do nothing")
_UNFOLLOW = run("delete from follows where follower_id = $1 and following_id = $2")


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
