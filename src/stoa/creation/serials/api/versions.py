"""`/api/v1/chapters/{id}/versions` and `/autosave` (S3)."""

from uuid import UUID

from litestar import delete, get, post

from stoa.creation.serials.actions import autosave as autosaves
from stoa.creation.serials.actions import history
from stoa.creation.serials.policies.chapters import access_chapter, access_version
from stoa.creation.serials.queries.versions import versions
from stoa.creation.serials.schemas.versions import AutosaveIn, RestoreIn
from stoa.creation.serials.types import Autosave, ChapterView, VersionDiff, VersionText, VersionView
from stoa.kit.errors import NotFound
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.pagination import Page

NEWEST = RestoreIn()  # what no body at all means


@post("/api/v1/chapters/{chapter_id:uuid}/autosave", status_code=200, opt=access("member", limit="write"))
async def autosave(ctx: CtxDep, chapter_id: Path[UUID], data: Body[AutosaveIn]) -> Autosave:
    """Keeps what is being typed; no version. 409 where another tab has kept something this one has not seen."""
    return await autosaves.autosave(
        ctx,
        chapter_id,
        tab=data.tab,
        base_version=data.base_version,
        title=data.title,
        body_markdown=data.body_markdown,
        author_note_markdown=data.author_note_markdown,
        seen=data.seen,
    )


@get("/api/v1/chapters/{chapter_id:uuid}/autosave", opt=access("member"))
async def kept_text(ctx: CtxDep, chapter_id: Path[UUID]) -> Autosave:
    """What one typed and has not saved; 404 where there is nothing of the kind."""
    kept = await autosaves.kept_text(ctx, chapter_id)
    if kept is None:
        raise NotFound("There is nothing that is not saved")
    return kept


@delete("/api/v1/chapters/{chapter_id:uuid}/autosave", opt=access("member"))
async def forget(ctx: CtxDep, chapter_id: Path[UUID]) -> None:
    """Throws it away; repeating it changes nothing."""
    await autosaves.forget(ctx, chapter_id)


@get("/api/v1/chapters/{chapter_id:uuid}/versions", opt=access("member"))
async def list_versions(
    ctx: CtxDep, chapter_id: Path[UUID], cursor: Cursor = None, limit: PageLimit = 20
) -> Page[VersionView]:
    """The versions of its text, the newest first."""
    await access_chapter(ctx, chapter_id)
    return await versions(ctx, chapter_id, cursor=cursor, limit=limit)


@get("/api/v1/chapters/{chapter_id:uuid}/versions/{version_id:uuid}", opt=access("member"))
async def version(ctx: CtxDep, chapter_id: Path[UUID], version_id: Path[UUID]) -> VersionText:
    """One with its text."""
    return await access_version(ctx, chapter_id, version_id)


@post(
    "/api/v1/chapters/{chapter_id:uuid}/versions/{version_id:uuid}/restore",
    status_code=200,
    opt=access("member", limit="write"),
)
async def restore(
    ctx: CtxDep, chapter_id: Path[UUID], version_id: Path[UUID], data: Body[RestoreIn] = NEWEST
) -> ChapterView:
    """Brings its text back, as a new version."""
    return await history.restore_version(ctx, chapter_id, version_id, revision=data.revision)


@get("/api/v1/chapters/{chapter_id:uuid}/versions/{version_id:uuid}/diff", opt=access("member"))
async def diff(ctx: CtxDep, chapter_id: Path[UUID], version_id: Path[UUID]) -> VersionDiff:
    """What it changed in the version before it."""
    after = await access_version(ctx, chapter_id, version_id)
    first = after.version.version == 1
    before = None if first else await access_version(ctx, chapter_id, after.version.version - 1)
    return await history.diff(ctx, before, after)


@get("/api/v1/chapters/{chapter_id:uuid}/versions/compare/{v1:int}/{v2:int}", opt=access("member"))
async def compare(ctx: CtxDep, chapter_id: Path[UUID], v1: Path[int], v2: Path[int]) -> VersionDiff:
    """What lies between two versions, by their numbers."""
    before, after = await access_version(ctx, chapter_id, v1), await access_version(ctx, chapter_id, v2)
    return await history.diff(ctx, before, after)


routes = [autosave, kept_text, forget, list_versions, version, restore, diff, compare]
