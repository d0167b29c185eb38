"""`/mfa/setup`, `/mfa/remove`, `/mfa/backup-codes`: the authenticator app and the codes for when it is lost (I4)."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import actions, policies, queries
from stoa.foundation.identity.errors import LockedOut, LogInAgain, NoSecondFactor, SetUpOver
from stoa.foundation.identity.types import OneTimeCode
from stoa.front import flash
from stoa.front.account.security import HERE as SECURITY
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access

SETUP: Final = "/mfa/setup"
REMOVE: Final = "/mfa/remove"
BACKUP: Final = "/mfa/backup-codes"


class ProveForm(msgspec.Struct):
    """The password, where it is asked for."""

    password: Annotated[str, msgspec.Meta(max_length=1024)] | None = None


class CodeForm(msgspec.Struct):
    """The first code of the app."""

    code: OneTimeCode


async def show_codes(request: Request[Any, Any, Any], ctx: Ctx, codes: list[str], title: str) -> Response[Any]:
    """Backup codes, this once; the page is kept by nobody."""
    response = await page(request, ctx, "account/codes.html", codes=codes, headline=title)
    response.headers["Cache-Control"] = "no-store"
    return response


# ---- set up ----------------------------------------------------------------------------------------------------


@get(SETUP, opt=access("member"))
async def setup_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """First that it is you; then what the app needs to know."""
    begun = await actions.totp.set_up_under_way(ctx)
    if begun is None:
        await policies.require_recent_factor(ctx)
        return await _begin(request, ctx, {})
    return await _scan(request, ctx, begun, {})


@post(SETUP, opt=access("member", limit="auth"))
async def set_up(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Begins; nothing is active before the first code."""
    try:
        given = forms.parse(ProveForm, dict(await request.form()), strict=False)
        await actions.totp.enable(ctx, password=given.password)
    except Invalid as error:
        return await _begin(request, ctx, error.fields, error.status)
    except (LockedOut, LogInAgain) as error:
        return await _begin(request, ctx, {"password": error.detail}, error.status)
    return see_other(SETUP)


@post(SETUP + "/verify", opt=access("member", limit="auth"))
async def verify(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The first code: from now on the app is a second factor."""
    done = see_other(SECURITY)
    try:
        given = forms.parse(CodeForm, dict(await request.form()), strict=False)
        added = await actions.totp.verify(ctx, given.code)
    except Invalid as error:
        begun = await actions.totp.set_up_under_way(ctx)
        return see_other(SETUP) if begun is None else await _scan(request, ctx, begun, error.fields, error.status)
    except SetUpOver as error:
        flash.add(request, done, flash.Toast(error.detail, "warn"))
        return done
    if added.backup_codes:
        return await show_codes(request, ctx, added.backup_codes, "Your authenticator app is set up")
    flash.add(
        request, done, flash.Toast("Your authenticator app is set up. Your backup codes stay as they are.", "good")
    )
    return done


async def _begin(request: Request[Any, Any, Any], ctx: Ctx, errors: dict[str, str], status: int = 200) -> Response[Any]:
    security = await queries.security(ctx)
    asks = security.has_password and not security.second_factors
    shown: dict[str, Any] = {"security": security, "asks": asks, "errors": errors}
    return await page(request, ctx, "account/mfa_begin.html", status=status, **shown)


async def _scan(
    request: Request[Any, Any, Any], ctx: Ctx, begun: Any, errors: dict[str, str], status: int = 200
) -> Response[Any]:
    groups = " ".join(begun.secret[i : i + 4] for i in range(0, len(begun.secret), 4))
    shown: dict[str, Any] = {"begun": begun, "groups": groups, "errors": errors}
    response = await page(request, ctx, "account/mfa_scan.html", status=status, **shown)
    response.headers["Cache-Control"] = "no-store"
    return response


# ---- removed ---------------------------------------------------------------------------------------------------


@get(REMOVE, opt=access("member"))
async def remove_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Says what it means."""
    await policies.require_recent_factor(ctx)
    return await _ask_to_remove(request, ctx, {})


@post(REMOVE, opt=access("member", limit="auth"))
async def remove(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Takes the app off."""
    done = see_other(SECURITY)
    try:
        given = forms.parse(ProveForm, dict(await request.form()), strict=False)
        left = await actions.totp.disable(ctx, password=given.password)
    except Invalid as error:
        return await _ask_to_remove(request, ctx, error.fields, error.status)
    except (LockedOut, LogInAgain) as error:
        return await _ask_to_remove(request, ctx, {"password": error.detail}, error.status)
    except NoSecondFactor:
        return done
    text = "The app is removed." if left else "The app is removed. Your account has no second factor now."
    flash.add(request, done, flash.Toast(text, "good" if left else "warn"))
    return done


async def _ask_to_remove(
    request: Request[Any, Any, Any], ctx: Ctx, errors: dict[str, str], status: int = 200
) -> Response[Any]:
    security = await queries.security(ctx)
    if security.app_since is None:
        return see_other(SECURITY)
    return await page(request, ctx, "account/mfa_remove.html", status=status, security=security, errors=errors)


# ---- backup codes ----------------------------------------------------------------------------------------------


@get(BACKUP, opt=access("member"))
async def backup_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """How many are left; the codes themselves were shown when they were made."""
    codes, security = await queries.backup_codes(ctx), await queries.security(ctx)
    if not security.second_factors:
        return see_other(SECURITY)
    return await page(request, ctx, "account/backup_codes.html", codes=codes)


@post(BACKUP, opt=access("member", limit="auth"))
async def regenerate(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Ten new ones; the old ones are void."""
    try:
        codes = await actions.backup_codes.regenerate(ctx)
    except NoSecondFactor:
        return see_other(SECURITY)
    return await show_codes(request, ctx, codes, "Your new backup codes")


routes = [setup_page, set_up, verify, remove_page, remove, backup_page, regenerate]
