"""Brings a database up to date: numbered SQL files, forward only, each in one transaction.

`migrations/0007_payments.sql` is applied after 0006 and never again; `schema_migrations` keeps its checksum, so that a
file changed afterwards is noticed. An advisory lock makes concurrent starts wait for each other.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

__all__ = ["MIGRATIONS", "Migration", "MigrationError", "migrate", "pending", "read_migrations"]

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
LOCK_KEY = 0x53746F61  # "Stoa"
FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

MIN_SERVER = 180000  # as server_version_num tells it
SERVER = "select current_setting('server_version_num')::int, current_setting('server_encoding')"
TABLE = """
create table if not exists schema_migrations (
    number integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
)
"""
TABLE_EXISTS = "select to_regclass('schema_migrations') is not null"
APPLIED = "select number, name, checksum from schema_migrations order by number"
REMEMBER = "insert into schema_migrations (number, name, checksum) values ($1, $2, $3)"


class MigrationError(Exception):
    """The migrations cannot be applied; the message names the file and the reason."""


class Migration(msgspec.Struct, frozen=True):
    """One file: its number, its name without the ending, and its text."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, line ends made equal."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


async def migrate(dsn: str, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is missing; returns the names of the files applied now, in order.

    Raises `MigrationError` when a file fails (it then left nothing behind, and those before it stay applied), when one
    that was applied has changed, when the database is newer than this version of Stoa, or when its server or encoding
    will not do.
    """
    connection = await _connect(dsn)
    try:
        _check_server(*await connection.fetchrow(SERVER))
        await connection.execute("select pg_advisory_lock($1)", LOCK_KEY)
        await connection.execute("set client_min_messages = warning")
        await connection.execute(TABLE)
        todo = _missing(read_migrations(folder), await connection.fetch(APPLIED))
        for migration in todo:
            await _apply(connection, migration)
        return [migration.name for migration in todo]
    finally:
        await connection.close()  # gives the lock back, too


async def pending(dsn: str, folder: Path = MIGRATIONS) -> list[str]:
    """The names of the files that are not applied yet; changes nothing. Raises as `migrate`."""
    connection = await _connect(dsn)
    try:
        rows = await connection.fetch(APPLIED) if await connection.fetchval(TABLE_EXISTS) else []
        return [migration.name for migration in _missing(read_migrations(folder), rows)]
    finally:
        await connection.close()


async def _connect(dsn: str) -> Any:
    try:
        return await asyncpg.connect(dsn)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise MigrationError(f"database_url: no connection: {error or type(error).__name__}") from error


def _check_server(version: int, encoding: str) -> None:
    """Before anything is applied: else the first files would be, and one of the next would fail."""
    if version < MIN_SERVER:
        raise MigrationError(
            f"database_url: the server is PostgreSQL {version // 10000}; {MIN_SERVER // 10000} or newer is needed"
        )
    if encoding != "UTF8":
        raise MigrationError(
            f"database_url: the database is encoded in {encoding}; make one with encoding 'UTF8' template template0"
        )


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """All files in order. Raises `MigrationError` for a name out of form, or a number used twice or left out."""
    found = []
    for file in sorted(folder.glob("*.sql")):
        match = FILE_NAME.fullmatch(file.name)
        if match is None:
            raise MigrationError(f"{file.name}: a migration is named like 0007_payments.sql")
        found.append(Migration(int(match[1]), file.stem, file.read_text(encoding="utf-8")))
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise MigrationError(f"{migration.name}: expected number {expected:04}")
    return found


def _missing(migrations: list[Migration], applied: list[Any]) -> list[Migration]:
    known = {migration.number: migration for migration in migrations}
    for row in applied:
        migration = known.get(row["number"])
        if migration is None:
            raise MigrationError(
                f"the database has {row['name']}, which this version of Stoa does not know; update Stoa"
            )
        if migration.checksum != row["checksum"]:
            raise MigrationError(f"{migration.name}: changed after it was applied; add a new migration instead")
    return migrations[len(applied) :]


async def _apply(connection: Any, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(REMEMBER, migration.number, migration.name, migration.checksum)
    except asyncpg.PostgresError as error:
        position = int(getattr(error, "position", None) or 0)
        line = f" line {migration.sql[:position].count(chr(10)) + 1}" if position else ""
        raise MigrationError(f"{migration.name}{line}: {error}") from error
