"""Plans: what they hold, that it is really counted, and who puts somebody on one (B4)."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pyvips

from stoa.foundation.settings import actions as settings
from stoa.foundation.settings.types import Plans
from stoa.kit import invariants
from stoa.kit.clock import utcnow
from stoa.kit.ids import new_id

KB = 1024


async def limit(make: Any, **bytes_of: int | None) -> None:
    """Sets the storage that plans hold."""
    plans = msgspec.to_builtins(Plans())
    for plan, most in bytes_of.items():
        plans[plan]["storage_bytes"] = most
    async with make.tx() as ctx:
        await settings.change_platform(ctx, plans=plans)


async def storage(client: Any, user: Any) -> dict[str, Any]:
    answer = await client.as_(user).get("/api/v1/users/me/usage")
    assert answer.status_code == 200
    return next(m for m in answer.json()["meters"] if m["meter"] == "storage_bytes")


def noise(seed: int, side: int = 300) -> bytes:
    return bytes(pyvips.Image.gaussnoise(side, side, sigma=60, mean=128, seed=seed).cast("uchar").pngsave_buffer())


async def upload(client: Any, user: Any, seed: int) -> Any:
    return await client.as_(user).post("/api/v1/media", files={"file": ("x.png", noise(seed))})


async def test_everybody_is_on_the_free_plan(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    tier = (await client.as_(ana).get("/api/v1/users/me/tier")).json()
    assert (tier["plan"], tier["status"], tier["started_at"], tier["expires_at"]) == ("free", "active", None, None)
    assert tier["limits"]["storage_bytes"] == KB**3
    assert [p["plan"] for p in tier["larger"]] == ["starter", "growth", "professional", "enterprise"]
    assert tier["larger"][-1]["limits"]["storage_bytes"] is None
    usage = (await client.as_(ana).get("/api/v1/users/me/usage")).json()
    assert usage["plan"] == "free"
    assert [m["meter"] for m in usage["meters"]] == list(tier["limits"])
    assert {m["used"] for m in usage["meters"]} == {0}
    assert (await client.get("/api/v1/users/me/tier")).status_code == 401
    assert (await client.get("/api/v1/users/me/usage")).status_code == 401


async def test_what_is_stored_is_counted_and_given_back(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    first, second = (await upload(client, ana, 1)).json(), (await upload(client, ana, 2)).json()
    assert (await storage(client, ana))["used"] == first["bytes_count"] + second["bytes_count"]
    await upload(client, ana, 1)
    assert (await storage(client, ana))["used"] == first["bytes_count"] + second["bytes_count"], "the same is one"
    await client.as_(ana).delete(f"/api/v1/media/{first['id']}?for_good=true")
    assert (await storage(client, ana))["used"] == second["bytes_count"]
    async with app.database.connection() as db:
        assert await invariants.check(db) == []


async def test_a_full_plan_refuses_and_says_what_lifts_it(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    first = (await upload(client, ana, 1)).json()
    await limit(make, free=first["bytes_count"] + 10, starter=first["bytes_count"] + 20)
    before = await app.storage.paths("media")
    refused = await upload(client, ana, 2)
    assert refused.status_code == 402
    body = refused.json()
    assert (body["code"], body["meter"], body["plan"]) == ("plan_limit", "storage_bytes", "free")
    assert (body["limit"], body["used"]) == (first["bytes_count"] + 10, first["bytes_count"])
    assert body["lifted_by"] == "growth", "starter would be too small for it, too"
    assert "Growth" in body["detail"]
    assert await app.storage.paths("media") == before
    assert (await storage(client, ana))["used"] == first["bytes_count"]
    face = await client.as_(ana).post("/api/v1/users/me/avatar", files={"file": ("x.png", noise(3))})
    assert face.status_code == 402
    assert (await client.get("/api/v1/users/ana")).json()["avatar_url"] is None


async def test_of_many_at_once_only_as_many_pass_as_fit(client: Any, make: Any, app: Any, live: Any) -> None:
    ana = await make.user("ana")
    one = (await upload(client, ana, 1)).json()["bytes_count"]
    await limit(make, free=round(one * 3.5))
    answers = await asyncio.gather(*(upload(client, ana, seed) for seed in range(2, 9)))
    assert sorted(a.status_code for a in answers) == [201, 201, *[402] * 5]
    used = (await storage(client, ana))["used"]
    assert used <= one * 3.5
    async with app.database.connection() as db:
        assert await invariants.check(db) == []


async def test_the_same_picture_at_once_is_counted_once(client: Any, make: Any, app: Any, live: Any) -> None:
    ana = await make.user("ana")
    answers = await asyncio.gather(*(upload(client, ana, 1) for _ in range(4)))
    assert {a.json()["bytes_count"] for a in answers} == {(await storage(client, ana))["used"]}
    path = f"/api/v1/media/{answers[0].json()['id']}?for_good=true"
    gone = await asyncio.gather(*(client.as_(ana).delete(path) for _ in range(4)))
    assert {a.status_code for a in gone} <= {204, 404}
    assert (await storage(client, ana))["used"] == 0


async def test_an_administrator_puts_somebody_on_a_plan(client: Any, make: Any, tx: Any) -> None:
    ana, chief = await make.user("ana"), await make.user("chief", roles=("admin",))
    path = f"/api/v1/admin/users/{ana.id}/plan"
    for who, status in ((ana, 403), (None, 401)):
        assert (await client.as_(who).put(path, json={"plan": "enterprise"})).status_code == status
    mod = await make.user(roles=("moderator",))
    assert (await client.as_(mod).put(path, json={"plan": "enterprise"})).status_code == 403
    past = {"plan": "growth", "expires_at": (utcnow() - timedelta(days=1)).isoformat()}
    assert (await client.as_(chief).put(path, json=past)).status_code == 422
    assert (await client.as_(chief).put(path, json={"plan": "gold"})).status_code == 422
    assert (await client.as_(ana).get("/api/v1/users/me/tier")).json()["plan"] == "free"
    until = {"plan": "growth", "expires_at": (utcnow() + timedelta(days=1)).isoformat()}
    assert (await client.as_(chief).put(path, json=until)).status_code == 200
    tier = (await client.as_(ana).get("/api/v1/users/me/tier")).json()
    assert (tier["plan"], [p["plan"] for p in tier["larger"]]) == ("growth", ["professional", "enterprise"])
    assert (await client.as_(ana).get("/api/v1/users/me")).json()["platform_tier"] == "growth"
    async with tx() as ctx:
        row = await ctx.db.fetchrow("select * from audit_events where action = 'plans.changed'")
        assert (row["actor_id"], row["before"], row["after"]["plan"]) == (chief.id, {"plan": "free"}, "growth")
        await ctx.db.execute(
            "update account_plans set started_at = now() - interval '2 days', expires_at = now() - interval '1 day'"
        )
    assert (await client.as_(ana).get("/api/v1/users/me/tier")).json()["plan"] == "free", "it has run out"
    assert (await client.as_(ana).get("/api/v1/users/me")).json()["platform_tier"] == "free"


async def test_nobody_is_put_on_a_plan(client: Any, make: Any) -> None:
    chief = await make.user("chief", roles=("admin",))
    path = f"/api/v1/admin/users/{new_id()}/plan"
    assert (await client.as_(chief).put(path, json={"plan": "free"})).status_code == 404
