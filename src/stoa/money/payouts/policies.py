"""Who may see and change a payout."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, NotFound
from stoa.money.payouts import queries
from stoa.money.payouts.queries.destinations import DESTINATION
from stoa.money.payouts.types import DestinationView, PayoutView


async def access_payout(ctx: Ctx, payout_id: UUID) -> PayoutView:
    """A payout, for its creator and for staff. Raises NotFound for everybody else."""
    payout = await queries.PAYOUT(ctx.db, payout_id)
    if payout.user_id != ctx.member.id and not ctx.member.is_staff:
        raise NotFound
    return payout


async def access_own_payout(ctx: Ctx, payout_id: UUID) -> PayoutView:
    """A payout, for its creator alone. Raises NotFound."""
    payout = await queries.PAYOUT(ctx.db, payout_id)
    if payout.user_id != ctx.member.id:
        raise NotFound
    return payout


async def access_payout_to_decide(ctx: Ctx, payout_id: UUID) -> PayoutView:
    """Somebody else's payout, for administrators and for modules that watch over risk (no actor).

    Raises NotFound, and Forbidden for other staff and for one's own.
    """
    if ctx.actor is None:
        return await queries.PAYOUT(ctx.db, payout_id)
    payout = await access_payout(ctx, payout_id)
    if not ctx.actor.is_admin:
        raise Forbidden
    if payout.user_id == ctx.actor.id:
        raise Forbidden("Another administrator has to decide about your own payout")
    return payout


async def access_destination(ctx: Ctx, destination_id: UUID) -> DestinationView:
    """A destination, for its owner alone, until it is removed. Raises NotFound."""
    found = await DESTINATION(ctx.db, destination_id)
    if found is None or found.user_id != ctx.member.id or found.deleted_at is not None:
        raise NotFound
    return found
