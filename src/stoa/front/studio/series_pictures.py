"""`/dashboard/series/{id}/pictures/{place}`: its cover, banner or thumbnail, sent from here or out of one's library."""

from functools import partial
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.serials.actions.series import set_picture
from stoa.creation.serials.policies.series import access_series_to_edit
from stoa.creation.serials.types import SeriesView
from stoa.front.studio.picture_choice import TAKES_PICTURE, NotTaken, PictureForm, choose, take, to_choose_from
from stoa.front.studio.series import ONE, SERIES, said, series_page
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, Multipart, Path, access

# What each is called, where it is shown, and the shape it is cut to there.
PLACES: Final = {
    "cover": ("Cover", "Stands upright on shelves and on the series' page.", "2:3, at least 800 pixels wide"),
    "banner": ("Banner", "Lies across the head of the series' page.", "3:1, at least 1600 pixels wide"),
    "thumbnail": ("Small picture", "Stands in narrow lists. Without one, the cover does.", "square"),
}


async def _show(
    request: Request[Any, Any, Any], ctx: Ctx, series: SeriesView, place: str, refused: NotTaken | None = None
) -> Response[Any]:
    return await series_page(
        request,
        ctx,
        series,
        "studio/series_picture.html",
        status=refused.status if refused else 200,
        rail_path=f"{SERIES}/{series.id}/edit",
        place=place,
        words=PLACES[place],
        picture=getattr(series, place),
        **await to_choose_from(request, ctx, f"{SERIES}/{series.id}/pictures/{place}", refused),
    )


async def _series(ctx: Ctx, series_id: UUID, place: str) -> SeriesView:
    series = await access_series_to_edit(ctx, series_id)
    if place not in PLACES:
        raise NotFound("A series has a cover, a banner and a small picture")
    return series


@get(f"{ONE}/pictures/{{place:str}}", opt=access("member"))
async def picture_page(
    request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID], place: Path[str]
) -> Response[Any]:
    """The picture there is, and those there are to choose from."""
    return await _show(request, ctx, await _series(ctx, series_id, place), place)


@post(f"{ONE}/pictures/{{place:str}}", opt=access("member", limit="write"))
async def choose_one(
    request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID], place: Path[str]
) -> Response[Any]:
    """Shows a picture out of the library there, or none."""
    series = await _series(ctx, series_id, place)
    try:
        words = await choose(request, partial(set_picture, ctx, series_id, place))
    except NotTaken as refused:
        return await _show(request, ctx, series, place, refused)
    return said(request, f"{SERIES}/{series_id}/edit", words)


@post(f"{ONE}/pictures/{{place:str}}/upload", opt=access("member", limit="upload"), **TAKES_PICTURE)
async def upload(
    request: Request[Any, Any, Any],
    ctx: CtxDep,
    series_id: Path[UUID],
    place: Path[str],
    data: Multipart[PictureForm],
) -> Response[Any]:
    """Takes a picture in and shows it there."""
    series = await _series(ctx, series_id, place)
    try:
        words = await take(request, ctx, data, partial(set_picture, ctx, series_id, place))
    except NotTaken as refused:
        return await _show(request, ctx, series, place, refused)
    return said(request, f"{SERIES}/{series_id}/edit", words)


routes = [picture_page, choose_one, upload]
