"""Taking pictures in, and out again.

A picture is decoded once and written anew: what comes out holds pixels only, whatever came in (L2).
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import pyvips

from stoa.foundation.media.errors import ImageRefused, ImageTooLarge
from stoa.foundation.media.messages import MediaDeleted, MediaUploaded, RemoveFiles
from stoa.foundation.media.policies import access_own_media
from stoa.foundation.media.queries import address, media_by_hash, media_by_id
from stoa.foundation.media.types import MAX_ALT, MAX_FRAMES, MAX_PIXELS, SIZES, MediaView, Variant
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, run, value
from stoa.kit.errors import Invalid, NotFound, Unavailable
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.kit.queue import enqueue

WEBP_QUALITY: Final = 82
MAX_SIDE: Final = 16_383  # what WebP can hold
SWEEP_AFTER: Final = timedelta(hours=1)
_WAITING_MOST: Final = 8

# A loader is chosen by the first bytes, never by the name; nothing else of libvips is reachable from an upload.
_LOADERS: Final[tuple[tuple[bytes, int, str, str], ...]] = (
    (b"\xff\xd8\xff", 0, "image/jpeg", "jpegload_buffer"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png", "pngload_buffer"),
    (b"GIF87a", 0, "image/gif", "gifload_buffer"),
    (b"GIF89a", 0, "image/gif", "gifload_buffer"),
    (b"WEBP", 8, "image/webp", "webpload_buffer"),
    (b"ftypavif", 4, "image/avif", "heifload_buffer"),
)
_ANIMATED: Final = frozenset({"image/gif", "image/webp"})

pyvips.block_untrusted_set(True)  # the loaders that libvips itself does not hold to be safe, SVG among them
pyvips.cache_set_max(0)  # each picture is worked on once: a cache would only keep its memory

_threads: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="images")
_waiting = 0

_INSERT: Statement[UUID | None] = value(
    UUID | None,
    """
    insert into media (id, owner_id, content_hash, content_type, width, height, frames, bytes_count, colour, alt,
                       variants, srcset, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
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
_DELETE = run("delete from media where id = $1")


class Picture(msgspec.Struct, frozen=True):
    """What became of an upload: its sizes as WebP, smallest first."""

    content_type: str
    frames: int
    colour: str
    sizes: list[tuple[Variant, bytes]]


async def upload_image(ctx: Ctx, *, data: bytes, alt: str = "") -> MediaView:
    """Stores a picture of the actor in all sizes; the same bytes again are the same picture.

    Takes JPEG, PNG, WebP, GIF and AVIF by content (L2). Raises ImageTooLarge, ImageRefused, Unavailable; then nothing
    is left behind.
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
    media_id = new_id()
    try:
        for variant, content in picture.sizes:
            await ctx.app.storage.put(_path(media_id, variant), content, "image/webp")
        added = await _insert(ctx, media_id, content_hash, picture, alt)
    except BaseException:
        await _remove(ctx, media_id, picture)
        raise
    if not added:  # the same picture was sent twice at once, and the other one was first
        await _remove(ctx, media_id, picture)
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
    await _DELETE(ctx.db, media_id)
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


# ---- the picture itself ----------------------------------------------------------------------------------------


def make_picture(data: bytes) -> Picture:
    """Decodes, turns upright, brings to sRGB, and writes each size as WebP without metadata. Raises ImageRefused."""
    content_type, loader = sniff(data)
    options = {"n": -1} if content_type in _ANIMATED else {}
    try:
        head = getattr(pyvips.Image, loader)(data, access="sequential", **options)
        frames = head.get("n-pages") if options and head.get_typeof("n-pages") else 1
        width, height = head.width, head.height // frames if options else head.height
        _check_measures(width, height, frames)
        turned = bool(head.get_typeof("orientation")) and head.get("orientation") in (5, 6, 7, 8)
        upright_width = height if turned else width
        sizes: list[tuple[Variant, bytes]] = []
        largest = _scaled(data, SIZES[-1], frames)
        for size in SIZES:
            image = largest if size == SIZES[-1] else _smaller(data, largest, size, frames)
            content = image.webpsave_buffer(Q=WEBP_QUALITY, effort=4, keep="none")
            sizes.append((Variant(size, image.width, image.get_page_height(), len(content)), content))
            if image.width < size or size >= upright_width:  # the next would be the same picture again
                break
        return Picture(content_type, frames, _average_colour(largest), sizes)
    except pyvips.Error as error:
        raise ImageRefused("This file is damaged or not complete") from error


def sniff(data: bytes) -> tuple[str, str]:
    """The content type by the first bytes, and the loader for it. Raises ImageRefused for anything else."""
    for magic, offset, content_type, loader in _LOADERS:
        if data[offset : offset + len(magic)] == magic and (content_type != "image/webp" or data[:4] == b"RIFF"):
            return content_type, loader
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        raise ImageRefused("This file is empty")
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")):
        raise ImageRefused("SVG drawings can hold scripts and are not taken; please export it as PNG")
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        raise ImageRefused("HEIC pictures are not taken; please export it as JPEG")
    raise ImageRefused("This is not a picture we know; JPEG, PNG, WebP, GIF and AVIF are taken")


def _check_measures(width: int, height: int, frames: int) -> None:
    if width * height * frames > MAX_PIXELS:
        raise ImageRefused(f"Pictures may have at most {MAX_PIXELS // 1_000_000} megapixels, all frames together")
    if frames > MAX_FRAMES:
        raise ImageRefused(f"Animations may have at most {MAX_FRAMES} frames")


def _scaled(data: bytes, size: int, frames: int) -> pyvips.Image:
    option = "fail_on=truncated,n=-1" if frames > 1 else "fail_on=truncated"  # its own `fail_on` does not reach loaders
    # Strips of comics are far taller than wide: the width decides, up to what WebP can hold.
    image = pyvips.Image.thumbnail_buffer(
        data, size, height=MAX_SIDE, size="down", option_string=option, output_profile="srgb"
    )
    return image.copy_memory()


def _smaller(data: bytes, largest: pyvips.Image, size: int, frames: int) -> pyvips.Image:
    if frames > 1:  # a resize knows nothing of frames, so each size is decoded anew
        return _scaled(data, size, frames)
    return largest.thumbnail_image(size, height=MAX_SIDE, size="down")


def _average_colour(image: pyvips.Image) -> str:
    page = image.crop(0, 0, image.width, image.get_page_height()).colourspace("srgb")
    if page.hasalpha():
        page = page.flatten(background=[255, 255, 255])
    red, green, blue = (min(255, max(0, round(band.avg()))) for band in page.bandsplit()[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


# ---- the rest --------------------------------------------------------------------------------------------------


async def _in_thread(work: Callable[[], Picture]) -> Picture:
    global _waiting
    if _waiting >= _WAITING_MOST:
        raise Unavailable("Many pictures are being worked on just now; please try again in a moment")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1


async def _insert(ctx: Ctx, media_id: UUID, content_hash: bytes, picture: Picture, alt: str) -> bool:
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
        sum(variant.bytes_count for variant in variants),
        picture.colour,
        alt,
        variants,
        ", ".join(f"{address(media_id, variant.size)} {variant.width}w" for variant in variants),
        ctx.now,
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
