"""Every typed statement is prepared against the migrated database; nothing is run and no row is read."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec
import pytest

import stoa
from stoa.kit.db import STATEMENTS, Statement, many, one, run, value
from stoa.kit.postgres import EmbeddedPostgres
from stoa.kit.testing import dsn_of
from tests.contract.statements import Describer, Wrong, faults

SOURCE = Path(stoa.__file__).parent


# Columns that are never null for a reason that neither the schema nor the planner can tell: statement, column, reason.
SURE = {
    ("stoa.kit.queue.rows.CLAIM", "worker_id"): "set in the same statement",
    ("stoa.kit.queue.rows.LOST", "worker_id"): "jobs_running_is_leased",
    ("stoa.money.ledger.queries._TRANSFER", "postings"): "no transfer without postings, by a deferred trigger",
    ("stoa.money.ledger.queries._HOLD_BY_ID", "legs"): "no hold without what it holds",
    ("stoa.creation.works.queries._SEARCH", "work.slug"): "only published works are found",
    ("stoa.creation.works.queries._SEARCH", "work.published_at"): "only published works are found",
}


@cache
def modules() -> list[Any]:
    """Every module of the package, imported."""
    names = [m.name for m in pkgutil.walk_packages(stoa.__path__, "stoa.") if not m.name.endswith("__main__")]
    return [importlib.import_module(name) for name in names]


def named() -> dict[int, str]:
    """Where each statement is to be found, by its identity."""
    names: dict[int, str] = {}
    for module in modules():
        for name, held in vars(module).items():
            inside = held.items() if isinstance(held, dict) else [(None, held)]
            for key, statement in inside:
                if isinstance(statement, Statement) and statement.module == module.__name__:
                    names[id(statement)] = f"{module.__name__}.{name}" + ("" if key is None else f"[{key!r}]")
    return names


@pytest.fixture(scope="module")
def describer(postgres: EmbeddedPostgres, template: str) -> Iterator[Describer]:
    made = Describer(dsn_of(postgres, template))
    yield made
    made.close()


def test_every_statement_fits_the_database(describer: Describer) -> None:
    names = named()
    ours = [statement for statement in STATEMENTS if statement.module.startswith("stoa.")]
    found = [
        (names.get(id(statement), statement.module), fault)
        for statement in ours
        for fault in faults(statement, describer)
    ]
    sure = {
        (name, fault): (name, column)
        for name, fault in found
        for (known, column) in SURE
        if name == known and f".{column} can be null" in fault
    }
    assert len(ours) > 100
    wrong = [f"{name}: {fault}" for name, fault in found if (name, fault) not in sure]
    assert not wrong, "\n".join(wrong)
    assert set(sure.values()) == set(SURE), "a reason in SURE is not needed any more"


def test_calls_give_as_many_arguments_as_there_are_parameters(describer: Describer) -> None:
    found = []
    for module in modules():
        path = inspect.getsourcefile(module)
        if path is None:
            continue
        for node in ast.walk(ast.parse(Path(path).read_text("utf-8"))):
            statement = called(node, module)
            if statement is None or not isinstance(node, ast.Call):
                continue
            given = node.args[1:]
            try:
                wanted = len(describer.describe(statement.sql).parameters)
            except Wrong:  # which the test above tells of
                continue
            starred = any(isinstance(a, ast.Starred) for a in given)
            if len(given) > wanted + starred or (not starred and len(given) != wanted):
                where = Path(path).relative_to(SOURCE.parents[1])
                found.append(f"{where}:{node.lineno}: {ast.unparse(node.func)} takes {wanted}, is given {len(given)}")
    assert not found, "\n".join(found)


def called(node: ast.AST, module: Any) -> Statement[Any] | None:
    """The statement that a call runs, when it is named by a constant of its module or of an imported one."""
    if not isinstance(node, ast.Call):
        return None
    match node.func:
        case ast.Name(id=name):
            target = getattr(module, name, None)
        case ast.Attribute(value=ast.Name(id=holder), attr=name):
            target = getattr(getattr(module, holder, None), name, None)
        case _:
            return None
    return target if isinstance(target, Statement) else None


# ---- the plain cases -------------------------------------------------------------------------------------------


async def test_insert_update_and_upsert_name_real_columns(postgres: EmbeddedPostgres, template: str) -> None:
    db = await asyncpg.connect(dsn_of(postgres, template))
    try:
        records = await db.fetch(
            """
            select c.relname, a.attname, a.attnotnull and not a.atthasdef and a.attidentity = '' as needed
            from pg_class c join pg_attribute a on a.attrelid = c.oid
            where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
            """
        )
    finally:
        await db.close()
    tables: dict[str, dict[str, bool]] = {}
    for record in records:
        tables.setdefault(record[0], {})[record[1]] = record[2]
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for fault in plain_faults(node, tables):
                found.append(f"{path.relative_to(SOURCE.parents[1])}:{node.lineno}: {fault}")  # type: ignore[attr-defined]
    assert not found, "\n".join(found)


def plain_faults(node: ast.AST, tables: dict[str, dict[str, bool]]) -> Iterator[str]:
    match node:
        case ast.Call(
            func=ast.Name(id="insert" | "update" | "upsert" as verb),
            args=[_, ast.Constant(value=str(table)), given, *_],
            keywords=keywords,
        ):
            pass
        case _:
            return
    if table not in tables:
        yield f"there is no table {table}"
        return
    places = [given, *(k.value for k in keywords if k.arg == "where")]
    for place in places:
        for key in place.keys if isinstance(place, ast.Dict) else ():
            if isinstance(key, ast.Constant) and key.value not in tables[table]:
                yield f"{table} has no column {key.value}"
    if verb != "update" and isinstance(given, ast.Dict) and all(isinstance(k, ast.Constant) for k in given.keys):
        names = {k.value for k in given.keys if isinstance(k, ast.Constant)}
        missing = {column for column, needed in tables[table].items() if needed} - names
        if missing:
            yield f"{table} needs {', '.join(sorted(missing))}"


# ---- does it bite? ---------------------------------------------------------------------------------------------


class Kind(StrEnum):
    PAGE = "page"


class Who(msgspec.Struct):
    id: UUID
    username: str


class Row(msgspec.Struct):
    id: UUID
    username: str = ""
    phone: str | None = None
    roles: list[str] = []
    created_at: datetime | None = None
    kind: Kind = Kind.PAGE
    user: Who | None = None
    owner: Who | None = None


class Strict(msgspec.Struct):
    id: UUID
    phone: str = ""
    user_id: UUID | None = None
    count: int = 0
    roles: frozenset[Kind] = frozenset()


WRONG = {
    "no such table": one(Row, "select id from nowhere"),
    "no such column": one(Row, "select id, nothing from users"),
    "no field": one(Row, "select id, email from users"),
    "no column for a field": one(Row, "select username from users"),
    "a text for an id": one(Row, "select username as id from users"),
    "an id for a text": one(Row, "select id, id as username from users"),
    "a text for a list": one(Row, "select id, username as roles from users"),
    "a timestamp without zone": one(Row, "select id, now()::timestamp as created_at from users"),
    "a bigint for a bool": value(bool, "select count(*) from users"),
    "a numeric for an int": value(int, "select sum(1::bigint) from users"),
    "an enum that nobody converts": value(Kind, "select max(kind) from sessions"),
    "a nullable column": many(Strict, "select id, phone from users"),
    "a nullable column behind a subquery": many(Strict, "select * from (select id, phone from users limit 3) as u"),
    "the outer side of a join": many(
        Who, "select u.id, u.username from sessions s left join users u on u.id = s.user_id and u.status = $1"
    ),
    "the outer side of a right join": many(
        Who, "select u.id, u.username from users u right join sessions s on u.id = s.user_id and u.status = $1"
    ),
    "an aggregate over nothing": value(datetime, "select max(created_at) from users"),
    "a subquery that finds nothing": value(str, "select (select username from users where id = $1)"),
    "a case without else": value(int, "select case when $1::bool then 1 end"),
    "no row": value(str, "select username from users where id = $1"),
    "no row from an insert": value(
        UUID, "insert into follows select * from follows on conflict do nothing returning follower_id"
    ),
    "a subquery with an aggregate over nothing": value(int, "select (select max(failures) from login_failures)"),
    "json that is not decoded": one(Strict, "select id, array_to_json(roles) as roles from users"),
    "nothing returned": one(Row, "delete from users where id = $1"),
    "a wrong write": run("update users set nothing = 1"),
    "a wrong parameter": run("update users set id = $1::integer"),
}
RIGHT = {
    "all fields": one(Row, "select id, username, phone, roles, created_at from users where id = $1"),
    "an enum": many(Row, "select id, kind from sessions"),
    "an array of enums": many(Strict, "select id, roles from users"),
    "a nullable column that was asked for": many(Strict, "select id, phone from users where phone is not null"),
    "a nullable column that was compared": many(Strict, "select id, phone from users where phone = $1"),
    "an optional struct": many(
        Row,
        """select s.id, u.id as "user.id", u.username as "user.username"
        from sessions s left join users u on u.id = s.user_id and u.status = $1""",
    ),
    "an outer join that is none": many(
        Who, "select u.id, u.username from sessions s left join users u on u.id = s.user_id where u.status = $1"
    ),
    "a count": value(int, "select count(*) from users where id = $1"),
    "a literal": value(Literal["a", "b"], "select 'a'::text"),
    "a subquery that always finds something": value(int, "select (select count(*) from users where id = $1)"),
    "a column that a check constraint fills": many(
        Strict, "select id, slug as phone from works where state = 'published' and id > $1 order by id limit $2"
    ),
    "an optional aggregate": value(datetime | None, "select max(created_at) from users"),
    "a grouped aggregate": many(Strict, "select user_id as id, max(1) as count from sessions group by user_id"),
    "exists": value(bool, "select exists (select from users)"),
    "an inserted row": value(
        UUID, "insert into follows (follower_id, following_id, created_at) values ($1, $2, $3) returning follower_id"
    ),
    "a write": run("update users set username = $1 where id = $2"),
    "any json": value(dict[str, int], "select '{}'::jsonb"),
}
for planted in (*WRONG.values(), *RIGHT.values()):
    STATEMENTS.remove(planted)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_statement_is_found(describer: Describer, name: str) -> None:
    assert faults(WRONG[name], describer)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_statement_passes(describer: Describer, name: str) -> None:
    assert faults(RIGHT[name], describer) == []


def test_wrong_plain_cases_are_found() -> None:
    tables = {"users": {"id": True, "username": True, "phone": False}}

    def said(text: str) -> list[str]:
        return [fault for node in ast.walk(ast.parse(text)) for fault in plain_faults(node, tables)]

    assert said("insert(db, 'people', {'id': 1})") == ["there is no table people"]
    assert said("insert(db, 'users', {'id': 1, 'username': '', 'nothing': 1})") == ["users has no column nothing"]
    assert said("insert(db, 'users', {'id': 1})") == ["users needs username"]
    assert said("update(db, 'users', {'phone': ''}, where={'no': 1})") == ["users has no column no"]
    assert said("insert(db, 'users', {'id': 1, 'username': ''})") == []
    assert said("upsert(db, 'users', {**given}, key=('id',))") == []
