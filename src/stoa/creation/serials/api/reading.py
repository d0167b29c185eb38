"""`/api/v1/chapters` for readers. What is hidden from them is in no answer (S1)."""

from uuid import UUID

from litestar import get

from stoa.creation.serials.policies.chapters import access_series_place
from stoa.creation.serials.policies.reading import access_published_chapter, access_to_read
from stoa.creation.serials.queries.chapters import public_chapters
from stoa.creation.serials.types import ChapterCard, ChapterInfo, ReadView
from stoa.creation.works import actions as works
from stoa.kit.http import CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.pagination import Page


@get("/api/v1/series/{series_id:uuid}/chapters/public", opt=access("public"))
async def list_public(
    ctx: CtxDep,
    series_id: Path[UUID],
    newest_first: Query[bool] = False,
    cursor: Cursor = None,
    limit: PageLimit = 50,
) -> Page[ChapterCard]:
    """The published chapters of a series in their order, or the last first."""
    series = await access_series_place(ctx, series_id)
    return await public_chapters(ctx, series, newest_first=newest_first, cursor=cursor, limit=limit)


@get("/api/v1/chapters/{chapter_id:uuid}/public", opt=access("public"))
async def read_public(ctx: CtxDep, chapter_id: Path[UUID]) -> ChapterInfo:
    """What everybody may know of a published chapter, without its text."""
    chapter = await access_published_chapter(ctx, chapter_id)
    return ChapterInfo(**{name: getattr(chapter, name) for name in ChapterInfo.__struct_fields__})


@get("/api/v1/chapters/{chapter_id:uuid}/read", opt=access("public"))
async def read(ctx: CtxDep, chapter_id: Path[UUID]) -> ReadView:
    """A chapter as the caller may have it: whole, or its beginning and what would open the rest (S1).

    A reader's first look counts as a view (P2).
    """
    chapter = await access_to_read(ctx, chapter_id)
    return await access_to_read(ctx, chapter_id) if await works.record_view(ctx, chapter_id) else chapter


routes = [list_public, read_public, read]
