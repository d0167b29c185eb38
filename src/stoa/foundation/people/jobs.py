"""What people do when something happens elsewhere."""

from stoa.foundation.identity.messages import UserRegistered
from stoa.foundation.media.messages import MediaDeleted
from stoa.foundation.people.actions import forget_picture, open_profile
from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within


@within(UserRegistered)
async def make_profile(ctx: Ctx, event: UserRegistered) -> None:
    """Everybody has a profile from the first moment."""
    await open_profile(ctx, event.user_id, event.username)


@within(MediaDeleted)
async def forget_face(ctx: Ctx, event: MediaDeleted) -> None:
    """A picture that is deleted is nobody's face any more."""
    await forget_picture(ctx, event.media_id)
