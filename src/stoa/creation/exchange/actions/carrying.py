"""Chapters come in: their pictures first, each by itself; then all texts at once, in one transaction."""

import asyncio
import dataclasses
import re
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.creation.exchange.actions.reporting import outcome_of
from stoa.creation.exchange.queries import IMPORT_LOCKED, StoredImport, There
from stoa.creation.exchange.types import Book, FoundChapter, ImportState, Picture, ReadChapter, Report
from stoa.creation.serials.actions.chapters import create_chapters, edit_chapter
from stoa.creation.serials.actions.series import set_picture
from stoa.creation.serials.policies.chapters import access_chapter
from stoa.creation.serials.types import NewChapter
from stoa.foundation.media import actions as media
from stoa.foundation.media.errors import FileInfected, FileRefused, ImageRefused, ImageTooLarge
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, update
from stoa.kit.errors import Invalid, NotFound

AT_ONCE: Final = 2  # pictures, as many as there are threads for them
ROUNDS: Final = 3
_NAMED: Final = re.compile(r"chapters\.(\d+)\.")
_PROGRESS = run("update imports set progress = $2 where id = $1 and state in ('reading', 'importing')")


async def carry(ctx: Ctx, row: StoredImport, book: Book, report: Report, there: Sequence[There]) -> str:
    """Brings in what was decided; answers the state of the import then. Raises whatever keeps all of it out."""
    decided = [
        msgspec.structs.replace(chapter, outcome=outcome_of(chapter, row.options)) for chapter in report.chapters
    ]
    texts = {chapter.index: book.chapters[chapter.index - 1] for chapter in decided if chapter.outcome != "skipped"}
    cover = book.cover if row.options.take_cover else None
    ids, problems = await _pictures(ctx, row, book, list(texts.values()), cover)
    placed = {index: _placed(text, book.mark, ids) for index, text in texts.items()}
    for _ in range(ROUNDS):
        try:
            async with ctx.app.database.transaction() as db:
                within = dataclasses.replace(ctx, db=db)
                now = await IMPORT_LOCKED(db, row.id)
                if now is None or now.state not in (ImportState.READING, ImportState.IMPORTING):
                    return "gone"
                done = await _written(within, row, decided, placed, there)
                if cover is not None and cover.key in ids:
                    await set_picture(within, row.series_id, "cover", ids[cover.key])
                await _finish(within, row, report, done, problems)
            return "done"
        except _Refused as refused:  # then nothing was written: once more, without what cannot come in
            decided = [_skipped(one, refused.problems) for one in decided]
    raise Invalid("What was read of this file cannot be stored")


class _Refused(Exception):
    """Some chapters cannot come in; `problems` says which (by index), and why."""

    def __init__(self, problems: dict[int, str]) -> None:
        self.problems = problems
        super().__init__()


async def _written(
    ctx: Ctx,
    row: StoredImport,
    decided: list[FoundChapter],
    placed: dict[int, ReadChapter],
    there: Sequence[There],
) -> list[FoundChapter]:
    """The decided chapters with what they became. Raises _Refused."""
    adding = [one for one in decided if one.outcome == "added"]
    taken = {(one.number, one.volume) for one in there}
    new: list[NewChapter] = []
    for one in adding:
        text = placed[one.index]
        is_free = text.number is not None and (text.number, text.volume) not in taken
        taken.add((text.number, text.volume)) if text.number is not None else None
        new.append(
            NewChapter(
                title=text.title,
                body_markdown=text.markdown,
                author_note_markdown=text.author_note_markdown,
                author_note_position=text.author_note_position,
                number=text.number if is_free else None,
                volume=text.volume,
            )
        )
    try:
        made = dict(zip([one.index for one in adding], await create_chapters(ctx, row.series_id, new), strict=True))
    except Invalid as error:
        raise _refused(error, [one.index for one in adding]) from error
    done = []
    for one in decided:
        became = made.get(one.index)
        if one.outcome == "replaced" and one.duplicate is not None:
            became = await _replaced(ctx, one, placed[one.index])
        done.append(msgspec.structs.replace(one, chapter_id=became))
    return done


async def _replaced(ctx: Ctx, one: FoundChapter, text: ReadChapter) -> UUID:
    """Another version of a chapter that is there (S3)."""
    assert one.duplicate is not None
    try:
        chapter = await access_chapter(ctx, one.duplicate.chapter_id, Permission.EDIT_CONTENT)
        given: dict[str, Any] = {"title": text.title} if text.title else {}
        if text.author_note_markdown:
            given |= {
                "author_note_markdown": text.author_note_markdown,
                "author_note_position": text.author_note_position,
            }
        edited = await edit_chapter(
            ctx, chapter.id, revision=chapter.revision, body_markdown=text.markdown, note="Imported", **given
        )
    except Invalid as error:
        raise _Refused({one.index: "; ".join(error.fields.values()) or error.detail}) from error
    except NotFound as error:
        raise _Refused({one.index: "The chapter that it was to replace is not there any more"}) from error
    return edited.id


def _refused(error: Invalid, indexes: list[int]) -> Exception:
    """The chapters that the fields of an error name; the error itself where it names none."""
    problems: dict[int, str] = {}
    for name, text in error.fields.items():
        named = _NAMED.match(name)
        if named is not None and int(named[1]) < len(indexes):
            problems[indexes[int(named[1])]] = text
    return _Refused(problems) if problems else error


def _skipped(one: FoundChapter, problems: dict[int, str]) -> FoundChapter:
    problem = problems.get(one.index)
    if problem is None:
        return one
    return msgspec.structs.replace(one, outcome="skipped", can=False, problems=[*one.problems, problem])


async def _finish(ctx: Ctx, row: StoredImport, report: Report, done: list[FoundChapter], problems: list[str]) -> None:
    counts = {name: sum(one.outcome == name for one in done) for name in ("added", "replaced", "skipped")}
    told = msgspec.structs.replace(report, chapters=done, problems=[*report.problems, *problems][:40], **counts)
    changed = {"state": "done", "report": told, "progress": 100, "finished_at": ctx.now}
    await update(ctx.db, "imports", changed, where={"id": row.id})


# ---- pictures --------------------------------------------------------------------------------------------------


async def _pictures(
    ctx: Ctx, row: StoredImport, book: Book, texts: list[ReadChapter], cover: Picture | None
) -> tuple[dict[str, UUID], list[str]]:
    """The pictures that are shown, in the library of whoever imports, by their words; and which stayed out, and why.

    The same bytes are the same picture, so that doing it again adds nothing. Raises PlanLimit.
    """
    words = "".join(text.markdown + text.author_note_markdown for text in texts)
    wanted = [one for one in book.pictures if one.key in words or (cover is not None and one.key == cover.key)]
    ids: dict[str, UUID] = {}
    problems: list[str] = []
    gate = asyncio.Semaphore(AT_ONCE)

    async def take(picture: Picture) -> None:
        async with gate:
            try:
                async with ctx.app.database.transaction() as db:
                    within = dataclasses.replace(ctx, db=db)
                    kept = await media.upload_image(within, data=picture.data, filename=picture.name)
                ids[picture.key] = kept.id
            except (ImageRefused, FileRefused) as error:
                problems.append(f"{picture.name}: {'; '.join(error.fields.values())}")
            except (ImageTooLarge, FileInfected, NotFound) as error:
                problems.append(f"{picture.name}: {error.detail}")
        if len(ids) % 5 == 0:
            await _PROGRESS(ctx.db, row.id, 30 + 60 * len(ids) // len(wanted))

    for start in range(0, len(wanted), AT_ONCE):  # so that a full plan stops it, and leaves no others under way
        await asyncio.gather(*(take(picture) for picture in wanted[start : start + AT_ONCE]))
    return ids, problems


def _placed(text: ReadChapter, mark: str, ids: dict[str, UUID]) -> ReadChapter:
    """A chapter with the addresses of its pictures; those that stayed out are left as their descriptions."""
    key = re.escape(mark) + r"\d+x"
    shown = re.compile(rf'!\[((?:[^\[\]\\]|\\.){{0,2000}})\]\(({key})(?:\s+"(?:[^"\\]|\\.){{0,5000}}")?\)')

    def lost(match: re.Match[str]) -> str:
        return match[0] if match[2] in ids else match[1]

    def found(match: re.Match[str]) -> str:
        kept = ids.get(match[0])
        return f"/media/{kept}/960.webp" if kept is not None else ""

    def changed(markdown: str) -> str:
        return re.sub(key, found, shown.sub(lost, markdown)) if mark in markdown else markdown

    return msgspec.structs.replace(
        text, markdown=changed(text.markdown), author_note_markdown=changed(text.author_note_markdown)
    )
