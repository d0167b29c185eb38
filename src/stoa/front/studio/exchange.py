"""`/dashboard/series/{id}/import` and `/export`, `/dashboard/imports/{id}`: chapters from files, files of chapters."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.exchange import actions, queries
from stoa.creation.exchange.actions.reporting import outcome_of
from stoa.creation.exchange.errors import NotWaiting
from stoa.creation.exchange.policies import FORM_OVERHEAD_BYTES, access_import, access_to_import, check_announced
from stoa.creation.exchange.queries import StoredImport
from stoa.creation.exchange.types import Duplicates, ExportState, Format, ImportState, Options, Target
from stoa.creation.serials.policies.series import access_series
from stoa.creation.serials.types import SeriesView
from stoa.foundation.team.types import Permission
from stoa.front.page import see_other
from stoa.front.studio.series import ONE, SERIES, said, series_page
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, TooLarge
from stoa.kit.forms import storable
from stoa.kit.http import CtxDep, Multipart, Path, access
from stoa.kit.http.lending import lending_of

IMPORT: Final = "/dashboard/imports/{import_id:uuid}"
UNDER_WAY: Final = (ImportState.READING, ImportState.IMPORTING)


@dataclass
class BookForm:
    """A file; where none was chosen, browsers send an empty text."""

    file: Any = None


async def _announced(request: Request[Any, Any, Any]) -> None:
    most_bytes = lending_of(request.scope).app.settings.max_upload_bytes
    check_announced(request.headers.get("content-length"), most_bytes)


# ---- in --------------------------------------------------------------------------------------------------------


@get([f"{ONE}/import", f"{ONE}/chapters/import"], opt=access("member"))
async def import_form(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Where to choose a file or name a document; what came in before."""
    return await _form(request, ctx, series_id, {}, {})


@post(
    f"{ONE}/import",
    dto=None,  # a file is no field of a form
    before_request=_announced,
    request_max_body_size=MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES,
    opt=access("member", limit="upload"),
)
async def take_file(
    request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID], data: Multipart[BookForm]
) -> Response[Any]:
    """Reads a file; nothing comes in before one has seen what is in it."""
    await access_to_import(ctx, series_id)
    name = str(getattr(data.file, "filename", "") or "")
    try:
        if not name:
            raise Invalid(fields={"file": "Please choose a file"})
        content = await data.file.read(ctx.app.settings.max_upload_bytes + 1)
        begun = await actions.begin_import(
            ctx, series_id, data=content, filename=name if storable(name) else "", options=Options()
        )
    except Invalid as error:
        return await _form(request, ctx, series_id, {}, error.fields, error.status)
    except TooLarge as error:
        return await _form(request, ctx, series_id, {}, {"file": error.detail}, error.status)
    return see_other(f"/dashboard/imports/{begun.id}")


@post(f"{ONE}/import/google-docs", opt=access("member", limit="upload", gated=False))
async def take_link(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Reads a document of Google Docs by its link (L3)."""
    await access_to_import(ctx, series_id)
    url = str((await request.form()).get("url", ""))
    lending = lending_of(request.scope)
    try:
        found = await lending.outside(actions.from_google(url, ctx.app.settings.max_upload_bytes))
        begun = await actions.begin_import(
            await lending.ctx(),
            series_id,
            data=found.content,
            filename=found.filename if storable(found.filename) else "",
            options=Options(),
            wanted=Format.GOOGLE_DOCS,
            field="url",
        )
    except Invalid as error:
        return await _form(request, await lending.ctx(), series_id, {"url": url}, error.fields, error.status)
    return see_other(f"/dashboard/imports/{begun.id}")


async def _form(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    series_id: UUID,
    typed: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
) -> Response[Any]:
    series = await access_series(ctx, series_id, Permission.EDIT_CONTENT)
    return await series_page(
        request,
        ctx,
        series,
        "studio/import.html",
        status=status,
        typed={"url": "", **typed},
        errors=errors,
        most_bytes=ctx.app.settings.max_upload_bytes,
        imports=await queries.imports_of(ctx, series_id),
    )


@get(IMPORT, opt=access("member"))
async def show_import(request: Request[Any, Any, Any], ctx: CtxDep, import_id: Path[UUID]) -> Response[Any]:
    """What was found, chapter by chapter, and what became of it; while it is worked on, how far it is."""
    found = await access_import(ctx, import_id)
    return await _import(request, ctx, found, found.options, {})


@post(f"{IMPORT}/confirm", opt=access("member", limit="write"))
async def confirm(request: Request[Any, Any, Any], ctx: CtxDep, import_id: Path[UUID]) -> Response[Any]:
    """Says yes to the chapters that are ticked."""
    found = await access_import(ctx, import_id)
    form = await request.form()
    ticked = {int(text) for text in form.getall("take", []) if text.isascii() and text.isdigit() and len(text) < 6}
    duplicates = str(form.get("duplicates", ""))
    options = Options(
        duplicates=Duplicates(duplicates) if duplicates in set(Duplicates) else Duplicates.SKIP,
        leave_out=[chapter.index for chapter in found.report.chapters if chapter.index not in ticked],
        take_cover=form.get("take_cover") == "on",
    )
    if found.state is ImportState.CHECKED and not any(
        outcome_of(chapter, options) != "skipped" for chapter in found.report.chapters
    ):
        wrong = {"take": "None of these would come in. Please tick some, or add what is here already once more"}
        return await _import(request, ctx, found, options, wrong, 422)
    try:
        await actions.confirm_import(ctx, import_id, options)
    except NotWaiting as error:
        return said(request, f"/dashboard/imports/{import_id}", error.detail, "warn")
    return see_other(f"/dashboard/imports/{import_id}")


@post(f"{IMPORT}/cancel", opt=access("member", limit="write"))
async def cancel(request: Request[Any, Any, Any], ctx: CtxDep, import_id: Path[UUID]) -> Response[Any]:
    """Says no: nothing comes in."""
    found = await access_import(ctx, import_id)
    try:
        await actions.cancel_import(ctx, import_id)
    except NotWaiting as error:
        return said(request, f"/dashboard/imports/{import_id}", error.detail, "warn")
    return said(request, f"{SERIES}/{found.series_id}/import", "Called off. Nothing has come in.")


async def _import(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    found: StoredImport,
    options: Options,
    errors: dict[str, str],
    status: int = 200,
) -> Response[Any]:
    series = await access_series(ctx, found.series_id, Permission.EDIT_CONTENT)
    is_part = "hx-request" in request.headers
    if is_part and found.state not in UNDER_WAY:
        return Response("", headers={"HX-Refresh": "true"})  # it is over, and the whole page has more to tell
    return await series_page(
        request,
        ctx,
        series,
        "studio/_import_progress.html" if is_part else "studio/import_report.html",
        status=status,
        trail=[(f"{SERIES}/{series.id}/import", "Bring chapters in")],
        one=found,
        options=options,
        errors=errors,
        waits=found.state in UNDER_WAY,
        outcomes={chapter.index: outcome_of(chapter, Options()) for chapter in found.report.chapters},
        again=f"/dashboard/imports/{found.id}",
    )


# ---- out -------------------------------------------------------------------------------------------------------


@get(f"{ONE}/export", opt=access("member"))
async def export_page(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """What a series can be written as, and what was written."""
    series = await access_series(ctx, series_id, Permission.READ_DRAFTS)
    return await _export(request, ctx, series)


@post(f"{ONE}/export", opt=access("member", limit="write"))
async def begin_export(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Has a file written."""
    series = await access_series(ctx, series_id, Permission.READ_DRAFTS)
    form = await request.form()
    target, which = str(form.get("format", "")), str(form.get("which", ""))
    if target not in set(Target):
        return await _export(request, ctx, series, {"format": "Please choose one of these"}, 422)
    await actions.begin_export(ctx, series_id, Target(target), only_published=which == "published")
    return see_other(f"{SERIES}/{series_id}/export")


async def _export(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    series: SeriesView,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    made = await queries.exports_of(ctx, series.id)
    return await series_page(
        request,
        ctx,
        series,
        "studio/_exports.html" if "hx-request" in request.headers else "studio/export.html",
        status=status,
        errors=errors or {},
        targets=list(Target),
        exports=made,
        waits=any(one.state is ExportState.MAKING for one in made),
    )


routes = [import_form, take_file, take_link, show_import, confirm, cancel, export_page, begin_export]
