"""Reads of pictures."""

from collections.abc import Sequence
from uuid import UUID

from stoa.foundation.media.types import SIZES, MediaView, StoredVariant
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe
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
_BY_ID = maybe(MediaView, f"select {_COLUMNS} from media where id = $1 and state = 'ready'")
_BY_IDS = many(MediaView, f"select {_COLUMNS} from media where id = any($1::uuid[]) and state = 'ready'")
_BY_HASH = maybe(MediaView, f"select {_COLUMNS} from media where owner_id = $1 and content_hash = $2")
_OWN = many(
    MediaView,
    f"""
    select {_COLUMNS} from media
    where owner_id = $1 and purpose = 'library' and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
    order by created_at desc, id desc limit $4
    """,
)
_VARIANT = maybe(
    StoredVariant,
    """
    select 'media/' || m.id || '/' || v.size || '.webp' as path,
      '"' || left(encode(m.content_hash, 'hex'), 24) || '-' || v.size || '"' as etag
    from media m, lateral (
      select (e ->> 'size')::integer as size from jsonb_array_elements(m.variants) e
      order by (e ->> 'size')::integer < $2, abs((e ->> 'size')::integer - $2) limit 1
    ) v
    where m.id = $1 and m.state = 'ready'
    """,
)


async def media_by_id(ctx: Ctx, media_id: UUID) -> MediaView | None:
    """A picture that may be shown, or None."""
    return await _BY_ID(ctx.db, media_id)


async def media_by_ids(ctx: Ctx, media_ids: Sequence[UUID]) -> list[MediaView]:
    """Those of the pictures that may be shown, in no order."""
    return await _BY_IDS(ctx.db, list(media_ids)) if media_ids else []


async def media_by_hash(ctx: Ctx, owner_id: UUID, content_hash: bytes) -> MediaView | None:
    """The owner's picture of exactly these bytes, or None."""
    return await _BY_HASH(ctx.db, owner_id, content_hash)


async def own_media(ctx: Ctx, limit: int, seek: tuple[object, object] | None) -> list[MediaView]:
    """The pictures of the actor's library, newest first, from behind `seek` (created_at, id)."""
    return await _OWN(ctx.db, ctx.member.id, *(seek or (None, None)), limit)


async def variant(ctx: Ctx, media_id: UUID, size: int) -> StoredVariant:
    """The stored size that stands for `size`: the smallest that is no smaller, else the largest. Raises NotFound."""
    found = await _VARIANT(ctx.db, media_id, size) if size in SIZES else None
    if found is None:
        raise NotFound("There is no such picture")
    return found
