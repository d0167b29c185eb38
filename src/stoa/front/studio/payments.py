"""`/dashboard/payments`: what one received, one payment in full, all of it as a file; `/dashboard/revenue`: charts."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import Stream

from stoa.front.account.payments import KINDS, METHODS, NO_STORE, STATES, chosen, wanted
from stoa.front.admin.filters import choice, newest, older
from stoa.front.formats import money
from stoa.front.page import page
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.money import to_decimal
from stoa.money.disputes.queries import dispute_of
from stoa.money.receipts import queries
from stoa.money.receipts.policies import access_received_payment
from stoa.money.receipts.types import COIN, INTERVALS, SETTLED, Filter, Interval, Period, Sums
from stoa.money.refunds.queries import status

RECEIVED_KINDS: Final = {kind: name for kind, name in KINDS.items() if kind not in ("coins", "credits")}
# What a chart shows: the interval, how many days back it begins, and what that is called.
SPANS: Final[dict[Interval, tuple[int, str]]] = {
    "day": (29, "Last 30 days"),
    "week": (7 * 25, "Last 26 weeks"),
    "month": (334, "Last 12 months"),
}


def received(request: Request[Any, Any, Any]) -> Filter:
    """The filters of the address. Raises Invalid."""
    return wanted(request, tuple(RECEIVED_KINDS), SETTLED)


@get("/dashboard/payments", opt=access("member"))
async def list_payments(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """What one received, newest first, with one's own share."""
    found = await queries.payments(ctx, "received", received(request), cursor=request.query_params.get("cursor"))
    return await page(
        request,
        ctx,
        "studio/payments.html",
        payments=found.items,
        chosen=chosen(request),
        kinds=list(RECEIVED_KINDS.items()),
        states=[(state.value, STATES[state]) for state in SETTLED],
        filters=request.url.query,
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/dashboard/payments/export", opt=access("member"))
async def export(request: Request[Any, Any, Any], ctx: CtxDep) -> Stream:
    """All that the filters let through as CSV, sent while it is read."""
    headers = NO_STORE | {"Content-Disposition": 'attachment; filename="payments.csv"'}
    return Stream(queries.as_csv(ctx, received(request)), media_type="text/csv", headers=headers)


@get("/dashboard/payments/{payment_id:uuid}", opt=access("member"))
async def show_payment(request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[UUID]) -> Response[str]:
    """One payment and where each part of it went."""
    payment = await access_received_payment(ctx, payment_id)
    return await page(
        request,
        ctx,
        "studio/payment.html",
        payment=payment,
        methods=METHODS,
        standing=await status(ctx, payment),
        dispute=await dispute_of(ctx, payment.id),
    )


@get("/dashboard/revenue", opt=access("member"))
async def show_revenue(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """What came in, as a chart and by kind, beside the same time before."""
    ever = await queries.sums(ctx, Filter())
    assets = [one.asset for one in ever if one.kind is None]
    asset = choice(request, "currency", assets or [COIN]) or next(iter(assets), COIN)
    interval = choice(request, "by", INTERVALS) or "day"
    last = ctx.now.date()
    periods = await queries.timeline(
        ctx, Filter(asset=asset), interval, first=last - timedelta(days=SPANS[interval][0]), last=last
    )
    since = datetime.combine(periods[0].start, datetime.min.time(), ctx.now.tzinfo)
    here = await queries.sums(ctx, Filter(asset=asset, since=since))
    before = await queries.sums(ctx, Filter(asset=asset, since=since - (ctx.now - since), until=since))
    return await page(
        request,
        ctx,
        "studio/revenue.html",
        currency=asset,
        assets=assets,
        interval=interval,
        spans=SPANS,
        chart=points(periods, interval, asset),
        summary=best(periods, interval, asset),
        total=total(here),
        kept_before_minor=before[0].kept_minor if before else 0,
        kinds=[(KINDS.get(one.kind, one.kind.capitalize()), one) for one in here if one.kind is not None],
        ever=next((one for one in ever if one.kind is None and one.asset == asset), None),
    )


def total(sums: list[Sums]) -> Sums | None:
    """The line that stands for all kinds of the one asset that was asked for."""
    return next((one for one in sums if one.kind is None), None)


def label(start: date, interval: Interval) -> str:
    """What stands below a bar."""
    return f"{start:%b %Y}" if interval == "month" else f"{start.day} {start:%b}"


def points(periods: list[Period], interval: Interval, asset: str) -> list[tuple[str, float, str]]:
    """The chart's values: label, whole units, and how they are written."""
    return [
        (label(p.start, interval), float(to_decimal(p.kept_minor, asset)), money(p.kept_minor, asset)) for p in periods
    ]


def best(periods: list[Period], interval: Interval, asset: str) -> str:
    """One sentence on what the chart shows."""
    most = max(periods, key=lambda p: p.kept_minor)
    if most.kept_minor <= 0:
        return "Nothing in this time."
    when = {"day": "on", "week": "in the week of", "month": "in"}[interval]
    return f"Most {when} {label(most.start, interval)}: {money(most.kept_minor, asset)}."


routes = [list_payments, export, show_payment, show_revenue]
