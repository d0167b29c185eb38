"""What wallets do when something happens elsewhere."""

from stoa.foundation.identity.messages import UserRegistered
from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within
from stoa.money.wallet.actions import open_wallet


@within(UserRegistered)
async def welcome(ctx: Ctx, event: UserRegistered) -> None:
    """Everybody has a wallet, with the welcome bonus in it, from the first moment (M5)."""
    await open_wallet(ctx, event.user_id)
