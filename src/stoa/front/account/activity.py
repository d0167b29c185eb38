"""`/dashboard/account/activity`: what was done by oneself and to one's account, so that a stranger's hand is seen."""

from typing import Any

from litestar import Request, Response, get

from stoa.foundation.audit import queries
from stoa.foundation.audit.types import label
from stoa.foundation.identity.actions.devices import describe
from stoa.front.page import page
from stoa.kit.http import CtxDep, access

LIMIT = 30


@get("/dashboard/account/activity", opt=access("member"))
async def activity(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Newest first."""
    cursor = request.query_params.get("cursor")
    found = await queries.own_activity(ctx, cursor=cursor, limit=LIMIT)
    return await page(
        request,
        ctx,
        "account/activity.html",
        events=found.items,
        label=label,
        describe=describe,
        older=f"/dashboard/account/activity?cursor={found.next_cursor}" if found.next_cursor else None,
        newer="/dashboard/account/activity" if cursor else None,
    )


routes = [activity]
