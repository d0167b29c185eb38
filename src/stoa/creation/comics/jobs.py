"""The work on pages without a request."""

from datetime import timedelta
from typing import Final

from stoa.creation.comics import actions
from stoa.creation.comics.messages import CutStrip, GoOn, ReadPages
from stoa.creation.serials.messages import ChapterCopied, ChaptersPurged
from stoa.foundation.media.messages import MediaProcessed
from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within
from stoa.kit.queue import every, handles

UNUSED_FOR: Final = timedelta(hours=1)


@within(MediaProcessed)
async def file_told(ctx: Ctx, event: MediaProcessed) -> None:
    """Pages may wait for it."""
    await actions.file_told(ctx, event.media_id)


@within(ChapterCopied)
async def chapter_copied(ctx: Ctx, event: ChapterCopied) -> None:
    """Its pages belong to the copy as well."""
    await actions.copy_images(ctx, event.chapter_id, event.copy_id)


@within(ChaptersPurged)
async def chapters_purged(ctx: Ctx, event: ChaptersPurged) -> None:
    """Nor is anything left of their pages (S5)."""
    await actions.forget_chapters(ctx, event.chapter_ids)


@handles(GoOn)
async def pages_go_on(ctx: Ctx, job: GoOn) -> int:
    """Pages that waited for their file; answers how many."""
    return await actions.pages_go_on(ctx, job.media_id)


@handles(CutStrip)
async def cut_strip(ctx: Ctx, job: CutStrip) -> str:
    """One strip; answers what became of it."""
    return await actions.cut_strip(ctx, job.image_id)


@handles(ReadPages)
async def read_pages(ctx: Ctx, job: ReadPages) -> int:
    """The pages of one chapter; answers how many."""
    return await actions.read_pages(ctx, job.chapter_id)


@every(name="comics.parts", cron="50 * * * *")
async def parts(ctx: Ctx) -> int:
    """Parts of strips that no page shows any more."""
    return await actions.purge_parts(ctx, ctx.now - UNUSED_FOR)
