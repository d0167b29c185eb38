"""`/api/v1/orders`, `/api/v1/checkout`, and the address that gateways send their webhooks to."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from litestar import Request, get, post

from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.payments import actions, queries
from stoa.money.payments.actions import webhooks
from stoa.money.payments.api import accounts, checkout
from stoa.money.payments.policies import access_order
from stoa.money.payments.schemas import (
    CheckoutIn,
    ConfirmIn,
    OrderDetailOut,
    order_detail_out,
)
from stoa.money.payments.types import (
    CheckoutOut,
    InboxDetail,
    InboxEvent,
    OrderOut,
    PaidOrderOut,
    checkout_out,
    order_out,
    paid_order_out,
)

InboxStatus = Literal["waiting", "refused", "applied", "unchanged", "rejected"]


@get("/api/v1/orders", opt=access("member"))
async def list_orders(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 20) -> Page[OrderOut]:
    """One's own orders, newest first."""
    before = decode(cursor, tuple[datetime, UUID], scope="orders")
    rows = await queries.orders(ctx, ctx.member.id, before=before, limit=limit + 1)
    page = keyset(rows, limit, scope="orders", key=lambda order: (order.created_at, order.id))
    return Page([order_out(order) for order in page.items], page.next_cursor)


@get("/api/v1/orders/{order_id:uuid}", opt=access("member"))
async def get_order(ctx: CtxDep, order_id: Path[UUID]) -> OrderDetailOut:
    """An order of one's own, with all its changes; staff sees everybody's."""
    order = await access_order(ctx, order_id)
    return order_detail_out(order, await queries.order_events(ctx, order.id))


@post("/api/v1/orders/{order_id:uuid}/confirm", status_code=200, opt=access("member", idempotent=True))
async def confirm_order(ctx: CtxDep, order_id: Path[UUID], data: Body[ConfirmIn]) -> PaidOrderOut:
    """Pay an order at once. A refused card is no error: look at `state` and `failure_message`, and try another one."""
    return paid_order_out(await actions.confirm(ctx, order_id, data.payment_method_id, data.return_url))


@post("/api/v1/orders/{order_id:uuid}/checkout", opt=access("member", idempotent=True))
async def start_checkout(ctx: CtxDep, order_id: Path[UUID], data: Body[CheckoutIn]) -> CheckoutOut:
    """Open the gateway's hosted page for an order."""
    return checkout_out(await actions.start_checkout(ctx, order_id, data.return_url))


@post("/api/v1/orders/{order_id:uuid}/cancel", status_code=200, opt=access("member"))
async def cancel_order(ctx: CtxDep, order_id: Path[UUID]) -> OrderOut:
    """Give up an order that is not paid."""
    return order_out(await actions.cancel_order(ctx, order_id))


@post(
    "/api/v1/webhooks/{gateway:str}",
    status_code=200,
    # What is refused is kept, so a refusal must not roll back; and a gateway's burst is no abuse.
    opt=access("provider", write=False, limit="none"),
    request_max_body_size=webhooks.MAX_BODY_BYTES,
)
async def receive_webhook(ctx: CtxDep, gateway: Path[str], request: Request[Any, Any, Any]) -> dict[str, UUID]:
    """A gateway's event: kept, then applied by a job."""
    headers = {name.lower(): content for name, content in request.headers.items()}
    return {"id": await webhooks.receive(ctx, gateway, headers, await request.body())}


@get("/api/v1/webhook-events", opt=access("admin"))
async def list_webhook_events(
    ctx: CtxDep,
    status: Query[InboxStatus | None] = None,
    cursor: Cursor = None,
    limit: PageLimit = 50,
) -> Page[InboxEvent]:
    """The inbox, newest first; `status` waiting, refused, applied, unchanged or rejected."""
    before = decode(cursor, tuple[datetime, UUID], scope=f"webhook-events.{status}")
    rows = await queries.inbox(ctx, state=status, before=before, limit=limit + 1)
    return keyset(rows, limit, scope=f"webhook-events.{status}", key=lambda row: (row.received_at, row.id))


@get("/api/v1/webhook-events/{event_id:uuid}", opt=access("admin"))
async def get_webhook_event(ctx: CtxDep, event_id: Path[UUID]) -> InboxDetail:
    """One event with its headers and its body, as it came."""
    return await queries.inbox_event(ctx, event_id)


@post("/api/v1/webhook-events/{event_id:uuid}/repeat", status_code=202, opt=access("admin"))
async def repeat_webhook_event(ctx: CtxDep, event_id: Path[UUID]) -> None:
    """Try again to apply an event that could not be applied."""
    await webhooks.repeat(ctx, event_id)


routes = [
    list_orders,
    get_order,
    confirm_order,
    start_checkout,
    cancel_order,
    *checkout.routes,
    *accounts.routes,
    receive_webhook,
    list_webhook_events,
    get_webhook_event,
    repeat_webhook_event,
]
