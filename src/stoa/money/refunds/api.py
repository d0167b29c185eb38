"""`/api/v1/payments/{payment_id}/refund`, `/api/v1/orders/{order_id}/refund`, and deciding: `/api/v1/refunds`."""

from typing import Any
from uuid import UUID

from litestar import Request, get, post

from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.ids import new_id
from stoa.kit.pagination import Page
from stoa.money.payments.policies import access_order
from stoa.money.refunds import actions, queries
from stoa.money.refunds.policies import access_payment, access_refund
from stoa.money.refunds.schemas import RefundIn, RefundOut, RefundStatusOut, RefuseIn, refund_out, status_out
from stoa.money.refunds.types import RefundRow, RefundState


@post("/api/v1/payments/{payment_id:uuid}/refund", opt=access("member", idempotent=True))
async def refund_payment(
    ctx: CtxDep, payment_id: Path[UUID], data: Body[RefundIn], request: Request[Any, Any, Any]
) -> RefundOut:
    """Ask for one's own payment back; or, for who received it and administrators, give it back, whole or in part."""
    key = key_of(request.scope) or str(new_id())
    payment = await access_payment(ctx, payment_id)
    do = actions.ask if payment.payer_id == ctx.member.id else actions.issue
    return refund_out(await do(ctx, payment_id, amount_minor=data.amount_minor, reason=data.reason, key=key))


@get("/api/v1/payments/{payment_id:uuid}/refund-status", opt=access("member"))
async def get_refund_status(ctx: CtxDep, payment_id: Path[UUID]) -> RefundStatusOut:
    """How far refunds of a payment are, for both sides of it and for staff."""
    payment = await access_payment(ctx, payment_id)
    status = await queries.status(ctx, payment)
    return status_out(payment.state.value, payment.refunded_minor, payment.asset, status)


@post("/api/v1/orders/{order_id:uuid}/refund", opt=access("admin", idempotent=True))
async def refund_order(
    ctx: CtxDep, order_id: Path[UUID], data: Body[RefundIn], request: Request[Any, Any, Any]
) -> RefundOut:
    """Give an order's money back and take back that share of what was bought; nobody does so for themselves.

    The gateway is asked right after; look at the refund's status.
    """
    await access_order(ctx, order_id)
    key = key_of(request.scope) or str(new_id())
    return refund_out(await actions.issue(ctx, order_id, amount_minor=data.amount_minor, reason=data.reason, key=key))


@get("/api/v1/refunds", opt=access("admin"))
async def list_refunds(
    ctx: CtxDep, status: Query[RefundState | None] = None, cursor: Cursor = None, limit: PageLimit = 50
) -> Page[RefundRow]:
    """Everybody's refunds, the newest first."""
    return await queries.queue(ctx, state=status, cursor=cursor, limit=limit)


@get("/api/v1/refunds/{refund_id:uuid}", opt=access("member"))
async def get_refund(ctx: CtxDep, refund_id: Path[UUID]) -> RefundOut:
    """One refund, for both sides of the payment and for staff."""
    return refund_out(await access_refund(ctx, refund_id))


@post("/api/v1/refunds/{refund_id:uuid}/approve", status_code=200, opt=access("member", idempotent=True))
async def approve(ctx: CtxDep, refund_id: Path[UUID]) -> RefundOut:
    """Agree to a request, for administrators and for who received the payment."""
    return refund_out(await actions.approve(ctx, refund_id))


@post("/api/v1/refunds/{refund_id:uuid}/refuse", status_code=200, opt=access("member", idempotent=True))
async def refuse(ctx: CtxDep, refund_id: Path[UUID], data: Body[RefuseIn]) -> RefundOut:
    """Say no to a request, and why, for administrators and for who received the payment."""
    return refund_out(await actions.refuse(ctx, refund_id, note=data.note))


routes = [refund_payment, get_refund_status, refund_order, list_refunds, get_refund, approve, refuse]
