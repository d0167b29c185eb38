"""Sizes and parts of pictures, made when they are asked for."""

from uuid import UUID

from litestar import get, post

from stoa.foundation.media import actions
from stoa.foundation.media.policies import access_own_media
from stoa.foundation.media.queries.library import variants
from stoa.foundation.media.schemas import AreaIn, OptimizeIn, ResizeIn
from stoa.foundation.media.types import Area, FileView, VariantView
from stoa.kit.http import Body, CtxDep, Path, access


@post("/api/v1/media/{media_id:uuid}/process", status_code=202, opt=access("member", limit="upload"))
async def process(ctx: CtxDep, media_id: Path[UUID]) -> FileView:
    """Has a file worked on once more: its sizes made anew, and scanned if it was not."""
    return await actions.work_again(ctx, media_id)


@post("/api/v1/media/{media_id:uuid}/optimize", status_code=200, opt=access("member", limit="upload"))
async def optimize(ctx: CtxDep, media_id: Path[UUID], data: Body[OptimizeIn]) -> FileView:
    """Keeps a picture in fewer bytes, as WebP of this quality; where that is not smaller, as it is."""
    return await actions.optimise_file(ctx, media_id, quality=data.quality)


@post("/api/v1/media/{media_id:uuid}/resize", opt=access("member", limit="upload"))
async def resize(ctx: CtxDep, media_id: Path[UUID], data: Body[ResizeIn]) -> FileView:
    """A new file: a picture in another size, or a part of it. Never larger than it is."""
    area = _area(data.crop) if data.crop else None
    return await actions.resize(ctx, media_id, width=data.width, height=data.height, area=area, covers=data.covers)


@post("/api/v1/media/{media_id:uuid}/crop", opt=access("member", limit="upload"))
async def crop(ctx: CtxDep, media_id: Path[UUID], data: Body[AreaIn]) -> FileView:
    """A new file: a part of a picture."""
    return await actions.resize(ctx, media_id, width=None, height=None, area=_area(data))


@get("/api/v1/media/{media_id:uuid}/variants", opt=access("member"))
async def list_variants(ctx: CtxDep, media_id: Path[UUID]) -> list[VariantView]:
    """The stored sizes of a picture, or of the picture that stands for a film or a PDF."""
    await access_own_media(ctx, media_id)
    return await variants(ctx, media_id)


def _area(given: AreaIn) -> Area:
    return Area(given.x, given.y, given.width, given.height)


routes = [process, optimize, resize, crop, list_variants]
