"""Looks at what an installation stands on, and says for each thing that it is well, or what to do."""

import asyncio
import os
import platform
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec

from stoa.kit.clock import utcnow
from stoa.kit.config import Settings
from stoa.kit.files import open_storage
from stoa.kit.migrate import MIGRATIONS, MIN_SERVER, MigrationError, pending

__all__ = ["Finding", "examine"]

MIN_FREE_BYTES = 1024**3
MAX_CLOCK_DIFFERENCE_S = 2.0
PATIENCE_S = 10.0


class Finding(msgspec.Struct, frozen=True):
    """One thing: whether it is well, what was seen, and what to do if it is not."""

    name: str
    ok: bool
    seen: str
    cure: str = ""


Check = Callable[[Settings], Awaitable[Finding]]


async def examine(settings: Settings, more: Mapping[str, Check] | None = None) -> list[Finding]:
    """Every finding, in a fixed order, those of modules (`more`) last. Expects `settings.database_url` to be set.

    Changes nothing that lasts.
    """
    checks: list[tuple[str, Check]] = [
        ("python", _python),
        ("disk", _disk),
        ("database", _database),
        ("migrations", _migrations),
        ("storage", _storage),
        ("clock", _clock),
        *(more or {}).items(),
    ]
    return [await _within(name, check, settings) for name, check in checks]


async def _within(name: str, check: Callable[[Settings], Awaitable[Finding]], settings: Settings) -> Finding:
    try:
        return await asyncio.wait_for(check(settings), PATIENCE_S)
    except TimeoutError:
        return Finding(name, False, f"no answer within {PATIENCE_S:.0f} s", "see that it can be reached from here")
    except Exception as error:  # whatever it is, it belongs in this line
        return Finding(name, False, f"{type(error).__name__}: {error}", "mend what it says, or change the setting")


async def _python(_: Settings) -> Finding:
    seen = f"{platform.python_version()} at {sys.executable}"
    return Finding(
        "python", sys.version_info >= (3, 11), seen, "install Python 3.11 or newer, delete .venv, run ./stoa"
    )


async def _disk(settings: Settings) -> Finding:
    settings.home.mkdir(mode=0o711, parents=True, exist_ok=True)
    places = {settings.home, (settings.home / "postgres").resolve()}
    free = min(shutil.disk_usage(place).free for place in places if place.exists())
    seen = f"{free / 1024**3:.1f} GB free at {settings.home}"
    return Finding("disk", free >= MIN_FREE_BYTES, seen, "make room, or set STOA_HOME to a folder on a larger disk")


async def _database(settings: Settings) -> Finding:
    connection = await _connect(settings)
    try:
        began = time.perf_counter()
        version, fsync = await connection.fetchrow(
            "select current_setting('server_version_num')::int, current_setting('fsync')"
        )
        took_ms = (time.perf_counter() - began) * 1000
    finally:
        await connection.close()
    seen = f"PostgreSQL {version // 10000}.{version % 10000}, answers in {took_ms:.1f} ms"
    if version < MIN_SERVER:
        return Finding("database", False, seen, f"PostgreSQL {MIN_SERVER // 10000} or newer is needed")
    return Finding("database", fsync == "on", f"{seen}, fsync {fsync}", "turn fsync on, or a power cut loses data")


async def _migrations(settings: Settings) -> Finding:
    try:
        missing = await pending(str(settings.database_url))
    except MigrationError as error:
        return Finding("migrations", False, str(error), "install the version of Stoa that belongs to this database")
    seen = f"{len(missing)} not applied: {', '.join(missing)}" if missing else "all applied"
    return Finding("migrations", not missing, seen, "./stoa migrate")


async def _storage(settings: Settings) -> Finding:
    storage = open_storage(settings.storage_url)
    path, content = f"doctor/{os.urandom(8).hex()}", os.urandom(64)
    await storage.put(path, content, "application/octet-stream")
    same = await storage.get(path) == content
    await storage.delete([path])
    seen = "writes, reads and deletes" if same else "what was read is not what was written"
    return Finding("storage", same, seen, "see to the storage behind storage_url")


async def _clock(settings: Settings) -> Finding:
    connection = await _connect(settings)
    try:
        before = utcnow()
        theirs = await connection.fetchval("select clock_timestamp()")
        after = utcnow()
    finally:
        await connection.close()
    difference_s = abs((theirs - (before + (after - before) / 2)).total_seconds())
    newest = datetime.fromtimestamp(max((f.stat().st_mtime for f in _dated_files()), default=0.0), UTC)
    if after < newest:
        return Finding("clock", False, f"{after:%F %T} UTC is before files of this installation", "set the clock (NTP)")
    seen = f"{after:%F %T} UTC, {difference_s * 1000:.0f} ms from the database's"
    return Finding("clock", difference_s <= MAX_CLOCK_DIFFERENCE_S, seen, "set both clocks by NTP")


def _dated_files() -> list[Path]:
    return list(MIGRATIONS.glob("*.sql"))


async def _connect(settings: Settings) -> asyncpg.Connection:
    return await asyncpg.connect(settings.database_url, timeout=PATIENCE_S)
