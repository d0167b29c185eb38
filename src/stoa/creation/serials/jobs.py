"""What happens to series and chapters by the clock, and when works of theirs are published."""

from stoa.creation.serials.actions import announcing, opening, schedule
from stoa.creation.serials.messages import CutAgain
from stoa.creation.serials.queries.places import place_by_id
from stoa.creation.serials.types import CHAPTER, SERIES
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
