"""3AM's routes of users."""

from uuid import UUID

from litestar import get, post, put

from stoa.compat import registering
from stoa.compat.threeam.bodies import OwnOut, ProfileIn, PublicOut, RegisterIn, RegisterOut, own, public
from stoa.compat.token import seven_day_token
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.types import Role
from stoa.foundation.people import actions as people
from stoa.foundation.people.policies import NOBODY
from stoa.foundation.people.queries import profile
from stoa.foundation.people.queries.account import account
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import Body, CtxDep, Path, access
from stoa.kit.ids import parse_id


def _only_oneself(ctx: Ctx, user_id: UUID | None) -> None:
    if user_id != ctx.member.id:
        raise NotFound(NOBODY)


@post("/api/users/register", opt=access("public", limit="auth"))
async def register(ctx: CtxDep, data: Body[RegisterIn]) -> RegisterOut:
    """A new account with its role, and a 7-day token (I3)."""
    user, acting = await registering.register(
        ctx,
        username=data.username,
        email=data.email,
        password=data.password,
        name=data.display_name,
        role=data.role,
    )
    token = await seven_day_token(acting, user.id, by="registration")
    return RegisterOut(user=own(await account(acting)), token=token)


@get("/api/users/{username:str}", opt=access("public"))
async def show(ctx: CtxDep, username: Path[str]) -> PublicOut:
    """A profile by name."""
    found = await profile(ctx, username)
    if found is None:
        raise NotFound(NOBODY)
    return public(found)


@post("/api/users/{user_id:str}/upgrade", status_code=200, opt=access("member"))
async def upgrade(ctx: CtxDep, user_id: Path[str]) -> OwnOut:
    """One becomes a creator oneself; doing it twice changes nothing."""
    _only_oneself(ctx, parse_id(user_id))
    await identity.become(ctx, Role.CREATOR)
    return OwnOut(own(await account(ctx)))


@put("/api/users/{user_id:str}", opt=access("member"))
async def edit(ctx: CtxDep, user_id: Path[str], data: Body[ProfileIn]) -> OwnOut:
    """One's own display name and bio; what is absent stays."""
    _only_oneself(ctx, parse_id(user_id))
    await people.edit_profile(ctx, display_name=data.display_name, bio=data.bio)
    return OwnOut(own(await account(ctx)))


routes = [register, show, upgrade, edit]
