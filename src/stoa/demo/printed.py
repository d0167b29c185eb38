"""The novel of the demo, brought in through the EPUB import as anybody would, and brought out chapter by chapter.

`everybody-gets-across.epub` was written for this demo, by the people who make Stoa, who have waived all rights to it:
CC0 1.0, the public domain. The last chapter is scheduled, so that there is one to wait for.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from stoa.creation.exchange import actions as exchange
from stoa.creation.exchange.queries import IMPORT
from stoa.creation.exchange.types import ImportState, Options
from stoa.creation.serials.actions.genres import set_genres
from stoa.creation.serials.actions.schedule import publish_chapter, schedule_chapter
from stoa.creation.serials.actions.series import create_series, publish_series
from stoa.creation.serials.actions.standing import list_series
from stoa.creation.serials.types import ContentType
from stoa.foundation.team.queries import default_site_of
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import Db, value

AUTHOR: Final = "beatrice"
BOOK: Final = Path(__file__).parent / "everybody-gets-across.epub"
TITLE: Final = "Everybody Gets Across"
SYNOPSIS: Final = (
    "A woman who mends umbrellas is left a ferry that one pulls by a rope, a goat, and thirty-one books in which every "
    "crossing is written down, with what was paid for it. She is to keep it for a year and a day. The county means to "
    "build a bridge.\n\n*In the public domain (CC0 1.0), written for this demo.*"
)
BEGUN_HOURS: Final = 600.0
OUT_HOURS: Final = 560.0  # the first chapter; then one each day
STEP_HOURS: Final = 24.0
NEXT_HOURS: Final = 20.0  # from now, the last one
_GENRES = value(list[UUID], "select coalesce(array_agg(id order by slug), '{}') from genres where slug = any($1)")

At = Callable[[Db, float, str], Ctx]  # somebody, so many hours ago


class Printed:
    """A book on its way in: begun in the transaction of the demo, read and published behind it."""

    def __init__(self) -> None:
        self._series_id: UUID | None = None
        self._import_id: UUID | None = None

    def plan(self, do: Callable[[float, str, Callable[[Ctx], Awaitable[object]]], None]) -> None:
        """Has the series made and the file sent: `do` takes how many hours ago, who, and what."""
        do(BEGUN_HOURS, AUTHOR, self._send)

    async def _send(self, ctx: Ctx) -> None:
        site_id = await default_site_of(ctx, ctx.member.id)
        if site_id is None:
            raise LookupError(f"{AUTHOR} has no site")
        series = await create_series(
            ctx,
            site_id,
            title=TITLE,
            synopsis_markdown=SYNOPSIS,
            content_type=ContentType.WEB_NOVEL,
        )
        await set_genres(ctx, series.id, await _GENRES(ctx.db, ["drama", "sea-stories", "slice-of-life"]))
        options = Options(dry_run=False, take_cover=True)
        begun = await exchange.begin_import(ctx, series.id, data=BOOK.read_bytes(), filename=BOOK.name, options=options)
        self._series_id, self._import_id = series.id, begun.id

    async def go_on(self, app: App, at: At) -> None:
        """Reads the file and brings the chapters out, each on its day; the last one is still to come."""
        assert self._series_id is not None and self._import_id is not None
        async with app.database.connection() as db:
            await exchange.read_import(at(db, BEGUN_HOURS - 0.1, AUTHOR), self._import_id)
            done = await IMPORT(db, self._import_id)
        if done is None or done.state is not ImportState.DONE:
            raise LookupError(f"the novel did not come in: {done and done.problem}")
        ids = [chapter.chapter_id for chapter in done.report.chapters if chapter.chapter_id is not None]
        async with app.database.transaction() as db:
            await publish_series(at(db, OUT_HOURS, AUTHOR), self._series_id)
            for place, chapter_id in enumerate(ids[:-1]):
                await publish_chapter(at(db, OUT_HOURS - place * STEP_HOURS, AUTHOR), chapter_id)
            now = at(db, 0, AUTHOR)
            await schedule_chapter(now, ids[-1], at=now.now + timedelta(hours=NEXT_HOURS), timezone="UTC")
            await list_series(now, self._series_id)
