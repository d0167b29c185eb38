"""A browser without JavaScript: keeps cookies, carries the page's CSRF token into each form it sends."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from stoa.foundation.identity.actions import open_page_session
from stoa.kit.http.credentials import SESSION_COOKIE
from tests.conftest import Client, User, make_client

_TOKEN = re.compile(r'<meta name="csrf-token" content="([0-9a-f]+)">')


class Visitor:
    """One person's browser."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.token = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Opens a page."""
        return self._seen(await self.client.get(path, headers=headers))

    async def post(self, path: str, *, htmx: bool = False, **fields: Any) -> httpx.Response:
        """Sends a form with the token of the last page; htmx as HTMX would."""
        headers = {"HX-Request": "true"} if htmx else {}
        return self._seen(await self.client.post(path, data={"_csrf": self.token, **fields}, headers=headers))

    async def follow(self, response: httpx.Response) -> httpx.Response:
        """Goes where a redirect leads."""
        assert response.status_code == 303, (response.status_code, response.text[:500])
        return await self.get(response.headers["location"])

    def _seen(self, response: httpx.Response) -> httpx.Response:
        found = _TOKEN.search(response.text)
        if found:
            self.token = found[1]
        return response


@pytest.fixture
async def visitor(stoa: Any, client: Client) -> AsyncIterator[Visitor]:
    async with make_client(stoa, client.app) as made:
        yield Visitor(made)


@pytest.fixture
def signed_in(stoa: Any, client: Client, make: Any) -> Callable[[User], Awaitable[Visitor]]:
    """A browser with a session already: the form has its own tests, and checking a password takes half a second."""

    async def open_one(user: User) -> Visitor:
        async with make.tx(user) as ctx:
            token = await open_page_session(ctx, user.id, by="password")
        made = Visitor(make_client(stoa, client.app))
        made.client.cookies.set(SESSION_COOKIE, token)
        await made.get("/about")
        return made

    return open_one
