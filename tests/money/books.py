"""Reading the books in tests."""

from typing import Any

from stoa.kit.ctx import App
from stoa.money.disputes import invariants as disputes
from stoa.money.ledger import queries as ledger
from stoa.money.payments import invariants as payments
from stoa.money.payouts import invariants as payouts
from stoa.money.receipts import invariants as receipts
from stoa.money.refunds import invariants as refunds
from stoa.money.risk import invariants as risk
from stoa.money.splits import invariants as splits
from stoa.money.wallet import invariants as wallet


async def postings(app: App, transfer_id: Any) -> dict[tuple[str, str, str], int]:
    """A transfer as {(owner's name or "", asset, purpose): amount in minor units}."""
    async with app.database.connection() as db:
        rows = await db.fetch(
            """select coalesce(u.username, '') as owner, a.asset, a.purpose, p.amount_minor
               from ledger_postings p join ledger_accounts a on a.id = p.account_id
               left join users u on u.id = a.owner_id
               where p.transfer_id = $1""",
            transfer_id,
        )
    return {(r["owner"], r["asset"], r["purpose"]): r["amount_minor"] for r in rows}


async def buckets(app: App, user: Any) -> dict[str, int]:
    """Somebody's coins by purpose, zeros left out."""
    async with app.database.connection() as db:
        rows = await db.fetch(
            "select purpose, balance_minor from ledger_accounts where owner_id = $1 and asset = 'COIN'", user.id
        )
    return {r["purpose"]: r["balance_minor"] for r in rows if r["balance_minor"]}


async def platform(app: App, asset: str, purpose: str) -> int:
    """What a platform account holds."""
    async with app.database.connection() as db:
        found = await db.fetchval(
            """select coalesce(sum(p.amount_minor), 0)::bigint from ledger_postings p
               join ledger_accounts a on a.id = p.account_id
               where a.owner_id is null and a.asset = $1 and a.purpose = $2""",
            asset,
            purpose,
        )
    return int(found)


async def assert_clean(app: App) -> None:
    """Per asset everything sums to zero, nobody is below zero, and every invariant of the money modules holds."""
    async with app.database.connection() as db:
        sums = await db.fetch(
            """select a.asset, sum(p.amount_minor)::bigint as total from ledger_postings p
               join ledger_accounts a on a.id = p.account_id group by a.asset"""
        )
        below = await db.fetchval(
            "select count(*) from ledger_accounts where owner_id is not null and balance_minor < 0"
        )
        differences = await ledger.verify(db)
        broken = [
            (name, row["subject"], row["expected"], row["found"])
            for module in (payments, wallet, payouts, splits, risk, receipts, refunds, disputes)
            for name, sql in module.INVARIANTS.items()
            for row in await db.fetch(sql)
        ]
    assert {r["asset"]: r["total"] for r in sums if r["total"]} == {}
    assert below == 0
    assert [str(d) for d in differences] == []
    assert broken == []


async def count(app: App, sql: str, *args: Any) -> int:
    """The number a query answers."""
    async with app.database.connection() as db:
        return int(await db.fetchval(sql, *args))
