"""Who is who is remembered only while changes are heard, and every change ends it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from stoa.foundation.identity import actions
from stoa.foundation.identity.actions.devices import Device, describe
from stoa.kit.clock import utcnow
from stoa.modules import build_app, close_app

ME = "/api/v1/auth/me"
SESSIONS = "/api/v1/auth/sessions"


@pytest.fixture
async def remembering(app: Any) -> AsyncIterator[None]:
    listener = await actions.remember_sessions(app)
    yield
    await listener.stop()


@pytest.fixture
async def elsewhere(app: Any) -> AsyncIterator[Any]:
    """Another process, as far as the database can tell, that remembers too."""
    other = await build_app(app.settings)
    listener = await actions.remember_sessions(other)
    yield other
    await listener.stop()
    await close_app(other)


async def reads(queries: Any, work: Any) -> int:
    """How many statements ask for a session."""
    with queries() as seen:
        await work
    return sum("from sessions" in sql for sql in seen)


async def test_a_second_request_reads_no_session(client: Any, make: Any, queries: Any, remembering: None) -> None:
    ana = client.as_(await make.user())
    assert await reads(queries, ana.get(ME)) == 1
    assert await reads(queries, ana.get(ME)) == 0


async def test_without_a_listener_each_request_reads_its_session(client: Any, make: Any, queries: Any) -> None:
    ana = client.as_(await make.user())
    assert [await reads(queries, ana.get(ME)) for _ in range(3)] == [1, 1, 1]


async def test_an_ended_session_is_out_with_the_answer(client: Any, make: Any, remembering: None) -> None:
    person = await make.user()
    ana = client.as_(person)
    assert (await ana.get(ME)).status_code == 200
    assert (await ana.delete(f"{SESSIONS}/{person.actor.session_id}")).status_code == 204
    assert (await ana.get(ME)).status_code == 401


async def test_logging_out_everywhere_ends_what_is_remembered(client: Any, make: Any, remembering: None) -> None:
    ana = client.as_(await make.user())
    assert (await ana.get(ME)).status_code == 200
    assert (await ana.post("/api/v1/auth/logout-all")).status_code == 204
    assert (await ana.get(ME)).status_code == 401


async def test_a_role_granted_is_there(client: Any, make: Any, app: Any, remembering: None) -> None:
    person = await make.user()
    ana = client.as_(person)
    assert (await ana.get(ME)).json()["roles"] == ["reader"]
    async with app.database.connection() as db:
        await db.execute("update users set roles = '{reader,creator}' where id = $1", person.id)
    async with asyncio.timeout(30):
        while (await ana.get(ME)).json()["roles"] != ["reader", "creator"]:
            await asyncio.sleep(0.001)


async def test_another_process_hears_of_it(app: Any, make: Any, tx: Any, elsewhere: Any) -> None:
    person = await make.user()
    async with tx(person) as ctx:
        cookie = await actions.open_page_session(ctx, person.id, by="password")

    async def there() -> Any:
        async with elsewhere.database.connection() as db:

            async def connection() -> Any:
                return db

            return await actions.actor_of_cookie(elsewhere, cookie, utcnow(), connection)

    assert (await there()).id == person.id
    async with tx(person) as ctx:
        await actions.end_all_sessions(ctx, reason="test")
    async with asyncio.timeout(30):
        while await there() is not None:
            await asyncio.sleep(0.001)


async def test_whoever_changes_the_rows_is_heard(app: Any, make: Any, tx: Any, elsewhere: Any) -> None:
    """By hand in the database, past all of our code: a suspension, too, ends what is remembered."""
    person = await make.user()
    async with tx(person) as ctx:
        cookie = await actions.open_page_session(ctx, person.id, by="password")

    async def there() -> Any:
        async with elsewhere.database.connection() as db:

            async def connection() -> Any:
                return db

            return await actions.actor_of_cookie(elsewhere, cookie, utcnow(), connection)

    assert await there() is not None
    async with app.database.connection() as db:
        await db.execute("update users set status = 'suspended' where id = $1", person.id)
    async with asyncio.timeout(30):
        while await there() is not None:
            await asyncio.sleep(0.001)


async def test_a_lost_connection_ends_remembering_until_it_is_back(
    client: Any, app: Any, make: Any, queries: Any, remembering: None
) -> None:
    ana = client.as_(await make.user())
    await ana.get(ME)
    async with app.database.connection() as db:
        await db.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stoa listener' "
            "and datname = current_database()"
        )
    listener = app.cache["identity.presence"].listener
    async with asyncio.timeout(30):
        while listener.hears:
            await asyncio.sleep(0.001)
    assert await reads(queries, ana.get(ME)) == 1
    async with asyncio.timeout(30):
        while not listener.hears:
            await asyncio.sleep(0.01)
    assert [await reads(queries, ana.get(ME)) for _ in range(2)] == [1, 0]


async def test_what_expires_is_not_remembered_beyond(app: Any, make: Any, tx: Any, remembering: None) -> None:
    person = await make.user()
    async with tx(person) as ctx:
        cookie = await actions.open_page_session(ctx, person.id, by="password")
    async with app.database.connection() as db:

        async def connection() -> Any:
            return db

        assert await actions.actor_of_cookie(app, cookie, utcnow(), connection) is not None
        later = utcnow() + actions.PAGE_TTL + timedelta(seconds=1)
        assert await actions.actor_of_cookie(app, cookie, later, connection) is None


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
            Device("desktop", "Windows", "Firefox"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.0 Mobile/15E148 Safari/604.1",
            Device("phone", "iOS", "Mobile Safari"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/131.0.0.0 Mobile Safari/537.36",
            Device("phone", "Android", "Chrome Mobile"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/131.0.0.0 Safari/537.36",
            Device("tablet", "Android", "Chrome"),
        ),
        ("python-httpx/0.28.1", Device("program", "", "python-httpx")),
        ("", Device("unknown", "", "")),
    ],
)
def test_devices_are_named_as_people_know_them(agent: str, device: Device) -> None:
    assert describe(agent) == device
