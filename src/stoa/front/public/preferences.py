"""How the place looks to somebody: scheme, and face and size of long texts.

Kept in cookies of the browser, for visitors and for the moments when nobody knows who asks; of who is signed in also in
their preferences, so that it is the same on all their devices.
"""

from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import Cookie

from stoa.foundation.people import actions
from stoa.foundation.people.types import PreferenceChanges
from stoa.front.page import FACES, SIZES, THEMES, safe_next, see_other
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.forms import parse
from stoa.kit.http import CtxDep, access

_YEAR_S = 365 * 24 * 3600


def _keep(request: Request[Any, Any, Any], ctx: Ctx, key: str, value: str | None, target: str | None) -> Response[Any]:
    htmx = "hx-request" in request.headers
    response: Response[Any] = Response(content=None, status_code=204) if htmx else see_other(safe_next(target))
    response.cookies.append(
        Cookie(
            key=key,
            value=value or "",
            path="/",
            samesite="lax",
            secure=ctx.app.settings.cookies_are_secure,
            max_age=_YEAR_S if value else 0,
        )
    )
    return response


@post("/preferences/theme", opt=access("public"))
async def choose_theme(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Light, dark, or as the system says."""
    form = await request.form()
    choice = form.get("theme")
    if choice != "system" and choice not in THEMES:
        raise Invalid(fields={"theme": "light, dark or system"})
    if ctx.actor is not None:
        await actions.prefer(ctx, parse(PreferenceChanges, {"theme": choice}))
    return _keep(request, ctx, "theme", choice if choice in THEMES else None, form.get("next"))


@post("/preferences/reading", opt=access("public"))
async def choose_reading(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Face and size of long texts."""
    form = await request.form()
    face, size = form.get("face"), form.get("size")
    if face not in FACES or size not in SIZES:
        raise Invalid(fields={"face": "One of the faces offered", "size": "One of the sizes offered"})
    if ctx.actor is not None:
        await actions.prefer(ctx, parse(PreferenceChanges, {"reading_face": face, "reading_size": int(size)}))
    plain = (face, size) == (FACES[0], "19")
    return _keep(request, ctx, "reading", None if plain else f"{face}.{size}", form.get("next"))


routes = [choose_theme, choose_reading]
