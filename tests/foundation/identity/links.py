"""What the tests of links in mails share."""

import re
from typing import Any

import httpx

from tests.conftest import Client

_LINK = re.compile(r"http://testserver(/(?:verify-email|reset-password|verify-email-change)/([\w-]+))")


def link_in(mail: Any) -> str:
    """The path of the one link in a mail; the same in both of its parts."""
    found = set(_LINK.findall(mail.text))
    assert len(found) == 1, mail.text
    assert found == set(_LINK.findall(mail.html))
    return str(found.pop()[0])


def token_in(mail: Any) -> str:
    """The end of that link."""
    return link_in(mail).rpartition("/")[2]


def client_from(client: Client, address: str) -> Client:
    """Somebody at another address."""
    made = Client(transport=httpx.ASGITransport(app=client.stoa, client=(address, 1)), base_url="http://testserver")
    made.stoa, made.app = client.stoa, client.app
    return made


def asked(sent: list[str]) -> list[str]:
    """The statements of a request, without those that depend on when it comes: settings are read every few seconds, and
    the bell that wakes the workers rings beside requests, once for several that end at the same time."""
    return [sql for sql in sent if "platform_config" not in sql and "pg_notify('stoa_jobs'" not in sql]


async def audited(app: Any, subject_id: Any) -> list[str]:
    """What was written down about an account, oldest first."""
    async with app.database.connection() as db:
        rows = await db.fetch("select action from audit_events where subject_id = $1 order by id", str(subject_id))
    return [row[0] for row in rows]


async def fetchrow(app: Any, sql: str, *args: Any) -> tuple[Any, ...]:
    """One row of the database."""
    async with app.database.connection() as db:
        return tuple(await db.fetchrow(sql, *args))


async def execute(app: Any, sql: str, *args: Any) -> None:
    """Time passes, or something is as no route could make it."""
    async with app.database.connection() as db:
        await db.execute(sql, *args)
