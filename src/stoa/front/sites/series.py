"""`/s/{site}/series`: the series of a site, one of them, and all of its chapters."""

from typing import Any, Final

from litestar import Request, Response, get
from litestar.response import Redirect

from stoa.creation.serials.policies.series import access_series_by_slug
from stoa.creation.serials.queries.chapters import public_chapters
from stoa.creation.serials.queries.listed import public_series
from stoa.creation.serials.types import ChapterCard, SeriesView
from stoa.creation.sites.types import PublicSite
from stoa.creation.works.types import Sort
from stoa.foundation.people.queries import profile
from stoa.foundation.people.queries.account import preferences
from stoa.front.page import see_other
from stoa.front.public.home import address
from stoa.front.sites import facts
from stoa.front.sites.chair import is_opened, keep_opened
from stoa.front.sites.house import address_of, house, house_page, is_away
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.pagination import Page

SHELF: Final = 24
CHAPTERS: Final = 50
FOR_ADULTS: Final = ("mature", "explicit")
ORDERS: Final = {Sort.RECENT: "Recent", Sort.POPULAR: "Popular", Sort.TRENDING: "Trending"}


@get("/s/{site:str}/series", opt=access("public"))
async def series_list(request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str]) -> Response[Any]:
    """The published series of a site."""
    here = await house(request, ctx, site)
    path, asked = f"/s/{here.slug}/series", request.query_params.get("sort", "recent")
    sort = Sort(asked) if asked in set(Sort) else Sort.RECENT
    try:
        found = await public_series(
            ctx, site_id=here.id, sort=sort, cursor=request.query_params.get("cursor"), limit=SHELF
        )
    except Invalid:
        return see_other(path)
    return await house_page(
        request,
        ctx,
        here,
        "sites/series_list.html",
        path=path,
        found=found,
        orders=[(address(path, sort=one), name, one == sort) for one, name in ORDERS.items()],
        older=address(path, sort=sort, cursor=found.next_cursor) if found.next_cursor else None,
    )


async def open_series(
    request: Request[Any, Any, Any], ctx: Ctx, site: str, slug: str
) -> tuple[PublicSite, SeriesView, str | None]:
    """A site and a series of it as the visitor may have them, and where to go on to if the series was renamed (S6)."""
    here = await house(request, ctx, site)
    found = await access_series_by_slug(ctx, here.id, slug)
    if found.url is None:
        raise NotFound("There is no such series")
    if found.slug == slug:
        return here, found, None
    return here, found, found.url + request.url.path.removeprefix(f"/s/{here.slug}/series/{slug}")


async def asks_first(request: Request[Any, Any, Any], ctx: Ctx, rating: str, series: SeriesView) -> bool:
    """Whether what is for adults waits for a word of its reader, as everybody wants it who has not said otherwise."""
    if rating not in FOR_ADULTS or series.my_permissions or is_opened(request):
        return False
    return ctx.actor is None or (await preferences(ctx)).mature_content == "ask"


async def ask(
    request: Request[Any, Any, Any], ctx: Ctx, here: PublicSite, series: SeriesView, rating: str, path: str
) -> Response[Any]:
    """The page that says what it is, before it is seen."""
    return await house_page(
        request, ctx, here, "sites/mature.html", indexed=False, series=series, rating=rating, target=path
    )


def after_word(request: Request[Any, Any, Any], ctx: Ctx, series: SeriesView, answer: Response[Any]) -> Response[Any]:
    """The answer, with what remembers that somebody said yes just now."""
    if request.query_params.get("open") == "yes":
        path = str(series.url)
        keep_opened(ctx, answer, path.removeprefix(f"/s/{series.site_slug}") if is_away(request) else path)
    return answer


@get("/s/{site:str}/series/{series:str}", opt=access("public"))
async def series_page(
    request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str], series: Path[str]
) -> Response[Any]:
    """What a series is, and its chapters."""
    here, found, renamed = await open_series(request, ctx, site, series)
    if renamed is not None:
        return Redirect(path=renamed, status_code=308)
    path = str(found.url)
    if await asks_first(request, ctx, found.rating, found):
        return await ask(request, ctx, here, found, found.rating, path)
    newest_first = request.query_params.get("order") == "newest"
    chapters = await public_chapters(ctx, found.id, newest_first=newest_first, limit=CHAPTERS)
    base = ctx.app.settings.base_url
    first = None if newest_first else next(iter(chapters.items), None)
    is_out = found.state == "published"
    answer = await house_page(
        request,
        ctx,
        here,
        "sites/series.html",
        path=path,
        indexed=is_out,
        canonical=found.canonical_url or address_of(ctx, here, path),
        series=found,
        author=await profile(ctx, found.author.username),
        first=first or await _first(ctx, found),
        json_ld=facts.series(found, base, address_of(ctx, here, path)) if is_out else None,
        **_listed(path, chapters, newest_first=newest_first),
    )
    return after_word(request, ctx, found, answer)


async def _first(ctx: Ctx, series: SeriesView) -> ChapterCard | None:
    """Where reading begins."""
    return next(iter((await public_chapters(ctx, series.id, limit=1)).items), None)


def _listed(path: str, chapters: Page[ChapterCard], *, newest_first: bool) -> dict[str, Any]:
    """What a list of chapters needs: itself, and where it goes on."""
    order = "newest" if newest_first else "first"
    further = address(f"{path}/chapters", order=order, cursor=chapters.next_cursor) if chapters.next_cursor else None
    return {"chapters": chapters.items, "further": further, "newest_first": newest_first}


@get("/s/{site:str}/series/{series:str}/chapters", opt=access("public"))
async def chapter_list(
    request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str], series: Path[str]
) -> Response[Any]:
    """All chapters of a series, from the first or from the newest; for HTMX the next of them, or those in a dialog."""
    here, found, renamed = await open_series(request, ctx, site, series)
    if renamed is not None:
        return Redirect(path=renamed, status_code=308)
    path = str(found.url)
    if await asks_first(request, ctx, found.rating, found):
        return await ask(request, ctx, here, found, found.rating, f"{path}/chapters")
    newest_first = request.query_params.get("order") == "newest"
    cursor = request.query_params.get("cursor")
    try:
        chapters = await public_chapters(ctx, found.id, newest_first=newest_first, cursor=cursor, limit=CHAPTERS)
    except Invalid:
        return see_other(f"{path}/chapters")
    is_part = "hx-request" in request.headers
    answer = await house_page(
        request,
        ctx,
        here,
        "sites/_chapters.html" if is_part else "sites/chapters.html",
        path=f"{path}/chapters",
        indexed=found.state == "published",
        series=found,
        reading_id=request.query_params.get("reading"),
        **_listed(path, chapters, newest_first=newest_first),
    )
    return after_word(request, ctx, found, answer)


routes = [series_list, series_page, chapter_list]
