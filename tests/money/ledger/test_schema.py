"""What the database itself refuses, whoever writes to it (M1, M9): raw SQL against the ledger's tables."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from stoa.kit.ids import new_id
from stoa.kit.money import CURRENCIES
from tests.money.ledger.people import clean, fund, held, hold, platform, post, purse, reverse

TRANSFER = """
    insert into ledger_transfers (id, kind, idempotency_key, input_hash, cause, owners, assets, purposes, amounts)
    values ($1::uuid, 'test', $1::uuid::text, '', 'A test', $2, $3, $4, $5)
"""

REVERSAL = """
    insert into ledger_transfers
      (id, kind, idempotency_key, input_hash, cause, reverses, owners, assets, purposes, amounts)
    values (gen_random_uuid(), 'test', gen_random_uuid()::text, '', 'A test', $1, array[$2, null]::uuid[],
      array['COIN', 'COIN'], $3, $4)
"""


async def refused(db: Any, sqlstate: str, sql: str, *args: Any) -> None:
    with pytest.raises(asyncpg.PostgresError) as caught:
        async with db.transaction():
            await db.execute(sql, *args)
    assert caught.value.sqlstate == sqlstate, caught.value


@pytest.mark.parametrize(
    ("assets", "purposes", "amounts", "sqlstate"),
    [
        (["COIN", "COIN"], ["earned", "purchased"], [-5, 6], "LG002"),
        (["COIN", "COIN"], ["earned", "purchased"], [5, 5], "LG002"),
        (["COIN", "USD"], ["earned", "earned"], [-5, 5], "LG002"),
        (["COIN", "COIN", "USD"], ["earned", "purchased", "earned"], [-5, 4, 1], "LG002"),
        (["COIN", "COIN", "COIN"], ["earned", "purchased", "promotional"], [-5, 5, 0], "LG002"),
        (["COIN", "COIN", "COIN"], ["earned", "purchased", "promotional"], [-5, 5, None], "LG002"),
        (["COIN", "COIN"], ["earned", "purchased", "promotional"], [-5, 5], "LG002"),
        (["COIN", "COIN"], ["earned", "purchased"], [-5], "LG002"),
        (["COIN"], ["purchased"], [5], "LG002"),
        ([], [], [], "LG002"),
        (["COIN", "COIN"], ["earned", "purchased"], [-101, 101], "LG001"),
        (["COIN", "COIN"], ["earned", "savings"], [-5, 5], "LG009"),
        (["GOLD", "GOLD"], ["earned", "purchased"], [-5, 5], "LG009"),
        (["COIN", "COIN"], ["earned", "earned"], [-5, 5], "23505"),
    ],
)
async def test_a_transfer_out_of_order_is_refused(
    ctx: Any, assets: list[str], purposes: list[str], amounts: list[int], sqlstate: str
) -> None:
    owner = uuid4()
    await fund(ctx, purse(owner), 100)
    await refused(ctx.db, sqlstate, TRANSFER, new_id(), [owner] * len(purposes), assets, purposes, amounts)
    assert await held(ctx, owner) == {("COIN", "earned"): 100}
    await clean(ctx.db)


async def test_raw_transfers_are_applied_one_by_one_or_several(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    await ctx.db.execute(
        """
        insert into ledger_transfers (id, kind, idempotency_key, input_hash, cause, owners, assets, purposes, amounts)
        select gen_random_uuid(), 'test', 'raw' || n, '', 'A test', array[$1, $2, null]::uuid[],
          array['COIN', 'COIN', 'COIN'], array['earned', 'earned', 'fees'], array[-10, 4, 6]
        from generate_series(1, 5) n
        """,
        ana,
        bob,
    )
    assert await held(ctx, ana) == {("COIN", "earned"): 50}
    assert await held(ctx, bob) == {("COIN", "earned"): 20}
    await clean(ctx.db)


@pytest.mark.parametrize(
    "sql",
    [
        "update ledger_transfers set cause = 'Nothing happened'",
        "update ledger_transfers set amounts = array[-1, 1] where false",
        "delete from ledger_transfers",
        "truncate ledger_transfers",
        "update ledger_postings set amount_minor = 1",
        "delete from ledger_postings where transfer_id = $1",
        "truncate ledger_postings",
        "insert into ledger_reversals values (gen_random_uuid(), gen_random_uuid())",
        "update ledger_reversals set reversal = original",
        "delete from ledger_reversals",
        "truncate ledger_reversals",
        """insert into ledger_postings (transfer_id, account_id, amount_minor, balance_after_minor, created_at)
           select $1, p.account_id, -p.amount_minor, 0, now() from ledger_postings p where p.transfer_id = $1""",
        """insert into ledger_postings (transfer_id, account_id, amount_minor, balance_after_minor, created_at)
           values (gen_random_uuid(), 1, 5, 5, now()), (gen_random_uuid(), 2, -5, 5, now())""",
        "update ledger_accounts set balance_minor = balance_minor + 1 where id > 0",
        "update ledger_accounts set folded_minor = 0",
        "update ledger_accounts set owner_id = gen_random_uuid() where id > 0",
        "insert into ledger_accounts (id, owner_id, asset, purpose, balance_minor) values (0, null, 'USD', 'fees', 1)",
        "insert into ledger_accounts (id, owner_id, asset, purpose) values (999999, null, 'USD', 'fees')",
        "insert into ledger_accounts (id, owner_id, asset, purpose) values (-9, gen_random_uuid(), 'USD', 'earned')",
        "delete from ledger_accounts",
        "truncate ledger_accounts",
        "insert into ledger_pending values (-1, 5)",
        "update ledger_pending set amount_minor = 0",
        "truncate ledger_pending",
        "update ledger_assets set exponent = 0 where code = 'USD'",
        "delete from ledger_assets where code = 'VND'",
        "truncate ledger_assets cascade",
        "update ledger_purposes set kind = 'income' where purpose = 'world'",
        "delete from ledger_purposes where purpose = 'charity'",
        "truncate ledger_purposes",
        """insert into ledger_transfers
             (id, kind, idempotency_key, input_hash, cause, grouped, owners, assets, purposes, amounts)
           values (gen_random_uuid(), 'test', 'g', '', 'A test', true, array[null, null]::uuid[],
             array['COIN', 'COIN'], array['issued', 'fees'], array[-5, 5])""",
    ],
)
async def test_history_and_balances_are_not_touched(ctx: Any, sql: str) -> None:
    owner = uuid4()
    receipt = await fund(ctx, purse(owner), 100)
    args = [receipt.transfer_id] if "$1" in sql else []
    await refused(ctx.db, "LG004", sql, *args)
    await clean(ctx.db)


async def test_a_balance_below_zero_is_refused_by_a_constraint_too(ctx: Any) -> None:
    await fund(ctx, purse(uuid4()), 100)
    await ctx.db.execute("alter table ledger_accounts disable trigger ledger_accounts_by_transfer_only")
    await refused(ctx.db, "23514", "update ledger_accounts set balance_minor = -1 where id > 0")


async def test_a_transfer_is_reversed_once_in_raw_sql_too(ctx: Any) -> None:
    owner = uuid4()
    receipt = await fund(ctx, purse(owner), 100)
    sql = """
        insert into ledger_transfers
          (id, kind, idempotency_key, input_hash, cause, reverses, owners, assets, purposes, amounts)
        values (gen_random_uuid(), 'test', $1, '', 'A test', $2, array[$3, null]::uuid[], array['COIN', 'COIN'],
          array['earned', 'issued'], array[-100, 100])
    """
    await ctx.db.execute(sql, "once", receipt.transfer_id, owner)
    await refused(ctx.db, "LG007", sql, "twice", receipt.transfer_id, owner)
    assert await ctx.db.fetchval("select count(*) from ledger_transfers where reverses = $1", receipt.transfer_id) == 1


@pytest.mark.parametrize(
    ("who", "purposes", "amounts"),
    [
        ("owner", ["earned", "issued"], [-50, 50]),
        ("owner", ["earned", "fees"], [-100, 100]),
        ("owner", ["purchased", "issued"], [-100, 100]),
        ("owner", ["earned", "issued"], [100, -100]),
        ("other", ["earned", "issued"], [-100, 100]),
    ],
)
async def test_a_reversal_is_the_opposite_of_what_it_names(
    ctx: Any, who: str, purposes: list[str], amounts: list[int]
) -> None:
    owner, other = uuid4(), uuid4()
    receipt = await fund(ctx, purse(owner), 100)
    for purse_of in (purse(owner), purse(owner, "purchased"), purse(other)):
        await fund(ctx, purse_of, 100)
    person = owner if who == "owner" else other
    await refused(ctx.db, "LG008", REVERSAL, receipt.transfer_id, person, purposes, amounts)
    await refused(ctx.db, "LG010", REVERSAL, uuid4(), person, purposes, amounts)
    await clean(ctx.db)


async def test_a_reversal_and_a_hold_are_not_reversed_by_raw_transfers_either(ctx: Any) -> None:
    owner = uuid4()
    receipt = await fund(ctx, purse(owner), 100)
    back = await reverse(ctx, receipt.transfer_id)
    await refused(ctx.db, "LG008", REVERSAL, back.transfer_id, owner, ["earned", "issued"], [100, -100])
    await fund(ctx, purse(owner), 40)
    kept = await hold(ctx, {purse(owner): 40})
    sql = REVERSAL.replace("null]", "$2]")
    await refused(ctx.db, "LG008", sql, kept.id, owner, ["earned", "earned_reserved"], [40, -40])
    await clean(ctx.db)


async def test_what_leaves_pending_arrives_in_the_balance_whoever_deletes_it(ctx: Any) -> None:
    owner = uuid4()
    await fund(ctx, purse(owner), 100)
    await post(ctx, {purse(owner): -30, platform("fees"): 30})
    await ctx.db.execute("delete from ledger_pending where amount_minor > 0")
    await clean(ctx.db)
    assert await ctx.db.fetchval("select sum(folded_minor) from ledger_accounts where id < 0") == 30
    await ctx.db.execute("delete from ledger_pending")
    await clean(ctx.db)
    assert await ctx.db.fetchval("select sum(folded_minor) from ledger_accounts where id < 0") == -70


@pytest.mark.parametrize(
    "sql",
    [
        "update ledger_holds set amounts = array[1::bigint]",
        "update ledger_holds set expires_at = now()",
        "update ledger_holds set state = 'released', closing = $1, closed_at = now()",
        "update ledger_holds set state = 'settled', closing = id, closed_at = now()",
        """insert into ledger_holds (id, owners, assets, purposes, amounts)
           select $1, owners, assets, purposes, amounts from ledger_holds""",
        "insert into ledger_holds (id, owners, assets, purposes, amounts) values ($1, '{}', '{}', '{}', '{}')",
        "delete from ledger_holds",
        "truncate ledger_holds",
    ],
)
async def test_a_hold_follows_its_money(ctx: Any, sql: str) -> None:
    owner = uuid4()
    other = await fund(ctx, purse(owner), 100)
    await hold(ctx, {purse(owner): 40})
    args = [other.transfer_id] if "$1" in sql else []
    await refused(ctx.db, "LG004", sql, *args)
    await clean(ctx.db)


async def test_the_ledger_has_the_assets_of_the_kit(ctx: Any) -> None:
    rows = await ctx.db.fetch("select code, exponent from ledger_assets")
    assert {row["code"]: row["exponent"] for row in rows} == CURRENCIES
