"""`/admin/disputes`: what payers' banks want back, answering them, and saying how one ended (M13)."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity.queries import user_by_id
from stoa.front import flash
from stoa.front.admin.filters import choice, newest, older
from stoa.front.page import page, see_other
from stoa.front.studio.disputes import MAX_BODY_BYTES, handed_in, shown
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.money.disputes import actions, queries
from stoa.money.disputes.policies import access_dispute
from stoa.money.disputes.types import Dispute, DisputeState
from stoa.money.payments.types import Order


class MarkForm(msgspec.Struct):
    """How it ended, and how one knows."""

    outcome: Literal["won", "lost", "withdrawn"]
    note: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


@get("/admin/disputes", opt=access("admin"))
async def list_disputes(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Open ones by the day on which evidence is due; or those of a state, the newest first."""
    state = choice(request, "state", list(DisputeState))
    cursor = request.query_params.get("cursor")
    found = await queries.newest(ctx, state=state, cursor=cursor) if state else await queries.due(ctx, cursor=cursor)
    return await page(
        request,
        ctx,
        "admin/disputes.html",
        disputes=found.items,
        states=list(DisputeState),
        chosen={"state": state},
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/disputes/{dispute_id:uuid}", opt=access("admin"))
async def show_dispute(request: Request[Any, Any, Any], ctx: CtxDep, dispute_id: Path[UUID]) -> Response[str]:
    """One dispute with its evidence and what happened."""
    return await _show(request, ctx, *await access_dispute(ctx, dispute_id))


@post("/admin/disputes/{dispute_id:uuid}/evidence", request_max_body_size=MAX_BODY_BYTES, opt=access("admin"))
async def answer(request: Request[Any, Any, Any], ctx: CtxDep, dispute_id: Path[UUID]) -> Response[Any]:
    """Hands in evidence."""
    order, dispute = await access_dispute(ctx, dispute_id)
    form: dict[str, Any] = {}
    back = see_other(f"/admin/disputes/{dispute_id}")
    try:
        form, files = await handed_in(request)
        await actions.hand_in(ctx, dispute_id, text=form["text"], files=files)
    except Invalid as error:
        return await _show(request, ctx, order, dispute, form=form, errors=error.fields, status=error.status)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    flash.add(request, back, flash.Toast("It is handed in.", "good"))
    return back


@post("/admin/disputes/{dispute_id:uuid}/mark", opt=access("admin"))
async def mark(request: Request[Any, Any, Any], ctx: CtxDep, dispute_id: Path[UUID]) -> Response[Any]:
    """Says how it ended."""
    order, dispute = await access_dispute(ctx, dispute_id)
    form = dict(await request.form())
    back = see_other(f"/admin/disputes/{dispute_id}")
    try:
        given = forms.parse(MarkForm, form, strict=False)
        after = await actions.mark(ctx, dispute_id, outcome=DisputeState(given.outcome), reason=given.note)
    except Invalid as error:
        return await _show(request, ctx, order, dispute, form=form, errors=error.fields, status=error.status)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    said = "The money went back." if after.state == DisputeState.LOST else "What was set aside is free again."
    flash.add(request, back, flash.Toast(f"It is {after.state.value}. {said}", "good"))
    return back


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    order: Order,
    dispute: Dispute,
    *,
    form: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    return await page(
        request,
        ctx,
        "admin/dispute.html",
        status=status,
        **await shown(ctx, order, dispute),
        payer=await user_by_id(ctx, order.user_id),
        payee=await user_by_id(ctx, order.payee_id) if order.payee_id else None,
        marker=await user_by_id(ctx, dispute.marked_by) if dispute.marked_by else None,
        may_mark=dispute.is_open and ctx.member.id not in (order.user_id, order.payee_id),
        form=form or {},
        errors=errors or {},
    )


routes = [list_disputes, show_dispute, answer, mark]
