"""`/dashboard/series/{id}/pictures/{place}`: its cover, banner or thumbnail, sent from here or out of one's library."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile

from stoa.creation.serials.actions.series import set_picture
from stoa.creation.serials.policies.series import access_series_to_edit
from stoa.creation.serials.types import SeriesView
from stoa.foundation.media import actions as media
from stoa.foundation.media.errors import FileInfected, ImageTooLarge
from stoa.foundation.media.policies import FORM_OVERHEAD_BYTES, check_announced
from stoa.foundation.media.queries import library
from stoa.foundation.media.types import Kind, Sort
from stoa.front.public.home import address
from stoa.front.studio.series import ONE, SERIES, said, series_page
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, LimitReached, NotFound, StoaError
from stoa.kit.forms import storable
from stoa.kit.http import CtxDep, Multipart, Path, access
from stoa.kit.http.lending import lending_of
from stoa.kit.ids import parse_id

PER_PAGE: Final = 24
# What each is called, where it is shown, and the shape it is cut to there.
PLACES: Final = {
    "cover": ("Cover", "Stands upright on shelves and on the series' page.", "2:3, at least 800 pixels wide"),
    "banner": ("Banner", "Lies across the head of the series' page.", "3:1, at least 1600 pixels wide"),
    "thumbnail": ("Small picture", "Stands in narrow lists. Without one, the cover does.", "square"),
}


@dataclass
class PictureForm:
    """A picture, with what is to be seen in it."""

    file: UploadFile
    alt: str = ""


async def _announced(request: Request[Any, Any, Any]) -> None:
    most_bytes = lending_of(request.scope).app.settings.max_upload_bytes
    check_announced(request.headers.get("content-length"), most_bytes)


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    series: SeriesView,
    place: str,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    here, cursor = f"{SERIES}/{series.id}/pictures/{place}", request.query_params.get("cursor")
    wanted = library.Filter(
        kind=Kind.IMAGE, folder=None, tag=None, text=None, is_unused=False, is_deleted=False, sort=Sort.NEWEST
    )
    found = await library.files(ctx, wanted, cursor=cursor if status == 200 else None, limit=PER_PAGE)
    return await series_page(
        request,
        ctx,
        series,
        "studio/series_picture.html",
        status=status,
        rail_path=f"{SERIES}/{series.id}/edit",
        here=here,
        place=place,
        words=PLACES[place],
        picture=getattr(series, place),
        pictures=[one for one in found.items if one.url and one.visibility == "public" and one.state == "ready"],
        errors=errors or {},
        older=address(here, cursor=found.next_cursor) if found.next_cursor else None,
        newer=here if cursor else None,
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
    series = await _series(ctx, series_id, place)
    try:
        return await _show(request, ctx, series, place)
    except Invalid:  # a cursor of another list
        return await _show(request, ctx, series, place, status=422)


@post(f"{ONE}/pictures/{{place:str}}", opt=access("member"))
async def choose(
    request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID], place: Path[str]
) -> Response[Any]:
    """Shows a picture out of the library there, or none."""
    series = await _series(ctx, series_id, place)
    asked = str((await request.form()).get("media_id", ""))
    media_id = parse_id(asked)
    if asked and media_id is None:
        raise Invalid(fields={"media_id": "There is no such picture"})
    try:
        await set_picture(ctx, series_id, place, media_id)
    except (Invalid, Conflict) as error:
        return await _show(request, ctx, series, place, errors={"media_id": _first(error)}, status=error.status)
    return _done(
        request, series, "It is shown from now on." if media_id else "It is taken off. The file stays in your library."
    )


@post(
    f"{ONE}/pictures/{{place:str}}/upload",
    dto=None,  # a file is no field of a form
    before_request=_announced,
    request_max_body_size=MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES,
    opt=access("member", limit="upload"),
)
async def upload(
    request: Request[Any, Any, Any],
    ctx: CtxDep,
    series_id: Path[UUID],
    place: Path[str],
    data: Multipart[PictureForm],
) -> Response[Any]:
    """Takes a picture in and shows it there."""
    series = await _series(ctx, series_id, place)
    content = await data.file.read(ctx.app.settings.max_upload_bytes + 1)
    name = data.file.filename or ""
    try:
        if not storable(data.alt + name):
            raise Invalid(fields={"alt": "This holds a character that cannot be stored"})
        made = await media.upload_image(ctx, data=content, alt=data.alt[:1000], filename=name)
        await set_picture(ctx, series_id, place, made.id)
    except (Invalid, LimitReached, ImageTooLarge, FileInfected) as error:
        return await _show(request, ctx, series, place, errors={"file": _first(error)}, status=error.status)
    return _done(request, series, "It is shown from now on.")


def _first(error: StoaError) -> str:
    return next(iter(error.fields.values()), error.detail) if isinstance(error, Invalid) else error.detail


def _done(request: Request[Any, Any, Any], series: SeriesView, text: str) -> Response[Any]:
    return said(request, f"{SERIES}/{series.id}/edit", text)


routes = [picture_page, choose, upload]
