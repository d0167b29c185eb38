"""`bench publishing`: a chapter as page and JSON beside the bare handler; a book in and out, and sixty pages of a
comic, beside the same work by the bare libraries in one process.

In turns, so that what else the machine does falls on both; the figure is the median of the turns.
Bars: the page and the JSON of a chapter at least 0.5 of the bare handler, with a p99 of at most 1 / 0.6 of its; a book
in and out, and a comic's pages, at most 1.5 times the bare libraries.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import _books, _comic_pages
from bench.http import PORT, ROOT, Result, bare_path, encoded, measure, wait_until_up
from stoa.creation.exchange.actions.writing import write
from stoa.creation.exchange.types import Target
from stoa.creation.serials.actions.chapters import create_chapter
from stoa.creation.serials.actions.schedule import publish_chapter
from stoa.creation.serials.actions.series import create_series, publish_series
from stoa.creation.serials.types import ContentType
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.types import Role
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Plan
from stoa.foundation.team.queries import default_site_of
from stoa.kit.clock import utcnow
from stoa.kit.config import load_settings
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.migrate import migrate
from stoa.kit.postgres import EmbeddedPostgres
from stoa.modules import build_app, close_app

RATE_BAR: Final = 0.5
P99_BAR: Final = 0.6
WORK_BAR: Final = 1.5
WITHOUT_BAR: Final = ("zip out",)  # packing texts takes 50 ms; reading them from the database takes as long again

Work = tuple[Callable[[], Awaitable[float]], Callable[[], Awaitable[float]]]


async def prepare(app: App) -> tuple[Actor, dict[str, Any]]:
    """Somebody with a site, a series with a chapter that is out, and an empty series for the book and the comic."""
    async with app.database.transaction() as db:
        ctx = Ctx(db, None, utcnow(), "bench", app)
        user = await identity.register(
            ctx,
            username="bench",
            email="bench@example.org",
            password="a stoa has columns",
            roles=(Role.READER, Role.CREATOR),
            verified=True,
        )
        actor = Actor(user.id, user.username, frozenset(user.roles))
        own = Ctx(db, actor, utcnow(), "bench", app)
        await plans.put_on_plan(ctx, actor.id, Plan.ENTERPRISE)  # so that a hundred chapters fit, and again
        site_id = await default_site_of(own, actor.id)
        assert site_id is not None
        read = await create_series(own, site_id, title="To be read")
        await publish_series(own, read.id)
        text = _books.book().chapters[0].markdown
        ids = []
        for number in range(1, 4):  # one in the middle has one before and one after it
            chapter = await create_chapter(own, read.id, title=f"Number {number}", body_markdown=text)
            ids.append((await publish_chapter(own, chapter.id)).id)
        series = await create_series(own, site_id, title="A hundred chapters")
        comic = await create_series(own, site_id, title="Sixty pages", content_type=ContentType.WESTERN_COMIC)
        comics = {name: (await create_chapter(own, comic.id, title=name)).id for name in ("60 pages", "60 pages, read")}
    async with app.database.connection() as db:
        await db.execute("analyze")
        slug = await db.fetchval("select slug from works where id = $1", read.id)
        site = await db.fetchval("select slug from sites where id = $1", site_id)
    made = {"chapter": str(ids[1]), "page": f"/s/{site}/series/{slug}/number-2"}
    return actor, {**made, "series_id": series.id, "comics": comics}


async def works(app: App, actor: Actor, made: dict[str, Any], options: argparse.Namespace) -> dict[str, list[float]]:
    """Each kind of work by Stoa and bare, in turns; medians in seconds, as [stoa, bare] by name."""
    written = _books.book()
    data = await write(written, Target.EPUB, base_url="https://example.org")
    series_id = made["series_id"]

    async def clear() -> None:
        async with app.database.transaction() as db:
            await db.execute("delete from chapters where series_id = $1", series_id)
            await db.execute("delete from works where parent_id = $1", series_id)

    async def book_in() -> float:
        await clear()
        return await _books.in_by_stoa(app, actor, series_id, data)

    kinds: dict[str, Work] = {"book in": (book_in, lambda: _books.in_bare(app, data))}
    for target in _books.TARGETS:
        kinds[f"{target.value} out"] = (
            partial(_books.out_by_stoa, app, actor, series_id, target),
            partial(_books.out_bare, written, target),
        )
    figures: dict[str, list[float]] = {}
    for name, sides in kinds.items():
        turns: list[list[float]] = [[], []]
        for _ in range(options.turns):
            for side, work in enumerate(sides):
                turns[side].append(await work())
        figures[name] = [statistics.median(side) for side in turns]
    for name, comic_id in made["comics"].items():
        figures[name] = await _comic_pages.both(app, actor, comic_id, is_read=name.endswith("read"))
    return figures


def report(asked: dict[str, list[Result]], worked: dict[str, list[float]]) -> bool:
    """Prints both tables; answers whether the bars are met."""
    good = True
    print(f"{'':22s}{'requests/s':>12s}{'p99 ms':>9s}{'bare/s':>10s}{'p99 ms':>9s}{'ratio':>8s}{'p99':>8s}")
    for name, (stoa, bare) in asked.items():
        rate, p99 = stoa.per_s / bare.per_s, bare.p99_ms / stoa.p99_ms
        met = rate >= RATE_BAR and p99 >= P99_BAR
        good &= met
        figures = f"{stoa.per_s:12.0f}{stoa.p99_ms:9.1f}{bare.per_s:10.0f}{bare.p99_ms:9.1f}{rate:8.2f}{p99:8.2f}"
        print(f"{name:22s}{figures}  {RATE_BAR:.2f}, {P99_BAR:.2f} {'met' if met else 'MISSED'}")
    print(f"{'':22s}{'seconds':>12s}{'bare':>9s}{'ratio':>8s}")
    for name, (stoa_s, bare_s) in worked.items():
        met = stoa_s / bare_s <= WORK_BAR or name in WITHOUT_BAR
        good &= met
        line = f"{name:22s}{stoa_s:12.2f}{bare_s:9.2f}{stoa_s / bare_s:8.2f}"
        print(line if name in WITHOUT_BAR else f"{line}  {WORK_BAR:.2f} {'met' if met else 'MISSED'}")
    return good


async def all_work(dsn: str, home: Path, options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """A migrated database with what is asked for over HTTP, and the work that needs no HTTP."""
    await migrate(dsn)
    app = await build_app(load_settings({"DATABASE_URL": dsn, "STOA_HOME": str(home)}))
    try:
        actor, made = await prepare(app)
        return made, await works(app, actor, made, options)
    finally:
        await close_app(app)


def main(argv: Sequence[str]) -> int:
    """Runs it; exit code 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="bench publishing", description=__doc__)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one turn over HTTP")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        made, worked = asyncio.run(all_work(postgres.dsn, Path(folder), options))
        requests: dict[str, dict[str, Any]] = {
            "chapter as JSON": {"method": "GET", "url": f"/api/v1/chapters/{made['chapter']}/read"},
            "page of a chapter": {"method": "GET", "url": made["page"]},
        }
        environment = {
            **os.environ, "DATABASE_URL": postgres.dsn, "STOA_HOME": folder, "STOA_LIMITS_MULTIPLIER": "1000000",
            "STOA_LOG_LEVEL": "warning", "STOA_BASE_URL": f"http://127.0.0.1:{PORT}", "BENCH_PORT": str(PORT),
            "BENCH_REQUESTS": json.dumps(requests), "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        }  # fmt: skip
        server = subprocess.Popen([sys.executable, "-m", "bench._http_server"], env=environment, cwd=ROOT)
        try:
            wait_until_up(server)
            names = {n: ([encoded(r)], [encoded(r, bare_path(n))]) for n, r in requests.items()}
            good = report(measure(names, options), worked)
        finally:
            server.terminate()
            server.wait(10)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
