"""`/api/v1/admin/users` and `/api/v1/admin/audit`: exact answers, bad input, and who may ask."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stoa.foundation.identity import actions
from tests.conftest import PASSWORD

REASON = {"reason": "Broke a rule of the house"}


async def roles_and_status(app: Any, user: Any) -> tuple[Any, ...]:
    async with app.database.connection() as db:
        return tuple(await db.fetchrow("select roles, status, status_until from users where id = $1", user.id))


async def test_an_account_as_administrators_see_it(client: Any, make: Any) -> None:
    ada = await make.user("ada", roles=("admin",))
    ana = await make.user("ana")
    listed = (await client.as_(ada).get("/api/v1/admin/users?q=an")).json()
    (row,) = listed["items"]
    assert listed["next_cursor"] is None
    assert row == {
        "id": str(ana.id),
        "username": "ana",
        "email": "ana@example.org",
        "roles": ["reader"],
        "status": "active",
        "status_reason": None,
        "status_until": None,
        "is_verified": True,
        "created_at": row["created_at"],
        "last_login_at": None,
    }
    one = (await client.as_(ada).get(f"/api/v1/admin/users/{ana.id}")).json()
    assert (one["user"]["username"], one["user"]["works"], one["user"]["sessions"]) == ("ana", 0, 1)
    assert [(s["kind"], s["provider"]) for s in one["sessions"]] == [("api", "password")]
    assert [line["status"] for line in one["status_history"]] == ["active"]
    assert "password" not in str(one).replace("'provider': 'password'", "")


async def test_suspend_ban_and_reinstate(client: Any, make: Any, app: Any) -> None:
    ada, ana = await make.user("ada", roles=("admin",)), await make.user("ana")
    me = client.as_(ada)
    until = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    body = REASON | {"until": until.isoformat()}
    suspended = await me.post(f"/api/v1/admin/users/{ana.id}/suspend", json=body)
    assert suspended.status_code == 200
    assert suspended.json()["user"]["status"] == "suspended"
    assert suspended.json()["sessions"] == []
    line = suspended.json()["status_history"][0]
    assert (line["status"], line["reason"], line["by"]) == ("suspended", REASON["reason"], "ada")
    assert datetime.fromisoformat(line["until"]) == until
    assert await roles_and_status(app, ana) == (["reader"], "suspended", until)
    banned = await me.post(f"/api/v1/admin/users/{ana.id}/ban", json=REASON)
    assert banned.json()["user"]["status"] == "banned"
    again = await me.post(f"/api/v1/admin/users/{ana.id}/ban", json=REASON)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_status")
    assert (again.json()["account_status"], again.json()["allowed"]) == ("banned", ["reinstate"])
    back = await me.post(f"/api/v1/admin/users/{ana.id}/reinstate", json=REASON)
    assert back.json()["user"]["status"] == "active"
    login = await client.post("/api/v1/auth/login", json={"email": ana.email, "password": PASSWORD})
    assert login.status_code == 200
    bearer = {"Authorization": f"Bearer {login.json()['access_token']}"}
    own = (await client.get("/api/v1/users/me/status-history", headers=bearer)).json()
    assert [line["status"] for line in own] == ["active", "banned", "suspended", "active"]
    assert "by" not in own[0]


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("suspend", {}, ["reason"]),
        ("suspend", {"reason": "x", "until": "soon"}, ["reason", "until"]),
        ("suspend", {"reason": "Because", "until": "2020-01-01T00:00:00Z"}, ["until"]),
        ("suspend", {"reason": "Because", "until": "2030-01-01T00:00:00"}, ["until"]),
        ("ban", {"reason": "x" * 501}, ["reason"]),
        ("ban", {"reason": "a\x00b c"}, ["reason"]),
        ("reinstate", {"reason": 7}, ["reason"]),
        ("roles", {}, ["change", "reason", "role"]),
        ("roles", {"role": "emperor", "change": "crown", "reason": "Long live"}, ["change", "role"]),
        ("roles", {"role": "reader", "change": "revoke", "reason": "Does not read"}, ["role"]),
    ],
)
async def test_every_wrong_field_is_named(
    client: Any, make: Any, app: Any, path: str, body: dict[str, Any], fields: list[str]
) -> None:
    ada, ana = await make.user("ada", roles=("admin",)), await make.user("ana")
    before = await roles_and_status(app, ana)
    refused = await client.as_(ada).post(f"/api/v1/admin/users/{ana.id}/{path}", json=body)
    assert refused.status_code == 422, refused.text
    assert sorted(refused.json()["fields"]) == fields
    assert await roles_and_status(app, ana) == before


@pytest.mark.parametrize("role", ["reader", "creator", "moderator", "support"])
async def test_others_get_nowhere(client: Any, make: Any, app: Any, role: str) -> None:
    ben, ana = await make.user("ben", roles=(role,)), await make.user("ana")
    before = await roles_and_status(app, ana)
    me = client.as_(ben)
    for path in ("users", f"users/{ana.id}", "audit", "audit-logs", "audit/export"):
        assert (await me.get(f"/api/v1/admin/{path}")).status_code == 403, path
    for path in ("suspend", "ban", "reinstate", "roles"):
        body = REASON | {"role": "admin", "change": "grant"}
        assert (await me.post(f"/api/v1/admin/users/{ana.id}/{path}", json=body)).status_code == 403
        assert (await me.post(f"/api/v1/admin/users/{ben.id}/{path}", json=body)).status_code == 403
    assert await roles_and_status(app, ana) == before
    assert (await roles_and_status(app, ben))[0] == list(dict.fromkeys(["reader", role]))


async def test_an_admin_makes_no_admin(client: Any, make: Any, app: Any) -> None:
    ada, ana = await make.user("ada", roles=("admin",)), await make.user("ana")
    body = REASON | {"role": "admin", "change": "grant"}
    refused = await client.as_(ada).post(f"/api/v1/admin/users/{ana.id}/roles", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "only_super_admin")
    refused = await client.as_(ada).post(f"/api/v1/admin/users/{ada.id}/roles", json=body | {"role": "support"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_yourself")
    assert [(await roles_and_status(app, one))[0] for one in (ada, ana)] == [["reader", "admin"], ["reader"]]
    zoe = await make.user("zoe", roles=("super_admin",))
    done = await client.as_(zoe).post(f"/api/v1/admin/users/{ana.id}/roles", json=body)
    assert done.json()["user"]["roles"] == ["reader", "admin"]
    assert (await client.as_(ana).get("/api/v1/admin/users")).status_code == 200  # at once, in the session there is


async def test_who_is_no_admin_any_more_is_out_at_once(client: Any, make: Any) -> None:
    ada, zoe = await make.user("ada", roles=("admin",)), await make.user("zoe", roles=("super_admin",))
    assert (await client.as_(ada).get("/api/v1/admin/users")).status_code == 200
    body = REASON | {"role": "admin", "change": "revoke"}
    assert (await client.as_(zoe).post(f"/api/v1/admin/users/{ada.id}/roles", json=body)).status_code == 200
    assert (await client.as_(ada).get("/api/v1/admin/users")).status_code == 403


async def test_the_audit_answers_and_refuses(client: Any, make: Any) -> None:
    ada, ana = await make.user("ada", roles=("admin",)), await make.user("ana")
    me = client.as_(ada)
    await me.post(f"/api/v1/admin/users/{ana.id}/ban", json=REASON)
    for path in ("audit", "audit-logs"):
        found = (await me.get(f"/api/v1/admin/{path}?action=identity.banned&who=ada&limit=1")).json()
        assert found["next_cursor"] is None
        (event,) = found["items"]
        assert event | {"id": "", "at": "", "trace_id": ""} == {
            "id": "",
            "at": "",
            "trace_id": "",
            "actor_id": str(ada.id),
            "actor_name": "ada",
            "action": "identity.banned",
            "subject": "user",
            "subject_id": str(ana.id),
            "before": {"status": "active", "until": None},
            "after": {"status": "banned", "until": None, "reason": REASON["reason"]},
            "address": "127.0.0.1",
            "user_agent": event["user_agent"],
            "session_id": str(ada.actor.session_id),
        }
    assert (await me.get(f"/api/v1/admin/audit/{event['id']}")).json() == event
    assert (await me.get(f"/api/v1/admin/audit/{ana.id}")).status_code == 404
    for query, field in (("since=2026-01-01T00:00:00", "since"), ("limit=0", "limit"), ("cursor=abc", "cursor")):
        refused = await me.get(f"/api/v1/admin/audit?{query}")
        assert (refused.status_code, list(refused.json()["fields"])) == (422, [field])
    sent = await me.get("/api/v1/admin/audit/export?action=identity.banned")
    assert (sent.status_code, sent.text.count("\r\n")) == (200, 2)


async def test_the_door_is_written_down(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    tokens = (await client.post("/api/v1/auth/login", json={"email": ana.email, "password": PASSWORD})).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    fresh = await client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert fresh.status_code == 200
    reused = await client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert reused.status_code == 401
    assert (await client.get("/api/v1/auth/me", headers=bearer)).status_code == 401
    assert (await client.as_(ana).post("/api/v1/auth/logout")).status_code == 204
    for _ in range(5):
        await client.post("/api/v1/auth/login", json={"email": ana.email, "password": "not this one"})
    async with app.database.connection() as db:
        rows = await db.fetch(
            """select action, actor_id, after from audit_events
            where subject = 'user' and subject_id = $1 order by at, id""",
            str(ana.id),
        )
        others = await db.fetch("select action, subject from audit_events where subject in ('address', 'account')")
    assert [(row["action"], row["actor_id"]) for row in rows] == [
        ("identity.registered", ana.id),
        ("identity.logged_in", ana.id),
        ("identity.logged_in", ana.id),
        ("identity.refresh_reused", None),
        ("identity.logged_out", ana.id),
        ("identity.locked", None),
    ]
    assert [tuple(row) for row in others] == [("identity.locked", "address")]
    assert PASSWORD not in str([dict(row) for row in rows])


async def test_a_lock_of_nobodys_account_is_written_down_alike(client: Any, app: Any) -> None:
    for _ in range(5):
        await client.post("/api/v1/auth/login", json={"email": "nobody@example.org", "password": "not this one"})
    async with app.database.connection() as db:
        rows = await db.fetch("select action, subject, subject_id from audit_events order by subject")
    assert [(row["action"], row["subject"]) for row in rows] == [
        ("identity.locked", "account"),
        ("identity.locked", "address"),
    ]
    assert "nobody" not in rows[0]["subject_id"]


async def test_own_activity_over_the_api(client: Any, make: Any, tx: Any) -> None:
    ana, ada = await make.user("ana"), await make.user("ada", roles=("super_admin",))
    async with tx(ada) as ctx:
        ctx.address = "198.51.100.7"
        await actions.suspend(ctx, ana.id, reason="Insults")
        await actions.reinstate(ctx, ana.id, reason="They said sorry")
    tokens = (await client.post("/api/v1/auth/login", json={"email": ana.email, "password": PASSWORD})).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    first = (await client.get("/api/v1/users/me/activity?limit=2", headers=bearer)).json()
    assert [(one["action"], one["by_me"]) for one in first["items"]] == [
        ("identity.logged_in", True),
        ("identity.reinstated", False),
    ]
    theirs = first["items"][1]
    assert (theirs["address"], theirs["user_agent"], theirs["details"]) == ("", "", None)
    assert theirs["reason"] == "They said sorry"
    rest = await client.get(f"/api/v1/users/me/activity?cursor={first['next_cursor']}&limit=50", headers=bearer)
    assert "identity.registered" in [one["action"] for one in rest.json()["items"]]
    assert "198.51.100.7" not in rest.text
    assert "ada" not in rest.text
