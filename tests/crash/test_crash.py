"""kill -9 of web, worker and database in the middle of the main job: nothing acknowledged is lost, nothing done twice.

Everything is real: supervisor, processes, sockets, and a PostgreSQL with fsync. What stands up again does so by itself.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.crash.clients import Person, Receipts, read_on, write_on
from tests.crash.instance import Instance

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

READERS, WRITERS = 5, 3
KILLS = ("web", "worker", "database", "worker", "web", "database", "web", "worker")
BETWEEN_KILLS_S = 1.2
DRAIN_S = 90.0
WELCOME, LARGE = 100, 6500  # coins (M5, M3)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    running = Instance(tmp_path / ".stoa", limits="no", worker_lease_s="4")
    yield running
    running.end()


async def test_nothing_is_lost_and_nothing_done_twice(instance: Instance) -> None:
    receipts = Receipts()
    readers = [Person(instance.url, f"reader{n}", receipts, n) for n in range(READERS)]
    writers = [Person(instance.url, f"writer{n}", receipts, 100 + n) for n in range(WRITERS)]
    for person in (*readers, *writers):
        await person.register()
    await asyncio.gather(*(reader.buy(6, LARGE) for reader in readers))
    await asyncio.gather(*(reader.give(writers[n % WRITERS], 1200) for n, reader in enumerate(readers)))

    stop = asyncio.Event()
    work = [asyncio.create_task(read_on(reader, writers, stop)) for reader in readers]
    work += [asyncio.create_task(write_on(writer, stop)) for writer in writers]
    try:
        await kill_again_and_again(instance, receipts, work)
    finally:
        stop.set()
        await asyncio.gather(*work)
    for person in (*readers, *writers):
        await person.http.aclose()

    assert instance.process.poll() is None, instance.said()
    db = await connected(instance)
    try:
        await drain(db, instance)
        await check_gifts(db, receipts)
        await check_purchases(db, receipts)
        await check_payouts(db, receipts)
        await check_balances(db, receipts)
    finally:
        await db.close()
    verified = instance.command("ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    told = Counter(
        line.split(" was ended by SIGKILL")[0] for line in instance.log.read_text().splitlines() if "SIGKILL" in line
    )
    print(f"{len(receipts.gifts)} gifts, {len(receipts.orders)} orders, {len(receipts.payouts)} payouts; "
          f"on the way {dict(receipts.troubles)}; {dict(told)}")  # fmt: skip


async def kill_again_and_again(instance: Instance, receipts: Receipts, work: list[asyncio.Task[None]]) -> None:
    """One part after the other, each time when gifts go through again."""
    for part in KILLS:
        before = len(receipts.gifts)
        await asyncio.sleep(BETWEEN_KILLS_S)
        await until(lambda: len(receipts.gifts) > before + 3 or any(task.done() for task in work), instance)  # noqa: B023
        for task in work:
            if task.done():
                task.result()  # what went wrong
        await until(lambda: instance.kill(part), instance)  # noqa: B023
    before = len(receipts.gifts)
    await until(lambda: len(receipts.gifts) > before + 3, instance)


async def until(condition: Any, instance: Instance, timeout_s: float = 60.0) -> None:
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, instance.said()
        await asyncio.sleep(0.02)


async def connected(instance: Instance) -> Any:
    """A connection, as soon as the database has recovered."""
    for _ in range(200):
        try:
            return await asyncpg.connect(instance.dsn)
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.1)
    raise AssertionError(instance.said())


async def drain(db: Any, instance: Instance) -> None:
    """Until no job of the main job is left; none may have become a dead letter."""
    open_jobs = "select type, state, attempts, last_error from jobs where state not in ('done', 'discarded')"
    deadline = asyncio.get_running_loop().time() + DRAIN_S
    while True:
        rows = await db.fetch(open_jobs)
        assert not [row for row in rows if row["state"] == "dead"], rows
        left = [tuple(row) for row in rows if row["type"].startswith("money.")]
        if not left:
            return
        assert asyncio.get_running_loop().time() < deadline, f"{left}\n{instance.said()}"
        await asyncio.sleep(0.2)


async def check_gifts(db: Any, receipts: Receipts) -> None:
    """Every acknowledged gift is there once, with one transfer and one event, and there are no others."""
    sql = """
        select g.key, g.id::text, s.username, r.username as recipient, g.amount_coins from gifts g
        join users s on s.id = g.sender_id join users r on r.id = g.recipient_id
        join ledger_transfers t on t.id = g.transfer_id
    """
    rows = [tuple(row) for row in await db.fetch(sql)]
    assert len(rows) == len(receipts.gifts)
    assert {key: tuple(rest) for key, *rest in rows} == receipts.gifts
    assert await db.fetchval("select count(*) from ledger_transfers where kind = 'gift'") == len(rows)
    assert await db.fetchval("select count(*) from events where type like '%.GiftSent'") == len(rows)


async def check_purchases(db: Any, receipts: Receipts) -> None:
    """Every order is paid once, by one payment and one transfer; every webhook arrived and was applied once."""
    sql = """
        select o.key, o.id::text, o.state, (select count(*) from ledger_transfers t where t.kind = 'coin_purchase'
            and t.metadata ->> 'order_id' = o.id::text) as transfers,
          (select count(*) from order_payments p where p.order_id = o.id and p.captured_minor > 0) as payments
        from orders o
    """
    rows = {row["key"]: tuple(row)[1:] for row in await db.fetch(sql)}
    assert rows == {key: (order_id, "paid", 1, 1) for key, (order_id, _, _) in receipts.orders.items()}
    paid = "select count(*) from sandbox_payments where status = 'succeeded'"
    assert await db.fetchval(paid) == len(receipts.orders)
    webhooks = """
        select count(*) filter (where e.delivered_at is null) as waiting,
          count(*) filter (where w.id is null) as lost,
          count(*) filter (where w.outcome is null or w.outcome = 'rejected') as undone,
          count(*) - count(distinct e.id) as twice
        from sandbox_events e left join webhook_events w on w.event_id = e.id and w.verdict = 'verified'
    """
    assert tuple(await db.fetchrow(webhooks)) == (0, 0, 0, 0)


async def check_payouts(db: Any, receipts: Receipts) -> None:
    """Every payout is paid, and was sent once: one transfer at the provider, one in the books."""
    sql = """
        select p.key, p.id::text, u.username, p.source_minor as coins_minor, p.state,
          (select count(*) from sandbox_transfers s where s.request_key like p.id || ':%') as sent,
          (select count(*) from payout_events e where e.payout_id = p.id and e.to_state = 'paid') as arrived
        from payouts p join users u on u.id = p.user_id
    """
    rows = {row["key"]: tuple(row)[1:] for row in await db.fetch(sql)}
    assert len(receipts.payouts) >= WRITERS
    assert rows == {key: (*payout, "paid", 1, 1) for key, payout in receipts.payouts.items()}
    assert await db.fetchval("select count(*) from sandbox_transfers") == len(rows)
    settled = "select count(*) from ledger_holds where state = 'settled'"
    assert await db.fetchval(settled) == len(rows)


async def check_balances(db: Any, receipts: Receipts) -> None:
    """Everybody has exactly what their own receipts say, in hundredths of a coin."""
    expected: Counter[str] = Counter()
    for _, buyer, coins in receipts.orders.values():
        expected[buyer] += coins * 100
    for _, sender, recipient, coins in receipts.gifts.values():
        expected[sender] -= coins * 100
        expected[recipient] += coins * 40  # M6
    for _, writer, coins_minor in receipts.payouts.values():
        expected[writer] -= coins_minor
    sql = """
        select u.username, sum(a.balance_minor)::bigint as held from ledger_accounts a join users u on u.id = a.owner_id
        where a.asset = 'COIN' group by u.username
    """
    held = {row["username"]: row["held"] for row in await db.fetch(sql)}
    assert held == {name: WELCOME * 100 + change for name, change in expected.items()}
