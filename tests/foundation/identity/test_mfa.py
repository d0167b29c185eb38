"""Second factors by app and by backup code, through `/api/v1/auth` (I4, I5)."""

import asyncio
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from stoa.foundation.identity import actions
from stoa.foundation.identity.invariants import INVARIANTS
from stoa.kit.clock import utcnow
from stoa.kit.config import EncryptionKey
from stoa.kit.crypto import Keyring

URL = "/api/v1/auth"


async def rows(app: Any, sql: str, *args: Any) -> list[Any]:
    async with app.database.connection() as db:
        return [tuple(row) for row in await db.fetch(sql, *args)]


async def value(app: Any, sql: str, *args: Any) -> Any:
    async with app.database.connection() as db:
        return await db.fetchval(sql, *args)


async def log_in(client: Any, user: Any) -> Any:
    return await client.as_(None).post(f"{URL}/login", json={"email": user.email, "password": user.password})


async def challenge_token(client: Any, user: Any) -> str:
    answer = await log_in(client, user)
    assert (answer.status_code, answer.json()["code"]) == (401, "mfa_required"), answer.text
    token: str = answer.json()["challenge_token"]
    return token


async def answer(client: Any, token: str, **proof: Any) -> Any:
    return await client.as_(None).post(f"{URL}/mfa/challenge", json={"challenge_token": token, **proof})


# ---- set up ----------------------------------------------------------------------------------------------------


async def test_an_app_is_set_up_and_active_only_after_its_first_code(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    ana = client.as_(user)
    begun = await ana.post(f"{URL}/mfa/enable", json={"password": user.password})
    assert begun.status_code == 200, begun.text
    body = begun.json()
    assert (len(body["secret"]), body["expires_in_s"]) == (32, 3600)
    assert body["otpauth_uri"] == f"otpauth://totp/Stoa:ana?secret={body['secret']}&issuer=Stoa"
    assert body["qr"].startswith("data:image/svg+xml")
    assert await value(app, "select second_factors from users") == []
    assert (await log_in(client, user)).status_code == 200, "nothing is active yet"

    done = await ana.post(f"{URL}/mfa/verify", json={"code": pyotp.TOTP(body["secret"]).now()})
    assert done.status_code == 200, done.text
    assert done.json()["second_factors"] == ["totp"]
    codes = done.json()["backup_codes"]
    assert len(set(codes)) == 10
    assert all(len(code) == 11 and code[5] == "-" for code in codes)
    assert await value(app, "select second_factors from users") == ["totp"]
    sealed, held = (
        await value(app, "select secret_sealed from totp_factors"),
        str(await rows(app, "table backup_codes")),
    )
    assert body["secret"].encode() not in sealed
    assert not any(code.replace("-", "") in held or code in held for code in codes)
    (mail,) = await make.mails(user.email)
    assert mail.subject == "An authenticator app was added"
    assert not any(part in mail.text + mail.html for part in (body["secret"], *codes))
    kept = await value(
        app, "select before::text || after::text from audit_events where action = 'identity.authenticator_app_added'"
    )
    assert kept == '{"second_factors": []}{"second_factors": ["totp"]}'


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        ({}, 422, ["password"]),
        ({"password": "not the right one"}, 422, ["password"]),
        ({"password": 7}, 422, ["password"]),
    ],
)
async def test_setting_up_needs_the_password(
    client: Any, make: Any, app: Any, body: dict[str, Any], status: int, fields: list[str]
) -> None:
    refused = await client.as_(await make.user("ana")).post(f"{URL}/mfa/enable", json=body)
    assert (refused.status_code, sorted(refused.json()["fields"])) == (status, fields)
    assert await rows(app, "table totp_factors") == []


async def test_a_set_up_belongs_to_its_session_and_its_hour(client: Any, make: Any, app: Any, tx: Any) -> None:
    user = await make.user("ana")
    secret = (await client.as_(user).post(f"{URL}/mfa/enable", json={"password": user.password})).json()["secret"]
    elsewhere = client.as_(None)
    elsewhere.headers["Authorization"] = f"Bearer {(await log_in(client, user)).json()['access_token']}"
    code = {"code": pyotp.TOTP(secret).now()}
    refused = await elsewhere.post(f"{URL}/mfa/verify", json=code)
    assert (refused.status_code, refused.json()["code"]) == (409, "set_up_over")
    wrong = await client.as_(user).post(f"{URL}/mfa/verify", json={"code": "000000"})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["code"])
    async with tx() as ctx:
        await ctx.db.execute("update totp_factors set created_at = created_at - interval '61 minutes'")
    assert (await client.as_(user).post(f"{URL}/mfa/verify", json=code)).status_code == 409
    assert await value(app, "select second_factors from users") == []
    async with tx() as ctx:
        assert await actions.totp.prune(ctx) == 1


async def test_another_app_replaces_the_first_and_keeps_the_backup_codes(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    ana = client.as_(user)
    refused = await ana.post(f"{URL}/mfa/enable", json={"password": user.password})
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required"), (
        "a password is not enough any more"
    )
    assert (await ana.post(f"{URL}/step-up", json={"code": phone.code()})).status_code == 200
    secret = (await ana.post(f"{URL}/mfa/enable", json={})).json()["secret"]
    assert (await answer(client, await challenge_token(client, user), code=await phone.later())).status_code == 200
    done = await ana.post(f"{URL}/mfa/verify", json={"code": pyotp.TOTP(secret).now()})
    assert done.json() == {"second_factors": ["totp"], "backup_codes": []}
    assert await value(app, "select count(*) from totp_factors") == 1
    token = await challenge_token(client, user)
    assert (await answer(client, token, code=await phone.later())).status_code == 401, "the old app is void"
    assert (await answer(client, token, backup_code=phone.backup_codes[0])).status_code == 200
    assert (await make.mails(user.email))[1].subject == "Your authenticator app was replaced by another one"


async def test_disabling_needs_a_recent_factor_and_the_password(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    ana = client.as_(user)
    refused = await ana.post(f"{URL}/mfa/disable", json={"password": user.password})
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    await ana.post(f"{URL}/step-up", json={"code": phone.code()})
    assert (await ana.post(f"{URL}/mfa/disable", json={"password": "not the right one"})).status_code == 422
    assert (await ana.post(f"{URL}/mfa/disable", json={})).status_code == 422
    assert await value(app, "select second_factors from users") == ["totp"]
    done = await ana.post(f"{URL}/mfa/disable", json={"password": user.password})
    assert (done.status_code, done.json()) == (200, {"second_factors": []})
    assert await rows(app, "table totp_factors") == await rows(app, "table backup_codes") == []
    assert (await log_in(client, user)).status_code == 200
    again = await ana.post(f"{URL}/mfa/disable", json={"password": user.password})
    assert (again.status_code, again.json()["code"]) == (409, "no_second_factor")
    assert (await make.mails(user.email))[0].subject == "Your authenticator app was removed"


async def test_secrets_are_sealed_anew_when_the_key_changes(make: Any, app: Any, tx: Any, monkeypatch: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    old = app.settings.encryption_keys[0]
    monkeypatch.setattr(app, "keyring", Keyring([EncryptionKey("k9", b"9" * 32), old]))
    async with tx() as ctx:
        assert await actions.totp.reseal(ctx) == 1
        assert await actions.totp.reseal(ctx) == 0
        assert await actions.totp.use(ctx, user.id, phone.code())
        assert await actions.backup_codes.use(ctx, user.id, phone.backup_codes[3]), "hashed with the earlier key"
    monkeypatch.setattr(app, "keyring", Keyring([EncryptionKey("k9", b"9" * 32)]))
    ahead = phone.code(1)  # before the time of the transaction, so that it is not two steps ahead of that
    async with tx() as ctx:
        assert await actions.totp.use(ctx, user.id, ahead)


# ---- log in ----------------------------------------------------------------------------------------------------


async def test_a_code_finishes_the_log_in_with_the_answer_of_a_log_in(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    half = await log_in(client, user)
    assert half.status_code == 401
    assert {k: half.json()[k] for k in ("code", "methods", "expires_in_s")} == {
        "code": "mfa_required",
        "methods": ["totp"],
        "expires_in_s": 300,
    }
    assert "access_token" not in half.json()
    before = await value(app, "select count(*) from sessions")
    code = phone.code()
    done = await answer(client, half.json()["challenge_token"], code=f" {code[:3]} {code[3:]}")
    assert done.status_code == 200, done.text
    assert sorted(done.json()) == [
        "access_token",
        "expires_in_s",
        "refresh_expires_in_s",
        "refresh_token",
        "token_type",
        "user",
    ]
    assert await value(app, "select count(*) from sessions") == before + 1
    me = await client.get(f"{URL}/me", headers={"Authorization": f"Bearer {done.json()['access_token']}"})
    assert me.json()["username"] == "ana"


async def test_a_code_is_good_once_and_no_earlier_one_after_it(client: Any, make: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    code, earlier, later = phone.code(), phone.code(-1), phone.code(1)
    assert (await answer(client, await challenge_token(client, user), code=code)).status_code == 200
    token = await challenge_token(client, user)
    for used in (code, earlier):
        refused = await answer(client, token, code=used)
        assert (refused.status_code, refused.json()["code"]) == (401, "wrong_factor")
    assert (await answer(client, token, code=later)).status_code == 200, "the clock of the phone may be ahead"


async def test_one_code_sent_twice_at_once_opens_one_session(client: Any, make: Any, live: Any, gather: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    first, second = await challenge_token(client, user), await challenge_token(client, user)
    code = phone.code()
    answers = await gather(*(answer(client, token, code=code) for token in (first, second, first, second)))
    assert sorted(a.status_code for a in answers).count(200) == 1
    assert await value(live, "select count(*) from sessions where second_factor_at is not null") == 1


async def test_one_backup_code_sent_twice_at_once_opens_one_session(
    client: Any, make: Any, live: Any, gather: Any
) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    first, second = await challenge_token(client, user), await challenge_token(client, user)
    answers = await gather(*(answer(client, token, backup_code=phone.backup_codes[0]) for token in (first, second)))
    assert sorted(a.status_code for a in answers) == [200, 401]
    left = await client.as_(user).get(f"{URL}/mfa/backup-codes")
    assert (left.json()["total"], left.json()["left"]) == (10, 9)


async def test_the_database_takes_a_backup_code_once(make: Any, app: Any, gather: Any) -> None:
    """Without the lock that all tries pass, as if two processes forgot it."""
    user = await make.user("ana")
    phone = await make.phone(user)

    async def use() -> bool:
        async with make.tx(user) as ctx:
            used = await actions.backup_codes.use(ctx, user.id, phone.backup_codes[0])
            await asyncio.sleep(0.05)
            return bool(used)

    assert sorted(await gather(use(), use(), use())) == [False, False, True]
    assert [m.subject for m in await make.mails(user.email)][:1] == ["One of your backup codes was used"]


async def test_backup_codes_are_counted_shown_once_and_made_anew(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    ana = client.as_(user)
    none = await ana.get(f"{URL}/mfa/backup-codes")
    assert none.json() == {"total": 0, "left": 0, "made_at": None, "last_used_at": None}
    refused = await ana.post(f"{URL}/mfa/regenerate-backup")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_second_factor")
    phone = await make.phone(user)
    typed = phone.backup_codes[0].upper().replace("-", " ")
    assert (await answer(client, await challenge_token(client, user), backup_code=typed)).status_code == 200
    assert (await make.mails(user.email))[0].subject == "One of your backup codes was used"
    assert "9 of them are left" in (await make.mails(user.email))[0].text
    assert (await ana.post(f"{URL}/mfa/regenerate-backup")).status_code == 403
    await make.recent(user)
    made = await ana.post(f"{URL}/mfa/regenerate-backup")
    assert made.status_code == 200
    fresh = made.json()["backup_codes"]
    assert len(set(fresh) - set(phone.backup_codes)) == 10
    left = (await ana.get(f"{URL}/mfa/backup-codes")).json()
    assert (left["total"], left["left"], left["last_used_at"]) == (10, 10, None)
    token = await challenge_token(client, user)
    assert (await answer(client, token, backup_code=phone.backup_codes[1])).status_code == 401
    assert (await answer(client, token, backup_code=fresh[0])).status_code == 200


async def test_a_backup_code_is_its_owners_only(client: Any, make: Any, app: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    phone, _ = await make.phone(ana), await make.phone(bea)
    refused = await answer(client, await challenge_token(client, bea), backup_code=phone.backup_codes[0])
    assert refused.status_code == 401
    assert await value(app, "select count(*) from backup_codes where used_at is not null") == 0


# ---- attacks ---------------------------------------------------------------------------------------------------


async def test_a_challenge_token_opens_nothing_but_its_challenge(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    await make.phone(user)
    token = await challenge_token(client, user)
    before = await value(app, "select count(*) from sessions")
    stranger = client.as_(None)
    stranger.headers["Authorization"] = f"Bearer {token}"
    for method, path in (("GET", "me"), ("GET", "sessions"), ("POST", "mfa/disable"), ("POST", "step-up")):
        assert (await stranger.request(method, f"{URL}/{path}")).status_code == 401, path
    assert (await client.post(f"{URL}/refresh", json={"refresh_token": token})).status_code == 401
    cookie = client.as_(None)
    cookie.cookies.set("stoa_session", token)
    assert (await cookie.get(f"{URL}/me")).status_code == 401
    assert (await cookie.get("/write")).headers["location"].startswith("/login")
    assert await value(app, "select count(*) from sessions") == before


async def test_the_second_step_does_nothing_without_the_first(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    before = await value(app, "select count(*) from sessions")
    for token in ("", "x", "a" * 43, str(user.id)):
        refused = await answer(client, token, code=phone.code())
        assert refused.status_code in (401, 422), token
    missing = await client.post(f"{URL}/mfa/challenge", json={"code": phone.code()})
    assert (missing.status_code, list(missing.json()["fields"])) == (422, ["challenge_token"])
    assert await value(app, "select count(*) from sessions") == before
    assert await value(app, "select last_step from totp_factors") == 0, "the code was not even looked at"


@pytest.mark.parametrize(
    "proof", [{}, {"code": "123456", "backup_code": "aaaaa-aaaaa"}, {"code": "1" * 33}, {"passkey": {"id": "x"}}]
)
async def test_exactly_one_factor_is_shown(client: Any, make: Any, app: Any, proof: dict[str, Any]) -> None:
    user = await make.user("ana")
    await make.phone(user)
    token = await challenge_token(client, user)
    assert (await answer(client, token, **proof)).status_code == 422
    assert await value(app, "select attempts from login_challenges") == 0


async def test_a_challenge_is_of_one_account(client: Any, make: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    phone, _ = await make.phone(ana), await make.phone(bea)
    refused = await answer(client, await challenge_token(client, bea), code=phone.code())
    assert (refused.status_code, refused.json()["code"], refused.json()["attempts_left"]) == (401, "wrong_factor", 4)


async def test_a_used_or_late_challenge_is_over(client: Any, make: Any, tx: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    token = await challenge_token(client, user)
    assert (await answer(client, token, code=phone.code())).status_code == 200
    again = await answer(client, token, code=await phone.later())
    assert (again.status_code, again.json()["code"]) == (401, "challenge_over")
    late = await challenge_token(client, user)
    async with tx() as ctx:
        await ctx.db.execute("update login_challenges set expires_at = $1", utcnow() - timedelta(seconds=1))
    assert (await answer(client, late, code=await phone.later())).json()["code"] == "challenge_over"


async def test_a_challenge_from_before_a_change_of_password_is_over(client: Any, make: Any, tx: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    token = await challenge_token(client, user)
    await make.recent(user)
    async with tx(user) as ctx:
        await actions.change_password(ctx, current_password=user.password, new_password="a stoa has forty columns")
    refused = await answer(client, token, code=phone.code())
    assert (refused.status_code, refused.json()["code"]) == (401, "challenge_over")


async def test_five_wrong_codes_end_the_challenge_and_lock_the_account(client: Any, make: Any, app: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    token = await challenge_token(client, user)
    for left in (4, 3, 2, 1, 0):
        wrong = await answer(client, token, code="000000")
        assert (wrong.status_code, wrong.json()["code"], wrong.json()["attempts_left"]) == (401, "wrong_factor", left)
    over = await answer(client, token, code=phone.code())
    assert over.status_code in (401, 429)
    assert (await log_in(client, user)).status_code == 429, "I5"
    mail = (await make.mails(user.email))[0]
    assert mail.subject == "Somebody came as far as your second factor, and no further"
    refused = "select count(*) from audit_events where action = 'identity.second_factor_refused'"
    assert await value(app, refused) == 5
    assert await value(app, "select count(*) from sessions where second_factor_at is not null") == 0


async def test_the_right_password_does_not_forgive_wrong_codes(client: Any, make: Any, app: Any, tx: Any) -> None:
    """Somebody with a stolen password begins anew each time before the challenge ends."""
    user = await make.user("ana")
    phone = await make.phone(user)
    tried = 0
    for address in range(9):
        async with tx() as ctx:  # as if each time from elsewhere, and the password had been forgiven
            await ctx.db.execute("delete from login_failures where key not like 'factor:%'")
        half = await log_in(client, user)
        if half.status_code == 429:
            break
        refused = await answer(client, half.json()["challenge_token"], code=f"00000{address}")
        if refused.status_code == 429:
            break
        tried += 1
    assert tried == 5
    async with tx() as ctx:
        await ctx.db.execute("delete from login_failures where key not like 'factor:%'")
    token = await challenge_token(client, user)
    assert (await answer(client, token, code=phone.code())).status_code == 429


async def test_as_many_codes_at_once_as_one_likes_are_five(client: Any, make: Any, live: Any, gather: Any) -> None:
    user = await make.user("ana")
    await make.phone(user)
    token = await challenge_token(client, user)
    answers = await gather(*(answer(client, token, code=f"{n:06}") for n in range(12)))
    assert [a.status_code for a in answers].count(401) >= 5
    assert await value(live, "select attempts from login_challenges") == 5
    assert await value(live, "select failures from login_failures where key like 'factor:%'") == 5


async def test_a_suspended_account_does_not_come_in_by_its_second_factor(client: Any, make: Any, tx: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    token = await challenge_token(client, user)
    async with tx() as ctx:
        await ctx.db.execute("update users set status = 'suspended', updated_at = $2 where id = $1", user.id, utcnow())
    refused = await answer(client, token, code=phone.code())
    assert refused.status_code in (401, 403)


# ---- what always holds ------------------------------------------------------------------------------------------

BREAKS = {
    "an account asks for just the second factors that it has (I4)": "update users set second_factors = '{passkey}'",
    "there are backup codes where there is a second factor, and nowhere else (I4)": "delete from backup_codes",
}


@pytest.mark.parametrize("name", INVARIANTS)
async def test_what_breaks_a_fact_is_seen(make: Any, ctx: Any, name: str) -> None:
    await make.user("bea")
    await make.phone(await make.user("ana"))
    assert [fact for fact, sql in INVARIANTS.items() if await ctx.db.fetch(sql)] == []
    await ctx.db.execute(BREAKS[name])
    assert len(await ctx.db.fetch(INVARIANTS[name])) >= 1


# ---- step-up ---------------------------------------------------------------------------------------------------


async def test_step_up_holds_for_ten_minutes_and_one_session(client: Any, make: Any, app: Any, tx: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    ana, path = client.as_(user), f"{URL}/mfa/regenerate-backup"
    wrong = await ana.post(f"{URL}/step-up", json={"code": "000000"})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["code"])
    assert (await ana.post(path)).status_code == 403
    done = await ana.post(f"{URL}/step-up", json={"backup_code": phone.backup_codes[0]})
    assert done.status_code == 200
    assert sorted(done.json()) == ["second_factor_at", "valid_until"]
    assert (await ana.post(path)).status_code == 200
    token = (await answer(client, await challenge_token(client, user), code=phone.code())).json()["access_token"]
    elsewhere = client.as_(None)
    elsewhere.headers["Authorization"] = f"Bearer {token}"
    assert (await elsewhere.post(path)).status_code == 200, "a log-in with both factors has shown one just now"
    async with tx() as ctx:
        await ctx.db.execute(
            "update sessions set second_factor_at = second_factor_at - interval '10 minutes 1 second' where id = $1",
            user.actor.session_id,
        )
    assert (await ana.post(path)).status_code == 403
    assert (await elsewhere.post(path)).status_code == 200, "of each session for itself"


async def test_step_up_wants_something_to_show(client: Any, make: Any) -> None:
    refused = await client.as_(await make.user("ana")).post(f"{URL}/step-up", json={"code": "123456"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_second_factor")


async def test_an_account_without_a_password_adds_a_factor_soon_after_its_log_in(
    client: Any, make: Any, tx: Any
) -> None:
    user = await make.user("ana")
    async with tx() as ctx:
        await ctx.db.execute("update users set password_hash = null where id = $1", user.id)
    assert (await client.as_(user).post(f"{URL}/mfa/enable", json={})).status_code == 200
    async with tx() as ctx:
        await ctx.db.execute("update sessions set created_at = created_at - interval '11 minutes'")
    refused = await client.as_(user).post(f"{URL}/mfa/enable", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "recent_login_required")
