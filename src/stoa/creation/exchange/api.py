"""`/api/v1/series/{series_id}/chapters/import` and `/export`, and what became of them."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream

from stoa.creation.exchange import actions, queries
from stoa.creation.exchange.errors import NotMade
from stoa.creation.exchange.policies import (
    FORM_OVERHEAD_BYTES,
    access_export,
    access_import,
    access_to_export,
    access_to_import,
    check_announced,
)
from stoa.creation.exchange.queries import StoredExport
from stoa.creation.exchange.schemas import (
    ConfirmIn,
    ExportIn,
    ExportOut,
    GoogleIn,
    ImportIn,
    ImportOut,
    export_out,
    import_out,
    options_of,
)
from stoa.creation.exchange.types import ExportState, Format, Options, Target
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.ctx import App, Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.forms import storable
from stoa.kit.http import Body, CtxDep, Multipart, Path, Query, access
from stoa.kit.http.lending import lending_of

CHAPTERS = "/api/v1/series/{series_id:uuid}/chapters"
MAX_BODY_BYTES = MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES
TYPES = tuple(target.content_type.partition(";")[0] for target in Target)
ONLY_TARGETS = f"One of {', '.join(Target)}"


async def _announced(request: Request[Any, Any, Any]) -> None:
    most_bytes = lending_of(request.scope).app.settings.max_upload_bytes
    check_announced(request.headers.get("content-length"), most_bytes)


@post(
    f"{CHAPTERS}/import",
    dto=None,  # a file is no field of JSON
    status_code=202,
    before_request=_announced,
    request_max_body_size=MAX_BODY_BYTES,
    opt=access("member", limit="upload"),
)
async def import_file(ctx: CtxDep, series_id: Path[UUID], data: Multipart[ImportIn]) -> ImportOut:
    """Brings in the chapters of a file (multipart field `file`): Markdown, HTML, Word, EPUB, or a ZIP of any of them.

    `dry_run` only reads it and reports; then `confirm` says yes. `duplicates`: skip, add or replace what the series has
    already. `format` refuses a file of another kind. The work goes on after the answer: see `state` and `progress`.
    """
    if data.format not in ("", *Format):
        raise Invalid(fields={"format": f"One of {', '.join(Format)}"})
    return await _imported(ctx, series_id, data, Format(data.format) if data.format else None)


@post(
    f"{CHAPTERS}/import/word",
    dto=None,  # a file is no field of JSON
    status_code=202,
    before_request=_announced,
    request_max_body_size=MAX_BODY_BYTES,
    opt=access("member", limit="upload"),
)
async def import_word(ctx: CtxDep, series_id: Path[UUID], data: Multipart[ImportIn]) -> ImportOut:
    """As `import`, of a Word document (.docx): a chapter begins at each heading of the highest level."""
    return await _imported(ctx, series_id, data, Format.DOCX)


@post(
    f"{CHAPTERS}/import/markdown",
    dto=None,  # a file is no field of JSON
    status_code=202,
    before_request=_announced,
    request_max_body_size=MAX_BODY_BYTES,
    opt=access("member", limit="upload"),
)
async def import_markdown(ctx: CtxDep, series_id: Path[UUID], data: Multipart[ImportIn]) -> ImportOut:
    """As `import`, of a Markdown file: a chapter begins at each heading of the highest level."""
    return await _imported(ctx, series_id, data, Format.MARKDOWN)


@post(
    f"{CHAPTERS}/import/google-docs",
    status_code=202,
    opt=access("member", limit="upload", gated=False),
)
async def import_google(
    request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID], data: Body[GoogleIn]
) -> ImportOut:
    """As `import`, of a document of Google Docs by its link, which everybody who has it may read (L3)."""
    await access_to_import(ctx, series_id)
    lending = lending_of(request.scope)
    found = await lending.outside(actions.from_google(data.url, ctx.app.settings.max_upload_bytes))
    options = Options(dry_run=data.dry_run, duplicates=data.duplicates, take_cover=data.take_cover)
    begun = await actions.begin_import(
        await lending.ctx(),
        series_id,
        data=found.content,
        filename=found.filename if storable(found.filename) else "",
        options=options,
        wanted=Format.GOOGLE_DOCS,
        field="url",
    )
    return import_out(begun)


@get(f"{CHAPTERS}/imports", opt=access("member"))
async def list_imports(ctx: CtxDep, series_id: Path[UUID]) -> list[ImportOut]:
    """The last 20 imports of a series, newest first."""
    await access_to_import(ctx, series_id)
    return [import_out(row) for row in await queries.imports_of(ctx, series_id)]


@get("/api/v1/imports/{import_id:uuid}", opt=access("member"))
async def get_import(ctx: CtxDep, import_id: Path[UUID]) -> ImportOut:
    """How far an import is, and its report."""
    return import_out(await access_import(ctx, import_id))


@post("/api/v1/imports/{import_id:uuid}/confirm", status_code=202, opt=access("member"))
async def confirm(ctx: CtxDep, import_id: Path[UUID], data: Body[ConfirmIn]) -> ImportOut:
    """Says yes to a dry run: its chapters come in, all of them or none."""
    options = Options(
        dry_run=True, duplicates=data.duplicates, leave_out=sorted(set(data.leave_out)), take_cover=data.take_cover
    )
    return import_out(await actions.confirm_import(ctx, import_id, options))


@delete("/api/v1/imports/{import_id:uuid}", opt=access("member"))
async def cancel(ctx: CtxDep, import_id: Path[UUID]) -> None:
    """Calls off an import of which nothing has come in yet."""
    await actions.cancel_import(ctx, import_id)


@get(
    f"{CHAPTERS}/export",
    status_code=200,
    responses={202: ResponseSpec(ExportOut, description="It is being written")},
    opt=access("member", write=True, answers=(*TYPES, "application/json")),
)
async def export_series(
    request: Request[Any, Any, Any],
    ctx: CtxDep,
    series_id: Path[UUID],
    format: Query[Target] = Target.EPUB,
    only_published: Query[bool] = False,
) -> Response[Any]:
    """A series as a file, with its drafts unless `only_published`. 202 and its `progress` while it is being written:
    ask again.
    """
    found = await actions.begin_export(ctx, series_id, format, only_published=only_published)
    if found.state is not ExportState.DONE:
        return Response(export_out(found), status_code=202, headers={"Retry-After": "2"})
    return await sent(request, ctx.app, found)


@post(f"{CHAPTERS}/export", status_code=202, opt=access("member"))
async def begin_export(ctx: CtxDep, series_id: Path[UUID], data: Body[ExportIn]) -> ExportOut:
    """Has a series written as a file; one that is there, or under way, is not begun again."""
    return export_out(await actions.begin_export(ctx, series_id, data.format, only_published=data.only_published))


@get(f"{CHAPTERS}/exports", opt=access("member"))
async def list_exports(ctx: CtxDep, series_id: Path[UUID]) -> list[ExportOut]:
    """One's last 20 exports of a series, newest first."""
    await access_to_export(ctx, series_id)
    return [export_out(row) for row in await queries.exports_of(ctx, series_id)]


@get("/api/v1/exports/{export_id:uuid}", opt=access("member"))
async def get_export(ctx: CtxDep, export_id: Path[UUID]) -> ExportOut:
    """How far an export is."""
    return export_out(await access_export(ctx, export_id))


@get("/api/v1/exports/{export_id:uuid}/file", opt=access("member", answers=TYPES))
async def get_file(request: Request[Any, Any, Any], ctx: CtxDep, export_id: Path[UUID]) -> Response[Any]:
    """The file of an export of one's own."""
    return await sent(request, ctx.app, await access_export(ctx, export_id))


@get("/api/v1/chapters/{chapter_id:uuid}/export", opt=access("member", answers=TYPES))
async def export_chapter(
    ctx: CtxDep, chapter_id: Path[UUID], format: Query[Target] = Target.MARKDOWN
) -> Response[bytes]:
    """A chapter as a file, for those who work on it."""
    return await chapter_file(ctx, chapter_id, format)


@get("/api/v1/chapters/{chapter_id:uuid}/export/{format:str}", opt=access("member", answers=TYPES))
async def export_chapter_as(
    ctx: CtxDep, chapter_id: Path[UUID], format: Annotated[str, QueryParameter(description=ONLY_TARGETS)]
) -> Response[bytes]:
    """A chapter as a file of this kind, for those who work on it."""
    if format not in set(Target):
        raise NotFound(ONLY_TARGETS)
    return await chapter_file(ctx, chapter_id, Target(format))


async def chapter_file(ctx: Ctx, chapter_id: UUID, target: Target) -> Response[bytes]:
    """The answer that is a chapter's file."""
    name, content = await actions.export_chapter(ctx, chapter_id, target)
    return Response(content, media_type=target.content_type, headers=_headers(name))


async def sent(request: Request[Any, Any, Any], app: App, export: StoredExport) -> Response[Any]:
    """The answer that is an export's file. Raises NotMade."""
    if export.state is not ExportState.DONE or export.path is None:
        raise NotMade
    await lending_of(request.scope).finish(True)
    chunks = app.storage.stream(export.path)
    first = await anext(chunks, b"")  # a file that is gone is told of before the answer has begun
    headers = _headers(export.filename) | {"Content-Length": str(export.bytes_count)}
    return Stream(_chained(first, chunks), status_code=200, headers=headers, media_type=export.format.content_type)


async def _imported(ctx: Ctx, series_id: UUID, data: ImportIn, wanted: Format | None) -> ImportOut:
    name = data.file.filename or ""
    options = options_of(data)
    content = await data.file.read(ctx.app.settings.max_upload_bytes + 1)
    begun = await actions.begin_import(
        ctx, series_id, data=content, filename=name if storable(name) else "", options=options, wanted=wanted
    )
    return import_out(begun)


def _headers(name: str) -> dict[str, str]:
    """A file is kept, never shown: what is in it was written by others."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    }


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


routes = [
    import_file,
    import_word,
    import_markdown,
    import_google,
    list_imports,
    get_import,
    confirm,
    cancel,
    export_series,
    begin_export,
    list_exports,
    get_export,
    get_file,
    export_chapter,
    export_chapter_as,
]
