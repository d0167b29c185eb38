"""`/wallet/orders`: what somebody bought, and the way back from the gateway's page."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.front import flash
from stoa.front.page import page, see_other
from stoa.front.reader.wallet import to_checkout
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.pagination import decode, keyset
from stoa.money.payments import actions, queries
from stoa.money.payments.actions import asking
from stoa.money.payments.policies import access_own_order
from stoa.money.payments.types import HELD_STATES, OPEN_STATES, Order, OrderState

LIMIT = 20
SCOPE = "orders"


def waits(order: Order) -> bool:
    """Whether the page should look again soon: the gateway has not said yet how it went."""
    return order.state == OrderState.PENDING or (order.state in HELD_STATES and order.fulfilled_at is None)


@get("/wallet/orders", opt=access("member"))
async def list_orders(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """One's own purchases, newest first."""
    before = decode(request.query_params.get("cursor"), tuple[datetime, UUID], scope=SCOPE)
    rows = await queries.orders(ctx, ctx.member.id, before=before, limit=LIMIT + 1)
    orders = keyset(rows, LIMIT, scope=SCOPE, key=lambda order: (order.created_at, order.id))
    name = "reader/_orders.html" if "hx-request" in request.headers else "reader/orders.html"
    return await page(request, ctx, name, orders=orders)


@get("/wallet/orders/{order_id:uuid}", opt=access("member"))
async def show_order(request: Request[Any, Any, Any], ctx: CtxDep, order_id: Path[UUID]) -> Response[str]:
    """What became of an order. HTMX asks again for the part that tells, until it is settled."""
    order = await access_own_order(ctx, order_id)
    if waits(order):
        await asking.ask_soon(ctx, order.id)
    partial = "hx-request" in request.headers
    response = await page(
        request,
        ctx,
        "reader/_order.html" if partial else "reader/order.html",
        order=order,
        events=await queries.order_events(ctx, order.id),
        waits=waits(order),
        can_pay=order.state in OPEN_STATES,
    )
    if partial and order.state == OrderState.PAID and order.fulfilled_at is not None:
        text = "Your tip has arrived." if order.kind == "tip" else f"{order.description} are in your wallet."
        flash.add(request, response, flash.Toast(text, "good"))
    return response


@post("/wallet/orders/{order_id:uuid}/checkout", opt=access("member"))
async def pay_order(request: Request[Any, Any, Any], ctx: CtxDep, order_id: Path[UUID]) -> Response[Any]:
    """Another attempt to pay one's order on the gateway's page."""
    await access_own_order(ctx, order_id)
    return await to_checkout(request, ctx, order_id)


@post("/wallet/orders/{order_id:uuid}/cancel", opt=access("member"))
async def cancel_order(request: Request[Any, Any, Any], ctx: CtxDep, order_id: Path[UUID]) -> Response[Any]:
    """Gives up an order that is not paid."""
    await actions.cancel_order(ctx, order_id)
    response = see_other("/wallet")
    flash.add(request, response, flash.Toast("The order is cancelled. Nothing was charged."))
    return response


routes = [list_orders, show_order, pay_order, cancel_order]
