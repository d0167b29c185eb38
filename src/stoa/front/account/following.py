"""`/account/following`: whom one follows, and what one hears of each of them."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.people import actions
from stoa.foundation.people.policies import access_follow
from stoa.foundation.people.queries import follows
from stoa.foundation.people.types import FollowSettings
from stoa.front import flash
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.kit import forms
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access

HERE = "/account/following"
PAGE_SIZE = 30
KINDS = {
    "notify_new_posts": "New posts",
    "notify_new_series": "New series",
    "notify_new_chapters": "New chapters",
    "notify_announcements": "Announcements",
}
LEVELS = {"all": "You hear of everything", "some": "You hear of some of it", "none": "You hear of nothing"}


class SettingsForm(msgspec.Struct):
    """A tick for each kind; a box without one is not sent. `hear` all or none is every kind at once."""

    hear: Annotated[str, msgspec.Meta(pattern="^(all|none|some)$")] = "some"
    notify_new_posts: bool = False
    notify_new_series: bool = False
    notify_new_chapters: bool = False
    notify_announcements: bool = False


@get(HERE, opt=access("member"))
async def following_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The newest first, each with its settings in place."""
    cursor = request.query_params.get("cursor")
    try:
        found = await follows.following(ctx, cursor=cursor, limit=PAGE_SIZE)
    except Invalid:
        return see_other(HERE)
    more = address(HERE, cursor=found.next_cursor) if found.next_cursor else None
    name = "account/_following.html" if "hx-request" in request.headers and cursor else "account/following.html"
    return await page(request, ctx, name, found=found, more=more, kinds=KINDS, levels=LEVELS)


@post(HERE + "/{user_id:uuid}/settings", opt=access("member"))
async def change_settings(request: Request[Any, Any, Any], ctx: CtxDep, user_id: Path[UUID]) -> Response[Any]:
    """What one hears of somebody; for HTMX the row as it is now."""
    form = forms.parse(SettingsForm, dict(await request.form()), strict=False)
    ticks = {name: getattr(form, name) for name in FollowSettings.__struct_fields__}
    chosen = ticks if form.hear == "some" else dict.fromkeys(ticks, form.hear == "all")
    view = await actions.set_follow_settings(ctx, user_id, **chosen)
    text = f"{LEVELS[view.settings.level]} from {view.person.display_name}."
    return await _row(request, ctx, user_id, text)


@post(HERE + "/{user_id:uuid}/unfollow", opt=access("member"))
async def unfollow(request: Request[Any, Any, Any], ctx: CtxDep, user_id: Path[UUID]) -> Response[Any]:
    """Follows somebody no more; they leave the list."""
    view = await access_follow(ctx, user_id)
    await actions.unfollow(ctx, user_id)
    response = see_other(HERE)
    flash.add(request, response, flash.Toast(f"You do not follow {view.person.display_name} any more.", "good"))
    return response


async def _row(request: Request[Any, Any, Any], ctx: CtxDep, user_id: UUID, text: str) -> Response[Any]:
    response: Response[Any] = see_other(HERE)
    if "hx-request" in request.headers:
        one = await access_follow(ctx, user_id)
        response = await page(request, ctx, "account/_follow.html", one=one, kinds=KINDS, levels=LEVELS, is_open=True)
    flash.add(request, response, flash.Toast(text, "good"))
    return response


routes = [following_page, change_settings, unfollow]
