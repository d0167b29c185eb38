"""`/search`: full text over everything published."""

from typing import Any

from litestar import Request, Response, get

from stoa.creation.works.queries import search as find
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access

PAGE_SIZE = 15
MAX_QUERY = 200


@get("/search", opt=access("public"))
async def search(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """What holds the words, the best first."""
    query = request.query_params.get("q", "").strip()[:MAX_QUERY]
    cursor = request.query_params.get("cursor")
    hits, follows = [], None
    if query:
        try:
            found = await find(ctx, query, cursor=cursor, limit=PAGE_SIZE)
        except Invalid:
            return see_other(address("/search", q=query))
        hits = found.items
        follows = address("/search", q=query, cursor=found.next_cursor) if found.next_cursor else None
    name = "public/_hits.html" if "hx-request" in request.headers and cursor else "public/search.html"
    return await page(request, ctx, name, query=query, hits=hits, follows=follows, is_first=cursor is None)


routes = [search]
