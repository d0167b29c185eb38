"""`/styleguide`: every component in every state. Open to all where Stoa runs without https, else to staff."""

from datetime import timedelta
from typing import Any

from litestar import Request, Response, get

from stoa.front.page import page
from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, access

_DAYS = tuple((f"{n} May", float((n * 37) % 23 * 40), f"{(n * 37) % 23 * 40} coins") for n in range(1, 31))
_MONTHS = (
    ("January", 120.0, "$120.00"),
    ("February", 180.5, "$180.50"),
    ("March", 96.0, "$96.00"),
    ("April", 240.2, "$240.20"),
    ("May", 311.9, "$311.90"),
)


@get("/styleguide", opt=access("public"))
async def styleguide(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """The components, so that a change to one is seen at once."""
    if ctx.app.settings.cookies_are_secure and not (ctx.actor and ctx.actor.is_staff):
        raise NotFound
    moments = [ctx.now - timedelta(minutes=4), ctx.now - timedelta(days=3), ctx.now - timedelta(days=400)]
    return await page(request, ctx, "public/styleguide.html", days=_DAYS, months=_MONTHS, moments=moments)


routes = [styleguide]
