"""`/login`, `/register`, `/logout`: sessions of the browser. The cookie is made anew at each log-in."""

from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie

from stoa.foundation.identity import actions
from stoa.foundation.identity.errors import (
    AccountBanned,
    AccountSuspended,
    EmailTaken,
    LockedOut,
    PasskeysUnavailable,
    SecondFactorRequired,
    UsernameTaken,
    WrongCredentials,
)
from stoa.foundation.identity.types import AnyText, Email, Username
from stoa.foundation.settings.queries import platform
from stoa.front import flash
from stoa.front.page import page, safe_next, see_other
from stoa.front.public.providers import offered
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, StoaError
from stoa.kit.http import CtxDep, access
from stoa.kit.http.credentials import SESSION_COOKIE

CHALLENGE_COOKIE: Final = "stoa_challenge"


class LoginForm(msgspec.Struct):
    """What `/login` sends."""

    email: AnyText
    password: AnyText


class RegisterForm(msgspec.Struct):
    """What `/register` sends."""

    username: Username
    email: Email
    password: AnyText


def http_only(ctx: Ctx, key: str, value: str, max_age_s: int, path: str = "/") -> Cookie:
    """A cookie that no script reads; an empty value of age 0 takes it away."""
    return Cookie(
        key=key,
        value=value,
        path=path,
        httponly=True,
        samesite="lax",
        secure=ctx.app.settings.cookies_are_secure,
        max_age=max_age_s,
    )


async def sign_in(ctx: Ctx, user_id: UUID, target: str, *, by: actions.Way) -> Response[Any]:
    """What every page does with whoever has shown a first factor: a session, or the way to the second factor (I4).

    Raises AccountSuspended and AccountBanned.
    """
    try:
        await actions.enter(ctx, user_id, by=by)
    except SecondFactorRequired as needed:
        response = see_other(f"/mfa/challenge?next={quote(target)}")
        response.cookies.append(http_only(ctx, CHALLENGE_COOKIE, needed.challenge_token, needed.expires_in_s, "/mfa"))
        return response
    return await signed_in(ctx, user_id, target, by=by)


async def signed_in(
    ctx: Ctx, user_id: UUID, target: str, *, by: actions.Way, second_factor: bool = False
) -> Response[Any]:
    """A fresh session for whom the door let in."""
    token = await actions.open_page_session(ctx, user_id, by=by, second_factor=second_factor)
    response = see_other(target)
    response.cookies.append(http_only(ctx, SESSION_COOKIE, token, int(actions.PAGE_TTL.total_seconds())))
    return response


@get("/login", opt=access("public"))
async def login_form(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The form; who is signed in already goes on."""
    target = safe_next(request.query_params.get("next"))
    if ctx.actor is not None:
        return see_other(target)
    return await login_page(request, ctx, target)


@post("/login", opt=access("public", limit="auth"))
async def login(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """A new session for these credentials (I5: the answer never tells whether the account exists)."""
    form = dict(await request.form())
    target = safe_next(form.get("next"))
    try:
        given = forms.parse(LoginForm, form, strict=False)
        row = await actions.check_login(ctx, email=given.email, password=given.password)
        return await sign_in(ctx, row.id, target, by="password")
    except Invalid as error:
        errors, status = error.fields, error.status
    except WrongCredentials as error:
        errors, status = {"password": "E-mail or password is not right"}, error.status
    except (LockedOut, AccountSuspended, AccountBanned) as error:
        errors, status = {"password": error.detail}, error.status
    return await login_page(request, ctx, target, email=form.get("email", ""), errors=errors, status=status)


async def login_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    target: str,
    *,
    email: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    """All ways to log in, with what was wrong with the last try."""
    try:
        passkey_options = actions.passkeys.log_in_options(ctx)
    except PasskeysUnavailable:
        passkey_options = None
    shown: dict[str, Any] = {"next": target, "email": email, "errors": errors or {}, "passkey_options": passkey_options}
    shown |= offered(request, ctx)
    return await page(request, ctx, "public/login.html", status=status, **shown)


@get("/register", opt=access("public"))
async def register_form(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The form; who is signed in already goes on."""
    target = safe_next(request.query_params.get("next"))
    if ctx.actor is not None:
        return see_other(target)
    given = {"email": request.query_params.get("email", "")}  # of an invitation that led here
    config = await platform(ctx)
    shown = {"next": target, "form": given, "errors": {}, "config": config, **offered(request, ctx)}
    return await page(request, ctx, "public/register.html", **shown)


@post("/register", opt=access("public", limit="auth"))
async def register(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """A new account, signed in, with a word about the welcome coins (M5)."""
    form = dict(await request.form())
    target = safe_next(form.get("next"))
    try:
        given = forms.parse(RegisterForm, form, strict=False)
        user = await actions.register(ctx, username=given.username, email=given.email, password=given.password)
    except (Invalid, EmailTaken, UsernameTaken) as error:
        return await _register_again(request, ctx, form, error)
    response = await signed_in(ctx, user.id, target, by="registration")
    coins = (await platform(ctx)).welcome_coins
    text = f"Welcome, {user.username}." + (f" {coins} coins are in your wallet, to give away." if coins else "")
    flash.add(request, response, flash.Toast(text, "good", seconds=10))
    return response


async def _register_again(
    request: Request[Any, Any, Any], ctx: Ctx, form: dict[str, Any], error: StoaError
) -> Response[Any]:
    match error:
        case Invalid():
            errors = {name: _better(name, message) for name, message in error.fields.items()}
        case EmailTaken():
            errors = {"email": "There is an account with this e-mail already"}
        case _:
            errors = {"username": "This name is taken"}
    return await page(
        request,
        ctx,
        "public/register.html",
        status=error.status,
        next=safe_next(form.get("next")),
        form=form,
        errors=errors,
        config=await platform(ctx),
        **offered(request, ctx),
    )


def _better(name: str, message: str) -> str:
    """A pattern that does not match says nothing by itself."""
    if message != "This is not of the expected form":
        return message
    return {
        "username": "Letters and digits, with single dots, dashes or underscores between them",
        "email": "This does not look like an e-mail address",
    }.get(name, message)


@post("/logout", opt=access("public"))
async def logout(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Ends the session of this browser."""
    if ctx.actor is not None and ctx.actor.session_id is not None:
        await actions.end_session(ctx, ctx.actor.session_id, reason="logged out")
    response = see_other("/")
    response.cookies.append(http_only(ctx, SESSION_COOKIE, "", 0))
    flash.add(request, response, flash.Toast("You are logged out."))
    return response


routes = [login_form, login, register_form, register, logout]
