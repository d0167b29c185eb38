"""`/dashboard/payments/{id}/refund`: giving back what one received, and deciding about who asked (M13)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.front import flash
from stoa.front.account.refunds import parsed
from stoa.front.formats import money
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import new_id
from stoa.money.receipts.policies import access_received_payment
from stoa.money.receipts.types import Payment
from stoa.money.refunds import actions, queries
from stoa.money.refunds.policies import access_refund


class NoteForm(msgspec.Struct):
    """Why not, in words the payer reads."""

    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get("/dashboard/payments/{payment_id:uuid}/refund", opt=access("member"))
async def give_back_page(request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[UUID]) -> Response[Any]:
    """What will happen, and how much."""
    return await _show(request, ctx, await access_received_payment(ctx, payment_id))


@post("/dashboard/payments/{payment_id:uuid}/refund", opt=access("member"))
async def give_back(request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[UUID]) -> Response[Any]:
    """Gives it back."""
    payment = await access_received_payment(ctx, payment_id)
    form = dict(await request.form())
    back = see_other(f"/dashboard/payments/{payment_id}")
    try:
        given, amount_minor = parsed(form, payment.asset)
        done = await actions.issue(ctx, payment_id, amount_minor=amount_minor, reason=given.reason, key=given.key)
    except Invalid as error:
        return await _show(request, ctx, payment, form=form, errors=error.fields, status=error.status)
    except Conflict as error:
        return await _show(request, ctx, payment, form=form, errors={"amount": error.detail}, status=error.status)
    given_back = money(done.amount_minor, done.asset)
    said = f"{given_back} went back." if done.state == "done" else f"{given_back} are on their way back."
    flash.add(request, back, flash.Toast(said, "good"))
    return back


@post("/dashboard/payments/{payment_id:uuid}/refunds/{refund_id:uuid}/{decision:str}", opt=access("member"))
async def decide(
    request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[UUID], refund_id: Path[UUID], decision: Path[str]
) -> Response[Any]:
    """Agrees to what the payer asked for, or says why not."""
    if (await access_refund(ctx, refund_id)).payment_id != payment_id:
        raise NotFound
    back = see_other(f"/dashboard/payments/{payment_id}")
    flash.add(request, back, await decided(ctx, refund_id, decision, dict(await request.form())))
    return back


async def decided(ctx: Ctx, refund_id: UUID, decision: str, form: dict[str, Any]) -> flash.Toast:
    """Decides about a request, and says what came of it. Raises NotFound for what is no decision."""
    try:
        match decision:
            case "approve":
                async with ctx.db.transaction():  # a refusal half-way must leave nothing of the decision
                    done = await actions.approve(ctx, refund_id)
                return flash.Toast("It went back." if done.state == "done" else "It is on its way back.", "good")
            case "refuse":
                given = forms.parse(NoteForm, form, strict=False)
                await actions.refuse(ctx, refund_id, note=given.note)
                return flash.Toast("It is refused. The payer reads why.", "good")
            case _:
                raise NotFound
    except Invalid as error:
        return flash.Toast(next(iter(error.fields.values()), error.detail), "bad")
    except Conflict as error:
        return flash.Toast(error.detail, "bad")


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
        "studio/refund.html",
        status=status,
        payment=payment,
        standing=await queries.status(ctx, payment),
        form=form or {},
        errors=errors or {},
        key=str(new_id()),
    )


routes = [give_back_page, give_back, decide]
