"""The whole application as people meet it: a port, a database, a job runner."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from litestar import Litestar

from stoa import main
from stoa.foundation.identity.actions import open_page_session
from stoa.foundation.identity.queries import user_by_username
from stoa.kit import logs, testing
from stoa.kit.ctx import App
from stoa.kit.postgres import EmbeddedPostgres
from stoa.kit.queue.worker import Worker
from stoa.modules import build_app, close_app
from stoa.money.ledger import queries as ledger
from stoa.money.ledger.types import AccountRef
from tests.conftest import Make, User, settings_for

# Put together once for all houses of a process, since it takes two seconds: routes know nothing of the application that
# they serve but where to find it. A house takes one out and puts it back.
_ROUTES: list[tuple[main.Holder, Litestar]] = []


@contextmanager
def routed(app: App) -> Iterator[Any]:
    """What `create_app` makes of the application."""
    holder, routes = _ROUTES.pop() if _ROUTES else _with_routes(main.Holder(None, None))
    holder.app = app
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "_litestar", lambda _: routes)
        made = main.create_app(app)
    try:
        yield made
    finally:
        holder.app = None
        _ROUTES.append((holder, routes))


def _with_routes(holder: main.Holder) -> tuple[main.Holder, Litestar]:
    return holder, main._litestar(holder)


class Server(uvicorn.Server):
    """Leaves Ctrl-C to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class House:
    """An application that is being served, and what tests look up behind its pages."""

    app: App
    url: str
    asgi: Any

    @property
    def make(self) -> Make:
        """Factories that fill its database."""
        return Make(self.app)

    async def session_of(self, user: User) -> str:
        """The cookie of a session that is open already."""
        async with self.make.tx(user) as ctx:
            return await open_page_session(ctx, user.id, by="password")

    async def value(self, sql: str, *args: Any) -> Any:
        """One value of the database."""
        async with self.app.database.connection() as db:
            return await db.fetchval(sql, *args)

    async def coins(self, username: str) -> dict[str, int]:
        """The person's buckets of coins that are not empty, in hundredths."""
        async with self.make.tx() as ctx:
            person = await user_by_username(ctx, username)
            assert person is not None
            held = await ledger.balances(ctx, person.id, "COIN")
        return {b.purpose: b.balance_minor for b in held if b.balance_minor}

    async def platform(self, asset: str, purpose: str) -> int:
        """The balance of one of the platform's accounts, in the smallest unit."""
        async with self.make.tx() as ctx:
            return await ledger.balance(ctx, AccountRef(None, asset, purpose))

    async def books(self) -> dict[str, int]:
        """What all accounts of each asset sum to."""
        async with self.make.tx() as ctx:
            assert await ledger.verify(ctx.db) == []
            return {total.asset: total.total_minor for total in (await ledger.trial_balance(ctx)).totals}


@asynccontextmanager
async def serve(
    postgres: EmbeddedPostgres, database: str, template: str, home: Path, *, works: bool
) -> AsyncIterator[House]:
    """Serves a copy of the template database on a free port. works: with a job runner beside."""
    dsn = await testing.make_database(postgres, database, template=template)
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:
        url = f"http://localhost:{listener.getsockname()[1]}"  # by name: passkeys are bound to one
        app = await build_app(settings_for(dsn, home, base_url=url, log_level="error"))
        logs.configure(app.settings)
        asgi = stack.enter_context(routed(app))
        config = uvicorn.Config(
            asgi, lifespan="off", log_config=None, access_log=False, server_header=False, ws="websockets-sansio"
        )
        server, worker = Server(config), Worker(app, concurrency=4)
        tasks = [asyncio.create_task(server.serve(sockets=[listener]))]
        tasks += [asyncio.create_task(worker.run())] if works else []
        try:
            yield House(app, url, asgi)
        finally:
            worker.stop()
            server.should_exit = True
            server.force_exit = True
            await asyncio.gather(*tasks)
            await close_app(app)
    await testing.drop_database(postgres, database)
