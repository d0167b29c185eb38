"""Asking a provider what became of a payout, for looking only: `sending.follow` acts on it."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.money.payouts import queries
from stoa.money.payouts.actions.switchboard import provider_named
from stoa.money.payouts.gateways import Transfer

__all__ = ["Transfer", "told"]


async def told(ctx: Ctx, payout_id: UUID) -> Transfer | None:
    """What its provider says of a payout now; None where it knows none, or was never given one.

    Raises ProviderUnavailable, UnknownDestination for a provider that is switched off.
    """
    payout = await queries.PAYOUT(ctx.db, payout_id)
    if payout.provider_reference is None:
        return None
    try:
        return await provider_named(ctx, payout.provider).look_up(ctx, payout.provider_reference)
    except NotFound:
        return None
