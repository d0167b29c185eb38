"""`/mfa/challenge`: the second half of a log-in. `/mfa/step-up`: a second factor once more, and back (I4)."""

from typing import Annotated, Any, Final, cast

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import actions, queries
from stoa.foundation.identity.errors import (
    AccountBanned,
    AccountSuspended,
    ChallengeOver,
    LockedOut,
    NoSecondFactor,
    WrongFactor,
)
from stoa.foundation.identity.types import Assertion, OneTimeCode, Proof
from stoa.front import kept
from stoa.front.page import page, safe_next, see_other
from stoa.front.public.account import CHALLENGE_COOKIE, http_only, signed_in
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access

CHALLENGE: Final = "/mfa/challenge"
STEP_UP: Final = "/mfa/step-up"
FIELDS: Final = {"app": "code", "passkey": "credential", "backup": "backup_code"}  # ways to show one, and their fields
NOT_RIGHT: Final = {
    "app": "This code is not right, or it was used already. Wait for the next one",
    "passkey": "This passkey was not accepted. Please try again",
    "backup": "This code is not right, or it was used already",
}

Credential = Annotated[str, msgspec.Meta(min_length=1, max_length=60_000)]


class FactorForm(msgspec.Struct):
    """What both pages send: one of the three."""

    code: OneTimeCode | None = None
    backup_code: OneTimeCode | None = None
    credential: Credential | None = None


def credential_of(text: str, kind: type[Any]) -> Any:
    """What the browser's authenticator answered, as JSON in a form. Raises Invalid."""
    try:
        return forms.parse(kind, msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError, Invalid):
        raise Invalid(fields={"credential": "The passkey's answer could not be read. Please try again"}) from None


def proof_of(form: dict[str, Any]) -> Proof:
    """The factor that a form shows. Raises Invalid."""
    given = forms.parse(FactorForm, form, strict=False)
    passkey = credential_of(given.credential, Assertion) if given.credential else None
    return Proof(code=given.code, backup_code=given.backup_code, passkey=passkey)


def ways_of(methods: list[str]) -> list[str]:
    """The ways to show a second factor, the usual one first."""
    return [*(["app"] if "totp" in methods else []), *(["passkey"] if "passkey" in methods else []), "backup"]


def _chosen(ways: list[str], given: str | None) -> str:
    return given if given in ways else ways[0]


def _errors(error: Invalid) -> dict[str, str]:
    return {"credential" if name == "passkey" else name: words for name, words in error.fields.items()}


# ---- log-in ----------------------------------------------------------------------------------------------------


@get(CHALLENGE, opt=access("public"))
async def challenge_form(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Asks for the second factor of the log-in that this browser has begun."""
    target = safe_next(request.query_params.get("next"))
    try:
        return await _ask(request, ctx, target, request.query_params.get("with"), {})
    except ChallengeOver:
        return await _begin_again(request, ctx, target)


@post(CHALLENGE, opt=access("public", limit="auth"))
async def challenge(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Finishes the log-in. Five wrong tries end it, and count as failed log-ins (I5)."""
    form = dict(await request.form())
    target, way = safe_next(form.get("next")), form.get("with")
    try:
        try:
            closed = await actions.second_factor.answer_challenge(ctx, _token(request), proof_of(form))
        except Invalid as error:
            return await _ask(request, ctx, target, way, _errors(error), error.status)
        except (WrongFactor, LockedOut, AccountSuspended, AccountBanned) as error:
            words = NOT_RIGHT.get(way or "", error.detail) if isinstance(error, WrongFactor) else error.detail
            return await _ask(request, ctx, target, way, {FIELDS.get(way or "", "code"): words}, error.status)
    except ChallengeOver:
        return await _begin_again(request, ctx, target)
    response = await signed_in(ctx, closed.user_id, target, by=cast(actions.Way, closed.by), second_factor=True)
    response.cookies.append(http_only(ctx, CHALLENGE_COOKIE, "", 0, "/mfa"))
    return response


def _token(request: Request[Any, Any, Any]) -> str:
    return request.cookies.get(CHALLENGE_COOKIE) or ""


async def _ask(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    target: str,
    given: str | None,
    errors: dict[str, str],
    status: int = 200,
) -> Response[Any]:
    """Raises ChallengeOver."""
    challenge = await actions.challenge_of(ctx, _token(request))
    ways = ways_of(challenge.methods)
    way = _chosen(ways, given)
    options = await actions.second_factor.challenge_options(ctx, _token(request)) if way == "passkey" else None
    shown: dict[str, Any] = {"ways": ways, "way": way, "options": options, "errors": errors, "next": target}
    return await page(request, ctx, "public/mfa_challenge.html", status=status, **shown)


async def _begin_again(request: Request[Any, Any, Any], ctx: Ctx, target: str) -> Response[Any]:
    """There is no log-in under way in this browser, or no more."""
    return await page(request, ctx, "public/challenge_over.html", status=410, next=target)


# ---- step-up ---------------------------------------------------------------------------------------------------


@get(STEP_UP, opt=access("member"))
async def step_up_form(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Asks for a second factor; where there is none, there is nothing to ask."""
    target = safe_next(request.query_params.get("next"))
    return await _ask_again(request, ctx, target, request.query_params.get("with"), {})


@post(STEP_UP, opt=access("member", limit="auth"))
async def step_up(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Goes on to where it was needed; a form that was sent there is sent now."""
    form = dict(await request.form())
    target, way = safe_next(form.get("next")), form.get("with")
    try:
        await actions.second_factor.step_up(ctx, proof_of(form))
    except Invalid as error:
        return await _ask_again(request, ctx, target, way, _errors(error), error.status)
    except LockedOut as error:
        return await _ask_again(request, ctx, target, way, {FIELDS.get(way or "", "code"): error.detail}, error.status)
    except NoSecondFactor:
        return see_other(target)
    waiting = kept.read(request, ctx)
    if waiting is None:
        return see_other(target)
    response = await page(request, ctx, "public/go_on.html", waiting=waiting, next=target)
    response.headers["Cache-Control"] = "no-store"
    response.cookies.append(kept.forgotten(ctx))
    return response


async def _ask_again(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    target: str,
    given: str | None,
    errors: dict[str, str],
    status: int = 200,
) -> Response[Any]:
    methods = (await queries.security(ctx)).second_factors
    if not methods:
        return see_other(target)
    ways = ways_of(methods)
    way = _chosen(ways, given)
    options = await actions.second_factor.step_up_options(ctx) if way == "passkey" else None
    shown: dict[str, Any] = {"ways": ways, "way": way, "options": options, "errors": errors, "next": target}
    return await page(request, ctx, "public/mfa_step_up.html", status=status, **shown)


routes = [challenge_form, challenge, step_up_form, step_up]
