"""Series for tests: `await make.series(ana, chapters=3)`, `await make.chapter(ana, series, title="The gate")`."""

import itertools
from typing import Any

from stoa.creation.serials.actions.chapters import create_chapter
from stoa.creation.serials.actions.schedule import publish_chapter
from stoa.creation.serials.actions.series import create_series, publish_series
from stoa.creation.serials.types import ChapterView, SeriesView
from tests.factories.team import make_site

_numbers = itertools.count(1)
BODY = "\n\n".join(f"Paragraph {n} of the road, which goes on between the walls for a while." for n in range(1, 7))


async def make_series(
    make: Any, author: Any = None, *, title: str | None = None, chapters: int = 0, published: bool = True, **more: Any
) -> SeriesView:
    """A series on the author's default site, with so many chapters that are out."""
    author = author or await make.user(roles=("creator",))
    site_id = await make_site(make, author)
    async with make.tx(author) as ctx:
        series = await create_series(ctx, site_id, title=title or f"The road, book {next(_numbers)}", **more)
        if published:
            series = await publish_series(ctx, series.id)
        for number in range(1, chapters + 1):
            chapter = await create_chapter(ctx, series.id, title=f"Milestone {number}", body_markdown=BODY)
            await publish_chapter(ctx, chapter.id)
    return series


async def make_chapter(
    make: Any, author: Any, series: SeriesView, *, body: str = BODY, published: bool = True, **more: Any
) -> ChapterView:
    """A chapter at the end of a series, published unless told otherwise."""
    async with make.tx(author) as ctx:
        chapter = await create_chapter(ctx, series.id, body_markdown=body, **more)
        return await publish_chapter(ctx, chapter.id) if published else chapter
