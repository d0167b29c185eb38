"""Which gateways are switched on."""

from stoa.kit.ctx import Ctx
from stoa.kit.queue import enqueue
from stoa.money.payments.errors import UnknownGateway
from stoa.money.payments.gateways import Gateway
from stoa.money.payments.gateways.sandbox import Sandbox
from stoa.money.payments.messages import DeliverSandboxEvent


async def _announce(ctx: Ctx, event_id: str) -> None:
    await enqueue(ctx, DeliverSandboxEvent(event_id=event_id))


SANDBOX = Sandbox(_announce)
_GATEWAYS: dict[str, Gateway] = {SANDBOX.name: SANDBOX}


def gateway_named(ctx: Ctx, name: str) -> Gateway:
    """A gateway that is switched on. Raises UnknownGateway."""
    gateway = _GATEWAYS.get(name)
    if gateway is None or (gateway is SANDBOX and not ctx.app.settings.sandbox):
        raise UnknownGateway
    return gateway


def sandbox(ctx: Ctx) -> Sandbox:
    """The sandbox, for its hosted pages. Raises UnknownGateway where it is switched off."""
    gateway_named(ctx, SANDBOX.name)
    return SANDBOX
