"""`/dashboard/chapters/{id}/analytics`: who reads a chapter."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get

from stoa.creation.serials.policies.chapters import access_chapter
from stoa.creation.serials.queries.readers import read_days
from stoa.creation.serials.queries.stats import detailed_stats
from stoa.foundation.team.types import Permission
from stoa.front import formats
from stoa.front.public.home import address
from stoa.front.studio.chapters import CHAPTER, CHAPTERS, chapter_page
from stoa.front.studio.series_analytics import SPANS
from stoa.kit.http import CtxDep, Path, access


@get(f"{CHAPTER}/analytics", opt=access("member"))
async def analytics(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """Readers and likes of the last days, and how many of those who began the series came this far."""
    chapter = await access_chapter(ctx, chapter_id, Permission.SEE_ANALYTICS)
    asked, here = request.query_params.get("days"), f"{CHAPTERS}/{chapter_id}/analytics"
    span = next((days for days, _ in SPANS if str(days) == asked), SPANS[0][0])
    days = await read_days(ctx, chapter_id, days=span)
    beside = (await detailed_stats(ctx, chapter.series_id, days=1)).chapters
    own = next((one for one in beside if one.id == chapter_id), None)
    return await chapter_page(
        request,
        ctx,
        chapter,
        "studio/chapter_analytics.html",
        at="analytics",
        spans=[(address(here, days=str(days)), name, days == span) for days, name in SPANS],
        readers=[(formats.date_of(one.day), one.views, formats.count(one.views)) for one in days],
        likes=[(formats.date_of(one.day), one.likes, formats.count(one.likes)) for one in days],
        read_sum=sum(one.views for one in days),
        liked_sum=sum(one.likes for one in days),
        kept_percent=own.kept_percent if own else None,
    )


routes = [analytics]
