"""`/dashboard/account/phone`: one's phone, confirmed by a code before it is one's own (I1)."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import actions, queries
from stoa.foundation.identity.errors import (
    LastWayIn,
    LockedOut,
    LogInAgain,
    PhoneTaken,
    StepUpRequired,
    TooManyCodes,
)
from stoa.foundation.identity.types import AnyText, OneTimeCode, PhoneText
from stoa.front import flash
from stoa.front.account.password import step_up
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access

HERE: Final = "/dashboard/account/phone"


class PhoneForm(msgspec.Struct):
    """What asks for a code; accounts with second factors are asked for one of those instead of the password."""

    phone: PhoneText
    password: AnyText | None = None


class CodeForm(msgspec.Struct):
    """What confirms."""

    code: OneTimeCode


class RemoveForm(msgspec.Struct):
    """What takes the phone off."""

    password_to_remove: AnyText | None = None


@get(HERE, opt=access("member"))
async def phone_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The phone, one that waits for its code, and changing it."""
    return await _show(request, ctx, {}, {})


@post(HERE, opt=access("member", limit="auth"))
async def change_phone(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Sends a code to what is to become the phone."""
    form = dict(await request.form())
    try:
        given = forms.parse(PhoneForm, form, strict=False)
        await actions.phone.change_phone(ctx, phone=given.phone, password=given.password)
    except StepUpRequired:
        return step_up(HERE)
    except Invalid as error:
        return await _show(request, ctx, form, error.fields, error.status)
    except TooManyCodes as error:
        return await _show(request, ctx, form, {"phone": error.detail}, error.status)
    except (LockedOut, LogInAgain) as error:
        return await _show(request, ctx, form, {"password": error.detail}, error.status)
    return see_other(HERE)


@post(HERE + "/confirm", opt=access("member", limit="auth"))
async def confirm_phone(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The right code makes it the phone of the account."""
    form = dict(await request.form())
    try:
        given = forms.parse(CodeForm, form, strict=False)
        phone = await actions.phone.confirm_phone(ctx, given.code)
    except Invalid as error:
        return await _show(request, ctx, {}, error.fields, error.status)
    except PhoneTaken as error:
        return await _show(request, ctx, {}, {"phone": error.detail}, error.status)
    response = see_other(HERE)
    flash.add(request, response, flash.Toast(f"{phone} is your phone now.", "good"))
    return response


@post(HERE + "/remove", opt=access("member", limit="auth"))
async def remove_phone(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Takes the phone off, unless it is the last way in."""
    form = dict(await request.form())
    try:
        given = forms.parse(RemoveForm, form, strict=False)
        await actions.phone.remove_phone(ctx, password=given.password_to_remove)
    except StepUpRequired:
        return step_up(HERE)
    except Invalid as error:
        errors = {"password_to_remove": next(iter(error.fields.values()))}
        return await _show(request, ctx, {}, errors, error.status)
    except (LockedOut, LogInAgain, LastWayIn) as error:
        return await _show(request, ctx, {}, {"password_to_remove": error.detail}, error.status)
    response = see_other(HERE)
    flash.add(request, response, flash.Toast("Your account has no phone any more.", "good"))
    return response


async def _show(
    request: Request[Any, Any, Any], ctx: Ctx, form: dict[str, Any], errors: dict[str, str], status: int = 200
) -> Response[Any]:
    own, security = await queries.phone_of(ctx), await queries.security(ctx)
    context: dict[str, Any] = {"own": own, "form": form, "errors": errors}
    context["asks_password"] = security.has_password and not security.second_factors
    return await page(request, ctx, "account/phone.html", status=status, **context)


routes = [phone_page, change_phone, confirm_phone, remove_phone]
