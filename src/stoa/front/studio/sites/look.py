"""What a site would look like, before its visitors see it: its first page in a frame, with a style sheet of its own."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get

from stoa.creation.serials.queries.listed import public_series
from stoa.creation.sites.actions import look_of
from stoa.creation.sites.queries import public_site_by_id
from stoa.creation.sites.types import Look
from stoa.creation.sites.types.changes import SiteChange
from stoa.foundation.team.types import Permission
from stoa.front.page import render
from stoa.front.sites.house import house_page
from stoa.front.studio.sites.desk import ONE, SITES, opened
from stoa.front.studio.sites.sheets import COLOURS, FACES, LAYOUT
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.forms import storable
from stoa.kit.http import CtxDep, Path, access
from stoa.operations.syndication.queries import site_entries

NAMES: Final = ("theme", *COLOURS, *FACES, *LAYOUT)
NEWEST: Final = 8
# It may be framed by the page that it is looked at on, and by nothing else.
POLICY: Final = (
    "default-src 'self'; img-src 'self' data: https:; script-src 'self'; style-src 'self'; object-src 'none'; "
    "frame-ancestors 'self'; base-uri 'self'; form-action 'none'"
)


def _asked(request: Request[Any, Any, Any]) -> dict[str, str]:
    """What the address asks to be different; an empty choice is the theme's own."""
    given = {name: request.query_params.get(name) for name in NAMES}
    return {name: value[:40] for name, value in given.items() if value is not None and storable(value)}


def _change(asked: dict[str, str]) -> SiteChange:
    chosen: dict[str, Any] = {name: asked[name] or None for name in (*COLOURS, *FACES) if name in asked}
    if asked.get("theme"):
        chosen["theme"] = asked["theme"]
    if any(name in asked for name in LAYOUT):
        chosen["layout"] = {name: asked[name] for name in LAYOUT if asked.get(name)}
    return SiteChange(**chosen)


async def _look(ctx: Ctx, site_id: UUID, asked: dict[str, str]) -> Look:
    """As asked; without the colours that are not typed to their end yet."""
    try:
        return await look_of(ctx, site_id, _change(asked))
    except Invalid as error:
        rest = {name: value for name, value in asked.items() if name not in error.fields}
        if len(rest) == len(asked):
            raise
        return await look_of(ctx, site_id, _change(rest))


@get(f"{ONE}/theme/preview", opt=access("member"))
async def preview(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """The first page as it would be."""
    await opened(ctx, site_id, Permission.MANAGE_SETTINGS)
    asked = _asked(request)
    look, site = await _look(ctx, site_id, asked), await public_site_by_id(ctx, site_id)
    shown = msgspec.structs.replace(
        site, theme=look.theme, layout=look.layout, style=look.style, style_dark=look.style_dark
    )
    shelf, newest = await public_series(ctx, site_id=site_id), await site_entries(ctx, site_id)
    answer = await house_page(
        request,
        ctx,
        shown,
        "sites/home.html",
        indexed=False,
        is_preview=True,
        insider=False,
        measures={},
        here=f"/s/{site.slug}",
        style_url=f"{SITES}/{site_id}/theme/preview.css?{urlencode(asked)}",
        name_tag="h1" if look.layout.home == "plain" else None,
        shelf=shelf.items,
        all_series=None,
        newest=newest[:NEWEST],
        json_ld=None,
    )
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


@get(f"{ONE}/theme/preview.css", opt=access("member"))
async def preview_style(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[str]:
    """The style sheet of that."""
    await opened(ctx, site_id, Permission.MANAGE_SETTINGS)
    look = await _look(ctx, site_id, _asked(request))
    return Response(look.stylesheet, media_type="text/css", headers={"Cache-Control": "private, no-store"})


@get(f"{ONE}/branding/contrast", opt=access("member"))
async def contrast(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[str]:
    """Whether the colours that are being chosen can be read: a part of the page."""
    await opened(ctx, site_id, Permission.MANAGE_SETTINGS)
    look = await _look(ctx, site_id, _asked(request))
    return Response(render("studio/sites/_contrast.html", contrast=look.contrast), media_type="text/html")


routes = [preview, preview_style, contrast]
