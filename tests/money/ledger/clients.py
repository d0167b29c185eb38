"""A process full of clients for the concurrency test: `python -m tests.money.ledger.clients DSN CLIENTS SEED SECONDS`.

What operation number n does, and its key, follow from n alone, so processes that draw the same number do the same thing
twice. Each key that was answered is printed, after the answer.
"""

import asyncio
import random
import sys
import time
from typing import Any, cast
from uuid import UUID

import asyncpg

from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.kit.db import Db, connect
from stoa.kit.errors import StoaError
from stoa.money.ledger import actions
from stoa.money.ledger.types import AccountRef, Leg

PEOPLE = [AccountRef(UUID(int=number), "COIN", "earned") for number in range(1, 41)]
FEES = AccountRef(None, "COIN", "fees")
NUMBERS = 4_000
LEAST = 25  # by each client, whatever the time


async def operate(ctx: Ctx, number: int) -> None:
    """Operation `number`: a gift, a hold that is settled, released or left open, or a gift that is reversed."""
    drawn = random.Random(number)
    payer, payee = drawn.sample(PEOPLE, 2)
    minor, key, cause = drawn.randint(2, 400), f"op{number}", f"Operation {number}"
    what = drawn.choice(["gift", "gift", "gift", "undo", "settle", "release", "open"])
    if what in ("gift", "undo"):
        legs = [Leg(payer, -minor), Leg(payee, minor // 2), Leg(FEES, minor - minor // 2)]
        receipt = await actions.post(ctx, kind=what, legs=legs, key=key, cause=cause)
        if what == "undo":
            await actions.reverse(ctx, receipt.transfer_id, key=f"{key}.undo", cause=cause)
        return
    kept = await actions.hold(ctx, kind=what, legs_from=[Leg(payer, minor)], key=key, cause=cause)
    if what == "settle":
        part = [Leg(payee, drawn.randint(1, minor))]
        await actions.settle(ctx, kept.id, legs_to=part, key=f"{key}.settle", cause=cause)
    elif what == "release":
        await actions.release(ctx, kept.id, key=f"{key}.release", cause=cause)


async def client(database: Any, seed: int, until: float) -> None:
    """Operations one after the other, some each statement by itself, some in one transaction; at least LEAST."""
    drawn, done = random.Random(seed), 0
    while time.monotonic() < until or done < LEAST:
        number = drawn.randrange(NUMBERS)
        wider = drawn.random() < 0.5
        lend = database.transaction() if wider else database.connection()
        try:
            async with lend as db:
                await operate(Ctx(cast("Db", db), None, utcnow(), "test", cast("Any", None)), number)
        except (StoaError, asyncpg.DeadlockDetectedError):
            continue
        done += 1
        sys.stdout.write(f"op{number}\n")
        sys.stdout.flush()


async def main(dsn: str, clients: int, seed: int, seconds: float) -> None:
    database = await connect(dsn, size=clients)
    until = time.monotonic() + seconds
    await asyncio.gather(*(client(database, seed * 1_000 + n, until) for n in range(clients)))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
