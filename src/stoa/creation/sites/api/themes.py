"""Themes to choose from."""

from typing import Annotated, Literal

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from stoa.creation.sites.queries import theme_uses
from stoa.creation.sites.schemas import ThemePreviewOut
from stoa.creation.sites.types.pictures import thumbnail
from stoa.creation.sites.types.themes import CATEGORIES, THEMES, Theme, ThemeCategory
from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, Path, Query, access

Category = Annotated[str | None, QueryParameter(max_length=40)]
_FOR = "public, max-age=86400"


def _theme(theme_id: str) -> Theme:
    found = THEMES.get(theme_id)
    if found is None:
        raise NotFound("There is no such theme")
    return found


@get("/api/v1/themes", opt=access("public"))
async def list_themes(ctx: CtxDep, category: Category = None) -> list[Theme]:
    """All themes, or those of a category, with the number of sites that have them."""
    uses = await theme_uses(ctx)
    chosen = [theme for theme in THEMES.values() if category in (None, theme.category)]
    return [msgspec.structs.replace(theme, usage_count=uses.get(theme.id, 0)) for theme in chosen]


@get("/api/v1/themes/categories", opt=access("public"))
async def categories() -> list[ThemeCategory]:
    """The kinds of themes."""
    return [
        ThemeCategory(one, name, about, sum(theme.category == one for theme in THEMES.values()))
        for one, (name, about) in CATEGORIES.items()
    ]


@get("/api/v1/themes/{theme_id:str}", opt=access("public"))
async def read(ctx: CtxDep, theme_id: Path[str]) -> Theme:
    """One theme with its colours, faces and layout."""
    theme = _theme(theme_id)
    return msgspec.structs.replace(theme, usage_count=(await theme_uses(ctx)).get(theme.id, 0))


@get("/api/v1/themes/{theme_id:str}/preview", opt=access("public"))
async def preview(theme_id: Path[str]) -> ThemePreviewOut:
    """Where a picture of a theme is, by day and by night."""
    url = _theme(theme_id).thumbnail_url
    return ThemePreviewOut(theme_id, url, f"{url}?scheme=dark")


@get("/api/v1/themes/{theme_id:str}/thumbnail", opt=access("public", answers=("image/svg+xml",)))
async def picture(theme_id: Path[str], scheme: Query[Literal["light", "dark"]] = "light") -> Response[str]:
    """A picture of a theme: a shelf of three covers in its colours, faces and corners."""
    svg = thumbnail(_theme(theme_id), dark=scheme == "dark")
    return Response(svg, media_type="image/svg+xml", headers={"Cache-Control": _FOR})


routes = [list_themes, categories, read, preview, picture]
