"""`/dashboard/chapters/{id}/warnings` and `/move`: what a chapter warns of itself, and another series for it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.serials.actions.bulk import move_chapter
from stoa.creation.serials.actions.chapter_warnings import set_warnings
from stoa.creation.serials.policies.chapters import access_chapter_to_edit
from stoa.creation.serials.queries.series import own_series
from stoa.creation.serials.types import ChapterView
from stoa.foundation.team.policies import access_site
from stoa.front.studio.chapters import CHAPTER, CHAPTERS, chapter_page
from stoa.front.studio.series import said, texts
from stoa.front.studio.series_listing import ticked_warnings, warning_fields
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import parse_id

SERIES_MOST = 100  # to choose from


@get(f"{CHAPTER}/warnings", opt=access("member"))
async def warnings_form(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """The kinds of warnings, with those it has."""
    chapter = await access_chapter_to_edit(ctx, chapter_id)
    return await _show(request, ctx, chapter, {one.id: one.details for one in chapter.warnings}, {})


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    chapter: ChapterView,
    chosen: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
) -> Response[Any]:
    return await chapter_page(
        request,
        ctx,
        chapter,
        "studio/chapter_warnings.html",
        at="settings",
        status=status,
        **warning_fields(chosen, errors),
    )


@post(f"{CHAPTER}/warnings", opt=access("member"))
async def save(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """Keeps those that are ticked, with their details."""
    chapter = await access_chapter_to_edit(ctx, chapter_id)
    given = ticked_warnings(texts(await request.form()))
    try:
        await set_warnings(ctx, chapter_id, given)
    except Invalid as error:
        return await _show(request, ctx, chapter, given, error.fields, error.status)
    return said(request, f"{CHAPTERS}/{chapter_id}/settings", "Saved. Readers see it before they begin.")


@get(f"{CHAPTER}/move", opt=access("member"))
async def move_form(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """The other series of the site that it could stand in."""
    return await _move(request, ctx, await access_chapter_to_edit(ctx, chapter_id), {})


async def _move(
    request: Request[Any, Any, Any], ctx: Ctx, chapter: ChapterView, errors: dict[str, str], status: int = 200
) -> Response[Any]:
    site = await access_site(ctx, chapter.site_id)
    found = await own_series(ctx, site, limit=SERIES_MOST)
    is_comic = chapter.content_type.is_comic
    others = [one for one in found.items if one.id != chapter.series_id and one.content_type.is_comic == is_comic]
    return await chapter_page(
        request,
        ctx,
        chapter,
        "studio/chapter_move.html",
        at="settings",
        status=status,
        others=[(str(one.id), one.title) for one in others],
        errors=errors,
    )


@post(f"{CHAPTER}/move", opt=access("member", limit="write"))
async def move(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """Puts it at the end of another series; its old address leads there."""
    chapter = await access_chapter_to_edit(ctx, chapter_id)
    series_id = parse_id(texts(await request.form()).get("series_id"))
    try:
        if series_id is None:
            raise Invalid(fields={"series_id": "Please choose a series"})
        moved = await move_chapter(ctx, chapter_id, series_id)
    except Invalid as error:
        return await _move(request, ctx, chapter, error.fields or {"series_id": error.detail}, error.status)
    return said(request, f"{CHAPTERS}/{chapter_id}/settings", f"It stands at the end of “{moved.series_title}” now.")


routes = [warnings_form, save, move_form, move]
