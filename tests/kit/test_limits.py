"""Rate limits (L1): exact, across pools and processes, with few round trips."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stoa.kit import limits
from stoa.kit.ctx import App
from stoa.kit.db import connect
from stoa.kit.errors import TooManyRequests

ROOT = Path(__file__).resolve().parents[2]
FreshDb = Callable[[], Awaitable[str]]


async def passes(app: App, key: str, limit: int, per_s: float, tries: int, cost: int = 1) -> int:
    passed = 0
    for _ in range(tries):
        try:
            await limits.allow(app, key, limit, per_s, cost)
            passed += 1
        except TooManyRequests as refused:
            assert 1 <= refused.retry_after_s <= max(1, per_s)
    return passed


def another(app: App) -> App:
    """What another process is: the same database, its own memory."""
    return App(app.settings, app.database, app.side, app.keyring, app.storage, app.http)


async def test_exactly_the_limit_passes_in_one_process(app: App) -> None:
    for limit in (1, 5, 37, 100):
        assert await passes(app, f"k{limit}", limit, 60, limit + 30) == limit


async def test_a_small_limit_is_exact_across_processes(app: App) -> None:
    apps = [another(app) for _ in range(4)]
    assert sum(await asyncio.gather(*(passes(a, "login", 5, 60, 10) for a in apps))) == 5


async def test_a_large_limit_is_never_exceeded_and_hardly_missed(app: App) -> None:
    apps = [another(app) for _ in range(4)]
    passed = sum(await asyncio.gather(*(passes(a, "general", 600, 60, 650) for a in apps)))
    assert passed == 600  # all of them go on until they are refused, so nothing is left in a lease


async def test_what_a_process_strands_is_less_than_what_it_used(app: App) -> None:
    first, second = another(app), another(app)
    used = await passes(first, "k", 100, 60, 4)
    rest = await passes(second, "k", 100, 60, 200)
    assert used == 4 and 100 - 4 - rest <= 4


async def test_a_window_ends_and_a_new_one_begins(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await passes(app, "k", 3, 60, 5) == 3
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + 61))
    async with app.database.connection() as db:
        await db.execute("update rate_limits set window_ends_at = window_ends_at - interval '61 seconds'")
    assert await passes(app, "k", 3, 60, 5) == 3
    assert await passes(another(app), "k", 3, 60, 5) == 0


async def test_keys_are_apart_and_costs_add_up(app: App) -> None:
    assert await passes(app, "a", 10, 60, 5, cost=3) == 3
    assert await passes(app, "a", 10, 60, 5) == 1
    assert await passes(app, "b", 10, 60, 1, cost=11) == 0
    assert await passes(app, "c", 0, 60, 3) == 0


async def test_most_requests_need_no_round_trip_and_refusals_none(app: App, queries: Any) -> None:
    with queries() as seen:
        await passes(app, "k", 600, 60, 600)
    assert len(seen) <= 20
    with queries() as seen:
        await passes(app, "k", 600, 60, 500)
    assert len(seen) <= 1


async def test_requests_that_come_at_once_share_a_lease(app: App, queries: Any) -> None:
    with queries() as seen:
        passed = sum(await asyncio.gather(*(passes(app, "k", 600, 60, 1) for _ in range(50))))
    assert passed == 50 and len(seen) <= 6


async def test_it_does_not_depend_on_the_transaction_of_the_request(app: App) -> None:
    with pytest.raises(ValueError, match="rolled back"):
        async with app.database.transaction():
            await limits.allow(app, "k", 1, 60)
            raise ValueError("rolled back")
    with pytest.raises(TooManyRequests):
        await limits.allow(another(app), "k", 1, 60)


async def test_memory_is_bounded(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_KEYS", 20)
    for number in range(60):
        await limits.allow(app, f"k{number}", 5, 0.001)
    assert len(app.cache["kit.limits"]) <= 22


SCRIPT = """
import asyncio, sys
from stoa.kit import limits
from stoa.kit.ctx import App
from stoa.kit.db import connect
from stoa.kit.errors import TooManyRequests

async def main():
    database = await connect(sys.argv[1], size=4)
    app = App(None, database, database, None, None, None)
    passed = 0
    async def client():
        nonlocal passed
        for _ in range(80):
            try:
                await limits.allow(app, "shared", 300, 60)
                passed += 1
            except TooManyRequests:
                pass
    await asyncio.gather(*(client() for _ in range(4)))
    await database.close()
    print(passed)

asyncio.run(main())
"""


async def test_it_holds_across_real_processes(fresh_db: FreshDb) -> None:
    dsn = await fresh_db()

    async def run() -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SCRIPT,
            dsn,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        return int(out)

    assert sum(await asyncio.gather(run(), run())) == 300
    database = await connect(dsn, size=2)
    async with database.connection() as db:
        assert await db.fetchval("select used from rate_limits") == 300
    await database.close()
