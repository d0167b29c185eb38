"""The versions of a chapter's text (S3), and what somebody typed and has not saved."""

from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.serials.types import Autosave, ChapterView, VersionText, VersionView
from stoa.foundation.people.queries import person_columns
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe
from stoa.kit.markdown import TooMuch, in_thread, render
from stoa.kit.pagination import Page, decode, keyset

_COLUMNS: Final = f"""
    v.id, v.chapter_id, v.version, v.title, v.word_count, v.note, v.restored_from,
    {person_columns("made_by")}, v.made_at
"""
_JOINS: Final = "left join users u on u.id = v.made_by left join profiles p on p.user_id = u.id"


class _TextRow(msgspec.Struct, frozen=True):
    version: VersionView
    body_markdown: str
    author_note_markdown: str


_NESTED: Final = f"""
    v.id as "version.id", v.chapter_id as "version.chapter_id", v.version as "version.version",
    v.title as "version.title", v.word_count as "version.word_count", v.note as "version.note",
    v.restored_from as "version.restored_from", {person_columns("version.made_by")}, v.made_at as "version.made_at",
    v.body_markdown, v.author_note_markdown
"""
_LIST = many(
    VersionView,
    f"""
    select {_COLUMNS} from chapter_versions v {_JOINS}
    where v.chapter_id = $1 and v.version < $2 order by v.version desc limit $3
    """,
)
_BY_ID = maybe(_TextRow, f"select {_NESTED} from chapter_versions v {_JOINS} where v.chapter_id = $1 and v.id = $2")
_BY_NUMBER = maybe(
    _TextRow, f"select {_NESTED} from chapter_versions v {_JOINS} where v.chapter_id = $1 and v.version = $2"
)
_AUTOSAVE = maybe(
    Autosave,
    """
    select a.chapter_id, a.tab, a.base_version, a.title, a.body_markdown, a.author_note_markdown,
      a.base_version < c.version as is_stale, a.saved_at
    from chapter_autosaves a join chapters c on c.work_id = a.chapter_id where a.chapter_id = $1 and a.user_id = $2
    """,
)


async def versions(ctx: Ctx, chapter_id: UUID, *, cursor: str | None = None, limit: int = 20) -> Page[VersionView]:
    """The versions of a chapter, the newest first; ask `access_chapter` before."""
    scope = f"chapters.versions.{chapter_id}"
    (before,) = decode(cursor, tuple[int], scope=scope) or (2**31 - 1,)
    rows = await _LIST(ctx.db, chapter_id, before, limit + 1)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.version,))


async def version_by_id(ctx: Ctx, chapter_id: UUID, version_id: UUID) -> VersionText | None:
    """A version of this chapter, with its text."""
    return await _text(await _BY_ID(ctx.db, chapter_id, version_id))


async def version_by_number(ctx: Ctx, chapter_id: UUID, number: int) -> VersionText | None:
    """The same by its number."""
    return await _text(await _BY_NUMBER(ctx.db, chapter_id, number)) if 0 < number < 2**31 else None


async def autosave_of(ctx: Ctx, chapter: ChapterView) -> Autosave | None:
    """What the actor typed in a chapter and has not saved."""
    return await _AUTOSAVE(ctx.db, chapter.id, ctx.member.id)


async def _text(row: _TextRow | None) -> VersionText | None:
    if row is None:
        return None
    try:
        html = await in_thread(lambda: render(row.body_markdown))
    except TooMuch:  # it could be read when it was saved; the limits were others then
        html = ""
    return VersionText(
        version=row.version,
        body_markdown=row.body_markdown,
        body_html=html,
        author_note_markdown=row.author_note_markdown,
    )
