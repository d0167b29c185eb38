"""Bodies of `/api/v1/payment-gateway`: creators' own accounts at gateways (M12). Secrets go in and never come out."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from stoa.kit.ctx import Ctx
from stoa.money.payments.types.accounts import (
    AccountRow,
    Health,
    Password,
    Provider,
    PublicName,
    Secret,
    unheard,
    webhook_url,
)

Name = Literal["RAZORPAY", "STRIPE", "XENDIT"]


class HealthOut(msgspec.Struct):
    """How webhooks come in: `state` is quiet, well, late or failing; `lag_s` the average until one is applied."""

    state: str
    last_received_at: datetime | None
    waiting: int
    dead: int
    refused: int
    lag_s: float | None


class InboxHealthOut(HealthOut, kw_only=True):
    """The same of one gateway, for administrators; without an owner it is the platform's own."""

    gateway: str
    owner: str | None


class GatewayOut(msgspec.Struct, kw_only=True):
    """One gateway for the creator whose account it is. Secrets are masked to their last characters.

    `ready`: payments can go there; otherwise `waits_for` says what is missing. Have the gateway send its webhooks to
    `webhook_url`. `authorization_url`: where to go on, when an account is being connected by OAuth.
    """

    gateway: Name
    connected: bool
    ready: bool
    is_default: bool
    webhook_url: str
    way: Literal["keys", "oauth"] | None = None
    account_id: str | None = None
    key_id: str | None = None
    secret_masked: str | None = None
    webhook_secret_masked: str | None = None
    is_live: bool | None = None
    charges_enabled: bool = False
    payouts_enabled: bool = False
    details_submitted: bool = False
    connected_at: datetime | None = None
    verified_at: datetime | None = None
    waits_for: str | None = None
    health: HealthOut | None = None
    authorization_url: str | None = None


class GatewaysOut(msgspec.Struct):
    """All gateways. `settlement`: payments for this creator go directly to them, or through the platform."""

    default_gateway: Name | None
    settlement: Literal["direct", "platform"]
    gateways: list[GatewayOut]


class ProofIn(msgspec.Struct, kw_only=True):
    """The account's password once more; not for accounts with a second factor, which show that (step-up)."""

    password: Password | None = None


class RazorpayIn(ProofIn, kw_only=True):
    """The pair of keys, and what webhooks are signed with if there is one already."""

    key_id: PublicName
    key_secret: Secret
    account_id: PublicName | None = None
    webhook_secret: Secret | None = None


class StripeIn(ProofIn, kw_only=True):
    """A secret or restricted key; without one an account is connected by OAuth, which ends with `code` and `state`."""

    secret_key: Secret | None = None
    webhook_secret: Secret | None = None
    code: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    state: Annotated[str, msgspec.Meta(max_length=1000)] | None = None


class XenditIn(ProofIn, kw_only=True):
    """The secret key, and the token that comes with webhooks."""

    api_key: Secret
    business_id: PublicName | None = None
    webhook_token: Secret | None = None


class WebhookSecretIn(ProofIn, kw_only=True):
    """What webhooks are signed with."""

    webhook_secret: Secret


class WebhookTokenIn(ProofIn, kw_only=True):
    """The token that comes with webhooks."""

    webhook_token: Secret


class DefaultIn(ProofIn, kw_only=True):
    """To which account payments go; null for the platform's."""

    gateway: Name | None


def health_out(health: Health, now: datetime) -> HealthOut:
    """A Health in one word, and its numbers."""
    return HealthOut(
        health.state(now), health.last_received_at, health.waiting, health.dead, health.refused, health.lag_s
    )


def inbox_health_out(health: Health, now: datetime) -> InboxHealthOut:
    """A Health for administrators."""
    shown = msgspec.structs.asdict(health_out(health, now))
    return InboxHealthOut(**shown, gateway=health.gateway, owner=health.owner)


def gateway_out(
    ctx: Ctx,
    provider: Provider,
    row: AccountRow | None,
    health: Health | None,
    *,
    authorization_url: str | None = None,
) -> GatewayOut:
    """One gateway of the acting member's, connected or not."""
    name: Name = provider.upper()  # type: ignore[assignment]
    common = {"gateway": name, "webhook_url": webhook_url(ctx, provider), "authorization_url": authorization_url}
    if row is None:
        return GatewayOut(connected=False, ready=False, is_default=False, **common)  # type: ignore[arg-type]
    shown = {
        field: getattr(row, field)
        for field in "way account_id key_id is_live charges_enabled payouts_enabled details_submitted".split()
    }
    return GatewayOut(
        connected=True,
        ready=row.waits_for is None,
        is_default=row.is_default,
        secret_masked=row.masked_key,
        webhook_secret_masked=row.masked_webhook,
        connected_at=row.connected_at,
        verified_at=row.verified_at,
        waits_for=row.waits_for,
        health=health_out(health or unheard(provider), ctx.now),
        **common,  # type: ignore[arg-type]
        **shown,
    )
