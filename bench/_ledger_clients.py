"""The clients of `bench ledger`: a process that holds connections and makes transfers when told to.

A line in, such as {"what": "alone", "hot": false, "clients": 4, "seconds": 1.5}; a line out with how long each transfer
took, in microseconds. The benchmark starts two of these, as pgbench runs two threads.
"""

import asyncio
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from uuid import UUID

import uvloop

from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.kit.db import Database, Db, connect
from stoa.money.ledger import actions
from stoa.money.ledger.types import AccountRef, Leg, TransferOrder

ACCOUNTS: Final = 10_000
HOT_SHARE: Final = 0.9
FEES: Final = AccountRef(None, "COIN", "fees")
REFS: Final = [AccountRef(UUID(int=number), "COIN", "earned") for number in range(1, ACCOUNTS + 1)]
KEYS: Final = map(f"bench:{os.getpid()}:{{}}".format, itertools.count())

Transfer = Callable[[], Awaitable[object]]


def legs(hot: bool) -> tuple[Leg, Leg]:
    """One person pays another; on a hot account nine of ten pay the platform."""
    payer = int(random.random() * ACCOUNTS)
    payee = (payer + 1 + int(random.random() * (ACCOUNTS - 1))) % ACCOUNTS  # anybody else
    return Leg(REFS[payer], -1), Leg(FEES if hot and random.random() < HOT_SHARE else REFS[payee], 1)


def context(db: Db) -> Ctx:
    """What the ledger asks of a context: a connection, and nobody who acts."""
    return Ctx(db, None, utcnow(), "bench", cast("Any", None))


def alone(db: Db, hot: bool) -> Transfer:
    """One transfer, which commits by itself."""
    ctx = context(db)
    return lambda: actions.post(ctx, kind="bench", legs=legs(hot), key=next(KEYS), cause="Benchmark")


def wider(db: Db, hot: bool) -> Transfer:
    """BEGIN, the transfer, COMMIT."""
    ctx = context(db)

    async def run() -> None:
        async with db.transaction():
            await actions.post(ctx, kind="bench", legs=legs(hot), key=next(KEYS), cause="Benchmark")

    return run


def grouped(batcher: actions.Batcher, hot: bool) -> Transfer:
    """One transfer of many that are committed together."""
    return lambda: batcher.post(TransferOrder(kind="bench", legs=legs(hot), key=next(KEYS), cause="Benchmark"))


async def client(transfer: Transfer, until: float) -> list[int]:
    """Transfers one after the other; answers how long each took."""
    took_us: list[int] = []
    began = time.perf_counter()
    while began < until:
        await transfer()
        ended = time.perf_counter()
        took_us.append(int((ended - began) * 1e6))
        began = ended
    return took_us


async def measured(database: Database, what: str, hot: bool, clients: int, seconds: float) -> dict[str, Any]:
    """All clients of this process at once."""
    if what == "grouped":
        async with actions.Batcher(database) as batcher:
            return await together([grouped(batcher, hot) for _ in range(clients)], seconds)
    kind = {"alone": alone, "wider": wider}[what]
    lent = [await database.pool.acquire() for _ in range(clients)]
    try:
        return await together([kind(db, hot) for db in lent], seconds)
    finally:
        for db in lent:
            await database.pool.release(db)


async def together(transfers: list[Transfer], seconds: float) -> dict[str, Any]:
    """Runs one client per transfer function and puts their times together."""
    began = time.perf_counter()
    found = await asyncio.gather(*(client(transfer, began + seconds) for transfer in transfers))
    elapsed_s = time.perf_counter() - began
    return {"took_us": [us for one in found for us in one], "elapsed_s": elapsed_s}


async def serve(dsn: str, size: int) -> None:
    """Answers lines until there are no more."""
    database = await connect(dsn, size=size)
    loop = asyncio.get_running_loop()
    for what in ("alone", "wider"):  # statements are prepared and caches filled before anything counts
        await measured(database, what, True, size, 0.2)
    print("{}", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        answer = await measured(database, order["what"], order["hot"], order["clients"], order["seconds"])
        print(json.dumps(answer), flush=True)
    await database.close()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2])))
