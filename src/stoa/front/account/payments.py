"""`/account/payments`: all that one paid, one payment in full, and its receipt."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import MediaType, Request, Response, get

from stoa.front.admin.filters import choice, day_end, newest, older, text
from stoa.front.page import page
from stoa.kit.http import CtxDep, Path, access
from stoa.money.disputes.queries import dispute_of
from stoa.money.payments import queries as orders
from stoa.money.payments.types import OrderState
from stoa.money.receipts import actions, queries
from stoa.money.receipts.policies import access_own_payment
from stoa.money.receipts.types import Filter, Payment
from stoa.money.refunds.queries import status

KINDS: Final = {"coins": "Coins", "credits": "Credits", "gift": "Gifts", "tip": "Tips", "sale": "Purchases"}
STATES: Final = {
    OrderState.PAID: "Paid",
    OrderState.PENDING: "Waiting",
    OrderState.FAILED: "Declined",
    OrderState.REFUNDED: "Refunded",
    OrderState.PARTIALLY_REFUNDED: "Partly refunded",
    OrderState.DISPUTED: "Disputed",
    OrderState.CANCELLED: "Cancelled",
    OrderState.CREATED: "Not paid",
}
METHODS: Final = {"sandbox": "Test gateway", "wallet": "The wallet"}
# A receipt stands alone: nothing is loaded, and nothing in it runs.
PRINTED: Final = "default-src 'none'; style-src 'unsafe-inline'"
NO_STORE: Final = {"Cache-Control": "private, no-store"}


def method_name(name: str) -> str:
    """What a gateway is called."""
    return METHODS.get(name, name.replace("_", " ").capitalize())


def wanted(
    request: Request[Any, Any, Any],
    kinds: Collection[str] = tuple(KINDS),
    states: Collection[OrderState] = tuple(STATES),
) -> Filter:
    """The filters of the address; `since` and `until` are days of UTC, both included. Raises Invalid."""
    first = day_end(request, "since")
    return Filter(
        kind=choice(request, "kind", kinds),
        state=choice(request, "state", states),
        since=first - timedelta(days=1) if first else None,
        until=day_end(request, "until"),
    )


def chosen(request: Request[Any, Any, Any]) -> dict[str, str | None]:
    """The filters as they were given, for the form that shows them."""
    return {name: text(request, name) for name in ("kind", "state", "since", "until")}


def place_of(payment: Payment, *, is_order: bool) -> tuple[str, str] | None:
    """Where a payment began, and what that is called; None where it has no page of its own."""
    if is_order:
        return f"/wallet/orders/{payment.id}", "See the order"
    if payment.kind == "gift":
        return f"/wallet/gifts/{payment.id}", "See the gift"
    return (f"/wallet/transfers/{payment.transfer_id}", "See the movement") if payment.transfer_id else None


@get("/account/payments", opt=access("member"))
async def list_payments(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """What one paid, newest first."""
    asked = wanted(request)
    found = await queries.payments(ctx, "paid", asked, cursor=request.query_params.get("cursor"))
    return await page(
        request,
        ctx,
        "account/payments.html",
        payments=found.items,
        chosen=chosen(request),
        kinds=list(KINDS.items()),
        states=[(state.value, name) for state, name in STATES.items()],
        method_name=method_name,
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/account/payments/{payment_id:uuid}", opt=access("member"))
async def show_payment(request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[UUID]) -> Response[str]:
    """One payment with what happened to it."""
    payment = await access_own_payment(ctx, payment_id)
    events = await orders.order_events(ctx, payment.id)  # an order has at least one, and nothing else has any
    return await page(
        request,
        ctx,
        "account/payment.html",
        payment=payment,
        events=events,
        place=place_of(payment, is_order=bool(events)),
        method_name=method_name,
        standing=await status(ctx, payment),
        dispute=await dispute_of(ctx, payment.id),
    )


@get("/account/payments/{payment_id:uuid}/receipt", opt=access("member"))
async def show_receipt(ctx: CtxDep, payment_id: Path[UUID]) -> Response[str]:
    """The receipt as a page of its own, for printing."""
    html = await actions.receipt_html(ctx, payment_id)
    return Response(html, media_type=MediaType.HTML, headers=NO_STORE | {"Content-Security-Policy": PRINTED})


@get("/account/payments/{payment_id:uuid}/receipt/pdf", opt=access("member"))
async def download_receipt(ctx: CtxDep, payment_id: Path[UUID]) -> Response[bytes]:
    """The receipt as a file."""
    number, pdf = await actions.receipt_pdf(ctx, payment_id)
    headers = NO_STORE | {"Content-Disposition": f'attachment; filename="receipt-{number}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


routes = [list_payments, show_payment, show_receipt, download_receipt]
