"""What a site looks like: pictures, colours, faces, CSS, theme; and the services that count its visitors."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.params import QueryParameter
from msgspec import UNSET

from stoa.creation.sites import actions, queries
from stoa.creation.sites.schemas import (
    BrandingEdit,
    BrandingOut,
    IntegrationsEdit,
    IntegrationsOut,
    PictureIn,
    ThemeEdit,
    ThemeOut,
    VerifyIn,
    branding_out,
    theme_out,
)
from stoa.creation.sites.types import Checked, Look, Place, SiteDetail
from stoa.creation.sites.types.changes import SiteChange
from stoa.foundation.media import actions as media
from stoa.foundation.media.errors import FileInfected, ImageTooLarge
from stoa.foundation.media.policies import FORM_OVERHEAD_BYTES, check_announced
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import Permission
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.forms import storable
from stoa.kit.http import Body, CtxDep, Multipart, Path, access
from stoa.kit.http.lending import lending_of

_SITE = "/api/v1/sites/{site_id:uuid}"
_BRANDING = f"{_SITE}/branding"
Said = Annotated[str | None, QueryParameter(max_length=40)]


async def _announced(request: Request[Any, Any, Any]) -> None:
    check_announced(request.headers.get("content-length"), lending_of(request.scope).app.settings.max_upload_bytes)


_UPLOAD: dict[str, Any] = {
    "dto": None,  # a file is no field of JSON
    "status_code": 200,
    "before_request": _announced,
    "request_max_body_size": MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES,
    "opt": access("member", limit="upload"),
}


# ---- branding --------------------------------------------------------------------------------------------------


@get(_BRANDING, opt=access("member"))
async def branding(ctx: CtxDep, site_id: Path[UUID]) -> BrandingOut:
    """Pictures, colours, faces and CSS; what of the CSS is left out, and whether the colours can be read."""
    return await _branding(ctx, await queries.site_detail(ctx, await access_site(ctx, site_id)))


@patch(_BRANDING, opt=access("member", limit="write"))
async def edit_branding(ctx: CtxDep, site_id: Path[UUID], data: Body[BrandingEdit]) -> BrandingOut:
    """Changes what is given. A colour that cannot be read is refused with the nearest shade that can."""
    revision = None if data.revision is UNSET else data.revision
    return await _branding(ctx, await actions.edit_site(ctx, site_id, data.change(), revision=revision))


@post(f"{_BRANDING}/logo", **_UPLOAD)
async def upload_logo(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], data: Multipart[PictureIn]
) -> BrandingOut:
    """Stores a picture (multipart fields `file` and `alt`) in one's library, and shows it as the logo."""
    return await _uploaded(request, ctx, site_id, data, Place.LOGO)


@delete(f"{_BRANDING}/logo", status_code=200, opt=access("member"))
async def remove_logo(ctx: CtxDep, site_id: Path[UUID]) -> BrandingOut:
    """No logo any more; the picture stays in the library."""
    return await _branding(ctx, await actions.set_picture(ctx, site_id, Place.LOGO, None))


@post(f"{_BRANDING}/favicon", **_UPLOAD)
async def upload_favicon(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], data: Multipart[PictureIn]
) -> BrandingOut:
    """The same as the icon that browsers show beside the title."""
    return await _uploaded(request, ctx, site_id, data, Place.FAVICON)


@delete(f"{_BRANDING}/favicon", status_code=200, opt=access("member"))
async def remove_favicon(ctx: CtxDep, site_id: Path[UUID]) -> BrandingOut:
    """The platform's icon again."""
    return await _branding(ctx, await actions.set_picture(ctx, site_id, Place.FAVICON, None))


@post(f"{_BRANDING}/cover", **_UPLOAD)
async def upload_cover(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], data: Multipart[PictureIn]
) -> BrandingOut:
    """The same as the large picture of the site's first page."""
    return await _uploaded(request, ctx, site_id, data, Place.COVER)


@delete(f"{_BRANDING}/cover", status_code=200, opt=access("member"))
async def remove_cover(ctx: CtxDep, site_id: Path[UUID]) -> BrandingOut:
    """No large picture any more."""
    return await _branding(ctx, await actions.set_picture(ctx, site_id, Place.COVER, None))


@post(f"{_BRANDING}/og-image", **_UPLOAD)
async def upload_og_image(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], data: Multipart[PictureIn]
) -> BrandingOut:
    """The same as the picture that goes with shared links."""
    return await _uploaded(request, ctx, site_id, data, Place.OG)


async def _uploaded(
    request: Request[Any, Any, Any], ctx: Ctx, site_id: UUID, data: PictureIn, place: Place
) -> BrandingOut:
    await access_site(ctx, site_id, Permission.MANAGE_SETTINGS)
    if not storable(data.alt + (data.file.filename or "")):
        raise Invalid(fields={"alt": "This holds a character that cannot be stored"})
    most_bytes = ctx.app.settings.max_upload_bytes
    content = await data.file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ImageTooLarge(most_bytes)
    try:
        picture = await media.upload_image(ctx, data=content, alt=data.alt.strip(), filename=data.file.filename or "")
    except FileInfected:
        lending_of(request.scope).keep = True  # it lies in quarantine, and that is to be known
        raise
    return await _branding(ctx, await actions.set_picture(ctx, site_id, place, picture.id))


async def _branding(ctx: Ctx, site: SiteDetail) -> BrandingOut:
    return branding_out(site, await actions.look_of(ctx, site.id, SiteChange()))


# ---- theme -----------------------------------------------------------------------------------------------------


@get(f"{_SITE}/theme", opt=access("member"))
async def theme(ctx: CtxDep, site_id: Path[UUID]) -> ThemeOut:
    """The theme, what was chosen instead, and the CSS variables that come of both."""
    return await _theme(ctx, await queries.site_detail(ctx, await access_site(ctx, site_id)))


@patch(f"{_SITE}/theme", opt=access("member", limit="write"))
async def edit_theme(ctx: CtxDep, site_id: Path[UUID], data: Body[ThemeEdit]) -> ThemeOut:
    """Changes what is given. A chosen colour that cannot be read in the theme is refused with one that can."""
    revision = None if data.revision is UNSET else data.revision
    return await _theme(ctx, await actions.edit_site(ctx, site_id, data.change(), revision=revision))


@get(f"{_SITE}/theme/preview", opt=access("member"))
async def preview_theme(
    ctx: CtxDep,
    site_id: Path[UUID],
    theme: Said = None,
    primary_color: Said = None,
    secondary_color: Said = None,
    accent_color: Said = None,
    heading_font: Said = None,
    body_font: Said = None,
    home: Said = None,
    shelf: Said = None,
    width: Said = None,
    nav: Said = None,
    radius: Said = None,
    density: Said = None,
) -> Look:
    """What the site would look like; stores nothing. What is not given stays, an empty value is the theme's."""
    layout = {"home": home, "shelf": shelf, "width": width, "nav": nav, "radius": radius, "density": density}
    chosen = {
        "primary_color": primary_color,
        "secondary_color": secondary_color,
        "accent_color": accent_color,
        "heading_font": heading_font,
        "body_font": body_font,
    }
    said: dict[str, Any] = {name: value or None for name, value in chosen.items() if value is not None}
    if theme:
        said["theme"] = theme
    if any(layout.values()):
        said["layout"] = {name: value for name, value in layout.items() if value}
    return await actions.look_of(ctx, site_id, SiteChange(**said))


async def _theme(ctx: Ctx, site: SiteDetail) -> ThemeOut:
    return theme_out(site, await actions.look_of(ctx, site.id, SiteChange()))


# ---- integrations ----------------------------------------------------------------------------------------------


@get(f"{_SITE}/integrations", opt=access("member"))
async def integrations(ctx: CtxDep, site_id: Path[UUID]) -> IntegrationsOut:
    """The services that can count a site's visitors, with its id at each."""
    return _integrations(await queries.site_detail(ctx, await access_site(ctx, site_id)))


@patch(f"{_SITE}/integrations", opt=access("member", limit="write"))
async def edit_integrations(ctx: CtxDep, site_id: Path[UUID], data: Body[IntegrationsEdit]) -> IntegrationsOut:
    """Changes what is given. Scripts of one's own are refused: they would run as the platform."""
    revision = None if data.revision is UNSET else data.revision
    return _integrations(await actions.edit_site(ctx, site_id, data.change(), revision=revision))


@post(f"{_SITE}/integrations/verify", status_code=200, opt=access("member", limit="write", gated=False))
async def verify_integration(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], data: Body[VerifyIn]
) -> Checked:
    """Asks a service whether it knows the site's id."""
    question = await actions.integration_question(ctx, site_id, data.kind)
    return await lending_of(request.scope).outside(actions.ask(question))


def _integrations(site: SiteDetail) -> IntegrationsOut:
    return IntegrationsOut(site.analytics_enabled, actions.integrations_of(site), site.revision)


routes = [
    branding,
    edit_branding,
    upload_logo,
    remove_logo,
    upload_favicon,
    remove_favicon,
    upload_cover,
    remove_cover,
    upload_og_image,
    theme,
    edit_theme,
    preview_theme,
    integrations,
    edit_integrations,
    verify_integration,
]
