"""Reads of sales."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import one
from stoa.money.wallet.types import SaleView

_ONE = one(
    SaleView,
    """
    select id, sender_id, recipient_id, work_id, work_title, asset, amount_minor, promotional_minor, purchased_minor,
      earned_minor, creator_minor, creator_promotional_minor, platform_minor, platform_promotional_minor, tax_minor,
      tax_promotional_minor, repaid_minor, refunded_minor, created_at
    from sales where id = $1
    """,
)


async def sale(ctx: Ctx, sale_id: UUID) -> SaleView:
    """A sale. Raises NotFound."""
    return await _ONE(ctx.db, sale_id)
