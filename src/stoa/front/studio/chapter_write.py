"""`/dashboard/chapters/{id}/edit`: the writing desk of a chapter. A plain form without JS.

What is typed is kept beside the chapter by the script (`POST /api/v1/chapters/{id}/autosave`) until it is saved, which
makes a version of it (S3).
"""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.serials.actions.autosave import forget
from stoa.creation.serials.actions.chapters import edit_chapter
from stoa.creation.serials.policies.chapters import access_chapter_to_edit
from stoa.creation.serials.queries.versions import autosave_of
from stoa.creation.serials.types import BODY_MAX, NOTE_MAX, TITLE_MAX, Autosave, ChapterView
from stoa.creation.works.errors import EditConflict
from stoa.creation.works.types import State
from stoa.foundation.team.types import Permission
from stoa.front.page import page, see_other
from stoa.front.studio.chapters import CHAPTER, CHAPTERS, places_of
from stoa.front.studio.series import SERIES, said, texts
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, StoaError
from stoa.kit.http import CtxDep, Path, access


class TextForm(msgspec.Struct):
    """What the desk holds."""

    revision: int
    title: Annotated[str, msgspec.Meta(max_length=TITLE_MAX)] = ""
    body: Annotated[str, msgspec.Meta(max_length=BODY_MAX)] = ""
    author_note: Annotated[str, msgspec.Meta(max_length=NOTE_MAX)] = ""
    author_note_position: str = "end"
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get(f"{CHAPTER}/edit", opt=access("member"))
async def write(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """The text as it was saved; with `typed`, as one typed it and did not save it."""
    chapter = await access_chapter_to_edit(ctx, chapter_id)
    kept = await autosave_of(ctx, chapter)
    typed = _typed(chapter)
    if kept is not None and request.query_params.get("typed") == "yes":
        typed |= {"title": kept.title, "body": kept.body_markdown, "author_note": kept.author_note_markdown}
        return await _desk(request, ctx, chapter, typed, taken=kept)
    same = kept is None or (kept.title, kept.body_markdown, kept.author_note_markdown) == (
        chapter.title,
        chapter.body_markdown,
        chapter.author_note_markdown,
    )
    return await _desk(request, ctx, chapter, typed, kept=None if same else kept, taken=kept if same else None)


def _typed(chapter: ChapterView) -> dict[str, Any]:
    return {
        "title": chapter.title,
        "body": chapter.body_markdown,
        "author_note": chapter.author_note_markdown,
        "author_note_position": chapter.author_note_position,
        "note": "",
    }


async def _desk(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    chapter: ChapterView,
    typed: dict[str, Any],
    *,
    kept: Autosave | None = None,
    taken: Autosave | None = None,
    error: StoaError | None = None,
) -> Response[Any]:
    """kept: what is offered beside the text that is shown. taken: what is shown, or is the same."""
    is_conflict = isinstance(error, EditConflict)
    return await page(
        request,
        ctx,
        "studio/chapter_write.html",
        status=error.status if error else 200,
        chapter=chapter,
        typed=typed,
        kept=kept,
        kept_json=msgspec.json.encode(kept).decode() if kept else None,
        seen=taken.saved_at if taken else None,
        is_conflict=is_conflict,
        errors={} if error is None or is_conflict else _named(error),
        is_live=chapter.state == State.PUBLISHED,
        can_publish=Permission.PUBLISH in chapter.my_permissions,
        places=places_of(chapter),
        base=f"{CHAPTERS}/{chapter.id}",
        series_base=f"{SERIES}/{chapter.series_id}",
        body_max=BODY_MAX,
        title_max=TITLE_MAX,
        note_max=NOTE_MAX,
        page_keys=[("Ctrl S", "Save"), ("Ctrl B", "Bold"), ("Ctrl I", "Italic"), ("Ctrl Z", "Undo")],
    )


def _named(error: StoaError) -> dict[str, str]:
    """Errors by the names that the form's fields have."""
    names = {"body_markdown": "body", "images": "body", "author_note_markdown": "author_note"}
    if isinstance(error, Invalid) and error.fields:
        return {names.get(name, name): text for name, text in error.fields.items()}
    return {"body": error.detail}


@post(f"{CHAPTER}/edit", opt=access("member", limit="write"))
async def save(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """Saves the text as a version, or throws away what was only typed; then to publishing, where that was asked."""
    await access_chapter_to_edit(ctx, chapter_id)
    form = texts(await request.form())
    then = form.pop("then", "save")
    here = f"{CHAPTERS}/{chapter_id}/edit"
    if then == "drop":
        await forget(ctx, chapter_id)
        return said(request, here, "What was not saved is thrown away.")
    try:
        given = forms.parse(TextForm, form, strict=False)
        saved = await edit_chapter(
            ctx,
            chapter_id,
            revision=given.revision,
            title=given.title,
            body_markdown=given.body,
            author_note_markdown=given.author_note,
            author_note_position=given.author_note_position,
            note=given.note,
        )
    except (Invalid, EditConflict) as error:
        chapter = await access_chapter_to_edit(ctx, chapter_id)
        kept = {name: value for name, value in form.items() if isinstance(value, str) and name in _typed(chapter)}
        return await _desk(request, ctx, chapter, _typed(chapter) | kept, error=error)
    if then == "publish":
        return see_other(f"{CHAPTERS}/{chapter_id}/publish")
    if saved.state == State.IN_REVIEW:
        return said(request, here, "The new text waits for a moderator.", "warn")
    return said(request, here, f"Saved as version {saved.version}.")


routes = [write, save]
