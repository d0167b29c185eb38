"""Reads of tips."""

from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe, one
from stoa.money.wallet.queries import person_fields
from stoa.money.wallet.types import TipView

_TIP: Final = f"""
    select g.id, {person_fields("s", "sender")}, {person_fields("r", "recipient")}, g.asset,
      g.amount_minor, g.is_superlike, g.promotional_minor, g.purchased_minor, g.earned_minor, g.creator_minor,
      g.creator_promotional_minor, g.platform_minor, g.platform_promotional_minor, g.charity_minor,
      g.charity_promotional_minor, g.tax_minor, g.tax_promotional_minor, g.repaid_minor, g.transfer_id, g.created_at
    from tips g
    join users s on s.id = g.sender_id join profiles sp on sp.user_id = s.id
    join users r on r.id = g.recipient_id join profiles rp on rp.user_id = r.id
"""
_ONE = one(TipView, f"{_TIP} where g.id = $1")
TIP_BY_KEY = maybe(TipView, f"{_TIP} where g.sender_id = $1 and g.key = $2")


async def tip(ctx: Ctx, tip_id: UUID) -> TipView:
    """A tip. Raises NotFound."""
    return await _ONE(ctx.db, tip_id)
