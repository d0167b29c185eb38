"""`/admin/payouts`: everybody's payouts; those held for review are let go on or called off (M10, F7)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity.queries import user_by_id
from stoa.foundation.identity.types import UserRow
from stoa.front import flash
from stoa.front.admin.filters import choice, newest, older, person
from stoa.front.formats import money
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.money.payouts import actions
from stoa.money.payouts import queries as payouts
from stoa.money.payouts.policies import access_payout
from stoa.money.payouts.types import PayoutState, PayoutView
from stoa.operations.admin import queries


class DecisionForm(msgspec.Struct):
    """Why, in words the creator reads."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


@get("/admin/payouts", opt=access("admin"))
async def list_payouts(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Payouts by state and creator, newest first."""
    state, name = choice(request, "state", list(PayoutState)), person(request)
    found = await queries.payouts(ctx, state=state, username=name, cursor=request.query_params.get("cursor"))
    return await page(
        request,
        ctx,
        "admin/payouts.html",
        payouts=found.items,
        states=list(PayoutState),
        chosen={"state": state, "person": name},
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/payouts/{payout_id:uuid}", opt=access("admin"))
async def show_payout(request: Request[Any, Any, Any], ctx: CtxDep, payout_id: Path[UUID]) -> Response[str]:
    """One payout with all that happened to it."""
    return await _payout_page(request, ctx, await access_payout(ctx, payout_id))


@get("/admin/payouts/{payout_id:uuid}/let-go", opt=access("admin"))
async def let_go_form(request: Request[Any, Any, Any], ctx: CtxDep, payout_id: Path[UUID]) -> Response[Any]:
    """Asks once more, where the dialog cannot: money that was sent does not come back."""
    payout = await access_payout(ctx, payout_id)
    if payout.state != PayoutState.IN_REVIEW or payout.user_id == ctx.member.id:
        return see_other(f"/admin/payouts/{payout_id}")
    leaving = _leaving(payout, await user_by_id(ctx, payout.user_id))
    return await page(request, ctx, "admin/payout_let_go.html", payout=payout, leaving=leaving)


def _leaving(payout: PayoutView, creator: UserRow | None) -> str:
    """What happens when it is let go."""
    return f"It is sent to {_named(creator)} at once, by {payout.provider} to {payout.destination}."


def _named(creator: UserRow | None) -> str:
    return f"@{creator.username}" if creator else "somebody gone"


async def _payout_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    payout: PayoutView,
    *,
    reason: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    creator = await user_by_id(ctx, payout.user_id)
    return await page(
        request,
        ctx,
        "admin/payout.html",
        status=status,
        payout=payout,
        creator=creator,
        leaving=_leaving(payout, creator),
        events=await payouts.payout_events(ctx, payout.id),
        reason=reason,
        errors=errors or {},
    )


@post("/admin/payouts/{payout_id:uuid}/{decision:str}", opt=access("admin"))
async def decide(
    request: Request[Any, Any, Any], ctx: CtxDep, payout_id: Path[UUID], decision: Path[str]
) -> Response[Any]:
    """Holds it for review, lets it go on, or calls it off; holding and calling off need a reason."""
    payout = await access_payout(ctx, payout_id)
    form = dict(await request.form())
    back = see_other(f"/admin/payouts/{payout_id}")
    try:
        match decision:
            case "approve":
                await actions.approve(ctx, payout_id)
                whose = _named(await user_by_id(ctx, payout.user_id))
                said = f"{money(payout.net_payout_minor, payout.currency)} is on its way to {whose}."
            case "hold":
                given = forms.parse(DecisionForm, form, strict=False)
                await actions.hold_for_review(ctx, payout_id, reason=given.reason)
                said = "It is held. The creator sees why."
            case "reject":
                given = forms.parse(DecisionForm, form, strict=False)
                await actions.reject(ctx, payout_id, reason=given.reason)
                said = "It is called off. The coins are back, and the creator sees why."
            case _:
                raise Invalid(fields={"decision": "approve, hold or reject"})
    except Invalid as error:
        reason = str(form.get("reason", ""))
        return await _payout_page(request, ctx, payout, reason=reason, errors=error.fields, status=error.status)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    flash.add(request, back, flash.Toast(said, "good"))
    return back


routes = [list_payouts, show_payout, let_go_form, decide]
