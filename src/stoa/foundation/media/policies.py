"""Who may do what with a picture."""

from uuid import UUID

from stoa.foundation.media.queries import media_by_id
from stoa.foundation.media.types import MediaView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound


async def access_own_media(ctx: Ctx, media_id: UUID) -> MediaView:
    """The actor's own picture; NotFound for anybody else's."""
    found = await media_by_id(ctx, media_id)
    if found is None or found.owner_id != ctx.member.id:
        raise NotFound("There is no such picture")
    return found
