"""Each row of DreamDot's accounts, follows and blocks: the body, the status, and the effect."""

from typing import Any

import jwt
import pytest

PASSWORD = "a stoa has columns"
FORM = {"username": "ana", "email": "ana@e.org", "password": PASSWORD, "name": "Ana B."}


async def rows(app: Any, sql: str) -> list[tuple[Any, ...]]:
    async with app.database.connection() as db:
        return [tuple(r) for r in await db.fetch(sql)]


def own(body: dict[str, Any], **change: Any) -> dict[str, Any]:
    """The account as its owner sees it; what only the server knows is taken from the answer."""
    return {
        "id": body["id"],
        "username": "ana",
        "email": "ana@e.org",
        "name": "Ana B.",
        "image": None,
        "bio": "",
        "roles": ["reader"],
        "is_verified": False,
        "followers_count": 0,
        "following_count": 0,
        "balance": 50_000.0,
        "created_at": body["created_at"],
        **change,
    }


async def test_signup(client: Any, app: Any) -> None:
    answer = await client.post("/api/auth/signup", json=FORM)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body == {"user": own(body["user"]), "token": body["token"]}
    claims = jwt.decode(body["token"], options={"verify_signature": False})
    assert (claims["id"], claims["role"], claims["exp"] - claims["iat"]) == (body["user"]["id"], "reader", 7 * 86400)
    assert await rows(app, "select username, roles from users") == [("ana", ["reader"])]
    bearer = {"Authorization": f"Bearer {body['token']}"}
    assert (await client.get("/api/auth/me", headers=bearer)).json() == {"user": own(body["user"])}


async def test_signup_refuses(client: Any, make: Any, app: Any) -> None:
    await make.user("ana")
    empty = await client.post("/api/auth/signup", json={})
    assert (empty.status_code, sorted(empty.json()["fields"])) == (422, ["email", "password", "username"])
    taken = await client.post("/api/auth/signup", json=FORM)
    assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")
    short = await client.post("/api/auth/signup", json={**FORM, "username": "bea", "password": "short"})
    assert (short.status_code, list(short.json()["fields"])) == (422, ["password"])
    staff = {
        **FORM,
        "username": "cleo",
        "email": "cleo@e.org",
        "role": "admin",
        "roles": ["admin"],
        "is_verified": True,
    }
    assert (await client.post("/api/auth/signup", json=staff)).json()["user"]["roles"] == ["reader"]
    assert await rows(app, "select username, is_verified from users where username <> 'ana'") == [("cleo", False)]


async def test_signin(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    answer = await client.post("/api/auth/signin", json={"email": "ana@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    body = answer.json()
    change = {"email": "ana@example.org", "name": "ana", "is_verified": body["user"]["is_verified"]}
    assert body == {"user": own(body["user"], id=str(ana.id), **change), "token": body["token"]}
    bearer = {"Authorization": f"Bearer {body['token']}"}
    assert (await client.get("/api/auth/me", headers=bearer)).json()["user"]["id"] == str(ana.id)
    for wrong in ({"email": "ana@example.org", "password": "wrong"}, {"email": "nobody@e.org", "password": PASSWORD}):
        refused = await client.post("/api/auth/signin", json=wrong)
        assert (refused.status_code, refused.json()["code"]) == (401, "wrong_credentials")


async def test_me_is_for_those_who_are_signed_in(client: Any) -> None:
    assert (await client.get("/api/auth/me")).status_code == 401


async def test_account(client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    await client.as_(ben).post("/api/social/follow", json={"user_id": str(ana.id)})
    for who, follows in ((client.as_(ben), True), (client, False), (client.as_(ana), False)):
        answer = await who.get(f"/api/account/{ana.id}")
        assert answer.status_code == 200
        body = answer.json()["user"]
        assert body == {
            "id": str(ana.id),
            "username": "ana",
            "name": "ana",
            "image": None,
            "bio": "",
            "is_verified": body["is_verified"],
            "followers_count": 1,
            "following_count": 0,
            "is_following": follows,
            "created_at": body["created_at"],
        }
    assert (await client.get(f"/api/account/{ana.actor.session_id}")).status_code == 404
    assert (await client.get("/api/account/ana")).status_code == 404


@pytest.mark.parametrize("where", ["body", "query"])
async def test_follow_and_unfollow(client: Any, make: Any, app: Any, where: str) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    as_ben = client.as_(ben)
    body = {"user_id": str(ana.id)}
    for _ in range(2):
        answer = await as_ben.post("/api/social/follow", json=body)
        assert (answer.status_code, answer.json()) == (200, {"user_id": str(ana.id), "following": True})
    assert await rows(app, "select follower_id, following_id from follows") == [(ben.id, ana.id)]
    how: dict[str, Any] = {"json": body} if where == "body" else {"params": body}
    for _ in range(2):
        answer = await as_ben.request("DELETE", "/api/social/follow", **how)
        assert (answer.status_code, answer.json()) == (200, {"user_id": str(ana.id), "following": False})
    assert await rows(app, "select * from follows") == []


@pytest.mark.parametrize("where", ["body", "query"])
async def test_block_and_unblock(client: Any, make: Any, app: Any, where: str) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    as_ana, as_ben = client.as_(ana), client.as_(ben)
    await as_ben.post("/api/social/follow", json={"userId": str(ana.id)})
    for _ in range(2):
        answer = await as_ana.post("/api/social/block", json={"user_id": str(ben.id)})
        assert (answer.status_code, answer.json()) == (200, {"user_id": str(ben.id), "blocked": True})
    assert await rows(app, "select blocker_id, blocked_id from blocks") == [(ana.id, ben.id)]
    assert await rows(app, "select * from follows") == []
    assert (await as_ben.get(f"/api/account/{ana.id}")).status_code == 404
    assert (await as_ben.post("/api/social/follow", json={"user_id": str(ana.id)})).status_code == 404
    body = {"user_id": str(ben.id)}
    how: dict[str, Any] = {"json": body} if where == "body" else {"params": body}
    for _ in range(2):
        answer = await as_ana.request("DELETE", "/api/social/block", **how)
        assert (answer.status_code, answer.json()) == (200, {"user_id": str(ben.id), "blocked": False})
    assert (await as_ben.get(f"/api/account/{ana.id}")).status_code == 200


@pytest.mark.parametrize("path", ["/api/social/follow", "/api/social/block"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_social_refuses(client: Any, make: Any, app: Any, path: str, method: str) -> None:
    ana = await make.user("ana")
    as_ana = client.as_(ana)
    for body, status in (({}, 422), ({"user_id": "x"}, 422), ({"user_id": str(ana.actor.session_id)}, 404)):
        assert (await as_ana.request(method, path, json=body)).status_code == status
    assert (await as_ana.request(method, path)).status_code == 422
    assert (await client.request(method, path, json={"user_id": str(ana.id)})).status_code == 401
    oneself = await as_ana.request(method, path, json={"user_id": str(ana.id)})
    assert oneself.status_code == (409 if method == "POST" else 200)
    assert await rows(app, "select 1 from follows union all select 1 from blocks") == []
