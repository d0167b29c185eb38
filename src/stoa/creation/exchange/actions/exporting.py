"""Exports: of a chapter at once, of a series by a job, whose file is kept for some days."""

from datetime import timedelta
from uuid import UUID

import msgspec

from stoa.creation.exchange import queries
from stoa.creation.exchange.actions.acting import as_person
from stoa.creation.exchange.actions.gathering import Source, gathered
from stoa.creation.exchange.actions.writing import filename_of, write
from stoa.creation.exchange.errors import NothingToExport
from stoa.creation.exchange.messages import MakeExport
from stoa.creation.exchange.policies import access_export, access_to_export
from stoa.creation.exchange.queries import StoredExport
from stoa.creation.exchange.types import KEPT_EXPORT_DAYS, ExportState, OutBook, Target, plain_number
from stoa.creation.serials.policies.chapters import access_chapter
from stoa.creation.serials.policies.series import access_series
from stoa.foundation.team.types import Permission
from stoa.kit import paper
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, run, update, value
from stoa.kit.errors import Forbidden, NotFound
from stoa.kit.ids import new_id
from stoa.kit.queue import enqueue

_INSERT = run(
    """
    insert into exports (id, series_id, user_id, format, only_published, created_at) values ($1, $2, $3, $4, $5, $6)
    """
)
_PROGRESS = run("update exports set progress = $2 where id = $1 and state = 'making'")
_EXPIRE: Statement[str | None] = value(
    str | None,
    """
    update exports set state = 'expired', path = null
    where id = (select id from exports where state = 'done' and expires_at <= $1 order by created_at limit 1
      for update skip locked) returning 'exports/' || id
    """,
)


async def begin_export(ctx: Ctx, series_id: UUID, target: Target, *, only_published: bool = False) -> StoredExport:
    """The actor's export of a series as it is now; one that is there or under way is not begun again.

    Raises NotFound, Forbidden.
    """
    await access_to_export(ctx, series_id)
    current = await queries.current_export(ctx, series_id, target.value, only_published=only_published)
    if current is not None:
        return current
    export_id = new_id()
    await _INSERT(ctx.db, export_id, series_id, ctx.member.id, target.value, only_published, ctx.now)
    await enqueue(ctx, MakeExport(export_id=export_id))
    return await access_export(ctx, export_id)


async def export_chapter(ctx: Ctx, chapter_id: UUID, target: Target) -> tuple[str, bytes]:
    """A chapter as a file, a draft as well: its name and its bytes. Raises NotFound, Forbidden."""
    chapter = await access_chapter(ctx, chapter_id, Permission.READ_DRAFTS)
    series = await access_series(ctx, chapter.series_id, Permission.READ_DRAFTS)
    text = await queries.text_of(ctx, chapter_id)
    if text is None:
        raise NotFound("There is no such chapter")
    url = ctx.app.settings.base_url.rstrip("/") + (chapter.url or "")
    source = Source(series, url, frozenset({series.author.id, ctx.member.id}))
    title = text.title or f"Chapter {plain_number(text.number)}"
    found = await gathered(ctx, source, [text], target, title=title, progress=_unseen)
    book = msgspec.structs.replace(found, changed_at=chapter.updated_at)
    return filename_of(book, target), await _written(ctx, book, target)


async def make_export(ctx: Ctx, export_id: UUID) -> str:
    """Writes the file of an export; answers the state it has then. ctx: of a job with an effect outside."""
    export = await queries.EXPORT(ctx.db, export_id)
    if export is None or export.state is not ExportState.MAKING:
        return "gone"
    try:
        acting = await as_person(ctx, export.user_id)
        series = await access_series(acting, export.series_id, Permission.READ_DRAFTS)
        texts = await queries.texts_of(acting, export.series_id, only_published=export.only_published)
        if not texts:
            raise NothingToExport
        await _PROGRESS(ctx.db, export_id, 5)
        url = ctx.app.settings.base_url.rstrip("/") + (series.url or "")
        source = Source(series, url, frozenset({series.author.id, export.user_id}))

        async def progress(percent: int) -> None:
            await _PROGRESS(ctx.db, export_id, 5 + percent * 60 // 100)

        book = await gathered(acting, source, texts, export.format, progress=progress)
        await _PROGRESS(ctx.db, export_id, 70)
        content = await _written(acting, book, export.format)
    except (Forbidden, NotFound, NothingToExport) as error:
        await _ended(ctx, export_id, {"state": "failed", "problem": error.detail})
        return "failed"
    path = f"exports/{export_id}"
    await ctx.app.storage.put(path, content, export.format.content_type.partition(";")[0])
    await _ended(
        ctx,
        export_id,
        {
            "state": "done",
            "path": path,
            "filename": filename_of(book, export.format),
            "bytes_count": len(content),
            "expires_at": ctx.now + timedelta(days=KEPT_EXPORT_DAYS),
        },
    )
    return "done"


async def expire_exports(ctx: Ctx) -> int:
    """Removes the files of exports whose days are over. ctx: of a job with effects outside."""
    count = 0
    while (path := await _EXPIRE(ctx.db, ctx.now)) is not None:
        await ctx.app.storage.delete([path])
        count += 1
    return count


async def _ended(ctx: Ctx, export_id: UUID, values: dict[str, object]) -> None:
    await update(ctx.db, "exports", values | {"progress": 100, "finished_at": ctx.now}, where={"id": export_id})


async def _written(ctx: Ctx, book: OutBook, target: Target) -> bytes:
    try:
        return await write(book, target, base_url=ctx.app.settings.base_url)
    except paper.NotSet:
        if not book.pictures and book.cover is None:
            raise
        # A picture that browsers show may still be one that typst does not read: then it is described, not shown.
        return await write(msgspec.structs.replace(book, pictures=[], cover=None), target, base_url="")


async def _unseen(percent: int) -> None:
    """Nobody looks at how far a single chapter is."""
