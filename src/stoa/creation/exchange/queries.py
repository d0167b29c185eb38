"""Imports and exports as they are, and what goes out."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.exchange.types import ExportView, ImportView
from stoa.creation.serials.types import CHAPTER
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, value

LISTED: Final = 20


class StoredImport(ImportView, frozen=True, kw_only=True):
    """An import with the place of its file in the storage."""

    path: str | None


class StoredExport(ExportView, frozen=True, kw_only=True):
    """An export with the place of its file in the storage."""

    path: str | None


class There(msgspec.Struct, frozen=True):
    """A chapter that a series has. `text_hash` of its words alone: pictures and line ends do not count."""

    id: UUID
    title: str
    number: Decimal
    volume: int | None
    revision: int
    text_hash: str


class PageImage(msgspec.Struct, frozen=True):
    """A page of a comic."""

    media_id: UUID
    alt: str


class ChapterText(msgspec.Struct, frozen=True):
    """A chapter as it goes out. `images`: the pages of a comic."""

    id: UUID
    title: str
    number: Decimal
    volume: int | None
    body_markdown: str
    body_html: str
    author_note_markdown: str
    author_note_html: str
    author_note_position: str
    images: list[PageImage]


class PictureFile(msgspec.Struct, frozen=True):
    """A picture that may go out with a text, and where it lies."""

    id: UUID
    owner_id: UUID
    filename: str
    alt: str
    content_type: str
    original_path: str


_IMPORT: Final = """
    id, series_id, user_id, format, filename, options, state, progress, report, problem, created_at, finished_at, path
"""
_EXPORT: Final = """
    id, series_id, user_id, format, only_published, state, progress, filename, bytes_count, problem, created_at,
    finished_at, expires_at, path
"""
IMPORT: Final = maybe(StoredImport, f"select {_IMPORT} from imports where id = $1")
IMPORT_LOCKED: Final = maybe(StoredImport, f"select {_IMPORT} from imports where id = $1 for update")
_IMPORTS = many(
    StoredImport, f"select {_IMPORT} from imports where series_id = $1 order by created_at desc, id desc limit {LISTED}"
)
EXPORT: Final = maybe(StoredExport, f"select {_EXPORT} from exports where id = $1")
_EXPORTS = many(
    StoredExport,
    f"""
    select {_EXPORT} from exports where series_id = $1 and user_id = $2
    order by created_at desc, id desc limit {LISTED}
    """,
)
_CURRENT = maybe(
    StoredExport,
    f"""
    select {_EXPORT} from exports
    where series_id = $1 and user_id = $2 and format = $3 and only_published = $4 and state in ('making', 'done')
      and created_at >= $5 order by created_at desc limit 1
    """,
)
_CHANGED = value(
    datetime | None,
    """
    select max(greatest(w.updated_at, w.deleted_at)) from works w
    where w.id = $1 or (w.kind = 'chapter' and w.parent_id = $1)
    """,
)
_THERE = many(
    There,
    f"""
    select w.id, w.title, c.number, c.volume, w.revision,
      md5(btrim(regexp_replace(regexp_replace(c.body_markdown, '/media/[0-9a-f-]{{36}}/[a-z0-9]+\\.webp', '', 'g'),
        '[ \\t\\r\\n]+', ' ', 'g'))) as text_hash
    from chapters c join works w on w.id = c.work_id
    where c.series_id = $1 and w.kind = '{CHAPTER}' and w.deleted_at is null order by c.position
    """,
)
_TEXT: Final = """
    select w.id, w.title, c.number, c.volume, c.body_markdown, c.body_html, c.author_note_markdown, c.author_note_html,
      c.author_note_position,
      coalesce((select jsonb_agg(jsonb_build_object('media_id', i.media_id, 'alt', i.alt) order by i.position)
        from chapter_images i where i.chapter_id = w.id and i.state = 'ready'), '[]') as images
    from chapters c join works w on w.id = c.work_id
"""
_TEXTS = many(
    ChapterText,
    f"""
    {_TEXT} where c.series_id = $1 and w.deleted_at is null
      and (not $2 or (w.state = 'published' and c.archived_at is null)) order by c.position
    """,
)
_ONE_TEXT = many(ChapterText, f"{_TEXT} where w.id = $1 and w.deleted_at is null")
_PICTURES = many(
    PictureFile,
    """
    select id, owner_id, filename, alt, content_type, original_path from media
    where id = any($1::uuid[]) and kind = 'image' and state = 'ready' and original_path is not null
      and (visibility = 'public' or owner_id = any($2::uuid[]))
    """,
)


async def imports_of(ctx: Ctx, series_id: UUID) -> list[StoredImport]:
    """The last imports of a series, newest first; policies decide who may see them."""
    return await _IMPORTS(ctx.db, series_id)


async def exports_of(ctx: Ctx, series_id: UUID) -> list[StoredExport]:
    """The actor's last exports of a series, newest first."""
    return await _EXPORTS(ctx.db, series_id, ctx.member.id)


async def current_export(ctx: Ctx, series_id: UUID, format: str, *, only_published: bool) -> StoredExport | None:
    """The actor's export that is made or being made of the series as it is now."""
    changed = await _CHANGED(ctx.db, series_id)
    return await _CURRENT(ctx.db, series_id, ctx.member.id, format, only_published, changed)


async def chapters_there(ctx: Ctx, series_id: UUID) -> list[There]:
    """What a series has already, in order."""
    return await _THERE(ctx.db, series_id)


async def texts_of(ctx: Ctx, series_id: UUID, *, only_published: bool) -> list[ChapterText]:
    """The chapters of a series with their texts, in order."""
    return await _TEXTS(ctx.db, series_id, only_published)


async def text_of(ctx: Ctx, chapter_id: UUID) -> ChapterText | None:
    """One chapter with its text."""
    return next(iter(await _ONE_TEXT(ctx.db, chapter_id)), None)


async def picture_files(ctx: Ctx, media_ids: Collection[UUID], owners: Collection[UUID]) -> list[PictureFile]:
    """Those pictures that everybody may see, or that belong to `owners`, with their files; in no order."""
    return await _PICTURES(ctx.db, list(media_ids), list(owners)) if media_ids else []
