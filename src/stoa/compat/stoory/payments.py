"""Stoory's routes of payments: an order at the gateway, its checkout on the client's page, and the proof of it.

Amounts are numbers of whole units, with decimals after the point.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, get, post
from msgspec import Meta

from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.ids import new_id, parse_id
from stoa.kit.money import parse_decimal, to_decimal
from stoa.kit.pagination import decode, keyset
from stoa.money.payments import actions as payments
from stoa.money.payments import policies, queries
from stoa.money.payments import types as orders
from stoa.money.payments.actions.switchboard import proving_gateway
from stoa.money.payments.errors import PriceChanged, UnknownPaymentMethod
from stoa.money.payments.types import HELD_STATES, OrderState, ReturnUrl
from stoa.money.wallet.actions import credits, order_coins
from stoa.money.wallet.types import CREDIT_LIMITS

AnyRequest = Request[Any, Any, Any]
Token = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^|\s]+$")]

RUPEES = "INR"


class CreateOrderIn(msgspec.Struct):
    """POST /api/payments/create-order: `amount` of credit, in rupees unless `currency` says otherwise; or coins, by
    their package, whose price an `amount` beside it must be.

    `return_url` is where the payer comes back to from a page of the gateway's.
    """

    kind: Literal["credits", "coins"] = "credits"
    amount: Annotated[float, Meta(gt=0, le=10**12)] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = RUPEES
    package_id: Annotated[int, Meta(ge=1, le=10**6)] | None = None
    return_url: ReturnUrl = "/wallet"


class VerifyIn(msgspec.Struct):
    """POST /api/payments/verify-payment: what the checkout has answered."""

    razorpay_order_id: Token
    razorpay_payment_id: Token
    razorpay_signature: Token


class Order(msgspec.Struct):
    """An order. `razorpay_order_id` and `razorpay_payment_id` are the gateway's names, once there are any."""

    id: UUID
    razorpay_order_id: str | None
    razorpay_payment_id: str | None
    kind: str
    description: str
    amount: float
    refunded_amount: float
    currency: str
    status: OrderState
    gateway: str
    created_at: datetime
    updated_at: datetime


class CreatedOut(msgspec.Struct):
    """201: give `key_id` and the order's `razorpay_order_id` to the checkout; or, where the gateway has a page for it,
    send the payer to `checkout_url`, from which they come back with the checkout's answer in the address."""

    success: bool
    message: str
    order: Order
    key_id: str
    checkout_url: str | None
    expires_at: datetime


class VerifiedOut(msgspec.Struct):
    """200: `success` when the order is paid; if not, `message` says why."""

    success: bool
    message: str
    order: Order


class OrdersOut(msgspec.Struct):
    """200: the newest first; `next_cursor` leads to older ones."""

    success: bool
    orders: list[Order]
    next_cursor: str | None


class OrderOut(msgspec.Struct):
    """200 of one order."""

    success: bool
    order: Order


@post("/api/payments/create-order", opt=access("member", idempotent=True))
async def create_order(ctx: CtxDep, data: Body[CreateOrderIn], request: AnyRequest) -> CreatedOut:
    """An order, and one at the gateway for it, to be paid in its checkout."""
    gateway = proving_gateway(ctx)
    order = await _ordered(ctx, data, gateway.name, key_of(request.scope) or str(new_id()))
    checkout = await payments.start_proven_checkout(ctx, order.id, data.return_url)
    order = await queries.ORDER(ctx.db, order.id)
    return CreatedOut(
        success=True,
        message="Order created",
        order=_order(order, checkout.session_id),
        key_id=gateway.public_key,
        checkout_url=checkout.url or None,
        expires_at=checkout.expires_at,
    )


@post("/api/payments/verify-payment", status_code=200, opt=access("member", idempotent=True))
async def verify_payment(ctx: CtxDep, data: Body[VerifyIn]) -> VerifiedOut:
    """The order is paid if the gateway has signed for it, and what was bought is there. Repeating it changes nothing.

    422 for a signature that is not the gateway's for this payment of this order.
    """
    status = await policies.access_checkout(ctx, data.razorpay_order_id)
    try:
        confirmation = await payments.confirm_proven(
            ctx,
            status.order_id,
            order=data.razorpay_order_id,
            payment=data.razorpay_payment_id,
            signature=data.razorpay_signature,
        )
    except UnknownPaymentMethod as error:
        told = error.fields.get("payment_method_id", error.detail)
        raise UnknownPaymentMethod(fields={"razorpay_signature": told}) from error
    order = confirmation.order
    is_paid = order.state in HELD_STATES
    message = "Payment verified" if is_paid else order.failure_message or "The payment is still on its way"
    return VerifiedOut(success=is_paid, message=message, order=_order(order, data.razorpay_order_id))


@get("/api/payments/orders", opt=access("member"))
async def list_orders(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 20) -> OrdersOut:
    """One's own orders, however they are paid."""
    before = decode(cursor, tuple[datetime, UUID], scope="stoory.orders")
    rows = await queries.orders(ctx, ctx.member.id, before=before, limit=limit + 1)
    page = keyset(rows, limit, scope="stoory.orders", key=lambda order: (order.created_at, order.id))
    names = await queries.orders_over_there(ctx, [order.id for order in page.items])
    return OrdersOut(True, [_order(order, names.get(order.id)) for order in page.items], page.next_cursor)


@get("/api/payments/orders/{order_id:str}", opt=access("member"))
async def show_order(ctx: CtxDep, order_id: Path[str]) -> OrderOut:
    """One of one's own orders, by our id of it; staff sees everybody's."""
    wanted = parse_id(order_id)
    if wanted is None:
        raise NotFound
    order = await policies.access_order(ctx, wanted)
    names = await queries.orders_over_there(ctx, [order.id])
    return OrderOut(True, _order(order, names.get(order.id)))


async def _ordered(ctx: Ctx, data: CreateOrderIn, gateway: str, key: str) -> orders.Order:
    """Raises Invalid for the field that says too little, and PriceChanged."""
    if data.kind == "coins":
        if data.package_id is None:
            raise Invalid(fields={"package_id": "Which package of coins?"})
        order = await order_coins(ctx, data.package_id, key=key, gateway=gateway)
        if data.amount is not None and parse_decimal(str(data.amount), order.currency) != order.amount_minor:
            raise PriceChanged(amount_minor=order.amount_minor, currency=order.currency)
        return order
    if data.amount is None:
        raise Invalid(fields={"amount": "How much credit?"})
    if data.currency not in CREDIT_LIMITS:
        raise Invalid(fields={"currency": f"Please use one of {', '.join(CREDIT_LIMITS)}"})
    amount_minor = parse_decimal(str(data.amount), data.currency)
    return await credits.order_credits(ctx, amount_minor, data.currency, key=key, gateway=gateway)


def _order(order: orders.Order, over_there: str | None) -> Order:
    return Order(
        id=order.id,
        razorpay_order_id=over_there,
        razorpay_payment_id=order.payment_id,
        kind=order.kind,
        description=order.description,
        amount=float(to_decimal(order.amount_minor, order.currency)),
        refunded_amount=float(to_decimal(order.refunded_minor, order.currency)),
        currency=order.currency,
        status=order.state,
        gateway=order.gateway,
        created_at=order.created_at,
        updated_at=order.updated_at,
    )


routes = [create_order, verify_payment, list_orders, show_order]
