"""Who may see and settle discrepancies."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden
from stoa.money.reconciliation import queries
from stoa.money.reconciliation.types import Discrepancy, Run


async def access_discrepancy(ctx: Ctx, discrepancy_id: UUID) -> Discrepancy:
    """A discrepancy, for administrators. Raises NotFound, Forbidden."""
    check_may_reconcile(ctx)
    return await queries.discrepancy(ctx, discrepancy_id)


async def access_run(ctx: Ctx, run_id: UUID) -> Run:
    """A run, for administrators. Raises NotFound, Forbidden."""
    check_may_reconcile(ctx)
    return await queries.run(ctx, run_id)


def check_may_reconcile(ctx: Ctx) -> None:
    """Administrators may, and the platform itself, as at night. Raises Forbidden."""
    if ctx.actor is not None and not ctx.actor.is_admin:
        raise Forbidden
