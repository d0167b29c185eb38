"""Publishing chapters, now or at a time, and taking them back (S4)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
import structlog

from stoa.creation.serials.actions.chapters import check_complete, typed_of, wanted_slug, work_of
from stoa.creation.serials.actions.rendering import Typed, screened
from stoa.creation.serials.messages import ScheduleFailed
from stoa.creation.serials.policies.chapters import access_chapter, access_series_place
from stoa.creation.serials.policies.schedule import moment
from stoa.creation.serials.queries.chapters import IMAGES, NUMBER
from stoa.creation.serials.types import AccessLevel, ChapterStatus, ChapterView
from stoa.creation.works import actions as works
from stoa.creation.works.errors import EditConflict, WrongState
from stoa.creation.works.policies import state_after
from stoa.creation.works.types import State
from stoa.foundation.settings.queries import platform
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, run
from stoa.kit.errors import StoaError
from stoa.kit.markdown import in_thread
from stoa.kit.outbox import emit

log = structlog.get_logger(__name__)

AT_ONCE: Final = 200  # due chapters in one run of the job


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter as its publication needs it."""

    id: UUID
    series_id: UUID
    author_id: UUID
    title: str
    body_markdown: str
    author_note_markdown: str
    author_note_position: str
    meta_title: str
    meta_description: str
    number: Decimal
    volume: int | None
    language: str
    rating: str
    images_count: int
    revision: int
    access: AccessLevel
    opens_at: datetime | None
    price_minor: int | None
    price_asset: str | None
    early_access_days: int


_DUE = many(
    Ready,
    f"""
    select w.id, c.series_id, w.author_id, w.title, c.body_markdown, c.author_note_markdown, c.author_note_position,
      c.meta_title, c.meta_description, {NUMBER}, c.volume, w.language, w.rating, {IMAGES}, w.revision, w.access,
      w.opens_at, w.price_minor, w.price_asset, b.early_access_days
    from chapters c join works w on w.id = c.work_id join works sw on sw.id = c.series_id
    join series b on b.work_id = c.series_id join sites site on site.id = w.site_id
    where c.scheduled_at <= $1 and w.state in ('draft', 'unpublished') and w.deleted_at is null
      and sw.deleted_at is null and site.deleted_at is null
    order by c.scheduled_at, c.position limit $2 for update of c skip locked
    """,
)
_SCHEDULE = run(
    """
    update chapters set scheduled_at = $2, timezone = $3, schedule_problem = null
    where work_id = $1 and archived_at is null
    """
)
_UNSCHEDULE = run("update chapters set scheduled_at = null, schedule_problem = $2 where work_id = any($1::uuid[])")
_ARCHIVE = run("update chapters set archived_at = $2, scheduled_at = null, schedule_problem = null where work_id = $1")


# ---- now -------------------------------------------------------------------------------------------------------


async def publish_chapter(ctx: Ctx, chapter_id: UUID, *, revision: int | None = None) -> ChapterView:
    """Publishes a chapter, or puts it into review: see `state` and `screening_reasons` of the answer (P5).

    Readers find it as soon as its series is published, too. Raises NotFound, Forbidden, Invalid, TextRefused,
    WrongState, EditConflict.
    """
    chapter = await access_chapter(ctx, chapter_id, Permission.PUBLISH)
    if revision is not None and chapter.revision != revision:
        raise EditConflict(chapter.revision)
    if chapter.archived_at is not None:
        raise WrongState("This is archived; take it out of the archive first", chapter.status)
    series = await access_series_place(ctx, chapter.series_id)
    taken = {name: getattr(chapter, name) for name in Ready.__struct_fields__ if hasattr(chapter, name)}
    await _publish(ctx, Ready(**taken, author_id=chapter.author.id, early_access_days=series.early_access_days))
    return await access_chapter(ctx, chapter_id)


async def unpublish_chapter(ctx: Ctx, chapter_id: UUID) -> ChapterView:
    """Takes a chapter back from readers or from review. Raises NotFound, Forbidden, WrongState."""
    await access_chapter(ctx, chapter_id, Permission.PUBLISH)
    await works.unpublish(ctx, await work_of(ctx, chapter_id))
    return await access_chapter(ctx, chapter_id)


async def archive_chapter(ctx: Ctx, chapter_id: UUID) -> ChapterView:
    """Takes a chapter back from readers and puts it aside; repeating it changes nothing. Raises NotFound, Forbidden."""
    chapter = await access_chapter(ctx, chapter_id, Permission.PUBLISH)
    if chapter.archived_at is None:
        if chapter.state == State.WITHHELD:  # it would be out again, in the archive, as soon as its author is back
            raise WrongState("This is withheld while its author's account is closed", chapter.status)
        if chapter.state in (State.PUBLISHED, State.IN_REVIEW):
            await works.unpublish(ctx, await work_of(ctx, chapter_id))
        await _ARCHIVE(ctx.db, chapter_id, ctx.now)
    return await access_chapter(ctx, chapter_id)


async def unarchive_chapter(ctx: Ctx, chapter_id: UUID) -> ChapterView:
    """A draft again; repeating it changes nothing. Raises NotFound, Forbidden."""
    await access_chapter(ctx, chapter_id, Permission.PUBLISH)
    await _ARCHIVE(ctx.db, chapter_id, None)
    return await access_chapter(ctx, chapter_id)


# ---- at a time -------------------------------------------------------------------------------------------------


async def schedule_chapter(ctx: Ctx, chapter_id: UUID, *, at: datetime, timezone: str | None = None) -> ChapterView:
    """Has a chapter published at a time; another time replaces the first.

    `at` without an offset is what clocks show in `timezone`, the series' where none is given. Raises NotFound,
    Forbidden, Invalid (also for a chapter that could not be published as it is), TextRefused, WrongState.
    """
    chapter = await access_chapter(ctx, chapter_id, Permission.PUBLISH)
    zone = timezone or (await access_series_place(ctx, chapter.series_id)).timezone
    then = moment(at, zone, now=ctx.now)
    await check_can_be_scheduled(ctx, chapter)
    await _SCHEDULE(ctx.db, chapter_id, then, zone)
    return await access_chapter(ctx, chapter_id)


async def cancel_schedule(ctx: Ctx, chapter_id: UUID) -> ChapterView:
    """The chapter is a draft again; repeating it changes nothing. Raises NotFound, Forbidden."""
    await access_chapter(ctx, chapter_id, Permission.PUBLISH)
    await _UNSCHEDULE(ctx.db, [chapter_id], None)
    return await access_chapter(ctx, chapter_id)


async def check_can_be_scheduled(ctx: Ctx, chapter: ChapterView) -> None:
    """What would be refused then is refused now. Raises WrongState, Invalid, TextRefused."""
    if chapter.status not in (ChapterStatus.DRAFT, ChapterStatus.SCHEDULED):
        raise WrongState("Only a draft can be scheduled", chapter.status)
    typed = typed_of(chapter)
    check_complete(typed, images_count=chapter.images_count)
    screening = await in_thread(lambda: screened(typed))
    state_after(screening, await platform(ctx), approved_score=(await work_of(ctx, chapter.id)).approved_score)


async def publish_due(ctx: Ctx) -> int:
    """Publishes what is to be out by now, each chapter by itself: what is wrong with one does not hold up the others.

    Run it often, also after the process was down: what is due stays due until it was done, once (S4).
    """
    done = 0
    for chapter in await _DUE(ctx.db, ctx.now, AT_ONCE):
        try:
            async with ctx.db.transaction():
                await _publish(ctx, chapter)
            done += 1
        except EditConflict:
            log.info("serials.changed_meanwhile", chapter_id=str(chapter.id))  # the next run takes it as it is then
        except StoaError as error:
            await _failed(ctx, chapter, error.detail)
        except Exception:
            log.exception("serials.publication_failed", chapter_id=str(chapter.id))  # it is tried again by the next run
    return done


async def _failed(ctx: Ctx, chapter: Ready, problem: str) -> None:
    await _UNSCHEDULE(ctx.db, [chapter.id], problem[:500])
    told = ScheduleFailed(
        chapter_id=chapter.id, series_id=chapter.series_id, author_id=chapter.author_id, problem=problem[:500]
    )
    await emit(ctx, told)


async def _publish(ctx: Ctx, chapter: Ready) -> None:
    typed = Typed(**{name: getattr(chapter, name) for name in Typed.__struct_fields__})
    check_complete(typed, images_count=chapter.images_count)
    screening = await in_thread(lambda: screened(typed))
    work = msgspec.structs.replace(await work_of(ctx, chapter.id), revision=chapter.revision)
    if chapter.access is AccessLevel.SCHEDULED and chapter.opens_at is None:
        # Where no day was said, it opens to all so long after it is out.
        await works.set_access(
            ctx,
            [chapter.id],
            access=chapter.access,
            opens_at=ctx.now + timedelta(days=chapter.early_access_days),
            price_minor=chapter.price_minor,
            price_asset=chapter.price_asset,
        )
    await works.publish(ctx, work, screening=screening, slug=wanted_slug(chapter.title, chapter.number))
    await _UNSCHEDULE(ctx.db, [chapter.id], None)
