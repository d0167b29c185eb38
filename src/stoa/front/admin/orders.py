"""`/admin/orders`: everybody's purchases, each with its changes, its transfer, and giving money back (M13, M14)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity.queries import user_by_id
from stoa.front import flash
from stoa.front.admin.filters import choice, newest, older, person
from stoa.front.formats import money
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import new_id
from stoa.kit.money import parse_decimal
from stoa.money.disputes.queries import dispute_of
from stoa.money.payments import queries as payments
from stoa.money.payments.policies import access_order
from stoa.money.payments.types import Order, OrderState
from stoa.money.refunds import actions as refunds
from stoa.money.refunds.errors import NothingToRefund, PaymentDisputed
from stoa.money.refunds.queries import refunds_of
from stoa.operations.admin import queries


class RefundForm(msgspec.Struct):
    """How much, as text such as 4.99, why, and the key of the form (M11)."""

    amount: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


@get("/admin/orders", opt=access("admin"))
async def list_orders(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Orders by state and buyer, newest first."""
    state, name = choice(request, "state", list(OrderState)), person(request)
    found = await queries.orders(ctx, state=state, username=name, cursor=request.query_params.get("cursor"))
    return await page(
        request,
        ctx,
        "admin/orders.html",
        orders=found.items,
        states=list(OrderState),
        chosen={"state": state, "person": name},
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/orders/{order_id:uuid}", opt=access("admin"))
async def show_order(request: Request[Any, Any, Any], ctx: CtxDep, order_id: Path[UUID]) -> Response[str]:
    """One order."""
    return await _order_page(request, ctx, await access_order(ctx, order_id))


async def _order_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    order: Order,
    *,
    form: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    return await page(
        request,
        ctx,
        "admin/order.html",
        status=status,
        order=order,
        buyer=await user_by_id(ctx, order.user_id),
        events=await payments.order_events(ctx, order.id),
        transfer_id=await queries.order_transfer_id(ctx, order.id),
        refunds=await refunds_of(ctx, order.id),
        dispute=await dispute_of(ctx, order.id),
        refundable=order.state in (OrderState.PAID, OrderState.PARTIALLY_REFUNDED)
        and order.payment_id is not None
        and order.user_id != ctx.member.id,
        form=form or {},
        errors=errors or {},
        key=str(new_id()),
    )


@post("/admin/orders/{order_id:uuid}/refund", opt=access("admin"))
async def refund(request: Request[Any, Any, Any], ctx: CtxDep, order_id: Path[UUID]) -> Response[Any]:
    """Gives money back and takes back that share of what was bought."""
    order = await access_order(ctx, order_id)
    form = dict(await request.form())
    try:
        given = forms.parse(RefundForm, form, strict=False)
        amount_minor = parse_decimal(given.amount, order.currency)
        if amount_minor <= 0:
            raise Invalid(fields={"amount": "More than nothing, please"})
        refund = await refunds.issue(ctx, order_id, amount_minor=amount_minor, reason=given.reason, key=given.key)
    except Invalid as error:
        return await _order_page(request, ctx, order, form=form, errors=error.fields, status=error.status)
    except NothingToRefund as error:
        most = money(int(error.extra.get("refundable_minor", 0)), order.currency)
        wrong = {"amount": f"At most {most} can be given back now; the rest is spent, or on its way back"}
        return await _order_page(request, ctx, order, form=form, errors=wrong, status=error.status)
    except PaymentDisputed as error:
        return await _order_page(request, ctx, order, form=form, errors={"amount": error.detail}, status=error.status)
    back = see_other(f"/admin/orders/{order_id}")
    said = f"{money(refund.amount_minor, order.currency)} are on their way back to the buyer."
    flash.add(request, back, flash.Toast(said, "good"))
    return back


routes = [list_orders, show_order, refund]
