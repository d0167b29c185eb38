"""Whether a series can be found, its place among others, and its numbers."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import QueryParameter

from stoa.creation.serials.actions import standing
from stoa.creation.serials.policies.series import access_series
from stoa.creation.serials.queries import discovery
from stoa.creation.serials.queries.stats import MAX_DAYS, detailed_stats, series_stats
from stoa.creation.serials.types import DetailedStats, ListingScore, Ranking, SeriesStats, SeriesView
from stoa.foundation.team.types import Permission
from stoa.kit.http import CtxDep, Path, access

Days = Annotated[int, QueryParameter(ge=1, le=MAX_DAYS)]


@post("/api/v1/series/{series_id:uuid}/list", status_code=200, opt=access("member"))
async def list_series(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """Shows a series to everybody who looks around; 409 with what it lacks."""
    return await standing.list_series(ctx, series_id)


@post("/api/v1/series/{series_id:uuid}/unlist", status_code=200, opt=access("member"))
async def unlist_series(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """Shows it on its site only."""
    return await standing.unlist_series(ctx, series_id)


@get("/api/v1/series/{series_id:uuid}/listing-score", opt=access("member"))
async def listing_score(ctx: CtxDep, series_id: Path[UUID]) -> ListingScore:
    """What it has of what readers look for, of 100 points, and what it needs to be listed."""
    return discovery.score_of(await access_series(ctx, series_id, Permission.READ_DRAFTS), ctx.now)


@get("/api/v1/series/{series_id:uuid}/ranking", opt=access("member"))
async def ranking(ctx: CtxDep, series_id: Path[UUID]) -> Ranking:
    """Its place among the series that are listed, for those who see its numbers."""
    return await discovery.ranking(ctx, await access_series(ctx, series_id, Permission.SEE_ANALYTICS))


@get("/api/v1/series/{series_id:uuid}/stats", opt=access("member"))
async def stats(ctx: CtxDep, series_id: Path[UUID]) -> SeriesStats:
    """A series in numbers, its chapters included."""
    await access_series(ctx, series_id, Permission.SEE_ANALYTICS)
    return await series_stats(ctx, series_id)


@get("/api/v1/series/{series_id:uuid}/stats/detailed", opt=access("member"))
async def stats_detailed(ctx: CtxDep, series_id: Path[UUID], days: Days = 30) -> DetailedStats:
    """The same with each of the last days, and each of the first 500 chapters."""
    await access_series(ctx, series_id, Permission.SEE_ANALYTICS)
    return await detailed_stats(ctx, series_id, days=days)


routes = [list_series, unlist_series, listing_score, ranking, stats, stats_detailed]
