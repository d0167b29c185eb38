"""What people do when something happens elsewhere."""

from stoa.foundation.identity.messages import UserRegistered
from stoa.foundation.people.actions import open_profile
from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within


@within(UserRegistered)
async def make_profile(ctx: Ctx, event: UserRegistered) -> None:
    """Everybody has a profile from the first moment."""
    await open_profile(ctx, event.user_id, event.username)
