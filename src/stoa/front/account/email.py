"""`/dashboard/account/email`, `/verify-email-change/{token}`: another e-mail, confirmed from both sides (I6)."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import actions
from stoa.foundation.identity.errors import (
    EmailTaken,
    LinkOver,
    LockedOut,
    NoPassword,
    StepUpRequired,
    TooManyMails,
)
from stoa.foundation.identity.types import AnyText, Email
from stoa.front import flash
from stoa.front.account.password import step_up
from stoa.front.page import page, see_other
from stoa.front.public.recovery import NO_EMAIL, link_over, secretive
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access

HERE: Final = "/dashboard/account/email"
NO_PATTERN: Final = "This is not of the expected form"


class EmailForm(msgspec.Struct):
    """What the page sends."""

    new_email: Email
    password: AnyText


@get(HERE, opt=access("member"))
async def email_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The address, whether it is confirmed, and a change that waits."""
    return await _show(request, ctx, {}, {})


@post(HERE, opt=access("member", limit="auth"))
async def change_email(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Asks both addresses. Whether the new one has an account already is told only to its owner."""
    form = dict(await request.form())
    try:
        given = forms.parse(EmailForm, form, strict=False)
        await actions.change_email(ctx, new_email=given.new_email, password=given.password)
    except StepUpRequired:
        return step_up(HERE)
    except Invalid as error:
        errors = {name: NO_EMAIL if words == NO_PATTERN else words for name, words in error.fields.items()}
        return await _show(request, ctx, form, errors, error.status)
    except TooManyMails as error:
        return await _show(request, ctx, form, {"new_email": error.detail}, error.status)
    except (LockedOut, NoPassword) as error:
        return await _show(request, ctx, form, {"password": error.detail}, error.status)
    return see_other(HERE)


@post(HERE + "/cancel", opt=access("member"))
async def cancel_change(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Ends the links of a change that waits; the address stays."""
    await actions.cancel_email_change(ctx)
    response = see_other(HERE)
    flash.add(request, response, flash.Toast("Your e-mail stays as it is.", "good"))
    return response


async def _show(
    request: Request[Any, Any, Any], ctx: Ctx, form: dict[str, Any], errors: dict[str, str], status: int = 200
) -> Response[Any]:
    account, change = await actions.own_account(ctx), await actions.open_email_change(ctx)
    context: dict[str, Any] = {"account": account, "change": change, "form": form, "errors": errors}
    return await page(request, ctx, "account/email.html", status=status, **context)


@get("/verify-email-change/{token:str}", opt=access("member"))
async def verify_form(request: Request[Any, Any, Any], ctx: CtxDep, token: Path[str]) -> Response[Any]:
    """One button, while the link is good, for the account's owner only. Opening it uses nothing up."""
    try:
        link = await actions.read_email_change(ctx, token)
    except LinkOver as error:
        return await link_over(request, ctx, error, "change")
    return await _ask(request, ctx, link, token)


@post("/verify-email-change/{token:str}", opt=access("member", limit="auth"))
async def verify(request: Request[Any, Any, Any], ctx: CtxDep, token: Path[str]) -> Response[Any]:
    """Uses the link; with the second one the e-mail changes."""
    try:
        link = await actions.read_email_change(ctx, token)
        change = await actions.verify_email_change(ctx, token)
    except LinkOver as error:
        return await link_over(request, ctx, error, "change")
    except EmailTaken as error:
        return await _ask(request, ctx, link, token, error)
    if change.is_done:
        text = f"Your e-mail is {change.new_email} from now on."
    else:
        text = f"Thank you. Now the link in the mail to {' and '.join(change.waits_for)}."
    response = see_other(HERE)
    flash.add(request, response, flash.Toast(text, "good", seconds=10))
    return secretive(response)


async def _ask(
    request: Request[Any, Any, Any], ctx: Ctx, link: Any, token: str, error: EmailTaken | None = None
) -> Response[Any]:
    status = error.status if error else 200
    context: dict[str, Any] = {"link": link, "token": token, "is_taken": error is not None}
    return secretive(await page(request, ctx, "account/verify_email_change.html", status=status, **context))


routes = [email_page, change_email, cancel_change, verify_form, verify]
