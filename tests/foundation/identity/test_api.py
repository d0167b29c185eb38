"""The door, through `/api/v1/auth` (I1, I2, I3, I5)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from stoa.foundation.identity import actions
from stoa.foundation.identity.actions import tokens

NEW = {"username": "Ana", "email": "Ana@Example.org", "password": "a stoa has columns"}


async def count(app: Any, table: str) -> int:
    async with app.database.connection() as db:
        return await db.fetchval(f"select count(*) from {table}")


async def test_register_answers_the_account_and_tokens(client: Any) -> None:
    response = await client.post("/api/v1/auth/register", json=NEW)
    assert response.status_code == 201
    body = response.json()
    assert body["user"] == {
        "id": body["user"]["id"],
        "username": "Ana",
        "email": "ana@example.org",
        "roles": ["reader"],
        "is_verified": False,
    }
    assert (body["token_type"], body["expires_in_s"], body["refresh_expires_in_s"]) == ("Bearer", 900, 2592000)
    me = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert (me.status_code, me.json()) == (200, body["user"])


async def test_register_reports_every_field(client: Any, app: Any) -> None:
    response = await client.post("/api/v1/auth/register", json={"username": "a b", "email": "no"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "invalid"
    assert sorted(response.json()["fields"]) == ["email", "password", "username"]
    assert await count(app, "users") == 0


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"username": "ANA", "email": "b@example.org"}, "username_taken", 409),
        ({"username": "bea", "email": "ANA@example.org"}, "email_taken", 409),
        ({"username": "admin"}, "invalid", 422),
        ({"username": "аna"}, "invalid", 422),  # Cyrillic a
        ({"username": "a\x00na"}, "invalid", 422),
        ({"username": "bea\n"}, "invalid", 422),
        ({"email": "bea@example.org\n"}, "invalid", 422),
        ({"password": "short"}, "invalid", 422),
        ({"password": "password123"}, "invalid", 422),
        ({"password": "x" * 257}, "invalid", 422),
        ({"username": 7}, "invalid", 422),
    ],
)
async def test_register_refuses(client: Any, app: Any, change: dict[str, Any], code: str, status: int) -> None:
    await client.post("/api/v1/auth/register", json=NEW)
    response = await client.post("/api/v1/auth/register", json={**NEW, **change})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert await count(app, "users") == 1


async def test_one_of_two_simultaneous_registrations_wins(client: Any, app: Any) -> None:
    answers = await asyncio.gather(*(client.post("/api/v1/auth/register", json=NEW) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]
    assert await count(app, "users") == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"username": "\\ud800aaa"}', b"\xff\xfe", b"null"])
async def test_a_body_that_is_no_object_is_422(client: Any, body: bytes) -> None:
    response = await client.post("/api/v1/auth/register", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422


async def test_login_takes_either_case_of_key_and_email(client: Any) -> None:
    await client.post("/api/v1/auth/register", json=NEW)
    response = await client.post("/api/v1/auth/login", json={"Email": "ANA@example.org", "password": NEW["password"]})
    assert response.status_code == 200
    assert response.json()["user"]["username"] == "Ana"


async def test_failed_log_ins_lock_and_do_not_tell(client: Any, app: Any) -> None:
    await client.post("/api/v1/auth/register", json=NEW)
    wrong = {"email": NEW["email"], "password": "not the password"}
    nobody = {"email": "nobody@example.org", "password": "not the password"}
    one, other = (
        await client.post("/api/v1/auth/login", json=wrong),
        await client.post("/api/v1/auth/login", json=nobody),
    )
    assert one.status_code == other.status_code == 401
    assert {k: v for k, v in one.json().items() if k != "trace_id"} == {
        k: v for k, v in other.json().items() if k != "trace_id"
    }
    for _ in range(4):
        await client.post("/api/v1/auth/login", json=wrong)
    locked = await client.post("/api/v1/auth/login", json={"email": NEW["email"], "password": NEW["password"]})
    assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
    assert 800 < int(locked.headers["retry-after"]) <= 901
    async with app.database.connection() as db:
        await db.execute("update login_failures set locked_until = now() - interval '1 second'")
    right = await client.post("/api/v1/auth/login", json={"email": NEW["email"], "password": NEW["password"]})
    assert right.status_code == 200


async def test_refresh_rotates_and_reuse_ends_the_session(client: Any) -> None:
    first = (await client.post("/api/v1/auth/register", json=NEW)).json()
    second = await client.post("/api/v1/auth/refresh", json={"refreshToken": first["refresh_token"]})
    assert second.status_code == 200
    bearer = {"Authorization": f"Bearer {second.json()['access_token']}"}
    assert (await client.get("/api/v1/auth/me", headers=bearer)).status_code == 200
    again = await client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert (again.status_code, again.json()["code"]) == (401, "session_over")
    assert (await client.get("/api/v1/auth/me", headers=bearer)).status_code == 401
    last = await client.post("/api/v1/auth/refresh", json={"refresh_token": second.json()["refresh_token"]})
    assert last.status_code == 401


async def test_a_guessed_refresh_token_ends_nothing(client: Any, make: Any, app: Any) -> None:
    first = (await client.post("/api/v1/auth/register", json=NEW)).json()
    session = first["refresh_token"].split(".")[0]
    mark = tokens._mark(app, UUID(int=1), "x")  # of another session
    for guess in ("junk", "junk~junk", "~", f"x~{mark}"):
        refused = await client.post("/api/v1/auth/refresh", json={"refresh_token": f"{session}.{guess}"})
        assert refused.status_code == 401
    assert (
        await client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    ).status_code == 200


async def test_last_used_moves_and_what_ended_is_forgotten(client: Any, make: Any, app: Any, tx: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    async with app.database.connection() as db:
        await db.execute("update sessions set last_used_at = last_used_at - interval '1 hour'")
        assert (await client.as_(ana).get("/api/v1/auth/me")).status_code == 200
        used = dict(await db.fetch("select user_id, now() - last_used_at < interval '1 minute' from sessions"))
        assert used == {ana.id: True, bea.id: False}
        await db.execute("update sessions set expires_at = now() - interval '31 days' where user_id = $1", ana.id)
        await db.execute("insert into login_failures values ('x', 9, null, now() - interval '2 days')")
        async with tx() as ctx:
            assert await actions.prune(ctx) == 2
        assert await db.fetchval("select array_agg(user_id) from sessions") == [bea.id]


async def test_logout_ends_the_token_at_once(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    assert (await ana.get("/api/v1/auth/me")).status_code == 200
    assert (await ana.post("/api/v1/auth/logout")).status_code == 204
    assert (await ana.get("/api/v1/auth/me")).status_code == 401


async def test_sessions_are_listed_and_ended_by_their_owner_only(client: Any, make: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    (session,) = (await client.as_(ana).get("/api/v1/auth/sessions")).json()
    assert (await client.as_(bea).delete(f"/api/v1/auth/sessions/{session['id']}")).status_code == 404
    assert (await client.as_(ana).get("/api/v1/auth/me")).status_code == 200
    assert (await client.as_(ana).delete(f"/api/v1/auth/sessions/{session['id']}")).status_code == 204
    assert (await client.as_(ana).get("/api/v1/auth/me")).status_code == 401


async def test_tokens_signed_otherwise_are_refused(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    claims = {"sub": str(ana.id), "sid": str(ana.actor.session_id), "aud": "stoa", "exp": 9999999999}
    key = tokens._key(app, b"jwt")
    for forged in (
        jwt.encode(claims, "x" * 32, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode({**claims, "aud": "other"}, key, algorithm="HS256"),
        jwt.encode({**claims, "exp": 1}, key, algorithm="HS256"),
        jwt.encode({"sub": str(ana.id), "exp": 9999999999}, key, algorithm="HS256"),
        "not.a.token",
    ):
        answer = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401, forged
    good = jwt.encode(claims, key, algorithm="HS256")
    assert (await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {good}"})).status_code == 200


async def test_an_expired_session_is_over(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    async with app.database.connection() as db:
        await db.execute("update sessions set expires_at = created_at - $1::interval", timedelta(seconds=1))
    assert (await client.as_(ana).get("/api/v1/auth/me")).status_code == 401


async def test_a_bcrypt_hash_is_verified_and_replaced(client: Any, make: Any, app: Any) -> None:
    from pwdlib.hashers.bcrypt import BcryptHasher

    ana = await make.user("ana")
    async with app.database.connection() as db:
        await db.execute("update users set password_hash = $1", BcryptHasher(rounds=4).hash("an old password"))
    answer = await client.post("/api/v1/auth/login", json={"email": ana.email, "password": "an old password"})
    assert answer.status_code == 200
    async with app.database.connection() as db:
        await db.execute("update users set password_hash = $1", BcryptHasher(rounds=4).hash("an old password"))
    long = await client.post("/api/v1/auth/login", json={"email": ana.email, "password": "x" * 100})
    assert long.status_code == 401  # more than bcrypt takes
    await client.post("/api/v1/auth/login", json={"email": ana.email, "password": "an old password"})
    async with app.database.connection() as db:
        assert (await db.fetchval("select password_hash from users")).startswith("$argon2id$")
