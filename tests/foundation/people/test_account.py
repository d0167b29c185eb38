"""One's own account: what can be changed, what cannot, and names (I1)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

FOREIGN = {
    "roles": ["super_admin"],
    "status": "active",
    "is_verified": True,
    "followers_count": 1000,
    "following_count": 1000,
    "platform_tier": "enterprise",
    "email": "other@example.org",
    "id": "00000000-0000-0000-0000-000000000000",
    "preferences": {"theme": "dark"},
}


async def test_the_whole_account(client: Any, make: Any) -> None:
    ana = await make.user("Ana")
    answer = await client.as_(ana).get("/api/v1/users/me")
    assert answer.status_code == 200
    body = answer.json()
    assert body == {
        "id": str(ana.id),
        "username": "Ana",
        "display_name": "Ana",
        "email": "Ana@example.org".lower(),
        "phone": None,
        "roles": ["reader"],
        "status": body["status"],
        "is_verified": body["is_verified"],
        "avatar_url": None,
        "bio": "",
        "locale": "en",
        "timezone": "UTC",
        "preferences": {
            "theme": None,
            "reading_face": None,
            "reading_size": None,
            "mature_content": "ask",
            "show_in_search": True,
            "show_followers": True,
        },
        "followers_count": 0,
        "following_count": 0,
        "platform_tier": "free",
        "has_author_profile": False,
        "has_brand_profile": False,
        "rename_at": None,
        "created_at": body["created_at"],
        "updated_at": body["updated_at"],
    }
    assert (await client.get("/api/v1/users/me")).status_code == 401


async def test_only_what_is_given_changes(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    changed = (
        await ana.patch("/api/v1/users/me", json={"timezone": "Asia/Kolkata", "bio": "  Writes.\r\nReads. "})
    ).json()
    assert (changed["timezone"], changed["bio"], changed["display_name"]) == ("Asia/Kolkata", "Writes.\nReads.", "ana")
    changed = (await ana.patch("/api/v1/users/me", json={"displayName": "Ana  B.", "locale": "en-US"})).json()
    assert (changed["display_name"], changed["locale"], changed["timezone"]) == ("Ana B.", "en-US", "Asia/Kolkata")


async def test_nothing_else_can_be_set(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    before = (await ana.get("/api/v1/users/me")).json()
    answer = await ana.patch("/api/v1/users/me", json={**FOREIGN, "bio": "Hello"})
    assert answer.status_code == 200
    changed = {k for k, v in answer.json().items() if v != before[k]}
    assert changed == {"bio", "updated_at"}


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"display_name": "", "bio": "x" * 1001, "timezone": "Mars/Olympus", "locale": "tlh"}, None),
        ({"display_name": "x" * 10_000}, ["display_name"]),
        ({"display_name": "\u202egnp.nimda"}, ["display_name"]),
        ({"display_name": "\u200b\u200b"}, ["display_name"]),
        ({"display_name": "a\x00b"}, ["display_name"]),
        ({"bio": "a\x00b"}, ["bio"]),
        ({"timezone": "../../etc/passwd"}, ["timezone"]),
        ({"timezone": "Etc/UTC"}, ["timezone"]),
        ({"timezone": "Mars/Olympus", "display_name": " "}, ["display_name", "timezone"]),
        ({"timezone": "Mars/Olympus", "username": "admin"}, ["timezone", "username"]),
        ({"username": "a"}, ["username"]),
        ({"username": "аdmin"}, ["username"]),
        ({"username": "ａｎａ"}, ["username"]),
        ({"username": "ana\n"}, ["username"]),
        ({"username": "Stoa"}, ["username"]),
        ({"username": "Adm1n"}, ["username"]),
        ({"username": "sup.p0rt"}, ["username"]),
        ({"username": "super-admin"}, ["username"]),
        ({"username": "x" * 51}, ["username"]),
    ],
    ids=lambda value: None if value is None or isinstance(value, list) else ",".join(value),
)
async def test_what_is_wrong_is_named_and_changes_nothing(
    client: Any, make: Any, given: dict[str, Any], fields: list[str] | None
) -> None:
    ana = client.as_(await make.user("ana"))
    before = (await ana.get("/api/v1/users/me")).json()
    answer = await ana.patch("/api/v1/users/me", json={"bio": "New", **given})
    assert answer.status_code == 422
    assert sorted(answer.json()["fields"]) == (fields or ["bio", "display_name", "locale"])
    assert (await ana.get("/api/v1/users/me")).json() == before


# ---- names -----------------------------------------------------------------------------------------------------


async def rename(client: Any, user: Any, username: str) -> Any:
    return await client.as_(user).patch("/api/v1/users/me", json={"username": username})


async def test_the_old_name_stays_its_owners_and_leads_on(client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    assert (await rename(client, ana, "anabel")).json()["username"] == "anabel"
    assert (await client.get("/api/v1/users/ana")).json()["username"] == "anabel"
    page = await client.get("/@ana")
    assert (page.status_code, page.headers["location"]) == (303, "/@anabel")
    assert (await client.get("/@anabel")).status_code == 200
    taken = await rename(client, ben, "Ana")
    assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")
    body = {"username": "ANA", "email": "c@example.org", "password": "a stoa has columns"}
    taken = await client.post("/api/v1/auth/register", json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")
    assert (await client.as_(ben).get("/api/v1/users/me")).json()["username"] == "ben"
    assert (await client.as_(ana).get("/api/v1/auth/me")).json()["username"] == "anabel"


async def test_a_name_is_kept_for_thirty_days(client: Any, make: Any, tx: Any) -> None:
    ana = await make.user("ana")
    assert (await rename(client, ana, "anabel")).status_code == 200
    again = await rename(client, ana, "annabel")
    assert (again.status_code, again.json()["code"]) == (409, "renamed_recently")
    assert (await rename(client, ana, "ana")).status_code == 409, "not even back"
    assert (await rename(client, ana, "AnaBel")).json()["username"] == "AnaBel", "its case is no other name"
    rename_at = (await client.as_(ana).get("/api/v1/users/me")).json()["rename_at"]
    assert again.json()["again_at"][:10] == rename_at[:10]
    assert datetime.now(UTC) + timedelta(days=29) < datetime.fromisoformat(rename_at)
    async with tx() as ctx:
        await ctx.db.execute("update usernames set taken_at = taken_at - interval '31 days'")
    assert (await rename(client, ana, "ana")).json()["username"] == "ana", "one may go back to a name of one's own"
    assert (await client.get("/api/v1/users/anabel")).json()["username"] == "ana"


async def test_two_want_one_name_at_once(client: Any, make: Any, live: Any) -> None:
    people = [await make.user() for _ in range(6)]
    answers = await asyncio.gather(*(rename(client, user, "Columns") for user in people))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409, 409, 409]
    shown = (await client.get("/api/v1/users/columns")).json()
    assert [p.id for p, a in zip(people, answers, strict=True) if a.status_code == 200] == [
        p.id for p in people if str(p.id) == shown["id"]
    ]


async def test_one_person_changes_their_name_once_however_often_they_click(client: Any, make: Any, live: Any) -> None:
    ana = await make.user("ana")
    answers = await asyncio.gather(*(rename(client, ana, f"ana{n}") for n in range(5)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409, 409]


async def test_a_name_given_up_at_the_same_moment_is_not_registered(client: Any, make: Any, live: Any) -> None:
    for number in range(4):
        user = await make.user(f"old{number}")
        body = {"username": f"old{number}", "email": f"n{number}@example.org", "password": "a stoa has columns"}
        renamed, registered = await asyncio.gather(
            rename(client, user, f"new{number}"), client.post("/api/v1/auth/register", json=body)
        )
        assert (renamed.status_code, registered.status_code) == (200, 409)
        assert (await client.get(f"/api/v1/users/old{number}")).json()["id"] == str(user.id)


async def test_a_change_of_name_is_written_down(client: Any, make: Any, tx: Any) -> None:
    ana = await make.user("ana")
    await rename(client, ana, "anabel")
    async with tx() as ctx:
        row = await ctx.db.fetchrow("select * from audit_events where action = 'identity.username_changed'")
    assert (row["actor_id"], row["before"], row["after"]) == (ana.id, {"username": "ana"}, {"username": "anabel"})


# ---- preferences -----------------------------------------------------------------------------------------------


async def test_preferences_keep_what_is_not_given(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    first = await ana.patch("/api/v1/users/me/preferences", json={"theme": "dark", "readingSize": 22})
    assert (first.status_code, first.json()["theme"], first.json()["reading_size"]) == (200, "dark", 22)
    second = (await ana.patch("/api/v1/users/me/preferences", json={"theme": None, "show_followers": False})).json()
    assert (second["theme"], second["reading_size"], second["show_followers"]) == (None, 22, False)
    assert (await ana.get("/api/v1/users/me/preferences")).json() == second
    wrong = await ana.patch(
        "/api/v1/users/me/preferences", json={"theme": "pink", "reading_size": 23, "show_in_search": "maybe"}
    )
    assert (wrong.status_code, sorted(wrong.json()["fields"])) == (
        422,
        ["reading_size", "show_in_search", "theme"],
    )
    assert (await ana.get("/api/v1/users/me/preferences")).json() == second


async def test_preferences_changed_at_once_are_all_kept(client: Any, make: Any, live: Any) -> None:
    ana = client.as_(await make.user("ana"))
    changes = [{"theme": "dark"}, {"reading_face": "inter"}, {"mature_content": "show"}, {"show_in_search": False}]
    await asyncio.gather(*(ana.patch("/api/v1/users/me/preferences", json=change) for change in changes))
    kept = (await ana.get("/api/v1/users/me/preferences")).json()
    assert {k: kept[k] for change in changes for k in change} == {k: v for c in changes for k, v in c.items()}


async def test_an_account_takes_one_statement_beside_who_it_is(client: Any, make: Any, queries: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    as_ana = client.as_(ana)
    for path in ("/api/v1/users/me", f"/api/v1/users/{ben.username}"):
        await as_ana.get(path)
        with queries() as seen:
            assert (await as_ana.get(path)).status_code == 200
        assert len(seen) <= 2, seen
