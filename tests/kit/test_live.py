"""Sockets end with their session: spoken in Engine.IO and Socket.IO frames over a real WebSocket."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
import websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus

from stoa.foundation.identity import actions
from stoa.main import create_app

OPEN, CONNECT, REFUSED = "0", "40", "44"


@pytest.fixture
async def address(app: Any) -> AsyncIterator[str]:
    """The whole application on a real socket, with a life of its own as `./stoa up` gives it."""
    application = create_app(settings=app.settings)
    server = uvicorn.Server(uvicorn.Config(application, port=0, ws="websockets-sansio", log_config=None, lifespan="on"))
    listening = socket.create_server(("127.0.0.1", 0))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
    yield f"ws://127.0.0.1:{listening.getsockname()[1]}/live/?EIO=4&transport=websocket"
    server.should_exit = True
    await running


class Socket:
    """One client, as far as the tests need the protocol."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def hear(self) -> str:
        async with asyncio.timeout(30):
            while True:
                frame = await self.connection.recv()
                if frame != "2":
                    return str(frame)
                await self.connection.send("3")

    async def ended(self) -> bool:
        """Whether the server ends it; raises TimeoutError if it stays."""
        try:
            while not (await self.hear()).startswith("41"):
                pass
        except ConnectionClosed:
            pass
        return True


@asynccontextmanager
async def connected(address: str, auth: dict[str, Any] | None = None, **headers: str) -> AsyncIterator[Socket]:
    async with websockets.connect(address, additional_headers=headers) as connection:
        one = Socket(connection)
        assert (await one.hear()).startswith(OPEN)
        await connection.send(CONNECT + (json.dumps(auth) if auth else ""))
        yield one


async def page_cookie(make: Any, user: Any) -> str:
    async with make.tx(user) as ctx:
        return f"stoa_session={await actions.open_page_session(ctx, user.id, by='password')}"


async def token_of(client: Any, user: Any) -> str:
    return str(client.as_(user).headers["Authorization"].removeprefix("Bearer "))


async def test_a_socket_ends_with_its_session(address: str, client: Any, make: Any) -> None:
    ana, bob = await make.user(), await make.user()
    async with (
        connected(address, {"token": await token_of(client, ana)}) as api,
        connected(address, cookie=await page_cookie(make, ana)) as page,
        connected(address, {"token": await token_of(client, bob)}) as other,
    ):
        for one in (api, page, other):
            assert (await one.hear()).startswith(CONNECT)
        listed = (await client.as_(ana).get("/api/v1/auth/sessions")).json()
        browser = next(s["id"] for s in listed if s["kind"] == "page")
        await client.as_(ana).delete(f"/api/v1/auth/sessions/{browser}")
        assert await page.ended()
        await client.as_(ana).post("/api/v1/auth/logout-all")
        assert await api.ended()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await other.hear()


async def test_a_suspension_cuts_off(address: str, app: Any, client: Any, make: Any) -> None:
    ana = await make.user()
    async with connected(address, {"token": await token_of(client, ana)}) as one:
        assert (await one.hear()).startswith(CONNECT)
        async with app.database.connection() as db:
            await db.execute("update users set status = 'suspended' where id = $1", ana.id)
        assert await one.ended()


@pytest.mark.parametrize("auth", [None, {"token": "x"}, {"token": 5}, {"token": "a.b.c"}, ["token"], {"token": "\x00"}])
async def test_nobody_is_let_in_without_a_session(address: str, auth: Any) -> None:
    async with connected(address, auth) as one:
        answer = await one.hear()
        assert answer.startswith(REFUSED) and json.loads(answer[2:])["message"] == "please sign in"


async def test_an_ended_session_opens_no_socket(address: str, client: Any, make: Any) -> None:
    ana = await make.user()
    token = await token_of(client, ana)
    await client.as_(ana).post("/api/v1/auth/logout-all")
    async with connected(address, {"token": token}) as one:
        assert (await one.hear()).startswith(REFUSED)


async def test_other_origins_are_refused(address: str, make: Any) -> None:
    cookie = await page_cookie(make, await make.user())
    with pytest.raises(InvalidStatus) as refused:
        async with connected(address, cookie=cookie, origin="https://elsewhere.example"):
            pass
    assert refused.value.response.status_code == 403


async def test_a_process_that_hears_nothing_keeps_no_sockets(address: str, app: Any, client: Any, make: Any) -> None:
    ana = await make.user()
    token = await token_of(client, ana)
    async with connected(address, {"token": token}) as one:
        assert (await one.hear()).startswith(CONNECT)
        async with app.database.connection() as db:
            await db.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stoa listener' "
                "and datname = current_database()"
            )
        assert await one.ended()
    async with asyncio.timeout(30):
        while True:
            async with connected(address, {"token": token}) as one:
                if (await one.hear()).startswith(CONNECT + "{"):
                    break
            await asyncio.sleep(0.1)


async def test_what_is_too_much_ends_the_socket(address: str, client: Any, make: Any) -> None:
    ana = await make.user()
    async with connected(address, {"token": await token_of(client, ana)}) as one:
        assert (await one.hear()).startswith(CONNECT)
        with suppress(ConnectionClosed):  # it may be over before all is sent
            for _ in range(1_100):
                await one.connection.send('42["nothing"]')
        assert await one.ended()
