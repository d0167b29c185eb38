"""`/login/phone`: logging in by a code that is sent by text message (I1). Two steps; both work without JavaScript.

The phone goes from the first step to the second in a cookie: it stands in no address, and reloading sends no new code.
"""

from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import actions
from stoa.foundation.identity.errors import AccountBanned, AccountSuspended, LockedOut, TooManyCodes, WrongCode
from stoa.foundation.identity.types import OneTimeCode, PhoneText
from stoa.front import flash
from stoa.front.page import page, safe_next, see_other
from stoa.front.public.account import http_only, sign_in
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access

HERE: Final = "/login/phone"
COOKIE: Final = "stoa_phone"
BEGIN_AGAIN: Final = "Please begin again with your phone"
COOKIE_AGE_S: Final = int(actions.phone.CODE_TTL.total_seconds())


class PhoneForm(msgspec.Struct):
    """What `/login/phone` sends."""

    phone: PhoneText


class CodeForm(msgspec.Struct):
    """What `/login/phone/code` sends."""

    code: OneTimeCode


@get(HERE, opt=access("public"))
async def phone_form(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The first step; who is signed in already goes on."""
    target = safe_next(request.query_params.get("next"))
    if ctx.actor is not None:
        return see_other(target)
    return await _ask_phone(request, ctx, target, "", {})


@post(HERE, opt=access("public", limit="auth"))
async def request_code(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Has a code sent, and goes on to the second step, whosever phone it is."""
    form = dict(await request.form())
    target = safe_next(form.get("next"))
    try:
        given = forms.parse(PhoneForm, form, strict=False)
        phone = await actions.phone.request_code(ctx, given.phone)
    except Invalid as error:
        return await _ask_phone(request, ctx, target, form.get("phone", ""), error.fields, error.status)
    except (LockedOut, TooManyCodes) as error:
        return await _ask_phone(request, ctx, target, form.get("phone", ""), {"phone": error.detail}, error.status)
    response = see_other(_second_step(target))
    response.cookies.append(http_only(ctx, COOKIE, phone, COOKIE_AGE_S, HERE))
    if request.cookies.get(COOKIE) == phone:
        flash.add(request, response, flash.Toast("A new code is on its way. The one before is over."))
    return response


@get(HERE + "/code", opt=access("public"))
async def code_form(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The second step; without a first one, back to it."""
    target = safe_next(request.query_params.get("next"))
    if ctx.actor is not None:
        return see_other(target)
    return await _ask_code(request, ctx, target, {})


@post(HERE + "/code", opt=access("public", limit="auth"))
async def verify_code(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """A new session for the right code, or the way to the second factor."""
    form = dict(await request.form())
    target = safe_next(form.get("next"))
    try:
        given = forms.parse(CodeForm, form, strict=False)
        user_id = await actions.phone.verify_code(ctx, request.cookies.get(COOKIE, ""), given.code)
        response = await sign_in(ctx, user_id, target, by="phone")
    except Invalid as error:
        return await _ask_code(request, ctx, target, {"code": error.fields.get("code", BEGIN_AGAIN)}, error.status)
    except (WrongCode, LockedOut, AccountSuspended, AccountBanned) as error:
        return await _ask_code(request, ctx, target, {"code": error.detail}, error.status)
    response.cookies.append(http_only(ctx, COOKIE, "", 0, HERE))
    return response


def _second_step(target: str) -> str:
    return f"{HERE}/code" + (f"?next={quote(target)}" if target != "/" else "")


async def _ask_phone(
    request: Request[Any, Any, Any], ctx: Ctx, target: str, phone: str, errors: dict[str, str], status: int = 200
) -> Response[Any]:
    context: dict[str, Any] = {"next": target, "phone": phone, "errors": errors}
    return await page(request, ctx, "public/login_phone.html", status=status, **context)


async def _ask_code(
    request: Request[Any, Any, Any], ctx: Ctx, target: str, errors: dict[str, str], status: int = 200
) -> Response[Any]:
    phone = request.cookies.get(COOKIE, "")
    if not phone:
        return see_other(HERE + (f"?next={quote(target)}" if target != "/" else ""))
    context: dict[str, Any] = {"next": target, "phone": phone[:20], "errors": errors}
    return await page(request, ctx, "public/login_phone_code.html", status=status, **context)


routes = [phone_form, request_code, code_form, verify_code]
