"""I7 in the browser: buttons, the way out and back, what is told when it fails, and the page of connected accounts."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec
import pytest

from tests.providers import Providers, standing
from tests.providers.ways import count, verified

CONNECTED = "/dashboard/account/connected"


@pytest.fixture
def world(client: Any) -> Iterator[Providers]:
    with standing(client.app) as made:
        yield made


def way_out(answer: httpx.Response) -> str:
    """Where the page leads by itself; the button leads to the same place."""
    assert answer.status_code == 200, answer.text[:500]
    url = html.unescape(re.findall(r'<meta http-equiv="refresh" content="0;url=([^"]+)">', answer.text)[0])
    assert f'href="{html.escape(url)}"' in answer.text
    return url


async def out(visitor: Any, provider: str = "google", page: str = "/login", **fields: str) -> str:
    await visitor.get(page)
    return way_out(await visitor.post(f"/oauth/{provider}/start", **fields))


async def back(visitor: Any, world: Providers, url: str, **changes: str) -> httpx.Response:
    provider = urlsplit(url).path.split("/")[1]
    path = urlsplit(parse_qs(urlsplit(url).query)["redirect_uri"][0]).path
    query = world.consent(url) | changes
    if provider == "apple":
        foreign = await visitor.client.__class__(
            transport=visitor.client._transport, base_url="http://testserver"
        ).post(path, data=query, headers={"Origin": "https://appleid.apple.com", "Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 303, foreign.text
        path, query = foreign.headers["location"], {}
    answer: httpx.Response = await visitor.get(f"{path}?{urlencode(query)}" if query else path)
    return answer


@pytest.mark.parametrize("provider", ["google", "apple", "twitter"])
async def test_there_and_back(visitor: Any, app: Any, world: Providers, provider: str) -> None:
    page = await visitor.get("/login?next=/about")
    assert f"Continue with {'X' if provider == 'twitter' else provider.capitalize()}" in page.text
    url = await out(visitor, provider, "/login?next=/about", next="/about")
    answer = await back(visitor, world, url)
    assert (answer.status_code, answer.headers["location"]) == (303, "/about")
    assert answer.headers["cache-control"] == "no-store"
    page = await visitor.get("/about")
    assert "Your account, ana" in page.text
    assert "Welcome. You are called ana-l" in page.text
    assert "100 coins are in your wallet" in page.text
    assert not [name for name in visitor.client.cookies if name.startswith("stoa_oauth")]
    async with app.database.connection() as db:
        assert await db.fetchval("select provider from sessions") == provider


async def test_what_is_not_set_up_is_not_offered(visitor: Any, app: Any, make: Any, signed_in: Any) -> None:
    for path in ("/login", "/register"):
        assert "Continue with" not in (await visitor.get(path)).text
    assert (await visitor.post("/oauth/google/start")).status_code == 404
    assert (await visitor.get("/oauth/google/callback?code=x&state=x")).status_code == 404
    ana = await signed_in(await make.user("ana"))
    assert "No other accounts here" in (await ana.get(CONNECTED)).text
    assert (await ana.post(f"{CONNECTED}/google")).status_code == 404
    assert (await ana.post(f"{CONNECTED}/nonsense/disconnect")).status_code == 404


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_it_never_leads_away(visitor: Any, world: Providers, target: str) -> None:
    answer = await back(visitor, world, await out(visitor, next=target))
    assert answer.headers["location"] == "/"


async def test_a_form_without_its_token_begins_nothing(visitor: Any, app: Any, world: Providers) -> None:
    await visitor.get("/login")
    visitor.token = "0" * 64
    assert (await visitor.post("/oauth/google/start")).status_code == 403
    assert await count(app, "oauth_flows") == 0


@pytest.mark.parametrize("origin", ["login", "register"])
async def test_what_went_wrong_stands_on_the_page_where_one_began(
    visitor: Any, app: Any, world: Providers, origin: str
) -> None:
    url = await out(visitor, "google", f"/{origin}?next=/about", next="/about", **{"from": origin})
    world.mischief = "wrong_nonce"
    answer = await back(visitor, world, url)
    assert answer.headers["location"] == f"/{origin}?next=%2Fabout&problem=oauth_proof_refused&with=google"
    page = await visitor.follow(answer)
    assert "What Google sent could not be verified, so nothing was done" in page.text
    assert 'name="next" value="/about"' in page.text
    assert await count(app, "users") == 0


async def test_whoever_says_no_is_told_that_nothing_changed(visitor: Any, world: Providers) -> None:
    url = await out(visitor)
    state = parse_qs(urlsplit(url).query)["state"][0]
    page = await visitor.follow(await visitor.get(f"/oauth/google/callback?error=access_denied&state={state}"))
    assert "Google was not allowed to tell us who you are, so nothing has changed." in page.text


@pytest.mark.parametrize("mischief", ["down", "html", "huge"])
async def test_a_provider_that_does_not_answer(visitor: Any, world: Providers, mischief: str) -> None:
    world.mischief = mischief
    await visitor.get("/register?next=/about")
    answer = await visitor.post("/oauth/google/start", next="/about", **{"from": "register"})
    assert answer.headers["location"] == "/register?next=%2Fabout&problem=provider_unavailable&with=google"
    assert "Google does not answer properly right now" in (await visitor.follow(answer)).text
    world.mischief = ""
    url = await out(visitor, "twitter")
    world.mischief = mischief
    page = await visitor.follow(await back(visitor, world, url))
    assert "X does not answer properly right now" in page.text


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x", "?code=x&state=x", "?error=x", "?code=%F0&state=%F0", "?state=" + "x" * 9000]
)
async def test_nonsense_at_the_callback_leads_to_the_log_in(visitor: Any, world: Providers, query: str) -> None:
    answer = await visitor.get(f"/oauth/google/callback{query}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?problem=oauth_")
    posted = await visitor.client.post(f"/oauth/google/callback{query}", data={"code": "x" * 9000, "user": "{"})
    assert posted.status_code == 303


async def test_what_stands_in_the_address_is_not_said(visitor: Any, world: Providers) -> None:
    page = await visitor.get("/login?problem=<b>Send+us+money</b>&with=<b>you</b>")
    assert "money" not in page.text
    page = await visitor.get("/login?problem=oauth_denied&with=<b>Acme</b>")
    assert "Acme" not in page.text
    assert "That account was not allowed to tell us" in page.text


async def test_used_states_and_those_of_another_browser(
    visitor: Any, app: Any, world: Providers, stoa: Any, client: Any
) -> None:
    url = await out(visitor)
    query = urlencode(world.consent(url))
    stranger = await client.get(f"/oauth/google/callback?{query}")
    assert stranger.headers["location"] == "/login?problem=oauth_flow_over&with=google"
    assert await count(app, "sessions") == 0
    cookies = dict(visitor.client.cookies)
    assert (await visitor.get(f"/oauth/google/callback?{query}")).headers["location"] == "/"
    visitor.client.cookies.update(cookies)
    again = await visitor.get(f"/oauth/google/callback?{query}")
    assert "problem=oauth_flow_over" in again.headers["location"]
    assert await count(app, "sessions") == 1


async def test_an_account_with_that_address_is_not_handed_over(
    visitor: Any, app: Any, world: Providers, make: Any
) -> None:
    squatter = await make.user("squatter")
    async with make.tx() as ctx:
        await ctx.db.execute("update users set email = 'ana@gmail.com', is_verified = false where id = $1", squatter.id)
    page = await visitor.follow(await back(visitor, world, await out(visitor)))
    assert "There is an account with the e-mail of your Google account already" in page.text
    assert await count(app, "auth_accounts") == 0


async def test_a_second_factor_and_a_suspension_stand_behind_it(
    visitor: Any, app: Any, world: Providers, make: Any
) -> None:
    ana = await verified(make)
    async with make.tx() as ctx:
        await ctx.db.execute("update users set second_factors = '{totp}' where id = $1", ana.id)
    answer = await back(visitor, world, await out(visitor, next="/about"))
    assert answer.headers["location"] == "/mfa/challenge?next=/about"
    assert "stoa_session" not in visitor.client.cookies
    async with make.tx() as ctx:
        await ctx.db.execute("update users set second_factors = '{}', status = 'suspended' where id = $1", ana.id)
    answer = await back(visitor, world, await out(visitor))
    page = await visitor.follow(answer)
    assert "suspended" in page.text
    assert "stoa_session" not in visitor.client.cookies
    assert await count(app, "auth_accounts") == 0  # what was begun for somebody who may not come in is undone


async def test_without_an_address_a_page_asks_for_one(visitor: Any, app: Any, world: Providers, make: Any) -> None:
    world.person = replace(world.person, email=None)
    answer = await back(visitor, world, await out(visitor, "twitter", next="/about"))
    assert answer.headers["location"] == "/oauth/complete"
    page = await visitor.follow(answer)
    assert "X told us that you are Ana Lindqvist, but not where mail reaches you." in page.text
    assert 'id="f-email-error"' in (await visitor.post("/oauth/complete", email="nonsense")).text
    other = await make.user("other")
    taken = await visitor.post("/oauth/complete", email=other.email)
    assert (taken.status_code, "There is an account with this e-mail already" in taken.text) == (409, True)
    assert await count(app, "users") == 1
    done = await visitor.post("/oauth/complete", email="ana@mail.example")
    assert (done.status_code, done.headers["location"]) == (303, "/about")
    assert "Your account, ana-l" in (await visitor.get("/about")).text
    again = await visitor.post("/oauth/complete", email="ana@mail.example")
    assert again.status_code == 303 and "problem=oauth_flow_over" in again.headers["location"]
    assert (await visitor.get("/oauth/complete")).headers["location"].startswith("/login?problem=")


async def test_connect_and_disconnect(visitor: Any, app: Any, world: Providers, make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    ana = await signed_in(user)
    page = await ana.get(CONNECTED)
    assert page.text.count("Not connected") == 3
    url = way_out(await ana.post(f"{CONNECTED}/google"))
    answer = await back(ana, world, url)
    assert answer.headers["location"] == CONNECTED
    page = await ana.follow(answer)
    assert "You can log in with Google from now on." in page.text
    assert "ana@gmail.com" in page.text and page.text.count("Not connected") == 2
    await back(visitor, world, await out(visitor))
    assert "Your account, ana" in (await visitor.get("/about")).text
    await ana.get(CONNECTED)
    page = await ana.follow(await ana.post(f"{CONNECTED}/google/disconnect"))
    assert "Google no longer opens your account." in page.text
    assert page.text.count("Not connected") == 3
    assert (await ana.post(f"{CONNECTED}/google/disconnect")).status_code == 404


async def test_connecting_ends_in_the_session_where_it_began(
    visitor: Any, app: Any, world: Providers, make: Any, signed_in: Any
) -> None:
    """Signed out or as somebody else meanwhile, in the same browser: nothing is connected."""
    ana, bea = await signed_in(await make.user("ana")), await signed_in(await make.user("bea"))
    for whose in (bea.client.cookies["stoa_session"], ""):
        url = way_out(await ana.post(f"{CONNECTED}/google"))
        kept = ana.client.cookies["stoa_session"]
        ana.client.cookies.set("stoa_session", whose)
        answer = await back(ana, world, url)
        assert answer.headers["location"] == f"{CONNECTED}?problem=oauth_flow_over&with=google"
        ana.client.cookies.set("stoa_session", kept)
        await ana.get(CONNECTED)
    assert await count(app, "auth_accounts") == 0


async def test_the_last_way_in_stays_and_says_what_to_do(visitor: Any, app: Any, world: Providers) -> None:
    await back(visitor, world, await out(visitor))
    page = await visitor.get(CONNECTED)
    assert "This is your only way in." in page.text
    assert f'action="{CONNECTED}/google/disconnect"' not in page.text
    page = await visitor.follow(await visitor.post(f"{CONNECTED}/google/disconnect"))
    assert "Google is your only way in. Set a password first, or add a passkey." in page.text
    async with app.database.connection() as db:
        assert await db.fetchval("select revoked_at from auth_accounts") is None


async def test_connecting_wants_a_fresh_second_factor(app: Any, world: Providers, make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    ana = await signed_in(user)
    async with make.tx() as ctx:
        await ctx.db.execute("update users set second_factors = '{totp}' where id = $1", user.id)
    await ana.get(CONNECTED)
    answer = await ana.post(f"{CONNECTED}/google")
    assert answer.headers["location"].startswith("/mfa/step-up")
    assert await count(app, "oauth_flows") == 0


async def test_a_connected_account_of_a_provider_that_is_gone_can_be_taken_off(
    app: Any, world: Providers, make: Any, signed_in: Any, jobs: Any
) -> None:
    ana = await signed_in(await make.user("ana"))
    await back(ana, world, way_out(await ana.post(f"{CONNECTED}/google")))
    app.settings = msgspec.structs.replace(app.settings, google_client_id="")
    assert "ana@gmail.com" in (await ana.get(CONNECTED)).text
    await ana.follow(await ana.post(f"{CONNECTED}/google/disconnect"))
    await jobs()
    assert world.revoked == []
    async with app.database.connection() as db:
        assert await db.fetchval("select access_token_sealed from auth_accounts") is None
