"""I7: which account a log-in by another provider opens, which it never does, and connecting and disconnecting."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from stoa.foundation.identity import actions
from tests.providers import APP_ID, Providers, Somebody, standing
from tests.providers.ways import begin, come_back, count, log_in, verified

CONNECTED = "/api/v1/users/me/connected-accounts"
APP_BACK = "example.app:/back"


@pytest.fixture
def world(client: Any) -> Iterator[Providers]:
    with standing(client.app) as made:
        yield made


async def rows(app: Any, sql: str, *args: Any) -> list[Any]:
    async with app.database.connection() as db:
        return [dict(record) for record in await db.fetch(sql, *args)]


async def set_user(make: Any, user: Any, changes: str) -> None:
    async with make.tx() as ctx:
        await ctx.db.execute(f"update users set {changes} where id = $1", user.id)


# ---- e-mails that find an account, and those that do not -------------------------------------------------------


async def test_a_vouched_for_address_finds_an_account_whose_own_is_confirmed(
    client: Any, app: Any, world: Providers, make: Any
) -> None:
    ana = await verified(make)
    world.person = replace(world.person, email="ANA@Gmail.com")
    answer = await log_in(client, world)
    assert answer.json()["user"]["id"] == str(ana.id)
    assert await count(app, "users") == 1
    mails = await make.mails("ana@gmail.com")
    assert "Google now opens your account" in mails[0].subject
    assert "/dashboard/account/connected" in mails[0].text
    [event] = await rows(app, "select * from audit_events where action = 'identity.provider_connected'")
    assert (event["subject_id"], event["after"]) == (str(ana.id), {"provider": "google"})
    world.person = replace(world.person, email="ana.moved@gmail.com")  # from now on the account id counts
    assert (await log_in(client, world)).json()["user"]["id"] == str(ana.id)


@pytest.mark.parametrize("saying", [False, None, "false", "True", "yes", "", 1, 0], ids=repr)
async def test_an_unverified_address_opens_nothing_that_is_there(
    client: Any, app: Any, world: Providers, make: Any, saying: Any
) -> None:
    await verified(make)
    world.person = replace(world.person, email_verified=saying)
    answer = await log_in(client, world)
    assert answer.status_code == (422 if saying in (0, 1) and saying is not False else 409), answer.text
    assert await count(app, "auth_accounts") == 0
    assert await count(app, "sessions") == 1  # the one that ana had
    assert await count(app, "users") == 1


async def test_yes_as_a_text_is_a_yes(client: Any, world: Providers, make: Any) -> None:
    ana = await verified(make)
    world.person = replace(world.person, email_verified="true")
    assert (await log_in(client, world, "apple")).json()["user"]["id"] == str(ana.id)


async def test_an_account_whose_own_address_was_never_confirmed_is_not_handed_over(
    client: Any, app: Any, world: Providers, make: Any
) -> None:
    """Somebody registered the address beforehand, with a password of their own, and waits for its owner."""
    squatter = await make.user("squatter")
    await set_user(make, squatter, "email = 'ana@gmail.com', is_verified = false")
    answer = await log_in(client, world)
    assert (answer.status_code, answer.json()["code"]) == (409, "oauth_account_exists")
    assert "Log in with its password, or have a new one set by mail" in answer.json()["detail"]
    assert await count(app, "auth_accounts") == 0
    assert not (await rows(app, "select is_verified from users"))[0]["is_verified"]


async def test_google_does_not_vouch_for_addresses_of_others(
    client: Any, app: Any, world: Providers, make: Any
) -> None:
    ana = await verified(make, email="ana@work.example")
    world.person = replace(world.person, email="ana@work.example")
    answer = await log_in(client, world)
    assert (answer.status_code, answer.json()["code"]) == (409, "oauth_account_exists")
    world.person = replace(world.person, extra={"hd": "work.example"})
    assert (await log_in(client, world)).json()["user"]["id"] == str(ana.id)


async def test_an_unverified_address_makes_an_account_that_has_to_be_confirmed(
    client: Any, app: Any, world: Providers, make: Any
) -> None:
    world.person = replace(world.person, email="ana@mail.example", email_verified=False)
    answer = await log_in(client, world)
    assert (answer.status_code, answer.json()["user"]["is_verified"]) == (200, False)
    assert await rows(app, "select status, is_verified from users") == [
        {"status": "pending_verification", "is_verified": False}
    ]
    assert any("/verify-email/" in mail.text for mail in await make.mails("ana@mail.example"))


@pytest.mark.parametrize(
    "email", [None, "nonsense", "a@b@c", "ana@gmail.com\n", "a" * 300 + "@gmail.com", "x\x00@y.de"]
)
async def test_without_an_address_one_is_asked_for(
    client: Any, app: Any, world: Providers, make: Any, email: str | None
) -> None:
    world.person = replace(world.person, email=email)
    asked = await log_in(client, world)
    assert (asked.status_code, asked.json()["code"]) == (422, "oauth_email_needed"), asked.text
    assert await count(app, "users") == 0
    token = asked.json()["completion_token"]
    for wrong in (None, "nonsense"):
        body = {"completion_token": token} | ({"email": wrong} if wrong else {})
        answer = await client.post("/api/v1/auth/login/google", json=body)
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["email"])
    other = await make.user("other")
    taken = await client.post("/api/v1/auth/login/google", json={"completion_token": token, "email": other.email})
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")
    body = {"completion_token": token, "email": "Ana@Mail.example"}
    made = await client.post("/api/v1/auth/login/google", json=body)
    assert made.status_code == 200, made.text
    assert (made.json()["user"]["email"], made.json()["user"]["is_verified"]) == ("ana@mail.example", False)
    again = await client.post("/api/v1/auth/login/google", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "oauth_flow_over")
    assert (await log_in(client, world)).json()["user"] == made.json()["user"]


async def test_what_waits_for_an_address_is_sealed_and_completed_once(
    client: Any, app: Any, world: Providers, make: Any
) -> None:
    world.person = replace(world.person, email=None)
    token = (await log_in(client, world, "twitter")).json()["completion_token"]
    [row] = await rows(app, "select identity_sealed from oauth_flows where purpose = 'complete'")
    assert b"Lindqvist" not in row["identity_sealed"]
    answers = await asyncio.gather(
        *(
            client.post("/api/v1/auth/login/twitter", json={"completion_token": token, "email": f"ana{n}@mail.example"})
            for n in range(4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await count(app, "users") == 1


# ---- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("Ana Lindqvist", r"ana-lindqvist"),
        ("Élodie Brûlé", r"elodie-brule"),
        ("Анна", r"anna"),
        ("admin", r"admin-\d+"),
        ("  ", r"reader-\d+"),
        (None, r"reader-\d+"),
        ("x", r"reader-\d+"),
        ("..__--", r"reader-\d+"),
        ("a" * 500, r"a{30}"),
        ("<script>\u202e\x00", r"script"),
    ],
    ids=["plain", "accents", "cyrillic", "reserved", "blank", "none", "short", "signs", "long", "control"],
)
async def test_a_name_is_made_and_never_of_the_address(
    client: Any, world: Providers, told: str | None, wanted: str
) -> None:
    world.person = replace(world.person, name=told)
    answer = await log_in(client, world)
    assert answer.status_code == 200, answer.text
    assert re.fullmatch(wanted, answer.json()["user"]["username"]), answer.json()["user"]


async def test_a_taken_name_gets_digits(client: Any, world: Providers, make: Any) -> None:
    await make.user("Ana-Lindqvist")
    name = (await log_in(client, world)).json()["user"]["username"]
    assert name.startswith("ana-lindqvist-")


# ---- at once ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same_email", [True, False], ids=["one address", "another address"])
async def test_two_log_ins_at_once_make_one_account(
    client: Any, live: Any, world: Providers, make: Any, same_email: bool
) -> None:
    backs = []
    for n in range(6):
        if not same_email:
            world.person = replace(world.person, email=f"ana{n}@gmail.com")
        backs.append(world.consent((await begin(client))["authorization_url"]))
    answers = await asyncio.gather(*(come_back(client, back) for back in backs))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.json()["user"]["id"] for answer in answers}) == 1
    assert await count(live, "users") == await count(live, "auth_accounts") == 1


async def test_two_people_with_one_name_at_once_get_two(client: Any, live: Any, world: Providers) -> None:
    backs = []
    for n in range(4):
        world.person = Somebody(account_id=f"person-{n}", email=f"ana{n}@gmail.com")
        backs.append(world.consent((await begin(client))["authorization_url"]))
    answers = await asyncio.gather(*(come_back(client, back) for back in backs))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.json()["user"]["username"] for answer in answers}) == 4


# ---- the door stands behind it ---------------------------------------------------------------------------------


async def test_a_second_factor_is_still_asked_for(client: Any, app: Any, world: Providers, make: Any) -> None:
    ana = await verified(make)
    await set_user(make, ana, "second_factors = '{totp}'")
    answer = await log_in(client, world)
    assert (answer.status_code, answer.json()["code"]) == (401, "mfa_required")
    assert answer.json()["methods"] == ["totp"]
    assert "access_token" not in answer.json()
    assert await count(app, "auth_accounts") == 0  # before that, nothing is put on
    assert await count(app, "sessions") == 1


@pytest.mark.parametrize("status", ["suspended", "banned"])
async def test_who_may_not_come_in_does_not_come_in_this_way(
    client: Any, app: Any, world: Providers, make: Any, status: str
) -> None:
    user = (await log_in(client, world)).json()["user"]
    async with make.tx() as ctx:
        await ctx.db.execute(f"update users set status = '{status}' where id = $1", user["id"])
    sessions = await count(app, "sessions")
    answer = await log_in(client, world)
    assert (answer.status_code, answer.json()["code"]) == (403, f"account_{status}")
    assert await count(app, "sessions") == sessions


async def test_the_account_of_a_deleted_one_is_free_again(client: Any, world: Providers, make: Any) -> None:
    user = (await log_in(client, world)).json()["user"]
    async with make.tx() as ctx:
        await ctx.db.execute(
            "update users set status = 'deleted', email = 'gone@example.org' where id = $1", user["id"]
        )
    again = await log_in(client, world)
    assert (again.status_code, again.json()["user"]["id"] != user["id"]) == (200, True)


# ---- apps ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", [None, APP_ID], ids=["web", "app"])
@pytest.mark.parametrize("provider", ["google", "apple"])
async def test_an_app_with_the_providers_sdk(
    client: Any, world: Providers, provider: str, audience: str | None
) -> None:
    nonce = (await begin(client, provider))["nonce"]
    token = world.id_token(provider, nonce, audience=audience)
    phone = client.as_(None)
    body = {"id_token": token, "nonce": nonce}
    answer = await phone.post(f"/api/v1/auth/login/{provider}", json=body)
    assert answer.status_code == 200, answer.text
    again = await phone.post(f"/api/v1/auth/login/{provider}", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "oauth_flow_over")


async def test_a_nonce_must_be_one_of_ours_and_of_that_provider(client: Any, app: Any, world: Providers) -> None:
    for body in ({"nonce": "made up"}, {"nonce": (await begin(client, "apple"))["nonce"]}):
        token = world.id_token("google", body["nonce"])
        answer = await client.post("/api/v1/auth/login/google", json={"id_token": token, **body})
        assert (answer.status_code, answer.json()["code"]) == (409, "oauth_flow_over")
    answer = await client.post("/api/v1/auth/login/google", json={"id_token": "x.y.z"})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["nonce"])
    answer = await client.post(
        "/api/v1/auth/login/twitter", json={"id_token": "x.y.z", "nonce": (await begin(client, "twitter"))["nonce"]}
    )
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["id_token"])
    assert await count(app, "users") == 0


async def test_an_app_that_goes_the_way_by_itself(client: Any, app: Any, world: Providers) -> None:
    app.settings = msgspec.structs.replace(app.settings, oauth_redirect_uris=(APP_BACK,))
    nonce, verifier = (await begin(client))["nonce"], "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "client_id": "stoa.apps.example",
        "response_type": "code",
        "redirect_uri": APP_BACK,
        "scope": "openid email",
        "state": "the app's own",
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    code = world._agree("google", asked)["code"]
    body = {"code": code, "code_verifier": verifier, "redirect_uri": APP_BACK, "nonce": nonce}
    for missing in ("code_verifier", "redirect_uri", "nonce"):
        part = {name: text for name, text in body.items() if name != missing}
        answer = await client.post("/api/v1/auth/login/google", json=part)
        assert (answer.status_code, list(answer.json()["fields"])) == (422, [missing])
    foreign = await client.post("/api/v1/auth/login/google", json=body | {"redirect_uri": "https://evil.example/"})
    assert (foreign.status_code, list(foreign.json()["fields"])) == (422, ["redirect_uri"])
    assert (await client.post("/api/v1/auth/login/google", json=body)).status_code == 200


async def test_a_way_that_began_here_and_ends_in_an_app(client: Any, app: Any, world: Providers) -> None:
    app.settings = msgspec.structs.replace(app.settings, oauth_redirect_uris=(APP_BACK,))
    begun = await begin(client, redirect_uri=APP_BACK)
    back = world.consent(begun["authorization_url"])
    body = {"code": back["code"], "state": back["state"]}
    elsewhere = await client.as_(None).post("/api/v1/auth/login/google", json=body)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "oauth_flow_over")
    assert (await client.post("/api/v1/auth/login/google", json=body)).status_code == 200


@pytest.mark.parametrize("uri", ["https://evil.example/oauth/google/callback", "//evil.example", "", "javascript:1"])
async def test_nobody_is_sent_back_to_another_place(client: Any, app: Any, world: Providers, uri: str) -> None:
    answer = await client.post("/api/v1/auth/login/google", json={"redirect_uri": uri})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["redirect_uri"])
    assert await count(app, "oauth_flows") == 0


# ---- connect and disconnect ------------------------------------------------------------------------------------


async def connect(who: Any, world: Providers, provider: str = "google") -> Any:
    begun = await who.post(f"{CONNECTED}/{provider}", json={})
    assert begun.status_code == 200, begun.text
    back = world.consent(begun.json()["authorization_url"])
    return await who.post(f"{CONNECTED}/{provider}", json={"code": back["code"], "state": back["state"]})


async def test_connect_list_and_disconnect(client: Any, app: Any, world: Providers, make: Any, jobs: Any) -> None:
    user = await make.user("ana")
    ana = client.as_(user)
    assert (await ana.get(CONNECTED)).json() == []
    made = await connect(ana, world)
    assert made.status_code == 200, made.text
    [listed] = (await ana.get(CONNECTED)).json()
    assert made.json() == listed
    assert listed == {
        "provider": "google",
        "email": "ana@gmail.com",
        "name": "Ana Lindqvist",
        "avatar_url": "https://pictures.example/ana.png",
        "scopes": ["openid", "email", "profile"],
        "connected_at": listed["connected_at"],
        "last_synced_at": listed["last_synced_at"],
        "can_disconnect": True,
    }
    assert (await log_in(client, world)).json()["user"]["id"] == str(user.id)
    assert (await connect(ana, world)).status_code == 200  # again: no error, nothing new
    assert await count(app, "auth_accounts") == 1
    assert (await ana.delete(f"{CONNECTED}/google")).status_code == 204
    assert (await ana.delete(f"{CONNECTED}/google")).status_code == 404
    assert (await ana.get(CONNECTED)).json() == []
    subjects = [mail.subject for mail in await make.mails(user.email)]
    assert subjects[0].startswith("Google no longer opens") and subjects[1].startswith("Google now opens")
    actions_seen = {event["action"] for event in await rows(app, "select action from audit_events")}
    assert {"identity.provider_connected", "identity.provider_disconnected"} <= actions_seen
    await jobs()
    assert len(world.revoked) == 2 and world.revoked[0] == f"refresh-{world.revoked[1]}"
    assert await rows(app, "select access_token_sealed, refresh_token_sealed from auth_accounts") == [
        {"access_token_sealed": None, "refresh_token_sealed": None}
    ]


async def test_what_was_disconnected_opens_nothing_until_its_owner_puts_it_back(
    client: Any, app: Any, world: Providers, make: Any
) -> None:
    user = await verified(make)
    ana = client.as_(user)
    await connect(ana, world)
    await ana.delete(f"{CONNECTED}/google")
    refused = await log_in(client, world)
    assert (refused.status_code, refused.json()["code"]) == (409, "oauth_was_disconnected")
    assert await count(app, "users") == 1
    assert (await connect(ana, world)).status_code == 200
    assert (await log_in(client, world)).json()["user"]["id"] == str(user.id)


async def test_the_last_way_in_stays(client: Any, app: Any, world: Providers, make: Any) -> None:
    body = (await log_in(client, world)).json()
    ana = client.as_(None)
    ana.headers["Authorization"] = f"Bearer {body['access_token']}"
    [listed] = (await ana.get(CONNECTED)).json()
    assert listed["can_disconnect"] is False
    refused = await ana.delete(f"{CONNECTED}/google")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_way_in")
    assert len((await ana.get(CONNECTED)).json()) == 1
    assert (await connect(ana, world, "apple")).status_code == 200
    assert [account["can_disconnect"] for account in (await ana.get(CONNECTED)).json()] == [True, True]
    answers = await asyncio.gather(*(ana.delete(f"{CONNECTED}/{provider}") for provider in ("google", "apple")))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert len((await ana.get(CONNECTED)).json()) == 1


@pytest.mark.parametrize("way", ["password", "phone", "passkey"])
async def test_any_other_way_in_is_enough(client: Any, world: Providers, make: Any, way: str) -> None:
    body = (await log_in(client, world)).json()
    user_id = body["user"]["id"]
    async with make.tx() as ctx:
        if way == "passkey":
            await ctx.db.execute(
                """
                insert into passkeys (id, user_id, credential_id, public_key, sign_count, name, backed_up, created_at)
                values (gen_random_uuid(), $1, 'c', 'k', 0, 'Phone', false, now())
                """,
                user_id,
            )
        else:
            column, value = ("password_hash", "x") if way == "password" else ("phone", "+4915112345678")
            await ctx.db.execute(f"update users set {column} = $2 where id = $1", user_id, value)
    ana = client.as_(None)
    ana.headers["Authorization"] = f"Bearer {body['access_token']}"
    assert (await ana.delete(f"{CONNECTED}/google")).status_code == 204


async def test_one_provider_account_belongs_to_one_person(client: Any, live: Any, world: Providers, make: Any) -> None:
    ana, bea = [client.as_(await make.user(name)) for name in ("ana", "bea")]
    answers = await asyncio.gather(connect(ana, world), connect(bea, world))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "oauth_connected_elsewhere"
    assert await count(live, "auth_accounts") == 1


async def test_one_account_of_a_provider_is_enough(client: Any, app: Any, world: Providers, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    await connect(ana, world)
    world.person = Somebody(account_id="person-2", email="other@gmail.com")
    refused = await connect(ana, world)
    assert (refused.status_code, refused.json()["code"]) == (409, "oauth_already_connected")
    assert await count(app, "auth_accounts") == 1


async def test_connecting_ends_in_the_session_where_it_began(
    client: Any, app: Any, world: Providers, make: Any
) -> None:
    user = await make.user("ana")
    ana, bea = client.as_(user), client.as_(await make.user("bea"))
    begun = (await ana.post(f"{CONNECTED}/google", json={})).json()
    back = world.consent(begun["authorization_url"])
    bea.cookies.update(ana.cookies)
    async with make.tx(user) as ctx:
        other_session = (await actions.open_api_session(ctx, user.id, by="password")).access_token
    elsewhere = client.as_(None)
    elsewhere.cookies.update(ana.cookies)
    elsewhere.headers["Authorization"] = f"Bearer {other_session}"
    body = {"code": back["code"], "state": back["state"]}
    for who in (bea, elsewhere):
        answer = await who.post(f"{CONNECTED}/google", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "oauth_flow_over")
    assert (await client.post("/api/v1/auth/login/google", json=body)).status_code == 409  # a log-in is another way
    assert await count(app, "auth_accounts") == 0
    assert (await ana.post(f"{CONNECTED}/google", json=body)).status_code == 200


async def test_a_way_to_log_in_does_not_connect(client: Any, app: Any, world: Providers, make: Any) -> None:
    """Else somebody could have another person's browser connect an account of theirs."""
    ana = client.as_(await make.user("ana"))
    back = world.consent((await begin(ana))["authorization_url"])
    answer = await ana.post(f"{CONNECTED}/google", json={"code": back["code"], "state": back["state"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "oauth_flow_over")
    assert await count(app, "auth_accounts") == 0


async def test_connecting_and_disconnecting_want_a_fresh_second_factor(
    client: Any, app: Any, world: Providers, make: Any
) -> None:
    user = await make.user("ana")
    ana = client.as_(user)
    await connect(ana, world)
    await set_user(make, user, "second_factors = '{totp}'")
    for answer in (await ana.post(f"{CONNECTED}/apple", json={}), await ana.delete(f"{CONNECTED}/google")):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert len((await ana.get(CONNECTED)).json()) == 1
    async with make.tx() as ctx:
        await ctx.db.execute("update sessions set second_factor_at = now() where user_id = $1", user.id)
    assert (await connect(ana, world, "apple")).status_code == 200
    assert (await ana.delete(f"{CONNECTED}/google")).status_code == 204


async def test_nobody_signed_in_connects_nothing(client: Any, app: Any, world: Providers) -> None:
    for answer in (
        await client.get(CONNECTED),
        await client.post(f"{CONNECTED}/google", json={}),
        await client.delete(f"{CONNECTED}/google"),
    ):
        assert answer.status_code == 401
    assert await count(app, "oauth_flows") == 0


async def test_a_provider_that_does_not_take_a_grant_back_is_asked_again(
    client: Any, app: Any, world: Providers, make: Any, jobs: Any
) -> None:
    ana = client.as_(await make.user("ana"))
    await connect(ana, world)
    await ana.delete(f"{CONNECTED}/google")
    app.cache.clear()
    world.mischief = "down"
    await jobs(reraise=False)
    kept = await rows(app, "select access_token_sealed is not null as kept from auth_accounts")
    assert (world.revoked, kept) == ([], [{"kept": True}])
    world.mischief = ""
    async with make.tx() as ctx:
        await ctx.db.execute("update jobs set run_at = now() - interval '1 second' where state = 'scheduled'")
    app.cache.clear()
    await jobs()
    assert len(world.revoked) == 2
