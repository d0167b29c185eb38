"""The server under `bench http`: Stoa, and beside it under /bare/ handlers that send the same SQL and nothing else.

At the start each measured request is made once in process while the statements it sends are noted. The bare handler
then sends just these on a pooled connection and encodes the rows as JSON: what a request costs when there is nothing
but asyncpg and a JSON encoder. A bare gift puts fresh ids for those that the noted gift had made.
"""

import asyncio
import json
import os
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

import asyncpg
import httpx
import msgspec
import uvicorn

from stoa.kit import logs
from stoa.kit.config import load_settings
from stoa.kit.db import Database, connect
from stoa.kit.ids import new_id
from stoa.main import create_app
from stoa.modules import build_app

UUID_TEXT: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?7[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}")
Sent = tuple[str, str, tuple[Any, ...]]


@contextmanager
def noted() -> Iterator[list[Sent]]:
    """The statements sent through asyncpg meanwhile: method, SQL, arguments."""
    sent: list[Sent] = []
    originals = {name: getattr(asyncpg.Connection, name) for name in ("fetch", "fetchrow", "fetchval", "execute")}

    def wrapped(name: str) -> Callable[..., Awaitable[Any]]:
        async def call(self: Any, sql: str, *args: Any, **kwargs: Any) -> Any:
            sent.append((name, sql, args))
            return await originals[name](self, sql, *args, **kwargs)

        return call

    for name in originals:
        setattr(asyncpg.Connection, name, wrapped(name))
    try:
        yield sent
    finally:
        for name, original in originals.items():
            setattr(asyncpg.Connection, name, original)


class Bare:
    """The statements of one request, sent again and again."""

    def __init__(self, database: Database, sent: list[Sent], *, write: bool, since: uuid.UUID) -> None:
        self.database = database
        self.sent = sent
        self.write = write
        self.since = since

    async def __call__(self) -> bytes:
        """One request's work; answers its rows as JSON."""
        answer: Any = None
        fresh: dict[str, uuid.UUID] = {}
        lend = self.database.transaction() if self.write else self.database.connection()
        async with lend as db:
            for method, sql, args in self.sent:
                given = [self._renewed(a, fresh) for a in args] if self.write else args
                answer = await getattr(db, method)(sql, *given)
        if isinstance(answer, list):
            answer = [dict(r) for r in answer]
        elif isinstance(answer, asyncpg.Record):
            answer = dict(answer)
        return msgspec.json.encode(answer, enc_hook=str)

    def _renewed(self, given: Any, fresh: dict[str, uuid.UUID]) -> Any:
        """The argument with every id that the noted request made replaced by a new one, the same everywhere."""
        match given:
            case uuid.UUID() if given >= self.since:
                return fresh.setdefault(given.hex, new_id())
            case str():
                return UUID_TEXT.sub(lambda m: self._renewed_text(m.group(), fresh), given)
            case list() | tuple():
                return type(given)(self._renewed(item, fresh) for item in given)
            case dict():
                return {k: self._renewed(v, fresh) for k, v in given.items()}
            case msgspec.Struct():
                return msgspec.convert(
                    self._renewed(msgspec.to_builtins(given, builtin_types=(uuid.UUID,)), fresh), type(given)
                )
            case _:
                return given

    def _renewed_text(self, text: str, fresh: dict[str, uuid.UUID]) -> str:
        found = uuid.UUID(text)
        if found < self.since:
            return text
        new = fresh.setdefault(found.hex, new_id())
        return str(new) if "-" in text else new.hex


async def note(client: httpx.AsyncClient, database: Database, request: dict[str, Any]) -> Bare:
    """Makes one request, and a bare handler of what it sent."""
    began = new_id().int >> 80
    with noted() as sent:
        answer = await client.request(**request)
    if answer.status_code >= 400:
        raise RuntimeError(f"{request['url']}: {answer.status_code} {answer.text[:500]}")
    return Bare(database, list(sent), write=request["method"] != "GET", since=uuid.UUID(int=began << 80))


async def application() -> Callable[..., Awaitable[None]]:
    """Stoa with /bare/{name} beside it; the requests come as JSON in BENCH_REQUESTS."""
    settings = load_settings({k: v for k, v in os.environ.items() if not k.startswith("STOA_BENCH")})
    logs.configure(settings)
    app = await build_app(settings)
    stoa = create_app(app)
    database = await connect(str(settings.database_url), size=settings.pool_size)
    bare: dict[str, Bare] = {}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=cast(Any, stoa)), base_url=settings.base_url
    ) as client:
        for name, request in json.loads(os.environ["BENCH_REQUESTS"]).items():
            await client.request(
                **{**request, "headers": {**request.get("headers", {}), "Idempotency-Key": f"w{name}"}}
            )
            bare["/bare/" + name.replace(" ", "-").replace(",", "")] = await note(client, database, request)

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
