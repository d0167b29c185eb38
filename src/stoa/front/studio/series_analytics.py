"""`/dashboard/series/{id}/analytics`: who reads a series, day by day and chapter by chapter."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get

from stoa.creation.serials.policies.series import access_series
from stoa.creation.serials.queries.stats import detailed_stats
from stoa.foundation.team.types import Permission
from stoa.front import formats
from stoa.front.public.home import address
from stoa.front.studio.series import ONE, SERIES, series_page
from stoa.kit.http import CtxDep, Path, access

SPANS: Final = ((30, "30 days"), (90, "90 days"), (365, "A year"))
CURVE: Final = 60  # chapters in the chart; the table has all


@get(f"{ONE}/analytics", opt=access("member"))
async def analytics(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Readers and likes of the last days, and how many go on from chapter to chapter."""
    series = await access_series(ctx, series_id, Permission.SEE_ANALYTICS)
    asked, here = request.query_params.get("days"), f"{SERIES}/{series_id}/analytics"
    span = next((days for days, _ in SPANS if str(days) == asked), SPANS[0][0])
    found = await detailed_stats(ctx, series_id, days=span)
    read, liked = [day.chapter_views for day in found.days], [day.likes for day in found.days]
    return await series_page(
        request,
        ctx,
        series,
        "studio/series_analytics.html",
        totals=found.totals,
        spans=[(address(here, days=str(days)), name, days == span) for days, name in SPANS],
        readers=[(formats.date_of(day.day), day.chapter_views, formats.count(day.chapter_views)) for day in found.days],
        likes=[(formats.date_of(day.day), day.likes, formats.count(day.likes)) for day in found.days],
        read_sum=sum(read),
        liked_sum=sum(liked),
        chapters=found.chapters,
        curve=[(f"{one.number.normalize():f}", one.views, formats.count(one.views)) for one in found.chapters[:CURVE]],
    )


routes = [analytics]
