"""`/api/v1/people`: public profiles."""

from litestar import get, patch

from stoa.foundation.people import actions, queries
from stoa.foundation.people.schemas import ProfileIn
from stoa.foundation.people.types import ProfileView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import Body, CtxDep, Path, access


async def shown_profile(ctx: Ctx, username: str) -> ProfileView:
    """A profile as the actor sees it. Raises NotFound."""
    found = await queries.profile(ctx, username)
    if found is None:
        raise NotFound("There is nobody of this name")
    return found


@get("/api/v1/people/{username:str}", opt=access("public"))
async def profile(ctx: CtxDep, username: Path[str]) -> ProfileView:
    """A public profile."""
    return await shown_profile(ctx, username)


@patch("/api/v1/people/me", opt=access("member"))
async def edit_profile(ctx: CtxDep, data: Body[ProfileIn]) -> ProfileView:
    """Changes one's own display name and bio."""
    await actions.edit_profile(ctx, display_name=data.display_name, bio=data.bio)
    return await shown_profile(ctx, ctx.member.username)


routes = [profile, edit_profile]
