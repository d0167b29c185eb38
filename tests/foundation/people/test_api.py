"""Profiles and follows."""

import asyncio
from typing import Any


async def test_profile_is_public(client: Any, make: Any) -> None:
    ana = await make.user("Ana")
    answer = await client.get("/api/v1/people/ana")
    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(ana.id),
        "username": "Ana",
        "display_name": "Ana",
        "avatar_url": None,
        "is_verified": True,
        "bio": "",
        "followers_count": 0,
        "following_count": 0,
        "joined_at": answer.json()["joined_at"],
        "is_followed": False,
        "is_suspended": False,
    }
    assert (await client.get("/api/v1/people/nobody")).status_code == 404


async def test_following_counts_once_however_often(client: Any, make: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    as_ana, as_bea = client.as_(ana), client.as_(bea)
    both = [as_ana.put("/api/v1/people/bea/follow") for _ in range(5)]
    both += [as_bea.put("/api/v1/people/ana/follow") for _ in range(5)]
    assert {a.status_code for a in await asyncio.gather(*both)} == {200}
    profile = (await as_ana.get("/api/v1/people/bea")).json()
    assert (profile["followers_count"], profile["following_count"], profile["is_followed"]) == (1, 1, True)
    await asyncio.gather(*(as_ana.delete("/api/v1/people/bea/follow") for _ in range(5)))
    profile = (await as_ana.get("/api/v1/people/bea")).json()
    assert (profile["followers_count"], profile["following_count"], profile["is_followed"]) == (0, 1, False)


async def test_nobody_follows_themselves_or_nobody(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    answer = await ana.put("/api/v1/people/ana/follow")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_yourself")
    assert (await ana.put("/api/v1/people/nobody/follow")).status_code == 404
    assert (await client.put("/api/v1/people/ana/follow")).status_code == 401


async def test_editing_changes_only_what_is_given(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    changed = await ana.patch("/api/v1/people/me", json={"displayName": "Ana B."})
    assert (changed.status_code, changed.json()["display_name"], changed.json()["bio"]) == (200, "Ana B.", "")
    refused = await ana.patch("/api/v1/people/me", json={"displayName": "", "bio": "x" * 1001})
    assert sorted(refused.json()["fields"]) == ["bio", "display_name"]
