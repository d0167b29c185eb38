"""The migration runner: order, once, wholly or not at all, and what it refuses."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from stoa.kit.migrate import MIGRATIONS, MigrationError, migrate, pending, read_migrations
from stoa.kit.postgres import EmbeddedPostgres


def test_no_migration_was_changed_after_it_was_added() -> None:
    """A database that has applied it would refuse to start. A new one: `sha256sum 0058_name.sql >> SHA256SUMS`."""
    found = "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(MIGRATIONS.glob("*.sql"))
    )
    assert (MIGRATIONS / "SHA256SUMS").read_text() == found


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="stoa-test-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / ".stoa", durable=False)
        server.start()
        yield server
        server.destroy()


@pytest.fixture
async def dsn(server: EmbeddedPostgres) -> AsyncIterator[str]:
    yield server.dsn
    connection = await asyncpg.connect(server.dsn)
    await connection.execute("drop schema public cascade; create schema public")
    await connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("create table first (id integer);\ninsert into first values (1);\n")
    (tmp_path / "0002_second.sql").write_text("alter table first add column note text;")
    return tmp_path


async def rows(dsn: str, sql: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def test_it_applies_what_is_missing_once_and_in_order(dsn: str, folder: Path) -> None:
    assert await pending(dsn, folder) == ["0001_first", "0002_second"]
    assert await migrate(dsn, folder) == ["0001_first", "0002_second"]
    assert await migrate(dsn, folder) == []
    (folder / "0003_third.sql").write_text("insert into first values (3, 'three');")
    assert await pending(dsn, folder) == ["0003_third"]
    assert await migrate(dsn, folder) == ["0003_third"]
    assert await rows(dsn, "select id, note from first order by id") == [(1, None), (3, "three")]


async def test_starts_at_the_same_time_wait_for_each_other(dsn: str, folder: Path) -> None:
    (folder / "0001_first.sql").write_text("select pg_sleep(0.1); create table first (id integer);")
    results = await asyncio.gather(*(migrate(dsn, folder) for _ in range(4)))
    assert sorted(results) == [[], [], [], ["0001_first", "0002_second"]]


async def test_a_failing_file_leaves_nothing_behind_and_is_named(dsn: str, folder: Path) -> None:
    (folder / "0002_second.sql").write_text("create table second (id integer);\n\nselect no_such_column from first;")
    with pytest.raises(MigrationError, match=r"0002_second line 3: .*no_such_column"):
        await migrate(dsn, folder)
    assert await rows(dsn, "select name from schema_migrations") == [("0001_first",)]
    assert await rows(dsn, "select to_regclass('second')::text") == [(None,)]


async def test_changed_files_and_newer_databases_are_refused(dsn: str, folder: Path) -> None:
    await migrate(dsn, folder)
    text = (folder / "0002_second.sql").read_text()
    (folder / "0002_second.sql").write_text(text + "-- afterthought")
    with pytest.raises(MigrationError, match="0002_second: changed after it was applied"):
        await migrate(dsn, folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match="0002_second, which this version of Stoa does not know"):
        await migrate(dsn, folder)


@pytest.mark.parametrize("name", ["0003-third.sql", "0004_fourth.sql", "0002_other.sql", "third.sql"])
def test_names_and_numbers_out_of_line_are_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("select 1")
    with pytest.raises(MigrationError, match=name.removesuffix(".sql") + "|0002_second"):
        read_migrations(folder)
