"""A real PostgreSQL for tests: one server and one template per test process, emptied between tests.

Tests commit for real (triggers, deferred constraints, notifications, several connections); afterwards only the tables
that hold rows are emptied, and what the migrations had put in is put back.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from stoa.kit.db import quoted
from stoa.kit.postgres import EmbeddedPostgres

_EMPTY = """
do $$
declare
  t record;
  filled boolean;
begin
  set local session_replication_role = replica;
  for t in select c.oid::regclass as name, c.relname from pg_class c
           where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'schema_migrations'
  loop
    execute format('select exists (select from %s)', t.name) into filled;
    if filled then execute format('delete from %s', t.name); end if;
    if to_regclass('seed.' || quote_ident(t.relname)) is not null then
      execute format('insert into %s overriding system value select * from seed.%I', t.name, t.relname);
    end if;
  end loop;
end $$
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


async def empty(dsn: str) -> None:
    """As fresh from the migrations, whatever a test has left."""
    db = await asyncpg.connect(dsn)
    try:
        await db.execute(_EMPTY)
    finally:
        await db.close()
