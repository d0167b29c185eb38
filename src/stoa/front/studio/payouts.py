"""`/dashboard/payouts`: all payouts, asking for one with its fee shown before, and each one's steps (M7, M9, M10)."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.response import Stream

from stoa.foundation.settings import queries as settings
from stoa.front import flash
from stoa.front.account.payments import NO_STORE, PRINTED
from stoa.front.admin.filters import choice, newest, older, text
from stoa.front.formats import date_of, exact, money
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, NotFound, StoaError
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import new_id
from stoa.kit.money import CURRENCIES, MAX_MINOR, parse_decimal, to_decimal
from stoa.kit.pagination import decode, keyset
from stoa.money.payouts import actions, queries
from stoa.money.payouts.actions import offers, statements
from stoa.money.payouts.actions.switchboard import SANDBOX, provider_named, switched_on
from stoa.money.payouts.errors import DestinationCooling, FeeChanged, WrongState
from stoa.money.payouts.policies import access_own_payout
from stoa.money.payouts.queries import statements as statement_queries
from stoa.money.payouts.queries import stats
from stoa.money.payouts.queries.destinations import destinations
from stoa.money.payouts.types import COIN, TEST_ACCOUNTS, Offer, PayoutState, PayoutView
from stoa.money.risk.queries import holds_of

HERE: Final = "/dashboard/payouts"
LIMIT: Final = 20
STATES: Final = {
    PayoutState.PENDING: "Requested",
    PayoutState.IN_REVIEW: "In review",
    PayoutState.PROCESSING: "On its way",
    PayoutState.PAID: "Arrived",
    PayoutState.FAILED: "Failed",
    PayoutState.CANCELLED: "Cancelled",
}


class NewForm(msgspec.Struct):
    """What of, how much in words such as 12.50, and where to."""

    asset: Annotated[str, msgspec.Meta(max_length=10)]
    amount: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    destination: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class ConfirmForm(msgspec.Struct):
    """What was shown and agreed to. `key` makes it count once (M11)."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    asset: Annotated[str, msgspec.Meta(max_length=10)]
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=MAX_MINOR)]
    destination: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    fee_minor: Annotated[int, msgspec.Meta(ge=0, le=MAX_MINOR)]


def set_aside_for(reserved_minor: int, asset: str, payout: PayoutView | None) -> str:
    """What money is set aside for: whatever is not in the payout under way waits for a dispute to be decided."""
    paid_minor = min(payout.source_minor, reserved_minor) if payout else 0
    disputed_minor = reserved_minor - paid_minor
    paid, disputed = "for a payout that is under way", "for a payment that is disputed"
    if paid_minor and disputed_minor:
        return f"{money(paid_minor, asset)} {paid}, {money(disputed_minor, asset)} {disputed}"
    return paid if paid_minor else disputed


def next_step(payout: PayoutView) -> str:
    """What happens next with a payout, in words (F7)."""
    reason = (payout.failure_reason or "").rstrip(".")
    back = "The coins are back among your earned ones" if payout.asset == COIN else "The money is back in your balance"
    match payout.state:
        case PayoutState.PENDING:
            return "It is sent in a moment. Until then you can cancel it."
        case PayoutState.IN_REVIEW:
            until = date_of(payout.review_until.date()) if payout.review_until else "soon"
            reason = (payout.review_reason or "").rstrip(".")
            return f"We are looking at it: {reason}. You hear from us by {until}; until then you can cancel it."
        case PayoutState.PROCESSING if payout.next_try_at is not None:
            return f"{reason}. It is tried again at {exact(payout.next_try_at)}; there is nothing you have to do."
        case PayoutState.PROCESSING:
            return f"It should arrive between {date_of(payout.promised_from)} and {date_of(payout.promised_by)}."
        case PayoutState.PAID:
            return "It has arrived."
        case PayoutState.FAILED:
            return f"{reason}. {back}; you can ask again, for another account."
        case _:
            return (f"{reason}. " if reason else "") + f"{back}."


def can_cancel(payout: PayoutView) -> bool:
    """Whether it is not sent yet."""
    return payout.state in (PayoutState.PENDING, PayoutState.IN_REVIEW)


def asset_of(request: Request[Any, Any, Any]) -> str | None:
    """The asset of the address, or None for all. Raises Invalid."""
    return choice(request, "asset", tuple(CURRENCIES))


@get(HERE, opt=access("member"))
async def list_payouts(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """What can be paid out, all payouts with their states, and what they came to."""
    state, asset = choice(request, "state", tuple(PayoutState)), asset_of(request)
    scope = f"payouts.page.{state}.{asset}"
    before = decode(request.query_params.get("cursor"), tuple[datetime, UUID], scope=scope)
    rows = await queries.payouts(ctx, ctx.member.id, state=state, asset=asset, before=before, limit=LIMIT + 1)
    found = keyset(rows, LIMIT, scope=scope, key=lambda row: (row.requested_at, row.id))
    sums = await stats.sums(ctx, ctx.member.id)
    return await page(
        request,
        ctx,
        "studio/payouts.html",
        payouts=found.items,
        payables=[one for one in await queries.payables(ctx, ctx.member.id) if one.earned_minor or one.reserved_minor],
        sums=sums,
        holds=await holds_of(ctx, ctx.member.id),
        states=[(state.value, name) for state, name in STATES.items()],
        assets=[(one, "Coins" if one == COIN else one) for one in dict.fromkeys(row.asset for row in sums)],
        chosen={name: text(request, name) for name in ("state", "asset")},
        filters=urlencode({name: value for name in ("state", "asset") if (value := text(request, name))}),
        next_step=next_step,
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get(HERE + "/export", opt=access("member"))
async def export(request: Request[Any, Any, Any], ctx: CtxDep) -> Stream:
    """All that the filters let through as CSV, sent while it is read."""
    headers = NO_STORE | {"Content-Disposition": 'attachment; filename="payouts.csv"'}
    found = stats.as_csv(ctx, state=choice(request, "state", tuple(PayoutState)), asset=asset_of(request))
    return Stream(found, media_type="text/csv", headers=headers)


@get(HERE + "/new", opt=access("member"))
async def new_payout(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """What of, how much, and where to."""
    return await _ask(request, ctx, {"asset": asset_of(request)}, {})


@post(HERE + "/new", opt=access("member"))
async def begin_payout(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """To the confirmation, if that could be paid out. A test account is made when it is first chosen."""
    form = dict(await request.form())
    try:
        given = forms.parse(NewForm, form, strict=False)
        amount_minor = parse_decimal(given.amount, given.asset)
        async with ctx.db.transaction():
            found = await offers.quoted(ctx, given.asset, amount_minor, given.destination)
    except (Invalid, Conflict, NotFound) as error:
        return await _ask(request, ctx, form, _told(error), error.status)
    asked = {"asset": found.asset, "amount_minor": found.source_minor, "destination": found.destination.id}
    return see_other(f"{HERE}/confirm?{urlencode(asked)}")


@get(HERE + "/confirm", opt=access("member"))
async def confirm_payout(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The fee and the day of arrival, before the button that moves money."""
    asked = dict(request.query_params) | {"key": "-", "fee_minor": "0"}
    try:
        given = forms.parse(ConfirmForm, asked, strict=False)
        found = await offers.quoted(ctx, given.asset, given.amount_minor, given.destination)
    except (Invalid, Conflict) as error:
        return await _ask(request, ctx, {"asset": asked.get("asset")}, _told(error), error.status)
    return await _confirm(request, ctx, found)


@post(HERE + "/confirm", opt=access("member"))
async def request_payout(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Reserves it, and has it sent."""
    form = dict(await request.form())
    try:
        given = forms.parse(ConfirmForm, form, strict=False)
        async with ctx.db.transaction():
            payout = await actions.request_payout(
                ctx,
                key=given.key,
                asset=given.asset,
                amount_minor=given.amount_minor,
                destination=given.destination,
                fee_minor=given.fee_minor,
            )
    except FeeChanged as error:
        found = await offers.quoted(ctx, given.asset, given.amount_minor, given.destination)
        return await _confirm(request, ctx, found, error.detail, error.status)
    except (Invalid, Conflict) as error:
        return await _ask(request, ctx, {"asset": form.get("asset")}, _told(error), error.status)
    back = see_other(f"{HERE}/{payout.id}")
    flash.add(request, back, flash.Toast(f"{money(payout.source_minor, payout.asset)} are on their way out.", "good"))
    return back


@get(HERE + "/statements", opt=access("member"))
async def list_statements(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """The months that have a statement."""
    months = await statement_queries.months(ctx, ctx.member.id)
    return await page(request, ctx, "studio/statements.html", months=months)


@get(HERE + "/statements/month", opt=access("member"))
async def show_month(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """A month's statement as a page of its own for printing, or as a file. `month` as 2026-05."""
    month = text(request, "month") or ""
    if re.fullmatch("20[0-9]{2}-(0[1-9]|1[0-2])", month) is None:
        raise NotFound
    shown = await statements.of_month(ctx, date.fromisoformat(f"{month}-01"))
    return await _printed(request, shown, f"statement-{month}", ctx.now)


@get(HERE + "/{payout_id:uuid}/statement", opt=access("member"))
async def show_statement(request: Request[Any, Any, Any], ctx: CtxDep, payout_id: Path[UUID]) -> Response[Any]:
    """A payout's statement as a page of its own for printing, or as a file."""
    payout = await access_own_payout(ctx, payout_id)
    name = f"payout-{payout.requested_at:%Y-%m-%d}-{payout.id.hex[-6:]}"
    return await _printed(request, await statements.of_payout(ctx, payout), name, payout.ended_at or ctx.now)


async def _printed(
    request: Request[Any, Any, Any], shown: statements.Document, name: str, at: datetime
) -> Response[Any]:
    if choice(request, "format", ("html", "pdf")) == "pdf":
        headers = NO_STORE | {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
        return Response(await statements.as_pdf(shown, at=at), media_type="application/pdf", headers=headers)
    headers = NO_STORE | {"Content-Security-Policy": PRINTED}
    return Response(statements.as_html(shown), media_type=MediaType.HTML, headers=headers)


@get(HERE + "/{payout_id:uuid}", opt=access("member"))
async def show_payout(request: Request[Any, Any, Any], ctx: CtxDep, payout_id: Path[UUID]) -> Response[str]:
    """One payout with all that happened to it."""
    payout = await access_own_payout(ctx, payout_id)
    return await page(
        request,
        ctx,
        "studio/_payout.html" if "hx-request" in request.headers else "studio/payout.html",
        payout=payout,
        events=await queries.payout_events(ctx, payout.id),
        next_step=next_step,
        can_cancel=can_cancel,
    )


@post(HERE + "/{payout_id:uuid}/cancel", opt=access("member"))
async def cancel_payout(request: Request[Any, Any, Any], ctx: CtxDep, payout_id: Path[UUID]) -> Response[Any]:
    """Calls a payout off before it is sent."""
    back = see_other(f"{HERE}/{payout_id}")
    try:
        payout = await actions.cancel_payout(ctx, payout_id)
    except WrongState:
        flash.add(request, back, flash.Toast("It is sent already, so it cannot be cancelled any more.", "bad"))
        return back
    back_again = money(payout.source_minor, payout.asset)
    flash.add(request, back, flash.Toast(f"Cancelled. {back_again} are back.", "good"))
    return back


# ---- the questions


def _told(error: StoaError) -> dict[str, str]:
    """What went wrong, by the field it is about."""
    if isinstance(error, Invalid):
        names = {"amount_minor": "amount", "key": "amount", "fee_minor": "amount"}
        return {names.get(name, name): words for name, words in error.fields.items()}
    if isinstance(error, DestinationCooling | NotFound):
        return {"destination": error.detail}
    return {"amount": error.detail}


async def _ask(
    request: Request[Any, Any, Any], ctx: Ctx, form: dict[str, Any], errors: dict[str, str], status: int = 200
) -> Response[Any]:
    """The form; without it where nothing can be paid out, saying why."""
    payables = await queries.payables(ctx, ctx.member.id)
    offered = [one for one in payables if one.can_be_paid]
    wanted = next((one for one in payables if one.asset == form.get("asset")), None)
    chosen = wanted if wanted in offered else next(iter(offered), None)
    if wanted is not None and wanted.open_payout is not None and not errors:
        chosen = None
    return await page(
        request,
        ctx,
        "studio/payout_new.html",
        status=status,
        payables=payables,
        offered=offered,
        chosen=chosen,
        wanted=wanted or payables[0],
        destinations=await _places(ctx),
        whole=str(to_decimal(chosen.earned_minor, chosen.asset)) if chosen else "",
        form=form,
        errors=errors,
        config=await settings.platform(ctx),
    )


async def _places(ctx: Ctx) -> list[tuple[str, str]]:
    """One's own destinations; in a sandbox its test accounts, too, until they are one's own."""
    own = await destinations(ctx, ctx.member.id)
    found = []
    for one in own:
        waits = f", from {exact(one.usable_from)}" if one.usable_from > ctx.now else ""
        found.append((str(one.id), one.title + waits))
    if switched_on(ctx.app.settings) == [SANDBOX.name]:
        made = {one.label for one in own if one.provider == SANDBOX.name}
        found += [(word, name) for word, name in TEST_ACCOUNTS.items() if name not in made]
    return found


async def _confirm(
    request: Request[Any, Any, Any], ctx: Ctx, found: Offer, problem: str | None = None, status: int = 200
) -> Response[Any]:
    cooling = found.destination.usable_from > ctx.now
    return await page(
        request,
        ctx,
        "studio/payout_confirm.html",
        status=status,
        offer=found,
        provider=provider_named(ctx, found.provider).label,
        key=str(new_id()),
        problem=problem,
        cooling=cooling,
        label=f"Pay out {money(found.source_minor, found.asset)}",
    )


routes = [
    list_payouts,
    export,
    new_payout,
    begin_payout,
    confirm_payout,
    request_payout,
    list_statements,
    show_month,
    show_statement,
    show_payout,
    cancel_payout,
]
