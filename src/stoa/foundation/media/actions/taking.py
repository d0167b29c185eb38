"""Taking files in as a whole. A picture is decoded once and written anew: what others get holds pixels only (L2)."""

import asyncio
import hashlib
import tempfile
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.media.actions.folders import check_folder
from stoa.foundation.media.actions.kinds import Found, check_picture, look
from stoa.foundation.media.actions.pictures import Head, Picture, cut_square, look_at_head, make_picture
from stoa.foundation.media.actions.scanning import note_infected, once, quarantine_path, scanned
from stoa.foundation.media.actions.texts import About, checked
from stoa.foundation.media.actions.threads import in_thread
from stoa.foundation.media.errors import FileInfected, FileTooLarge, ImageTooLarge, NotFetched
from stoa.foundation.media.messages import MediaUploaded, ProcessMedia
from stoa.foundation.media.policies import access_own_media
from stoa.foundation.media.queries import address, media_by_hash, picture_by_id
from stoa.foundation.media.queries.library import file_by_id
from stoa.foundation.media.types import Crop, FileView, Kind, MediaView, Purpose, Scan, State, Variant, Visibility
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.kit import outgoing
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, run, value
from stoa.kit.errors import NotFound, Unavailable
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.kit.queue import enqueue

INSERT: Final[Statement[UUID | None]] = value(
    UUID | None,
    """
    insert into media (id, owner_id, content_hash, content_type, width, height, frames, bytes_count, colour, alt,
      variants, srcset, created_at, purpose, state, kind, filename, title, caption, folder_id, tags, visibility,
      original_path, original_bytes, sent_bytes, source_width, source_height, scan_status, scan_result, scanned_at,
      progress, thumbhash, dominant_colour, made_from, updated_at, is_copy, processed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
      $24, $25, $26, $27, $28, $29, case when $28 in ('clean', 'infected') then $13::timestamptz end, $30, $31, $32,
      $33, $13, $34, case when $15 = 'ready' then $13::timestamptz end)
    on conflict (owner_id, content_hash) where not is_copy do nothing returning id
    """,
)
_DESCRIBE = run("update media set alt = $2, updated_at = $3 where id = $1 and alt = ''")
_BACK = run("update media set state = 'ready', deleted_at = null, updated_at = $2 where id = $1 and state = 'deleted'")
_INTO_LIBRARY = run("update media set purpose = 'library' where id = $1 and purpose <> 'library'")
_FORGET_FAILED = value(int | None, "delete from media where id = $1 and state = 'failed' returning bytes_count")
NO_COLOUR: Final = "#8a8378"


class _Made(msgspec.Struct, frozen=True):
    """What is to be stored of a file."""

    id: UUID
    content_hash: bytes
    data: bytes
    found: Found
    picture: Picture | None
    scan: Scan
    scan_result: str | None
    purpose: Purpose

    @property
    def state(self) -> State:
        if self.scan is Scan.INFECTED:
            return State.QUARANTINED
        return State.READY if self.picture and self.scan is not Scan.PENDING else State.PROCESSING

    @property
    def original_path(self) -> str | None:
        """A face is kept as its sizes only."""
        if self.scan is Scan.INFECTED:
            return None
        return f"media/{self.id}/original.{self.found.ending}" if self.purpose is Purpose.LIBRARY else None

    @property
    def original_bytes(self) -> int:
        return len(self.data) if self.original_path else 0

    @property
    def bytes_count(self) -> int:
        if self.scan is Scan.INFECTED:  # that is the house's, not theirs
            return 0
        return self.original_bytes + (self.picture.bytes_count if self.picture else 0)


async def upload_avatar(ctx: Ctx, *, data: bytes, crop: Crop | None = None) -> MediaView:
    """Stores a square part of a picture as the actor's face, by default its middle; else as `upload_image`.

    Raises Invalid for a part that does not lie inside the picture.
    """
    if len(data) > ctx.app.settings.max_upload_bytes:
        raise ImageTooLarge(ctx.app.settings.max_upload_bytes)
    square = await in_thread(lambda: cut_square(data, crop))
    return await upload_image(ctx, data=square, purpose=Purpose.AVATAR)


async def upload_image(
    ctx: Ctx, *, data: bytes, alt: str = "", filename: str = "", purpose: Purpose = Purpose.LIBRARY
) -> MediaView:
    """Stores a picture of the actor in all sizes; the same bytes again are the same picture.

    Takes JPEG, PNG, WebP, GIF and AVIF by content (L2). Raises ImageTooLarge, ImageRefused, FileRefused, FileInfected,
    Unavailable, and PlanLimit when the actor's plan holds no more (B4); then nothing is left behind.
    """
    media_id = await _take_picture(ctx, data, About(alt=alt, filename=filename), purpose)
    await _check_clean(ctx, media_id)
    return await _picture(ctx, media_id)


async def upload_file(ctx: Ctx, *, data: bytes, about: About) -> FileView:
    """Stores a file of any kind that is taken; the same bytes again are the same file.

    Pictures are ready at once, the rest when it was worked on. One with a virus is there, quarantined: callers refuse.
    Raises FileTooLarge, ImageRefused, FileRefused, Invalid, Unavailable, PlanLimit (B4).
    """
    if len(data) > ctx.app.settings.max_upload_bytes:
        raise FileTooLarge(ctx.app.settings.max_upload_bytes)
    about = checked(about)
    await check_folder(ctx, about.folder_id)
    found = await in_thread(lambda: _looked_at(data))
    if found.kind is Kind.IMAGE:
        media_id = await _take_picture(ctx, data, about, Purpose.LIBRARY)
    else:
        media_id = await _take_other(ctx, data, about, found)
    return await access_own_media(ctx, media_id)


async def upload_later(ctx: Ctx, *, data: bytes, about: About) -> tuple[FileView, Head]:
    """Stores a picture of the actor whose sizes the worker makes; the same bytes again are the same file.

    For many at once: here only its first bytes are looked at, which tell its measures. One with a virus is there,
    quarantined: callers refuse. Raises ImageTooLarge, ImageRefused, FileRefused, Invalid, Unavailable, PlanLimit (B4).
    """
    if len(data) > ctx.app.settings.max_upload_bytes:
        raise ImageTooLarge(ctx.app.settings.max_upload_bytes)
    about = checked(about)
    found, head = await in_thread(lambda: (check_picture(data), look_at_head(data)))
    media_id = await _take_other(ctx, data, about, found)
    return await access_own_media(ctx, media_id), head


async def upload_part(ctx: Ctx, *, data: bytes, made_from: UUID, filename: str = "") -> MediaView:
    """Stores a part that was cut from a private picture of the actor: its sizes only, and not in their library.

    The same bytes again are the same part. Who cut it says when it is not needed any more (`purge`). Raises as
    `upload_image` does.
    """
    about = About(filename=filename, made_from=made_from, visibility=Visibility.PRIVATE)
    media_id = await _take_picture(ctx, data, about, Purpose.PART)
    await _check_clean(ctx, media_id)
    return await _picture(ctx, media_id)


async def fetched(url: str, most_bytes: int) -> outgoing.Fetched:
    """What lies at a public address (L3). To be asked outside of any transaction. Raises NotFetched."""
    try:
        return await outgoing.download(url.strip(), most_bytes=most_bytes)
    except outgoing.Unreachable as error:
        raise NotFetched(str(error)) from error


async def take_copy(ctx: Ctx, *, data: bytes, about: About) -> FileView:
    """A picture that was made of another one of the actor's: not looked for among what there is."""
    media_id = await _take_picture(ctx, data, about, Purpose.LIBRARY)
    return await access_own_media(ctx, media_id)


def _looked_at(data: bytes) -> Found:
    with tempfile.NamedTemporaryFile(prefix="stoa-media-") as file:
        file.write(data)
        file.flush()
        return look(Path(file.name))


async def _take_picture(ctx: Ctx, data: bytes, about: About, purpose: Purpose) -> UUID:
    if len(data) > ctx.app.settings.max_upload_bytes:
        raise ImageTooLarge(ctx.app.settings.max_upload_bytes)
    about = checked(about)
    content_hash = (await asyncio.to_thread(hashlib.sha256, data)).digest()
    known = await _known(ctx, content_hash, about, purpose)
    if known is not None:
        return known
    found, picture = await in_thread(lambda: (check_picture(data), make_picture(data)))
    scan, result = await scanned(ctx, once(data))
    made = _Made(new_id(), content_hash, data, found, picture, scan, result, purpose)
    return await _store(ctx, made, about)


async def _take_other(ctx: Ctx, data: bytes, about: About, found: Found) -> UUID:
    content_hash = (await asyncio.to_thread(hashlib.sha256, data)).digest()
    known = await _known(ctx, content_hash, about, Purpose.LIBRARY)
    if known is not None:
        return known
    scan, result = await scanned(ctx, once(data))
    made = _Made(new_id(), content_hash, data, found, None, scan, result, Purpose.LIBRARY)
    return await _store(ctx, made, about)


async def _store(ctx: Ctx, made: _Made, about: About) -> UUID:
    owner = ctx.member
    await plans.use(ctx, owner.id, Meter.STORAGE_BYTES, made.bytes_count)
    paths: list[str] = []
    try:
        for path, content, content_type in _files_of(made):
            paths.append(path)
            await ctx.app.storage.put(path, content, content_type)
        added = await _insert(ctx, made, about)
    except BaseException:
        await ctx.app.storage.delete(paths)
        raise
    if not added:  # the same file was sent twice at once, and the other one was first
        await ctx.app.storage.delete(paths)
        await plans.give_back(ctx, owner.id, Meter.STORAGE_BYTES, made.bytes_count)
        known = await _known(ctx, made.content_hash, about, made.purpose)
        if known is None:
            raise Unavailable
        return known
    if made.scan is Scan.INFECTED:
        await note_infected(ctx, made.id, owner.id, made.scan_result)
        return made.id
    await emit(ctx, MediaUploaded(media_id=made.id, owner_id=owner.id))
    if made.state is State.PROCESSING or made.purpose is Purpose.LIBRARY:
        await enqueue(ctx, ProcessMedia(media_id=made.id), unique=str(made.id))
    return made.id


def _files_of(made: _Made) -> list[tuple[str, bytes, str]]:
    if made.scan is Scan.INFECTED:
        return [(quarantine_path(made.id), made.data, "application/octet-stream")]
    sizes = made.picture.sizes if made.picture else []
    files = [(size_path(made.id, variant), content, "image/webp") for variant, content in sizes]
    if made.original_path:
        files.append((made.original_path, made.data, made.found.content_type))
    return files


async def _insert(ctx: Ctx, made: _Made, about: About) -> bool:
    picture = made.picture
    variants = [] if picture is None or made.scan is Scan.INFECTED else [variant for variant, _ in picture.sizes]
    added = await INSERT(
        ctx.db,
        made.id,
        ctx.member.id,
        made.content_hash,
        made.found.content_type,
        variants[-1].width if variants else 0,
        variants[-1].height if variants else 0,
        picture.frames if picture else 1,
        made.bytes_count,
        picture.colour if picture else NO_COLOUR,
        about.alt,
        variants,
        srcset_of(made.id, variants),
        ctx.now,
        made.purpose.value,
        made.state.value,
        made.found.kind.value,
        about.filename or f"{made.found.kind.value}.{made.found.ending}",
        about.title,
        about.caption,
        about.folder_id,
        about.tags,
        about.visibility.value,
        made.original_path,
        made.original_bytes,
        len(made.data),
        picture.width if picture else 0,
        picture.height if picture else 0,
        made.scan.value,
        made.scan_result,
        0 if made.state is State.PROCESSING else 100,
        picture.thumbhash if picture else None,
        picture.dominant_colour if picture else None,
        about.made_from,
        False,
    )
    return added is not None


def size_path(media_id: UUID, variant: Variant, format: str = "webp") -> str:
    """Where a size lies in the storage."""
    return f"media/{media_id}/{variant.size}.{format}"


def srcset_of(media_id: UUID, variants: list[Variant]) -> str:
    """The `srcset` of these sizes."""
    return ", ".join(f"{address(media_id, variant.size)} {variant.width}w" for variant in variants)


async def _known(ctx: Ctx, content_hash: bytes, about: About, purpose: Purpose) -> UUID | None:
    """The actor's file of these bytes, back from the trash if it was there; a failed one makes room for a new try."""
    media_id = await media_by_hash(ctx, ctx.member.id, content_hash)
    if media_id is None:
        return None
    known = await file_by_id(ctx, media_id)
    if known is None:  # blocked by a moderator: sending it again does not bring it back
        raise NotFound("This file was removed by a moderator")
    if known.state is State.FAILED:
        bytes_count = await _FORGET_FAILED(ctx.db, media_id)
        await plans.give_back(ctx, ctx.member.id, Meter.STORAGE_BYTES, bytes_count or 0)
        return None
    if known.state is State.DELETED:
        await _BACK(ctx.db, media_id, ctx.now)
    if purpose is Purpose.LIBRARY:
        await _INTO_LIBRARY(ctx.db, media_id)
    if about.alt:
        await _DESCRIBE(ctx.db, media_id, about.alt, ctx.now)
    return media_id


async def _check_clean(ctx: Ctx, media_id: UUID) -> None:
    found = await file_by_id(ctx, media_id)
    if found is not None and found.state is State.QUARANTINED:
        raise FileInfected(media_id, found.scan_result)


async def _picture(ctx: Ctx, media_id: UUID) -> MediaView:
    view = await picture_by_id(ctx, media_id)
    if view is None:
        raise NotFound("This picture was removed by a moderator")
    return view
