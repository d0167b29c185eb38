"""Pictures of a series that are sent for it at once."""

from typing import Final
from uuid import UUID

from stoa.creation.serials.actions.series import set_picture
from stoa.creation.serials.policies.series import access_series_to_edit
from stoa.creation.serials.types import SeriesView
from stoa.foundation.media import actions as media
from stoa.kit.ctx import Ctx

PLACES: Final = ("cover", "banner", "thumbnail")


async def upload_picture(
    ctx: Ctx, series_id: UUID, place: str, *, data: bytes, alt: str = "", filename: str = ""
) -> SeriesView:
    """Stores a picture in the actor's library, and shows it as 'cover', 'banner' or 'thumbnail'.

    Raises NotFound, Forbidden, and as `media.actions.upload_image`.
    """
    await access_series_to_edit(ctx, series_id)
    picture = await media.upload_image(ctx, data=data, alt=alt, filename=filename)
    return await set_picture(ctx, series_id, place, picture.id)
