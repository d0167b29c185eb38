"""What the tests of providers share: begin, agree over there, come back."""

from dataclasses import replace
from typing import Any

import httpx

from stoa.foundation.identity.actions import oauth_accounts
from stoa.foundation.identity.types import Grant, Identity, Person, Provider
from tests.providers import Providers, Somebody


async def count(app: Any, table: str) -> int:
    async with app.database.connection() as db:
        return int(await db.fetchval(f"select count(*) from {table}"))


async def begin(client: Any, provider: str = "google", **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/v1/auth/login/{provider}", json=body)
    assert answer.status_code == 200, answer.text
    begun: dict[str, Any] = answer.json()
    return begun


async def come_back(client: Any, back: dict[str, str], provider: str = "google") -> httpx.Response:
    """As the browser does; Apple has it post first."""
    path = f"/api/v1/auth/oauth/{provider}/callback"
    if provider != "apple":
        came: httpx.Response = await client.get(path, params=back)
        return came
    cookies, client.cookies = client.cookies, httpx.Cookies()  # a foreign page's post carries none
    answer = await client.post(path, data=back)
    client.cookies = cookies
    assert answer.status_code == 303, answer.text
    posted: httpx.Response = await client.get(answer.headers["location"])
    return posted


async def log_in(client: Any, world: Providers, provider: str = "google") -> httpx.Response:
    begun = await begin(client, provider)
    return await come_back(client, world.consent(begun["authorization_url"]), provider)


async def verified(make: Any, name: str = "ana", email: str = "ana@gmail.com") -> Any:
    """Somebody whose own e-mail is confirmed."""
    user = await make.user(name)
    async with make.tx() as ctx:
        await ctx.db.execute("update users set is_verified = true, email = $2 where id = $1", user.id, email)
    return replace(user, email=email)


async def connected(make: Any, user: Any, person: Somebody, provider: str = "google") -> None:
    """An account of a provider that opens this person's own."""
    told = Person(account_id=person.account_id, email=person.email, name=person.name)
    async with make.tx(user) as ctx:
        await oauth_accounts.connect(ctx, Identity(Provider(provider), told, Grant()))
