"""Logging in with Google, Apple or X, and connecting them (I7).

Whoever waits for a provider holds no connection to the database: what came first is committed, the way used up.
"""

from typing import Annotated, Any, TypeAlias
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.params import QueryParameter
from litestar.response import Redirect

from stoa.foundation.identity import actions, queries
from stoa.foundation.identity.actions import oauth, oauth_accounts, oauth_flows
from stoa.foundation.identity.api.session import open_session
from stoa.foundation.identity.errors import ProviderDenied
from stoa.foundation.identity.gateways import Code
from stoa.foundation.identity.gateways.configured import provider_of
from stoa.foundation.identity.gateways.fetching import with_query
from stoa.foundation.identity.policies import require_recent_factor
from stoa.foundation.identity.schemas import OAuthConnectIn, OAuthLoginIn, OAuthStartedOut, SignedInOut
from stoa.foundation.identity.types import ConnectedAccount, Identity
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import Body, CtxDep, Path, Request, access
from stoa.kit.http.lending import lending_of

CALLBACK = "/api/v1/auth/oauth/{provider:str}/callback"
Given: TypeAlias = Annotated[str | None, QueryParameter(max_length=oauth_flows.MAX_PARAMETER_CHARS)]
# The framework keeps the name `state` for itself.
State: TypeAlias = Annotated[str | None, QueryParameter(name="state", max_length=oauth_flows.MAX_PARAMETER_CHARS)]


# ---- log in ----------------------------------------------------------------------------------------------------


@post("/api/v1/auth/login/google", status_code=200, opt=access("public", limit="auth", gated=False))
async def login_google(request: Request, data: Body[OAuthLoginIn]) -> Response[SignedInOut | OAuthStartedOut]:
    """Begins or finishes a log-in with Google; the body says which (I7)."""
    return await _login(request, "google", data)


@post("/api/v1/auth/login/apple", status_code=200, opt=access("public", limit="auth", gated=False))
async def login_apple(request: Request, data: Body[OAuthLoginIn]) -> Response[SignedInOut | OAuthStartedOut]:
    """Begins or finishes a log-in with Apple; the body says which (I7)."""
    return await _login(request, "apple", data)


@post("/api/v1/auth/login/twitter", status_code=200, opt=access("public", limit="auth", gated=False))
async def login_twitter(request: Request, data: Body[OAuthLoginIn]) -> Response[SignedInOut | OAuthStartedOut]:
    """Begins or finishes a log-in with X; the body says which (I7)."""
    return await _login(request, "twitter", data)


async def _login(request: Request, provider: str, data: OAuthLoginIn) -> Response[SignedInOut | OAuthStartedOut]:
    lending = lending_of(request.scope)
    provider_of(lending.app.settings, provider)
    if data.completion_token is not None:
        if data.email is None:
            raise Invalid(fields={"email": "This field is needed"})
        ctx = await lending.ctx()
        opened, identity, _ = await oauth.complete(ctx, data.completion_token, email=data.email)
        return Response(await _enter(ctx, opened.user_id, identity))
    found = await _identify(request, provider, data, connects=False)
    if isinstance(found, Identity):
        ctx = await lending.ctx()
        return Response(await _enter(ctx, (await oauth.log_in(ctx, found)).user_id, found))
    return _started(await lending.ctx(), found)


async def _enter(ctx: Ctx, user_id: UUID, identity: Identity) -> SignedInOut:
    """The door stands behind this way in, too: status and second factor are asked for as after a password."""
    way: actions.Way = identity.provider.value
    await actions.enter(ctx, user_id, by=way)
    return await open_session(ctx, user_id, by=way)


def _started(ctx: Ctx, begun: oauth_flows.Begun) -> Response[Any]:
    seconds = int(oauth_flows.FLOW_TTL.total_seconds())
    response = Response(OAuthStartedOut(begun.url, begun.state, begun.nonce, seconds))
    response.cookies.append(_cookie(ctx, begun.cookie, begun.browser, seconds))
    return response


def _cookie(ctx: Ctx, name: str, value: str, max_age_s: int) -> Cookie:
    secure = ctx.app.settings.cookies_are_secure
    return Cookie(key=name, value=value, path="/", httponly=True, samesite="lax", secure=secure, max_age=max_age_s)


async def _identify(
    request: Request, provider: str, data: OAuthConnectIn, *, connects: bool
) -> Identity | oauth_flows.Begun:
    """Who was proved to be there, or the way that has begun. Afterwards the request has a transaction of its own."""
    lending = lending_of(request.scope)
    app, ctx = lending.app, await lending.ctx()
    gateway = provider_of(app.settings, provider)
    if data.id_token is not None:
        _need(data, "nonce")
        flow = await oauth_flows.take_nonce(ctx, provider, data.nonce or "", connects=connects)
        return await lending.outside(gateway.trust(app, data.id_token, flow.nonce))
    if data.code is None:
        if data.state is not None or data.code_verifier is not None:
            _need(data, "code")
        begun = await lending.outside(oauth_flows.begin(app, provider, redirect_uri=data.redirect_uri))
        await oauth_flows.keep(await lending.ctx(), begun, connects=connects)
        return begun
    if data.state is not None:
        browser = request.cookies.get(oauth_flows.cookie_of(data.state), "")
        flow = await oauth_flows.take(ctx, provider, state=data.state, browser=browser, connects=connects)
        return await lending.outside(oauth_flows.redeem(app, flow, data.code))
    _need(data, "code_verifier", "redirect_uri", "nonce")
    back = oauth_flows.redirect_uri_of(app, provider, data.redirect_uri, oauth_flows.API_CALLBACK)
    flow = await oauth_flows.take_nonce(ctx, provider, data.nonce or "", connects=connects)
    code = Code(
        code=data.code, verifier=data.code_verifier or "", redirect_uri=back, nonce=flow.nonce, at=flow.taken_at
    )
    return await lending.outside(gateway.redeem(app, code))


def _need(data: OAuthConnectIn, *names: str) -> None:
    missing = {name: "This field is needed" for name in names if getattr(data, name) is None}
    if missing:
        raise Invalid(fields=missing)


# ---- back from a provider --------------------------------------------------------------------------------------


@get(CALLBACK, opt=access("public", limit="auth", write=True))
async def callback(
    request: Request, provider: Path[str], code: Given = None, returned: State = None, error: Given = None
) -> Response[SignedInOut | ConnectedAccount]:
    """Where a provider sends the browser back to that began at the API: tokens, or the account that is connected now.

    It is proved by `state` together with the cookie of the browser where it began; for pages, see
    `/oauth/{provider}/callback`.
    """
    lending = lending_of(request.scope)
    provider_of(lending.app.settings, provider)
    if error is not None:
        raise ProviderDenied
    if code is None or returned is None:
        missing = [name for name, given in (("code", code), ("state", returned)) if given is None]
        raise Invalid(fields=dict.fromkeys(missing, "This field is needed"))
    cookie = oauth_flows.cookie_of(returned)
    flow = await oauth_flows.take(
        await lending.ctx(), provider, state=returned, browser=request.cookies.get(cookie, "")
    )
    identity = await lending.outside(oauth_flows.redeem(lending.app, flow, code))
    ctx = await lending.ctx()
    made: SignedInOut | ConnectedAccount
    if flow.purpose == "connect":
        made = await _connect(ctx, identity)
    else:
        made = await _enter(ctx, (await oauth.log_in(ctx, identity)).user_id, identity)
    response = Response(made, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    response.cookies.append(_cookie(ctx, cookie, "", 0))
    return response


@post(CALLBACK, opt=access("provider", limit="auth"), include_in_schema=False)
async def posted(request: Request, ctx: CtxDep, provider: Path[str]) -> Redirect:
    """Apple has the browser post what others put into the address. The browser comes back with its cookies then."""
    provider_of(ctx.app.settings, provider)
    query = await oauth_flows.posted(ctx, provider, dict(await request.form()))
    return Redirect(with_query(oauth_flows.API_CALLBACK.format(provider), query), status_code=303)


# ---- connected accounts ----------------------------------------------------------------------------------------


@get("/api/v1/users/me/connected-accounts", opt=access("member"))
async def connected(ctx: CtxDep) -> list[ConnectedAccount]:
    """The accounts of other providers that open this account, the oldest first."""
    return await queries.connected_accounts(ctx)


@post(
    "/api/v1/users/me/connected-accounts/{provider:str}",
    status_code=200,
    opt=access("member", limit="auth", gated=False),
)
async def connect(
    request: Request, provider: Path[str], data: Body[OAuthConnectIn]
) -> Response[ConnectedAccount | OAuthStartedOut]:
    """Begins or finishes connecting an account; the body says which. Wants a second factor shown just now (I4)."""
    lending = lending_of(request.scope)
    provider_of(lending.app.settings, provider)
    await require_recent_factor(await lending.ctx())
    found = await _identify(request, provider, data, connects=True)
    ctx = await lending.ctx()
    return Response(await _connect(ctx, found)) if isinstance(found, Identity) else _started(ctx, found)


async def _connect(ctx: Ctx, identity: Identity) -> ConnectedAccount:
    await oauth_accounts.connect(ctx, identity)
    accounts = await queries.connected_accounts(ctx)
    return next(account for account in accounts if account.provider is identity.provider)


@delete("/api/v1/users/me/connected-accounts/{provider:str}", opt=access("member"))
async def disconnect(ctx: CtxDep, provider: Path[str]) -> None:
    """Takes an account off; never the last way in (409 `last_way_in`)."""
    await oauth_accounts.disconnect(ctx, provider)


routes = [login_google, login_apple, login_twitter, callback, posted, connected, connect, disconnect]
