"""`/dashboard/payments/{id}/dispute`: what a payer's bank says, and telling one's side of it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile

from stoa.front import flash
from stoa.front.page import page, see_other
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, NotFound
from stoa.kit.forms import storable
from stoa.kit.http import CtxDep, Path, access
from stoa.money.disputes import actions, queries
from stoa.money.disputes.policies import access_dispute_of, may_answer
from stoa.money.disputes.types import MAX_FILE_BYTES, Dispute, Upload
from stoa.money.payments.types import Order

MAX_BODY_BYTES = 7_000_000


async def handed_in(request: Request[Any, Any, Any]) -> tuple[dict[str, str], list[Upload]]:
    """The words and the files of the form; each file read up to a byte more than it may have. Raises Invalid."""
    form = await request.form()
    text = form.get("text", "")
    if not isinstance(text, str) or not storable(text):
        raise Invalid(fields={"text": "This holds a character that cannot be stored"})
    chosen = [file for file in form.getall("files", []) if isinstance(file, UploadFile) and file.filename]
    return {"text": text}, [Upload(file.filename, await file.read(MAX_FILE_BYTES + 1)) for file in chosen]


async def shown(ctx: Ctx, order: Order, dispute: Dispute) -> dict[str, Any]:
    """What pages about a dispute show."""
    evidence = await queries.evidence_of(ctx, dispute.id) if may_answer(ctx, order) else []
    is_due = dispute.evidence_due_by is None or dispute.evidence_due_by > ctx.now
    stands = any(one.state != "refused" for one, _ in evidence)
    return {
        "order": order,
        "dispute": dispute,
        "events": await queries.dispute_events(ctx, dispute.id),
        "evidence": evidence,
        "can_answer": may_answer(ctx, order) and dispute.state == "needs_response" and is_due and not stands,
    }


@get("/dashboard/payments/{payment_id:uuid}/dispute", opt=access("member"))
async def dispute_page(request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[UUID]) -> Response[str]:
    """The dispute about a payment one received."""
    return await _show(request, ctx, *await _received(ctx, payment_id))


@post("/dashboard/payments/{payment_id:uuid}/dispute", request_max_body_size=MAX_BODY_BYTES, opt=access("member"))
async def answer(request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[UUID]) -> Response[Any]:
    """Hands in evidence."""
    order, dispute = await _received(ctx, payment_id)
    form: dict[str, str] = {}
    back = see_other(f"/dashboard/payments/{payment_id}/dispute")
    try:
        form, files = await handed_in(request)
        await actions.hand_in(ctx, dispute.id, text=form["text"], files=files)
    except Invalid as error:
        return await _show(request, ctx, order, dispute, form=form, errors=error.fields, status=error.status)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    flash.add(request, back, flash.Toast("It is handed in. You get a mail when the bank has decided.", "good"))
    return back


async def _received(ctx: Ctx, payment_id: UUID) -> tuple[Order, Dispute]:
    """A dispute for who may answer it. Raises NotFound for everybody else."""
    order, dispute = await access_dispute_of(ctx, payment_id)
    if not may_answer(ctx, order):
        raise NotFound
    return order, dispute


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    order: Order,
    dispute: Dispute,
    *,
    form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    return await page(
        request,
        ctx,
        "studio/dispute.html",
        status=status,
        **await shown(ctx, order, dispute),
        form=form or {},
        errors=errors or {},
    )


routes = [dispute_page, answer]
