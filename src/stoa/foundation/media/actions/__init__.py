"""Taking pictures in, and out again.

A picture is decoded once and written anew: what comes out holds pixels only, whatever came in (L2).
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from stoa.foundation.media.actions.pictures import Picture, cut_square, make_picture
from stoa.foundation.media.errors import ImageTooLarge
from stoa.foundation.media.messages import MediaDeleted, MediaUploaded, RemoveFiles
from stoa.foundation.media.policies import access_own_media
from stoa.foundation.media.queries import address, media_by_hash, media_by_id
from stoa.foundation.media.types import MAX_ALT, Crop, MediaView, Purpose, Variant
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, run, value
from stoa.kit.errors import Invalid, NotFound, Unavailable
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.kit.queue import enqueue

T = TypeVar("T")

SWEEP_AFTER: Final = timedelta(hours=1)
_WAITING_MOST: Final = 8

_threads: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="images")
_waiting = 0

_INSERT: Statement[UUID | None] = value(
    UUID | None,
    """
    insert into media (id, owner_id, content_hash, content_type, width, height, frames, bytes_count, colour, alt,
                       variants, srcset, created_at, purpose)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    on conflict on constraint media_content_hash_key do nothing returning id
    """,
)
_DESCRIBE = run("update media set alt = $2 where id = $1")
_MISSING = value(
    list[UUID],
    """
    select coalesce(array_agg(i), '{}') from unnest($1::uuid[]) i where not exists (select from media where id = i)
    """,
)
_DELETE = value(int | None, "delete from media where id = $1 returning bytes_count")


async def upload_avatar(ctx: Ctx, *, data: bytes, crop: Crop | None = None) -> MediaView:
    """Stores a square part of a picture as the actor's face, by default its middle; else as `upload_image`.

    Raises Invalid for a part that does not lie inside the picture.
    """
    if len(data) > ctx.app.settings.max_upload_bytes:
        raise ImageTooLarge(ctx.app.settings.max_upload_bytes)
    square = await _in_thread(lambda: cut_square(data, crop))
    return await upload_image(ctx, data=square, purpose=Purpose.AVATAR)


async def upload_image(ctx: Ctx, *, data: bytes, alt: str = "", purpose: Purpose = Purpose.LIBRARY) -> MediaView:
    """Stores a picture of the actor in all sizes; the same bytes again are the same picture.

    Takes JPEG, PNG, WebP, GIF and AVIF by content (L2). Raises ImageTooLarge, ImageRefused, Unavailable, and PlanLimit
    when the actor's plan holds no more (B4); then nothing is left behind.
    """
    owner = ctx.member
    if len(data) > ctx.app.settings.max_upload_bytes:
        raise ImageTooLarge(ctx.app.settings.max_upload_bytes)
    _check_alt(alt)
    content_hash = (await asyncio.to_thread(hashlib.sha256, data)).digest()
    known = await media_by_hash(ctx, owner.id, content_hash)
    if known is not None:
        return await _again(ctx, known, alt)
    picture = await _in_thread(lambda: make_picture(data))
    await plans.use(ctx, owner.id, Meter.STORAGE_BYTES, picture.bytes_count)
    media_id = new_id()
    try:
        for variant, content in picture.sizes:
            await ctx.app.storage.put(_path(media_id, variant), content, "image/webp")
        added = await _insert(ctx, media_id, content_hash, picture, alt, purpose)
    except BaseException:
        await _remove(ctx, media_id, picture)
        raise
    if not added:  # the same picture was sent twice at once, and the other one was first
        await _remove(ctx, media_id, picture)
        await plans.give_back(ctx, owner.id, Meter.STORAGE_BYTES, picture.bytes_count)
        known = await media_by_hash(ctx, owner.id, content_hash)
        if known is None:
            raise Unavailable
        return await _again(ctx, known, alt)
    await emit(ctx, MediaUploaded(media_id=media_id, owner_id=owner.id))
    return await _view(ctx, media_id)


async def describe(ctx: Ctx, media_id: UUID, *, alt: str) -> MediaView:
    """Sets the alternative text of the actor's picture, at most 1,000 characters. Raises NotFound, Invalid."""
    await access_own_media(ctx, media_id)
    _check_alt(alt)
    await _DESCRIBE(ctx.db, media_id, alt)
    return await _view(ctx, media_id)


async def delete(ctx: Ctx, media_id: UUID) -> None:
    """Removes the actor's picture; its files go once that is committed. Raises NotFound."""
    media = await access_own_media(ctx, media_id)
    bytes_count = await _DELETE(ctx.db, media_id)
    if bytes_count is None:  # two clicks at once
        return
    await plans.give_back(ctx, media.owner_id, Meter.STORAGE_BYTES, bytes_count)
    await enqueue(ctx, RemoveFiles(media_id=media_id))
    await emit(ctx, MediaDeleted(media_id=media_id, owner_id=media.owner_id))


async def remove_files(ctx: Ctx, media_id: UUID) -> None:
    """Takes a picture's files from the storage."""
    storage = ctx.app.storage
    await storage.delete(await storage.paths(f"media/{media_id}"))


async def sweep(ctx: Ctx) -> int:
    """Removes files without a picture, left behind where a process ended between storing and committing.

    An id tells when it was made; what is younger than SWEEP_AFTER may still be on its way. Answers the number of files.
    """
    removed = 0
    youngest = ctx.now - SWEEP_AFTER
    async for batch in ctx.app.storage.batches("media"):
        old = {path: made for path in batch if (made := _id_in(path)) is not None and _made_at(made) < youngest}
        if not old:
            continue
        orphans = set(await _MISSING(ctx.db, list(set(old.values()))))
        gone = [path for path, media_id in old.items() if media_id in orphans]
        await ctx.app.storage.delete(gone)
        removed += len(gone)
    return removed


def _made_at(media_id: UUID) -> datetime:
    return datetime.fromtimestamp((media_id.int >> 80) / 1000, UTC)  # UUIDv7 begins with milliseconds


def _id_in(path: str) -> UUID | None:
    try:
        return UUID(path.split("/")[1])
    except (IndexError, ValueError):
        return None


# ---- the rest --------------------------------------------------------------------------------------------------


async def _in_thread(work: Callable[[], T]) -> T:
    global _waiting
    if _waiting >= _WAITING_MOST:
        raise Unavailable("Many pictures are being worked on just now; please try again in a moment")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1


async def _insert(ctx: Ctx, media_id: UUID, content_hash: bytes, picture: Picture, alt: str, purpose: Purpose) -> bool:
    variants = [variant for variant, _ in picture.sizes]
    added = await _INSERT(
        ctx.db,
        media_id,
        ctx.member.id,
        content_hash,
        picture.content_type,
        variants[-1].width,
        variants[-1].height,
        picture.frames,
        picture.bytes_count,
        picture.colour,
        alt,
        variants,
        ", ".join(f"{address(media_id, variant.size)} {variant.width}w" for variant in variants),
        ctx.now,
        purpose.value,
    )
    return added is not None


async def _again(ctx: Ctx, known: MediaView, alt: str) -> MediaView:
    if alt and not known.alt:
        await _DESCRIBE(ctx.db, known.id, alt)
    return await _view(ctx, known.id)


async def _view(ctx: Ctx, media_id: UUID) -> MediaView:
    view = await media_by_id(ctx, media_id)
    if view is None:  # blocked by a moderator: sending it again does not bring it back
        raise NotFound("This picture was removed by a moderator")
    return view


async def _remove(ctx: Ctx, media_id: UUID, picture: Picture) -> None:
    await ctx.app.storage.delete([_path(media_id, variant) for variant, _ in picture.sizes])


def _path(media_id: UUID, variant: Variant) -> str:
    return f"media/{media_id}/{variant.size}.webp"


def _check_alt(alt: str) -> None:
    if len(alt) > MAX_ALT:
        raise Invalid(fields={"alt": f"Please use at most {MAX_ALT} characters"})
