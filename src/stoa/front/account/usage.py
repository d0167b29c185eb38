"""`/dashboard/account/usage`: what one uses of one's plan, and what the larger ones hold (B4)."""

from typing import Any, Final

from litestar import Request, Response, get

from stoa.foundation.plans.queries import tier, usage
from stoa.foundation.plans.types import Meter
from stoa.front.page import page
from stoa.kit.http import CtxDep, access

NAMES: Final[dict[Meter, str]] = {
    Meter.STORAGE_BYTES: "Pictures and files",
    Meter.SERIES: "Series",
    Meter.CHAPTERS: "Chapters",
    Meter.MEMBERS: "Paying members",
    Meter.BROADCASTS: "Letters a month",
    Meter.AI_WORDS: "Words by machine a month",
    Meter.COLLABORATORS: "People who work with you",
}


@get("/dashboard/account/usage", opt=access("member"))
async def usage_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """A line for each meter, and the plans side by side."""
    plan = await tier(ctx)
    return await page(request, ctx, "account/usage.html", usage=await usage(ctx), plan=plan, names=NAMES)


routes = [usage_page]
