"""The server under `bench money`: Stoa, and beside it what its money costs at the least.

/api/v1/bench/tip is a handler of the same application that makes the ledger transfer of a tip, between people in turn,
and nothing else: no session, no key, no checks. /bare/tip is the same outside of the application, without a framework.
/bare/<other> is one transaction of as many statements as the request of that name sends: rows read by their key, the
last one written.
"""

import asyncio
import itertools
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from unittest import mock
from uuid import UUID

import httpx
import msgspec
import uvicorn
from litestar import post

from bench._http_server import noted
from stoa.foundation.identity import actions as identity
from stoa.kit import logs
from stoa.kit.clock import utcnow
from stoa.kit.config import load_settings
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import Database, connect
from stoa.kit.http import CtxDep, access
from stoa.kit.ids import new_id
from stoa.main import create_app
from stoa.modules import api_routes, build_app
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg

USD: Final = "USD"
Handler = Callable[[], Awaitable[bytes]]
_TABLE: Final = """
create table if not exists bench_rows (id uuid primary key, payload jsonb not null);
insert into bench_rows values ('00000000-0000-0000-0000-000000000001', '{}') on conflict do nothing
"""


class BareTip:
    """The transfer of a tip, as the books had it, between one pair of people after the other, as the tips are."""

    def __init__(self, app: App, payers: list[UUID], creators: list[UUID], legs: list[tuple[str, str, int]]) -> None:
        self.app = app
        self.pairs = itertools.cycle([(payer, creators[n % len(creators)]) for n, payer in enumerate(payers)])
        self.legs = legs

    async def within(self, ctx: Ctx) -> UUID:
        """One transfer in the caller's transaction; answers its id."""
        payer, creator = next(self.pairs)
        whose = {"payer": payer, "creator": creator, "": None}
        legs = [Leg(AccountRef(whose[who], USD, purpose), minor) for who, purpose, minor in self.legs]
        key = f"bare:{new_id()}"
        made = await ledger.post(ctx, kind="tip", legs=legs, key=key, cause="A bare tip", metadata={"tip_id": key})
        return made.transfer_id

    async def __call__(self) -> bytes:
        """One transfer in a transaction of its own."""
        async with self.app.database.transaction() as db:
            made = await self.within(Ctx(db, None, utcnow(), "bare", self.app))
        return msgspec.json.encode({"id": made})


BARE_TIPS: Final[list[BareTip]] = []


@post("/api/v1/bench/tip", opt=access("public", limit="none"))
async def bare_tip(ctx: CtxDep) -> dict[str, UUID]:
    """Only the ledger transfer of a tip, as a handler of the application."""
    return {"id": await BARE_TIPS[0].within(ctx)}


class BareStatements:
    """A transaction of so many statements."""

    def __init__(self, database: Database, statements: int) -> None:
        self.database = database
        self.statements = statements

    async def __call__(self) -> bytes:
        """One transaction."""
        known = UUID(int=1)
        async with self.database.transaction() as db:
            for _ in range(max(self.statements - 1, 0)):
                await db.fetchrow("select id, payload from bench_rows where id = $1", known)
            await db.execute("insert into bench_rows (id, payload) values ($1, '{}')", new_id())
        return b"{}"


async def legs_of_a_tip(client: httpx.AsyncClient, database: Database, request: dict[str, Any]) -> list[Any]:
    """Makes one tip; answers its postings by who they are of."""
    answer = await client.request(**request)
    answer.raise_for_status()
    async with database.connection() as db:
        rows = await db.fetch(
            """select case when a.owner_id = t.sender_id then 'payer' when a.owner_id = t.recipient_id then 'creator'
                 else '' end as who, a.purpose, p.amount_minor
               from tips t join ledger_postings p on p.transfer_id = t.transfer_id
               join ledger_accounts a on a.id = p.account_id where t.id = $1""",
            UUID(answer.json()["id"]),
        )
    return [tuple(row) for row in rows]


async def statements_of(client: httpx.AsyncClient, request: dict[str, Any]) -> int:
    """How many statements a request sends through a connection."""
    with noted() as sent:
        answer = await client.request(**request)
    if answer.status_code >= 400:
        raise RuntimeError(f"{request['url']}: {answer.status_code} {answer.text[:500]}")
    return len(sent)


async def application() -> Callable[..., Awaitable[None]]:
    """Stoa with /bare/ beside it; what is measured comes as JSON in BENCH_MONEY."""
    settings = load_settings(dict(os.environ))
    logs.configure(settings)
    app = await build_app(settings)
    await identity.remember_sessions(app)  # as every web process does when it starts
    with mock.patch("stoa.main.api_routes", lambda: [*api_routes(), bare_tip]):
        stoa = create_app(app)
    told = json.loads(os.environ["BENCH_MONEY"])
    database = await connect(str(settings.database_url), size=settings.pool_size)
    async with database.connection() as db:
        await db.execute(_TABLE)
    transport = httpx.ASGITransport(app=cast(Any, stoa))
    async with httpx.AsyncClient(transport=transport, base_url=settings.base_url) as client:
        samples = told["samples"]
        legs = await legs_of_a_tip(client, database, samples["tip"])
        payers, creators = ([UUID(one) for one in told[name]] for name in ("payers", "creators"))
        BARE_TIPS.append(BareTip(app, payers, creators, legs))
        bare: dict[str, Handler] = {"/bare/tip": BARE_TIPS[0]}
        for name in ("order", "payout"):
            bare[f"/bare/{name}"] = BareStatements(database, await statements_of(client, samples[name]))

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        handler = bare.get(scope.get("path", "")) if scope["type"] == "http" else None
        if handler is None:
            await stoa(scope, receive, send)
            return
        body = await handler()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return serve


async def main() -> None:
    """Serves until it is ended."""
    config = uvicorn.Config(
        await application(), host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), log_level="warning",
        http="httptools", access_log=False, lifespan="off",
    )  # fmt: skip
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
