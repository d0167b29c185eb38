"""Uploads in parts, each to a signed address of ours or of the storage. What is cut off can go on, or is taken away.

Each part is a file of its own under uploads/<id>/, so that any storage can hold it, and a part that is sent again just
replaces itself. All bytes are reserved on the plan from the beginning, so that what was begun can also be finished.
"""

import hashlib
from datetime import timedelta
from typing import Final
from uuid import UUID

from stoa.foundation.media.actions.folders import check_folder
from stoa.foundation.media.actions.taking import INSERT, NO_COLOUR
from stoa.foundation.media.actions.texts import About, checked
from stoa.foundation.media.errors import FileTooLarge, UploadIncomplete
from stoa.foundation.media.messages import MediaUploaded, ProcessMedia, RemoveParts
from stoa.foundation.media.policies import (
    access_own_media,
    access_own_upload,
    part_token,
    read_part_permit,
)
from stoa.foundation.media.queries.storage import upload_by_id
from stoa.foundation.media.types import FileView, Kind, Part, Purpose, Scan, State, UploadRow, UploadView
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, value
from stoa.kit.errors import Conflict, Invalid, NotFound
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.kit.queue import enqueue

PART_BYTES: Final = 8 * 1024 * 1024
MAX_PART_BYTES: Final = 64 * 1024 * 1024
MAX_PARTS: Final = 1000
LASTS: Final = timedelta(hours=24)
MAX_OPEN: Final = 20  # uploads of one person under way

_OPEN = value(int, "select count(*) from media_uploads where owner_id = $1")
_END = value(int | None, "delete from media_uploads where id = $1 returning size_bytes")
_OWNER = value(UUID | None, "select owner_id from media_uploads where id = $1 for update skip locked")
_EXPIRED = value(
    list[UUID],
    "select coalesce(array_agg(id), '{}') from (select id from media_uploads where expires_at <= $1 limit 1000) u",
)


async def begin_upload(ctx: Ctx, *, size_bytes: int, about: About, direct: bool = True) -> UploadView:
    """Room for a file of exactly `size_bytes`, and addresses to send it to; see `upload_view`.

    Raises Invalid, FileTooLarge, PlanLimit (B4), Conflict when too many are under way.
    """
    most = ctx.app.settings.max_file_bytes
    if size_bytes > most:
        raise FileTooLarge(most)
    about = checked(about)
    if not about.filename:
        raise Invalid(fields={"filename": "This field is needed"})
    await check_folder(ctx, about.folder_id)
    await plans.use(ctx, ctx.member.id, Meter.STORAGE_BYTES, size_bytes)  # locks, so the next line counts right
    if await _OPEN(ctx.db, ctx.member.id) >= MAX_OPEN:
        raise Conflict(f"There are {MAX_OPEN} uploads under way; please complete or give up one of them first")
    upload_id = new_id()
    row = {
        "id": upload_id,
        "owner_id": ctx.member.id,
        "filename": about.filename,
        "size_bytes": size_bytes,
        "part_bytes": _part_bytes(size_bytes),
        "alt": about.alt,
        "folder_id": about.folder_id,
        "visibility": about.visibility.value,
        "created_at": ctx.now,
        "expires_at": ctx.now + LASTS,
    }
    await insert(ctx.db, "media_uploads", row)
    return await upload_view(ctx, await access_own_upload(ctx, upload_id), direct=direct)


async def upload_view(ctx: Ctx, upload: UploadRow, *, direct: bool = True) -> UploadView:
    """What has arrived of an upload, and addresses for the rest: the storage's own with `direct`, if it has any.

    Pages of ours send through us: they may speak to nobody else.
    """
    stored = await ctx.app.storage.sizes(f"uploads/{upload.id}")
    parts: list[Part] = []
    for number in range(1, parts_count(upload) + 1):
        path, size = part_path(upload.id, number), part_size(upload, number)
        is_stored = stored.get(path) == size
        url = f"/api/v1/media/upload/parts/{part_token(ctx, upload.id, number, upload.expires_at)}"
        if direct and not is_stored:
            url = await ctx.app.storage.signed_put(path, upload.expires_at - ctx.now) or url
        parts.append(Part(number, size, url, is_stored))
    return UploadView(
        upload_id=upload.id,
        filename=upload.filename,
        size_bytes=upload.size_bytes,
        part_bytes=upload.part_bytes,
        stored_bytes=sum(part.bytes_count for part in parts if part.is_stored),
        parts=parts,
        expires_at=upload.expires_at,
    )


async def store_part(ctx: Ctx, token: str, content: bytes) -> str:
    """One part to the storage, by the permission in its address; sent again it replaces itself. Answers its ETag.

    Raises NotFound for a permission that is over, Invalid for another length than announced.
    """
    permit = read_part_permit(ctx, token)
    upload = await upload_by_id(ctx, permit.upload_id)
    if upload is None or not 1 <= permit.number <= parts_count(upload):
        raise NotFound("This upload is over")
    expected = part_size(upload, permit.number)
    if len(content) != expected:
        raise Invalid(f"Part {permit.number} has {expected:,} bytes, and {len(content):,} were sent")
    await ctx.app.storage.put(part_path(upload.id, permit.number), content, "application/octet-stream")
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


async def complete_upload(ctx: Ctx, upload_id: UUID) -> FileView:
    """Makes a file of an upload all of whose parts are there; it is worked on from then on. Once: then it is over.

    Raises NotFound, UploadIncomplete with the missing parts.
    """
    upload = await access_own_upload(ctx, upload_id)
    stored = await ctx.app.storage.sizes(f"uploads/{upload.id}")
    numbers = range(1, parts_count(upload) + 1)
    missing = [n for n in numbers if stored.get(part_path(upload.id, n)) != part_size(upload, n)]
    if missing:
        raise UploadIncomplete(missing)
    if await _END(ctx.db, upload.id) is None:  # two at once; the other one was first
        return await access_own_media(ctx, upload.id)
    await _insert(ctx, upload)
    await enqueue(ctx, ProcessMedia(media_id=upload.id), unique=str(upload.id))
    await emit(ctx, MediaUploaded(media_id=upload.id, owner_id=upload.owner_id))
    return await access_own_media(ctx, upload.id)


async def give_up(ctx: Ctx, upload_id: UUID) -> None:
    """Ends an upload that is not wanted any more; nothing is left of it. Raises NotFound."""
    upload = await access_own_upload(ctx, upload_id)
    await _end(ctx, upload.id, upload.owner_id)


async def give_up_expired(ctx: Ctx) -> int:
    """Ends what is too old to go on. Answers how many."""
    expired = await _EXPIRED(ctx.db, ctx.now)
    for upload_id in expired:
        owner_id = await _OWNER(ctx.db, upload_id)
        if owner_id is not None:
            await _end(ctx, upload_id, owner_id)
    return len(expired)


async def remove_parts(ctx: Ctx, upload_id: UUID) -> None:
    """Takes the parts of an upload that is over from the storage."""
    await ctx.app.storage.delete(list(await ctx.app.storage.sizes(f"uploads/{upload_id}")))


def parts_count(upload: UploadRow) -> int:
    """In how many parts it comes."""
    return -(-upload.size_bytes // upload.part_bytes)


def part_size(upload: UploadRow, number: int) -> int:
    """The bytes of part `number`, counted from 1."""
    return min(upload.part_bytes, upload.size_bytes - (number - 1) * upload.part_bytes)


def part_path(upload_id: UUID, number: int) -> str:
    """Where a part lies; in the order of the parts."""
    return f"uploads/{upload_id}/{number:05}"


def _part_bytes(size_bytes: int) -> int:
    return min(MAX_PART_BYTES, max(PART_BYTES, -(-size_bytes // MAX_PARTS)))


async def _end(ctx: Ctx, upload_id: UUID, owner_id: UUID) -> None:
    size_bytes = await _END(ctx.db, upload_id)
    if size_bytes is not None:
        await plans.give_back(ctx, owner_id, Meter.STORAGE_BYTES, size_bytes)
        await enqueue(ctx, RemoveParts(upload_id=upload_id))


async def _insert(ctx: Ctx, upload: UploadRow) -> None:
    placeholder = hashlib.sha256(upload.id.bytes).digest()  # of its bytes, once they were read
    await INSERT(
        ctx.db,
        upload.id,
        upload.owner_id,
        placeholder,
        "application/octet-stream",
        0,
        0,
        1,
        upload.size_bytes,
        NO_COLOUR,
        upload.alt,
        [],
        "",
        ctx.now,
        Purpose.LIBRARY.value,
        State.PROCESSING.value,
        Kind.OTHER.value,
        upload.filename,
        "",
        "",
        upload.folder_id,
        [],
        upload.visibility.value,
        None,
        0,
        upload.size_bytes,
        0,
        0,
        Scan.PENDING.value,
        None,
        0,
        None,
        None,
        None,
        False,
    )
