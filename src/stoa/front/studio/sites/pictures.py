"""`/dashboard/sites/{id}/branding/{place}`: its logo, icon, cover, or picture for shared links."""

from functools import partial
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.sites.actions import set_picture
from stoa.creation.sites.types import Place, SiteDetail
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.front.studio.picture_choice import TAKES_PICTURE, NotTaken, PictureForm, choose, take, to_choose_from
from stoa.front.studio.sites.desk import ONE, SITES, opened, said, site_page
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, Multipart, Path, access

# Where each is shown, and the shape it is cut to there.
WORDS: Final = {
    Place.LOGO: ("Stands beside the name at the top of each page.", "at least 200 pixels high, with a clear ground"),
    Place.FAVICON: ("The small picture in the tab of a browser.", "square, at least 64 pixels wide"),
    Place.COVER: ("The large picture on the first page.", "wide, at least 1600 pixels"),
    Place.OG: ("What a link to the site shows elsewhere. Without one, the cover does.", "1200 by 630 pixels"),
}


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    there: SiteAccess,
    site: SiteDetail,
    place: Place,
    refused: NotTaken | None = None,
) -> Response[Any]:
    return await site_page(
        request,
        ctx,
        there,
        site,
        "picture",
        status=refused.status if refused else 200,
        rail_path=f"{SITES}/{site.id}/branding",
        place=place,
        words=WORDS[place],
        picture=site.og_image if place is Place.OG else getattr(site, place),
        **await to_choose_from(request, ctx, f"{SITES}/{site.id}/branding/{place}", refused),
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
async def choose_one(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], place: Path[str]
) -> Response[Any]:
    """Shows a picture out of the library there, or none."""
    there, site, at = await _place(ctx, site_id, place)
    try:
        words = await choose(request, partial(set_picture, ctx, site_id, at))
    except NotTaken as refused:
        return await _show(request, ctx, there, site, at, refused)
    return said(request, f"{SITES}/{site_id}/branding", words)


@post(f"{ONE}/branding/{{place:str}}/upload", opt=access("member", limit="upload"), **TAKES_PICTURE)
async def upload(
    request: Request[Any, Any, Any],
    ctx: CtxDep,
    site_id: Path[UUID],
    place: Path[str],
    data: Multipart[PictureForm],
) -> Response[Any]:
    """Takes a picture in and shows it there."""
    there, site, at = await _place(ctx, site_id, place)
    try:
        words = await take(request, ctx, data, partial(set_picture, ctx, site_id, at))
    except NotTaken as refused:
        return await _show(request, ctx, there, site, at, refused)
    return said(request, f"{SITES}/{site_id}/branding", words)


routes = [picture_page, choose_one, upload]
