"""`/admin/refunds`: who wants what back, and deciding about it (M13)."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.foundation.identity.queries import user_by_id
from stoa.front import flash
from stoa.front.admin.filters import choice, newest, older, person
from stoa.front.page import page, see_other
from stoa.front.studio.refunds import decided
from stoa.kit.http import CtxDep, Path, access
from stoa.money.receipts.queries import payment as payment_by_id
from stoa.money.refunds import queries
from stoa.money.refunds.policies import access_refund
from stoa.money.refunds.types import RefundState


@get("/admin/refunds", opt=access("admin"))
async def list_refunds(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Refunds by state and person, newest first."""
    state, name = choice(request, "state", list(RefundState)), person(request)
    found = await queries.queue(ctx, state=state, person=name, cursor=request.query_params.get("cursor"))
    return await page(
        request,
        ctx,
        "admin/refunds.html",
        refunds=found.items,
        states=list(RefundState),
        chosen={"state": state, "person": name},
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/refunds/{refund_id:uuid}", opt=access("admin"))
async def show_refund(request: Request[Any, Any, Any], ctx: CtxDep, refund_id: Path[UUID]) -> Response[str]:
    """One refund, with the decision that is due."""
    refund = await access_refund(ctx, refund_id)
    return await page(
        request,
        ctx,
        "admin/refund.html",
        refund=refund,
        payment=await payment_by_id(ctx, "paid", refund.payment_id),
        payer=await user_by_id(ctx, refund.payer_id),
        decider=await user_by_id(ctx, refund.decided_by) if refund.decided_by else None,
    )


@post("/admin/refunds/{refund_id:uuid}/{decision:str}", opt=access("admin"))
async def decide(
    request: Request[Any, Any, Any], ctx: CtxDep, refund_id: Path[UUID], decision: Path[str]
) -> Response[Any]:
    """Agrees to a request, or says why not."""
    back = see_other(f"/admin/refunds/{refund_id}")
    flash.add(request, back, await decided(ctx, refund_id, decision, dict(await request.form())))
    return back


routes = [list_refunds, show_refund, decide]
