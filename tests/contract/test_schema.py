"""The migrations and the modules' schema.sql make the same database, table for table and seed for seed.

A migration is never edited once it is part of a release: `kit.migrate` keeps each one's checksum in the database and
refuses to go on when it differs. What is to change comes as a new file, and as a change of the module's schema.sql.
"""

import difflib
import re
import subprocess
from pathlib import Path

import asyncpg
import pytest

from stoa.kit import testing
from stoa.kit.migrate import MIGRATIONS, MigrationError, migrate, pending, read_migrations
from stoa.kit.postgres import EmbeddedPostgres
from stoa.modules import MODULES, schemas

# What an empty database and its own bookkeeping say, and no file of ours does.
IGNORED = re.compile(r"^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*)?$")


def dumped(postgres: EmbeddedPostgres, name: str, *options: str) -> list[str]:
    """A dump of a database as lines, without comments, settings and the migrations' own bookkeeping."""
    command = [str(postgres.bin / "pg_dump"), "--no-owner", "--no-privileges", "--exclude-table=schema_migrations"]
    done = subprocess.run(
        [*command, *options, testing.dsn_of(postgres, name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if not IGNORED.match(line)]


@pytest.fixture(scope="module")
async def both(postgres: EmbeddedPostgres) -> tuple[str, str]:
    """A database from the migrations and one from the schema files, by name."""
    await migrate(await testing.make_database(postgres, "from_migrations"))
    db = await asyncpg.connect(await testing.make_database(postgres, "from_schemas"))
    try:
        for path in schemas():
            await db.execute(path.read_text("utf-8"))
    finally:
        await db.close()
    return "from_migrations", "from_schemas"


def assert_same(migrated: list[str], described: list[str]) -> None:
    difference = difflib.unified_diff(migrated, described, "migrations/", "schema.sql", n=2, lineterm="")
    assert migrated == described, "\n".join(difference)


async def test_the_schemas_are_the_same(postgres: EmbeddedPostgres, both: tuple[str, str]) -> None:
    migrated, described = (dumped(postgres, name, "--schema-only") for name in both)
    assert sum(line.startswith("CREATE TABLE") for line in migrated) > len(MODULES)
    assert_same(migrated, described)


async def test_the_seeds_are_the_same(postgres: EmbeddedPostgres, both: tuple[str, str]) -> None:
    migrated, described = (sorted(dumped(postgres, name, "--data-only", "--inserts")) for name in both)
    assert migrated, "the ledger's assets and purposes are seeds"
    assert_same(migrated, described)


def test_a_difference_is_found() -> None:
    with pytest.raises(AssertionError, match=r"\+    note text"):
        assert_same(["CREATE TABLE x (", ");"], ["CREATE TABLE x (", "    note text", ");"])


def test_migrations_are_numbered_without_gaps(tmp_path: Path) -> None:
    found = read_migrations()
    assert [migration.number for migration in found] == list(range(1, len(found) + 1))
    (tmp_path / "0001_kit.sql").write_text("select 1")
    (tmp_path / "0003_later.sql").write_text("select 1")
    with pytest.raises(MigrationError, match="expected number 0002"):
        read_migrations(tmp_path)


async def test_an_edited_migration_is_refused(
    postgres: EmbeddedPostgres, both: tuple[str, str], tmp_path: Path
) -> None:
    for path in MIGRATIONS.glob("*.sql"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    dsn = testing.dsn_of(postgres, both[0])
    assert await pending(dsn, tmp_path) == []
    first = min(tmp_path.glob("*.sql"))
    first.write_text(first.read_text("utf-8") + "\n-- an afterthought\n", "utf-8")
    with pytest.raises(MigrationError, match="changed after it was applied"):
        await pending(dsn, tmp_path)
