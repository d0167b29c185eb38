"""Reads of somebody's library: files with filters, where they are shown, folders, tags."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.foundation.media.types import (
    FileView,
    FolderView,
    Kind,
    Scan,
    Sort,
    State,
    StoredFile,
    TagUse,
    Use,
    VariantView,
)
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, value
from stoa.kit.pagination import Page, decode, keyset

NO_FOLDER: Final = "none"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What of a library is looked at. `folder`: one folder's id, or NO_FOLDER; `is_deleted`: the trash instead."""

    kind: Kind | None = None
    folder: str | None = None
    tag: str | None = None
    text: str | None = None
    is_unused: bool = False
    is_deleted: bool = False
    sort: Sort = Sort.NEWEST


# The sizes of a picture that may be shown to its owner; what waits for the scanner shows nothing.
_SHOWN: Final = "case when m.width > 0 and m.state in ('ready', 'deleted') then {} else '' end"
_URL: Final = _SHOWN.format("'/media/' || m.id || '/960.webp'")
_SRCSET: Final = _SHOWN.format("m.srcset")
_AVIF: Final = """coalesce((
  select string_agg('/media/' || m.id || '/' || (e ->> 'size') || '.avif ' || (e ->> 'width') || 'w', ', ' order by n)
  from jsonb_array_elements(m.avif) with ordinality as a (e, n)), '')"""
COLUMNS: Final = f"""
    m.id, m.owner_id, m.kind, m.state, {_URL} as url, {_SRCSET} as srcset, {_AVIF} as avif_srcset, m.width, m.height,
    m.frames, m.source_width, m.source_height, m.colour, m.dominant_colour,
    encode(m.thumbhash, 'base64') as placeholder, m.filename, m.title, m.alt, m.caption,
    m.folder_id, m.tags, m.visibility, m.content_type, m.bytes_count, m.sent_bytes, m.original_bytes, m.duration_ms,
    m.page_count, m.details, m.scan_status, m.scan_result, m.scanned_at, m.progress, m.problem, m.made_from,
    (select count(*) from media_uses u where u.media_id = m.id) as uses_count, m.last_used_at, m.created_at,
    m.updated_at, m.deleted_at, lower(coalesce(nullif(m.title, ''), m.filename)) as sort_name
"""
_FILTER: Final = """
    m.owner_id = $1 and m.purpose = 'library' and m.state <> 'blocked' and (m.state = 'deleted') = $2
    and ($3::text is null or m.kind = $3)
    and (not $4 or m.folder_id is not distinct from $5::uuid)
    and ($6::text is null or m.tags @> array[$6])
    and ($7::text is null or strpos(lower(concat_ws(' ', m.title, m.filename, m.alt, m.caption)), lower($7)) > 0)
    and (not $8 or not exists (select from media_uses u where u.media_id = m.id))
"""
_ORDERS: Final[dict[Sort, tuple[str, str, str]]] = {  # the place in the order, its type, which way
    Sort.NEWEST: ("m.created_at", "timestamptz", "desc"),
    Sort.OLDEST: ("m.created_at", "timestamptz", "asc"),
    Sort.NAME: ("lower(coalesce(nullif(m.title, ''), m.filename))", "text", "asc"),
    Sort.LARGEST: ("m.bytes_count", "bigint", "desc"),
}
_LISTS: Final = {
    sort: many(
        FileView,
        f"""
        select {COLUMNS} from media m
        where {_FILTER} and ($9::{kind} is null or ({place}, m.id) {">" if way == "asc" else "<"} ($9, $10::uuid))
        order by {place} {way}, m.id {way} limit $11
        """,
    )
    for sort, (place, kind, way) in _ORDERS.items()
}
_KEYS: Final[dict[Sort, tuple[Any, Any]]] = {
    Sort.NEWEST: (tuple[datetime, UUID], lambda row: (row.created_at, row.id)),
    Sort.OLDEST: (tuple[datetime, UUID], lambda row: (row.created_at, row.id)),
    Sort.NAME: (tuple[str, UUID], lambda row: (row.sort_name, row.id)),
    Sort.LARGEST: (tuple[int, UUID], lambda row: (row.bytes_count, row.id)),
}
_ONE = maybe(FileView, f"select {COLUMNS} from media m where m.id = $1 and m.state <> 'blocked'")
_OWN_IDS = value(
    list[UUID],
    """
    select coalesce(array_agg(id order by id), '{}') from media
    where id = any($2::uuid[]) and owner_id = $1 and (purpose = 'library' or $3) and state <> 'blocked'
    """,
)
_USES = many(
    Use,
    """
    select subject, subject_id, title, url, used_at from media_uses where media_id = $1
    order by used_at desc, subject_id limit 100
    """,
)
_FOLDERS = many(
    FolderView,
    """
    select f.id, f.parent_id, f.name, count(m.id) as files_count,
      coalesce(sum(m.bytes_count), 0)::bigint as bytes_count, f.created_at
    from media_folders f left join media m on m.folder_id = f.id and m.state not in ('deleted', 'blocked')
    where f.owner_id = $1 group by f.id order by lower(f.name), f.id
    """,
)
_TAGS = many(
    TagUse,
    """
    select tag, count(*) as files_count from media m, unnest(m.tags) tag
    where m.owner_id = $1 and m.state not in ('deleted', 'blocked') group by tag order by count(*) desc, tag limit 100
    """,
)
_FILE = maybe(
    StoredFile,
    """
    select id, owner_id, original_path as path, original_bytes as bytes_count, content_type, kind, filename,
      '"' || left(encode(content_hash, 'hex'), 32) || '-' || original_bytes || '"' as etag, state, scan_status
    from media where id = $1 and original_path is not null and state <> 'blocked'
    """,
)
_LARGEST_SIZE = maybe(
    StoredFile,
    """
    select m.id, m.owner_id, 'media/' || m.id || '/' || (v ->> 'size') || '.webp' as path,
      (v ->> 'bytes_count')::bigint as bytes_count, 'image/webp' as content_type, m.kind, m.filename,
      '"' || left(encode(m.content_hash, 'hex'), 32) || '-' || (v ->> 'size') || '"' as etag, m.state, m.scan_status
    from media m, lateral (select m.variants -> -1 as v) w where m.id = $1 and v is not null and m.state <> 'blocked'
    """,
)


_VARIANTS = many(
    VariantView,
    """
    select f.format, (e ->> 'size')::integer as size, (e ->> 'width')::integer as width,
      (e ->> 'height')::integer as height, (e ->> 'bytes_count')::bigint as bytes_count,
      '/media/' || m.id || '/' || (e ->> 'size') || '.' || f.format as url
    from media m, lateral (values ('webp', m.variants), ('avif', m.avif)) as f (format, sizes),
      jsonb_array_elements(f.sizes) e
    where m.id = $1 order by f.format desc, (e ->> 'size')::integer
    """,
)


async def files(ctx: Ctx, wanted: Filter, *, cursor: str | None = None, limit: int = 20) -> Page[FileView]:
    """The files of the actor's library. Raises Invalid for a broken cursor."""
    kind, key = _KEYS[wanted.sort]
    scope = f"media.files.{wanted.sort.value}"
    seek = decode(cursor, kind, scope=scope)
    folder = None if wanted.folder in (None, NO_FOLDER) else UUID(wanted.folder)
    rows = await _LISTS[wanted.sort](
        ctx.db,
        ctx.member.id,
        wanted.is_deleted,
        wanted.kind.value if wanted.kind else None,
        wanted.folder is not None,
        folder,
        wanted.tag,
        wanted.text or None,
        wanted.is_unused,
        *(seek or (None, None)),
        limit + 1,
    )
    return keyset(rows, limit, scope=scope, key=key)


async def file_by_id(ctx: Ctx, media_id: UUID) -> FileView | None:
    """A file in whatever state, unless a moderator has blocked it."""
    return await _ONE(ctx.db, media_id)


async def own_ids(ctx: Ctx, media_ids: Sequence[UUID], *, also_faces: bool = False) -> list[UUID]:
    """Those of the files that are the actor's, in the order of their ids."""
    return await _OWN_IDS(ctx.db, ctx.member.id, list(media_ids), also_faces)


async def uses(ctx: Ctx, media_id: UUID) -> list[Use]:
    """Where a file is shown, the latest first, at most 100 places."""
    return await _USES(ctx.db, media_id)


async def folders(ctx: Ctx) -> list[FolderView]:
    """All of the actor's folders, by name."""
    return await _FOLDERS(ctx.db, ctx.member.id)


async def tags(ctx: Ctx) -> list[TagUse]:
    """The actor's tags, the most used first."""
    return await _TAGS(ctx.db, ctx.member.id)


async def stored_file(ctx: Ctx, media_id: UUID) -> StoredFile | None:
    """What is handed out as the whole file: what is kept of what was sent, else the largest size of a picture."""
    return await _FILE(ctx.db, media_id) or await _LARGEST_SIZE(ctx.db, media_id)


def may_be_fetched(file: StoredFile) -> bool:
    """L2: whether anybody but its owner may have it."""
    return file.state == State.READY and file.scan_status in (Scan.CLEAN, Scan.NOT_SCANNED)


async def variants(ctx: Ctx, media_id: UUID) -> list[VariantView]:
    """The stored sizes of a file, smallest first, WebP before AVIF."""
    return await _VARIANTS(ctx.db, media_id)
