"""What the door does on its own."""

from stoa.foundation.identity import actions
from stoa.kit.ctx import Ctx
from stoa.kit.queue import every


@every(name="identity.prune", seconds=3600)
async def prune(ctx: Ctx) -> dict[str, int]:
    """Forgets sessions and failed log-ins that no longer count."""
    return {"deleted": await actions.prune(ctx)}
