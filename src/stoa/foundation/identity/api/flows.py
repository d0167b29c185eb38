"""`/api/v1/auth`: confirming an e-mail, a forgotten password, changing password and e-mail (I2, I5, I6)."""

from litestar import post

from stoa.foundation.identity import actions, queries
from stoa.foundation.identity.errors import SessionOver
from stoa.foundation.identity.schemas import (
    ChangeEmailIn,
    ChangePasswordIn,
    EmailIn,
    OrderedOut,
    ResendIn,
    ResetIn,
    TokenIn,
    VerifiedOut,
)
from stoa.foundation.identity.types import EmailChange
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import Body, CtxDep, access

ORDERED = OrderedOut("If there is an account that this fits, a mail is on its way")


@post("/api/v1/auth/verify-email", status_code=200, opt=access("public", limit="auth"))
async def verify_email(ctx: CtxDep, data: Body[TokenIn]) -> VerifiedOut:
    """Confirms an e-mail by the link that was sent there."""
    await actions.verify_email(ctx, data.token)
    return VerifiedOut(is_verified=True)


@post("/api/v1/auth/resend-verification", status_code=202, opt=access("public", limit="auth"))
async def resend_verification(ctx: CtxDep, data: Body[ResendIn]) -> OrderedOut:
    """Another mail to confirm an e-mail; for who is signed in, without saying which. The answer tells nothing."""
    await actions.request_verification(ctx, email=data.email or await _own_email(ctx))
    return ORDERED


async def _own_email(ctx: Ctx) -> str:
    if ctx.actor is None:
        raise Invalid(fields={"email": "This field is needed"})
    user = await queries.user_by_id(ctx, ctx.actor.id)
    if user is None:
        raise SessionOver
    return user.email


@post("/api/v1/auth/forgot-password", status_code=202, opt=access("public", limit="auth"))
async def forgot_password(ctx: CtxDep, data: Body[EmailIn]) -> OrderedOut:
    """A mail with a link to a new password. Status, body and time tell nothing of who has an account."""
    await actions.request_password_reset(ctx, email=data.email)
    return ORDERED


@post("/api/v1/auth/reset-password", status_code=204, opt=access("public", limit="auth"))
async def reset_password(ctx: CtxDep, data: Body[ResetIn]) -> None:
    """Sets a password by the link in a mail. All sessions end; nobody is signed in by it."""
    await actions.reset_password(ctx, token=data.token, password=data.password)


@post("/api/v1/auth/change-password", status_code=204, opt=access("member", limit="auth"))
async def change_password(ctx: CtxDep, data: Body[ChangePasswordIn]) -> None:
    """Changes the password; all other sessions end, and a mail says so."""
    await actions.change_password(ctx, current_password=data.current_password, new_password=data.new_password)


@post("/api/v1/auth/change-email", status_code=202, opt=access("member", limit="auth"))
async def change_email(ctx: CtxDep, data: Body[ChangeEmailIn]) -> EmailChange:
    """Asks for another e-mail; it changes when the links in the mails to both addresses are used."""
    return await actions.change_email(ctx, new_email=data.new_email, password=data.password)


@post("/api/v1/auth/verify-email-change", status_code=200, opt=access("member", limit="auth"))
async def verify_email_change(ctx: CtxDep, data: Body[TokenIn]) -> EmailChange:
    """Uses one of the two links of a change of e-mail; for the account's owner only."""
    return await actions.verify_email_change(ctx, data.token)


routes = [
    verify_email,
    resend_verification,
    forgot_password,
    reset_password,
    change_password,
    change_email,
    verify_email_change,
]
