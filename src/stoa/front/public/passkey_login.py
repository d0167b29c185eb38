"""`/login/passkey`: a log-in with nothing to type. The button stands on `/login`, and in the list of names there."""

from typing import Any

import msgspec
from litestar import Request, Response, post

from stoa.foundation.identity import actions
from stoa.foundation.identity.errors import AccountBanned, AccountSuspended, PasskeyRefused, PasskeysUnavailable
from stoa.foundation.identity.types import Assertion
from stoa.front import flash
from stoa.front.page import safe_next, see_other
from stoa.front.public.account import signed_in
from stoa.front.public.second_factor import Credential, credential_of
from stoa.kit import forms
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access


class PasskeyForm(msgspec.Struct):
    """What the browser's authenticator answered, as JSON."""

    credential: Credential
    next: str | None = None


@post("/login/passkey", opt=access("public", limit="auth"))
async def log_in_with_passkey(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """A new session for whoever this passkey belongs to."""
    form = dict(await request.form())
    target = safe_next(form.get("next"))
    try:
        given = forms.parse(PasskeyForm, form, strict=False)
        user_id = await actions.passkeys.log_in(ctx, credential_of(given.credential, Assertion))
    except (Invalid, PasskeyRefused, PasskeysUnavailable, AccountSuspended, AccountBanned) as error:
        words = "This passkey was not accepted. Please try again." if isinstance(error, Invalid) else error.detail
        response = see_other("/login")
        flash.add(request, response, flash.Toast(words, "bad"))
        return response
    return await signed_in(ctx, user_id, target, by="passkey", second_factor=True)


routes = [log_in_with_passkey]
