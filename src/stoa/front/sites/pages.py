"""`/s/{site}`: a site's first page, what it says of itself, its own pages, and the style sheet of its theme."""

from typing import Any, Final

from litestar import Request, Response, get
from litestar.response import Redirect

from stoa.creation.serials.queries.listed import public_series
from stoa.creation.sites.queries import public_page_by_slug, public_site
from stoa.creation.sites.types import PublicSite, SitePage, SiteState
from stoa.creation.sites.types.looks import stylesheet_of
from stoa.foundation.people.queries import profile
from stoa.front.sites import facts
from stoa.front.sites.house import address_of, house, house_page, plain
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.operations.syndication.queries import site_entries

SHELF: Final = 12
NEWEST: Final = 8
ABOUT: Final = "about"


@get("/s/{site:str}", opt=access("public"))
async def home(request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str]) -> Response[Any]:
    """The first page: who this is, the series on a shelf, the newest chapters and posts."""
    here = await house(request, ctx, site)
    shelf = await public_series(ctx, site_id=here.id, limit=SHELF)
    newest = await site_entries(ctx, here.id)
    return await house_page(
        request,
        ctx,
        here,
        "sites/home.html",
        canonical=here.canonical_url or address_of(ctx, here, f"/s/{here.slug}"),
        name_tag="h1" if here.layout.home == "plain" else None,
        shelf=shelf.items,
        all_series=f"/s/{here.slug}/series" if shelf.next_cursor else None,
        newest=newest[:NEWEST],
        json_ld=facts.site(here, ctx.app.settings.base_url, address_of(ctx, here, f"/s/{here.slug}")),
    )


@get("/s/{site:str}/about", opt=access("public"))
async def about(request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str]) -> Response[Any]:
    """The site's own page of this name where it has one; else its description and who is behind it."""
    here = await house(request, ctx, site)
    found = await public_page_by_slug(ctx, here.id, ABOUT)
    if found is not None and found.slug == ABOUT:
        return await _shown(request, ctx, here, found)
    return await house_page(
        request, ctx, here, "sites/about.html", owner=await profile(ctx, here.owner.username), place="About"
    )


@get("/s/{site:str}/{page_slug:str}", opt=access("public"))
async def own_page(
    request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str], page_slug: Path[str]
) -> Response[Any]:
    """A page that the site has written; one that was renamed leads to its new address (S6)."""
    here = await house(request, ctx, site)
    found = await public_page_by_slug(ctx, here.id, page_slug)
    if found is None:
        raise NotFound("There is no such page")
    if found.slug != page_slug:
        return Redirect(path=found.url, status_code=308)
    return await _shown(request, ctx, here, found)


async def _shown(request: Request[Any, Any, Any], ctx: Ctx, here: PublicSite, found: SitePage) -> Response[Any]:
    is_out = found.state == "published"
    return await house_page(
        request,
        ctx,
        here,
        "sites/page.html",
        path=found.url,
        indexed=is_out,
        shown=found,
        json_ld=facts.article(here, found, address_of(ctx, here, found.url)) if is_out else None,
    )


@get("/s/{site:str}/style.css", opt=access("public"))
async def style(ctx: CtxDep, site: Path[str]) -> Response[str]:
    """The tokens of the theme and the site's own CSS. Its address names the revision, so that it may be kept."""
    here = await public_site(ctx, site)
    is_shut = here.state in (SiteState.PRIVATE, SiteState.SUSPENDED)
    if is_shut and not here.is_insider:
        raise NotFound("There is no such site")
    return plain(stylesheet_of(here), "text/css", max_age_s=86_400, shared=not is_shut)


routes = [home, about, own_page, style]
