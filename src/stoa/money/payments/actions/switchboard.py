"""Which gateways are switched on."""

from typing import Final
from uuid import UUID

import httpx

from stoa.foundation.settings.queries import platform
from stoa.kit.config import Settings
from stoa.kit.ctx import Ctx
from stoa.kit.doctor import Finding
from stoa.kit.errors import Invalid
from stoa.kit.queue import enqueue
from stoa.money.payments.actions.accounts import gateway_of_account
from stoa.money.payments.errors import GatewayUnavailable, UnknownGateway
from stoa.money.payments.gateways import Gateway, Proving
from stoa.money.payments.gateways.razorpay import Razorpay, RazorpayKeys
from stoa.money.payments.gateways.sandbox import Sandbox
from stoa.money.payments.gateways.xendit import Xendit, XenditKeys
from stoa.money.payments.messages import DeliverSandboxEvent


async def _announce(ctx: Ctx, event_id: str) -> None:
    await enqueue(ctx, DeliverSandboxEvent(event_id=event_id))


SANDBOX = Sandbox(_announce)
_KEYS: Final = {
    "stripe": "stripe_secret_key",
    "razorpay": "razorpay_key_id and razorpay_key_secret",
    "xendit": "xendit_secret_key",
}


def switched_on(settings: Settings) -> list[str]:
    """The names of the gateways that are switched on, real ones first."""
    keys = {
        "stripe": settings.stripe_secret_key,
        "razorpay": settings.razorpay_key_secret,
        "xendit": settings.xendit_secret_key,
    }
    names = [name for name, key in keys.items() if key]
    return [*names, SANDBOX.name] if settings.sandbox else names


def gateway_named(ctx: Ctx, name: str) -> Gateway:
    """A gateway that is switched on. Raises UnknownGateway."""
    if name not in switched_on(ctx.app.settings):
        raise UnknownGateway
    return _made(ctx.app.settings, name)


def _made(settings: Settings, name: str) -> Gateway:
    """A gateway with the platform's own keys."""
    if name == "razorpay":
        return Razorpay(RazorpayKeys.of(settings))
    if name == "xendit":
        return Xendit(XenditKeys.of(settings))
    if name == SANDBOX.name:
        return SANDBOX
    from stoa.money.payments.gateways.stripe import Stripe, StripeKeys  # its client takes a while to import

    return Stripe(StripeKeys.of(settings))


async def gateway_of(ctx: Ctx, name: str, account_id: UUID | None) -> Gateway:
    """The gateway of an order or a webhook: with the platform's keys, or with those of a creator's own account (M12).

    Raises UnknownGateway, and GatewayDisconnected where the creator has left.
    """
    return gateway_named(ctx, name) if account_id is None else await gateway_of_account(ctx, name, account_id)


async def default_gateway(ctx: Ctx, currency: str) -> str:
    """The gateway of orders that name none: the platform's choice for the currency, else its choice for all others.

    Where that one is off, or does not take the currency, the first one that does. Raises Invalid where none does.
    """
    names = switched_on(ctx.app.settings)
    config = await platform(ctx)
    if not names:
        return config.default_gateway
    chosen = (config.gateways_by_currency.get(currency, ""), config.default_gateway)
    for name in (*(name for name in chosen if name in names), *names):
        if takes(gateway_named(ctx, name), currency):
            return name
    raise Invalid(fields={"currency": f"Nobody takes {currency} here at the moment"})


def proving_gateway(ctx: Ctx) -> Proving:
    """The gateway whose checkout runs on other people's pages: Razorpay, or the sandbox in its place.

    Raises UnknownGateway where both are off.
    """
    names = switched_on(ctx.app.settings)
    for name in ("razorpay", SANDBOX.name):
        gateway = gateway_named(ctx, name) if name in names else None
        if isinstance(gateway, Proving):
            return gateway
    raise UnknownGateway


def takes(gateway: Gateway, currency: str) -> bool:
    """Whether people can pay there in a currency."""
    return gateway.currencies is None or currency in gateway.currencies


async def look(settings: Settings) -> Finding:
    """A line for the doctor: by which gateways people pay, and whether they know our keys."""
    names = switched_on(settings)
    silent = []
    async with httpx.AsyncClient() as http:
        for name in names:
            try:
                await _made(settings, name).look(http)
            except GatewayUnavailable:
                silent.append(name)
    if silent:
        cure = "; ".join(f"see to {_KEYS[name]}, and whether this machine reaches {name}_api_base" for name in silent)
        return Finding("payments", False, f"{_listed([n.capitalize() for n in silent])}: no answer to our keys", cure)
    return Finding("payments", True, f"by {_listed(names)}" if names else "nothing can be paid: no gateway is on")


def _listed(names: list[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def sandbox(ctx: Ctx) -> Sandbox:
    """The sandbox, for its hosted pages. Raises UnknownGateway where it is switched off."""
    gateway_named(ctx, SANDBOX.name)
    return SANDBOX
