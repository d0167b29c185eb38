"""I7 at the API: Google, Apple and X, against providers on this machine that sign real tokens and can misbehave."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.providers import Providers, standing
from tests.providers.ways import begin, come_back, count, log_in


@pytest.fixture
def world(client: Any) -> Iterator[Providers]:
    with standing(client.app) as made:
        yield made


# ---- the whole way ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["google", "apple", "twitter"])
async def test_a_first_log_in_makes_an_account_and_the_second_finds_it(
    client: Any, app: Any, world: Providers, make: Any, provider: str
) -> None:
    first = await log_in(client, world, provider)
    assert first.status_code == 200, first.text
    body = first.json()
    name = "ana-l" if provider == "twitter" else "ana-lindqvist"
    assert body["user"] == {
        "id": body["user"]["id"],
        "username": name,
        "email": "ana@gmail.com",
        "roles": ["reader"],
        "is_verified": True,
    }
    me = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert me.json() == body["user"]
    async with app.database.connection() as db:
        account = await db.fetchrow("select * from users where id = $1", body["user"]["id"])
    assert (account["status"], account["password_hash"]) == ("active", None)
    wallet = await client.get("/api/v1/wallet", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert wallet.status_code == 200  # made in the same transaction, as for everybody
    sessions = await client.get("/api/v1/auth/sessions", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert [s["provider"] for s in sessions.json()] == [provider]
    again = await log_in(client, world, provider)
    assert again.json()["user"]["id"] == body["user"]["id"]
    assert await count(app, "users") == await count(app, "auth_accounts") == 1
    [mail] = await make.mails("ana@gmail.com")
    assert "now opens your account" in mail.subject


async def test_what_is_kept_of_it_is_sealed(client: Any, app: Any, world: Providers) -> None:
    user = (await log_in(client, world)).json()["user"]
    [token] = world.tokens
    async with app.database.connection() as db:
        row = await db.fetchrow("select * from auth_accounts")
        flow = await db.fetchrow("select * from oauth_flows")
    assert str(row["user_id"]) == user["id"]
    assert (row["provider"], row["provider_account_id"], row["provider_email"]) == (
        "google",
        "person-1",
        "ana@gmail.com",
    )
    assert (row["provider_name"], row["scopes"]) == ("Ana Lindqvist", ["openid", "email", "profile"])
    assert token.encode() not in row["access_token_sealed"]
    place = f"auth_account:{row['id']}:access_token"
    assert app.keyring.open(row["access_token_sealed"], place) == token.encode()
    assert app.keyring.open(row["refresh_token_sealed"], place.replace("access", "refresh")) == b"refresh-" + (
        token.encode()
    )
    assert flow["used_at"] is not None
    assert (await client.get("/api/v1/auth/me")).status_code == 401  # nothing but the tokens signs in


async def test_apple_tells_the_name_once(client: Any, app: Any, world: Providers) -> None:
    await log_in(client, world, "apple")
    world.person = replace(world.person, name=None)
    await log_in(client, world, "apple")
    async with app.database.connection() as db:
        assert await db.fetchval("select provider_name from auth_accounts") == "Ana Lindqvist"


async def test_the_cookie_that_binds_is_not_for_scripts_and_goes_away(client: Any, world: Providers) -> None:
    begun = await client.post("/api/v1/auth/login/google", json={})
    [cookie] = begun.headers.get_list("set-cookie")
    assert cookie.startswith("stoa_oauth_")
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Max-Age=600" in cookie
    back = await come_back(client, world.consent(begun.json()["authorization_url"]))
    assert any("Max-Age=0" in c for c in back.headers.get_list("set-cookie") if c.startswith("stoa_oauth_"))
    assert back.headers["cache-control"] == "no-store"


async def test_two_tabs_do_not_get_into_each_others_way(client: Any, world: Providers) -> None:
    one, two = await begin(client), await begin(client)
    for begun in (one, two):
        assert (await come_back(client, world.consent(begun["authorization_url"]))).status_code == 200


@pytest.mark.parametrize("provider", ["google", "apple", "twitter", "facebook", "x" * 200, "GOOGLE"])
async def test_what_is_not_set_up_is_not_there(client: Any, app: Any, make: Any, provider: str) -> None:
    ana = client.as_(await make.user("ana"))
    answers = [
        await client.get(f"/api/v1/auth/oauth/{provider}/callback?code=x&state=x"),
        await client.post(f"/api/v1/auth/oauth/{provider}/callback", data={"code": "x", "state": "x"}),
        await ana.post(f"/api/v1/users/me/connected-accounts/{provider}", json={}),
    ]
    if provider in ("google", "apple", "twitter"):
        answers.append(await client.post(f"/api/v1/auth/login/{provider}", json={}))
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (404, "provider_not_configured")
    assert await count(app, "oauth_flows") == 0


# ---- id tokens that must not be believed -----------------------------------------------------------------------

BAD_TOKENS = """
    wrong_nonce empty_nonce without_nonce expired from_the_future not_yet another_audience one_audience_too_many
    unclear_audience another_party another_issuer empty_subject long_subject number_as_subject without_exp without_iat
    without_iss without_aud without_sub alg_none alg_none_capitals hs256_with_the_public_key
    hs256_with_the_client_secret another_key unknown_kid no_kid own_key_in_header rs512 broken_signature huge_token
    garbage no_id_token
""".split()


@pytest.mark.parametrize("mischief", BAD_TOKENS)
@pytest.mark.parametrize("provider", ["google", "apple"])
async def test_a_bad_id_token_signs_nobody_in(
    client: Any, app: Any, world: Providers, provider: str, mischief: str
) -> None:
    world.mischief = mischief
    answer = await log_in(client, world, provider)
    assert (answer.status_code, answer.json()["code"]) == (422, "oauth_proof_refused"), answer.text
    for table in ("users", "auth_accounts", "sessions"):
        assert await count(app, table) == 0


@pytest.mark.parametrize("mischief", [m for m in BAD_TOKENS if m not in ("no_id_token",)])
async def test_the_same_from_an_app_with_the_providers_own_sdk(
    client: Any, app: Any, world: Providers, mischief: str
) -> None:
    nonce = (await begin(client))["nonce"]
    world.mischief = mischief
    token = world.id_token("google", nonce)
    answer = await client.post("/api/v1/auth/login/google", json={"id_token": token, "nonce": nonce})
    assert answer.status_code == 422, answer.text
    assert await count(app, "users") == 0


async def test_keys_are_kept_and_looked_up_again_once_for_an_unknown_id(client: Any, world: Providers) -> None:
    for _ in range(2):
        assert (await log_in(client, world)).status_code == 200
    assert world.asked.count("/google/keys") == world.asked.count("/google/.well-known/openid-configuration") == 1
    world.key_ids["google"] = "rsa-2"  # the provider changes its keys
    assert (await log_in(client, world)).status_code == 200
    assert world.asked.count("/google/keys") == 2
    world.mischief = "unknown_kid"
    for _ in range(3):  # whoever makes up ids does not make us ask each time
        assert (await log_in(client, world)).status_code == 422
    assert world.asked.count("/google/keys") == 2


async def test_those_who_come_at_once_share_one_look_at_the_keys(client: Any, world: Providers) -> None:
    begun = [await begin(client) for _ in range(4)]
    backs = [world.consent(one["authorization_url"]) for one in begun]
    answers = await asyncio.gather(*(come_back(client, back) for back in backs))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert world.asked.count("/google/keys") == 1


# ---- providers that do not answer, or not as they should -------------------------------------------------------

BAD_ANSWERS = "down html not_json bad_utf8 deep another_shape empty huge elsewhere".split()


@pytest.mark.parametrize("mischief", [*BAD_ANSWERS, "another_discovery", "strange_endpoints"])
async def test_a_provider_that_tells_nonsense_of_itself(client: Any, app: Any, world: Providers, mischief: str) -> None:
    world.mischief = mischief
    answer = await client.post("/api/v1/auth/login/google", json={})
    assert (answer.status_code, answer.json()["code"]) == (424, "provider_unavailable")
    assert "try again" in answer.json()["detail"]
    assert await count(app, "oauth_flows") == 0


@pytest.mark.parametrize("mischief", [*BAD_ANSWERS, "unknown_client"])
@pytest.mark.parametrize("provider", ["google", "apple", "twitter"])
async def test_a_provider_that_answers_a_code_with_nonsense(
    client: Any, app: Any, world: Providers, provider: str, mischief: str
) -> None:
    back = world.consent((await begin(client, provider))["authorization_url"])
    world.mischief = mischief
    answer = await come_back(client, back, provider)
    assert (answer.status_code, answer.json()["code"]) == (424, "provider_unavailable"), answer.text
    assert await count(app, "users") == 0


@pytest.mark.parametrize("failure", ["down", "slow", "broken"])
async def test_a_provider_that_does_not_answer(
    client: Any, app: Any, world: Providers, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    back = world.consent((await begin(client, "twitter"))["authorization_url"])
    monkeypatch.setattr("stoa.foundation.identity.gateways.fetching.TIMEOUT_S", 0.05)

    async def fail(request: httpx.Request) -> httpx.Response:
        if failure == "slow":
            await asyncio.sleep(5)
        raise httpx.ConnectError("no") if failure == "down" else httpx.RemoteProtocolError("what?")

    app.http = httpx.AsyncClient(transport=httpx.MockTransport(fail))
    answer = await come_back(client, back, "twitter")
    assert (answer.status_code, answer.json()["code"]) == (424, "provider_unavailable")


async def test_whoever_waits_for_a_provider_holds_no_connection(client: Any, app: Any, world: Providers) -> None:
    backs = [world.consent((await begin(client, "twitter"))["authorization_url"]) for _ in range(30)]
    inner = app.http
    waiting, go = asyncio.Semaphore(0), asyncio.Event()

    async def wait(request: httpx.Request) -> httpx.Response:
        waiting.release()
        await go.wait()
        answer: httpx.Response = await inner.send(
            inner.build_request(request.method, request.url, content=request.content, headers=request.headers)
        )
        return answer

    app.http = httpx.AsyncClient(transport=httpx.MockTransport(wait))
    coming = [asyncio.create_task(come_back(client, back, "twitter")) for back in backs]
    async with asyncio.timeout(20):
        for _ in backs:  # all thirty are at the provider, though the pool has ten connections
            await waiting.acquire()
        assert (await client.get("/api/v1/health")).status_code == 200
        go.set()
        assert {answer.status_code for answer in await asyncio.gather(*coming)} == {200}
    assert await count(app, "users") == 1


# ---- states, codes and nonces ----------------------------------------------------------------------------------


async def test_a_state_is_good_once(client: Any, app: Any, world: Providers) -> None:
    back = world.consent((await begin(client))["authorization_url"])
    cookies = dict(client.cookies)
    assert (await come_back(client, back)).status_code == 200
    client.cookies.update(cookies)
    again = await come_back(client, back)
    assert (again.status_code, again.json()["code"]) == (409, "oauth_flow_over")
    assert world.asked.count("/google/token") == 1


async def test_of_many_who_come_back_at_once_one_gets_in(client: Any, app: Any, world: Providers) -> None:
    back = world.consent((await begin(client))["authorization_url"])
    answers = await asyncio.gather(*(come_back(client, back) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert await count(app, "sessions") == 1


async def test_a_state_of_another_browser_is_refused_and_not_spoiled(client: Any, app: Any, world: Providers) -> None:
    back = world.consent((await begin(client))["authorization_url"])
    stranger = client.as_(None)
    await begin(stranger)
    stranger.cookies.update(dict.fromkeys(client.cookies, "guess"))
    refused = await come_back(stranger, back)
    assert (refused.status_code, refused.json()["code"]) == (409, "oauth_flow_over")
    assert await count(app, "users") == 0
    assert (await come_back(client, back)).status_code == 200


async def test_a_state_of_another_provider_is_refused(client: Any, app: Any, world: Providers) -> None:
    back = world.consent((await begin(client, "twitter"))["authorization_url"])
    answer = await come_back(client, back, "google")
    assert (answer.status_code, answer.json()["code"]) == (409, "oauth_flow_over")
    assert "/google/token" not in world.asked
    assert await count(app, "users") == 0


async def test_a_state_ends(client: Any, app: Any, world: Providers, jobs: Any, make: Any) -> None:
    back = world.consent((await begin(client))["authorization_url"])
    async with make.tx() as ctx:
        await ctx.db.execute("update oauth_flows set expires_at = now() - interval '1 second'")
    assert (await come_back(client, back)).status_code == 409
    from stoa.foundation.identity.actions import oauth_flows

    async with make.tx() as ctx:
        assert await oauth_flows.prune(ctx) == 1


@pytest.mark.parametrize("query", [{}, {"code": "x"}, {"state": "x"}, {"code": "", "state": ""}])
async def test_a_callback_without_what_it_needs(client: Any, world: Providers, query: dict[str, str]) -> None:
    answer = await client.get("/api/v1/auth/oauth/google/callback", params=query)
    assert answer.status_code in (409, 422)


async def test_a_person_who_says_no(client: Any, app: Any, world: Providers) -> None:
    begun = await begin(client)
    back = {"error": "access_denied", "state": begun["state"]}
    answer = await come_back(client, back)
    assert (answer.status_code, answer.json()["code"]) == (409, "oauth_denied")
    assert await count(app, "users") == 0


async def test_a_code_is_good_once_and_for_its_own_way(client: Any, app: Any, world: Providers) -> None:
    back = world.consent((await begin(client))["authorization_url"])
    assert (await come_back(client, back)).status_code == 200
    other = world.consent((await begin(client))["authorization_url"])
    used = await come_back(client, {**other, "code": back["code"]})
    assert (used.status_code, used.json()["code"]) == (422, "oauth_proof_refused")
    one, two = [world.consent((await begin(client))["authorization_url"]) for _ in range(2)]
    swapped = await come_back(client, {**one, "code": two["code"]})  # PKCE binds a code to the way it belongs to
    assert (swapped.status_code, swapped.json()["code"]) == (422, "oauth_proof_refused")
