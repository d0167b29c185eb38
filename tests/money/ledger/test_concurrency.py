"""64 clients on real connections, the same keys twice, one process killed in the middle: the books stay right."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.money.ledger import actions, queries
from stoa.money.ledger.errors import AlreadyReversed, KeyReused
from stoa.money.ledger.types import Receipt
from tests.money.ledger.clients import FEES, PEOPLE
from tests.money.ledger.people import clean, fund, legs

ROOT = Path(__file__).resolve().parents[3]
PROCESSES, CLIENTS, SECONDS = 4, 16, 4.0


async def start(dsn: str, seed: int) -> asyncio.subprocess.Process:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    arguments = [dsn, str(CLIENTS), str(seed), str(SECONDS)]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.money.ledger.clients",
        *arguments,
        env=environment,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


async def answered(process: asyncio.subprocess.Process, kill_after: int | None = None) -> set[str]:
    """The keys it was given an answer for; killed -9 once there were so many."""
    assert process.stdout is not None
    keys: set[str] = set()
    lines = 0
    while line := await process.stdout.readline():
        lines += 1
        if line.endswith(b"\n"):
            keys.add(line.decode().strip())
        if lines == kill_after:
            process.kill()
    await process.wait()
    return keys


async def test_of_reversals_at_once_one_is_made(tx: Any) -> None:
    async with tx() as ctx:
        given = await fund(ctx, PEOPLE[0], 100)

    async def undo(number: int) -> bool:
        try:
            async with tx() as ctx:
                await actions.reverse(ctx, given.transfer_id, key=f"undo:{number}", cause="Too late")
                await asyncio.sleep(0.05)  # still open while the others come
        except AlreadyReversed:
            return False
        return True

    assert sorted(await asyncio.gather(*(undo(number) for number in range(6)))) == [False] * 5 + [True]
    async with tx() as ctx:
        assert await queries.balance(ctx, PEOPLE[0]) == 0
        await clean(ctx.db)


async def test_a_key_used_at_once_outside_of_transactions_moves_once(live: Any, tx: Any) -> None:
    payer, payee = PEOPLE[:2]
    async with tx() as ctx:
        await fund(ctx, payer, 100)

    async def give(minor: int) -> Receipt:
        async with live.database.connection() as db:
            alone = Ctx(db, None, utcnow(), "test", live)
            order = legs({payer: -minor, payee: minor})
            return await actions.post(alone, kind="test", legs=order, key="once", cause="A test")

    receipts = await asyncio.gather(*(give(10) for _ in range(8)))
    assert len({receipt.transfer_id for receipt in receipts}) == 1
    assert sorted(receipt.replayed for receipt in receipts) == [False] + [True] * 7
    with pytest.raises(KeyReused) as caught:
        await give(11)
    assert caught.value.extra == {"transfer_id": str(receipts[0].transfer_id)}
    async with tx() as ctx:
        assert await queries.balance(ctx, payee) == 10
        await clean(ctx.db)


@pytest.mark.slow
async def test_the_books_stay_right_among_64_clients(live: Any, tx: Any) -> None:
    async with tx() as ctx:
        for person in PEOPLE:
            await fund(ctx, person, 3_000)
    # The second pair of processes draws the same operations as the first.
    processes = [await start(live.settings.database_url, seed % 2) for seed in range(PROCESSES)]

    async def folding() -> None:
        while any(process.returncode is None for process in processes):
            async with tx() as ctx:
                await actions.fold(ctx, 50)
            await asyncio.sleep(0.2)

    *keys, _ = await asyncio.gather(
        *(answered(process, kill_after=40 if n == 3 else None) for n, process in enumerate(processes)), folding()
    )
    assert [process.returncode for process in processes] == [0, 0, 0, -9]
    async with tx() as ctx:
        await clean(ctx.db)
        books = await queries.trial_balance(ctx)
        assert [total.total_minor for total in books.totals] == [0]
        rows = await ctx.db.fetch("select idempotency_key, kind from ledger_transfers where kind <> 'test'")
        made = {row["idempotency_key"] for row in rows}
        assert len(rows) == len(made) > 300
        assert {row["kind"] for row in rows} >= {"gift", "undo", "reversal", "settle.settled", "release.released"}
        assert set().union(*keys) <= made  # whatever was answered stands, the killed process's too
        assert keys[0] & keys[2]  # and some were asked for twice
        effect = await ctx.db.fetchval(
            """
            select sum(l.amount) from ledger_transfers t, unnest(t.purposes, t.amounts) l (purpose, amount)
            where l.purpose = 'fees'
            """
        )
        assert await queries.balance(ctx, FEES) == effect > 0
