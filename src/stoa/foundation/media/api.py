"""`/api/v1/media`: pictures in and out; `/media/<id>/<size>.webp`: their files."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, delete, get, patch, post

from stoa.foundation.media import actions, queries
from stoa.foundation.media.errors import ImageTooLarge
from stoa.foundation.media.policies import FORM_OVERHEAD_BYTES, access_own_media, check_announced
from stoa.foundation.media.schemas import DescribeIn, UploadIn
from stoa.foundation.media.types import MediaView
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.forms import storable
from stoa.kit.http import Body, CtxDep, Cursor, Multipart, PageLimit, Path, access
from stoa.kit.http.lending import lending_of
from stoa.kit.pagination import Page, decode, keyset


async def _announced(request: Request[Any, Any, Any]) -> None:
    most_bytes = lending_of(request.scope).app.settings.max_upload_bytes
    check_announced(request.headers.get("content-length"), most_bytes)


@post(
    "/api/v1/media",
    dto=None,  # a file is no field of JSON
    before_request=_announced,
    request_max_body_size=MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES,
    opt=access("member", limit="upload"),
)
async def upload(ctx: CtxDep, data: Multipart[UploadIn]) -> MediaView:
    """Stores a picture (multipart fields `file` and `alt`): JPEG, PNG, WebP, GIF or AVIF.

    It may have at most 25 MB, unless the operator says otherwise (L2).
    """
    if not storable(data.alt):
        raise Invalid(fields={"alt": "This holds a character that cannot be stored"})
    most_bytes = ctx.app.settings.max_upload_bytes
    content = await data.file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ImageTooLarge(most_bytes)
    return await actions.upload_image(ctx, data=content, alt=data.alt.strip())


@get("/api/v1/media", opt=access("member"))
async def own_media(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 20) -> Page[MediaView]:
    """One's own pictures, newest first."""
    seek = decode(cursor, tuple[datetime, UUID], scope="media.own")
    rows = await queries.own_media(ctx, limit + 1, seek)
    return keyset(rows, limit, scope="media.own", key=lambda row: (row.created_at, row.id))


@get("/api/v1/media/{media_id:uuid}", opt=access("member"))
async def one_media(ctx: CtxDep, media_id: Path[UUID]) -> MediaView:
    """One of one's own pictures."""
    return await access_own_media(ctx, media_id)


@patch("/api/v1/media/{media_id:uuid}", opt=access("member"))
async def describe(ctx: CtxDep, media_id: Path[UUID], data: Body[DescribeIn]) -> MediaView:
    """Sets a picture's alternative text."""
    return await actions.describe(ctx, media_id, alt=data.alt.strip())


@delete("/api/v1/media/{media_id:uuid}", opt=access("member"))
async def remove(ctx: CtxDep, media_id: Path[UUID]) -> None:
    """Deletes one of one's own pictures, its files included."""
    await actions.delete(ctx, media_id)


@get("/media/{media_id:uuid}/{name:str}", media_type="image/webp", opt=access("public", limit="none"))
async def picture(
    ctx: CtxDep, request: Request[Any, Any, Any], media_id: Path[UUID], name: Path[str]
) -> Response[bytes]:
    """A picture as WebP, at most as wide as `name` says (320.webp, 640.webp, 960.webp, 1440.webp)."""
    size = name.removesuffix(".webp")
    if name == size or not (size.isascii() and size.isdigit() and len(size) <= 4):
        raise NotFound("There is no such picture")
    stored = await queries.variant(ctx, media_id, int(size))
    # A picture never changes under its id, so it may be kept for good, by shared caches too.
    headers = {"ETag": stored.etag, "Cache-Control": "public, max-age=31536000, immutable"}
    if stored.etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(b"", status_code=304, headers=headers)
    await lending_of(request.scope).finish(True)  # the storage may be far away, and needs no connection
    content = await ctx.app.storage.get(stored.path)
    return Response(content, media_type="image/webp", headers=headers)


routes = [upload, own_media, one_media, describe, remove, picture]
