"""`/dashboard/sites/{id}/branding/{place}`: its logo, icon, cover, or picture for shared links."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile

from stoa.creation.sites.actions import set_picture
from stoa.creation.sites.types import Place, SiteDetail
from stoa.foundation.media import actions as media
from stoa.foundation.media.errors import FileInfected, ImageTooLarge
from stoa.foundation.media.policies import FORM_OVERHEAD_BYTES, check_announced
from stoa.foundation.media.queries import library
from stoa.foundation.media.types import Kind, Sort
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.front.public.home import address
from stoa.front.studio.sites.desk import ONE, SITES, named, opened, said, site_page, texts
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, LimitReached, NotFound
from stoa.kit.forms import storable
from stoa.kit.http import CtxDep, Multipart, Path, access
from stoa.kit.http.lending import lending_of
from stoa.kit.ids import parse_id

PER_PAGE: Final = 24
# Where each is shown, and the shape it is cut to there.
WORDS: Final = {
    Place.LOGO: ("Stands beside the name at the top of each page.", "at least 200 pixels high, with a clear ground"),
    Place.FAVICON: ("The small picture in the tab of a browser.", "square, at least 64 pixels wide"),
    Place.COVER: ("The large picture on the first page.", "wide, at least 1600 pixels"),
    Place.OG: ("What a link to the site shows elsewhere. Without one, the cover does.", "1200 by 630 pixels"),
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
    there: SiteAccess,
    site: SiteDetail,
    place: Place,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    here, cursor = f"{SITES}/{site.id}/branding/{place}", request.query_params.get("cursor")
    wanted = library.Filter(
        kind=Kind.IMAGE, folder=None, tag=None, text=None, is_unused=False, is_deleted=False, sort=Sort.NEWEST
    )
    try:
        found = await library.files(ctx, wanted, cursor=cursor if status == 200 else None, limit=PER_PAGE)
    except Invalid:  # a cursor of another list
        found, cursor = await library.files(ctx, wanted, cursor=None, limit=PER_PAGE), None
    return await site_page(
        request,
        ctx,
        there,
        site,
        "picture",
        status=status,
        rail_path=f"{SITES}/{site.id}/branding",
        here=here,
        place=place,
        words=WORDS[place],
        picture=site.og_image if place is Place.OG else getattr(site, place),
        pictures=[one for one in found.items if one.url and one.visibility == "public" and one.state == "ready"],
        errors=errors or {},
        older=address(here, cursor=found.next_cursor) if found.next_cursor else None,
        newer=here if cursor else None,
    )


async def _place(ctx: Ctx, site_id: UUID, place: str) -> tuple[SiteAccess, SiteDetail, Place]:
    there, site = await opened(ctx, site_id, Permission.MANAGE_SETTINGS)
    if place not in set(Place):
        raise NotFound("A site has a logo, an icon, a cover and a picture for links")
    return there, site, Place(place)


@get(f"{ONE}/branding/{{place:str}}", opt=access("member"))
async def picture_page(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], place: Path[str]
) -> Response[Any]:
    """The picture there is, and those there are to choose from."""
    return await _show(request, ctx, *await _place(ctx, site_id, place))


@post(f"{ONE}/branding/{{place:str}}", opt=access("member", limit="write"))
async def choose(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], place: Path[str]) -> Response[Any]:
    """Shows a picture out of the library there, or none."""
    there, site, at = await _place(ctx, site_id, place)
    try:
        asked = texts(await request.form()).get("media_id", "")
        media_id = parse_id(asked)
        if asked and media_id is None:
            raise Invalid(fields={"media_id": "There is no such picture"})
        await set_picture(ctx, site_id, at, media_id)
    except (Invalid, Conflict) as error:
        first = next(iter(named(error).values()))
        return await _show(request, ctx, there, site, at, errors={"media_id": first}, status=error.status)
    return said(
        request,
        f"{SITES}/{site_id}/branding",
        "It is shown from now on." if media_id else "It is taken off. The file stays in your library.",
    )


@post(
    f"{ONE}/branding/{{place:str}}/upload",
    dto=None,  # a file is no field of a form
    before_request=_announced,
    request_max_body_size=MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES,
    opt=access("member", limit="upload"),
)
async def upload(
    request: Request[Any, Any, Any],
    ctx: CtxDep,
    site_id: Path[UUID],
    place: Path[str],
    data: Multipart[PictureForm],
) -> Response[Any]:
    """Takes a picture in and shows it there."""
    there, site, at = await _place(ctx, site_id, place)
    content = await data.file.read(ctx.app.settings.max_upload_bytes + 1)
    name = data.file.filename or ""
    try:
        if not storable(data.alt + name):
            raise Invalid(fields={"alt": "This holds a character that cannot be stored"})
        made = await media.upload_image(ctx, data=content, alt=data.alt[:1000], filename=name)
        await set_picture(ctx, site_id, at, made.id)
    except (Invalid, LimitReached, ImageTooLarge, FileInfected) as error:
        if isinstance(error, FileInfected):
            lending_of(request.scope).keep = True  # it lies in quarantine, and that is to be known
        first = next(iter(named(error).values()))
        return await _show(request, ctx, there, site, at, errors={"file": first}, status=error.status)
    return said(request, f"{SITES}/{site_id}/branding", "It is shown from now on.")


routes = [picture_page, choose, upload]
