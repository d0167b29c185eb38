"""The work on a file once it is here: put together, scanned, looked into, its sizes made. It may run again at any time.

Whatever it writes to the storage has a name that depends on the file alone; what counts is one update at the end.
"""

import hashlib
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.media.actions.kinds import Found, check_picture, look
from stoa.foundation.media.actions.pictures import Picture, make_picture
from stoa.foundation.media.actions.previews import Preview, preview
from stoa.foundation.media.actions.scanning import note_infected, quarantine_path, scanned
from stoa.foundation.media.actions.taking import NO_COLOUR, size_path, srcset_of
from stoa.foundation.media.actions.threads import in_turn
from stoa.foundation.media.errors import FileRefused
from stoa.foundation.media.messages import MediaProcessed
from stoa.foundation.media.types import Kind, Scan, State, Variant
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.errors import PlanLimit
from stoa.foundation.plans.types import Meter
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe, run
from stoa.kit.errors import Invalid
from stoa.kit.outbox import emit
from stoa.kit.queue import RetryLater, progress

SCANNER_PAUSE_S: Final = 60
QUICK_S: Final = 0.5  # a step that is reached before that is not told: nobody would see it, and each takes two commits
_PAUSED: Final = "The virus scanner does not answer just now. This file waits for it."


class _Work(msgspec.Struct, frozen=True):
    id: UUID
    owner_id: UUID
    kind: Kind
    state: State
    content_type: str
    original_path: str | None
    original_bytes: int
    sent_bytes: int
    bytes_count: int
    scan_status: Scan
    variants: list[Variant]
    purpose: str


class _Result(msgspec.Struct, frozen=True, kw_only=True):
    found: Found
    content_hash: bytes
    size: int
    path: str | None
    scan: Scan
    seen: Preview
    picture: Picture | None


_COLUMNS: Final = """
    id, owner_id, kind, state, content_type, original_path, original_bytes, sent_bytes, bytes_count, scan_status,
    variants, purpose
"""
_WORK = maybe(_Work, f"select {_COLUMNS} from media where id = $1 and state in ('processing', 'ready')")
_LOCKED = maybe(_Work, f"select {_COLUMNS} from media where id = $1 and state in ('processing', 'ready') for update")
_PROGRESS = run("update media set progress = $2 where id = $1 and state = 'processing'")
_PAUSE = run("update media set problem = $2, scan_status = 'pending' where id = $1")
_FAIL = run(
    """
    update media set state = 'failed', problem = $2, progress = 100, bytes_count = 0, original_path = null,
      original_bytes = 0, variants = '[]', avif = '[]', srcset = '', width = 0, height = 0, updated_at = $3,
      processed_at = $3
    where id = $1
    """,
)
_QUARANTINE = run(
    """
    update media set state = 'quarantined', scan_status = 'infected', scan_result = $2, scanned_at = $3, progress = 100,
      bytes_count = 0, original_path = null, original_bytes = 0, variants = '[]', avif = '[]', srcset = '', width = 0,
      height = 0, updated_at = $3, processed_at = $3
    where id = $1
    """,
)
_FINISH = run(
    """
    update media set state = 'ready', progress = 100, problem = null, processed_at = $2, updated_at = $2, kind = $3,
      content_type = $4, content_hash = $5, original_path = $6, original_bytes = $7, sent_bytes = $8, bytes_count = $9,
      scan_status = $10, scanned_at = case when $10 = 'clean' then coalesce(scanned_at, $2) end, variants = $11,
      avif = $12, srcset = $13, width = $14, height = $15, frames = $16, source_width = $17, source_height = $18,
      colour = $19, thumbhash = $20, dominant_colour = $21, duration_ms = $22, page_count = $23, details = $24,
      is_copy = is_copy or exists (
        select from media o where o.owner_id = media.owner_id and o.content_hash = $5 and not o.is_copy and o.id <> $1)
    where id = $1
    """,
)
_SCANNED = run(
    """
    update media set state = 'ready', progress = 100, problem = null, scan_status = $2,
      scanned_at = case when $2 = 'clean' then $3::timestamptz end, updated_at = $3, processed_at = $3
    where id = $1
    """,
)


async def process(ctx: Ctx, media_id: UUID) -> str:
    """Works on a file that is processing, or once more on one that is ready. Answers the state it has then.

    ctx: of a job with an effect outside. Raises RetryLater while the scanner is silent.
    """
    work = await _WORK(ctx.db, media_id)
    if work is None:
        return "gone"
    if work.original_path is None and work.variants:
        return await _only_sizes(ctx, work)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stoa-media-") as folder:
        file = Path(folder) / "file"
        try:
            await _fetch(ctx, work, file)
            await _say_if_slow(ctx, work, 20, began)
            return await _work_on(ctx, work, file, began)
        except Invalid as error:  # it is damaged, a bomb, or nothing that is taken
            return await _fail(ctx, work, next(iter(error.fields.values()), error.detail))


async def _work_on(ctx: Ctx, work: _Work, file: Path, began: float) -> str:
    found = await in_turn(lambda: look(file))
    size = await in_turn(lambda: file.stat().st_size)
    _check_size(ctx, found, size)
    scan, result = await _scan(ctx, work, file)
    if scan is Scan.INFECTED:
        await ctx.app.storage.put_file(quarantine_path(work.id), file, "application/octet-stream")
        return await _quarantine(ctx, work, result)
    await _say_if_slow(ctx, work, 40, began)
    content_hash = await in_turn(lambda: _hash(file))
    path = work.original_path or f"media/{work.id}/original.{found.ending}"
    if work.original_path is None:
        await ctx.app.storage.put_file(path, file, found.content_type)
    await _say(ctx, work, 60)  # what follows takes the longest
    picture: Picture | None
    if found.kind is Kind.IMAGE:
        data = await in_turn(file.read_bytes)
        picture = await in_turn(lambda: (check_picture(data), make_picture(data, with_avif=True))[1])
        seen = Preview()
    else:
        seen = await in_turn(lambda: preview(file, found))
        picture = seen.poster
    await _say_if_slow(ctx, work, 85, began)
    for variant, content in picture.sizes if picture else []:
        await ctx.app.storage.put(size_path(work.id, variant), content, "image/webp")
    for variant, content in picture.avif if picture else []:
        await ctx.app.storage.put(size_path(work.id, variant, "avif"), content, "image/avif")
    done = _Result(
        found=found,
        content_hash=content_hash,
        size=size,
        path=path,
        scan=scan,
        seen=seen,
        picture=picture,
    )
    return await _finish(ctx, work.id, done)


async def _fetch(ctx: Ctx, work: _Work, file: Path) -> None:
    """The whole file onto this machine: what is kept, or its parts in order."""
    storage = ctx.app.storage
    paths = [work.original_path] if work.original_path else sorted(await storage.sizes(f"uploads/{work.id}"))
    if not paths:
        raise FileRefused("Nothing has arrived of this file")
    with file.open("wb") as opened:
        for path in paths:
            async for chunk in storage.stream(path, 1024 * 1024):
                opened.write(chunk)


async def _scan(ctx: Ctx, work: _Work, file: Path) -> tuple[Scan, str | None]:
    if work.scan_status is Scan.CLEAN:
        return Scan.CLEAN, None

    async def chunks() -> AsyncIterator[bytes]:
        with file.open("rb") as opened:
            while chunk := opened.read(256 * 1024):
                yield chunk

    scan, result = await scanned(ctx, chunks())
    if scan is Scan.PENDING:
        await _wait_for_scanner(ctx, work)
    return scan, result


async def _wait_for_scanner(ctx: Ctx, work: _Work) -> None:
    await _PAUSE(ctx.db, work.id, _PAUSED)
    raise RetryLater(SCANNER_PAUSE_S, "the virus scanner does not answer")


async def _only_sizes(ctx: Ctx, work: _Work) -> str:
    """A picture of which only the sizes are kept: a face that waits for the scanner."""
    if work.state is State.READY:
        return work.state.value
    largest = size_path(work.id, work.variants[-1])
    scan, result = await scanned(ctx, ctx.app.storage.stream(largest))
    if scan is Scan.PENDING:
        await _wait_for_scanner(ctx, work)
    if scan is Scan.INFECTED:
        await ctx.app.storage.copy(largest, quarantine_path(work.id))
        return await _quarantine(ctx, work, result)
    async with ctx.app.database.transaction() as db:
        inside = replace(ctx, db=db)
        await _SCANNED(db, work.id, scan.value, ctx.now)
        await _tell(inside, work, State.READY)
    return State.READY.value


async def _finish(ctx: Ctx, media_id: UUID, done: _Result) -> str:
    """One transaction: what was found, and what it takes of the plan. Without room for it AVIF is left out."""
    async with ctx.app.database.transaction() as db:
        inside = replace(ctx, db=db)
        work = await _LOCKED(db, media_id)
        if work is None:  # deleted meanwhile; the sweep takes what was written
            return "gone"
        picture = done.picture
        avif = [variant for variant, _ in picture.avif] if picture else []
        kept = done.size + (picture.bytes_count if picture else 0)
        wanted = kept + sum(variant.bytes_count for variant in avif)
        try:
            await _count(inside, work, wanted)
        except PlanLimit:
            avif, wanted = [], kept
            if kept > work.bytes_count:  # not even its preview has room; the file itself had
                picture, wanted = (
                    (None, done.size) if done.found.kind is not Kind.IMAGE else (picture, work.bytes_count)
                )
            await _count(inside, work, wanted)
        await _save(inside, work, done, picture, avif, wanted)
        await _tell(inside, work, State.READY)
    await ctx.app.storage.delete(sorted(await ctx.app.storage.sizes(f"uploads/{media_id}")))
    return State.READY.value


async def _count(ctx: Ctx, work: _Work, wanted: int) -> None:
    if wanted > work.bytes_count:
        async with ctx.db.transaction():
            await plans.use(ctx, work.owner_id, Meter.STORAGE_BYTES, wanted - work.bytes_count)
    elif wanted < work.bytes_count:
        await plans.give_back(ctx, work.owner_id, Meter.STORAGE_BYTES, work.bytes_count - wanted)


async def _save(
    ctx: Ctx, work: _Work, done: _Result, picture: Picture | None, avif: list[Variant], bytes_count: int
) -> None:
    variants = [variant for variant, _ in picture.sizes] if picture else []
    seen = done.seen
    await _FINISH(
        ctx.db,
        work.id,
        ctx.now,
        done.found.kind.value,
        done.found.content_type,
        done.content_hash,
        done.path,
        done.size,
        max(work.sent_bytes, done.size),
        bytes_count,
        done.scan.value,
        variants,
        avif,
        srcset_of(work.id, variants),
        variants[-1].width if variants else 0,
        variants[-1].height if variants else 0,
        picture.frames if picture else 1,
        seen.width or (picture.width if picture else 0),
        seen.height or (picture.height if picture else 0),
        picture.colour if picture else NO_COLOUR,
        picture.thumbhash if picture else None,
        picture.dominant_colour if picture else None,
        seen.duration_ms,
        seen.page_count,
        seen.details,
    )


async def _fail(ctx: Ctx, work: _Work, why: str) -> str:
    if work.state is State.READY:  # it was well before; what is there stays
        return work.state.value
    async with ctx.app.database.transaction() as db:
        inside = replace(ctx, db=db)
        locked = await _LOCKED(db, work.id)
        if locked is None:
            return "gone"
        await plans.give_back(inside, work.owner_id, Meter.STORAGE_BYTES, locked.bytes_count)
        await _FAIL(db, work.id, why, ctx.now)
        await _tell(inside, work, State.FAILED)
    await _remove(ctx, work.id)
    return State.FAILED.value


async def _quarantine(ctx: Ctx, work: _Work, found: str | None) -> str:
    async with ctx.app.database.transaction() as db:
        inside = replace(ctx, db=db)
        locked = await _LOCKED(db, work.id)
        if locked is None:
            return "gone"
        await plans.give_back(inside, work.owner_id, Meter.STORAGE_BYTES, locked.bytes_count)
        await _QUARANTINE(db, work.id, found, ctx.now)
        await note_infected(inside, work.id, work.owner_id, found)
        await emit(inside, MediaProcessed(work.id, work.owner_id, State.QUARANTINED.value))
    await _remove(ctx, work.id)
    return State.QUARANTINED.value


async def _remove(ctx: Ctx, media_id: UUID) -> None:
    storage = ctx.app.storage
    await storage.delete([*await storage.sizes(f"media/{media_id}"), *await storage.sizes(f"uploads/{media_id}")])


async def _tell(ctx: Ctx, work: _Work, state: State) -> None:
    if work.state is State.PROCESSING:
        await emit(ctx, MediaProcessed(work.id, work.owner_id, state.value))


async def _say_if_slow(ctx: Ctx, work: _Work, percent: int, began: float) -> None:
    if time.monotonic() - began >= QUICK_S:
        await _say(ctx, work, percent)


async def _say(ctx: Ctx, work: _Work, percent: int) -> None:
    await _PROGRESS(ctx.db, work.id, percent)
    await progress(ctx, percent)


def _check_size(ctx: Ctx, found: Found, size: int) -> None:
    settings = ctx.app.settings
    most = settings.max_upload_bytes if found.kind is Kind.IMAGE else settings.max_file_bytes
    if size > most:
        what = "Pictures" if found.kind is Kind.IMAGE else "Files"
        raise FileRefused(f"{what} may have at most {most / 1024**2:.4g} MB")


def _hash(file: Path) -> bytes:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
