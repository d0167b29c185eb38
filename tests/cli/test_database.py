"""What the commands say of a database that cannot be used as it is: one line, and nothing was changed."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from stoa.kit import migrate as runner
from stoa.kit.migrate import MigrationError, migrate, read_migrations
from stoa.kit.postgres import EmbeddedPostgres

SRC = Path(__file__).resolve().parents[2] / "src"
TABLES = "select count(*) from pg_class where relnamespace = 'public'::regnamespace"


def stoa(home: Path, command: str, dsn: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "stoa.cli", command], capture_output=True, text=True, check=False, timeout=120,
        env={
            "PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": str(SRC), "STOA_HOME": str(home),
            "DATABASE_URL": dsn, "STOA_PORT": "0",
        },
    )  # fmt: skip


def asked(dsn: str, sql: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    """An empty database on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="stoa-test-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / ".stoa", durable=False)
        server.start()
        yield server.dsn
        server.destroy()


@pytest.mark.parametrize("command", ["web", "worker"])
def test_nothing_serves_without_a_database(tmp_path: Path, command: str) -> None:
    done = stoa(tmp_path, command, "postgresql://nobody@127.0.0.1:1/none")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("stoa: database_url: no connection: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["web", "worker"])
def test_nothing_serves_a_database_that_is_not_migrated(tmp_path: Path, dsn: str, command: str) -> None:
    done = stoa(tmp_path, command, dsn)
    assert (done.returncode, done.stdout) == (1, "")
    count = len(read_migrations())
    assert done.stderr == f"stoa: the database is not up to date ({count} not applied); run ./stoa migrate\n"
    assert asked(dsn, TABLES) == 0


def test_a_database_in_another_encoding_is_left_alone(tmp_path: Path, dsn: str) -> None:
    asked(dsn, "create database latin encoding 'LATIN1' template template0 locale 'C'")
    latin = dsn.replace("/stoa?", "/latin?")
    done = stoa(tmp_path, "migrate", latin)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "stoa: database_url: the database is encoded in LATIN1; make one with encoding 'UTF8' template template0\n"
    )
    assert asked(latin, TABLES) == 0


def test_a_server_that_is_too_old_is_left_alone(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MIN_SERVER", 990000)  # no older server can be had here
    with pytest.raises(MigrationError) as caught:
        asyncio.run(migrate(dsn))
    assert str(caught.value) == "database_url: the server is PostgreSQL 18; 99 or newer is needed"
    assert asked(dsn, TABLES) == 0
