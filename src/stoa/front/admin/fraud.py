"""`/admin/fraud`: what was noticed when money moved, and deciding about it (F1 to F7)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.front import flash
from stoa.front.admin.filters import choice, newest, older, person
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.money.risk import actions, queries
from stoa.money.risk.policies import access_flag, is_own
from stoa.money.risk.types import FlagState, FlagView, Severity


class NoteForm(msgspec.Struct):
    """What was found; the person reads it when a hold stays."""

    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get("/admin/fraud", opt=access("admin"))
async def list_flags(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """The log by severity, state and person, newest first."""
    severity, state = choice(request, "severity", list(Severity)), choice(request, "state", list(FlagState))
    name = person(request)
    cursor = request.query_params.get("cursor")
    found = await queries.flags(ctx, severity=severity, state=state, person=name, cursor=cursor, limit=50)
    return await page(
        request,
        ctx,
        "admin/frauds.html",
        flags=found.items,
        severities=list(Severity),
        states=list(FlagState),
        chosen={"severity": severity, "state": state, "person": name},
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/fraud/{flag_id:uuid}", opt=access("admin"))
async def show_flag(request: Request[Any, Any, Any], ctx: CtxDep, flag_id: Path[UUID]) -> Response[str]:
    """One line of the log, with the decision that is due."""
    return await _flag_page(request, ctx, await access_flag(ctx, flag_id))


async def _flag_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    flag: FlagView,
    *,
    note: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    return await page(
        request,
        ctx,
        "admin/fraud.html",
        status=status,
        flag=flag,
        own=is_own(flag, ctx.member.id),
        note=note,
        errors=errors or {},
    )


@post("/admin/fraud/{flag_id:uuid}/{decision:str}", opt=access("admin"))
async def decide(
    request: Request[Any, Any, Any], ctx: CtxDep, flag_id: Path[UUID], decision: Path[str]
) -> Response[Any]:
    """Approves the movement, or rejects it with a note."""
    flag = await access_flag(ctx, flag_id)
    form = dict(await request.form())
    back = see_other(f"/admin/fraud/{flag_id}")
    try:
        given = forms.parse(NoteForm, form, strict=False)
        match decision:
            case "approve":
                await actions.approve(ctx, flag_id, note=given.note)
                said = "It is approved, and holds nothing any more."
            case "reject":
                await actions.reject(ctx, flag_id, note=given.note)
                said = "It is rejected." + (" Their payouts stay held." if flag.severity == Severity.HIGH else "")
            case _:
                raise Invalid(fields={"decision": "approve or reject"})
    except Invalid as error:
        note = str(form.get("note", ""))
        return await _flag_page(request, ctx, flag, note=note, errors=error.fields, status=error.status)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    flash.add(request, back, flash.Toast(said, "good"))
    return back


routes = [list_flags, show_flag, decide]
