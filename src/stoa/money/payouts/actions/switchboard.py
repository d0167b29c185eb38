"""Which payout providers are switched on."""

from typing import Final

from stoa.kit.config import Settings
from stoa.kit.ctx import Ctx
from stoa.money.payouts.errors import UnknownDestination
from stoa.money.payouts.gateways import Provider
from stoa.money.payouts.gateways.sandbox import Sandbox

SANDBOX: Final = Sandbox()


def switched_on(settings: Settings) -> list[str]:
    """The names of the providers that are switched on, real ones first."""
    return [SANDBOX.name] if settings.sandbox else []


def provider_named(ctx: Ctx, name: str) -> Provider:
    """A provider that is switched on. Raises UnknownDestination."""
    if name not in switched_on(ctx.app.settings):
        raise UnknownDestination(fields={"provider": "No such way of being paid out is switched on"})
    return SANDBOX
