"""`/dashboard/posts`: what one has written, drafts first seen, with what can be done to each."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.posts import actions
from stoa.creation.posts.policies import access_own_post
from stoa.creation.posts.queries import own_posts, site_posts
from stoa.creation.posts.types import PostView
from stoa.creation.works.types import State
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.queries import default_site_of, sites
from stoa.foundation.team.types import ALL, Permission, SiteAccess
from stoa.front import flash
from stoa.front.flash import Action, Toast
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import parse_id

PATH = "/dashboard/posts"
SHOWN = (
    (None, "All"),
    (State.DRAFT, "Drafts"),
    (State.PUBLISHED, "Published"),
    (State.IN_REVIEW, "In review"),
    (State.UNPUBLISHED, "Taken back"),
)


@get(PATH, opt=access("member"))
async def my_posts(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """One's own, or those of the site that `site` names and one works on; the last changed first, `state` filters."""
    asked, cursor, site = (request.query_params.get(name) for name in ("state", "cursor", "site"))
    state = asked if asked in set(State) else None
    there = await access_site(ctx, parse_id(site) or UUID(int=0)) if site is not None else None
    if there is not None and there.is_owner:
        return see_other(address(PATH, state=state))
    try:
        if there is None:
            found = await own_posts(ctx, state=state, cursor=cursor)
        else:
            _check_reads(there)
            found = await site_posts(ctx, there, state=state, cursor=cursor)
    except Invalid:
        return see_other(address(PATH, site=site, state=state))
    shown = SHOWN if there is None or there.may(Permission.READ_DRAFTS) else SHOWN[:1]
    return await page(
        request,
        ctx,
        "studio/posts.html",
        posts=found.items,
        site=there,
        sites=await _switch(ctx, there),
        may=sorted(there.permissions if there else ALL),
        tabs=[(address(PATH, site=site, state=one), name, one == state) for one, name in shown],
        state=state,
        older=address(PATH, site=site, state=state, cursor=found.next_cursor) if found.next_cursor else None,
        newer=address(PATH, site=site, state=state) if cursor else None,
    )


def _check_reads(there: SiteAccess) -> None:
    if not there.may(Permission.READ_DRAFTS) and not there.may(Permission.SEE_ANALYTICS):
        raise Forbidden("Your role on this site does not include this")


async def _switch(ctx: Ctx, there: SiteAccess | None) -> list[tuple[str, str, bool]]:
    """One's own posts, and the sites one works on; nothing where there is nothing to choose."""
    others = [one for one in await sites(ctx) if one.role != "owner"]
    if not others:
        return []
    own = (PATH, "Your posts", there is None)
    return [own] + [
        (address(PATH, site=str(one.id)), one.title, there is not None and one.id == there.id) for one in others
    ]


async def list_of(ctx: Ctx, post: PostView | None) -> str:
    """The list in which a post stands for the actor: their own, or the one of its author's site."""
    if post is None or post.is_mine:
        return PATH
    site_id = await default_site_of(ctx, post.author.id)
    return address(PATH, site=str(site_id) if site_id else None)


@post("/write/{post_id:uuid}/unpublish", opt=access("member"))
async def unpublish(request: Request[Any, Any, Any], ctx: CtxDep, post_id: Path[UUID]) -> Response[Any]:
    """Takes a post back; it can be published again."""
    kept = await actions.unpublish(ctx, post_id)
    response = see_other(await list_of(ctx, kept))
    again = Action("Publish again", f"/write/{kept.id}/again")
    flash.add(request, response, Toast("Readers no longer find it.", "good", again, seconds=12))
    return response


@post("/write/{post_id:uuid}/again", opt=access("member"))
async def publish_again(request: Request[Any, Any, Any], ctx: CtxDep, post_id: Path[UUID]) -> Response[Any]:
    """Undoes the taking back."""
    done = await actions.publish(ctx, post_id)
    response = see_other(await list_of(ctx, done))
    said = "It is open to everybody again." if done.state == State.PUBLISHED else "A moderator looks at it first."
    flash.add(request, response, Toast(said, "good"))
    return response


@get("/write/{post_id:uuid}/delete", opt=access("member"))
async def delete_form(request: Request[Any, Any, Any], ctx: CtxDep, post_id: Path[UUID]) -> Response[Any]:
    """Asks once more: a deleted post does not come back."""
    return await page(request, ctx, "studio/delete.html", post=await access_own_post(ctx, post_id))


@post("/write/{post_id:uuid}/delete", opt=access("member"))
async def delete(request: Request[Any, Any, Any], ctx: CtxDep, post_id: Path[UUID]) -> Response[Any]:
    """Deletes it."""
    await actions.delete(ctx, post_id)
    response = see_other(PATH)
    flash.add(request, response, Toast("The post is deleted.", "good"))
    return response


routes = [my_posts, unpublish, publish_again, delete_form, delete]
