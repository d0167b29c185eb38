"""A real PostgreSQL for tests: one server and one template per test process, emptied between tests.

Tests commit for real (triggers, deferred constraints, notifications, several connections); afterwards only the tables
that hold rows are emptied, and what the migrations had put in is put back.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from stoa.kit.db import quoted
from stoa.kit.postgres import EmbeddedPostgres

VACUUM_AFTER = 50
_TABLES = """
select c.relname::text from pg_class c where c.relnamespace = $1::text::regnamespace and c.relkind = 'r' order by 1
"""
_FILLED = "exists (select from {name})"
_CHANGED = """
(select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) from {name} t)
  <> (select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) from seed.{name} t)
"""
_KEEP_SEEDS = """
do $$
declare
  t record;
  filled boolean;
begin
  create schema seed;
  for t in select c.oid::regclass as name, c.relname from pg_class c
           where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'schema_migrations'
  loop
    execute format('select exists (select from %s)', t.name) into filled;
    if filled then execute format('create table seed.%I as table %s', t.relname, t.name); end if;
  end loop;
end $$
"""


@contextmanager
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this test process, without fsync, deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="stoa-test-") as home:
        postgres = EmbeddedPostgres(Path(home), durable=False)
        postgres.start()
        try:
            yield postgres
        finally:
            postgres.destroy()


def dsn_of(postgres: EmbeddedPostgres, database: str) -> str:
    """The address of another database on the same server."""
    head, _, tail = postgres.dsn.partition("?")
    return head.rpartition("/")[0] + "/" + database + (f"?{tail}" if tail else "")


async def make_database(postgres: EmbeddedPostgres, name: str, *, template: str | None = None) -> str:
    """A fresh database, empty or a copy of `template` (which nobody may be connected to); answers its address."""
    db = await asyncpg.connect(postgres.dsn)
    try:
        await db.execute(f"drop database if exists {quoted(name)} with (force)")
        await db.execute(f"create database {quoted(name)}" + (f" template {quoted(template)}" if template else ""))
    finally:
        await db.close()
    return dsn_of(postgres, name)


async def drop_database(postgres: EmbeddedPostgres, name: str) -> None:
    """Ends its connections and deletes it."""
    db = await asyncpg.connect(postgres.dsn)
    try:
        await db.execute(f"drop database if exists {quoted(name)} with (force)")
    finally:
        await db.close()


async def keep_seeds(dsn: str) -> None:
    """Remembers what the migrations put in, for `empty`."""
    db = await asyncpg.connect(dsn)
    try:
        await db.execute(_KEEP_SEEDS)
    finally:
        await db.close()


class Emptier:
    """Brings a database back to what the migrations made of it, over one connection of its own.

    One statement finds the tables that a test has touched: those with rows, and seeded ones whose rows are others now.
    """

    def __init__(self, db: Any, touched: Any, seeded: set[str]) -> None:
        self._db, self._touched, self._seeded, self._emptied = db, touched, seeded, 0

    @classmethod
    async def connect(cls, dsn: str) -> "Emptier":
        """For a database whose seeds were kept by `keep_seeds`."""
        db = await asyncpg.connect(dsn)
        tables, seeded = [{row[0] for row in await db.fetch(_TABLES, schema)} for schema in ("public", "seed")]
        questions = [
            f"select '{name}' as name where {_CHANGED if name in seeded else _FILLED}".format(name=quoted(name))
            for name in sorted(tables - {"schema_migrations"})
        ]
        return cls(db, await db.prepare(" union all ".join(questions)), seeded)

    async def empty(self) -> None:
        """As fresh from the migrations, whatever a test has left."""
        touched = [row["name"] for row in await self._touched.fetch()]
        if not touched:
            return
        lines = ["begin", "set local session_replication_role = replica"]
        for name in touched:
            lines.append(f"delete from {quoted(name)}")
            if name in self._seeded:
                lines.append(f"insert into {quoted(name)} overriding system value select * from seed.{quoted(name)}")
        await self._db.execute("; ".join([*lines, "commit"]))
        self._emptied += 1
        if self._emptied % VACUUM_AFTER == 0:  # what was deleted stands in the way of every look into a table
            await self._db.execute("vacuum")

    async def close(self) -> None:
        """Ends its connection."""
        await self._db.close()
