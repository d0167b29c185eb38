"""`/dashboard/money`: where one's money is, each stage opened down to its movements, and what a payout would bring."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, get

from stoa.front.page import page
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound, StoaError
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.money import CURRENCIES
from stoa.money.payouts.actions.offers import offer
from stoa.money.payouts.queries.destinations import DEFAULT
from stoa.money.payouts.types import Offer
from stoa.money.whereabouts import queries
from stoa.money.whereabouts.types import AssetMoney, MoneyView, Stage


class Station(msgspec.Struct, frozen=True):
    """How a stage is called, and what it means."""

    name: str
    meaning: str


STATIONS: Final = {
    Stage.PENDING: Station("Pending", "Just came in; the giver can still take it back"),
    Stage.AVAILABLE: Station("Available", "Yours to spend, or to have paid out"),
    Stage.RESERVED: Station("Reserved", "Set aside for a payout that is not sent yet"),
    Stage.HELD: Station("Held", "Set aside until somebody has decided"),
    Stage.SENT: Station("Sent", "With the payout provider, on its way to you"),
    Stage.ARRIVED: Station("Arrived", "Paid out to you so far"),
}
# What moves on by itself, and after how many seconds it is worth looking again.
LOOK_AGAIN_S: Final = {Stage.PENDING: 3, Stage.RESERVED: 3, Stage.SENT: 6}


def _look_again_s(view: MoneyView) -> int | None:
    """When the page may have something new to show; None while all of it waits for a person."""
    waits = [wait_s for stage, wait_s in LOOK_AGAIN_S.items() if any(asset.of(stage) for asset in view.assets)]
    return min(waits, default=None)


def asset_title(asset: str) -> str:
    """'Coins', 'USD'."""
    return "Coins" if asset == "COIN" else asset


@get("/dashboard/money", opt=access("member"))
async def show_money(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Each asset with its six stages. HTMX takes the sums again while something moves."""
    view = await queries.money(ctx, ctx.member.id)
    name = "studio/_money.html" if "hx-request" in request.headers else "studio/money.html"
    shown = [asset for asset in view.assets if not asset.is_empty]
    return await page(
        request,
        ctx,
        name,
        view=view,
        shown=shown,
        spendable=[asset for asset in view.assets if asset.promotional_minor or asset.purchased_minor],
        stations=STATIONS,
        title_of=asset_title,
        look_again_s=_look_again_s(view),
    )


@get("/dashboard/money/{asset:str}", opt=access("member"))
async def show_offer(request: Request[Any, Any, Any], ctx: CtxDep, asset: Path[str]) -> Response[str]:
    """What would arrive of all that is available, after the provider's fee: asked when the page is there already."""
    if asset not in CURRENCIES:
        raise NotFound
    view = await queries.money(ctx, ctx.member.id)
    found = next((one for one in view.assets if one.asset == asset), None)
    offered, problem = await _offered(ctx, found) if found is not None and found.can_be_paid else (None, None)
    name = "studio/_money_offer.html" if "hx-request" in request.headers else "studio/money_offer.html"
    return await page(
        request, ctx, name, code=asset, money=found, offer=offered, problem=problem, title=asset_title(asset)
    )


async def _offered(ctx: Ctx, found: AssetMoney) -> tuple[Offer | None, str | None]:
    """The provider's word, or why there is none; without a place to be paid to there is nothing to ask."""
    place = await DEFAULT(ctx.db, ctx.member.id)
    if place is None:
        return None, None
    try:
        return await offer(ctx, asset=found.asset, source_minor=found.payable_minor, destination=place), None
    except StoaError as error:
        return None, error.detail


@get("/dashboard/money/{asset:str}/{stage:str}", opt=access("member"))
async def show_stage(request: Request[Any, Any, Any], ctx: CtxDep, asset: Path[str], stage: Path[str]) -> Response[str]:
    """The movements that a stage consists of, newest first, each with its postings."""
    if asset not in CURRENCIES or stage not in list(Stage):
        raise NotFound
    cursor = request.query_params.get("cursor")
    lines = await queries.stage_lines(ctx, ctx.member.id, asset, Stage(stage), cursor=cursor)
    here: dict[str, Any] = {"code": asset, "stage": stage, "lines": lines}
    if "hx-request" in request.headers:
        return await page(request, ctx, "studio/_money_lines.html", **here)
    view = await queries.money(ctx, ctx.member.id)
    found = next((one for one in view.assets if one.asset == asset), None)
    return await page(
        request,
        ctx,
        "studio/money_stage.html",
        **here,
        total_minor=found.of(Stage(stage)) if found else 0,
        parts=next(one.parts for one in found.stages if one.stage == stage) if found else [],
        stations=STATIONS,
        title=asset_title(asset),
    )


routes = [show_money, show_offer, show_stage]
