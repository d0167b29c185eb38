"""Passkeys, through `/api/v1/auth`: added, used alone and as second factor, refused, removed (I4)."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from stoa.foundation.identity import actions
from stoa.foundation.identity.errors import PasskeysUnavailable
from stoa.foundation.identity.policies import relying_party
from stoa.kit.clock import utcnow
from stoa.kit.ids import new_id
from tests.conftest import settings_for
from tests.foundation.identity.test_mfa import URL, answer, challenge_token, rows, value

KEYS = f"{URL}/passkeys"


async def log_in_with(client: Any, key: Any, **changed: Any) -> Any:
    options = await client.as_(None).post(f"{KEYS}/login/options")
    assert options.status_code == 200, options.text
    return await client.as_(None).post(f"{KEYS}/login", json={"credential": key.get(options.json(), **changed)})


async def test_a_passkey_is_added_and_is_a_log_in_of_its_own(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    ana, key = client.as_(user), await make.authenticator()
    ana.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
    options = (await ana.post(f"{KEYS}/options", json={"password": user.password})).json()
    assert options["rp"] == {"name": "Stoa", "id": "testserver"}
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    made = await ana.post(KEYS, json={"credential": key.create(options)})
    assert made.status_code == 201, made.text
    assert made.json()["passkey"]["name"] == "Chrome on Linux"
    assert made.json()["second_factors"] == ["passkey"]
    assert len(made.json()["backup_codes"]) == 10
    assert [k["id"] for k in (await ana.get(KEYS)).json()] == [made.json()["passkey"]["id"]]
    assert await value(app, "select second_factors from users") == ["passkey"]
    assert (await make.mails(user.email))[0].subject == "A passkey was added: Chrome on Linux"

    entered = await log_in_with(client, key)
    assert entered.status_code == 200, entered.text
    assert entered.json()["user"]["username"] == "ana"
    assert await value(app, "select provider from sessions order by created_at desc limit 1") == "passkey"
    fresh = client.as_(None)
    fresh.headers["Authorization"] = f"Bearer {entered.json()['access_token']}"
    assert (await fresh.post(f"{URL}/mfa/regenerate-backup")).status_code == 200, "it shows both factors at once"


async def test_a_passkey_is_the_second_factor_of_a_password(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    key = await make.passkey(user)
    token = await challenge_token(client, user)
    options = await client.post(f"{URL}/mfa/challenge/options", json={"challenge_token": token})
    assert [len(c["id"]) for c in options.json()["allowCredentials"]] == [27]
    done = await answer(client, token, passkey=key.get(options.json(), verified=False))
    assert done.status_code == 200, "a touch is enough after a password"
    stepped = client.as_(user)
    options = (await stepped.post(f"{URL}/step-up/options")).json()
    assert (await stepped.post(f"{URL}/step-up", json={"passkey": key.get(options)})).status_code == 200
    assert (await stepped.post(f"{URL}/mfa/regenerate-backup")).status_code == 200


async def test_what_was_signed_counts_once(client: Any, make: Any, app: Any, gather: Any) -> None:
    user = await make.user("ana")
    key = await make.passkey(user, counts=False)
    options = (await client.post(f"{KEYS}/login/options")).json()
    sent = {"credential": key.get(options)}
    answers = await gather(*(client.as_(None).post(f"{KEYS}/login", json=sent) for _ in range(3)))
    assert sorted(a.status_code for a in answers) == [200, 401, 401]
    again = await client.post(f"{KEYS}/login", json=sent)
    assert (again.status_code, again.json()["code"]) == (401, "passkey_refused")
    another = await client.post(f"{KEYS}/login", json={"credential": key.get(options)})
    assert another.status_code == 401, "the challenge itself is used up"
    assert await value(app, "select count(*) from sessions where provider = 'passkey'") == 1


async def test_what_is_refused_uses_its_challenge_up(client: Any, make: Any) -> None:
    user = await make.user("ana")
    key = await make.passkey(user)
    options = (await client.post(f"{KEYS}/login/options")).json()
    assert (
        await client.post(f"{KEYS}/login", json={"credential": key.get(options, verified=False)})
    ).status_code == 401
    assert (await client.post(f"{KEYS}/login", json={"credential": key.get(options)})).status_code == 401
    assert (await log_in_with(client, key)).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://testserver:81"},
        {"rp_id": "evil.example"},
        {"verified": False},
        {"user_handle": b""},
        {"user_handle": b"0123456789abcdef"},
        {"signer": ec.derive_private_key(7, ec.SECP256R1())},
    ],
    ids=["origin", "port", "rp", "not-verified", "no-handle", "other-handle", "other-key"],
)
async def test_a_log_in_that_is_not_quite_right_is_refused(
    client: Any, make: Any, app: Any, changed: dict[str, Any]
) -> None:
    user = await make.user("ana")
    key = await make.passkey(user)
    before = await value(app, "select count(*) from sessions")
    refused = await log_in_with(client, key, **changed)
    assert refused.status_code in (401, 422), refused.text
    assert await value(app, "select count(*) from sessions") == before
    assert await value(app, "select last_used_at from passkeys") is None


async def test_a_challenge_of_ours_is_needed_for_just_this_and_in_time(
    client: Any, make: Any, monkeypatch: Any
) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    key, other = await make.passkey(ana), await make.passkey(bea)
    path = f"{KEYS}/login"
    made_up = {"rpId": "testserver", "challenge": "AAAA" * 20}
    assert (await client.post(path, json={"credential": key.get(made_up)})).status_code == 401
    step_up = (await client.as_(ana).post(f"{URL}/step-up/options")).json()
    assert (await client.post(path, json={"credential": key.get(step_up)})).status_code == 401, "signed for a step-up"
    log_in = (await client.post(f"{KEYS}/login/options")).json()
    refused = await client.as_(ana).post(f"{URL}/step-up", json={"passkey": key.get(log_in)})
    assert refused.status_code == 422, "signed for a log-in"
    token, others = await challenge_token(client, ana), await challenge_token(client, bea)
    options = (await client.post(f"{URL}/mfa/challenge/options", json={"challenge_token": others})).json()
    assert (await answer(client, token, passkey=key.get(options))).status_code == 401, "another log-in's"
    options = (await client.post(f"{URL}/mfa/challenge/options", json={"challenge_token": token})).json()
    assert (await answer(client, token, passkey=other.get(options))).status_code == 401, "somebody else's passkey"
    monkeypatch.setitem(actions.passkeys.CHALLENGE_TTL, "log_in", timedelta(seconds=-1))
    assert (await log_in_with(client, key)).status_code == 401


async def test_a_copied_passkey_is_refused_and_its_owner_told(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    key = await make.passkey(user)
    assert (await log_in_with(client, key)).status_code == 200
    assert await value(app, "select sign_count from passkeys") == 1
    for count in (1, 0):
        refused = await log_in_with(client, key, count=count)
        assert (refused.status_code, refused.json()["code"]) == (401, "passkey_refused")
    assert await value(app, "select sign_count from passkeys") == 1
    assert await value(app, "select count(*) from audit_events where action = 'identity.copied_passkey_refused'") == 2
    mail = (await make.mails(user.email))[0]
    assert "was refused" in mail.subject
    assert "It looks as if somebody had a copy of it" in mail.text
    key.count = 7
    assert (await log_in_with(client, key)).status_code == 200


async def test_a_suspended_account_does_not_come_in_by_passkey(client: Any, make: Any, tx: Any) -> None:
    user = await make.user("ana")
    key = await make.passkey(user)
    async with tx() as ctx:
        await ctx.db.execute("update users set status = 'banned', updated_at = $2 where id = $1", user.id, utcnow())
    refused = await log_in_with(client, key)
    assert (refused.status_code, refused.json()["code"]) == (403, "account_banned")


# ---- adding and removing ---------------------------------------------------------------------------------------


async def test_adding_needs_the_password_or_a_recent_factor(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    ana = client.as_(user)
    assert list((await ana.post(f"{KEYS}/options", json={})).json()["fields"]) == ["password"]
    assert (await ana.post(f"{KEYS}/options", json={"password": "not the right one"})).status_code == 422
    await make.phone(user)
    refused = await ana.post(f"{KEYS}/options", json={"password": user.password})
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    await make.recent(user)
    key = await make.authenticator()
    options = (await ana.post(f"{KEYS}/options", json={})).json()
    made = (await ana.post(KEYS, json={"credential": key.create(options), "name": " My key "})).json()
    assert (made["passkey"]["name"], made["second_factors"], made["backup_codes"]) == (
        "My key",
        ["totp", "passkey"],
        [],
    )


async def test_a_passkey_is_added_by_the_session_that_asked(client: Any, make: Any, app: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    key = await make.authenticator()
    options = (await client.as_(ana).post(f"{KEYS}/options", json={"password": ana.password})).json()
    created = {"credential": key.create(options)}
    refused = await client.as_(bea).post(KEYS, json=created)
    assert (refused.status_code, refused.json()["code"]) == (401, "passkey_refused")
    entered = (await client.post(f"{URL}/login", json={"email": ana.email, "password": ana.password})).json()
    elsewhere = client.as_(None)
    elsewhere.headers["Authorization"] = f"Bearer {entered['access_token']}"
    assert (await elsewhere.post(KEYS, json=created)).status_code == 401
    assert (await client.as_(ana).post(KEYS, json=created)).status_code == 201
    assert (await client.as_(ana).post(KEYS, json=created)).status_code == 401
    assert await value(app, "select count(*) from passkeys") == 1


@pytest.mark.parametrize("changed", [{"origin": "https://evil.example"}, {"rp_id": "evil"}, {"verified": False}])
async def test_what_a_foreign_page_made_is_not_kept(client: Any, make: Any, app: Any, changed: dict[str, Any]) -> None:
    user, key = await make.user("ana"), await make.authenticator()
    options = (await client.as_(user).post(f"{KEYS}/options", json={"password": user.password})).json()
    refused = await client.as_(user).post(KEYS, json={"credential": key.create(options, **changed)})
    assert (refused.status_code, refused.json()["code"]) == (401, "passkey_refused")
    assert await rows(app, "table passkeys") == []
    assert await value(app, "select second_factors from users") == []


async def test_one_authenticator_is_added_once_and_twenty_are_enough(client: Any, make: Any, app: Any, tx: Any) -> None:
    user = await make.user("ana")
    key = await make.passkey(user)
    ana = client.as_(user)
    await make.recent(user)
    options = (await ana.post(f"{KEYS}/options", json={})).json()
    assert len(options["excludeCredentials"]) == 1
    again = await ana.post(KEYS, json={"credential": key.create(options)})
    assert (again.status_code, again.json()["code"]) == (409, "passkey_known")
    async with tx() as ctx:
        await ctx.db.execute(
            """
            insert into passkeys (id, user_id, credential_id, public_key, sign_count, name, backed_up, created_at)
            select gen_random_uuid(), $1, n::text::bytea, '', 0, 'Key', false, now() from generate_series(1, 19) n
            """,
            user.id,
        )
    full = await ana.post(f"{KEYS}/options", json={})
    assert (full.status_code, full.json()["code"]) == (409, "too_many_passkeys")


async def test_passkeys_are_renamed_and_removed_by_their_owner(client: Any, make: Any, app: Any) -> None:
    user, stranger = await make.user("ana"), await make.user("bea")
    await make.passkey(user)
    ana = client.as_(user)
    (one,) = (await ana.get(KEYS)).json()
    path = f"{KEYS}/{one['id']}"
    assert (await client.as_(stranger).patch(path, json={"name": "Mine"})).status_code == 404
    assert (await client.as_(stranger).delete(path)).status_code == 404
    assert (await ana.patch(path, json={"name": "  "})).status_code == 422
    assert (await ana.patch(path, json={"name": "Desk"})).json()["name"] == "Desk"
    assert (await ana.delete(path)).status_code == 403
    await make.recent(user)
    removed = await ana.delete(path)
    assert (removed.status_code, removed.json()) == (200, {"second_factors": []})
    assert (await ana.delete(path)).status_code == 404
    assert await rows(app, "table backup_codes") == []
    assert (await make.mails(user.email))[0].subject == "A passkey was removed: Desk"
    assert (await client.post(f"{URL}/login", json={"email": user.email, "password": user.password})).status_code == 200


async def test_the_only_way_in_stays(client: Any, make: Any, app: Any, tx: Any, gather: Any) -> None:
    user = await make.user("ana")
    await make.passkey(user)
    await make.recent(user)
    await make.passkey(user)
    await make.recent(user)
    ana = client.as_(user)
    first, second = [k["id"] for k in (await ana.get(KEYS)).json()]
    async with tx() as ctx:
        await ctx.db.execute("update users set password_hash = null where id = $1", user.id)
    answers = await gather(ana.delete(f"{KEYS}/{first}"), client.as_(user).delete(f"{KEYS}/{second}"))
    assert sorted(a.status_code for a in answers) == [200, 409], "not even when both are removed at once"
    assert [a.json()["code"] for a in answers if a.status_code == 409] == ["last_way_in"]
    assert await value(app, "select count(*) from passkeys") == 1
    async with tx() as ctx:
        await ctx.db.execute("update users set phone = '+4915112345678' where id = $1", user.id)
    (left,) = (await ana.get(KEYS)).json()
    assert (await ana.delete(f"{KEYS}/{left['id']}")).status_code == 200


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": "", "response": {}},
        {"id": "AA", "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}},
        {"id": "A", "response": {"clientDataJSON": "A", "authenticatorData": "A", "signature": "A"}},
        {"id": "AA", "response": {"clientDataJSON": "%%", "authenticatorData": "AA", "signature": "AA"}},
        {"id": "A" * 2000, "response": {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"}},
        "text",
        [1],
    ],
    ids=["empty", "no-response", "empty-json", "no-base64", "signs", "long", "text", "list"],
)
async def test_nonsense_is_refused_politely(client: Any, credential: Any) -> None:
    refused = await client.post(f"{KEYS}/login", json={"credential": credential})
    assert refused.status_code in (401, 422), refused.text


async def test_garbage_behind_a_good_challenge_is_refused(client: Any, make: Any, app: Any) -> None:
    """What only the library reads: CBOR that is none, authenticator data that is cut off."""
    user = await make.user("ana")
    for garbage in ("AA", "o2NmbXRkbm9uZQ", "g" * 4000, "_" * 400):
        key = await make.authenticator()
        options = (await client.as_(user).post(f"{KEYS}/options", json={"password": user.password})).json()
        created = key.create(options)
        created["response"]["attestationObject"] = garbage
        refused = await client.as_(user).post(KEYS, json={"credential": created})
        assert refused.status_code == 401, (garbage[:20], refused.text)
    key = await make.passkey(user)
    for part in ("authenticatorData", "signature"):
        for garbage in ("AA", "_" * 400):
            sent = key.get((await client.post(f"{KEYS}/login/options")).json())
            sent["response"][part] = garbage
            assert (await client.post(f"{KEYS}/login", json={"credential": sent})).status_code == 401, part
    assert await value(app, "select count(*) from passkeys") == 1


@pytest.mark.parametrize(
    ("base_url", "party"),
    [
        ("https://stoa.example", ("stoa.example", "https://stoa.example")),
        ("https://stoa.example:443", ("stoa.example", "https://stoa.example")),
        ("https://stoa.example:8443", ("stoa.example", "https://stoa.example:8443")),
        ("http://localhost:8200", ("localhost", "http://localhost:8200")),
        ("http://127.0.0.1:8200", ("localhost", "http://localhost:8200")),
        ("http://[::1]:8200", ("localhost", "http://localhost:8200")),
        ("http://192.0.2.7", None),
    ],
)
def test_the_name_that_passkeys_are_bound_to(tmp_path: Any, base_url: str, party: tuple[str, str] | None) -> None:
    settings = settings_for("postgresql://localhost/none", tmp_path, base_url=base_url)
    if party is None:
        with pytest.raises(PasskeysUnavailable):
            relying_party(settings)
    else:
        assert (relying_party(settings).id, relying_party(settings).origin) == party


async def test_answered_challenges_are_forgotten_once_they_are_late(client: Any, make: Any, app: Any, tx: Any) -> None:
    await make.passkey(await make.user("ana"))
    async with tx() as ctx:
        assert await actions.passkeys.prune(ctx) == 0
        ctx.now += timedelta(hours=2)
        assert await actions.passkeys.prune(ctx) == 1


async def test_a_passkey_that_is_there_no_more_is_refused(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    key = await make.passkey(user)
    await make.recent(user)
    (one,) = (await client.as_(user).get(KEYS)).json()
    assert (await client.as_(user).delete(f"{KEYS}/{one['id']}")).status_code == 200
    assert (await log_in_with(client, key)).status_code == 401
    assert (await client.as_(user).delete(f"{KEYS}/{new_id()}")).status_code == 404
