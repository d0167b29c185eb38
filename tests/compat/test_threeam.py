"""Each row of 3AM's users: the body, the status, and the effect."""

from typing import Any

import jwt
import pytest

PASSWORD = "a stoa has columns"
FORM = {
    "email": "creator@3am.app",
    "username": "creator1",
    "display_name": "Amazing Creator",
    "password": PASSWORD,
    "role": "creator",
}


async def row(app: Any, sql: str, *args: Any) -> Any:
    async with app.database.connection() as db:
        return await db.fetchrow(sql, *args)


async def test_register(client: Any, app: Any) -> None:
    answer = await client.post("/api/users/register", json=FORM)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body == {
        "user": {
            "id": body["user"]["id"],
            "email": "creator@3am.app",
            "username": "creator1",
            "display_name": "Amazing Creator",
            "avatar_url": None,
            "bio": "",
            "role": "creator",
            "is_verified": False,
            "created_at": body["user"]["created_at"],
        },
        "token": body["token"],
    }
    claims = jwt.decode(body["token"], options={"verify_signature": False})
    assert (claims["id"], claims["role"]) == (body["user"]["id"], "influencer")
    stored = await row(app, "select roles, status from users where username = 'creator1'")
    assert tuple(stored) == (["reader", "creator"], "pending_verification")
    bearer = {"Authorization": f"Bearer {body['token']}"}
    assert (await client.get("/api/v1/auth/me", headers=bearer)).json()["username"] == "creator1"


@pytest.mark.parametrize(
    ("role", "roles"),
    [
        (None, ["reader"]),
        ("viewer", ["reader"]),
        ("user", ["reader"]),
        ("brand", ["reader", "brand"]),
    ],
)
async def test_register_as(client: Any, app: Any, role: str | None, roles: list[str]) -> None:
    form = {k: v for k, v in {**FORM, "role": role}.items() if v is not None}
    assert (await client.post("/api/users/register", json=form)).status_code == 201
    assert (await row(app, "select roles from users where username = 'creator1'"))[0] == roles


@pytest.mark.parametrize("role", ["moderator", "support", "admin", "super_admin", "Admin", "", 7, ["creator", "admin"]])
async def test_nobody_registers_as_staff(client: Any, app: Any, role: Any) -> None:
    answer = await client.post("/api/users/register", json={**FORM, "role": role})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["role"])
    assert (await row(app, "select count(*) from users"))[0] == 0


async def test_nothing_else_is_set_by_registering(client: Any, app: Any) -> None:
    """Mass assignment: what a registration does not take is not taken, whatever it is called."""
    more = {"roles": ["admin"], "is_verified": True, "status": "active", "balance": 1_000_000, "id": FORM["username"]}
    assert (await client.post("/api/users/register", json={**FORM, **more})).status_code == 201
    stored = await row(app, "select roles, is_verified, status from users where username = 'creator1'")
    assert tuple(stored) == (["reader", "creator"], False, "pending_verification")


async def test_register_says_every_wrong_field(client: Any, make: Any) -> None:
    answer = await client.post("/api/users/register", json={"email": "x", "display_name": ""})
    assert (answer.status_code, sorted(answer.json()["fields"])) == (
        422,
        ["display_name", "email", "password", "username"],
    )
    await make.user("creator1")
    assert (await client.post("/api/users/register", json=FORM)).json()["code"] == "username_taken"


async def test_show(client: Any, make: Any) -> None:
    ana = await make.user("Ana")
    await client.as_(await make.user("ben")).put("/api/v1/people/ana/follow")
    answer = await client.get("/api/users/ana")
    assert answer.status_code == 200
    assert answer.json() == {
        "user": {
            "id": str(ana.id),
            "username": "Ana",
            "display_name": "Ana",
            "avatar_url": None,
            "bio": "",
            "is_verified": answer.json()["user"]["is_verified"],
            "followers_count": 1,
            "following_count": 0,
            "created_at": answer.json()["user"]["created_at"],
        }
    }
    assert (await client.get("/api/users/nobody")).status_code == 404


async def test_upgrade(client: Any, make: Any, app: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    for _ in range(2):
        answer = await client.as_(ana).post(f"/api/users/{ana.id}/upgrade")
        assert (answer.status_code, answer.json()["user"]["role"]) == (200, "creator")
    assert (await client.as_(ben).post(f"/api/users/{ana.id}/upgrade")).status_code == 404
    assert (await client.as_(ana).post(f"/api/users/{ben.id}/upgrade")).status_code == 404
    assert (await client.as_(ana).post("/api/users/ana/upgrade")).status_code == 404
    assert (await client.post(f"/api/users/{ana.id}/upgrade")).status_code == 401
    assert (await row(app, "select roles from users where id = $1", ana.id))[0] == ["reader", "creator"]
    assert (await row(app, "select roles from users where id = $1", ben.id))[0] == ["reader"]


async def test_edit(client: Any, make: Any, app: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    body = {"display_name": "Ana B.", "bio": "Writes", "role": "admin", "roles": ["admin"], "email": "x@e.org"}
    answer = await client.as_(ana).put(f"/api/users/{ana.id}", json=body)
    assert answer.status_code == 200
    user = answer.json()["user"]
    assert (user["display_name"], user["bio"], user["role"], user["email"]) == (
        "Ana B.",
        "Writes",
        "user",
        "ana@example.org",
    )
    kept = (await client.as_(ana).put(f"/api/users/{ana.id}", json={"bio": ""})).json()["user"]
    assert (kept["display_name"], kept["bio"]) == ("Ana B.", "")
    assert (await client.as_(ben).put(f"/api/users/{ana.id}", json={"bio": "mine"})).status_code == 404
    assert (await client.put(f"/api/users/{ana.id}", json={"bio": "mine"})).status_code == 401
    refused = await client.as_(ana).put(f"/api/users/{ana.id}", json={"bio": "x" * 1001, "display_name": ""})
    assert (refused.status_code, sorted(refused.json()["fields"])) == (422, ["bio", "display_name"])
    stored = await row(
        app, "select display_name, bio, roles from profiles p join users u on u.id = p.user_id where u.id = $1", ana.id
    )
    assert tuple(stored) == ("Ana B.", "", ["reader"])
