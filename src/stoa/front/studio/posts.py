"""`/dashboard/posts`: what one has written, drafts first seen, with what can be done to each."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.posts import actions
from stoa.creation.posts.policies import access_own_post
from stoa.creation.posts.queries import own_posts
from stoa.creation.works.types import State
from stoa.front import flash
from stoa.front.flash import Action, Toast
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access

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
    """The last changed first; `state` filters."""
    asked, cursor = request.query_params.get("state"), request.query_params.get("cursor")
    state = asked if asked in set(State) else None
    try:
        found = await own_posts(ctx, state=state, cursor=cursor)
    except Invalid:
        return see_other(address(PATH, state=state))
    tabs = [(address(PATH, state=one), name, one == state) for one, name in SHOWN]
    older = address(PATH, state=state, cursor=found.next_cursor) if found.next_cursor else None
    newer = address(PATH, state=state) if cursor else None
    return await page(
        request, ctx, "studio/posts.html", posts=found.items, tabs=tabs, state=state, older=older, newer=newer
    )


@post("/write/{post_id:uuid}/unpublish", opt=access("member"))
async def unpublish(request: Request[Any, Any, Any], ctx: CtxDep, post_id: Path[UUID]) -> Response[Any]:
    """Takes a post back; it can be published again."""
    kept = await actions.unpublish(ctx, post_id)
    response = see_other(PATH)
    again = Action("Publish again", f"/write/{kept.id}/again")
    flash.add(request, response, Toast("Readers no longer find it.", "good", again, seconds=12))
    return response


@post("/write/{post_id:uuid}/again", opt=access("member"))
async def publish_again(request: Request[Any, Any, Any], ctx: CtxDep, post_id: Path[UUID]) -> Response[Any]:
    """Undoes the taking back."""
    done = await actions.publish(ctx, post_id)
    response = see_other(PATH)
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
