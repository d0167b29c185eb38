"""What happens to series and chapters by the clock, and when works of theirs are published."""

from stoa.creation.serials.actions import announcing, ending, opening, purge, ranking, schedule
from stoa.creation.serials.messages import CutAgain
from stoa.creation.serials.queries.places import place_by_id
from stoa.creation.serials.types import CHAPTER, SERIES
from stoa.creation.sites.messages import SitePurged
from stoa.creation.works.messages import WorkPublished
from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within
from stoa.kit.queue import every, handles


@every(name="serials.publish_due", seconds=15, priority=20)
async def publish_due(ctx: Ctx) -> int:
    """S4: what is scheduled is published within a minute of its time, or as soon as somebody runs this again."""
    return await schedule.publish_due(ctx)


@every(name="serials.open_due", seconds=30)
async def open_due(ctx: Ctx) -> int:
    """S1: what is to be open to everybody is told to be so."""
    return await opening.open_due(ctx)


@every(name="serials.count_reads", seconds=300)
async def count_reads(ctx: Ctx) -> int:
    """How much series are read, which lists of them are sorted by."""
    return await ranking.count(ctx)


@every(name="serials.purge_series", seconds=3600)
async def purge_series(ctx: Ctx) -> int:
    """S5: what was deleted 30 days ago ends."""
    return await ending.purge_series(ctx)


@every(name="serials.purge_chapters", seconds=3600)
async def purge_chapters(ctx: Ctx) -> int:
    """S5: what was deleted 30 days ago ends."""
    return await purge.purge_chapters(ctx)


@within(SitePurged)
async def leave_site(ctx: Ctx, event: SitePurged) -> None:
    """The series that went with a site count no more."""
    await ending.leave_site(ctx, event.site_id, event.owner_id)


@within(WorkPublished)
async def announce(ctx: Ctx, event: WorkPublished) -> None:
    """Told in the transaction of the publication: both or neither, and once."""
    if event.kind == CHAPTER:
        await announcing.chapter_is_out(ctx, event.work_id)
    elif event.kind == SERIES:
        await announcing.series_is_out(ctx, event.work_id)


@handles(CutAgain)
async def cut_again(ctx: Ctx, job: CutAgain) -> int:
    """The beginnings of a series' chapters, after another number of paragraphs was chosen."""
    series = await place_by_id(ctx, job.series_id)
    return await opening.cut_series_again(ctx, series.id, series.preview_paragraphs) if series is not None else 0
