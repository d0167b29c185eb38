"""`/account/settings/blocked`: whom one has blocked (P4). Blocking itself begins at somebody's profile."""

from typing import Any

from litestar import Request, Response, get

from stoa.foundation.people.queries import blocks
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.front.public.people import BLOCKED
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access

PAGE_SIZE = 30


@get(BLOCKED, opt=access("member"))
async def blocked_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The newest first, each with a button to take it back."""
    cursor = request.query_params.get("cursor")
    try:
        found = await blocks.blocked(ctx, cursor=cursor, limit=PAGE_SIZE)
    except Invalid:
        return see_other(BLOCKED)
    more = address(BLOCKED, cursor=found.next_cursor) if found.next_cursor else None
    name = "account/_blocked.html" if "hx-request" in request.headers and cursor else "account/blocked.html"
    return await page(request, ctx, name, found=found, more=more)


routes = [blocked_page]
