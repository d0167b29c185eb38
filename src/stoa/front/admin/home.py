"""`/admin`: the place at a glance, each figure the way to what is behind it."""

from typing import Any

from litestar import Request, Response, get

from stoa.front.page import page
from stoa.kit.http import CtxDep, access
from stoa.kit.queue import admin as jobs
from stoa.operations.admin import queries


@get("/admin", opt=access("staff"))
async def show_home(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Figures of the day; those of money and machinery for admins only."""
    return await page(
        request,
        ctx,
        "admin/home.html",
        figures=await queries.figures(ctx),
        oldest_s=await jobs.oldest_waiting_s(ctx),
        minutes=await jobs.throughput(ctx),
    )


routes = [show_home]
