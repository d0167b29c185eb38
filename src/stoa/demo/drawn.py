"""The comic of the demo: its first chapter, drawn by `pictures.comic`, brought in as anybody would."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import UUID

from stoa.creation.comics import actions as comics
from stoa.creation.comics.actions import NewImage
from stoa.creation.serials.actions.chapters import create_chapter
from stoa.creation.serials.actions.genres import set_genres
from stoa.creation.serials.actions.pictures import upload_picture
from stoa.creation.serials.actions.schedule import publish_chapter
from stoa.creation.serials.actions.series import create_series, publish_series
from stoa.creation.serials.actions.standing import list_series
from stoa.creation.serials.types import ContentType, Direction
from stoa.demo.pictures import comic
from stoa.foundation.team.queries import default_site_of
from stoa.kit.ctx import Ctx
from stoa.kit.db import value

AUTHOR: Final = "tomas"
SYNOPSIS: Final = (
    "Nine days of rain, two hundred and six steps, and a can with nothing in it. An old man, a cat named Mouse, and a "
    "light that has to burn tonight. A short story in pictures, to be read from right to left."
)
BEGUN_HOURS, OUT_HOURS = 90.0, 70.0
_GENRES = value(list[UUID], "select coalesce(array_agg(id order by slug desc), '{}') from genres where slug = any($1)")


def plan(do: Callable[[float, str, Callable[[Ctx], Awaitable[object]]], None], drawers: ThreadPoolExecutor) -> None:
    """Has it made: `do` takes how many hours ago, who, and what. The worker makes its pages ready afterwards."""
    cover = drawers.submit(comic.draw, comic.PAGES[0], 99)
    drawn = [drawers.submit(comic.draw, page, number) for number, page in enumerate(comic.PAGES, 1)]
    ids: list[UUID] = []

    async def begin(ctx: Ctx) -> None:
        site_id = await default_site_of(ctx, ctx.member.id)
        if site_id is None:
            raise LookupError(f"{AUTHOR} has no site")
        series = await create_series(
            ctx,
            site_id,
            title=comic.TITLE,
            synopsis_markdown=SYNOPSIS,
            content_type=ContentType.MANGA,
            reading_direction=Direction.RTL,
        )
        data = await asyncio.wrap_future(cover)
        await upload_picture(ctx, series.id, "cover", data=data, alt=comic.PAGES[0].alt, filename="cover.jpg")
        await set_genres(ctx, series.id, await _GENRES(ctx.db, ["sea-stories", "slice-of-life"]))
        chapter = await create_chapter(ctx, series.id, title=comic.CHAPTER)
        pages = zip(comic.PAGES, drawn, strict=True)
        files = [
            NewImage(f"page {number}.jpg", await asyncio.wrap_future(done), page.alt)
            for number, (page, done) in enumerate(pages, 1)
        ]
        await comics.add_images(ctx, chapter.id, files)
        ids.extend((series.id, chapter.id))

    async def bring_out(ctx: Ctx) -> None:
        await publish_series(ctx, ids[0])
        await publish_chapter(ctx, ids[1])
        await list_series(ctx, ids[0])

    do(BEGUN_HOURS, AUTHOR, begin)
    do(OUT_HOURS, AUTHOR, bring_out)
