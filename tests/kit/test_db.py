"""Statements and the plain cases, on a real database."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from stoa.kit import db as kit
from stoa.kit.errors import NotFound
from stoa.kit.ids import new_id


class Colour(StrEnum):
    RED = "red"


class Inner(msgspec.Struct):
    id: int
    name: str


class Outer(msgspec.Struct):
    id: UUID
    at: datetime
    colour: Colour
    inner: Inner
    none: Inner | None
    tags: frozenset[str]
    data: dict[str, Any]
    note: str = "default"


@pytest.fixture(autouse=True)
def unregistered() -> Any:
    """Statements of these tests are none of the platform's."""
    before = list(kit.STATEMENTS)
    yield
    kit.STATEMENTS[:] = before


async def test_columns_fill_fields_by_name(db: Any) -> None:
    sql = """
        select $2::timestamptz as at, $1::uuid as id, 'red' as colour, 1 as "inner.id", 'x' as "inner.name",
          null::int as "none.id", null::text as "none.name", array['a', 'b'] as tags, '{"k": [1, null]}'::jsonb as data
    """
    id, at = new_id(), datetime(2026, 1, 2, tzinfo=UTC)
    expected = Outer(id, at, Colour.RED, Inner(1, "x"), None, frozenset("ab"), {"k": [1, None]})
    assert await kit.one(Outer, sql)(db, id, at) == expected
    assert await kit.many(Outer, sql)(db, id, at) == [expected]
    assert await kit.maybe(Outer, sql + " where false")(db, id, at) is None
    with pytest.raises(NotFound):
        await kit.one(Outer, sql + " where false")(db, id, at)


@pytest.mark.parametrize("columns", [["id"], ["id", "name", "more"], ["id", "id", "name"], ["name", "wrong"]])
def test_names_that_do_not_fit_are_refused(columns: list[str]) -> None:
    with pytest.raises(TypeError):
        kit.builder(Inner, columns)


class Keywords(msgspec.Struct, kw_only=True):
    id: int
    name: str


@pytest.mark.parametrize("columns", ["1 as id, 'x' as name", "'x' as name, 1 as id"])
async def test_structs_that_take_keywords_only(db: Any, columns: str) -> None:
    assert await kit.one(Keywords, f"select {columns}")(db) == Keywords(id=1, name="x")
    assert await kit.one(Inner, f"select {columns}")(db) == Inner(1, "x")


async def test_insert_update_upsert(db: Any) -> None:
    await db.execute("create table scratch (id int primary key, a text, b jsonb)")
    assert await kit.insert(db, "scratch", {"id": 1, "a": "x", "b": {"n": 1}}, returning="id") == 1
    assert await kit.update(db, "scratch", {"a": "y"}, where={"id": 1}) == 1
    assert await kit.update(db, "scratch", {}, where={"id": 1}) == 0
    assert await kit.update(db, "scratch", {"a": "z"}, where={"id": 2}) == 0
    await kit.upsert(db, "scratch", {"id": 1, "a": "u", "b": None}, key=("id",))
    await kit.upsert(db, "scratch", {"id": 2}, key=("id",))
    assert [tuple(r) for r in await db.fetch("select * from scratch order by id")] == [(1, "u", None), (2, None, None)]
    assert await kit.run("delete from scratch")(db) == 2
    with pytest.raises(ValueError, match="condition"):
        await kit.update(db, "scratch", {"a": "x"}, where={})
    with pytest.raises(ValueError, match="identifier"):
        await kit.insert(db, "scratch; drop table users", {"id": 1})


async def test_a_broken_constraint_has_a_name(db: Any) -> None:
    await db.execute("create table scratch (id int constraint scratch_one check (id = 1))")
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await kit.insert(db, "scratch", {"id": 2})
    assert kit.constraint_of(caught.value) == "scratch_one"
    assert kit.constraint_of(ValueError()) is None


async def test_a_transaction_ends_as_it_should(app: Any) -> None:
    async with app.database.connection() as db:
        await db.execute("create table scratch (id int)")
    try:
        async with app.database.transaction() as db:
            await db.execute("insert into scratch values (1)")
        with pytest.raises(RuntimeError):
            async with app.database.transaction() as db:
                await db.execute("insert into scratch values (2)")
                raise RuntimeError
        async with app.database.connection() as db:
            assert await db.fetchval("select array_agg(id) from scratch") == [1]
    finally:
        async with app.database.connection() as db:
            await db.execute("drop table scratch")
