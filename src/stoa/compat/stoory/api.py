"""Stoory's routes of one's own account; registration and log-in are in `compat.joint`."""

from litestar import get, post, put

from stoa.compat.stoory.accounts import own
from stoa.compat.stoory.bodies import ProfileIn, TokenOut, UserOut
from stoa.compat.token import renewed_token
from stoa.foundation.people import actions as people
from stoa.kit.http import Body, CtxDep, access


@post("/api/auth/refresh", status_code=200, opt=access("member", limit="auth"))
async def refresh(ctx: CtxDep) -> TokenOut:
    """A fresh token for a live one, which is over by it; 401 for one that was refreshed already (I3).

    409 for a session that has no such token.
    """
    return TokenOut(success=True, token=await renewed_token(ctx))


@get("/api/auth/profile", opt=access("member"))
async def show(ctx: CtxDep) -> UserOut:
    """One's own account."""
    return UserOut(success=True, user=await own(ctx))


@put("/api/auth/profile", opt=access("member"))
async def edit(ctx: CtxDep, data: Body[ProfileIn]) -> UserOut:
    """One's own name and bio; what is absent stays."""
    await people.edit_profile(ctx, display_name=data.name, bio=data.bio)
    return UserOut(success=True, user=await own(ctx))


routes = [refresh, show, edit]
