"""`/dashboard/account/connected`: the accounts of other providers that open one's own (I7)."""

from typing import Any, Final

from litestar import Request, Response, get, post

from stoa.foundation.identity import policies, queries
from stoa.foundation.identity.actions import oauth_accounts, oauth_flows
from stoa.foundation.identity.errors import LastWayIn
from stoa.foundation.identity.types import Provider
from stoa.front import flash
from stoa.front.page import page, see_other
from stoa.front.public.oauth import go_out, told
from stoa.front.public.providers import offered
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.http.lending import lending_of

HERE: Final = "/dashboard/account/connected"


@get(HERE, opt=access("member"))
async def connected_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Each provider: what is connected, and the way to change that."""
    accounts = {account.provider: account for account in await queries.connected_accounts(ctx)}
    shown = offered(request, ctx)
    every = [provider for provider in Provider if provider in accounts or provider in shown["providers"]]
    return await page(request, ctx, "account/connected.html", every=every, accounts=accounts, **shown)


@post(HERE + "/{provider:str}", opt=access("member", limit="auth", gated=False))
async def connect(request: Request[Any, Any, Any], provider: Path[str]) -> Response[Any]:
    """Out to the provider; it ends in this very session (I4: with a second factor shown just now)."""
    lending = lending_of(request.scope)
    oauth_flows.check_offered(lending.app, provider)
    await policies.require_recent_factor(await lending.ctx())
    return await go_out(request, provider, came_from="connected", next=HERE)


@post(HERE + "/{provider:str}/disconnect", opt=access("member"))
async def disconnect(request: Request[Any, Any, Any], ctx: CtxDep, provider: Path[str]) -> Response[Any]:
    """Takes one off; never the last way in."""
    try:
        await oauth_accounts.disconnect(ctx, provider)
    except LastWayIn as error:
        await lending_of(request.scope).finish(False)
        return told(request, error, provider, "connected", HERE)
    response = see_other(HERE)
    flash.add(request, response, flash.Toast(f"{Provider(provider).label} no longer opens your account.", "good"))
    return response


routes = [connected_page, connect, disconnect]
