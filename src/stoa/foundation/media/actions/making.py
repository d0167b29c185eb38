"""Another file out of a picture, and the same picture in fewer bytes."""

from typing import Final
from uuid import UUID

from stoa.foundation.media.actions.pictures import derive, optimise
from stoa.foundation.media.actions.taking import take_copy
from stoa.foundation.media.actions.texts import About
from stoa.foundation.media.actions.threads import in_thread
from stoa.foundation.media.errors import NotReady
from stoa.foundation.media.messages import ProcessMedia, RemovePath
from stoa.foundation.media.policies import access_own_media
from stoa.foundation.media.queries.library import stored_file
from stoa.foundation.media.types import Area, FileView, Kind, Scan, State
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.kit.ctx import Ctx
from stoa.kit.db import value
from stoa.kit.errors import Invalid, Unavailable
from stoa.kit.ids import new_id
from stoa.kit.queue import enqueue

MAX_SIDE: Final = 8192
_OPTIMISED = value(
    int | None,
    """
    update media set original_path = $2, original_bytes = $3, bytes_count = bytes_count - original_bytes + $3,
      content_type = 'image/webp', updated_at = $4
    where id = $1 and state = 'ready' and original_path = $5 returning 1
    """,
)


async def resize(
    ctx: Ctx,
    media_id: UUID,
    *,
    width: int | None,
    height: int | None,
    area: Area | None = None,
    covers: bool = False,
) -> FileView:
    """A new file: a part of the actor's picture, or another size of it, or both; the picture itself stays as it is.

    It is never larger than the picture. Raises NotFound, NotReady, Invalid, PlanLimit (B4).
    """
    media = await _ready_picture(ctx, media_id)
    wrong = {
        name: f"Between 1 and {MAX_SIDE} pixels"
        for name, side in (("width", width), ("height", height))
        if side is not None and not 1 <= side <= MAX_SIDE
    }
    if width is None and height is None and area is None:
        wrong["width"] = "Please say how wide or how high it is to be, or which part of it"
    if wrong:
        raise Invalid(fields=wrong)
    data, _ = await _original(ctx, media_id)
    made = await in_thread(lambda: derive(data, area=area, width=width, height=height, covers=covers))
    about = About(
        filename=media.filename,
        title=media.title,
        alt=media.alt if area is None else "",
        caption=media.caption,
        folder_id=media.folder_id,
        tags=media.tags,
        visibility=media.visibility,
        made_from=media.id,
    )
    return await take_copy(ctx, data=made, about=about)


async def optimise_file(ctx: Ctx, media_id: UUID, *, quality: int) -> FileView:
    """Keeps the actor's picture in fewer bytes: WebP of this quality, without metadata, in place of what was sent.

    Where that would not be smaller nothing changes. Raises NotFound, NotReady.
    """
    media = await _ready_picture(ctx, media_id)
    data, path = await _original(ctx, media_id)
    made = await in_thread(lambda: optimise(data, quality))
    if len(made) >= media.original_bytes:
        return media
    better = f"media/{media_id}/original-{new_id().hex[-12:]}.webp"
    await ctx.app.storage.put(better, made, "image/webp")
    if await _OPTIMISED(ctx.db, media_id, better, len(made), ctx.now, path) is None:  # somebody else was first
        await ctx.app.storage.delete([better])
        return await access_own_media(ctx, media_id)
    await plans.give_back(ctx, media.owner_id, Meter.STORAGE_BYTES, media.original_bytes - len(made))
    await enqueue(ctx, RemovePath(path=path))
    return await access_own_media(ctx, media_id)


async def work_again(ctx: Ctx, media_id: UUID) -> FileView:
    """Has the actor's file worked on once more, and scanned if it was not. Raises NotFound, NotReady."""
    media = await access_own_media(ctx, media_id)
    if media.state is State.FAILED:
        raise NotReady("Nothing is kept of a file that could not be worked on; please send it again")
    if media.state not in (State.READY, State.PROCESSING):
        raise NotReady("This file cannot be worked on")
    await enqueue(ctx, ProcessMedia(media_id=media_id), unique=str(media_id))
    return media


async def _ready_picture(ctx: Ctx, media_id: UUID) -> FileView:
    media = await access_own_media(ctx, media_id)
    if media.kind is not Kind.IMAGE:
        raise NotReady("This is not a picture")
    if media.state is not State.READY or media.scan_status is Scan.INFECTED:
        raise NotReady("This picture is not ready")
    return media


async def _original(ctx: Ctx, media_id: UUID) -> tuple[bytes, str]:
    stored = await stored_file(ctx, media_id)
    if stored is None:
        raise Unavailable
    return await ctx.app.storage.get(stored.path), stored.path
