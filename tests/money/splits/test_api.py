"""Rules of sharing through HTTP and in the database."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.errors import Invalid
from stoa.money.splits import actions, queries
from tests.money import books

URL = "/api/v1/admin/splits"
RULE = {"kind": "tip", "creator_bp": 9000, "platform_bp": 700, "charity_bp": 300}


def later(**how: float) -> str:
    return (utcnow() + timedelta(**how)).isoformat()


async def shares(ctx: Any, *args: Any, **kwargs: Any) -> dict[str, int]:
    return {share.receiver: share.amount_minor for share in await actions.split(ctx, *args, **kwargs)}


async def test_a_platform_begins_with_the_documented_shares(client: Any, make: Any) -> None:
    found = (await client.as_(await make.user(roles=("admin",))).get(URL)).json()["items"]
    assert [
        (i["rule"]["kind"], i["rule"]["creator_bp"], i["rule"]["platform_bp"], i["rule"]["charity_bp"], i["state"])
        for i in sorted(found, key=lambda i: i["rule"]["kind"])
    ] == [
        ("gift", 4000, 6000, 0, "in_force"),
        ("sale", 9000, 1000, 0, "in_force"),
        ("tip", 9700, 200, 100, "in_force"),
    ]
    assert [(i["rule"]["tax_name"], i["rule"]["tax_bp"]) for i in found if i["rule"]["kind"] == "sale"] == [
        ("GST", 1800)
    ]


@pytest.mark.parametrize(
    ("kind", "amount", "asset", "parts"),
    [
        ("gift", 100, "COIN", (40, 60, 0, 0)),
        ("tip", 300, "USD", (291, 6, 3, 0)),
        ("tip", 1, "USD", (1, 0, 0, 0)),
        ("tip", 300, "JPY", (291, 6, 3, 0)),  # no decimals: 300 yen
        ("tip", 3_000, "KWD", (2_910, 60, 30, 0)),  # three decimals: 3 dinars
        ("sale", 999, "INR", (881, 100, 0, 18)),
        ("sale", 10**15, "USD", (882 * 10**12, 10**14, 0, 18 * 10**12)),
    ],
)
async def test_splitting_by_the_rule_in_force(
    ctx: Any, kind: Any, amount: int, asset: str, parts: tuple[int, ...]
) -> None:
    found = await shares(ctx, kind, amount, asset)
    assert tuple(found.values()) == parts and sum(parts) == amount
    assert list(found) == ["creator", "platform", "charity", "tax"]


@pytest.mark.parametrize(("amount", "asset"), [(-1, "USD"), (10**15 + 1, "USD"), (1, "XXX")])
async def test_what_cannot_be_split_is_refused(ctx: Any, amount: int, asset: str) -> None:
    with pytest.raises(Invalid):
        await actions.split(ctx, "tip", amount, asset)


async def test_a_rule_holds_from_its_moment_on(client: Any, make: Any, tx: Any) -> None:
    admin = await make.user(roles=("admin",))
    begins = utcnow() + timedelta(hours=1)
    made = await client.as_(admin).post(URL, json={**RULE, "effective_from": begins.isoformat()})
    assert made.status_code == 201
    first = made.json()["items"][0]
    assert (first["rule"]["creator_bp"], first["state"], first["rule"]["created_by"]) == (
        9000,
        "coming",
        admin.username,
    )
    async with tx() as ctx:
        assert (await shares(ctx, "tip", 1000, "USD"))["creator"] == 970
        assert (await shares(ctx, "tip", 1000, "USD", begins - timedelta(microseconds=1)))["creator"] == 970
        assert (await shares(ctx, "tip", 1000, "USD", begins))["creator"] == 900
        assert (await shares(ctx, "gift", 1000, "COIN", begins))["creator"] == 400
        event = await ctx.db.fetchrow("select * from audit_events where action = 'splits.rule_added'")
    assert (event["actor_id"], event["after"]["creator_bp"]) == (admin.id, 9000)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"creator_bp": 9001}, {"creator_bp"}),
        ({"creator_bp": -1, "tax_bp": 10_001}, {"creator_bp", "tax_bp"}),
        ({"creator_bp": "90", "platform_bp": 7.5}, {"creator_bp", "platform_bp"}),
        ({"tax_bp": 100}, {"tax_name"}),
        ({"tax_name": "VAT"}, {"tax_bp"}),
        ({"creator_bp": 0, "platform_bp": 9700, "tax_name": "VAT", "tax_bp": 1}, {"tax_bp"}),
        ({"kind": "gift"}, {"charity_bp"}),
        ({"kind": "gift", "creator_bp": 4050, "platform_bp": 5950, "charity_bp": 0}, {"creator_bp"}),
        ({"kind": "gift", "creator_bp": 0, "platform_bp": 10_000, "charity_bp": 0}, {"creator_bp"}),
        ({"kind": "loan"}, {"kind"}),
        ({"effective_from": "2020-01-01T00:00:00Z"}, {"effective_from"}),
        ({"effective_from": "2099-01-01T00:00:00"}, {"effective_from"}),
    ],
)
async def test_wrong_rules_name_each_wrong_field(client: Any, make: Any, app: Any, change: Any, fields: Any) -> None:
    admin = client.as_(await make.user(roles=("admin",)))
    answer = await admin.post(URL, json={**RULE, "effective_from": later(hours=1), **change})
    assert answer.status_code == 422 and set(answer.json()["fields"]) == fields
    assert await books.count(app, "select count(*) from split_rules") == 3


async def test_only_administrators_see_and_add_rules(client: Any, make: Any, app: Any) -> None:
    creator = client.as_(await make.user(roles=("creator",)))
    assert (await creator.get(URL)).status_code == 403
    assert (await creator.post(URL, json={**RULE, "effective_from": later(hours=1)})).status_code == 403
    assert await books.count(app, "select count(*) from split_rules") == 3


async def test_of_two_rules_for_one_moment_one_is_made(client: Any, make: Any, live: Any) -> None:
    admin = client.as_(await make.user(roles=("admin",)))
    begins = later(hours=1)
    answers = await asyncio.gather(*(admin.post(URL, json={**RULE, "effective_from": begins}) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"split_rule_taken"}
    assert await books.count(live, "select count(*) from split_rules where kind = 'tip'") == 2


@pytest.mark.parametrize(
    "sql",
    [
        "update split_rules set creator_bp = 5000, platform_bp = 5000 where kind = 'gift'",
        "delete from split_rules",
        "truncate split_rules",
        "insert into split_rules (id, kind, effective_from, creator_bp, platform_bp, created_at) "
        "values (gen_random_uuid(), 'tip', now() - interval '1 day', 5000, 5000, now())",
        "insert into split_rules (id, kind, effective_from, creator_bp, platform_bp, created_at) "
        "values (gen_random_uuid(), 'tip', now(), 5000, 5001, now())",
        "insert into split_rules (id, kind, effective_from, creator_bp, platform_bp, tax_name, tax_bp, created_at) "
        "values (gen_random_uuid(), 'tip', now(), 100, 9900, 'T', 1000, now())",
    ],
)
async def test_the_database_keeps_rules_as_they_were(db: Any, sql: str) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await db.execute(sql)


async def test_the_rule_in_force_costs_one_query_for_many_splits(tx: Any, queries: Callable[[], Any]) -> None:
    async with tx() as ctx:
        with queries() as seen:
            for kind in ("gift", "tip", "sale"):
                await actions.split(ctx, kind, 100, "USD")
    assert len(seen) == 1


async def test_there_is_always_a_rule(tx: Any) -> None:
    async with tx() as ctx:
        assert (await queries.rule_at(ctx, "gift", datetime(1970, 1, 1, tzinfo=UTC))).creator_percent == 40
