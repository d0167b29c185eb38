"""Which payout providers are switched on."""

from typing import Final

import httpx

from stoa.kit.config import Settings
from stoa.kit.ctx import Ctx
from stoa.kit.doctor import Finding
from stoa.money.payouts.errors import ProviderUnavailable, UnknownDestination
from stoa.money.payouts.gateways import Provider, airwallex, wise
from stoa.money.payouts.gateways.airwallex import Airwallex
from stoa.money.payouts.gateways.sandbox import Sandbox
from stoa.money.payouts.gateways.wise import Wise
from stoa.money.payouts.types import Field, ProviderView

SANDBOX: Final = Sandbox()
STRIPE: Final = "stripe"
_PROVIDERS: Final[dict[str, Provider]] = {p.name: p for p in (Wise(), Airwallex(), SANDBOX)}


def switched_on(settings: Settings) -> list[str]:
    """The names of the providers that are switched on, real ones first."""
    keys = {
        Wise.name: settings.wise_api_token,
        Airwallex.name: settings.airwallex_api_key,
        STRIPE: settings.stripe_secret_key and settings.stripe_connect_client_id,
        SANDBOX.name: settings.sandbox,
    }
    return [name for name, key in keys.items() if key]


def provider_named(ctx: Ctx, name: str) -> Provider:
    """A provider that is switched on. Raises UnknownDestination."""
    if name not in switched_on(ctx.app.settings):
        raise UnknownDestination(fields={"provider": "No such way of being paid out is switched on"})
    if name != STRIPE:
        return _PROVIDERS[name]
    from stoa.money.payouts.gateways.stripe import StripeConnect  # its client takes a while to import

    return StripeConnect()


def providers(ctx: Ctx) -> list[ProviderView]:
    """Those that are switched on, real ones first."""
    return [provider_view(ctx, name) for name in switched_on(ctx.app.settings)]


def provider_view(ctx: Ctx, name: str) -> ProviderView:
    """One of them. Raises UnknownDestination."""
    provider = provider_named(ctx, name)
    return ProviderView(provider.name, provider.label, provider.currencies)


def questions(ctx: Ctx, name: str, currency: str, country: str) -> list[Field]:
    """A provider's form for a destination. Raises UnknownDestination, BadDestination for where it does not reach."""
    return provider_named(ctx, name).fields(currency, country)


async def look(settings: Settings) -> Finding:
    """A line for the doctor: by whom creators are paid out, and whether each provider knows our keys."""
    names = switched_on(settings)
    async with httpx.AsyncClient() as http:
        for name in names:
            try:
                await _look_at(name, settings, http)
            except ProviderUnavailable:
                cure = f"see to the settings {name}_…, and whether this machine reaches {name}_api_base"
                return Finding("payouts", False, f"{name} does not answer us", cure)
    return Finding("payouts", True, f"by {' and '.join(names)}" if names else "nobody can be paid out: none is on")


async def _look_at(name: str, settings: Settings, http: httpx.AsyncClient) -> None:
    if name == STRIPE:
        from stoa.money.payouts.gateways import stripe

        await stripe.look(settings, http)
    elif name == Wise.name:
        await wise.look(settings, http)
    elif name == Airwallex.name:
        await airwallex.look(settings, http)
