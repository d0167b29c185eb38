"""`/`: the front page. One lead work, then a ruled list; sorted and filtered in the address."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get

from stoa.creation.works.queries import feed
from stoa.creation.works.types import CATEGORIES, Sort
from stoa.foundation.settings.queries import platform
from stoa.front.page import page, see_other
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access
from stoa.money.splits.queries import rule_at

PAGE_SIZE = 12


def address(path: str, **query: str | None) -> str:
    """A path with those parts of a query that are set."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


@get("/", opt=access("public"))
async def home(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Recent, trending or popular works, of one category or all; `cursor` answers what follows."""
    asked = request.query_params
    sort_name, category, cursor = asked.get("sort", ""), asked.get("category"), asked.get("cursor")
    sort = Sort(sort_name) if sort_name in set(Sort) else Sort.RECENT
    if category is not None and category not in CATEGORIES:
        return see_other(address("/", sort=sort_name))
    shown = None if sort is Sort.RECENT else sort.value
    try:
        found = await feed(ctx, sort=sort, category=category, cursor=cursor, limit=PAGE_SIZE)
    except Invalid:  # a cursor of another list or another time: begin again
        return see_other(address("/", sort=shown, category=category))
    follows = address("/", sort=shown, category=category, cursor=found.next_cursor) if found.next_cursor else None
    name = "public/_more_works.html" if "hx-request" in request.headers and cursor else "public/home.html"
    return await page(
        request,
        ctx,
        name,
        shared=True,
        works=found.items,
        follows=follows,
        is_first=cursor is None,
        sort=sort.value,
        category=category,
        categories=CATEGORIES,
        address=address,
        config=None if ctx.actor else await platform(ctx),
        share=None if ctx.actor else (await rule_at(ctx, "gift")).creator_percent,
    )


routes = [home]
