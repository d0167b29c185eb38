"""Following: by name, by id as an author, who follows whom, and what a follower hears of."""

from uuid import UUID

from litestar import delete, get, patch, post, put
from msgspec import UNSET

from stoa.foundation.people import actions
from stoa.foundation.people.api.profile import shown_profile
from stoa.foundation.people.policies import access_follow, access_followers
from stoa.foundation.people.queries import follows
from stoa.foundation.people.schemas import FollowOut, FollowSettingsIn, follow_out
from stoa.foundation.people.types import FollowSettings, FollowView, ProfileView
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.pagination import Page


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


@post("/api/v1/authors/{author_id:uuid}/follow", status_code=200, opt=access("member"))
async def follow_author(ctx: CtxDep, author_id: Path[UUID]) -> FollowOut:
    """Follows somebody by id; repeating it changes nothing, not even the settings."""
    await actions.follow(ctx, author_id)
    return follow_out(await access_follow(ctx, author_id))


@post("/api/v1/authors/{author_id:uuid}/unfollow", status_code=204, opt=access("member"))
async def unfollow_author(ctx: CtxDep, author_id: Path[UUID]) -> None:
    """Follows no more; repeating it changes nothing."""
    await actions.unfollow(ctx, author_id)


@get("/api/v1/authors/{author_id:uuid}/followers", opt=access("public"))
async def followers(
    ctx: CtxDep, author_id: Path[UUID], cursor: Cursor = None, limit: PageLimit = 20
) -> Page[FollowView]:
    """Who follows somebody, the newest first; 403 where they do not show it."""
    person = await access_followers(ctx, author_id)
    return await follows.followers(ctx, person.id, cursor=cursor, limit=limit)


@get("/api/v1/me/following", opt=access("member"))
async def following(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 20) -> Page[FollowOut]:
    """Whom one follows, the newest first, with what one hears of them."""
    found = await follows.following(ctx, cursor=cursor, limit=limit)
    return Page([follow_out(one) for one in found.items], found.next_cursor)


@patch("/api/v1/authors/{author_id:uuid}/follow-settings", opt=access("member"))
async def change_settings(ctx: CtxDep, author_id: Path[UUID], data: Body[FollowSettingsIn]) -> FollowOut:
    """What one hears of somebody one follows; what is absent stays. 404 for somebody one does not follow."""
    given = {name: getattr(data, name) for name in FollowSettings.__struct_fields__}
    chosen = {name: value for name, value in given.items() if value is not UNSET}
    return follow_out(await actions.set_follow_settings(ctx, author_id, notify=data.notify, **chosen))


routes = [follow, unfollow, follow_author, unfollow_author, followers, following, change_settings]
