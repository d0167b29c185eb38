"""`/dashboard/account` and `/account/settings`: what one's account is, and where each part of it is changed."""

from typing import Any

from litestar import Request, Response, get

from stoa.foundation.people.queries.account import account
from stoa.foundation.plans.queries import usage
from stoa.front.page import page
from stoa.kit.http import CtxDep, access


@get("/dashboard/account", opt=access("member"))
async def overview(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The account at a glance."""
    return await page(request, ctx, "account/overview.html", account=await account(ctx), usage=await usage(ctx))


@get("/account/settings", opt=access("member"))
async def settings(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """What a reader sets, with how it is set now."""
    return await page(request, ctx, "account/settings.html", account=await account(ctx))


routes = [overview, settings]
