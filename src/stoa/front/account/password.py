"""`/dashboard/account/password`: changing the password; all other sessions end (I6)."""

from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import actions
from stoa.foundation.identity.errors import LockedOut, NoPassword, PasswordMoved, StepUpRequired
from stoa.foundation.identity.policies import require_recent_factor
from stoa.foundation.identity.types import AnyText
from stoa.front import flash
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access

HERE: Final = "/dashboard/account/password"


class PasswordForm(msgspec.Struct):
    """What the page sends."""

    current_password: AnyText
    new_password: AnyText


def step_up(target: str) -> Response[Any]:
    """The way to show a second factor first (I4), and back."""
    return see_other(f"/mfa/step-up?next={quote(target)}")


@get(HERE, opt=access("member"))
async def password_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The form; a way to a first password where there is none. A second factor is asked for before it is filled in."""
    await require_recent_factor(ctx)
    return await _show(request, ctx, {})


@post(HERE, opt=access("member", limit="auth"))
async def change_password(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Changes it. A wrong current one counts as a failed log-in (I5)."""
    try:
        given = forms.parse(PasswordForm, dict(await request.form()), strict=False)
        await actions.change_password(ctx, current_password=given.current_password, new_password=given.new_password)
    except StepUpRequired:
        return step_up(HERE)
    except Invalid as error:
        return await _show(request, ctx, error.fields, error.status)
    except (LockedOut, NoPassword, PasswordMoved) as error:
        return await _show(request, ctx, {"current_password": error.detail}, error.status)
    response = see_other(HERE)
    text = "Your password is changed. You are signed out everywhere else."
    flash.add(request, response, flash.Toast(text, "good"))
    return response


async def _show(request: Request[Any, Any, Any], ctx: Ctx, errors: dict[str, str], status: int = 200) -> Response[Any]:
    account = await actions.own_account(ctx)
    return await page(request, ctx, "account/password.html", status=status, account=account, errors=errors)


routes = [password_page, change_password]
