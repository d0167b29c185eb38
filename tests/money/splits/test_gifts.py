"""Gifts and payouts follow the rule of the kind "gift"."""

from typing import Any

from tests.money.books import assert_clean, buckets


async def test_a_gift_is_shared_by_the_rule_in_force(app: Any, client: Any, make: Any) -> None:
    """A gift that was made before a rule began keeps what it was shared by."""
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    give = {"recipient_id": str(ben.id), "amount": 10}
    first = (await client.as_(ana).post("/api/v1/gifts", json=give)).json()
    async with make.tx() as ctx:
        await ctx.db.execute(
            "insert into split_rules (id, kind, effective_from, creator_bp, platform_bp, created_at)"
            " values (gen_random_uuid(), 'gift', $1, 7500, 2500, $1)",
            ctx.now,
        )
    app.cache.clear()
    second = (await client.as_(ana).post("/api/v1/gifts", json=give)).json()
    assert (first["creator_minor"], first["platform_minor"]) == (400, 600)
    assert (second["creator_minor"], second["platform_minor"]) == (750, 250)
    assert (await client.as_(ben).get("/api/v1/earnings")).json()["creator_percent"] == 75
    again = (await client.as_(ana).get(f"/api/v1/gifts/{first['id']}")).json()
    assert (again["creator_minor"], again["platform_minor"]) == (400, 600)
    assert await buckets(app, ana) == {"purchased": 8_000}
    assert await buckets(app, ben) == {"earned": 1_150}
    await assert_clean(app)
