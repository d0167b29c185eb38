"""What was opened by a payment is closed again when all of it goes back (M13)."""

from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within
from stoa.money.entitlements import actions
from stoa.money.wallet.messages import SaleRefunded


@within(SaleRefunded)
async def close_again(ctx: Ctx, event: SaleRefunded) -> None:
    """In the transaction in which the money goes back. A part that goes back closes nothing."""
    if event.is_whole:
        await actions.revoke(ctx, event.sale_id)
