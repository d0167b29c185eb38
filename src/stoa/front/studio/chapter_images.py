"""`/dashboard/chapters/{id}/images`: the pages of a comic: brought in, put in order, described; how far the work is."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile

from stoa.creation.comics import actions
from stoa.creation.comics.actions import Arranged, NewImage
from stoa.creation.comics.queries import images_of
from stoa.creation.comics.types import (
    MAX_ALT,
    MAX_AT_ONCE,
    MAX_BODY_BYTES,
    MAX_IMAGES,
    ImageView,
    OcrState,
    State,
    Uploaded,
)
from stoa.creation.serials.policies.chapters import access_chapter
from stoa.creation.serials.types import ChapterView
from stoa.foundation.media.errors import NotReady
from stoa.foundation.team.types import Permission
from stoa.front import flash
from stoa.front.flash import Toast
from stoa.front.page import see_other
from stoa.front.studio.chapters import CHAPTER, CHAPTERS, chapter_page
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Multipart, Path, access
from stoa.kit.http.lending import lending_of
from stoa.kit.ids import parse_id

_DOUBLE = {"": None, "yes": True, "no": False}


@dataclass
class FilesForm:
    """Pictures that are to be pages; where none was chosen, browsers send an empty text."""

    files: list[Any] = field(default_factory=list)


async def _comic(ctx: Ctx, chapter_id: UUID) -> ChapterView | None:
    """A chapter of a comic whose pages the actor works on; None for one of a novel."""
    chapter = await access_chapter(ctx, chapter_id, Permission.EDIT_CONTENT)
    return chapter if chapter.content_type.is_comic else None


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    chapter: ChapterView,
    *,
    pages: list[ImageView] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    shown = await images_of(ctx, chapter.id) if pages is None else pages
    return await chapter_page(
        request,
        ctx,
        chapter,
        "studio/chapter_images.html",
        at="images",
        status=status,
        pages=shown,
        waiting=sum(page.state is State.PROCESSING for page in shown),
        being_read=sum(page.state is State.READY and page.ocr_state is OcrState.WAITING for page in shown),
        errors=errors or {},
        alt_max=MAX_ALT,
        most=MAX_IMAGES,
        at_once=MAX_AT_ONCE,
        body_bytes=MAX_BODY_BYTES,
        most_bytes=ctx.app.settings.max_upload_bytes,
    )


@get(f"{CHAPTER}/images", opt=access("member"))
async def images_page(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """All pages in order, and where to bring more."""
    chapter = await _comic(ctx, chapter_id)
    if chapter is None:
        return see_other(f"{CHAPTERS}/{chapter_id}/edit")
    return await _show(request, ctx, chapter)


@post(
    f"{CHAPTER}/images/upload",
    dto=None,  # files are no fields of a form
    request_max_body_size=MAX_BODY_BYTES,
    opt=access("member", limit="upload"),
)
async def upload(
    request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID], data: Multipart[FilesForm]
) -> Response[Any]:
    """Several files, by a plain form."""
    chapter = await _comic(ctx, chapter_id)
    if chapter is None:
        return see_other(f"{CHAPTERS}/{chapter_id}/edit")
    files = [one for one in data.files if isinstance(one, UploadFile) and one.filename]
    if not 0 < len(files) <= MAX_AT_ONCE:
        wrong = {"files": f"Please choose 1 to {MAX_AT_ONCE} pictures at once"}
        return await _show(request, ctx, chapter, errors=wrong, status=422)
    most_bytes = ctx.app.settings.max_upload_bytes
    try:
        new = [NewImage(one.filename, await one.read(most_bytes + 1)) for one in files]
        done = await actions.add_images(ctx, chapter_id, new)
    except Invalid as error:
        return await _show(request, ctx, chapter, errors=error.fields, status=422)
    if not done.images:
        lending_of(request.scope).keep = True  # one with a virus lies in quarantine
        return await _show(request, ctx, chapter, errors={"files": _reasons(done)}, status=422)
    response = see_other(f"{CHAPTERS}/{chapter_id}/images")
    added = "1 page" if len(done.images) == 1 else f"{len(done.images)} pages"
    flash.add(request, response, Toast(f"{added} added.", "good"))
    if done.refused:
        flash.add(request, response, Toast(f"Left out: {_reasons(done)}", "warn", seconds=20))
    return response


@post(f"{CHAPTER}/images", opt=access("member", limit="write"))
async def change(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """Saves order and descriptions; and what the other buttons below the pages do."""
    chapter = await _comic(ctx, chapter_id)
    if chapter is None:
        return see_other(f"{CHAPTERS}/{chapter_id}/edit")
    form = await request.form()
    typed = {name: str(form.get(name, "")) for name in form}
    ticked = [found for found in map(parse_id, map(str, form.getall("ids", []))) if found is not None]
    there = await images_of(ctx, chapter_id)
    given = [_typed(page, typed) for page in _ordered(there, typed)]
    try:
        await actions.arrange(ctx, chapter_id, [Arranged(one.id, one.alt, _double(one)) for one in given])
        said = await _do(ctx, chapter, typed.get("do", "save"), ticked)
    except Invalid as error:
        return await _show(request, ctx, chapter, pages=given, errors=error.fields, status=422)
    response = see_other(f"{CHAPTERS}/{chapter_id}/images")
    flash.add(request, response, said)
    return response


async def _do(ctx: Ctx, chapter: ChapterView, do: str, ticked: list[UUID]) -> Toast:
    if do in ("delete", "process") and not ticked:
        return Toast("Saved. Please tick some pages first.", "warn")
    match do:
        case "sort":
            await actions.sort_by_name(ctx, chapter.id)
            return Toast("The pages stand in the order of their files’ names.", "good")
        case "delete":
            there = {page.id for page in await images_of(ctx, chapter.id, ticked)}
            gone = await actions.delete_images(ctx, chapter.id, there)
            return Toast(f"{_pages(gone)} taken out. The files lie in the trash of the library for 30 days.", "good")
        case "process":
            return await _process(ctx, chapter, ticked)
        case _:
            return Toast("Saved.", "good")


async def _process(ctx: Ctx, chapter: ChapterView, ticked: list[UUID]) -> Toast:
    again = await images_of(ctx, chapter.id, ticked)
    lost = [page for page in again if page.state is State.FAILED and not page.url]
    for page in again:
        if page not in lost:
            try:
                async with ctx.db.transaction():
                    await actions.process_again(ctx, chapter.id, page.id)
            except NotReady:
                lost.append(page)
    if lost:
        return Toast(f"Nothing is kept of {_pages(len(lost))}; please send them again.", "warn")
    return Toast(f"{_pages(len(again))} worked on once more.", "good")


def _ordered(pages: list[ImageView], typed: dict[str, str]) -> list[ImageView]:
    """By the places that were typed; of two at one place, the one that was moved stands where it was sent to."""

    def key(page: ImageView) -> tuple[int, int, int]:
        text = typed.get(f"place-{page.id}", "").strip()
        place = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else page.position
        return place, (place > page.position) - (place < page.position), page.position

    return sorted(pages, key=key)


def _typed(page: ImageView, typed: dict[str, str]) -> ImageView:
    double = typed.get(f"double-{page.id}", "")
    is_double = _DOUBLE.get(double)
    return msgspec.structs.replace(
        page,
        alt=typed.get(f"alt-{page.id}", page.alt),
        is_double=page.is_double if is_double is None else is_double,
        is_double_chosen=is_double is not None,
    )


def _double(page: ImageView) -> bool | None:
    return page.is_double if page.is_double_chosen else None


def _reasons(done: Uploaded) -> str:
    return "; ".join(f"{one.filename}: {one.problem}" for one in done.refused[:10])


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"


routes = [images_page, upload, change]
