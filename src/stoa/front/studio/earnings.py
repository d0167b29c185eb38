"""`/dashboard/earnings`: where the coins are, what brought them, and their payouts (M7, M9, M10)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get

from stoa.front.formats import coins
from stoa.front.page import page
from stoa.front.studio.payouts import can_cancel, next_step, set_aside_for
from stoa.kit.ctx import Ctx
from stoa.kit.http import CtxDep, access
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.payouts import queries
from stoa.money.payouts.types import COIN, DayEarned, EarningsView, PayoutView

DAYS = 30
LIMIT = 10
SCOPE = "payouts"


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
        "next_step": next_step,
        "can_cancel": can_cancel,
        "set_aside_for": set_aside_for,
    }


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
        credits=[one for one in await queries.payables(ctx, ctx.member.id) if one.asset != COIN],
        payouts=await _payouts(request, ctx),
    )


routes = [show_earnings]
