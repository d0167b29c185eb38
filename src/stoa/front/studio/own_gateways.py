"""`/dashboard/payments/gateways`: a creator's own accounts at gateways, to which payments go directly (M12)."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import queries as identity
from stoa.foundation.identity.actions.factors import require_proof
from stoa.foundation.identity.errors import LockedOut, LogInAgain
from stoa.front import flash
from stoa.front.admin.webhooks import HEALTH
from stoa.front.leaving import leave_to
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, NotFound, StoaError
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.http.lending import lending_of
from stoa.money.payments.actions import accounts, connecting
from stoa.money.payments.errors import GatewayUnavailable
from stoa.money.payments.queries.accounts import accounts_of, health_of
from stoa.money.payments.types.accounts import (
    LABELS,
    PROVIDERS,
    SECRET_FIELD,
    NewKeys,
    Password,
    Provider,
    PublicName,
    Secret,
    unheard,
    webhook_url,
)

HERE: Final = "/dashboard/payments/gateways"
CHANGES: Final = access("member", limit="auth", gated=False)
# The fields of each provider's form as they are called there, and whether they are secret; the webhook's comes last.
FIELDS: Final[dict[Provider, tuple[tuple[str, str, str], ...]]] = {
    "razorpay": (
        ("key_id", "Key ID", "Begins with rzp_live_. In Razorpay: Account & Settings → API Keys."),
        ("key_secret", "Key secret", "Razorpay shows it once, when the key is made."),
        ("webhook_secret", "Webhook secret", "What you enter in Razorpay when you add the webhook there."),
    ),
    "stripe": (
        ("secret_key", "Secret key", "Begins with sk_live_ or rk_live_. In Stripe: Developers → API keys."),
        (
            "webhook_secret",
            "Webhook signing secret",
            "Begins with whsec_. Stripe shows it when you add the webhook there.",
        ),
    ),
    "xendit": (
        (
            "api_key",
            "Secret API key",
            "Begins with xnd_production_. In Xendit: Settings → API Keys; it may read money-in.",
        ),
        ("webhook_secret", "Webhook verification token", "In Xendit: Settings → Webhooks."),
    ),
}


class KeysForm(msgspec.Struct):
    """The fields of every provider; each uses its own."""

    key_id: PublicName | None = None
    key_secret: Secret | None = None
    secret_key: Secret | None = None
    api_key: Secret | None = None
    webhook_secret: Secret | None = None
    password: Password | None = None


class HookForm(msgspec.Struct):
    """What webhooks are verified by."""

    new_webhook_secret: Secret
    hook_password: Password | None = None


class LeaveForm(msgspec.Struct):
    """The owner's password."""

    leave_password: Password | None = None


class DefaultForm(msgspec.Struct):
    """To which account payments go; "platform" for none of one's own."""

    settlement: Annotated[str, msgspec.Meta(max_length=20)]
    password: Password | None = None


def known(provider: str) -> Provider:
    """Raises NotFound for a gateway that nobody connects."""
    if provider not in PROVIDERS:
        raise NotFound
    return provider


async def _asks(ctx: Ctx) -> bool:
    """Whether the forms ask for a password; who has a second factor shows that instead."""
    security = await identity.security(ctx)
    return bool(security.has_password and not security.second_factors)


@get(HERE, opt=access("member"))
async def list_gateways(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Where payments go, and what could be connected."""
    return await _index(request, ctx)


async def _index(
    request: Request[Any, Any, Any], ctx: Ctx, *, errors: dict[str, str] | None = None, status: int = 200
) -> Response[str]:
    rows = await accounts_of(ctx, ctx.member.id)
    heard = await health_of(ctx, ctx.member.id)
    default = next((row for row in rows.values() if row.is_default), None)
    return await page(
        request,
        ctx,
        "studio/gateways.html",
        status=status,
        rows=[(one, LABELS[one], rows.get(one), heard.get(one) or unheard(one)) for one in PROVIDERS],
        ready=[row for row in rows.values() if row.waits_for is None],
        default=default,
        labels=LABELS,
        health=HEALTH,
        asks=await _asks(ctx),
        errors=errors or {},
    )


@post(f"{HERE}/default", opt=CHANGES)
async def choose_default(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Where payments go from now on."""
    try:
        given = forms.parse(DefaultForm, dict(await request.form()), strict=False)
        await require_proof(ctx, given.password)
        wanted = None if given.settlement == "platform" else known(given.settlement)
        await accounts.make_default(ctx, wanted)
    except (Invalid, LockedOut, LogInAgain, Conflict) as error:
        return await _index(request, ctx, errors=_fields(error, "settlement"), status=error.status)
    where = f"your account at {LABELS[wanted]}" if wanted else "your wallet, through the platform"
    return _told(request, HERE, f"Payments go to {where} from now on.")


@get(f"{HERE}/{{provider:str}}", opt=access("member"))
async def show_gateway(request: Request[Any, Any, Any], ctx: CtxDep, provider: Path[str]) -> Response[str]:
    """One gateway: how it is connected, how its webhooks come in, and the forms that change it."""
    return await _one(request, ctx, known(provider))


async def _one(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    provider: Provider,
    *,
    errors: dict[str, str] | None = None,
    typed: str = "",
    status: int = 200,
) -> Response[str]:
    return await page(
        request,
        ctx,
        "studio/gateway.html",
        status=status,
        provider=provider,
        label=LABELS[provider],
        row=(await accounts_of(ctx, ctx.member.id)).get(provider),
        heard=(await health_of(ctx, ctx.member.id)).get(provider) or unheard(provider),
        health=HEALTH,
        fields=FIELDS[provider],
        webhook_url=webhook_url(ctx, provider),
        connectable=provider == "stripe" and connecting.is_connectable(ctx.app),
        asks=await _asks(ctx),
        errors=errors or {},
        typed=typed,
    )


@post(f"{HERE}/{{provider:str}}/connect", opt=CHANGES)
async def connect(request: Request[Any, Any, Any], provider: Path[str]) -> Response[Any]:
    """Tries keys while nothing of the database is held, and keeps what works."""
    lending, name = lending_of(request.scope), known(provider)
    form = dict(await request.form())
    try:
        given = forms.parse(KeysForm, form, strict=False)
        keys = _keys(name, given)
        await require_proof(await lending.ctx(), given.password)
        tried = await lending.outside(connecting.try_keys(lending.app, keys))
        await accounts.connect(await lending.ctx(), keys, tried)
    except (Invalid, LockedOut, LogInAgain, GatewayUnavailable) as error:
        typed = str(form.get("key_id", ""))[:100]
        errors = _fields(error, SECRET_FIELD[name])
        return await _one(request, await lending.ctx(), name, errors=errors, typed=typed, status=error.status)
    return _told(request, f"{HERE}/{name}", f"Your account at {LABELS[name]} is connected.")


def _keys(provider: Provider, given: KeysForm) -> NewKeys:
    needed = [name for name, _, _ in FIELDS[provider] if name != "webhook_secret" and getattr(given, name) is None]
    if needed:
        raise Invalid(fields=dict.fromkeys(needed, "This field is needed"))
    secret: str = getattr(given, SECRET_FIELD[provider])
    key_id = given.key_id if provider == "razorpay" else None
    return NewKeys(provider=provider, secret=secret, key_id=key_id, webhook_secret=given.webhook_secret)


@post(f"{HERE}/{{provider:str}}/webhook", opt=CHANGES)
async def change_webhook(request: Request[Any, Any, Any], ctx: CtxDep, provider: Path[str]) -> Response[Any]:
    """What webhooks are verified by."""
    name = known(provider)
    try:
        given = forms.parse(HookForm, dict(await request.form()), strict=False)
        await require_proof(ctx, given.hook_password)
        await accounts.set_webhook_secret(ctx, name, given.new_webhook_secret)
    except (Invalid, LockedOut, LogInAgain) as error:
        errors = _fields(error, "new_webhook_secret", password="hook_password")
        return await _one(request, ctx, name, errors=errors, status=error.status)
    return _told(request, f"{HERE}/{name}", "Webhooks are verified by it from now on.")


@post(f"{HERE}/{{provider:str}}/disconnect", opt=CHANGES)
async def disconnect(request: Request[Any, Any, Any], ctx: CtxDep, provider: Path[str]) -> Response[Any]:
    """Leaves the account; open orders finish there."""
    name = known(provider)
    try:
        given = forms.parse(LeaveForm, dict(await request.form()), strict=False)
        await require_proof(ctx, given.leave_password)
        await accounts.disconnect(ctx, name)
    except (Invalid, LockedOut, LogInAgain) as error:
        errors = _fields(error, "leave_password", password="leave_password")
        return await _one(request, ctx, name, errors=errors, status=error.status)
    return _told(request, HERE, f"Your account at {LABELS[name]} is disconnected.")


@post(f"{HERE}/{{provider:str}}/oauth", opt=CHANGES)
async def begin_oauth(request: Request[Any, Any, Any], ctx: CtxDep, provider: Path[str]) -> Response[Any]:
    """On to Stripe, where the creator agrees; it ends in this very session."""
    if known(provider) != "stripe":
        raise NotFound
    try:
        given = forms.parse(LeaveForm, {"leave_password": (await request.form()).get("oauth_password")}, strict=False)
        await require_proof(ctx, given.leave_password)
    except (Invalid, LockedOut, LogInAgain) as error:
        errors = _fields(error, "oauth_password", password="oauth_password")
        return await _one(request, ctx, "stripe", errors=errors, status=error.status)
    why = "Stripe asks you which of your accounts payments should go to."
    return await leave_to(request, ctx, connecting.begin(ctx), back=f"{HERE}/stripe", why=why)


@get(connecting.CALLBACK, opt=access("member", limit="auth", write=True))
async def callback(request: Request[Any, Any, Any]) -> Response[Any]:
    """Where Stripe sends the creator back to: connected, or told why not."""
    lending = lending_of(request.scope)
    given = {name: request.query_params.get(name, "")[:2000] for name in ("code", "state", "error")}
    try:
        connecting.check(await lending.ctx(), given["state"])
        if given["error"] or not given["code"]:
            raise Invalid(fields={"code": "You did not agree at Stripe, so nothing was connected"})
        tried = await lending.outside(connecting.redeem(lending.app, given["code"]))
        await accounts.connect_oauth(await lending.ctx(), tried)
    except StoaError as error:
        await lending.finish(False)
        response = see_other(f"{HERE}/stripe")
        text = next(iter(error.fields.values())) if isinstance(error, Invalid) and error.fields else error.detail
        flash.add(request, response, flash.Toast(text, "bad", seconds=20))
        return response
    return _told(request, f"{HERE}/stripe", "Your account at Stripe is connected.")


def _fields(error: StoaError, otherwise: str, *, password: str = "password") -> dict[str, str]:
    """The error beside its field; what concerns no field stands beside `otherwise`."""
    if isinstance(error, Invalid) and error.fields:
        return {password if name == "password" else name: text for name, text in error.fields.items()}
    return {otherwise: error.detail}


def _told(request: Request[Any, Any, Any], path: str, text: str) -> Response[Any]:
    response = see_other(path)
    flash.add(request, response, flash.Toast(text, "good"))
    return response


routes = [
    list_gateways,
    choose_default,
    show_gateway,
    connect,
    change_webhook,
    disconnect,
    begin_oauth,
    callback,
]
