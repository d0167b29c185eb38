"""SQL first: statements are typed constants, a connection is always an argument, and nothing hides the SQL.

    POST_BY_SLUG = one(PostView, "select … from posts where slug = $1")
    post = await POST_BY_SLUG(ctx.db, slug)

Columns map to Struct fields by name, checked once per statement, then rows are built by position. A column named
"creator.id" fills the nested Struct field `creator`; an optional nested Struct is None when its first column is null.
Every statement registers itself in STATEMENTS, and a test prepares them all against the migrated database.
"""

import asyncio
import inspect
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from operator import itemgetter
from types import UnionType
from typing import Any, Final, Generic, Protocol, TypeVar, Union, cast, get_args, get_origin

import asyncpg
import msgspec
from typing_extensions import TypeForm

from stoa.kit.errors import NotFound


class Db(Protocol):
    """An asyncpg connection, one's own or lent by the pool, as far as it is used here."""

    async def execute(self, query: str, *args: object) -> str:
        """Runs it; answers the command tag, such as 'UPDATE 3'."""

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        """All rows."""

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        """The first row, or None."""

    async def fetchval(self, query: str, *args: object, column: int = 0) -> Any:
        """One column of the first row, or None."""

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """A transaction, or a savepoint inside one."""

    async def set_type_codec(self, typename: str, **how: Any) -> None:
        """How a type is encoded and decoded on this connection."""

    async def add_listener(self, channel: str, callback: Callable[[Any, int, str, str], None]) -> None:
        """LISTEN: calls back for each notification."""

    async def remove_listener(self, channel: str, callback: Callable[[Any, int, str, str], None]) -> None:
        """Ends `add_listener`."""

    def is_in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def is_closed(self) -> bool:
        """Whether the connection has ended."""

    def terminate(self) -> None:
        """Ends it at once, without a word to the server."""


T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

STATEMENTS: Final[list["Statement[Any]"]] = []


class Statement(Generic[T]):
    """A SQL text with what it yields. Calling it runs it on a connection with the arguments of $1, $2 …"""

    __slots__ = ("_build", "kind", "module", "row", "sql")

    def __init__(self, kind: str, row: Any, sql: str) -> None:
        self.kind = kind
        self.row = row
        self.sql = sql
        self._build: Callable[[asyncpg.Record], Any] | None = None
        self.module = _calling_module()
        STATEMENTS.append(self)

    async def __call__(self, db: Db, *args: object) -> T:
        raise NotImplementedError

    def _row(self, record: asyncpg.Record) -> Any:
        build = self._build
        if build is None:
            build = self._build = builder(self.row, list(record.keys()))
        return build(record)


class _Many(Statement[list[T]]):
    async def __call__(self, db: Db, *args: object) -> list[T]:
        records = await db.fetch(self.sql, *args)
        return [self._row(r) for r in records]


class _Maybe(Statement[T | None]):
    async def __call__(self, db: Db, *args: object) -> T | None:
        record = await db.fetchrow(self.sql, *args)
        return None if record is None else cast("T", self._row(record))


class _One(Statement[T]):
    async def __call__(self, db: Db, *args: object) -> T:
        record = await db.fetchrow(self.sql, *args)
        if record is None:
            raise NotFound
        return cast("T", self._row(record))


class _Value(Statement[T]):
    async def __call__(self, db: Db, *args: object) -> T:
        return cast("T", await db.fetchval(self.sql, *args))


class _Run(Statement[int]):
    async def __call__(self, db: Db, *args: object) -> int:
        status: str = await db.execute(self.sql, *args)
        return affected(status)


def many(row: type[S], sql: str) -> Statement[list[S]]:
    """All rows, as Structs."""
    return _Many("many", row, sql)


def maybe(row: type[S], sql: str) -> Statement[S | None]:
    """The first row as a Struct, or None."""
    return _Maybe("maybe", row, sql)


def one(row: type[S], sql: str) -> Statement[S]:
    """The first row as a Struct; raises NotFound when there is none."""
    return _One("one", row, sql)


def value(kind: TypeForm[T], sql: str) -> Statement[T]:
    """The first column of the first row. Give `int | None` where it may be null or missing."""
    return _Value("value", kind, sql)


def run(sql: str) -> Statement[int]:
    """Runs it and answers the number of rows affected."""
    return _Run("run", None, sql)


def affected(status: str) -> int:
    """The count at the end of a command tag such as 'UPDATE 3'."""
    tail = status.rpartition(" ")[2]
    return int(tail) if tail.isdigit() else 0


# ---- rows to Structs -------------------------------------------------------------------------------------------


def builder(row: type[msgspec.Struct], columns: Sequence[str]) -> Callable[[Any], Any]:
    """A function that makes one `row` from one record, by position. Raises TypeError where names do not fit."""
    used: set[str] = set()
    build = _struct_builder(row, list(columns), "", used)
    unknown = [c for c in columns if c not in used]
    if unknown or len(set(columns)) != len(columns):
        raise TypeError(f"{row.__name__} has no field for column(s) {unknown or columns}")
    return build


def _struct_builder(row: type[msgspec.Struct], columns: list[str], prefix: str, used: set[str]) -> Callable[[Any], Any]:
    getters: dict[str, Callable[[Any], Any]] = {}
    fields = msgspec.structs.fields(row)
    for field in fields:
        name = prefix + field.name
        if name in columns:
            used.add(name)
            getters[field.name] = _getter(columns.index(name), _collection_converter(field.type))
        elif any(c.startswith(name + ".") for c in columns):
            getters[field.name] = _nested_builder(field.type, columns, name + ".", used)
        elif field.required:
            raise TypeError(f"{row.__name__}.{field.name} has no column {name!r} in {columns}")
    if len(getters) < len(fields) or _takes_keywords_only(row):
        return lambda record: row(**{name: get(record) for name, get in getters.items()})
    in_order = tuple(getters.values())
    if not prefix and all(isinstance(get, itemgetter) for get in in_order) and list(getters) == columns:
        return lambda record: row(*record)
    return lambda record: row(*[get(record) for get in in_order])


def _getter(index: int, convert: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    if convert is None:
        return itemgetter(index)
    return lambda record: None if record[index] is None else convert(record[index])


def _takes_keywords_only(row: type[msgspec.Struct]) -> bool:
    return any(p.kind is p.KEYWORD_ONLY for p in inspect.signature(row).parameters.values())


def _nested_builder(annotation: Any, columns: list[str], prefix: str, used: set[str]) -> Callable[[Any], Any]:
    struct, optional = _struct_of(annotation)
    if struct is None:
        raise TypeError(f"columns {prefix}* need a Struct field, not {annotation!r}")
    build = _struct_builder(struct, columns, prefix, used)
    if not optional:
        return build
    first = next(i for i, c in enumerate(columns) if c.startswith(prefix))
    return lambda record: None if record[first] is None else build(record)


def _struct_of(annotation: Any) -> tuple[type[msgspec.Struct] | None, bool]:
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    structs = [o for o in options if isinstance(o, type) and issubclass(o, msgspec.Struct)]
    return (structs[0] if structs else None), type(None) in options


def _collection_converter(annotation: Any) -> Callable[[Any], Any] | None:
    """Arrays arrive as lists, json as plain objects, enums as text: convert where the field's type says otherwise."""
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    for option in options:
        origin = get_origin(option) or option
        if option in (Any, object) or not isinstance(origin, type):
            continue
        if (origin is list and not _plain(get_args(option))) or origin in (frozenset, set, tuple):
            return partial(msgspec.convert, type=annotation)
        if origin is dict and not _plain(get_args(option)):
            return partial(msgspec.convert, type=annotation)
        if issubclass(origin, msgspec.Struct) or hasattr(origin, "__members__"):
            return partial(msgspec.convert, type=annotation)
    return None


def _plain(arguments: tuple[Any, ...]) -> bool:
    return all(
        a is Any or (isinstance(a, type) and not issubclass(a, msgspec.Struct) and not hasattr(a, "__members__"))
        for a in arguments
    )


# ---- the plain cases -------------------------------------------------------------------------------------------


def quoted(name: str) -> str:
    """A name as a SQL identifier. Raises ValueError for anything but ASCII letters, digits and underscores."""
    if not name.replace("_", "").isalnum() or not name.isascii():
        raise ValueError(f"not an identifier: {name!r}")
    return f'"{name}"'


async def insert(db: Db, table: str, values: Mapping[str, object], *, returning: str | None = None) -> Any:
    """Insert one row; answers the `returning` column, or None."""
    names = ", ".join(quoted(n) for n in values)
    marks = ", ".join(f"${i}" for i in range(1, len(values) + 1))
    sql = f"insert into {quoted(table)} ({names}) values ({marks})"
    if returning is None:
        await db.execute(sql, *values.values())
        return None
    return await db.fetchval(f"{sql} returning {quoted(returning)}", *values.values())


async def update(db: Db, table: str, values: Mapping[str, object], *, where: Mapping[str, object]) -> int:
    """Set only the given columns on the rows that match all of `where`; answers how many rows changed."""
    if not values:
        return 0
    if not where:
        raise ValueError("an update without a condition is a mistake")
    sets = ", ".join(f"{quoted(n)} = ${i}" for i, n in enumerate(values, 1))
    conditions = " and ".join(f"{quoted(n)} = ${i}" for i, n in enumerate(where, len(values) + 1))
    status = await db.execute(
        f"update {quoted(table)} set {sets} where {conditions}", *values.values(), *where.values()
    )
    return affected(status)


async def upsert(db: Db, table: str, values: Mapping[str, object], *, key: Sequence[str]) -> None:
    """Insert one row, or set its other columns where `key` is there already."""
    names = ", ".join(quoted(n) for n in values)
    marks = ", ".join(f"${i}" for i in range(1, len(values) + 1))
    others = [n for n in values if n not in key]
    does = f"update set {', '.join(f'{quoted(n)} = excluded.{quoted(n)}' for n in others)}" if others else "nothing"
    conflict = ", ".join(quoted(n) for n in key)
    await db.execute(
        f"insert into {quoted(table)} ({names}) values ({marks}) on conflict ({conflict}) do {does}",
        *values.values(),
    )


def constraint_of(error: BaseException) -> str | None:
    """The name of the constraint a PostgreSQL error speaks of, or None."""
    return cast("str | None", getattr(error, "constraint_name", None))


# ---- connections -----------------------------------------------------------------------------------------------


RECOVERY_S, ACQUIRE_TIMEOUT_S = 60.0, 15.0
IDLE_TRANSACTION_MS: Final = 120_000  # then PostgreSQL ends it, so that nobody holds locks by standing still


class Database:
    """A pool. A connection is lent for a request, job or command and given back clean; TimeoutError if none is free."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self._lent: dict[int, set[Callable[[], None]]] = {}

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Db]:
        """A connection in autocommit: each statement is a transaction of its own."""
        async with self.pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as db:
            self._lent[id(db)] = set()
            try:
                yield db
            finally:
                self.settle(db)
                del self._lent[id(db)]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Db]:
        """A connection inside one transaction, committed at the end, rolled back on an exception."""
        async with self.connection() as db, db.transaction():
            yield db

    def afterwards(self, db: Db, call: Callable[[], None]) -> bool:
        """Has `call` called once when this connection is given back; whatever is to be committed is committed then.

        It is called after a rollback too. False when the connection was not lent here, and then it will not be called.
        """
        waiting = self._lent.get(id(db))
        if waiting is None:
            return False
        waiting.add(call)
        return True

    def settle(self, db: Db) -> None:
        """Calls what waits for this connection; for those who keep one connection for several transactions."""
        waiting = self._lent[id(db)]
        while waiting:
            waiting.pop()()

    async def close(self) -> None:
        """Ends all connections, waiting for those still at work."""
        await self.pool.close()


_json_encoder = msgspec.json.Encoder()


def _encode_json(document: Any) -> bytes:
    return b"\x01" + _encode_text_json(document)


def _encode_text_json(document: Any) -> bytes:
    return document if isinstance(document, bytes) else _json_encoder.encode(document)


def _decode_jsonb(data: bytes) -> Any:
    return msgspec.json.decode(memoryview(data)[1:])


async def init_connection(db: Db) -> None:
    """Teaches a new connection jsonb; bytes given as jsonb are taken as encoded JSON already."""
    await db.set_type_codec("jsonb", schema="pg_catalog", encoder=_encode_json, decoder=_decode_jsonb, format="binary")


async def _no_reset(_: Db) -> None:
    """Connections come back clean, so the pool's reset query (10 to 19 % of a small request) is left out."""


async def connect(dsn: str, *, size: int = 10, **settings: Any) -> Database:
    """A Database on a fresh pool of at most `size` connections; waits RECOVERY_S for a server that is recovering."""
    deadline = time.monotonic() + RECOVERY_S
    while True:
        try:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=min(2, size),
                max_size=size,
                init=init_connection,
                reset=_no_reset,
                server_settings={
                    "timezone": "UTC",
                    "application_name": "stoa",
                    "idle_in_transaction_session_timeout": str(IDLE_TRANSACTION_MS),
                },
                **settings,
            )
            return Database(pool)
        except asyncpg.CannotConnectNowError:  # it is there, and still recovering from a crash
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


def _calling_module() -> str:
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back  # type: ignore[assignment]
    return str(frame.f_globals.get("__name__", "?")) if frame else "?"
