"""Readers are told of a chapter once in its life: when they first find it."""

from uuid import UUID

import msgspec

from stoa.creation.serials.messages import ChapterOut
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe, run
from stoa.kit.outbox import emit


class _Out(msgspec.Struct, frozen=True):
    series_id: UUID
    site_id: UUID
    author_id: UUID
    title: str


_ANNOUNCE = maybe(
    _Out,
    """
    update chapters c set announced_at = $2 from works w join sites s on s.id = w.site_id
    where c.work_id = $1 and w.id = c.work_id and c.announced_at is null and w.state = 'published' and not w.closed
    returning c.series_id, s.id as site_id, w.author_id, w.title
    """,
)
_NEWEST = run(
    """
    update series b set last_published_at = greatest(b.last_published_at, w.published_at)
    from works w where w.id = $1 and b.work_id = w.parent_id
    """
)
_TOLD_WITH_SERIES = run(
    """
    update chapters c set announced_at = $2 from works w
    where c.series_id = $1 and w.id = c.work_id and c.announced_at is null and w.state = 'published'
    """
)


async def chapter_is_out(ctx: Ctx, chapter_id: UUID) -> None:
    """Announces a chapter that was just published, unless it was before, or stands where nobody can come yet."""
    await _NEWEST(ctx.db, chapter_id)
    out = await _ANNOUNCE(ctx.db, chapter_id, ctx.now)
    if out is not None:
        await emit(ctx, ChapterOut(chapter_id=chapter_id, **msgspec.structs.asdict(out)))


async def series_is_out(ctx: Ctx, series_id: UUID) -> None:
    """A series that is published is told as one; its chapters that came out with it are not told one by one."""
    await _TOLD_WITH_SERIES(ctx.db, series_id, ctx.now)
