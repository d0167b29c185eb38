"""Which gateways are switched on."""

from uuid import UUID

import httpx

from stoa.foundation.settings.queries import platform
from stoa.kit.config import Settings
from stoa.kit.ctx import Ctx
from stoa.kit.doctor import Finding
from stoa.kit.queue import enqueue
from stoa.money.payments.actions.accounts import gateway_of_account
from stoa.money.payments.errors import GatewayUnavailable, UnknownGateway
from stoa.money.payments.gateways import Gateway
from stoa.money.payments.gateways.sandbox import Sandbox
from stoa.money.payments.messages import DeliverSandboxEvent


async def _announce(ctx: Ctx, event_id: str) -> None:
    await enqueue(ctx, DeliverSandboxEvent(event_id=event_id))


SANDBOX = Sandbox(_announce)


def switched_on(settings: Settings) -> list[str]:
    """The names of the gateways that are switched on, real ones first."""
    names = ["stripe"] if settings.stripe_secret_key else []
    return [*names, SANDBOX.name] if settings.sandbox else names


def gateway_named(ctx: Ctx, name: str) -> Gateway:
    """A gateway that is switched on. Raises UnknownGateway."""
    if name not in switched_on(ctx.app.settings):
        raise UnknownGateway
    if name == SANDBOX.name:
        return SANDBOX
    from stoa.money.payments.gateways.stripe import Stripe, StripeKeys  # its client takes a while to import

    return Stripe(StripeKeys.of(ctx.app.settings))


async def gateway_of(ctx: Ctx, name: str, account_id: UUID | None) -> Gateway:
    """The gateway of an order or a webhook: with the platform's keys, or with those of a creator's own account (M12).

    Raises UnknownGateway, and GatewayDisconnected where the creator has left.
    """
    return gateway_named(ctx, name) if account_id is None else await gateway_of_account(ctx, name, account_id)


async def default_gateway(ctx: Ctx) -> str:
    """The gateway of orders that name none: the platform's choice, or the first where that one is switched off."""
    names = switched_on(ctx.app.settings)
    chosen = (await platform(ctx)).default_gateway
    return chosen if chosen in names or not names else names[0]


async def look(settings: Settings) -> Finding:
    """A line for the doctor: by which gateways people pay, and whether Stripe knows our key."""
    names = switched_on(settings)
    if "stripe" in names:
        from stoa.money.payments.gateways.stripe import StripeKeys, ask

        try:
            async with httpx.AsyncClient() as http:
                await ask(StripeKeys.of(settings), http)
        except GatewayUnavailable:
            cure = "see to stripe_secret_key, and whether this machine reaches stripe_api_base"
            return Finding("payments", False, "Stripe does not answer us", cure)
    return Finding("payments", True, f"by {' and '.join(names)}" if names else "nothing can be paid: no gateway is on")


def sandbox(ctx: Ctx) -> Sandbox:
    """The sandbox, for its hosted pages. Raises UnknownGateway where it is switched off."""
    gateway_named(ctx, SANDBOX.name)
    return SANDBOX
