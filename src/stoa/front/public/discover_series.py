"""`/discover/series/{id}`: a series as whoever looks for one sees it, on the platform's own page."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get

from stoa.creation.serials.policies.series import access_published_series
from stoa.creation.serials.queries.chapters import public_chapters
from stoa.creation.serials.queries.listed import public_series
from stoa.creation.serials.types import SeriesView
from stoa.creation.works import actions as works
from stoa.creation.works.types import Sort
from stoa.foundation.people.queries import profile
from stoa.foundation.people.queries.account import preferences
from stoa.front.page import page
from stoa.front.public.discover import FOR_ADULTS, is_veiled
from stoa.front.sites import facts
from stoa.kit.ctx import Ctx
from stoa.kit.http import CtxDep, Path, access

CHAPTERS: Final = 8
ALIKE: Final = 6


@get("/discover/series/{series_id:uuid}", opt=access("public"))
async def series_detail(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """What it is, who tells it, how it begins, and what is like it. Reading goes on at its site."""
    await works.record_view(ctx, series_id)
    series = await access_published_series(ctx, series_id)
    chapters = await public_chapters(ctx, series_id, limit=CHAPTERS)
    alike = await _alike(ctx, series)
    base = ctx.app.settings.base_url
    asks = series.rating in FOR_ADULTS and (ctx.actor is None or (await preferences(ctx)).mature_content == "ask")
    return await page(
        request,
        ctx,
        "public/discover_series.html",
        shared=True,
        series=series,
        asks=asks,
        author=await profile(ctx, series.author.username),
        chapters=[] if asks else chapters.items,
        first=next(iter(chapters.items), None),
        has_more=chapters.next_cursor is not None,
        alike=alike,
        veiled=await is_veiled(ctx, alike),
        canonical=series.canonical_url or f"{base}{series.url}",
        base_url=base,
        json_ld=facts.series(series, base, f"{base}{series.url}"),
        at=str,
        further=None,
    )


async def _alike(ctx: Ctx, series: SeriesView) -> list[Any]:
    """Others of its first genre that are read just now."""
    if not series.genres:
        return []
    found = await public_series(ctx, genre_id=series.genres[0].id, sort=Sort.TRENDING, limit=ALIKE + 1)
    return [card for card in found.items if card.id != series.id][:ALIKE]


routes = [series_detail]
