"""Each row of Stoory's authentication: the body, the status, and the effect."""

import asyncio
import re
from typing import Any

import jwt
import pytest

PASSWORD = "a stoa has columns"
PHONE = "+491701234567"
FORM = {"name": "Jane Doe", "phone": "+49 170 1234567", "email": "jane@e.org", "password": PASSWORD}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


async def rows(app: Any, sql: str) -> list[tuple[Any, ...]]:
    async with app.database.connection() as db:
        return [tuple(r) for r in await db.fetch(sql)]


async def registered(client: Any, **change: Any) -> dict[str, Any]:
    answer = await client.post("/api/auth/register", json={**FORM, **change})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def code_for(make: Any, jobs: Any, phone: str = PHONE) -> str:
    """The code in the newest text message."""
    await jobs()
    found = re.search(r"\b(\d{6})\b", (await make.mails(phone))[0].text)
    assert found
    return found[1]


async def confirmed(client: Any, make: Any, jobs: Any) -> dict[str, Any]:
    """Jane, whose phone is confirmed."""
    body = await registered(client, role="brand_owner")
    answer = await client.post(
        "/api/v1/auth/phone/confirm", json={"code": await code_for(make, jobs)}, headers=bearer(body["token"])
    )
    assert answer.status_code == 200, answer.text
    return body


# ---- registration


@pytest.mark.parametrize(
    ("role", "roles", "claim"),
    [
        ("influencer", ["reader", "creator"], "influencer"),
        ("brand_owner", ["reader", "brand"], "brand_owner"),
        ("creator", ["reader", "creator"], "influencer"),
        ("brand", ["reader", "brand"], "brand_owner"),
        ("reader", ["reader"], "reader"),
    ],
)
async def test_register(client: Any, app: Any, role: str, roles: list[str], claim: str) -> None:
    body = await registered(client, role=role)
    user = body["user"]
    assert body == {
        "success": True,
        "message": "Registration successful. A code is on its way to your phone",
        "user": {
            "id": user["id"],
            "name": "Jane Doe",
            "phone": PHONE,
            "phone_verified": False,
            "email": "jane@e.org",
            "role": claim,
            "profile_image_url": None,
            "bio": "",
            "created_at": user["created_at"],
            "updated_at": user["updated_at"],
        },
        "token": body["token"],
    }
    said = claims(body["token"])
    assert (said["id"], said["phone"], said["role"]) == (user["id"], None, claim)
    assert said["exp"] - said["iat"] == 7 * 86400
    assert await rows(app, "select username, roles, phone, is_verified from users") == [
        ("jane-doe", roles, None, False)
    ]


@pytest.mark.parametrize("role", ["admin", "moderator", "support", "super_admin", "", None, ["admin"]])
async def test_nobody_registers_as_staff(client: Any, app: Any, role: Any) -> None:
    answer = await client.post("/api/auth/register", json={**FORM, "role": role, "roles": ["admin"]})
    assert (answer.status_code, answer.json()["error"]) == (400, "Validation failed")
    assert list(answer.json()["fields"]) == ["role"]
    assert await rows(app, "select 1 from users") == []


async def test_register_says_every_wrong_field(client: Any, app: Any) -> None:
    answer = await client.post("/api/auth/register", json={"name": "", "email": "x"})
    assert (answer.status_code, sorted(answer.json()["fields"])) == (400, ["email", "name", "password", "phone"])
    number = await client.post("/api/auth/register", json={**FORM, "phone": "not a number"})
    assert (number.status_code, list(number.json()["fields"])) == (400, ["phone"])
    assert await rows(app, "select 1 from users") == []


async def test_a_username_is_made_of_the_name(client: Any, app: Any) -> None:
    for n, name in enumerate(("Jane Doe", "jane  DOE", "Ян", "Łukasz Żółć", "Admin", "李")):
        await registered(client, name=name, email=f"p{n}@e.org", phone=f"+49170123456{n}")
    names = [name for (name,) in await rows(app, "select username from users order by created_at, id")]
    patterns = ["jane-doe", r"jane-doe-\w{6}", r"(yan|ian)", "lukasz-zolc", r"admin-\w{6}", r"\w+(-\w{6})?"]
    assert len(names) == 6
    for name, pattern in zip(names, patterns, strict=True):
        assert re.fullmatch(pattern, name), name


async def test_a_phone_that_is_not_confirmed_opens_nothing(client: Any, make: Any, jobs: Any) -> None:
    await registered(client)
    for body in ({"password": PASSWORD}, {"code": "123456"}):
        answer = await client.post("/api/auth/login", json={"phone": PHONE, **body})
        assert answer.status_code == 401, answer.text
    before = len(await make.mails(PHONE))
    assert (await client.post("/api/auth/login", json={"phone": PHONE})).status_code == 200
    await jobs()
    sent = await make.mails(PHONE)
    assert len(sent) - before <= 1  # the code of the registration; none to log in with
    assert all("log in" not in mail.text.lower() for mail in sent)


async def test_somebody_elses_phone_can_be_claimed_but_not_taken(client: Any, make: Any, jobs: Any, app: Any) -> None:
    await confirmed(client, make, jobs)
    other = await registered(client, name="Eve", email="eve@e.org")
    assert other["user"]["phone_verified"] is False
    assert await rows(app, "select username, phone from users order by username") == [
        ("eve", None),
        ("jane-doe", PHONE),
    ]


# ---- log-in


async def test_login_by_code(client: Any, make: Any, jobs: Any) -> None:
    jane = await confirmed(client, make, jobs)
    asked = await client.post("/api/auth/login", json={"phone": "0049 170 1234567"})
    assert (asked.status_code, asked.json()) == (
        200,
        {"success": True, "message": "If there is an account with this phone, a code is on its way", "phone": PHONE},
    )
    answer = await client.post("/api/auth/login", json={"phone": PHONE, "code": await code_for(make, jobs)})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["success"], body["message"], body["user"]["id"]) == (True, "Login successful", jane["user"]["id"])
    assert (body["user"]["phone"], body["user"]["phone_verified"]) == (PHONE, True)
    assert (claims(body["token"])["phone"], claims(body["token"])["role"]) == (PHONE, "brand_owner")
    assert (await client.get("/api/auth/profile", headers=bearer(body["token"]))).status_code == 200


async def test_login_by_phone_or_email_and_password(client: Any, make: Any, jobs: Any) -> None:
    jane = await confirmed(client, make, jobs)
    by_phone = await client.post("/api/auth/login", json={"phone": PHONE, "password": PASSWORD})
    by_email = await client.post("/api/auth/login", json={"email": "jane@e.org", "password": PASSWORD})
    assert [a.status_code for a in (by_phone, by_email)] == [200, 200]
    assert by_phone.json()["user"]["id"] == by_email.json()["user"]["id"] == jane["user"]["id"]
    assert "username" in by_email.json()["user"]  # in Synctale's words
    assert claims(by_email.json()["token"])["phone"] == PHONE


async def test_login_tells_nothing(client: Any, make: Any, jobs: Any) -> None:
    await confirmed(client, make, jobs)
    known = await client.post("/api/auth/login", json={"phone": PHONE, "password": "not the right one"})
    nobody = await client.post("/api/auth/login", json={"phone": "+491700000000", "password": "not the right one"})
    assert known.status_code == nobody.status_code == 401
    hidden = {"instance", "trace_id"}
    told = [{k: v for k, v in a.json().items() if k not in hidden} for a in (known, nobody)]
    assert told[0] == told[1]
    asked = [(await client.post("/api/auth/login", json={"phone": p})).json() for p in (PHONE, "+491700000000")]
    assert asked[0].keys() == asked[1].keys()
    assert asked[0]["message"] == asked[1]["message"]
    bad = await client.post("/api/auth/login", json={"phone": "x", "code": 7})
    assert (bad.status_code, sorted(bad.json()["fields"])) == (400, ["code", "phone"])


# ---- refresh


async def test_refresh_rotates(client: Any, app: Any) -> None:
    body = await registered(client)
    old = body["token"]
    answer = await client.post("/api/auth/refresh", headers=bearer(old))
    assert answer.status_code == 200, answer.text
    new = answer.json()["token"]
    assert answer.json() == {"success": True, "token": new}
    assert new != old
    assert (await client.get("/api/auth/profile", headers=bearer(new))).status_code == 200
    for path in ("/api/auth/profile", "/api/v1/auth/me"):
        assert (await client.get(path, headers=bearer(old))).status_code == 401
    assert (await client.post("/api/auth/refresh", headers=bearer(old))).status_code == 401
    assert await rows(app, "select revoked_reason from sessions order by created_at") == [("token renewed",), (None,)]
    assert (claims(new)["id"], claims(new)["role"]) == (claims(old)["id"], claims(old)["role"])


async def test_of_many_refreshes_at_once_one_succeeds(live: Any, client: Any) -> None:
    token = (await registered(client))["token"]
    answers = await asyncio.gather(*(client.post("/api/auth/refresh", headers=bearer(token)) for _ in range(8)))
    assert sorted(a.status_code for a in answers) == [200] + [401] * 7
    assert len(await rows(live, "select 1 from sessions where revoked_at is null")) == 1


async def test_only_a_seven_day_token_is_refreshed(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    refused = await client.as_(ana).post("/api/auth/refresh")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_renewable")
    assert (await client.as_(ana).get("/api/v1/auth/me")).status_code == 200
    assert (await client.post("/api/auth/refresh")).status_code == 401
    assert await rows(app, "select kind from sessions where revoked_at is null") == [("api",)]


# ---- profile


async def test_profile(client: Any) -> None:
    body = await registered(client)
    answer = await client.get("/api/auth/profile", headers=bearer(body["token"]))
    assert (answer.status_code, answer.json()) == (200, {"success": True, "user": body["user"]})
    assert (await client.get("/api/auth/profile")).status_code == 401


async def test_edit_profile(client: Any, app: Any) -> None:
    body = await registered(client)
    mine = bearer(body["token"])
    change = {
        "name": "Jane D.",
        "bio": "Walks",
        "role": "admin",
        "roles": ["admin"],
        "email": "eve@e.org",
        "phone": "+491709999999",
        "is_verified": True,
        "id": body["user"]["id"][::-1],
    }
    answer = await client.put("/api/auth/profile", json=change, headers=mine)
    assert answer.status_code == 200
    user = answer.json()["user"]
    assert user == {**body["user"], "name": "Jane D.", "bio": "Walks", "updated_at": user["updated_at"]}
    stored = "select display_name, bio, roles, email, phone, is_verified from profiles p join users on id = user_id"
    expected = ("Jane D.", "Walks", ["reader", "creator"], "jane@e.org", None, False)
    assert await rows(app, stored) == [expected]
    kept = await client.put("/api/auth/profile", json={"bio": ""}, headers=mine)
    assert (kept.json()["user"]["name"], kept.json()["user"]["bio"]) == ("Jane D.", "")
    refused = await client.put("/api/auth/profile", json={"name": "", "bio": "x" * 1001}, headers=mine)
    assert (refused.status_code, sorted(refused.json()["fields"])) == (422, ["bio", "name"])
    assert (await client.put("/api/auth/profile", json={"bio": "x"})).status_code == 401
