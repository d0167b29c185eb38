"""`/api/v1/chapters` for those who work on them: making, changing, publishing, scheduling and opening them."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post, put
from litestar.params import QueryParameter

from stoa.creation.serials.actions import chapters, opening, schedule
from stoa.creation.serials.policies.chapters import access_chapter, access_series_place
from stoa.creation.serials.queries.chapters import own_chapters
from stoa.creation.serials.queries.opening import access_of
from stoa.creation.serials.schemas.chapters import (
    AccessEdit,
    ChapterEdit,
    ChapterIn,
    ContentEdit,
    PublishIn,
    ScheduleIn,
)
from stoa.creation.serials.types import (
    AccessLevel,
    AccessView,
    ChapterStatus,
    ChapterView,
    ContentView,
    OwnChapter,
)
from stoa.foundation.team.types import Permission
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.pagination import Page

NEWEST = PublishIn()  # what no body at all means
_SAME = [name for name in ContentView.__struct_fields__ if name != "chapter_id"]
InStatus = Annotated[ChapterStatus | None, QueryParameter(name="status")]
InAccess = Annotated[AccessLevel | None, QueryParameter(name="access")]
Words = Annotated[str | None, QueryParameter(name="q", max_length=200)]


# ---- the list and one of it ------------------------------------------------------------------------------------


@get("/api/v1/series/{series_id:uuid}/chapters", opt=access("member"))
async def list_chapters(
    ctx: CtxDep,
    series_id: Path[UUID],
    in_status: InStatus = None,
    in_access: InAccess = None,
    q: Words = None,
    deleted: Query[bool] = False,
    cursor: Cursor = None,
    limit: PageLimit = 50,
) -> Page[OwnChapter]:
    """The chapters of a series in their order, for those who read its drafts; `deleted`: those to be restored."""
    await access_series_place(ctx, series_id, Permission.READ_DRAFTS)
    return await own_chapters(
        ctx, series_id, status=in_status, access=in_access, words=q, deleted=deleted, cursor=cursor, limit=limit
    )


@post("/api/v1/series/{series_id:uuid}/chapters", opt=access("member", limit="write"))
async def create(ctx: CtxDep, series_id: Path[UUID], data: Body[ChapterIn]) -> ChapterView:
    """A new draft at the end of the series. 402 where the owner's plan holds no more (B4)."""
    return await chapters.create_chapter(ctx, series_id, **_given(data))


@get("/api/v1/chapters/{chapter_id:uuid}", opt=access("member"))
async def read(ctx: CtxDep, chapter_id: Path[UUID]) -> ChapterView:
    """A chapter with its source, for those who read its drafts."""
    return await access_chapter(ctx, chapter_id)


@patch("/api/v1/chapters/{chapter_id:uuid}", opt=access("member", limit="write"))
async def edit(ctx: CtxDep, chapter_id: Path[UUID], data: Body[ChapterEdit]) -> ChapterView:
    """Changes what is given, made on `revision`; 409 with the newer revision when somebody was faster."""
    return await chapters.edit_chapter(ctx, chapter_id, **_given(data))


@delete("/api/v1/chapters/{chapter_id:uuid}", opt=access("member"))
async def remove(ctx: CtxDep, chapter_id: Path[UUID]) -> None:
    """Deletes a chapter; for 30 days it can be restored (S5)."""
    await chapters.delete_chapter(ctx, chapter_id)


@post("/api/v1/chapters/{chapter_id:uuid}/restore", status_code=200, opt=access("member"))
async def restore(ctx: CtxDep, chapter_id: Path[UUID]) -> ChapterView:
    """Brings a deleted chapter back; it gets the next number where its own was taken meanwhile (S5)."""
    return await chapters.restore_chapter(ctx, chapter_id)


@post("/api/v1/chapters/{chapter_id:uuid}/duplicate", opt=access("member", limit="write"))
async def duplicate(ctx: CtxDep, chapter_id: Path[UUID]) -> ChapterView:
    """A draft with the same text, at the end of the series."""
    return await chapters.duplicate_chapter(ctx, chapter_id)


@get("/api/v1/chapters/{chapter_id:uuid}/content", opt=access("member"))
async def content(ctx: CtxDep, chapter_id: Path[UUID]) -> ContentView:
    """The text alone."""
    return _content(await access_chapter(ctx, chapter_id))


@put("/api/v1/chapters/{chapter_id:uuid}/content", opt=access("member", limit="write"))
async def put_content(ctx: CtxDep, chapter_id: Path[UUID], data: Body[ContentEdit]) -> ContentView:
    """Another text in place of the one of `revision`; it is a version (S3). 409 when somebody was faster."""
    return _content(await chapters.edit_chapter(ctx, chapter_id, **_given(data)))


# ---- publishing ------------------------------------------------------------------------------------------------


@post("/api/v1/chapters/{chapter_id:uuid}/publish", status_code=200, opt=access("member", limit="write"))
async def publish(ctx: CtxDep, chapter_id: Path[UUID], data: Body[PublishIn] = NEWEST) -> ChapterView:
    """Publishes a chapter. Where the answer's state is in_review, `screening_reasons` says why (P5)."""
    return await schedule.publish_chapter(ctx, chapter_id, revision=data.revision)


@post("/api/v1/chapters/{chapter_id:uuid}/unpublish", status_code=200, opt=access("member"))
async def unpublish(ctx: CtxDep, chapter_id: Path[UUID]) -> ChapterView:
    """Takes a chapter back from readers or from review."""
    return await schedule.unpublish_chapter(ctx, chapter_id)


@post("/api/v1/chapters/{chapter_id:uuid}/schedule", status_code=200, opt=access("member"))
async def put_on_schedule(ctx: CtxDep, chapter_id: Path[UUID], data: Body[ScheduleIn]) -> ChapterView:
    """Has a chapter published at a time, within a minute of it (S4)."""
    return await schedule.schedule_chapter(ctx, chapter_id, at=data.at, timezone=data.timezone)


@patch("/api/v1/chapters/{chapter_id:uuid}/schedule", opt=access("member"))
async def reschedule(ctx: CtxDep, chapter_id: Path[UUID], data: Body[ScheduleIn]) -> ChapterView:
    """Another time for its publication."""
    return await schedule.schedule_chapter(ctx, chapter_id, at=data.at, timezone=data.timezone)


@delete("/api/v1/chapters/{chapter_id:uuid}/schedule", status_code=200, opt=access("member"))
async def unschedule(ctx: CtxDep, chapter_id: Path[UUID]) -> ChapterView:
    """A draft again; repeating it changes nothing."""
    return await schedule.cancel_schedule(ctx, chapter_id)


@post("/api/v1/chapters/{chapter_id:uuid}/archive", status_code=200, opt=access("member"))
async def archive(ctx: CtxDep, chapter_id: Path[UUID]) -> ChapterView:
    """Takes a chapter back from readers and puts it aside."""
    return await schedule.archive_chapter(ctx, chapter_id)


@post("/api/v1/chapters/{chapter_id:uuid}/unarchive", status_code=200, opt=access("member"))
async def unarchive(ctx: CtxDep, chapter_id: Path[UUID]) -> ChapterView:
    """A draft again."""
    return await schedule.unarchive_chapter(ctx, chapter_id)


# ---- who reads it ----------------------------------------------------------------------------------------------


@get("/api/v1/chapters/{chapter_id:uuid}/access", opt=access("member"))
async def read_access(ctx: CtxDep, chapter_id: Path[UUID]) -> AccessView:
    """Who reads the whole of it, and what everybody sees (S1)."""
    await access_chapter(ctx, chapter_id)
    return await access_of(ctx, chapter_id)


@patch("/api/v1/chapters/{chapter_id:uuid}/access", opt=access("member", limit="write"))
async def edit_access(ctx: CtxDep, chapter_id: Path[UUID], data: Body[AccessEdit]) -> AccessView:
    """Changes who reads the whole of it, its price, and how much everybody sees."""
    return await opening.change_access(ctx, chapter_id, opening.Chosen(**_given(data)))


@post("/api/v1/chapters/{chapter_id:uuid}/schedule-free", status_code=200, opt=access("member"))
async def open_at(ctx: CtxDep, chapter_id: Path[UUID], data: Body[ScheduleIn]) -> AccessView:
    """Has it open to everybody at a time."""
    return await opening.schedule_free(ctx, chapter_id, at=data.at, timezone=data.timezone)


@patch("/api/v1/chapters/{chapter_id:uuid}/schedule-free", opt=access("member"))
async def open_at_another(ctx: CtxDep, chapter_id: Path[UUID], data: Body[ScheduleIn]) -> AccessView:
    """Another time for its opening."""
    return await opening.schedule_free(ctx, chapter_id, at=data.at, timezone=data.timezone)


@delete("/api/v1/chapters/{chapter_id:uuid}/schedule-free", status_code=200, opt=access("member"))
async def do_not_open(ctx: CtxDep, chapter_id: Path[UUID]) -> AccessView:
    """Calls the opening off: what held before holds again."""
    return await opening.cancel_free(ctx, chapter_id)


def _given(data: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(data, name) for name in data.__struct_fields__}


def _content(chapter: ChapterView) -> ContentView:
    return ContentView(chapter_id=chapter.id, **{name: getattr(chapter, name) for name in _SAME})


routes = [
    list_chapters,
    create,
    read,
    edit,
    remove,
    restore,
    duplicate,
    content,
    put_content,
    publish,
    unpublish,
    put_on_schedule,
    reschedule,
    unschedule,
    archive,
    unarchive,
    read_access,
    edit_access,
    open_at,
    open_at_another,
    do_not_open,
]
