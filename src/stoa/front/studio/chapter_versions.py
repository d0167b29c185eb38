"""`/dashboard/chapters/{id}/versions`: what a chapter was, what changed, and the way back (S3)."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.serials.actions.history import diff, restore_version
from stoa.creation.serials.policies.chapters import access_chapter, access_version
from stoa.creation.serials.queries.versions import versions
from stoa.creation.works.errors import TextRefused
from stoa.creation.works.types import State
from stoa.foundation.team.types import Permission
from stoa.front.page import see_other
from stoa.front.public.home import address
from stoa.front.studio.chapters import CHAPTER, CHAPTERS, chapter_page
from stoa.front.studio.series import said
from stoa.kit import forms
from stoa.kit.errors import Conflict, Invalid
from stoa.kit.http import CtxDep, Path, access

PER_PAGE: Final = 30


class Compared(msgspec.Struct):
    """Two versions by their numbers."""

    before: int
    after: int


@get(f"{CHAPTER}/versions", opt=access("member"))
async def history(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """All of them, the newest first."""
    chapter = await access_chapter(ctx, chapter_id)
    here, cursor = f"{CHAPTERS}/{chapter_id}/versions", request.query_params.get("cursor")
    try:
        found = await versions(ctx, chapter_id, cursor=cursor, limit=PER_PAGE)
    except Invalid:
        return see_other(here)
    return await chapter_page(
        request,
        ctx,
        chapter,
        "studio/chapter_versions.html",
        at="versions",
        versions=found.items,
        older=address(here, cursor=found.next_cursor) if found.next_cursor else None,
        newer=here if cursor else None,
    )


@get(f"{CHAPTER}/versions/{{version_id:uuid}}", opt=access("member"))
async def one_version(
    request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID], version_id: Path[UUID]
) -> Response[Any]:
    """What it changed in the one before it; with `text`, the whole of it as readers would see it."""
    chapter = await access_chapter(ctx, chapter_id)
    shown = await access_version(ctx, chapter_id, version_id)
    number = shown.version.version
    is_text = number == 1 or request.query_params.get("show") == "text"
    before = None if number == 1 else await access_version(ctx, chapter_id, number - 1)
    here = f"{CHAPTERS}/{chapter_id}/versions/{version_id}"
    return await chapter_page(
        request,
        ctx,
        chapter,
        "studio/chapter_version.html",
        at="versions",
        shown=shown,
        is_text=is_text,
        diff=None if is_text else await diff(ctx, before, shown),
        tabs=[] if number == 1 else [(here, "What changed", not is_text), (f"{here}?show=text", "The text", is_text)],
        is_newest=number == chapter.version,
        may_restore=Permission.EDIT_CONTENT in chapter.my_permissions,
    )


@get(f"{CHAPTER}/versions/compare", opt=access("member"))
async def compare(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """What lies between two versions, `before` and `after`, by their numbers."""
    chapter = await access_chapter(ctx, chapter_id)
    try:
        asked = forms.parse(Compared, dict(request.query_params), strict=False)
    except Invalid:
        return see_other(f"{CHAPTERS}/{chapter_id}/versions")
    first, last = sorted((asked.before, asked.after))
    older, newer = await access_version(ctx, chapter_id, first), await access_version(ctx, chapter_id, last)
    return await chapter_page(
        request,
        ctx,
        chapter,
        "studio/chapter_compare.html",
        at="versions",
        older=older.version,
        newer=newer.version,
        diff=await diff(ctx, older, newer),
    )


@post(f"{CHAPTER}/versions/{{version_id:uuid}}/restore", opt=access("member", limit="write"))
async def restore(
    request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID], version_id: Path[UUID]
) -> Response[Any]:
    """Brings its text back, as a new version; no other is lost."""
    here = f"{CHAPTERS}/{chapter_id}/versions"
    try:
        done = await restore_version(ctx, chapter_id, version_id)
    except (Invalid, TextRefused, Conflict) as error:
        return said(request, here, error.detail, "bad", seconds=12)
    if done.state == State.IN_REVIEW:
        return said(request, here, "It is back, and waits for a moderator.", "warn")
    return said(request, here, f"It is back, as version {done.version}.")


routes = [history, one_version, compare, restore]
