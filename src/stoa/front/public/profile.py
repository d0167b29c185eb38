"""`/@{username}`: a person, what they wrote, and following them."""

from typing import Any

from litestar import Request, Response, get, post

from stoa.creation.works.queries import author_stats, feed
from stoa.foundation.people import actions
from stoa.foundation.people.queries import profile
from stoa.foundation.people.queries.account import public_profile
from stoa.front.page import page, render, see_other
from stoa.front.public.home import address
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.http.edge import csrf_token
from stoa.operations.syndication.queries import sites_of

PAGE_SIZE = 15


def username_of(handle: str) -> str:
    """'@ana' as 'ana': a parameter is a whole part of a path, so the @ is taken off here. NotFound without it."""
    if not handle.startswith("@"):
        raise NotFound
    return handle[1:]


@get("/{handle:str}", opt=access("public") | {"shown_as": "/@{username}"})
async def show_profile(request: Request[Any, Any, Any], ctx: CtxDep, handle: Path[str]) -> Response[Any]:
    """Bio, counts, who they are as a creator or a brand, and their published works."""
    username = username_of(handle)
    person = await public_profile(ctx, username)
    if person is None:
        raise NotFound("There is nobody of this name")
    path, cursor = f"/@{person.username}", request.query_params.get("cursor")
    if username != person.username:
        return see_other(path)
    try:
        found = await feed(ctx, author_id=person.id, cursor=cursor, limit=PAGE_SIZE)
    except Invalid:
        return see_other(path)
    follows = address(path, cursor=found.next_cursor) if found.next_cursor else None
    if "hx-request" in request.headers and cursor:
        return await page(request, ctx, "public/_more_works.html", works=found.items, follows=follows)
    stats = await author_stats(ctx, person.id)
    return await page(
        request,
        ctx,
        "public/profile.html",
        shared=True,
        person=person,
        works=found.items,
        follows=follows,
        stats=stats,
        sites=await sites_of(ctx, person.id),
    )


async def _after_following(request: Request[Any, Any, Any], ctx: Ctx, username: str) -> Response[Any]:
    """The button as it is now, in place for HTMX."""
    if "hx-request" not in request.headers:
        return see_other(f"/@{username}")
    person = await profile(ctx, username)
    return Response(
        content=render("public/_follow.html", person=person, csrf=csrf_token(request)),
        media_type="text/html",
        status_code=200,
    )


@post("/{handle:str}/follow", opt=access("member") | {"shown_as": "/@{username}/follow"})
async def follow(request: Request[Any, Any, Any], ctx: CtxDep, handle: Path[str]) -> Response[Any]:
    """Follows; repeating it changes nothing."""
    await actions.follow(ctx, username_of(handle))
    return await _after_following(request, ctx, username_of(handle))


@post("/{handle:str}/unfollow", opt=access("member") | {"shown_as": "/@{username}/unfollow"})
async def unfollow(request: Request[Any, Any, Any], ctx: CtxDep, handle: Path[str]) -> Response[Any]:
    """Follows no more."""
    await actions.unfollow(ctx, username_of(handle))
    return await _after_following(request, ctx, username_of(handle))


routes = [show_profile, follow, unfollow]
