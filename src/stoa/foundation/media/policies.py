"""Who may do what with a picture."""

from typing import Final
from uuid import UUID

from stoa.foundation.media.errors import ImageTooLarge
from stoa.foundation.media.queries import media_by_id
from stoa.foundation.media.types import Crop, MediaView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound

FORM_OVERHEAD_BYTES: Final = 64 * 1024  # boundaries, field names and the other fields around a picture


async def access_own_media(ctx: Ctx, media_id: UUID) -> MediaView:
    """The actor's own picture; NotFound for anybody else's."""
    found = await media_by_id(ctx, media_id)
    if found is None or found.owner_id != ctx.member.id:
        raise NotFound("There is no such picture")
    return found


def check_announced(announced: str | None, most_bytes: int) -> None:
    """Refuses a form whose `Content-Length` says beforehand that its picture is too large. Raises ImageTooLarge."""
    length = announced or ""
    if length.isascii() and length.isdigit() and int(length) > most_bytes + FORM_OVERHEAD_BYTES:
        raise ImageTooLarge(most_bytes)


def crop_of(x: int | None, y: int | None, size: int | None) -> Crop | None:
    """The part that was chosen, or None. Raises Invalid when only some of it is given, or it begins outside."""
    given = {"x": x, "y": y, "size": size}
    if x is None and y is None and size is None:
        return None
    wrong = {name: "This field is needed" for name, value in given.items() if value is None}
    wrong |= {name: "This must be at least 0" for name, value in given.items() if value is not None and value < 0}
    if wrong or x is None or y is None or size is None:
        raise Invalid(fields=wrong)
    return Crop(x, y, size)
