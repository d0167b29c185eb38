"""What is over is taken away: the trash after 30 days, cut uploads after a day, files that no row owns."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from stoa.foundation.media.actions.library import purge
from stoa.foundation.media.actions.scanning import quarantine_path
from stoa.foundation.media.gateways import scanner_of
from stoa.foundation.media.messages import ProcessMedia
from stoa.foundation.media.types import TRASH_DAYS
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, value
from stoa.kit.queue import enqueue

SWEEP_AFTER: Final = timedelta(hours=1)
UPLOADS_AFTER: Final = timedelta(hours=26)  # they may be under way for a day
STUCK_AFTER: Final = timedelta(minutes=30)
_OVER = value(
    list[UUID],
    """
    select coalesce(array_agg(id), '{}') from (
      select id from media where state = 'deleted' and deleted_at <= $1
        or state in ('failed', 'quarantined') and updated_at <= $1 limit 500) m
    """,
)
_MISSING = value(
    list[UUID],
    """
    select coalesce(array_agg(i), '{}') from unnest($1::uuid[]) i where not exists (select from media where id = i)
    """,
)
_NO_UPLOAD = value(
    list[UUID],
    """
    select coalesce(array_agg(i), '{}') from unnest($1::uuid[]) i
    where not exists (select from media_uploads where id = i)
      and not exists (select from media where id = i and state = 'processing')
    """,
)
_STUCK = value(
    list[UUID],
    """
    select coalesce(array_agg(id), '{}') from (
      select id from media where state = 'processing' and updated_at <= $1
        or $2 and state = 'ready' and scan_status = 'not_scanned' limit 200) m
    """,
)


async def purge_old(ctx: Ctx) -> int:
    """Deletes for good what has been in the trash, failed or in quarantine for 30 days. Answers how many files."""
    return await purge(ctx, await _OVER(ctx.db, ctx.now - timedelta(days=TRASH_DAYS)))


async def resume(ctx: Ctx) -> int:
    """Has files worked on that wait without a job, and those scanned that came before there was a scanner."""
    waiting = await _STUCK(ctx.db, ctx.now - STUCK_AFTER, scanner_of(ctx.app.settings) is not None)
    for media_id in waiting:
        await enqueue(ctx, ProcessMedia(media_id=media_id), unique=str(media_id))
    return len(waiting)


async def remove_files(ctx: Ctx, media_id: UUID) -> None:
    """Takes a file's bytes from the storage."""
    storage = ctx.app.storage
    paths = [*await storage.sizes(f"media/{media_id}"), *await storage.sizes(f"uploads/{media_id}")]
    await storage.delete([*paths, quarantine_path(media_id)])


async def sweep(ctx: Ctx) -> int:
    """Removes files without a row, left behind where a process ended between storing and committing.

    An id tells when it was made; what is younger than SWEEP_AFTER may still be on its way. Answers the number of files.
    """
    removed = await _sweep(ctx, "media", SWEEP_AFTER, _MISSING)
    removed += await _sweep(ctx, "quarantine", SWEEP_AFTER, _MISSING)
    return removed + await _sweep(ctx, "uploads", UPLOADS_AFTER, _NO_UPLOAD)


async def _sweep(ctx: Ctx, folder: str, after: timedelta, missing: Statement[list[UUID]]) -> int:
    removed = 0
    youngest = ctx.now - after
    async for batch in ctx.app.storage.batches(folder):
        old = {path: made for path in batch if (made := _id_in(path)) is not None and _made_at(made) < youngest}
        if not old:
            continue
        orphans = set(await missing(ctx.db, list(set(old.values()))))
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
