"""`/api/v1/people`: public profiles and follows. The rest of one's own account comes with identity."""

from litestar import delete, get, patch, put

from stoa.foundation.people import actions, queries
from stoa.foundation.people.schemas import ProfileIn
from stoa.foundation.people.types import ProfileView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import Body, CtxDep, Path, access


async def _profile(ctx: Ctx, username: str) -> ProfileView:
    found = await queries.profile(ctx, username)
    if found is None:
        raise NotFound("There is nobody of this name")
    return found


@get("/api/v1/people/{username:str}", opt=access("public"))
async def profile(ctx: CtxDep, username: Path[str]) -> ProfileView:
    """A public profile."""
    return await _profile(ctx, username)


@patch("/api/v1/people/me", opt=access("member"))
async def edit_profile(ctx: CtxDep, data: Body[ProfileIn]) -> ProfileView:
    """Changes one's own display name and bio."""
    await actions.edit_profile(ctx, display_name=data.display_name, bio=data.bio)
    return await _profile(ctx, ctx.member.username)


@put("/api/v1/people/{username:str}/follow", opt=access("member"))
async def follow(ctx: CtxDep, username: Path[str]) -> ProfileView:
    """Follows; repeating it changes nothing."""
    await actions.follow(ctx, username)
    return await _profile(ctx, username)


@delete("/api/v1/people/{username:str}/follow", status_code=200, opt=access("member"))
async def unfollow(ctx: CtxDep, username: Path[str]) -> ProfileView:
    """Follows no more; repeating it changes nothing."""
    await actions.unfollow(ctx, username)
    return await _profile(ctx, username)


routes = [profile, edit_profile, follow, unfollow]
