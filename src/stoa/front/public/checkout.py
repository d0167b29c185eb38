"""`/s/{site}/checkout/{session}`: where somebody comes back to from the gateway's page, and sees how it went."""

from contextlib import suppress
from typing import Any

from litestar import Request, Response, get, post

from stoa.foundation.people.queries import person_by_id
from stoa.front.leaving import leave_to
from stoa.front.page import page, see_other
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.money.payments import actions, queries
from stoa.money.payments.errors import OrderClosed, PaymentUnderWay
from stoa.money.payments.policies import access_checkout, access_own_order
from stoa.money.payments.types import HELD_STATES, OPEN_STATES, CheckoutStatus, Order, OrderState

HERE = "/s/{site:str}/checkout/{session_id:str}"


async def _found(ctx: Ctx, site: str, session_id: str) -> tuple[queries.SiteName, CheckoutStatus, Order]:
    """The checkout of one's own, on the site of whom it is for. Raises NotFound."""
    status = await access_checkout(ctx, session_id)
    order = await access_own_order(ctx, status.order_id)
    named = await queries.site_named(ctx, site, order.payee_id)
    if named is None:
        raise NotFound
    return named, status, order


def stage(order: Order, status: CheckoutStatus) -> str:
    """What the page says: paid, refunded, disputed, cancelled, failed, expired, or waiting."""
    if order.state in HELD_STATES:
        return "disputed" if order.state == OrderState.DISPUTED else "paid"
    if order.state in (OrderState.REFUNDED, OrderState.CANCELLED, OrderState.FAILED):
        return order.state.value
    return "waiting" if status.state == "open" else "expired"


@get(HERE, opt=access("member"))
async def show(request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str], session_id: Path[str]) -> Response[str]:
    """How far it is. HTMX asks again for the part that tells, until it is settled; without JavaScript a link does."""
    named, status, order = await _found(ctx, site, session_id)
    is_part = "hx-request" in request.headers
    return await page(
        request,
        ctx,
        "public/_checkout.html" if is_part else "public/checkout.html",
        site=named,
        checkout=status,
        order=order,
        stage=stage(order, status),
        payee=await person_by_id(ctx, order.payee_id) if order.payee_id else None,
        here=f"/s/{named.slug}/checkout/{status.id}",
        can_pay=order.state in OPEN_STATES,
    )


@post(HERE + "/again", opt=access("member"))
async def pay_again(
    request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str], session_id: Path[str]
) -> Response[Any]:
    """Another attempt, on a fresh page of the gateway's."""
    named, status, order = await _found(ctx, site, session_id)
    back = f"/s/{named.slug}/checkout/{status.id}"
    try:
        opened = await actions.start_checkout(ctx, order.id, None)
    except (OrderClosed, PaymentUnderWay):  # it has been paid, or is about to be: the page says so
        return see_other(back)
    return await leave_to(request, ctx, opened.url, back=back, why="There you enter your card.")


@post(HERE + "/cancel", opt=access("member"))
async def cancel(ctx: CtxDep, site: Path[str], session_id: Path[str]) -> Response[Any]:
    """Gives it up, unless it is paid."""
    named, status, order = await _found(ctx, site, session_id)
    with suppress(OrderClosed, PaymentUnderWay):  # the page says what it is instead
        await actions.cancel_order(ctx, order.id)
    return see_other(f"/s/{named.slug}/checkout/{status.id}")


routes = [show, pay_again, cancel]
