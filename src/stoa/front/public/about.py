"""`/about`: how coins, gifts and payouts work here, with the numbers this installation uses."""

from typing import Any

from litestar import Request, Response, get

from stoa.foundation.settings.queries import platform
from stoa.front.page import page
from stoa.kit.http import CtxDep, access
from stoa.money.splits.queries import rule_at


@get("/about", opt=access("public"))
async def about(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """M2, M4 to M7 in plain words."""
    share = (await rule_at(ctx, "gift")).creator_percent
    return await page(request, ctx, "public/about.html", config=await platform(ctx), share=share)


routes = [about]
