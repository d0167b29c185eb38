"""Imports: a file is kept, read by a job, reported, and on a yes made into chapters, all of them or none."""

import asyncio
import re
from typing import Final
from uuid import UUID

from stoa.creation.exchange import queries
from stoa.creation.exchange.actions.acting import as_person
from stoa.creation.exchange.actions.carrying import carry
from stoa.creation.exchange.actions.reading import format_of, read
from stoa.creation.exchange.actions.reporting import report_of
from stoa.creation.exchange.errors import NotWaiting, Unreadable
from stoa.creation.exchange.messages import ReadImport
from stoa.creation.exchange.policies import access_import, access_to_import
from stoa.creation.exchange.queries import StoredImport
from stoa.creation.exchange.types import KEPT_IMPORT_DAYS, Format, ImportState, Options
from stoa.foundation.media.actions.scanning import once, scanned
from stoa.foundation.media.actions.texts import tidy_filename
from stoa.foundation.media.types import Scan
from stoa.kit import outgoing
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, run, update, value
from stoa.kit.errors import Invalid, StoaError, TooLarge
from stoa.kit.ids import new_id
from stoa.kit.queue import enqueue

_INSERT = run(
    """
    insert into imports (id, series_id, user_id, format, filename, path, options, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    """
)
_PROGRESS = run("update imports set progress = $2 where id = $1 and state in ('reading', 'importing')")
_GIVE_UP: Statement[str | None] = value(
    str | None,
    """
    update imports set path = null, progress = 100, finished_at = coalesce(finished_at, $1::timestamptz),
      state = case state when 'checked' then 'cancelled' when 'reading' then 'failed' when 'importing' then 'failed'
        else state end,
      problem = case when state in ('reading', 'importing') then 'It did not come to an end' else problem end
    where id = (select id from imports where path is not null
        and (created_at < $1::timestamptz - make_interval(days => $2) or state in ('done', 'failed', 'cancelled'))
      order by created_at limit 1 for update skip locked)
    returning 'imports/' || id
    """,
)
_GOOGLE: Final = re.compile(
    r"https://docs\.google\.com/(?:a/[^/\s]{1,100}/)?document/(?:u/\d{1,3}/)?d/([A-Za-z0-9_-]{20,100})"
)
_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


async def begin_import(
    ctx: Ctx,
    series_id: UUID,
    *,
    data: bytes,
    filename: str,
    options: Options,
    wanted: Format | None = None,
    field: str = "file",
) -> StoredImport:
    """Keeps a file and has it read. Without `dry_run` its chapters come in as soon as it was.

    wanted: what it is said to be; anything else is refused. field: what to blame. Raises NotFound, Forbidden,
    Unreadable, TooLarge.
    """
    await access_to_import(ctx, series_id)
    most_bytes = ctx.app.settings.max_upload_bytes
    if len(data) > most_bytes:
        raise TooLarge(f"Files may have at most {most_bytes / 1024**2:.3g} MB")
    try:
        found = await asyncio.to_thread(format_of, data, filename, wanted=wanted)
        if (await scanned(ctx, once(data)))[0] is Scan.INFECTED:
            raise Unreadable("The virus scanner found something in this file")
    except Unreadable as error:
        raise Invalid(fields={field: next(iter(error.fields.values()))}) from error
    import_id = new_id()
    path = f"imports/{import_id}"
    kind = wanted if wanted is Format.GOOGLE_DOCS else found
    await ctx.app.storage.put(path, data, "application/octet-stream")
    name = tidy_filename(filename)
    await _INSERT(ctx.db, import_id, series_id, ctx.member.id, kind.value, name, path, options, ctx.now)
    await enqueue(ctx, ReadImport(import_id=import_id))
    return await access_import(ctx, import_id)


async def confirm_import(ctx: Ctx, import_id: UUID, options: Options) -> StoredImport:
    """Says yes to what was read. Raises NotFound, Forbidden, NotWaiting, Invalid for chapters that are not in it."""
    await access_import(ctx, import_id)
    found = await queries.IMPORT_LOCKED(ctx.db, import_id)
    if found is None or found.state is not ImportState.CHECKED:
        raise NotWaiting
    known = {chapter.index for chapter in found.report.chapters}
    if not known.issuperset(options.leave_out):
        raise Invalid(fields={"leave_out": "Please name chapters by their index in the report"})
    # It comes in by the rights of whoever says yes: those of whoever sent the file may go further.
    changed = {"state": "importing", "progress": 0, "options": options, "user_id": ctx.member.id}
    await update(ctx.db, "imports", changed, where={"id": import_id})
    await enqueue(ctx, ReadImport(import_id=import_id))
    return await access_import(ctx, import_id)


async def cancel_import(ctx: Ctx, import_id: UUID) -> None:
    """Says no: nothing of it comes in. Repeating it changes nothing. Raises NotFound, Forbidden, NotWaiting."""
    await access_import(ctx, import_id)
    found = await queries.IMPORT_LOCKED(ctx.db, import_id)
    if found is None or found.state not in (ImportState.READING, ImportState.CHECKED, ImportState.CANCELLED):
        raise NotWaiting
    changed = {"state": "cancelled", "finished_at": found.finished_at or ctx.now}
    await update(ctx.db, "imports", changed, where={"id": import_id})


async def from_google(url: str, most_bytes: int) -> outgoing.Fetched:
    """A document of Google Docs by its link, as a Word file. To be asked outside of any transaction. Raises Invalid."""
    named = _GOOGLE.match(url.strip())
    if named is None:
        raise Invalid(fields={"url": "Please give the link of a document, which begins with docs.google.com/document"})
    try:
        address = f"https://docs.google.com/document/d/{named[1]}/export?format=docx"
        found = await outgoing.download(address, most_bytes=most_bytes, accept=_DOCX)
    except outgoing.Unreachable as error:
        raise Invalid(fields={"url": f"Google did not hand it out: {error}"}) from error
    if not found.content.startswith(b"PK"):
        raise Invalid(
            fields={"url": "Google asks for a sign-in. Please share the document with everybody who has the link"}
        )
    return found


async def read_import(ctx: Ctx, import_id: UUID) -> str:
    """Reads a file that was sent, and brings in its chapters where that was said; answers the state it has then.

    ctx: of a job with an effect outside. It may run again at any time: what counts is one transaction at the end.
    """
    row = await queries.IMPORT(ctx.db, import_id)
    if row is None or row.path is None or row.state not in (ImportState.READING, ImportState.IMPORTING):
        return "gone"
    try:
        acting = await as_person(ctx, row.user_id)
        await access_to_import(acting, row.series_id)
        data = await ctx.app.storage.get(row.path)
        book = await asyncio.to_thread(
            read,
            data,
            row.filename,
            most_picture_bytes=ctx.app.settings.max_upload_bytes,
            base_url=ctx.app.settings.base_url,
        )
        await _PROGRESS(ctx.db, import_id, 30)
        there = await queries.chapters_there(acting, row.series_id)
        waits = row.state is ImportState.READING and row.options.dry_run
        report = await asyncio.to_thread(report_of, book, there, mark=book.mark, thorough=waits)
        if waits:
            return await _checked(ctx, row, report)
        return await carry(acting, row, book, report, there)
    except StoaError as error:
        words = "; ".join(error.fields.values()) if isinstance(error, Invalid) and error.fields else error.detail
        await _failed(ctx, row, words)
        return "failed"


async def clean_up(ctx: Ctx) -> int:
    """Removes the files of imports that are over, and gives up those that nobody decided about."""
    count = 0
    while (path := await _GIVE_UP(ctx.db, ctx.now, KEPT_IMPORT_DAYS)) is not None:
        await ctx.app.storage.delete([path])
        count += 1
    return count


async def _checked(ctx: Ctx, row: StoredImport, report: object) -> str:
    async with ctx.app.database.transaction() as db:
        now = await queries.IMPORT_LOCKED(db, row.id)
        if now is None or now.state is not ImportState.READING:  # somebody has called it off meanwhile
            return "gone"
        await update(db, "imports", {"state": "checked", "report": report, "progress": 100}, where={"id": row.id})
    return "checked"


async def _failed(ctx: Ctx, row: StoredImport, problem: str) -> None:
    changed = {"state": "failed", "problem": problem[:2000], "progress": 100, "finished_at": ctx.now}
    await update(ctx.db, "imports", changed, where={"id": row.id})
