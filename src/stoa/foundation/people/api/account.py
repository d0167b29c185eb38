"""`/api/v1/users`: one's own account, and the public profile of everybody."""

from litestar import delete, get, patch, post

from stoa.foundation.media.errors import ImageTooLarge
from stoa.foundation.media.policies import FORM_OVERHEAD_BYTES, check_announced, crop_of
from stoa.foundation.media.queries import address
from stoa.foundation.media.types import SIZES
from stoa.foundation.people import actions
from stoa.foundation.people.policies import NOBODY
from stoa.foundation.people.queries import account
from stoa.foundation.people.schemas import AvatarIn, AvatarOut
from stoa.foundation.people.types import AccountChanges, AccountView, PreferenceChanges, Preferences, PublicProfile
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.errors import NotFound
from stoa.kit.http import Body, CtxDep, Multipart, Path, Request, access
from stoa.kit.http.lending import lending_of


@get("/api/v1/users/me", opt=access("member"))
async def me(ctx: CtxDep) -> AccountView:
    """One's own account, whole."""
    return await account.account(ctx)


@patch("/api/v1/users/me", opt=access("member"))
async def edit_me(ctx: CtxDep, data: Body[AccountChanges]) -> AccountView:
    """Changes what is given of one's account: name (I1, once in 30 days), display name, bio, locale, time zone."""
    await actions.edit_account(ctx, data)
    return await account.account(ctx)


async def _announced(request: Request) -> None:
    most_bytes = lending_of(request.scope).app.settings.max_upload_bytes
    check_announced(request.headers.get("content-length"), most_bytes)


@post(
    "/api/v1/users/me/avatar",
    dto=None,  # a file is no field of JSON
    status_code=200,
    before_request=_announced,
    request_max_body_size=MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES,
    opt=access("member", limit="upload"),
)
async def set_avatar(ctx: CtxDep, data: Multipart[AvatarIn]) -> AvatarOut:
    """Makes a square part of a picture one's face: `x`, `y` and `size` in its pixels, or its middle without them."""
    most_bytes = ctx.app.settings.max_upload_bytes
    content = await data.file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ImageTooLarge(most_bytes)
    made = await actions.set_avatar(ctx, data=content, crop=crop_of(data.x, data.y, data.size))
    return AvatarOut(address(made.id, SIZES[0]))


@delete("/api/v1/users/me/avatar", opt=access("member"))
async def remove_avatar(ctx: CtxDep) -> None:
    """Takes the picture of one's face away, its files included; repeating it changes nothing."""
    await actions.remove_avatar(ctx)


@get("/api/v1/users/me/preferences", opt=access("member"))
async def preferences(ctx: CtxDep) -> Preferences:
    """How one wants things."""
    return await account.preferences(ctx)


@patch("/api/v1/users/me/preferences", opt=access("member"))
async def prefer(ctx: CtxDep, data: Body[PreferenceChanges]) -> Preferences:
    """Changes what is given of one's preferences."""
    await actions.prefer(ctx, data)
    return await account.preferences(ctx)


@get("/api/v1/users/{username:str}", opt=access("public"))
async def public_profile(ctx: CtxDep, username: Path[str]) -> PublicProfile:
    """Somebody's public profile, by their name or one they had before, with who they are as a creator or a brand."""
    found = await account.public_profile(ctx, username)
    if found is None:
        raise NotFound(NOBODY)
    return found


routes = [me, edit_me, set_avatar, remove_avatar, preferences, prefer, public_profile]
