"""`/api/v1/payment-gateway`: a creator's own accounts at gateways (M12), and the addresses of their webhooks."""

from typing import Final
from uuid import UUID

from litestar import get, post

from stoa.foundation.identity.actions.factors import require_proof
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import Body, CtxDep, Path, Request, access
from stoa.kit.http.lending import Lending, lending_of
from stoa.kit.ids import parse_id
from stoa.money.payments.actions import accounts, connecting, webhooks
from stoa.money.payments.gateways.trying import try_keys
from stoa.money.payments.queries.accounts import accounts_of, health, health_of
from stoa.money.payments.schemas.accounts import (
    DefaultIn,
    GatewayOut,
    GatewaysOut,
    InboxHealthOut,
    ProofIn,
    RazorpayIn,
    StripeIn,
    WebhookSecretIn,
    WebhookTokenIn,
    XenditIn,
    gateway_out,
    inbox_health_out,
)
from stoa.money.payments.types.accounts import PROVIDERS, NewKeys, Provider

BASE: Final = "/api/v1/payment-gateway"
CHANGES: Final = access("member", limit="auth", gated=False)


async def _one(ctx: Ctx, provider: Provider, *, authorization_url: str | None = None) -> GatewayOut:
    row = (await accounts_of(ctx, ctx.member.id)).get(provider)
    heard = (await health_of(ctx, ctx.member.id)).get(provider)
    return gateway_out(ctx, provider, row, heard, authorization_url=authorization_url)


@get(BASE, opt=access("member"))
async def list_gateways(ctx: CtxDep) -> GatewaysOut:
    """All gateways: what is connected, whether payments can go there, and how its webhooks come in."""
    rows, heard = await accounts_of(ctx, ctx.member.id), await health_of(ctx, ctx.member.id)
    every = [gateway_out(ctx, provider, rows.get(provider), heard.get(provider)) for provider in PROVIDERS]
    chosen = next((one for one in every if one.is_default), None)
    settlement = "direct" if chosen is not None and chosen.ready else "platform"
    return GatewaysOut(chosen.gateway if chosen else None, settlement, every)  # type: ignore[arg-type]


@post(f"{BASE}/default", status_code=200, opt=CHANGES)
async def make_default(ctx: CtxDep, data: Body[DefaultIn]) -> GatewaysOut:
    """To which account payments go from now on; orders that are open stay where they were placed."""
    await require_proof(ctx, data.password)
    wanted: Provider | None = data.gateway.lower() if data.gateway else None  # type: ignore[assignment]
    await accounts.make_default(ctx, wanted)
    found: GatewaysOut = await list_gateways.fn(ctx)
    return found


@get(f"{BASE}/razorpay/status", opt=access("member"))
async def razorpay_status(ctx: CtxDep) -> GatewayOut:
    """One's account at Razorpay."""
    return await _one(ctx, "razorpay")


@get(f"{BASE}/stripe/status", opt=access("member"))
async def stripe_status(ctx: CtxDep) -> GatewayOut:
    """One's account at Stripe."""
    return await _one(ctx, "stripe")


@get(f"{BASE}/xendit/status", opt=access("member"))
async def xendit_status(ctx: CtxDep) -> GatewayOut:
    """One's account at Xendit."""
    return await _one(ctx, "xendit")


async def connect_keys(lending: Lending, keys: NewKeys, password: str | None) -> Ctx:
    """Tries keys at their provider, while nothing of the database is held, and keeps what works."""
    await require_proof(await lending.ctx(), password)
    tried = await lending.outside(try_keys(lending.app, keys))
    ctx = await lending.ctx()
    await accounts.connect(ctx, keys, tried)
    return ctx


@post(f"{BASE}/razorpay/connect", status_code=200, opt=CHANGES)
async def connect_razorpay(request: Request, data: Body[RazorpayIn]) -> GatewayOut:
    """Keep a pair of keys of one's own; they are tried first, and nothing is kept that Razorpay refuses."""
    keys = NewKeys(
        provider="razorpay",
        secret=data.key_secret,
        key_id=data.key_id,
        account_id=data.account_id,
        webhook_secret=data.webhook_secret,
    )
    return await _one(await connect_keys(lending_of(request.scope), keys, data.password), "razorpay")


@post(f"{BASE}/stripe/connect", status_code=200, opt=CHANGES)
async def connect_stripe(request: Request, data: Body[StripeIn]) -> GatewayOut:
    """Connect an account: by a key of one's own; or by OAuth, beginning at `authorization_url`."""
    lending = lending_of(request.scope)
    if data.secret_key is not None:
        keys = NewKeys(provider="stripe", secret=data.secret_key, webhook_secret=data.webhook_secret)
        return await _one(await connect_keys(lending, keys, data.password), "stripe")
    if data.code is not None:
        return await _one(await finish_oauth(lending, data.code, data.state), "stripe")
    if data.webhook_secret is not None:
        raise Invalid(fields={"secret_key": "This field is needed"})
    ctx = await lending.ctx()
    await require_proof(ctx, data.password)
    return await _one(ctx, "stripe", authorization_url=connecting.begin(ctx))


async def finish_oauth(lending: Lending, code: str, state: str | None) -> Ctx:
    """Keeps the account that a way to Stripe ended with. Raises Invalid for a way that is over or is another's."""
    from stoa.money.payments.gateways.stripe.connect import redeem  # its client takes a while to import

    connecting.check(await lending.ctx(), state)
    tried = await lending.outside(redeem(lending.app, code))
    ctx = await lending.ctx()
    await accounts.connect_oauth(ctx, tried)
    return ctx


@post(f"{BASE}/xendit/connect", status_code=200, opt=CHANGES)
async def connect_xendit(request: Request, data: Body[XenditIn]) -> GatewayOut:
    """Keep a key of one's own; it is tried first, and nothing is kept that Xendit refuses."""
    keys = NewKeys(
        provider="xendit",
        secret=data.api_key,
        account_id=data.business_id,
        webhook_secret=data.webhook_token,
    )
    return await _one(await connect_keys(lending_of(request.scope), keys, data.password), "xendit")


@post(f"{BASE}/razorpay/disconnect", status_code=200, opt=CHANGES)
async def disconnect_razorpay(ctx: CtxDep, data: Body[ProofIn]) -> GatewayOut:
    """Leave one's account at Razorpay; open orders finish there."""
    return await _disconnect(ctx, "razorpay", data)


@post(f"{BASE}/stripe/disconnect", status_code=200, opt=CHANGES)
async def disconnect_stripe(ctx: CtxDep, data: Body[ProofIn]) -> GatewayOut:
    """Leave one's account at Stripe; open orders finish there."""
    return await _disconnect(ctx, "stripe", data)


@post(f"{BASE}/xendit/disconnect", status_code=200, opt=CHANGES)
async def disconnect_xendit(ctx: CtxDep, data: Body[ProofIn]) -> GatewayOut:
    """Leave one's account at Xendit; open orders finish there."""
    return await _disconnect(ctx, "xendit", data)


async def _disconnect(ctx: Ctx, provider: Provider, data: ProofIn) -> GatewayOut:
    await require_proof(ctx, data.password)
    await accounts.disconnect(ctx, provider)
    return await _one(ctx, provider)


@post(f"{BASE}/razorpay/webhook-secret", status_code=200, opt=CHANGES)
async def razorpay_webhook_secret(ctx: CtxDep, data: Body[WebhookSecretIn]) -> GatewayOut:
    """What Razorpay signs its webhooks with."""
    return await _webhook_secret(ctx, "razorpay", data.webhook_secret, data.password)


@post(f"{BASE}/stripe/webhook-secret", status_code=200, opt=CHANGES)
async def stripe_webhook_secret(ctx: CtxDep, data: Body[WebhookSecretIn]) -> GatewayOut:
    """What Stripe signs its webhooks with (whsec_…)."""
    return await _webhook_secret(ctx, "stripe", data.webhook_secret, data.password)


@post(f"{BASE}/xendit/webhook-token", status_code=200, opt=CHANGES)
async def xendit_webhook_token(ctx: CtxDep, data: Body[WebhookTokenIn]) -> GatewayOut:
    """The token that Xendit sends along with its webhooks."""
    return await _webhook_secret(ctx, "xendit", data.webhook_token, data.password)


async def _webhook_secret(ctx: Ctx, provider: Provider, secret: str, password: str | None) -> GatewayOut:
    await require_proof(ctx, password)
    await accounts.set_webhook_secret(ctx, provider, secret)
    return await _one(ctx, provider)


@get("/api/v1/webhook-events/health", opt=access("admin"))
async def inbox_health(ctx: CtxDep) -> list[InboxHealthOut]:
    """How webhooks come in, per gateway and per creator's own account."""
    return [inbox_health_out(row, ctx.now) for row in await health(ctx)]


@post(
    # Written out, because the addresses of creators are below them.
    [f"/api/v1/webhooks/{provider}" for provider in PROVIDERS],
    status_code=200,
    opt=access("provider", write=False, limit="none"),
    request_max_body_size=webhooks.MAX_BODY_BYTES,
)
async def receive_webhook_of_platform(ctx: CtxDep, request: Request) -> dict[str, UUID]:
    """An event of the platform's own account, or of one that is connected to it: kept, then applied by a job."""
    headers = {name.lower(): content for name, content in request.headers.items()}
    return {"id": await webhooks.receive(ctx, request.url.path.split("/")[4], headers, await request.body())}


@post(
    [f"/api/v1/webhooks/{provider}/{{author_public_id:str}}" for provider in PROVIDERS],
    status_code=200,
    # As with the platform's own: what is refused is kept; how much may come is counted per creator.
    opt=access("provider", write=False, limit="none"),
    request_max_body_size=webhooks.MAX_BODY_BYTES,
)
async def receive_webhook_of_creator(ctx: CtxDep, author_public_id: Path[str], request: Request) -> dict[str, UUID]:
    """An event of a creator's own gateway: kept, then applied by a job to orders of that account, and to no others."""
    owner_id = parse_id(author_public_id)
    if owner_id is None:
        raise NotFound
    provider: Provider = request.url.path.split("/")[4]  # type: ignore[assignment]
    headers = {name.lower(): content for name, content in request.headers.items()}
    return {"id": await webhooks.receive_of_creator(ctx, provider, owner_id, headers, await request.body())}


routes = [
    list_gateways,
    make_default,
    razorpay_status,
    stripe_status,
    xendit_status,
    connect_razorpay,
    connect_stripe,
    connect_xendit,
    disconnect_razorpay,
    disconnect_stripe,
    disconnect_xendit,
    razorpay_webhook_secret,
    stripe_webhook_secret,
    xendit_webhook_token,
    inbox_health,
    receive_webhook_of_platform,
    receive_webhook_of_creator,
]
