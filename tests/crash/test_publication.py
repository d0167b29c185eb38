"""S4: kill -9 of the worker while it publishes a chapter, and another one ten minutes later: out once, told once."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from stoa.creation.serials.actions.schedule import schedule_chapter
from stoa.kit.clock import utcnow
from stoa.modules import build_app, close_app
from tests.conftest import Make, settings_for

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="kill -9")]

ROOT = Path(__file__).resolve().parents[2]
AHEAD_MIN = 2  # so far is the clock of the first worker, to which it is time
LATER_MIN = AHEAD_MIN + 10
PATIENCE_S = 60.0


async def started(dsn: str, home: Path, *, minutes: int, flag: str = "") -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from tests.crash import publishing_worker; publishing_worker.main()",
        *(dsn, str(home), str(minutes), flag),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )


async def until(condition: Callable[[], Awaitable[Any]], process: asyncio.subprocess.Process) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not await condition():
        assert process.returncode is None, "the worker ended by itself"
        assert asyncio.get_running_loop().time() < deadline, "nothing happened in time"
        await asyncio.sleep(0.1)


async def test_a_chapter_is_published_once_though_the_worker_dies_of_it(
    fresh_db: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    dsn = await fresh_db()
    app = await build_app(settings_for(dsn, tmp_path, log_level="error"))
    make: Any = Make(app)
    ana = await make.user("ana", roles=("creator",))
    series = await make.series(ana)
    chapters = [await make.chapter(ana, series, title=f"Part {n}", published=False) for n in range(2)]
    due = utcnow() + timedelta(minutes=AHEAD_MIN - 1)
    async with make.tx(ana) as ctx:
        for chapter in chapters:
            await schedule_chapter(ctx, chapter.id, at=due)
    await close_app(app)

    db = await asyncpg.connect(dsn)
    try:
        stopped = await started(dsn, tmp_path, minutes=AHEAD_MIN, flag="published")
        try:
            await until(lambda: asyncio.to_thread((tmp_path / "published").exists), stopped)
        finally:
            stopped.kill()
            await stopped.wait()
        assert await published(db) == []
        assert await told(db) == []
        again = await started(dsn, tmp_path, minutes=LATER_MIN)
        try:
            await until(lambda: all_out(db), again)
            await asyncio.sleep(1)
        finally:
            again.kill()
            await again.wait()
        assert [title for title, _ in await published(db)] == ["Part 0", "Part 1"]
        later = datetime.now(UTC) + timedelta(minutes=LATER_MIN - 2)
        assert all(at > later for _, at in await published(db))
        assert await told(db) == [("ChapterOut", 2), ("WorkPublished", 2)]
    finally:
        await db.close()


async def published(db: Any) -> list[tuple[str, datetime]]:
    rows = await db.fetch(
        "select title, published_at from works where kind = 'chapter' and state = 'published' order by 1"
    )
    return [tuple(row) for row in rows]


async def all_out(db: Any) -> bool:
    return len(await published(db)) == 2


async def told(db: Any) -> list[tuple[str, int]]:
    sql = """
        select split_part(type, '.', 3), count(*) from events
        where type = 'creation.serials.ChapterOut'
          or (type = 'creation.works.WorkPublished' and payload ->> 'kind' = 'chapter')
        group by 1 order by 1
    """
    return [tuple(row) for row in await db.fetch(sql)]
