"""`/account/payments/{id}/refund`: asking for one's own money back (M13)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.front import flash
from stoa.front.formats import money
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import new_id
from stoa.kit.money import parse_decimal
from stoa.money.receipts.policies import access_own_payment
from stoa.money.receipts.types import Payment
from stoa.money.refunds import actions, queries


class RefundForm(msgspec.Struct, kw_only=True):
    """How much, as text such as 4.99, why, and the key of the form (M11)."""

    amount: Annotated[str, msgspec.Meta(max_length=20)] = ""
    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


def parsed(form: dict[str, Any], asset: str, *, or_all: bool = False) -> tuple[RefundForm, int | None]:
    """The form, and its amount in the smallest unit of the asset; None where none is given, with `or_all`.

    Raises Invalid.
    """
    given = forms.parse(RefundForm, form, strict=False)
    if not given.amount and or_all:
        return given, None
    if not given.amount:
        raise Invalid(fields={"amount": "Please fill this in"})
    amount_minor = parse_decimal(given.amount, asset)
    if amount_minor <= 0:
        raise Invalid(fields={"amount": "More than nothing, please"})
    return given, amount_minor


@get("/account/payments/{payment_id:uuid}/refund", opt=access("member"))
async def refund_page(request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[UUID]) -> Response[Any]:
    """What will happen, how much, and why."""
    return await _show(request, ctx, await access_own_payment(ctx, payment_id))


@post("/account/payments/{payment_id:uuid}/refund", opt=access("member"))
async def ask(request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[UUID]) -> Response[Any]:
    """Asks; somebody decides."""
    payment = await access_own_payment(ctx, payment_id)
    form = dict(await request.form())
    back = see_other(f"/account/payments/{payment_id}")
    try:
        given, amount_minor = parsed(form, payment.asset, or_all=True)
        await actions.ask(ctx, payment_id, amount_minor=amount_minor, reason=given.reason, key=given.key)
    except Invalid as error:
        return await _show(request, ctx, payment, form=form, errors=error.fields, status=error.status)
    except Conflict as error:
        most = error.extra.get("refundable_minor")
        if most:
            wrong = {"amount": f"At most {money(int(most), payment.asset)} are left of it"}
            return await _show(request, ctx, payment, form=form, errors=wrong, status=error.status)
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    flash.add(request, back, flash.Toast("You asked for it. You get a mail when it is decided.", "good"))
    return back


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    payment: Payment,
    *,
    form: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    return await page(
        request,
        ctx,
        "account/refund.html",
        status=status,
        payment=payment,
        standing=await queries.status(ctx, payment),
        form=form or {},
        errors=errors or {},
        key=str(new_id()),
    )


routes = [refund_page, ask]
