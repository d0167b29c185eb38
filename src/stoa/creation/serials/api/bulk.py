"""`/api/v1/series/{id}/chapters/reorder` and `/bulk`, and moving a chapter to another series."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import patch, post

from stoa.creation.serials.actions import bulk as many
from stoa.creation.serials.actions import places
from stoa.creation.serials.schemas.bulk import BulkAccess, BulkEdit, BulkIn, BulkSchedule, MoveIn, ReorderIn
from stoa.creation.serials.types import BulkDone, ChapterView
from stoa.kit.http import Body, CtxDep, Path, access


@patch("/api/v1/series/{series_id:uuid}/chapters/reorder", opt=access("member", limit="write"))
async def reorder(ctx: CtxDep, series_id: Path[UUID], data: Body[ReorderIn]) -> BulkDone:
    """Puts all chapters of the series into this order. 422 where one is missing, or is not of this series."""
    order = await places.reorder(ctx, series_id, data.chapter_ids, renumber=data.renumber)
    return BulkDone(done=order, problems=[])


@post("/api/v1/chapters/{chapter_id:uuid}/move", status_code=200, opt=access("member", limit="write"))
async def move(ctx: CtxDep, chapter_id: Path[UUID], data: Body[MoveIn]) -> ChapterView:
    """Puts a chapter at the end of another series of its author; its old address leads there (S6)."""
    return await many.move_chapter(ctx, chapter_id, data.series_id)


@post("/api/v1/series/{series_id:uuid}/chapters/bulk/update", status_code=200, opt=access("member", limit="write"))
async def bulk_update(ctx: CtxDep, series_id: Path[UUID], data: Body[BulkEdit]) -> BulkDone:
    """Gives chapters the same volume, rating, language or place of the author's note."""
    return await many.update_many(ctx, series_id, **_given(data))


@post("/api/v1/series/{series_id:uuid}/chapters/bulk/delete", status_code=200, opt=access("member", limit="write"))
async def bulk_delete(ctx: CtxDep, series_id: Path[UUID], data: Body[BulkIn]) -> BulkDone:
    """Deletes chapters; for 30 days they can be restored (S5)."""
    return await many.delete_many(ctx, series_id, data.chapter_ids)


@post("/api/v1/series/{series_id:uuid}/chapters/bulk/publish", status_code=200, opt=access("member", limit="write"))
async def bulk_publish(ctx: CtxDep, series_id: Path[UUID], data: Body[BulkIn]) -> BulkDone:
    """Publishes chapters; `problems` says what some of them lack."""
    return await many.publish_many(ctx, series_id, data.chapter_ids)


@post("/api/v1/series/{series_id:uuid}/chapters/bulk/access", status_code=200, opt=access("member", limit="write"))
async def bulk_access(ctx: CtxDep, series_id: Path[UUID], data: Body[BulkAccess]) -> BulkDone:
    """Changes who reads the whole of chapters, and what each costs."""
    return await many.open_many(ctx, series_id, **_given(data))


@post("/api/v1/series/{series_id:uuid}/chapters/bulk/schedule", status_code=200, opt=access("member", limit="write"))
async def bulk_schedule(ctx: CtxDep, series_id: Path[UUID], data: Body[BulkSchedule]) -> BulkDone:
    """Has chapters published one after the other; `problems` says what some of them lack."""
    return await many.schedule_many(ctx, series_id, **_given(data))


def _given(data: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(data, name) for name in data.__struct_fields__}


routes = [reorder, move, bulk_update, bulk_delete, bulk_publish, bulk_access, bulk_schedule]
