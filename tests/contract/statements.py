"""What a typed statement promises, held against the database: parameters, column names, types, and what can be null.

PostgreSQL describes each prepared statement: the types of its parameters and columns, and the table column that a
result column comes from. That, and the plan (which side of an outer join it comes from, whether there is always a row),
decides whether a value can be null. An expression that is not understood passes.
"""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin
from uuid import UUID

import msgspec
from psycopg import pq

from stoa.kit.db import Statement, builder

SCALARS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int2": (int,),
    "int4": (int,),
    "int8": (int,),
    "oid": (int,),
    "xid8": (int,),
    "float4": (float,),
    "float8": (float,),
    "numeric": (Decimal,),
    "text": (str,),
    "varchar": (str,),
    "bpchar": (str,),
    "name": (str,),
    "json": (str,),  # only jsonb is decoded
    "bytea": (bytes,),
    "uuid": (UUID,),
    "timestamptz": (datetime,),
    "date": (date,),
    "time": (time,),
    "interval": (timedelta,),
    "void": (type(None), str),
}
READERS = re.compile(r"^\s*(?:with|select|insert|update|delete|merge|values)\b", re.IGNORECASE)
AGGREGATES = re.compile(r"^\(?(?:\w+\.)?(sum|max|min|avg|array_agg|string_agg|jsonb?_agg|jsonb?_object_agg|bool_\w+)\(")
TAIL = re.compile(r"\(|\)|'(?:[^']|'')*'|\b(?:order\s+by|limit|offset|for\s+(?:no\s+key\s+)?update)\b", re.IGNORECASE)
COLUMN = re.compile(r'^"?(\w+)"?\."?(\w+)"?$')


class Column(NamedTuple):
    """A result column: its type, the table column it comes from, if it is one, and whether that is not null."""

    name: str
    type: str
    origin: tuple[int, int] | None
    not_null: bool


class Described(NamedTuple):
    """A prepared statement."""

    parameters: list[str]
    columns: list[Column]
    plan: dict[str, Any] | None


class Wrong(Exception):
    """PostgreSQL refuses the statement."""


class Describer:
    """A connection that prepares statements and never runs one."""

    def __init__(self, dsn: str) -> None:
        self._link = pq.PGconn.connect(dsn.encode())
        if self._link.status != pq.ConnStatus.OK:
            raise RuntimeError(self._link.error_message.decode())
        self._types = {int(a): b for a, b in self._rows("select oid, typname from pg_type")}
        self._not_null = {
            (int(a), int(b)): c == "t"
            for a, b, c in self._rows("select attrelid, attnum, attnotnull from pg_attribute where attnum > 0")
        }

    def close(self) -> None:
        self._link.finish()

    def _rows(self, sql: str) -> list[list[str]]:
        result = self._link.exec_(sql.encode())
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise Wrong(_message(result))
        return [
            [(result.get_value(r, c) or b"").decode() for c in range(result.nfields)] for r in range(result.ntuples)
        ]

    def describe(self, sql: str) -> Described:
        """Prepares a statement. Raises Wrong."""
        prepared = self._link.prepare(b"", sql.encode())
        if prepared.status != pq.ExecStatus.COMMAND_OK:
            raise Wrong(_message(prepared))
        result = self._link.describe_prepared(b"")
        columns = [self._column(result, i) for i in range(result.nfields)]
        parameters = [self._types[result.param_type(i)] for i in range(result.nparams)]
        plan = None
        if columns and READERS.match(sql):
            text = self._rows(f"explain (generic_plan, verbose, format json) {sql}")[0][0]
            plan = json.loads(text)[0]["Plan"]
        return Described(parameters, columns, plan)

    def is_never_null(self, sql: str, column: str, parameters: list[str]) -> bool:
        """Whether the planner can prove by check constraints that no row of a query has a null there."""
        query = _without_tail(sql)
        used = "".join(f", ${i}::{_written(kind)}" for i, kind in enumerate(parameters, 1))
        asked = f'select 1{used} from ({query}) as answer where answer."{column}" is null'
        self._link.exec_(b"set constraint_exclusion = on")
        try:
            plan = json.loads(self._rows(f"explain (generic_plan, format json) {asked}")[0][0])[0]["Plan"]
        except Wrong:  # a statement that cannot stand in a subquery
            return False
        while plan["Node Type"] in ("Subquery Scan", "Unique", "Sort"):
            plan = plan["Plans"][0]
        return bool(plan.get("One-Time Filter") == "false")

    def _column(self, result: Any, i: int) -> Column:
        table, number = result.ftable(i), result.ftablecol(i)
        origin = (table, number) if table and number else None
        return Column(
            result.fname(i).decode(),
            self._types[result.ftype(i)],
            origin,
            origin is not None and self._not_null.get(origin, False),
        )


def _written(kind: str) -> str:
    return f"{kind[1:]}[]" if kind.startswith("_") else kind


def _without_tail(sql: str) -> str:
    """A query without its order, limit and locks, which keep conditions from being looked at inside."""
    depth = 0
    for match in TAIL.finditer(sql):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
        elif depth == 0 and not match[0].startswith("'"):
            return sql[: match.start()]
    return sql


def _message(result: Any) -> str:
    return str(result.get_error_message() if hasattr(result, "get_error_message") else result.error_message.decode())


# ---- annotations -----------------------------------------------------------------------------------------------


def options(annotation: Any) -> list[Any]:
    """The members of a union, aliases and annotations taken off."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if hasattr(annotation, "__supertype__"):
        return options(annotation.__supertype__)
    if get_origin(annotation) in (Union, UnionType):
        return [o for member in get_args(annotation) for o in options(member)]
    return [annotation]


def is_optional(annotation: Any) -> bool:
    """Whether None may be there."""
    return any(o in (type(None), None, Any, object) for o in options(annotation))


def takes(annotation: Any, kind: str, *, converted: bool) -> bool:
    """Whether a value of a PostgreSQL type can stand there; `converted`: rows convert enums and collections."""
    return any(_takes(o, kind, converted) for o in options(annotation))


def _takes(option: Any, kind: str, converted: bool) -> bool:
    if option in (Any, object):
        return True
    if kind == "jsonb":
        return option is not type(None)
    origin = get_origin(option) or option
    if kind.startswith("_"):
        arguments = get_args(option)
        if origin is not list and not (converted and origin in (tuple, set, frozenset)):
            return False
        return all(a is Ellipsis or takes(a, kind[1:], converted=converted) for a in arguments)
    if origin is Literal:
        return all(isinstance(a, SCALARS.get(kind, ())) for a in get_args(option))
    if not isinstance(origin, type):
        return False
    wanted = SCALARS.get(kind)
    if wanted is None:
        raise Wrong(f"the type {kind} is not known here; add it to SCALARS")
    if hasattr(origin, "__members__"):
        return converted and issubclass(origin, wanted)
    return origin in wanted


def field_of(row: type[msgspec.Struct], path: str) -> tuple[Any, bool]:
    """The annotation of a column's field, and whether a Struct on the way to it may be None."""
    head, _, rest = path.partition(".")
    annotation = next(f.type for f in msgspec.structs.fields(row) if f.name == head)
    if not rest:
        return annotation, False
    struct = next(o for o in options(annotation) if isinstance(o, type) and issubclass(o, msgspec.Struct))
    inner, skipped = field_of(struct, rest)
    return inner, skipped or is_optional(annotation)


# ---- plans -----------------------------------------------------------------------------------------------------


def _children(node: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for child in node.get("Plans", ()):
        yield child, child.get("Parent Relationship", "")


def _sources(node: dict[str, Any], nullable: bool = False) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Each alias in a plan, and whether its row can be missing because of an outer join."""
    if "Alias" in node:
        yield node["Alias"], nullable, node
    kind = node.get("Join Type")
    for child, relationship in _children(node):
        lost = (
            kind == "Full"
            or (kind == "Left" and relationship == "Inner")
            or (kind == "Right" and relationship == "Outer")
        )
        yield from _sources(child, (nullable or lost) and relationship not in ("SubPlan", "InitPlan"))


def _conditions(node: dict[str, Any]) -> Iterator[str]:
    for name in ("Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "TID Cond"):
        text = node.get(name)
        if isinstance(text, str) and " OR " not in text:
            yield text
    for child, _ in _children(node):
        yield from _conditions(child)


def can_be_null(plan: dict[str, Any], i: int, column: Column, sql: str, *, struct_may_be_none: bool) -> bool:
    """Whether the i-th value of a row can be null, as far as it is known."""
    expression = plan.get("Output", [])[i] if i < len(plan.get("Output", [])) else ""
    match = COLUMN.match(expression)
    if match is None and column.origin is None:
        if column.type == "bool" and re.search(r"\bexists\b", sql, re.IGNORECASE):
            return False  # a plan shows it like any other subquery
        return _expression_can_be_null(plan, expression)
    if column.origin is not None and not column.not_null and not _is_required(plan, match, column, sql):
        return True
    if match is None or struct_may_be_none:
        return False
    return any(alias == match[1] and nullable for alias, nullable, _ in _sources(plan))


def _is_required(plan: dict[str, Any], match: re.Match[str] | None, column: Column, sql: str) -> bool:
    """Whether a condition lets only rows through in which the column is not null."""
    name = match[2] if match else column.name
    test = re.compile(rf'(?<!\w)"?{name}"?\)*(?:::\w+)? (?:IS NOT NULL|=|<>|<=?|>=?|@@|~~) ?')
    said = re.search(rf"\b{name} is not null\b", sql, re.IGNORECASE)
    return said is not None or any(test.search(condition) for condition in _conditions(plan))


def _expression_can_be_null(plan: dict[str, Any], expression: str) -> bool:
    scalar = re.match(r"^\((SubPlan|InitPlan) (\d+)\)(?:\.col1)?$", expression)
    if scalar is not None:
        inner = _named(plan, f"{scalar[1]} {scalar[2]}")
        return inner is None or not always_a_row(inner) or _expression_can_be_null(inner, inner["Output"][0])
    if expression.startswith("CASE") and re.search(r"ELSE NULL::[\w\[\]]+ END$", expression):
        return True
    return AGGREGATES.match(expression) is not None and not _is_grouped(plan)


def _named(node: dict[str, Any], name: str) -> dict[str, Any] | None:
    if node.get("Subplan Name") == name:
        return node
    return next((found for child, _ in _children(node) if (found := _named(child, name)) is not None), None)


def _is_grouped(node: dict[str, Any]) -> bool:
    if node["Node Type"] == "Aggregate" or node["Node Type"] == "WindowAgg":
        return bool(node.get("Strategy") != "Plain")
    return all(_is_grouped(child) for child, kind in _children(node) if kind not in ("SubPlan", "InitPlan"))


def always_a_row(node: dict[str, Any]) -> bool:
    """Whether the statement certainly answers at least one row."""
    match node["Node Type"]:
        case "Aggregate":
            return bool(node.get("Strategy") == "Plain" and "Filter" not in node)
        case "Result":
            if "One-Time Filter" in node:
                return False
        case "Function Scan":
            return "Filter" not in node
        case "ModifyTable":
            if node.get("Operation") != "Insert" or node.get("Conflict Resolution") == "NOTHING":
                return False
            if "Conflict Filter" in node:
                return False
        case "Limit" | "Sort" | "Incremental Sort" | "Materialize" | "LockRows" | "Subquery Scan" | "CTE Scan":
            if "Filter" in node:
                return False
            if node["Node Type"] == "CTE Scan":
                return False
        case "Append":
            inner = [child for child, kind in _children(node) if kind not in ("SubPlan", "InitPlan")]
            return any(always_a_row(child) for child in inner)
        case _:
            return False
    inner = [child for child, kind in _children(node) if kind not in ("SubPlan", "InitPlan")]
    return all(always_a_row(child) for child in inner)


# ---- the whole -------------------------------------------------------------------------------------------------


def faults(statement: Statement[Any], describer: Describer) -> list[str]:
    """What is wrong with a statement, one sentence each."""
    try:
        described = describer.describe(statement.sql)
    except Wrong as error:
        return [str(error).strip()]
    if statement.kind == "run":
        return []
    if not described.columns:
        return ["yields no columns"]
    try:
        if statement.kind == "value":
            return list(_value_faults(statement, described))
        return list(_row_faults(statement, described, describer))
    except (TypeError, Wrong) as error:
        return [str(error)]


def _value_faults(statement: Statement[Any], described: Described) -> Iterator[str]:
    column = described.columns[0]
    if not takes(statement.row, column.type, converted=False):
        yield f"{column.type} is no {statement.row}"
    if described.plan is None or is_optional(statement.row):
        return
    if not always_a_row(described.plan):
        yield f"may find no row, but {statement.row} is not optional"
    elif can_be_null(described.plan, 0, column, statement.sql, struct_may_be_none=False):
        yield f"can be null, but {statement.row} is not optional"


def _row_faults(statement: Statement[Any], described: Described, describer: Describer) -> Iterator[str]:
    builder(statement.row, [c.name for c in described.columns])
    for i, column in enumerate(described.columns):
        annotation, struct_may_be_none = field_of(statement.row, column.name)
        where = f"{statement.row.__name__}.{column.name}"
        if not takes(annotation, column.type, converted=True):
            yield f"{where}: {column.type} is no {annotation}"
        if described.plan is None or is_optional(annotation):
            continue
        if can_be_null(
            described.plan, i, column, statement.sql, struct_may_be_none=struct_may_be_none
        ) and not describer.is_never_null(statement.sql, column.name, described.parameters):
            yield f"{where} can be null, but {annotation} is not optional"
