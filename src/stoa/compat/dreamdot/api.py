"""DreamDot's routes of accounts, follows and blocks."""

import dataclasses
from uuid import UUID

from litestar import delete, get, post

from stoa.compat import registering
from stoa.compat.dreamdot.bodies import (
    AccountOut,
    BlockOut,
    FollowOut,
    MeOut,
    PersonIn,
    SignedInOut,
    SigninIn,
    SignupIn,
)
from stoa.compat.dreamdot.bodies import account as account_of
from stoa.compat.dreamdot.bodies import me as me_of
from stoa.compat.token import seven_day_token
from stoa.foundation.identity import actions as identity
from stoa.foundation.people import actions as people
from stoa.foundation.people.policies import NOBODY, access_person
from stoa.foundation.people.queries import profile
from stoa.foundation.people.queries.account import account
from stoa.kit.ctx import Actor, Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import Body, CtxDep, Path, Query, access
from stoa.money.wallet.queries import wallet

NOBODY_NAMED = PersonIn()  # what no body at all means


async def _me(ctx: Ctx) -> MeOut:
    return MeOut(me_of(await account(ctx), await wallet(ctx, ctx.member.id)))


@post("/api/auth/signup", opt=access("public", limit="auth"))
async def signup(ctx: CtxDep, data: Body[SignupIn]) -> SignedInOut:
    """A new account with its starting balance (M5), signed in by a 7-day token (I3)."""
    user, acting = await registering.register(
        ctx, username=data.username, email=data.email, password=data.password, name=data.name
    )
    token = await seven_day_token(acting, user.id, by="registration")
    return SignedInOut(user=(await _me(acting)).user, token=token)


@post("/api/auth/signin", status_code=200, opt=access("public", limit="auth"))
async def signin(ctx: CtxDep, data: Body[SigninIn]) -> SignedInOut:
    """A 7-day token for these credentials."""
    row = await identity.check_login(ctx, email=data.email, password=data.password)
    await identity.enter(ctx, row.id, by="password")
    acting = dataclasses.replace(ctx, actor=Actor(row.id, row.username, frozenset(row.roles)))
    token = await seven_day_token(acting, row.id, by="password")
    return SignedInOut(user=(await _me(acting)).user, token=token)


@get("/api/auth/me", opt=access("member"))
async def me(ctx: CtxDep) -> MeOut:
    """Who is signed in."""
    return await _me(ctx)


@get("/api/account/{user_id:uuid}", opt=access("public"))
async def show(ctx: CtxDep, user_id: Path[UUID]) -> AccountOut:
    """Anybody's public account; nothing of it is private."""
    person = await access_person(ctx, user_id)
    found = await profile(ctx, person.username)
    if found is None:
        raise NotFound(NOBODY)
    return AccountOut(account_of(found))


def _meant(data: PersonIn, user_id: UUID | None) -> UUID:
    found = data.user_id or user_id
    if found is None:
        raise Invalid(fields={"user_id": "This field is needed"})
    return found


@post("/api/social/follow", status_code=200, opt=access("member"))
async def follow(ctx: CtxDep, data: Body[PersonIn] = NOBODY_NAMED) -> FollowOut:
    """Follows somebody; repeating it changes nothing."""
    user_id = _meant(data, None)
    await people.follow(ctx, user_id)
    return FollowOut(user_id, following=True)


@delete("/api/social/follow", status_code=200, opt=access("member"))
async def unfollow(ctx: CtxDep, data: Body[PersonIn] = NOBODY_NAMED, user_id: Query[UUID | None] = None) -> FollowOut:
    """Follows somebody no more; repeating it changes nothing."""
    meant = _meant(data, user_id)
    await people.unfollow(ctx, meant)
    return FollowOut(meant, following=False)


@post("/api/social/block", status_code=200, opt=access("member"))
async def block(ctx: CtxDep, data: Body[PersonIn] = NOBODY_NAMED) -> BlockOut:
    """Blocks somebody (P4); repeating it changes nothing."""
    user_id = _meant(data, None)
    await people.block(ctx, user_id)
    return BlockOut(user_id, blocked=True)


@delete("/api/social/block", status_code=200, opt=access("member"))
async def unblock(ctx: CtxDep, data: Body[PersonIn] = NOBODY_NAMED, user_id: Query[UUID | None] = None) -> BlockOut:
    """Takes a block back; repeating it changes nothing."""
    meant = _meant(data, user_id)
    await people.unblock(ctx, meant)
    return BlockOut(meant, blocked=False)


routes = [signup, signin, me, show, follow, unfollow, block, unblock]
