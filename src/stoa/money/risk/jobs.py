"""Keeping what is counted short."""

from stoa.kit.ctx import Ctx
from stoa.kit.queue import every
from stoa.money.risk import actions


@every(name="risk.forget", seconds=900)
async def forget(ctx: Ctx) -> dict[str, int]:
    """Movements are counted for an hour, and kept a little longer."""
    return {"forgotten": await actions.forget_movements(ctx)}
