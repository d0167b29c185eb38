"""`/dashboard/account/passkeys`: one's passkeys, added, renamed, removed (I4)."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import actions, policies, queries
from stoa.foundation.identity.errors import (
    LastWayIn,
    PasskeyKnown,
    PasskeyRefused,
    PasskeysUnavailable,
    TooManyPasskeys,
)
from stoa.foundation.identity.types import Attestation, PasskeyName
from stoa.front import flash
from stoa.front.account.second_factors import show_codes
from stoa.front.page import page, see_other
from stoa.front.public.second_factor import Credential, credential_of
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access

HERE: Final = "/dashboard/account/passkeys"


class PasskeyForm(msgspec.Struct):
    """What the browser's authenticator answered, as JSON, and a name."""

    credential: Credential
    name: PasskeyName | None = None


class NameForm(msgspec.Struct):
    """Another name."""

    name: PasskeyName


@get(HERE, opt=access("member"))
async def passkeys_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The passkeys, and a form that makes one."""
    return await _show(request, ctx, {})


@post(HERE, opt=access("member", limit="auth"))
async def add_passkey(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Keeps what the browser has made. With the first second factor come ten backup codes."""
    try:
        given = forms.parse(PasskeyForm, dict(await request.form()), strict=False)
        added = await actions.passkeys.add(ctx, credential_of(given.credential, Attestation), name=given.name)
    except Invalid as error:
        return await _show(request, ctx, error.fields, error.status)
    except (PasskeyRefused, PasskeyKnown, TooManyPasskeys, PasskeysUnavailable) as error:
        return await _show(request, ctx, {"credential": error.detail}, error.status)
    if added.backup_codes:
        return await show_codes(request, ctx, added.backup_codes, "Your passkey is added")
    return _back(request, flash.Toast(f"{added.passkey.name} is added. You can log in with it alone.", "good"))


@post(HERE + "/{passkey_id:uuid}/rename", opt=access("member"))
async def rename_passkey(request: Request[Any, Any, Any], ctx: CtxDep, passkey_id: Path[UUID]) -> Response[Any]:
    """Another name for it."""
    try:
        given = forms.parse(NameForm, dict(await request.form()), strict=False)
        renamed = await actions.passkeys.rename(ctx, passkey_id, given.name)
    except Invalid as error:
        return await _show(request, ctx, error.fields, error.status)
    return _back(request, flash.Toast(f"It is called {renamed.name} now.", "good"))


@post(HERE + "/{passkey_id:uuid}/remove", opt=access("member"))
async def remove_passkey(request: Request[Any, Any, Any], ctx: CtxDep, passkey_id: Path[UUID]) -> Response[Any]:
    """Takes it off, unless it is the only way in."""
    try:
        await actions.passkeys.remove(ctx, passkey_id)
    except LastWayIn as error:
        return _back(request, flash.Toast(error.detail + ".", "bad"))
    return _back(request, flash.Toast("The passkey is removed. Delete it on your device, too.", "good"))


def _back(request: Request[Any, Any, Any], toast: flash.Toast) -> Response[Any]:
    response = see_other(HERE)
    flash.add(request, response, toast)
    return response


async def _show(request: Request[Any, Any, Any], ctx: Ctx, errors: dict[str, str], status: int = 200) -> Response[Any]:
    security = await queries.security(ctx)
    shown: dict[str, Any] = {
        "passkeys": await queries.passkeys(ctx),
        "security": security,
        "asks": security.has_password and not security.second_factors,
        "party": _party(ctx),
        "errors": errors,
    }
    return await page(request, ctx, "account/passkeys.html", status=status, **shown)


def _party(ctx: Ctx) -> policies.RelyingParty | None:
    try:
        return policies.relying_party(ctx.app.settings)
    except PasskeysUnavailable:
        return None


routes = [passkeys_page, add_passkey, rename_passkey, remove_passkey]
