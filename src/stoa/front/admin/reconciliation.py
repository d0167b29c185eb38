"""`/admin/reconciliation`: what gateways list beside what stands here, and settling what differs."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.front import flash
from stoa.front.admin.filters import choice, newest, older, text
from stoa.front.formats import money
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, Unavailable
from stoa.kit.http import CtxDep, Path, access
from stoa.money.payments.actions.switchboard import switched_on as gateways_on
from stoa.money.payouts.actions.switchboard import switched_on as providers_on
from stoa.money.reconciliation import actions, queries
from stoa.money.reconciliation.policies import access_discrepancy
from stoa.money.reconciliation.types import Discrepancy, Kind, MatterState

RUNS: Final = 6
# What a side says, in the order in which it is shown; what ends in _minor is an amount.
SAID: Final = {
    "order": "Order",
    "status": "State",
    "amount_minor": "Amount",
    "captured_minor": "Received",
    "refunded_minor": "Given back",
    "fee_minor": "Fee",
    "currency": "Currency",
    "kept_minor": "Received less given back",
    "ledger_minor": "In the books",
    "cause": "Cause",
    "reason": "Reason",
}


class CompareForm(msgspec.Struct):
    """`account` is a subject and a name, such as payments:stripe; the days count from the first to the last."""

    account: Annotated[str, msgspec.Meta(min_length=3, max_length=60)]
    since: Annotated[str, msgspec.Meta(max_length=10)] = ""
    until: Annotated[str, msgspec.Meta(max_length=10)] = ""


class NoteForm(msgspec.Struct):
    """How it was settled."""

    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Line(msgspec.Struct):
    """One thing that the two sides say, as it is shown."""

    name: str
    here: str
    there: str
    differs: bool


@get("/admin/reconciliation", opt=access("admin"))
async def list_discrepancies(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """What differs, by kind, state and account; the latest comparisons. HTMX asks again while one is under way."""
    return await _list_page(request, ctx)


@post("/admin/reconciliation", opt=access("admin"))
async def compare(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Begins a comparison."""
    form = dict(await request.form())
    back = see_other("/admin/reconciliation")
    try:
        given = forms.parse(CompareForm, form, strict=False)
        subject, _, gateway = given.account.partition(":")
        await actions.start(
            ctx,
            subject="payouts" if subject == "payouts" else "payments",
            gateway=gateway,
            since=_day(given.since, "since"),
            until=_day(given.until, "until", days=1),
        )
    except Invalid as error:
        return await _list_page(request, ctx, form=form, errors=error.fields, status=error.status)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    flash.add(request, back, flash.Toast("It is being compared."))
    return back


@get("/admin/reconciliation/{discrepancy_id:uuid}", opt=access("admin"))
async def show_discrepancy(request: Request[Any, Any, Any], ctx: CtxDep, discrepancy_id: Path[UUID]) -> Response[str]:
    """One difference: both sides beside each other, and what can be done."""
    return await _matter_page(request, ctx, await access_discrepancy(ctx, discrepancy_id))


@post("/admin/reconciliation/{discrepancy_id:uuid}/merge", opt=access("admin", write=False))
async def merge(request: Request[Any, Any, Any], ctx: CtxDep, discrepancy_id: Path[UUID]) -> Response[Any]:
    """Merges what the gateway says."""
    back = see_other(f"/admin/reconciliation/{discrepancy_id}")
    try:
        after = await actions.mend(ctx, discrepancy_id)
    except (Conflict, Unavailable) as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    closed = after.state == MatterState.CLOSED
    said = "Both sides agree now." if closed else "They still differ. Somebody has to settle it."
    flash.add(request, back, flash.Toast(said, "good" if closed else "bad"))
    return back


@post("/admin/reconciliation/{discrepancy_id:uuid}/resolve", opt=access("admin"))
async def resolve(request: Request[Any, Any, Any], ctx: CtxDep, discrepancy_id: Path[UUID]) -> Response[Any]:
    """Settles it, with a note."""
    matter = await access_discrepancy(ctx, discrepancy_id)
    form = dict(await request.form())
    back = see_other(f"/admin/reconciliation/{discrepancy_id}")
    try:
        await actions.resolve(ctx, discrepancy_id, note=forms.parse(NoteForm, form, strict=False).note)
    except Invalid as error:
        note = str(form.get("note", ""))
        return await _matter_page(request, ctx, matter, note=note, errors=error.fields, status=error.status)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    flash.add(request, back, flash.Toast("It is settled.", "good"))
    return back


async def _list_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    *,
    form: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    kind, state = choice(request, "kind", list(Kind)), choice(request, "state", list(MatterState))
    gateway = text(request, "gateway")
    state = state or (None if request.query_params.get("state") == "" else MatterState.OPEN)
    found = await queries.discrepancies(
        ctx, kind=kind, state=state, gateway=gateway, cursor=request.query_params.get("cursor"), limit=50
    )
    runs = (await queries.runs(ctx, limit=RUNS)).items
    settings = ctx.app.settings
    accounts = [(f"payments:{name}", f"Payments by {name}") for name in gateways_on(settings)]
    accounts += [(f"payouts:{name}", f"Payouts by {name}") for name in providers_on(settings)]
    return await page(
        request,
        ctx,
        "admin/_discrepancies.html" if "hx-request" in request.headers else "admin/discrepancies.html",
        status=status,
        matters=found.items,
        counts=await queries.counts(ctx),
        runs=runs,
        waits=any(run.state == "running" for run in runs),
        again=f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path,
        accounts=accounts,
        gateways=sorted({value.partition(":")[2] for value, _ in accounts}),
        kinds=list(Kind),
        states=list(MatterState),
        chosen={"kind": kind, "state": state, "gateway": gateway},
        older=older(request, found.next_cursor),
        newest=newest(request),
        form=form or {},
        errors=errors or {},
    )


async def _matter_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    matter: Discrepancy,
    *,
    note: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    return await page(
        request,
        ctx,
        "admin/discrepancy.html",
        status=status,
        matter=matter,
        lines=_lines(matter),
        can_merge=matter.state == MatterState.OPEN and bool(matter.order_id or matter.payout_id),
        note=note,
        errors=errors or {},
    )


def _lines(matter: Discrepancy) -> list[Line]:
    lines = []
    for name, label in SAID.items():
        if name in matter.here or name in matter.there:
            here, there = _shown(matter, matter.here, name), _shown(matter, matter.there, name)
            both = name in matter.here and name in matter.there
            lines.append(Line(label, here, there, both and here != there))
    return lines


def _shown(matter: Discrepancy, side: dict[str, Any], name: str) -> str:
    if name not in side:
        return "–"
    said = side[name]
    if name.endswith("_minor"):
        return money(said, str(side.get("currency", matter.currency)))
    return str(said).replace("_", " ")


def _day(given: str, name: str, *, days: int = 0) -> datetime | None:
    """The beginning of a chosen day in UTC, or of the one so many days later; None for no choice. Raises Invalid."""
    if not given.strip():
        return None
    try:
        day = date.fromisoformat(given.strip()) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise Invalid(fields={name: "Please give a day, such as 2026-05-03"}) from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


routes = [list_discrepancies, compare, show_discrepancy, merge, resolve]
