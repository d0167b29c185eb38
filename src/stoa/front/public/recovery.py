"""`/forgot-password`, `/reset-password/{token}`, `/verify-email/{token}`: what links in mails lead to (I6).

A GET never uses a link up: mail scanners and previews follow links, too. The token stands in the address, so these
pages hand it to nobody and are kept nowhere; none of them loads anything from elsewhere.
"""

from typing import Any

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import actions, queries
from stoa.foundation.identity.errors import LinkOver
from stoa.foundation.identity.types import AnyText, Email, LinkKind
from stoa.front import flash
from stoa.front.page import page, safe_next, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access

NO_EMAIL = "This does not look like an e-mail address"


class EmailForm(msgspec.Struct):
    """What `/forgot-password` sends."""

    email: Email


class ResendForm(msgspec.Struct):
    """What asks for another confirmation; whoever is signed in need not say for which address."""

    email: Email | None = None
    next: str | None = None


class ResetForm(msgspec.Struct):
    """What `/reset-password/{token}` sends."""

    password: AnyText


def secretive(response: Response[Any]) -> Response[Any]:
    """An answer whose address holds a token: it is told to nobody, and kept by nobody."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


async def link_over(request: Request[Any, Any, Any], ctx: Ctx, error: LinkOver, purpose: str) -> Response[Any]:
    """What a link shows that is good no more: how to get another."""
    response = await page(request, ctx, "public/link_over.html", status=error.status, purpose=purpose)
    return secretive(response)


# ---- a forgotten password --------------------------------------------------------------------------------------


@get("/forgot-password", opt=access("public"))
async def forgot_form(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The form; afterwards what to do now, which is the same for everybody."""
    sent = "sent" in request.query_params
    return await page(request, ctx, "public/forgot_password.html", sent=sent, email="", errors={})


@post("/forgot-password", opt=access("public", limit="auth"))
async def forgot(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Orders a mail with a link. The answer tells nothing of who has an account."""
    form = dict(await request.form())
    try:
        given = forms.parse(EmailForm, form, strict=False)
    except Invalid as error:
        return await page(
            request,
            ctx,
            "public/forgot_password.html",
            status=error.status,
            sent=False,
            email=form.get("email", ""),
            errors={"email": NO_EMAIL},
        )
    await actions.request_password_reset(ctx, email=given.email)
    return see_other("/forgot-password?sent")


@get("/reset-password/{token:str}", opt=access("public"))
async def reset_form(request: Request[Any, Any, Any], ctx: CtxDep, token: Path[str]) -> Response[Any]:
    """The form for a new password, while the link is good."""
    try:
        link = await actions.read_link(ctx, token, LinkKind.PASSWORD_RESET)
    except LinkOver as error:
        return await link_over(request, ctx, error, "reset")
    return secretive(await page(request, ctx, "public/reset_password.html", link=link, token=token, errors={}))


@post("/reset-password/{token:str}", opt=access("public", limit="auth"))
async def reset(request: Request[Any, Any, Any], ctx: CtxDep, token: Path[str]) -> Response[Any]:
    """Sets the password. Nobody is signed in by it: the log-in that follows asks for second factors, too."""
    try:
        given = forms.parse(ResetForm, dict(await request.form()), strict=False)
        await actions.reset_password(ctx, token=token, password=given.password)
    except LinkOver as error:
        return await link_over(request, ctx, error, "reset")
    except Invalid as error:
        return await _reset_again(request, ctx, token, error)
    response = see_other("/login")
    flash.add(request, response, flash.Toast("Your password is changed. Log in with the new one.", "good"))
    return secretive(response)


async def _reset_again(request: Request[Any, Any, Any], ctx: Ctx, token: str, error: Invalid) -> Response[Any]:
    try:
        link = await actions.read_link(ctx, token, LinkKind.PASSWORD_RESET)
    except LinkOver as over:
        return await link_over(request, ctx, over, "reset")
    context: dict[str, Any] = {"link": link, "token": token, "errors": error.fields}
    return secretive(await page(request, ctx, "public/reset_password.html", status=error.status, **context))


# ---- confirming an e-mail --------------------------------------------------------------------------------------


@get("/verify-email/{token:str}", opt=access("public"))
async def verify_form(request: Request[Any, Any, Any], ctx: CtxDep, token: Path[str]) -> Response[Any]:
    """One button, while the link is good."""
    try:
        link = await actions.read_link(ctx, token, LinkKind.EMAIL_VERIFICATION)
    except LinkOver as error:
        return await link_over(request, ctx, error, "verify")
    return secretive(await page(request, ctx, "public/verify_email.html", link=link, token=token))


@post("/verify-email/{token:str}", opt=access("public", limit="auth"))
async def verify(request: Request[Any, Any, Any], ctx: CtxDep, token: Path[str]) -> Response[Any]:
    """Confirms the e-mail; with or without a session, in whichever browser the mail was opened."""
    try:
        await actions.verify_email(ctx, token)
    except LinkOver as error:
        return await link_over(request, ctx, error, "verify")
    response = see_other("/" if ctx.actor else "/login")
    flash.add(request, response, flash.Toast("Your e-mail is confirmed. Thank you.", "good"))
    return secretive(response)


@post("/resend-verification", opt=access("public", limit="auth"))
async def resend(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Another mail to confirm an e-mail. The answer is the same whatever there is."""
    form = dict(await request.form())
    try:
        given = forms.parse(ResendForm, form, strict=False)
    except Invalid as error:
        given = ResendForm(next=str(form.get("next") or "/"))
        toast = flash.Toast(NO_EMAIL if "email" in error.fields else error.detail, "bad")
    else:
        toast = await _order(ctx, given)
    response = see_other(safe_next(given.next))
    flash.add(request, response, toast)
    return response


async def _order(ctx: Ctx, given: ResendForm) -> flash.Toast:
    email = given.email
    if email is None and ctx.actor is not None:
        user = await queries.user_by_id(ctx, ctx.actor.id)
        email = user.email if user else None
    if email is None:
        return flash.Toast("Please type your e-mail", "bad")
    await actions.request_verification(ctx, email=email)
    return flash.Toast("If this address waits to be confirmed, a mail is on its way.", "good")


routes = [forgot_form, forgot, reset_form, reset, verify_form, verify, resend]
