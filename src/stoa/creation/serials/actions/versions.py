"""S3: every save of a chapter's text is a version, and bringing one back makes a new one."""

from collections.abc import Sequence
from uuid import UUID

from stoa.creation.serials.actions.rendering import Typed
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, run
from stoa.kit.ids import new_id

_INSERT = run(
    """
    insert into chapter_versions (id, chapter_id, version, title, body_markdown, author_note_markdown, word_count,
      made_by, made_at)
    select n.id, n.chapter_id, 1, n.title, n.body_markdown, n.author_note_markdown, n.word_count, $2, $3
    from jsonb_to_recordset($1) as n (id uuid, chapter_id uuid, title text, body_markdown text,
      author_note_markdown text, word_count integer)
    """
)


async def note_version(
    ctx: Ctx,
    chapter_id: UUID,
    version: int,
    typed: Typed,
    word_count: int,
    *,
    note: str = "",
    restored_from: int | None = None,
) -> None:
    """Keeps a text as a version of its chapter."""
    row = {
        "id": new_id(),
        "chapter_id": chapter_id,
        "version": version,
        "title": typed.title,
        "body_markdown": typed.body_markdown,
        "author_note_markdown": typed.author_note_markdown,
        "word_count": word_count,
        "note": note,
        "restored_from": restored_from,
        "made_by": ctx.member.id,
        "made_at": ctx.now,
    }
    await insert(ctx.db, "chapter_versions", row)


async def note_versions(ctx: Ctx, firsts: Sequence[tuple[UUID, Typed, int]]) -> None:
    """The first versions of new chapters: (chapter_id, its text, its words)."""
    rows = [
        {
            "id": new_id(),
            "chapter_id": chapter_id,
            "title": typed.title,
            "body_markdown": typed.body_markdown,
            "author_note_markdown": typed.author_note_markdown,
            "word_count": word_count,
        }
        for chapter_id, typed, word_count in firsts
    ]
    await _INSERT(ctx.db, rows, ctx.member.id, ctx.now)
