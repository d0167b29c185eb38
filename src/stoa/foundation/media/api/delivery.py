"""Files going out: pictures at addresses that do not change, whole files to their owner or by a signed address.

Nothing that came from outside is ever shown as a page of ours: whole files go out with a policy that forbids scripts,
under the type that was found in them, and only pictures, films, sound and PDFs are shown instead of downloaded.
"""

import re
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import Stream

from stoa.foundation.media import actions, queries
from stoa.foundation.media.policies import access_own_media, read_permit, seconds_left
from stoa.foundation.media.queries.library import may_be_fetched, stored_file
from stoa.foundation.media.types import FORMATS, Scan, StoredFile, StoredVariant
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.http.lending import Lending, lending_of

SHOWN: Final = ("image/", "video/", "audio/", "application/pdf")
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_TYPES: Final = ("image/*", "video/*", "audio/*", "application/pdf", "application/octet-stream")


@get("/media/{media_id:uuid}/{name:str}", media_type="image/webp", opt=access("public", limit="none"))
async def picture(
    ctx: CtxDep, request: Request[Any, Any, Any], media_id: Path[UUID], name: Path[str]
) -> Response[bytes]:
    """A picture as WebP or AVIF, at most as wide as `name` says (320.webp, 640.webp, 960.webp, 1440.webp).

    A private one, and one in the trash, needs a signed address, or is shown to its owner.
    """
    size, _, format = name.rpartition(".")
    if format not in FORMATS or not (size.isascii() and size.isdigit() and len(size) <= 4):
        raise NotFound("There is no such picture")
    lending = lending_of(request.scope)
    stored, cache = await _admitted(ctx, request, lending, media_id, int(size), format)
    headers = {"ETag": stored.etag, "Cache-Control": cache}
    if _is_known(request, stored.etag):
        return Response(b"", status_code=304, headers=headers)
    app, day = ctx.app, ctx.now.date()
    await lending.finish(True)  # the storage may be far away, and needs no connection
    content = await app.storage.get(stored.path)
    actions.count_fetch(app, stored.owner_id, day, len(content))
    return Response(content, media_type=f"image/{format}", headers=headers)


@get("/api/v1/media/{media_id:uuid}/download", opt=access("member", answers=_TYPES))
async def download(ctx: CtxDep, request: Request[Any, Any, Any], media_id: Path[UUID]) -> Response[Any]:
    """The whole file, to be saved. Ranges and ETags are understood."""
    return await _whole(request, ctx, await _own(ctx, media_id), is_download=True)


@get("/api/v1/media/{media_id:uuid}/stream", opt=access("member", answers=_TYPES))
async def stream(ctx: CtxDep, request: Request[Any, Any, Any], media_id: Path[UUID]) -> Response[Any]:
    """The whole file, to be seen or heard. Ranges and ETags are understood."""
    return await _whole(request, ctx, await _own(ctx, media_id), is_download=False)


@get("/media/files/{token:str}", opt=access("public", limit="none", answers=_TYPES))
async def by_token(ctx: CtxDep, request: Request[Any, Any, Any], token: Path[str]) -> Response[Any]:
    """The whole file, for whoever has its signed address, until that ends."""
    permit = read_permit(ctx, token)
    stored = await stored_file(ctx, permit.media_id)
    if stored is None or not may_be_fetched(stored):
        raise NotFound("This file is not there (any more)")
    return await _whole(request, ctx, stored, is_download=permit.is_download)


async def _own(ctx: Ctx, media_id: UUID) -> StoredFile:
    await access_own_media(ctx, media_id)
    stored = await stored_file(ctx, media_id)
    if stored is None or stored.scan_status is Scan.INFECTED:
        raise NotFound("This file cannot be fetched")
    return stored


async def _admitted(
    ctx: Ctx, request: Request[Any, Any, Any], lending: Lending, media_id: UUID, size: int, format: str
) -> tuple[StoredVariant, str]:
    """The size, and how long it may be kept by whom. Who asks is looked at only where not everybody may have it."""
    signed = request.query_params.get("s")
    if signed is None:
        try:
            stored = await queries.variant(ctx, media_id, size, format)
        except NotFound:
            stored = await queries.variant(ctx, media_id, size, format, also_deleted=True)
            return await _owners(lending, stored)
        if stored.is_private:
            return await _owners(lending, stored)
        # A picture never changes under its id, so it may be kept for good, by shared caches too.
        return stored, "public, max-age=31536000, immutable"
    left = seconds_left(ctx, media_id, request.query_params.get("e"), signed)
    if left is None:
        raise NotFound("This address is not valid (any more)")
    return await queries.variant(ctx, media_id, size, format), f"private, max-age={left}"


async def _owners(lending: Lending, stored: StoredVariant) -> tuple[StoredVariant, str]:
    actor = await lending.whoever()
    if actor is None or actor.id != stored.owner_id:
        raise NotFound("There is no such picture")
    return stored, "private, no-cache"


async def _whole(request: Request[Any, Any, Any], ctx: Ctx, stored: StoredFile, *, is_download: bool) -> Response[Any]:
    kind = "attachment" if is_download or not stored.content_type.startswith(SHOWN) else "inline"
    headers = {
        "ETag": stored.etag,
        "Cache-Control": "private, max-age=300",
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(_named(stored), safe='')}",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; sandbox",
    }
    content_type = stored.content_type if kind == "inline" else _harmless(stored.content_type)
    if _is_known(request, stored.etag):
        return Response(b"", status_code=304, headers=headers)
    span = _span(request, stored)
    app, day = ctx.app, ctx.now.date()
    await lending_of(request.scope).finish(True)
    if span is not None and span[0] >= span[1]:
        headers["Content-Range"] = f"bytes */{stored.bytes_count}"
        return Response(b"", status_code=416, headers=headers, media_type="application/octet-stream")
    begin, end = span or (0, stored.bytes_count)
    headers["Content-Length"] = str(end - begin)
    if span is not None:
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{stored.bytes_count}"
    chunks: AsyncIterator[bytes] = app.storage.stream(stored.path, span=span)
    first = await anext(chunks, b"")  # a file that is gone is told of before the answer has begun
    actions.count_fetch(app, stored.owner_id, day, end - begin)
    return Stream(_chained(first, chunks), status_code=206 if span else 200, headers=headers, media_type=content_type)


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _span(request: Request[Any, Any, Any], stored: StoredFile) -> tuple[int, int] | None:
    """The asked-for bytes, from the first to before the last; None is all. One that cannot be is (n, n)."""
    match = _RANGE.fullmatch(request.headers.get("range", "").strip())
    unless = request.headers.get("if-range")
    if match is None or (unless is not None and unless != stored.etag):
        return None
    size, (begin, end) = stored.bytes_count, match.groups()
    if not begin and not end:
        return None
    if not begin:
        return (max(0, size - int(end)), size) if int(end) else (size, size)
    last = min(int(end) + 1, size) if end else size
    if end and int(end) < int(begin):
        return None  # not a range at all, says the standard: it is as if none were asked for
    return (int(begin), last) if int(begin) < size else (size, size)


def _is_known(request: Request[Any, Any, Any], etag: str) -> bool:
    asked = request.headers.get("if-none-match", "")
    return etag in [tag.strip().removeprefix("W/") for tag in asked.split(",")]


def _named(stored: StoredFile) -> str:
    name = stored.filename or "file"
    ending = stored.path.rpartition(".")[2]
    return name if "." in name[-6:] and not name.lower().endswith((".html", ".htm", ".svg")) else f"{name}.{ending}"


def _harmless(content_type: str) -> str:
    return "text/plain; charset=utf-8" if content_type == "text/plain" else content_type


routes = [picture, download, stream, by_token]
