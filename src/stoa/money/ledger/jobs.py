"""What the ledger does on its own: folds what is pending, ends holds whose time is over, checks the books."""

from dataclasses import replace

import structlog

from stoa.kit.ctx import Ctx
from stoa.kit.invariants import check
from stoa.kit.queue import GiveUp, every
from stoa.money.ledger import actions

log = structlog.get_logger(__name__)

SHOWN = 20
EXPIRED_MOST = 1000  # in one run; the others follow in the next


@every(name="ledger.fold", seconds=10)
async def fold(ctx: Ctx) -> dict[str, int]:
    """Keeps ledger_pending short, so that reading a balance of the platform stays quick."""
    total = 0
    while moved := await actions.fold(ctx):
        total += moved
        if moved < actions.FOLD_ROWS:
            break
    return {"folded": total}


@every(name="ledger.expire_holds", seconds=15, outside=True)
async def expire_holds(ctx: Ctx) -> dict[str, int]:
    """Gives back what was held too long, each hold in a transaction of its own."""
    for expired in range(EXPIRED_MOST):
        async with ctx.app.database.transaction() as db:
            if not await actions.expire_next(replace(ctx, db=db)):
                return {"expired": expired}
    return {"expired": EXPIRED_MOST}


@every(name="ledger.verify", seconds=3600, max_attempts=1)
async def verify(ctx: Ctx) -> dict[str, int]:
    """Recomputes all balances, and checks what else must hold in any module.

    A difference becomes a dead letter that names it, since no retry can mend it.
    """
    differences = await check(ctx.db)
    for difference in differences[:SHOWN]:
        log.error("ledger.difference", fact=difference.fact, subject=difference.subject, found=difference.found)
    if differences:
        named = "\n".join(str(difference) for difference in differences[:SHOWN])
        raise GiveUp(f"{len(differences)} differences in the books\n{named}")
    return {"differences": 0}
