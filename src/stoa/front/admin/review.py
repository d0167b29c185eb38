"""`/admin/review`: texts that wait for a moderator, with why (P5)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.works import actions, queries
from stoa.creation.works.errors import EditConflict, WrongState
from stoa.front import flash
from stoa.front.admin.filters import newest, older
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access

LIMIT = 10


class ApproveForm(msgspec.Struct):
    """The revision that was read: what was changed since is read again first."""

    revision: int


class RefuseForm(ApproveForm):
    """With the reason, in words the author reads."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=1000)]


@get("/admin/review", opt=access("staff"))
async def show_queue(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """The longest waiting first."""
    return await _queue(request, ctx)


async def _queue(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    *,
    wrong: UUID | None = None,
    reason: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    found = await queries.review_queue(ctx, cursor=request.query_params.get("cursor"), limit=LIMIT)
    return await page(
        request,
        ctx,
        "admin/review.html",
        status=status,
        items=found.items,
        waiting=await queries.review_count(ctx),
        wrong=wrong,
        reason=reason,
        errors=errors or {},
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@post("/admin/review/{work_id:uuid}/approve", opt=access("staff"))
async def approve(request: Request[Any, Any, Any], ctx: CtxDep, work_id: Path[UUID]) -> Response[Any]:
    """Publishes the text as it was read."""
    given = forms.parse(ApproveForm, dict(await request.form()), strict=False)
    back = see_other("/admin/review")
    try:
        work = await actions.approve(ctx, work_id, revision=given.revision)
    except (EditConflict, WrongState) as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
    else:
        flash.add(request, back, flash.Toast(f"“{work.title}” is published.", "good"))
    return back


@post("/admin/review/{work_id:uuid}/refuse", opt=access("staff"))
async def refuse(request: Request[Any, Any, Any], ctx: CtxDep, work_id: Path[UUID]) -> Response[Any]:
    """Sends the text back with a reason."""
    form = dict(await request.form())
    back = see_other("/admin/review")
    try:
        given = forms.parse(RefuseForm, form, strict=False)
        work = await actions.refuse(ctx, work_id, reason=given.reason, revision=given.revision)
    except Invalid as error:
        reason = str(form.get("reason", ""))
        return await _queue(request, ctx, wrong=work_id, reason=reason, errors=error.fields, status=error.status)
    except (EditConflict, WrongState) as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
    else:
        flash.add(request, back, flash.Toast(f"“{work.title}” went back to its author.", "good"))
    return back


routes = [show_queue, approve, refuse]
