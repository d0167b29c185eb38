"""Fixtures: a real database per test process, the application on it, people and things in it.

app       the process's App (settings, pool, storage, ...), emptied after each test
ctx       a Ctx in a transaction that is rolled back at the end; no actor
          (after each, all that `ledger verify` checks must hold; a test that does harm on purpose is marked `harm`)
tx        `async with tx(actor=user) as ctx:` a transaction that commits
client    HTTP in process; `client.as_(user)` is another client signed in as that user
make      factories: `await make.user("ana")`, ...
jobs      `await jobs()` runs what is due in the queue, until nothing is; a job that fails fails the test, unless
          `reraise=False`
fresh_db  `dsn = await fresh_db()` a database of one's own, for crashes and other processes
queries   `with queries() as seen:` the SQL texts sent meanwhile
"""

import asyncio
import importlib
import itertools
import pkgutil
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import hypothesis
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

import tests.factories
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.actions import hashing
from stoa.foundation.identity.types import Role, UserRow
from stoa.kit import invariants, logs, testing
from stoa.kit.clock import utcnow
from stoa.kit.config import load_settings
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.ids import new_id
from stoa.kit.migrate import migrate
from stoa.kit.postgres import EmbeddedPostgres
from stoa.main import create_app
from stoa.modules import build_app, close_app

# How fast the machine is, is no property of what is tested.
hypothesis.settings.register_profile(
    "stoa", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("stoa")
# Passwords are hashed as always, but for a thousandth of the cost: hundreds of tests sign somebody in, and one is about
# what a hash costs (foundation/identity/test_passwords.py).
hashing._HASHES = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1), BcryptHasher()))
hashing.NOBODY = hashing._HASHES.hash("nobody")
# Ctrl-C does what it always does. Where Python's own handler stands, asyncio puts another in its place around each test
# and each fixture, and every time `signal` writes out that handler, its task, and the settings in its frames.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda number, frame: signal.default_int_handler(number, frame))

TEMPLATE = "stoa_template"
DATABASE = "stoa_test"
PASSWORD = "a stoa has columns"
NIGHTFALL_S = 15.0
_numbers = itertools.count(1)
# Where the time goes. These begin, so that no worker is left alone with one of them at the end.
LONGEST = ("browser/test_pages", "tidy", "crash", "demo", "contract/test_fuzz.py", "browser", "cli", "contract")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files of LONGEST first, in that order; `./stoa test` hands files out as they come."""

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(Path(__file__).parent).as_posix()
        return next((at for at, name in enumerate(LONGEST) if path.startswith(name)), len(LONGEST))

    items.sort(key=place)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """No test begins just before midnight: what it calls today, this month or this year is so until its end."""
    left_s = 86_400 - time.time() % 86_400
    if left_s < NIGHTFALL_S:
        time.sleep(left_s)


@dataclass(frozen=True)
class User:
    """Somebody in a test, with what signing in needs."""

    id: Any
    username: str
    email: str
    actor: Actor
    password: str = PASSWORD


class Client(httpx.AsyncClient):
    """HTTP in process, on the real application. Paths are relative; no redirects are followed unless asked."""

    stoa: Any
    app: App

    def as_(self, user: User | None) -> "Client":
        """Another client, signed in with a bearer token (or nobody)."""
        other = make_client(self.stoa, self.app)
        if user is not None:
            other.headers["Authorization"] = f"Bearer {_tokens[user.id]}"
        return other


_tokens: dict[Any, str] = {}


def make_client(stoa: Any, app: App) -> Client:
    client = Client(transport=httpx.ASGITransport(app=stoa), base_url="http://testserver")
    client.stoa, client.app = stoa, app
    return client


class Make:
    """Factories. Modules add theirs as `async def make_x(make, ...)` in tests/factories/*.py: `make.x(...)`."""

    def __init__(self, app: App) -> None:
        self.app = app

    @asynccontextmanager
    async def tx(self, user: User | None = None) -> AsyncIterator[Ctx]:
        """A committed transaction, acting as somebody."""
        async with self.app.database.transaction() as db:
            yield Ctx(db, user.actor if user else None, utcnow(), "test", self.app)

    async def user(self, username: str | None = None, *, roles: tuple[str, ...] = (), verified: bool = True) -> User:
        """An account with its welcome bonus (M5) and an API session. verified: its e-mail is confirmed."""
        name = username or f"person{next(_numbers)}"
        every = tuple(dict.fromkeys((Role.READER, *(Role(r) for r in roles))))
        async with self.tx() as ctx:
            row: UserRow = await identity.register(
                ctx, username=name, email=f"{name}@example.org", password=PASSWORD, roles=every, verified=verified
            )
            tokens = await identity.open_api_session(ctx, row.id, by="password")
        _tokens[row.id] = tokens.access_token
        actor = Actor(row.id, row.username, frozenset(row.roles), tokens.session_id)
        return User(row.id, row.username, row.email, actor)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        for found in pkgutil.iter_modules(tests.factories.__path__):
            module = importlib.import_module(f"tests.factories.{found.name}")
            factory = getattr(module, f"make_{name}", None)
            if factory is not None:
                return lambda *args, **kwargs: factory(self, *args, **kwargs)
        raise AttributeError(f"no factory make_{name}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with testing.server() as running:
        yield running


@pytest.fixture(scope="session")
async def template(postgres: EmbeddedPostgres) -> str:
    dsn = await testing.make_database(postgres, TEMPLATE)
    await migrate(dsn)
    await testing.keep_seeds(dsn)
    return TEMPLATE


@pytest.fixture(scope="session")
async def shared_app(
    postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[App]:
    dsn = await testing.make_database(postgres, DATABASE, template=template)
    home = tmp_path_factory.mktemp("home")
    settings = settings_for(dsn, home, log_level="error")
    logs.configure(settings)
    app = await build_app(settings)
    yield app
    await close_app(app)


def settings_for(dsn: str, home: Path, **more: str) -> Any:
    toml = home / "stoa.toml"
    toml.touch()
    env = {"DATABASE_URL": dsn, "STOA_HOME": str(home), "STOA_LIMITS": "false", "STOA_BASE_URL": "http://testserver"}
    env["STOA_COMICS_OCR"] = "false"  # it takes seconds a page; the tests of comics bring a reader of their own
    return load_settings({**env, **{f"STOA_{k.upper()}": v for k, v in more.items()}}, toml)


@pytest.fixture(scope="session")
async def emptier(shared_app: App) -> AsyncIterator[testing.Emptier]:
    made = await testing.Emptier.connect(shared_app.settings.database_url)
    yield made
    await made.close()


@pytest.fixture(scope="session")
async def broken_facts(shared_app: App) -> AsyncIterator[Callable[[], Awaitable[list[str]]]]:
    """What `ledger verify` says after a test that moved money: every balance, every fact, every asset sums to zero."""
    db = await asyncpg.connect(shared_app.settings.database_url)
    checked = await db.prepare(invariants.sql_of(invariants.FACTS))  # planning it takes longer than running it

    async def look() -> list[str]:
        if not await db.fetchval("select exists (select from ledger_transfers where kind <> 'welcome')"):
            return []
        return [str(invariants.Difference(*row)) for row in await checked.fetch()]

    yield look
    await db.close()


@pytest.fixture
async def app(
    shared_app: App,
    emptier: testing.Emptier,
    broken_facts: Callable[[], Awaitable[list[str]]],
    request: pytest.FixtureRequest,
) -> AsyncIterator[App]:
    http = shared_app.http
    yield shared_app
    shared_app.cache.clear()
    shared_app.http = http
    broken = [] if request.node.get_closest_marker("harm") else await broken_facts()
    await emptier.empty()
    assert broken == [], "what always holds does not hold after this test, as `stoa ledger verify` says"


@pytest.fixture
async def live(app: App) -> App:
    """The same as `app`; a name that says: this test is about several connections."""
    return app


@pytest.fixture
async def ctx(app: App) -> AsyncIterator[Ctx]:
    async with app.database.connection() as db:
        transaction = db.transaction()
        await transaction.start()
        try:
            yield Ctx(db, None, utcnow(), "test", app)
        finally:
            await transaction.rollback()


@pytest.fixture
async def db(ctx: Ctx) -> Any:
    return ctx.db


@pytest.fixture
def tx(app: App) -> Callable[..., AbstractAsyncContextManager[Ctx]]:
    return Make(app).tx


@pytest.fixture
def make(app: App) -> Make:
    return Make(app)


@pytest.fixture(scope="session")
def stoa(shared_app: App) -> Any:
    return create_app(shared_app)


@pytest.fixture
async def client(stoa: Any, app: App) -> AsyncIterator[Client]:
    made = make_client(stoa, app)
    app.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=stoa))  # sandbox webhooks come back in process
    async with made:
        yield made


@pytest.fixture
def jobs(app: App) -> Callable[..., Awaitable[int]]:
    async def drain(*, reraise: bool = True) -> int:
        from stoa.kit.queue import run_due

        done = 0
        while ran := await run_due(app, reraise=reraise):
            done += ran
        return done

    return drain


@pytest.fixture
async def fresh_db(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    made: list[str] = []

    async def make_one() -> str:
        name = f"stoa_{new_id().hex[-12:]}"
        made.append(name)
        return await testing.make_database(postgres, name, template=template)

    yield make_one
    for name in made:
        await testing.drop_database(postgres, name)


@pytest.fixture
def queries(app: App) -> Callable[[], AbstractContextManager[list[str]]]:
    """Counts what is sent on the connections of the pool."""

    @contextmanager
    def watch() -> Iterator[list[str]]:
        seen: list[str] = []
        original = asyncpg.Connection._do_execute

        async def counted(self: Any, query: str, *args: Any, **kwargs: Any) -> Any:
            seen.append(query)
            return await original(self, query, *args, **kwargs)

        asyncpg.Connection._do_execute = counted
        try:
            yield seen
        finally:
            asyncpg.Connection._do_execute = original

    return watch


@pytest.fixture
def gather() -> Callable[..., Awaitable[list[Any]]]:
    """Runs awaitables at once and answers results or exceptions."""

    async def run(*awaitables: Awaitable[Any]) -> list[Any]:
        return list(await asyncio.gather(*awaitables, return_exceptions=True))

    return run
