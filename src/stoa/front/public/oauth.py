"""`/oauth/…`: out to Google, Apple or X, and back (I7). What went wrong is told on the page where somebody began.

The way out is a page of its own that leads on by itself: our policy lets no form end on a foreign site, not even by a
redirect.
"""

from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import actions
from stoa.foundation.identity.actions import oauth, oauth_accounts, oauth_flows
from stoa.foundation.identity.errors import (
    EmailNeeded,
    EmailTaken,
    FlowOver,
    ProviderDenied,
    ProviderUnavailable,
)
from stoa.foundation.identity.queries import user_by_id
from stoa.foundation.identity.types import Email, Identity
from stoa.foundation.settings.queries import platform
from stoa.front import flash
from stoa.front.page import page, safe_next, see_other
from stoa.front.public.account import http_only, sign_in
from stoa.front.public.providers import PROBLEMS
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, StoaError
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.http.lending import lending_of

COMPLETION_COOKIE: Final = "stoa_oauth_completion"
COMPLETE: Final = "/oauth/complete"
SECONDS: Final = int(oauth_flows.FLOW_TTL.total_seconds())
ORIGINS: Final[dict[oauth_flows.Origin, str]] = {
    "login": "/login",
    "register": "/register",
    "connected": "/dashboard/account/connected",
}


class CompletionForm(msgspec.Struct):
    """What `/oauth/complete` sends."""

    email: Email


# ---- out -------------------------------------------------------------------------------------------------------


@post("/oauth/{provider:str}/start", opt=access("public", limit="auth", gated=False))
async def start(request: Request[Any, Any, Any], provider: Path[str]) -> Response[Any]:
    """From `/login` or `/register` to the provider."""
    form = dict(await request.form())
    came_from: oauth_flows.Origin = "register" if form.get("from") == "register" else "login"
    return await go_out(request, provider, came_from=came_from, next=safe_next(form.get("next")))


async def go_out(
    request: Request[Any, Any, Any], provider: str, *, came_from: oauth_flows.Origin, next: str
) -> Response[Any]:
    """The page that leads to the provider, with the cookie that binds the way to this browser."""
    lending = lending_of(request.scope)
    oauth_flows.check_offered(lending.app, provider)
    try:
        begun = await lending.outside(
            oauth_flows.begin(lending.app, provider, redirect_uri=None, default=oauth_flows.PAGE_CALLBACK)
        )
    except ProviderUnavailable as error:
        return told(request, error, provider, came_from, next)
    ctx = await lending.ctx()
    await oauth_flows.keep(ctx, begun, connects=came_from == "connected", came_from=came_from, next=next)
    response = await page(
        request, ctx, "public/oauth_out.html", target=begun.url, label=begun.provider.label, back=ORIGINS[came_from]
    )
    response.cookies.append(http_only(ctx, begun.cookie, begun.browser, SECONDS))
    return response


def told(
    request: Request[Any, Any, Any], error: StoaError, provider: str, came_from: oauth_flows.Origin, next: str
) -> Response[Any]:
    """Back to where somebody began, with what went wrong."""
    query = {"next": next} if next != "/" and came_from != "connected" else {}
    if error.code in PROBLEMS:
        query |= {"problem": error.code, "with": provider}
    target = ORIGINS.get(came_from, "/login")
    response = see_other(f"{target}?{urlencode(query)}" if query else target)
    if error.code not in PROBLEMS:  # it speaks of this account alone, so it does not stand in an address
        flash.add(request, response, flash.Toast(error.detail, "bad", seconds=20))
    return response


# ---- back ------------------------------------------------------------------------------------------------------


@get("/oauth/{provider:str}/callback", opt=access("public", limit="auth", write=True))
async def callback(request: Request[Any, Any, Any], provider: Path[str]) -> Response[Any]:
    """Where the provider sends the browser back to: signed in, connected, or told why not."""
    lending = lending_of(request.scope)
    oauth_flows.check_offered(lending.app, provider)
    given = {name: request.query_params.get(name, "") for name in ("code", "state", "error")}
    given = {name: text if len(text) <= oauth_flows.MAX_PARAMETER_CHARS else "" for name, text in given.items()}
    cookie = oauth_flows.cookie_of(given["state"])
    browser = request.cookies.get(cookie, "")
    began = await oauth_flows.origins_of(await lending.ctx(), provider, given["state"], browser)
    try:
        if given["error"]:
            raise ProviderDenied
        flow = await oauth_flows.take(await lending.ctx(), provider, state=given["state"], browser=browser)
        identity = await lending.outside(oauth_flows.redeem(lending.app, flow, given["code"]))
        response = await _arrive(request, await lending.ctx(), flow, identity)
    except EmailNeeded as needed:
        response = see_other(COMPLETE)
        token, seconds = needed.completion_token, needed.expires_in_s
        response.cookies.append(http_only(await lending.ctx(), COMPLETION_COOKIE, token, seconds, "/oauth"))
    except StoaError as error:
        await lending.finish(False)  # the answer is a redirect, and what was half done must not stay
        response = told(request, error, provider, began.came_from if began else "login", began.next if began else "/")
    if began is not None:
        response.cookies.append(http_only(await lending.ctx(), cookie, "", 0))
    response.headers["Cache-Control"] = "no-store"
    return response


async def _arrive(
    request: Request[Any, Any, Any], ctx: Ctx, flow: oauth_flows.Flow, identity: Identity
) -> Response[Any]:
    if flow.purpose == "connect":
        await oauth_accounts.connect(ctx, identity)
        response: Response[Any] = see_other(ORIGINS["connected"])
        text = f"You can log in with {identity.provider.label} from now on."
        flash.add(request, response, flash.Toast(text, "good"))
        return response
    return await _enter(request, ctx, await oauth.log_in(ctx, identity, next=flow.next), identity, flow.next)


async def _enter(
    request: Request[Any, Any, Any], ctx: Ctx, opened: oauth.Opened, identity: Identity, target: str
) -> Response[Any]:
    by: actions.Way = identity.provider.value
    response = await sign_in(ctx, opened.user_id, safe_next(target), by=by)
    if opened.is_new:
        user = await user_by_id(ctx, opened.user_id)
        coins = (await platform(ctx)).welcome_coins
        text = f"Welcome. You are called {user.username if user else ''} here; change that under Account."
        text += f" {coins} coins are in your wallet, to give away." if coins else ""
        flash.add(request, response, flash.Toast(text, "good", seconds=12))
    return response


@post("/oauth/{provider:str}/callback", opt=access("provider", limit="auth"))
async def posted(request: Request[Any, Any, Any], ctx: CtxDep, provider: Path[str]) -> Response[Any]:
    """Apple's answer is a form that its page posts. It carries no cookie of ours, so it only sends the browser on."""
    oauth_flows.check_offered(ctx.app, provider)
    query = await oauth_flows.posted(ctx, provider, dict(await request.form()))
    return see_other(f"{oauth_flows.PAGE_CALLBACK.format(provider)}?{urlencode(query)}")


# ---- without an e-mail -----------------------------------------------------------------------------------------


@get(COMPLETE, opt=access("public"))
async def completion_form(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Asks for the e-mail that the provider did not tell."""
    return await _ask_for_email(request, ctx, "", {})


@post(COMPLETE, opt=access("public", limit="auth"))
async def complete(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Makes the account, signed in; a mail asks to confirm the address."""
    form = dict(await request.form())
    token = request.cookies.get(COMPLETION_COOKIE, "")
    try:
        given = forms.parse(CompletionForm, form, strict=False)
        opened, identity, target = await oauth.complete(ctx, token, email=given.email)
        response = await _enter(request, ctx, opened, identity, target)
    except Invalid as error:
        errors = dict.fromkeys(error.fields, "This does not look like an e-mail address")
        return await _ask_for_email(request, ctx, str(form.get("email", "")), errors, error.status)
    except EmailTaken as error:
        lending = lending_of(request.scope)
        await lending.finish(False)  # nothing is used up by that
        errors = {"email": "There is an account with this e-mail already. Log in there, then connect this one"}
        return await _ask_for_email(request, await lending.ctx(), str(form.get("email", "")), errors, error.status)
    except StoaError as error:
        await lending_of(request.scope).finish(False)
        return told(request, error, "", "login", "/")
    response.cookies.append(http_only(ctx, COMPLETION_COOKIE, "", 0, "/oauth"))
    return response


async def _ask_for_email(
    request: Request[Any, Any, Any], ctx: Ctx, email: str, errors: dict[str, str], status: int = 200
) -> Response[Any]:
    try:
        _, identity = await oauth_flows.held(ctx, request.cookies.get(COMPLETION_COOKIE, ""))
    except FlowOver as error:
        return told(request, error, "", "login", "/")
    name = identity.person.name or identity.person.username
    return await page(
        request,
        ctx,
        "public/oauth_complete.html",
        status=status,
        label=identity.provider.label,
        name=oauth_flows.tidy(name, 60),
        email=email,
        errors=errors,
    )


routes = [start, callback, posted, completion_form, complete]
