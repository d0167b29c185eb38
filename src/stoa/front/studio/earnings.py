"""`/dashboard/earnings`: where the money is, what brought it, and having it paid out (M7, M9, M10)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.front import flash
from stoa.front.formats import amount, coins, date_of, exact
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import new_id
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.payouts import actions, queries
from stoa.money.payouts.errors import BelowMinimum, PayoutOpen, WrongState
from stoa.money.payouts.policies import access_own_payout
from stoa.money.payouts.types import (
    COIN,
    SANDBOX_BANK,
    TEST_ACCOUNTS,
    DayEarned,
    EarningsView,
    PayoutState,
    PayoutView,
)

DAYS = 30
LIMIT = 10
SCOPE = "payouts"
DESTINATIONS = tuple(TEST_ACCOUNTS.items())


class PayoutForm(msgspec.Struct):
    """Where to, and what the button said: `coins_minor` in hundredths of a coin. `key` makes it count once (M11)."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    coins_minor: int
    destination: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] = SANDBOX_BANK


class AmountChanged(Conflict):
    """409: between showing and confirming, the balance became another one."""

    code = "amount_changed"
    title = "Your earned coins have changed in the meantime. Please look at the new amount and confirm again"


def next_step(payout: PayoutView) -> str:
    """What happens next with a payout, in words (F7)."""
    reason = (payout.failure_reason or "").rstrip(".")
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
            return f"{reason}. The coins are back among your earned ones; you can ask again, for another account."
        case _:
            return (f"{reason}. " if reason else "") + "The coins are back among your earned ones."


def can_cancel(payout: PayoutView) -> bool:
    """Whether it is not sent yet."""
    return payout.state in (PayoutState.PENDING, PayoutState.IN_REVIEW)


def points(days: list[DayEarned]) -> list[tuple[str, float, str]]:
    """The chart's values: day, coins, and how they are written."""
    return [(f"{d.day.day} {d.day:%b}", d.earned_minor / 100, f"{coins(d.earned_minor)} coins") for d in days]


def best_day(days: list[DayEarned]) -> str:
    """One sentence on what the chart shows."""
    best = max(days, key=lambda d: d.earned_minor, default=None)
    if best is None or not best.earned_minor:
        return f"Nothing in the last {DAYS} days."
    return f"Most on {best.day.day} {best.day:%B}: {coins(best.earned_minor)}."


async def _payouts(request: Request[Any, Any, Any], ctx: Ctx) -> Page[PayoutView]:
    before = decode(request.query_params.get("cursor"), tuple[datetime, UUID], scope=SCOPE)
    rows = await queries.payouts(ctx, ctx.member.id, before=before, limit=LIMIT + 1)
    return keyset(rows, LIMIT, scope=SCOPE, key=lambda row: (row.requested_at, row.id))


def _shown(earnings: EarningsView) -> dict[str, Any]:
    """What every view of the earnings needs beside them."""
    return {
        "earnings": earnings,
        "destinations": DESTINATIONS,
        "key": str(new_id()),
        "next_step": next_step,
        "can_cancel": can_cancel,
        "payout_label": payout_label(earnings),
    }


def payout_label(earnings: EarningsView) -> str | None:
    """What the button says: 'Pay out 400.00 coins (5.13 USD)'; None below the minimum."""
    if earnings.payable is None:
        return None
    coins_text = amount(earnings.timeline.payable_minor, COIN)
    return f"Pay out {coins_text} coins ({amount(earnings.payable.net_payout_minor, 'USD')} USD)"


@get("/dashboard/earnings", opt=access("member"))
async def show_earnings(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """The timeline, the chart, the works, the payouts. HTMX takes further payouts, or the timeline while one moves."""
    htmx = "hx-request" in request.headers
    if htmx and "cursor" in request.query_params:
        further = await _payouts(request, ctx)
        return await page(request, ctx, "studio/_payouts.html", payouts=further, next_step=next_step)
    earnings = await queries.earnings(ctx, ctx.member.id, days=DAYS)
    if htmx:
        return await page(request, ctx, "studio/_timeline.html", **_shown(earnings))
    return await page(
        request,
        ctx,
        "studio/earnings.html",
        **_shown(earnings),
        chart=points(earnings.days),
        summary=best_day(earnings.days),
        payouts=await _payouts(request, ctx),
    )


@get("/dashboard/earnings/payout", opt=access("member"))
async def confirm_payout(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The same question as the dialog's, as a page of its own."""
    earnings = await queries.earnings(ctx, ctx.member.id, days=1, top=1)
    if earnings.payable is None or earnings.open_payout is not None:
        return see_other("/dashboard/earnings")
    return await page(request, ctx, "studio/payout_new.html", **_shown(earnings), errors={}, destination=None)


@post("/dashboard/earnings/payout", opt=access("member"))
async def request_payout(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Has all earned coins paid out, if they are still as many as the button said."""
    form = dict(await request.form())
    back = see_other("/dashboard/earnings")
    try:
        given = forms.parse(PayoutForm, form, strict=False)
        async with ctx.db.transaction():
            payout = await actions.request_payout(ctx, key=given.key, destination=given.destination)
            if payout.source_minor != given.coins_minor:
                raise AmountChanged
    except (Invalid, AmountChanged) as error:
        fields = error.fields if isinstance(error, Invalid) else {"destination": error.detail}
        earnings = await queries.earnings(ctx, ctx.member.id, days=1, top=1)
        if earnings.payable is not None and earnings.open_payout is None:
            shown = _shown(earnings) | {"errors": fields, "destination": form.get("destination")}
            return await page(request, ctx, "studio/payout_new.html", status=error.status, **shown)
        flash.add(request, back, flash.Toast(error.detail, "bad"))
    except (BelowMinimum, PayoutOpen) as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
    else:
        text = f"{coins(payout.source_minor)} coins are on their way out."
        flash.add(request, back, flash.Toast(text, "good"))
    return back


@get("/dashboard/payouts/{payout_id:uuid}", opt=access("member"))
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


@post("/dashboard/payouts/{payout_id:uuid}/cancel", opt=access("member"))
async def cancel_payout(request: Request[Any, Any, Any], ctx: CtxDep, payout_id: Path[UUID]) -> Response[Any]:
    """Calls a payout off before it is sent."""
    back = see_other("/dashboard/earnings")
    try:
        payout = await actions.cancel_payout(ctx, payout_id)
    except WrongState:
        flash.add(request, back, flash.Toast("It is sent already, so it cannot be cancelled any more.", "bad"))
        return back
    flash.add(request, back, flash.Toast(f"Cancelled. {coins(payout.source_minor)} coins are back.", "good"))
    return back


routes = [show_earnings, confirm_payout, request_payout, show_payout, cancel_payout]
