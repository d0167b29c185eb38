"""`/admin/tags`: what authors call their series by, looked at by a moderator before others find it."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.serials.actions import tags as actions
from stoa.creation.serials.queries.tags import tag_by_slug, tags_by_state
from stoa.creation.works.policies import slugify
from stoa.front import flash
from stoa.front.admin import filters
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, NotFound
from stoa.kit.http import CtxDep, Path, access

LIMIT: Final = 50
STATES: Final = {"waiting": "Waiting", "approved": "Approved", "blocked": "Blocked"}


@get("/admin/tags", opt=access("staff"))
async def show_tags(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Tags that wait, are approved or blocked; those with some words in them."""
    state = _state(request)
    words = filters.text(request, "q") or ""
    try:
        found = await tags_by_state(ctx, state, words=words, cursor=request.query_params.get("cursor"), limit=LIMIT)
    except Invalid:
        return see_other(_list(state, words))
    return await page(
        request,
        ctx,
        "admin/tags.html",
        tags=found.items,
        state=state,
        words=words,
        states=[(_list(one, words), said, one == state) for one, said in STATES.items()],
        older=filters.older(request, found.next_cursor),
        newest=filters.newest(request),
    )


@post("/admin/tags/{tag_id:uuid}/approve", opt=access("staff"))
async def approve(request: Request[Any, Any, Any], ctx: CtxDep, tag_id: Path[UUID]) -> Response[Any]:
    """Everybody finds it from now on."""
    tag = await actions.approve_tag(ctx, tag_id)
    return await _said(request, f"“{tag.name}” is found by everybody now.")


@post("/admin/tags/{tag_id:uuid}/block", opt=access("staff"))
async def block(request: Request[Any, Any, Any], ctx: CtxDep, tag_id: Path[UUID]) -> Response[Any]:
    """It is not used any more."""
    tag = await actions.block_tag(ctx, tag_id)
    return await _said(request, f"“{tag.name}” is not used any more.")


@post("/admin/tags/{tag_id:uuid}/merge", opt=access("staff"))
async def merge(request: Request[Any, Any, Any], ctx: CtxDep, tag_id: Path[UUID]) -> Response[Any]:
    """Its series and its address become those of another, named in the form."""
    name = " ".join(str((await request.form()).get("into", "")).split())[:100]
    try:
        into = await actions.merge_tag(ctx, tag_id, await _named(ctx, name))
    except (NotFound, Conflict) as error:
        return await _said(request, error.detail, "bad")
    return await _said(request, f"It is “{into.name}” from now on.")


async def _named(ctx: Ctx, name: str) -> UUID:
    slug = slugify(name, fallback="")
    found = await tag_by_slug(ctx, slug) if slug else None
    if found is None:
        raise NotFound(f"There is no tag called “{name}” to put it with" if name else "Please name the other tag")
    return found.id


async def _said(request: Request[Any, Any, Any], text: str, kind: Any = "good") -> Response[Any]:
    form = await request.form()
    back = see_other(_list(str(form.get("state", "")), str(form.get("q", ""))[:100]))
    flash.add(request, back, flash.Toast(text, kind))
    return back


def _state(request: Request[Any, Any, Any]) -> str:
    asked = request.query_params.get("state", "")
    return asked if asked in STATES else "waiting"


def _list(state: str, words: str) -> str:
    return address("/admin/tags", state=state if state in STATES and state != "waiting" else None, q=words)


routes = [show_tags, approve, block, merge]
