"""Reads of pictures, as those who show them need them; libraries are in `library`, their storage in `storage`."""

from collections.abc import Sequence
from uuid import UUID

from stoa.foundation.media.types import FORMATS, SIZES, MediaView, StoredVariant
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, value
from stoa.kit.errors import NotFound


def cover_columns(alias: str, field: str) -> str:
    """The columns of a nested `Cover` called `field`, for a left join of media under `alias`."""
    plain = ", ".join(f'{alias}.{c} as "{field}.{c}"' for c in ("srcset", "width", "height", "alt", "colour"))
    return f"""{alias}.id as "{field}.id", '/media/' || {alias}.id || '/960.webp' as "{field}.url", {plain}"""


def address(media_id: UUID, size: int = 960) -> str:
    """Where a picture is fetched."""
    return f"/media/{media_id}/{size}.webp"


_COLUMNS = """
    id, owner_id, '/media/' || id || '/960.webp' as url, srcset, width, height, frames, alt, colour, content_type,
    bytes_count, created_at
"""
_SENT = maybe(
    MediaView, f"select {_COLUMNS} from media where id = $1 and state in ('ready', 'processing') and width > 0"
)
_BY_IDS = many(
    MediaView,
    f"""
    select {_COLUMNS} from media
    where id = any($1::uuid[]) and state = 'ready' and kind = 'image' and visibility = 'public'
    """,
)
_BY_HASH = value(UUID | None, "select id from media where owner_id = $1 and content_hash = $2 and not is_copy")
_VARIANT = maybe(
    StoredVariant,
    """
    select 'media/' || m.id || '/' || v.size || '.' || $3::text as path,
      '"' || left(encode(m.content_hash, 'hex'), 24) || '-' || v.size || left($3, 1) || '"' as etag,
      m.owner_id, v.bytes_count, m.visibility = 'private' as is_private
    from media m, lateral (
      select (e ->> 'size')::integer as size, (e ->> 'bytes_count')::bigint as bytes_count
      from jsonb_array_elements(case $3 when 'avif' then m.avif else m.variants end) e
      order by (e ->> 'size')::integer < $2, abs((e ->> 'size')::integer - $2) limit 1
    ) v
    where m.id = $1 and (m.state = 'ready' or $4 and m.state = 'deleted')
    """,
)


async def picture_by_id(ctx: Ctx, media_id: UUID) -> MediaView | None:
    """A picture as its owner gets it, who has just sent it: it may still wait for the scanner."""
    return await _SENT(ctx.db, media_id)


async def media_by_ids(ctx: Ctx, media_ids: Sequence[UUID]) -> list[MediaView]:
    """Those of the pictures that may be shown to everybody, in no order."""
    return await _BY_IDS(ctx.db, list(media_ids)) if media_ids else []


async def media_by_hash(ctx: Ctx, owner_id: UUID, content_hash: bytes) -> UUID | None:
    """The owner's file of exactly these bytes, whatever its state, or None."""
    return await _BY_HASH(ctx.db, owner_id, content_hash)


async def variant(
    ctx: Ctx, media_id: UUID, size: int, format: str = "webp", *, also_deleted: bool = False
) -> StoredVariant:
    """The stored size that stands for `size`: the smallest that is no smaller, else the largest. Raises NotFound.

    also_deleted: for its owner, who looks through the trash.
    """
    known = size in SIZES and format in FORMATS
    found = await _VARIANT(ctx.db, media_id, size, format, also_deleted) if known else None
    if found is None:
        raise NotFound("There is no such picture")
    return found
