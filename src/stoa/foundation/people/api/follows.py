"""Following somebody."""

from litestar import delete, put

from stoa.foundation.people import actions
from stoa.foundation.people.api.profile import shown_profile
from stoa.foundation.people.types import ProfileView
from stoa.kit.http import CtxDep, Path, access


@put("/api/v1/people/{username:str}/follow", opt=access("member"))
async def follow(ctx: CtxDep, username: Path[str]) -> ProfileView:
    """Follows; repeating it changes nothing."""
    await actions.follow(ctx, username)
    return await shown_profile(ctx, username)


@delete("/api/v1/people/{username:str}/follow", status_code=200, opt=access("member"))
async def unfollow(ctx: CtxDep, username: Path[str]) -> ProfileView:
    """Follows no more; repeating it changes nothing."""
    await actions.unfollow(ctx, username)
    return await shown_profile(ctx, username)


routes = [follow, unfollow]
