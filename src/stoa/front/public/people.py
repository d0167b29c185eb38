"""`/@{username}/followers`, `/@{username}/following`, and blocking somebody from their profile (P4)."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.foundation.people import actions
from stoa.foundation.people.errors import FollowersHidden, NotYourself
from stoa.foundation.people.policies import access_blockable, access_followers, access_person
from stoa.foundation.people.queries import follows
from stoa.foundation.people.types import FollowView
from stoa.front import flash
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.front.public.profile import username_of
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.pagination import Page

PAGE_SIZE = 30
BLOCKED = "/account/settings/blocked"

Find = Callable[..., Awaitable[Page[FollowView]]]


@get("/{handle:str}/followers", opt=access("public") | {"shown_as": "/@{username}/followers"})
async def show_followers(request: Request[Any, Any, Any], ctx: CtxDep, handle: Path[str]) -> Response[Any]:
    """Who follows somebody."""
    return await _people(request, ctx, handle, "followers", follows.followers)


@get("/{handle:str}/following", opt=access("public") | {"shown_as": "/@{username}/following"})
async def show_followed(request: Request[Any, Any, Any], ctx: CtxDep, handle: Path[str]) -> Response[Any]:
    """Whom somebody follows."""
    return await _people(request, ctx, handle, "following", follows.followed)


async def _people(request: Request[Any, Any, Any], ctx: Ctx, handle: str, which: str, find: Find) -> Response[Any]:
    username, cursor = username_of(handle), request.query_params.get("cursor")
    found: Page[FollowView] | None = None
    try:
        person = await access_followers(ctx, username)
    except FollowersHidden:
        person = await access_person(ctx, username)
    else:
        try:
            found = await find(ctx, person.id, cursor=cursor, limit=PAGE_SIZE)
        except Invalid:
            return see_other(f"/@{person.username}/{which}")
    path = f"/@{person.username}/{which}"
    if username != person.username:
        return see_other(path)
    more = address(path, cursor=found.next_cursor) if found and found.next_cursor else None
    name = "public/_people.html" if "hx-request" in request.headers and cursor and found else "public/people.html"
    return await page(request, ctx, name, person=person, which=which, found=found, more=more)


# ---- blocking --------------------------------------------------------------------------------------------------


@get("/{handle:str}/block", opt=access("member") | {"shown_as": "/@{username}/block"})
async def ask_to_block(request: Request[Any, Any, Any], ctx: CtxDep, handle: Path[str]) -> Response[Any]:
    """What blocking does, before it is done; the dialog of the profile as a page of its own."""
    person = await access_blockable(ctx, username_of(handle))
    if person.id == ctx.member.id:
        raise NotYourself("You cannot block yourself")
    return await page(request, ctx, "public/block.html", person=person)


@post("/{handle:str}/block", opt=access("member") | {"shown_as": "/@{username}/block"})
async def block(request: Request[Any, Any, Any], ctx: CtxDep, handle: Path[str]) -> Response[Any]:
    """Blocks; the profile is not there any more, so the list of blocked people comes next."""
    person = await actions.block(ctx, username_of(handle))
    return _said(request, f"You have blocked {person.display_name}. You do not see each other any more.")


@post(BLOCKED + "/{user_id:uuid}/unblock", opt=access("member"))
async def unblock(request: Request[Any, Any, Any], ctx: CtxDep, user_id: Path[UUID]) -> Response[Any]:
    """Takes a block back; repeating it changes nothing."""
    person = await actions.unblock(ctx, user_id)
    return _said(request, f"You and {person.display_name} see each other again.")


def _said(request: Request[Any, Any, Any], text: str) -> Response[Any]:
    response = see_other(BLOCKED)
    flash.add(request, response, flash.Toast(text, "good"))
    return response


routes = [show_followers, show_followed, ask_to_block, block, unblock]
