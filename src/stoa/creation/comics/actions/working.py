"""The work on a page once its file is ready: its parts, whether it is two pages, what is written in it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import structlog

from stoa.creation.comics.actions.balloons import as_said
from stoa.creation.comics.actions.spreads import doubles
from stoa.creation.comics.actions.strips import cut, is_long
from stoa.creation.comics.gateways import NotRead, Reader, reader_of
from stoa.creation.comics.messages import CutStrip, GoOn, ReadPages
from stoa.creation.comics.types import State
from stoa.creation.serials.actions.opening import note_picture_words
from stoa.creation.serials.types import Direction
from stoa.foundation.media import actions as media
from stoa.foundation.media.actions.threads import in_turn
from stoa.foundation.media.errors import ImageRefused
from stoa.foundation.media.queries.library import stored_file
from stoa.foundation.media.types import State as FileState
from stoa.foundation.plans.errors import PlanLimit
from stoa.kit.ctx import Actor, Ctx
from stoa.kit.db import many, maybe, run, value
from stoa.kit.errors import NotFound
from stoa.kit.queue import enqueue, progress

log = structlog.get_logger(__name__)

MAX_WORDS: Final = 20_000  # characters of one page
MAX_FOUND: Final = 100_000  # characters of one chapter, by which search finds it
_NO_ROOM: Final = "There is no room on the plan to keep this strip in parts, so it is shown as a whole"


class PageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A page with what the work on it needs. `width` and `height` are the file's, upright."""

    id: UUID
    chapter_id: UUID
    media_id: UUID
    owner_id: UUID
    filename: str
    state: State
    media_state: FileState
    problem: str | None
    frames: int
    width: int
    height: int
    direction: Direction


class _Waiting(msgspec.Struct, frozen=True):
    id: UUID
    media_id: UUID
    heights: list[int]
    direction: Direction
    left: int


class _Measured(msgspec.Struct, frozen=True):
    id: UUID
    width: int
    height: int
    is_double: bool
    is_double_chosen: bool
    direction: Direction


_ROW: Final = """
    select i.id, i.chapter_id, i.media_id, w.author_id as owner_id, i.filename, i.state, m.state as media_state,
      m.problem, m.frames, m.source_width as width, m.source_height as height, s.reading_direction as direction
    from chapter_images i join media m on m.id = i.media_id join works w on w.id = i.chapter_id
    join chapters c on c.work_id = i.chapter_id join series s on s.work_id = c.series_id
"""
_BY_ID = maybe(PageRow, f"{_ROW} where i.id = $1")
_WAITING = many(PageRow, f"{_ROW} where i.media_id = $1 and i.state = 'processing' order by i.chapter_id, i.id")
_THESE = many(PageRow, f"{_ROW} where i.id = any($1::uuid[]) and m.state <> 'processing' order by i.position")
_IS_PAGE = value(
    bool, "select exists (select from chapter_images where media_id = $1 and state = 'processing') as found"
)
_LOCK = run("select from chapters where work_id = $1 for no key update")
_BEGIN = run(
    """
    update chapter_images set state = 'processing', problem = null, processed_at = null, ocr_state = 'none'
    where id = $1
    """,
)
_FAIL = run("update chapter_images set state = 'failed', problem = $2, processed_at = $3 where id = $1")
_READY = run(
    """
    update chapter_images set state = 'ready', width = $2, height = $3, slices = $4, problem = $5, processed_at = $6,
      ocr_state = case when $7 then 'waiting' else ocr_state end
    where id = $1
    """,
)
_MEASURES = many(
    _Measured,
    """
    select i.id, i.width, i.height, i.is_double, i.is_double_chosen, s.reading_direction as direction
    from chapter_images i join chapters c on c.work_id = i.chapter_id join series s on s.work_id = c.series_id
    where i.chapter_id = $1 and i.state = 'ready' and i.slices = '[]' order by i.id
    """,
)
_DOUBLE = run("update chapter_images set is_double = not is_double where id = any($1::uuid[])")
_NEXT = maybe(
    _Waiting,
    """
    select i.id, i.media_id,
      array(select (e ->> 'height')::integer from jsonb_array_elements(i.slices) with ordinality as a (e, n)
        order by n) as heights,
      s.reading_direction as direction, count(*) over () as left
    from chapter_images i join chapters c on c.work_id = i.chapter_id join series s on s.work_id = c.series_id
    where i.chapter_id = $1 and i.ocr_state = 'waiting' and i.state = 'ready' order by i.position limit 1
    """,
)
_READ = run(
    """
    update chapter_images set ocr_state = 'done', ocr_text = $2, ocr_boxes = $3
    where id = $1 and ocr_state = 'waiting'
    """,
)
_NOT_READ = run("update chapter_images set ocr_state = $2 where id = $1 and ocr_state = 'waiting'")
_TEXTS = value(
    str,
    """
    select left(coalesce(string_agg(concat_ws(' ', alt, ocr_text), chr(10) order by position), ''), $2)
    from chapter_images where chapter_id = $1 and state = 'ready' and (alt <> '' or ocr_text <> '')
    """,
)
_UNUSED = value(
    list[UUID],
    """
    select coalesce(array_agg(id), '{}') from (
      select m.id from media m
      where m.purpose = 'part' and m.created_at < $1 and not exists (
        select from chapter_images i
        where i.slices <> '[]' and i.slices @> jsonb_build_array(jsonb_build_object('media_id', m.id))
      ) limit 500) gone
    """,
)


async def start(ctx: Ctx, image_id: UUID, owner: Ctx) -> None:
    """Has the work on a page done once more.

    owner: the same context as the site's owner, whose file it is. Raises NotReady where nothing is kept of the file.
    """
    page = await _BY_ID(ctx.db, image_id)
    if page is None:
        raise NotFound("There is no such page")
    await _BEGIN(ctx.db, page.id)
    if page.media_state is FileState.READY:
        await begin(ctx, page)
    else:
        await media.work_again(owner, page.media_id)


async def go_on(ctx: Ctx, image_ids: Sequence[UUID]) -> None:
    """New pages whose file is there already need not wait for it."""
    for page in await _THESE(ctx.db, list(image_ids)):
        await begin(ctx, page)


async def read_on(ctx: Ctx, chapter_id: UUID) -> None:
    """Search finds a chapter by the words of its pages as they are; those that are not read yet are read."""
    await note_words(ctx, chapter_id)
    if await _NEXT(ctx.db, chapter_id) is not None:
        await enqueue(ctx, ReadPages(chapter_id=chapter_id), unique=str(chapter_id))


async def file_told(ctx: Ctx, media_id: UUID) -> None:
    """The work on a file is over, in its transaction; with its pages it goes on in one of its own."""
    if await _IS_PAGE(ctx.db, media_id):
        await enqueue(ctx, GoOn(media_id=media_id), unique=str(media_id))


async def pages_go_on(ctx: Ctx, media_id: UUID) -> int:
    """The pages that waited for a file. Answers how many."""
    waiting = await _WAITING(ctx.db, media_id)
    for page in waiting:
        await begin(ctx, page)
    return len(waiting)


async def begin(ctx: Ctx, page: PageRow) -> None:
    """A page whose file is as ready as it gets. Strips are cut by the worker, the rest is a matter of numbers."""
    if page.media_state is not FileState.READY:
        await _FAIL(ctx.db, page.id, page.problem or "Its file cannot be shown", ctx.now)
    elif page.frames == 1 and is_long(page.width, page.height):
        await enqueue(ctx, CutStrip(image_id=page.id), unique=str(page.id))
    else:
        await finish_page(ctx, page)


async def cut_strip(ctx: Ctx, image_id: UUID) -> str:
    """Cuts a strip into parts that are files of their own. Answers what became of it. It may run again at any time.

    ctx: of a job with an effect outside.
    """
    page = await _BY_ID(ctx.db, image_id)
    stored = await stored_file(ctx, page.media_id) if page else None
    if page is None or stored is None or page.media_state is not FileState.READY:
        return "gone"
    data = await ctx.app.storage.get(stored.path)
    slices: list[dict[str, object]] = []
    problem = None
    try:
        parts = await in_turn(lambda: cut(data))
        for n, (content, height) in enumerate(parts, 1):
            async with ctx.app.database.transaction() as db:
                owner = replace(ctx, db=db, actor=Actor(page.owner_id, "", frozenset()))
                made = await media.upload_part(owner, data=content, made_from=page.media_id, filename=page.filename)
            slices.append({"media_id": str(made.id), "height": height})
            await progress(ctx, 100 * n // (len(parts) + 1))
    except PlanLimit:
        slices, problem = [], _NO_ROOM
    except ImageRefused as error:
        await _FAIL(ctx.db, page.id, next(iter(error.fields.values())), ctx.now)
        return "failed"
    async with ctx.app.database.transaction() as db:
        await finish_page(replace(ctx, db=db), page, slices, problem)
    return f"{len(slices)} parts"


async def finish_page(
    ctx: Ctx, page: PageRow, slices: list[dict[str, object]] | None = None, problem: str | None = None
) -> None:
    """A page is ready for readers; which pages of its chapter are spreads is looked at anew."""
    await _LOCK(ctx.db, page.chapter_id)
    is_read = reader_of(ctx.app.settings) is not None and page.frames == 1
    await _READY(ctx.db, page.id, page.width, page.height, slices or [], problem, ctx.now, is_read)
    await find_spreads(ctx, page.chapter_id)
    if is_read:
        await enqueue(ctx, ReadPages(chapter_id=page.chapter_id), unique=str(page.chapter_id))


async def find_spreads(ctx: Ctx, chapter_id: UUID) -> None:
    """Which pages of a chapter are two, by their measures; those of which somebody said so stay as they are."""
    pages = await _MEASURES(ctx.db, chapter_id)
    found = doubles([(0, 0) if one.direction is Direction.VERTICAL else (one.width, one.height) for one in pages])
    changed = [
        one.id
        for one, is_double in zip(pages, found, strict=True)
        if is_double is not one.is_double and not one.is_double_chosen
    ]
    if changed:
        await _DOUBLE(ctx.db, changed)


async def read_pages(ctx: Ctx, chapter_id: UUID) -> int:
    """Reads the pages of a chapter that wait for it, one after the other. Answers how many.

    ctx: of a job with an effect outside. What was read stays read when it is cut off.
    """
    reader = reader_of(ctx.app.settings)
    count = 0
    try:
        while (page := await _NEXT(ctx.db, chapter_id)) is not None:
            await progress(ctx, 100 * count // (count + page.left))
            await _read(ctx, reader, page)
            count += 1
    finally:
        if reader is not None:
            await reader.close()
    async with ctx.app.database.transaction() as db:
        await note_words(replace(ctx, db=db), chapter_id)
    return count


async def note_words(ctx: Ctx, chapter_id: UUID) -> None:
    """Has search find a chapter by what is written in its pages and said of them, once all of it is open.

    Of a locked one nothing, not even of the pages that everybody sees: which these are is the series' to change.
    """
    words = await _TEXTS(ctx.db, chapter_id, MAX_FOUND)
    await note_picture_words(ctx, chapter_id, words=words, preview_words="")


async def _read(ctx: Ctx, reader: Reader | None, page: _Waiting) -> None:
    stored = await stored_file(ctx, page.media_id)
    if reader is None or stored is None:
        await _NOT_READ(ctx.db, page.id, "none")
        return
    try:
        lines = await reader.read(await ctx.app.storage.get(stored.path), page.heights)
    except NotRead as error:
        log.warning("comics.not_read", image_id=str(page.id), error=str(error))
        await _NOT_READ(ctx.db, page.id, "failed")
        return
    text, words = as_said(lines, page.direction)
    await _READ(ctx.db, page.id, text[:MAX_WORDS], words)


async def purge_parts(ctx: Ctx, before: datetime) -> int:
    """Deletes the parts of strips that no page shows, made before this time. Answers how many."""
    return await media.purge(ctx, await _UNUSED(ctx.db, before))
