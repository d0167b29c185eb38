"""Which payout providers are switched on."""

from collections.abc import Awaitable, Callable
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

SANDBOX: Final = Sandbox()
_PROVIDERS: Final[dict[str, Provider]] = {p.name: p for p in (Wise(), Airwallex(), SANDBOX)}
_LOOKS: Final[dict[str, Callable[[Settings, httpx.AsyncClient], Awaitable[None]]]] = {
    Wise.name: wise.look,
    Airwallex.name: airwallex.look,
}


def switched_on(settings: Settings) -> list[str]:
    """The names of the providers that are switched on, real ones first."""
    keys = {
        Wise.name: settings.wise_api_token,
        Airwallex.name: settings.airwallex_api_key,
        SANDBOX.name: settings.sandbox,
    }
    return [name for name, key in keys.items() if key]


def provider_named(ctx: Ctx, name: str) -> Provider:
    """A provider that is switched on. Raises UnknownDestination."""
    if name not in switched_on(ctx.app.settings):
        raise UnknownDestination(fields={"provider": "No such way of being paid out is switched on"})
    return _PROVIDERS[name]


async def look(settings: Settings) -> Finding:
    """A line for the doctor: by whom creators are paid out, and whether each provider knows our keys."""
    names = switched_on(settings)
    async with httpx.AsyncClient() as http:
        for name in names:
            try:
                if name in _LOOKS:
                    await _LOOKS[name](settings, http)
            except ProviderUnavailable:
                cure = f"see to the settings {name}_…, and whether this machine reaches {name}_api_base"
                return Finding("payouts", False, f"{name} does not answer us", cure)
    return Finding("payouts", True, f"by {' and '.join(names)}" if names else "nobody can be paid out: none is on")
