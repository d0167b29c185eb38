"""`bench money`: tips, orders, payouts and webhooks per second, each beside the least that it could cost.

A tip through HTTP with all its checks (session, idempotency, standing, risk, splits, the ledger) is compared with a
bare handler of the same application that makes only the ledger transfer, at 1, 8 and 32 clients, and, for information,
with the same transfer outside of the application, without a framework. An order that is placed, paid by card at the
sandbox and handed over, and a payout that is asked for, are compared with one transaction of as many trivial
statements. Webhooks are applied by the worker, beside a bare loop of as many such transactions.

In turns, so that what else the machine does falls on both; figures are medians. At the end the books are checked.
Bar: a tip is at least 0.4 of the bare transfer, at each number of clients.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import uvloop

from bench._http_server import noted
from bench.http import PORT, ROOT, Connection, Result, encoded, wait_until_up
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.actions import hashing
from stoa.kit.clock import utcnow
from stoa.kit.config import load_settings
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.ids import new_id
from stoa.kit.invariants import check
from stoa.kit.migrate import migrate
from stoa.kit.postgres import EmbeddedPostgres
from stoa.kit.queue.worker import Worker
from stoa.modules import build_app, close_app
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payments import queries
from stoa.money.payments.actions import webhooks
from stoa.money.payments.gateways import Notice, Payment
from stoa.money.payments.gateways.sandbox import signed
from stoa.money.wallet import actions as wallet

CLIENTS: Final = (1, 8, 32)
LEAST: Final = 0.4
PAYERS: Final = 256
CREATORS: Final = 64
APPLIED_AT_ONCE: Final = 8


class Person(msgspec.Struct):
    """Somebody with a session of the API."""

    id: UUID
    token: str
    actor: Actor


# ---- people and money ------------------------------------------------------------------------------------------


async def person(app: App, name: str) -> Person:
    """An account that is signed in."""
    async with app.database.transaction() as db:
        ctx = Ctx(db, None, utcnow(), "bench", app)
        user = await identity.register(
            ctx, username=name, email=f"{name}@example.org", password="a stoa has columns", verified=True
        )
        tokens = await identity.open_api_session(ctx, user.id, by="password")
    return Person(user.id, tokens.access_token, Actor(user.id, user.username, frozenset(user.roles)))


async def earned(app: App, who: Person) -> None:
    """Coins to be paid out."""
    async with app.database.transaction() as db:
        ctx = Ctx(db, None, utcnow(), "bench", app)
        legs = [Leg(AccountRef(who.id, "COIN", "earned"), 10**6), Leg(AccountRef(None, "COIN", "issued"), -(10**6))]
        await ledger.post(ctx, kind="bench", legs=legs, key=f"bench:{who.id}", cause="Coins for a benchmark")


async def fill(app: App, payouts: int) -> tuple[list[Person], list[Person], list[Person]]:
    """People who pay from their welcome credits, people who are paid, and people with coins to be paid out."""
    password_hash = await identity.hash_password("a stoa has columns")

    async def same(password: str) -> str:
        return password_hash

    hashing.hash_password = same
    payers = [await person(app, f"payer{number}") for number in range(PAYERS)]
    creators = [await person(app, f"creator{number}") for number in range(CREATORS)]
    owners = [await person(app, f"owner{number}") for number in range(payouts)]
    for one in owners:
        await earned(app, one)
    async with app.database.connection() as db:
        await db.execute("analyze")
    return payers, creators, owners


def request(who: Person, path: str, **body: Any) -> dict[str, Any]:
    """A POST of somebody's."""
    return {"method": "POST", "url": path, "json": body, "headers": {"Authorization": f"Bearer {who.token}"}}


def tip(payer: Person, creator: Person) -> dict[str, Any]:
    """1 USD."""
    return request(payer, "/api/v1/tips", recipient_id=str(creator.id))


def order(payer: Person) -> dict[str, Any]:
    """A package of coins, paid at once."""
    return request(payer, "/api/v1/wallet/purchases", package_id=1, payment_method_id="pm_card_visa")


# ---- load through HTTP -----------------------------------------------------------------------------------------


async def turn(templates: list[bytes], *, connections: int, seconds: float) -> Result:
    """Each connection asks as fast as it is answered; the requests are of one person after the other."""
    taken: list[float] = []
    next_one = itertools.cycle(templates)
    until = time.perf_counter() + seconds

    async def one() -> None:
        connection = Connection(*await asyncio.open_connection("127.0.0.1", PORT))
        while (began := time.perf_counter()) < until:
            template = next(next_one)
            status = await connection.ask(template % new_id().hex.encode() if b"%b" in template else template)
            taken.append(time.perf_counter() - began)
            if status >= 400:
                raise RuntimeError(f"status {status} for {template[:80]!r}")
        connection.writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    per_s = len(taken) / (time.perf_counter() - began)
    return Result(per_s, statistics.quantiles(taken, n=100)[98] * 1000)


async def once_each(templates: list[bytes], *, connections: int) -> Result:
    """Each request once: nobody has two payouts under way."""
    taken: list[float] = []
    left = iter(templates)

    async def one() -> None:
        connection = Connection(*await asyncio.open_connection("127.0.0.1", PORT))
        for template in left:
            began = time.perf_counter()
            status = await connection.ask(template % new_id().hex.encode() if b"%b" in template else template)
            taken.append(time.perf_counter() - began)
            if status >= 400:
                raise RuntimeError(f"status {status} for {template[:80]!r}")
        connection.writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return Result(len(taken) / (time.perf_counter() - began), statistics.quantiles(taken, n=100)[98] * 1000)


def run(work: Awaitable[Result]) -> Result:
    """On a loop of its own."""

    async def whole() -> Result:
        return await work

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(whole())


def median(turns: list[Result]) -> Result:
    """Each figure's median."""
    return Result(statistics.median(t.per_s for t in turns), statistics.median(t.p99_ms for t in turns))


def beside(
    stoa: Callable[[], Awaitable[Result]], bare: Callable[[], Awaitable[Result]], turns: int
) -> tuple[Result, Result, float]:
    """Both in turns: their medians, and the median of the ratios of each turn to the one just after it."""
    pairs = [(run(stoa()), run(bare())) for _ in range(turns)]
    ratio = statistics.median(one.per_s / other.per_s for one, other in pairs)
    return median([one for one, _ in pairs]), median([other for _, other in pairs]), ratio


# ---- webhooks, by the worker -----------------------------------------------------------------------------------


async def waiting_webhooks(app: App, payers: list[Person], count: int) -> int:
    """Orders whose hosted page is open, and for each the news that it is paid, kept and not applied."""
    for number in range(count):
        payer = payers[number % len(payers)]
        async with app.database.transaction() as db:
            ctx = Ctx(db, payer.actor, utcnow(), "bench", app)
            opened = await wallet.checkout_credits(ctx, 500, "USD", key=str(new_id()))
            order = await queries.ORDER(db, opened.order_id)
        payment = Payment(
            payment_id=f"pay_bench_{new_id().hex}", order_id=order.id, status="succeeded",
            amount_minor=order.amount_minor, currency=order.currency, captured_minor=order.amount_minor,
        )  # fmt: skip
        body = msgspec.json.encode(Notice(f"evt_bench_{new_id().hex}", "payment.succeeded", payment))
        async with app.database.connection() as db:
            ctx = Ctx(db, None, utcnow(), "bench", app)
            await webhooks.receive(ctx, "sandbox", signed(app, body, ctx.now), body)
    return count


async def still_waiting(app: App) -> int:
    """How many webhooks are not applied yet, after a moment."""
    await asyncio.sleep(0.02)
    async with app.side.connection() as db:
        return int(await db.fetchval("select count(*) from webhook_events where outcome is null"))


async def applied(app: App, payers: list[Person], count: int) -> Result:
    """The worker applies so many."""
    await waiting_webhooks(app, payers, count)
    worker = Worker(app, concurrency=APPLIED_AT_ONCE)
    began = time.perf_counter()
    running = asyncio.create_task(worker.run())
    while await still_waiting(app):
        pass
    elapsed = time.perf_counter() - began
    worker.stop()
    await running
    return Result(count / elapsed, 0.0)


async def statements_to_apply(app: App, payers: list[Person]) -> int:
    """How many statements one application sends."""
    await waiting_webhooks(app, payers, 1)
    async with app.database.connection() as db:
        (event_id,) = [row["id"] for row in await db.fetch("select id from webhook_events where outcome is null")]
        with noted() as sent:
            async with db.transaction():
                await webhooks.apply(Ctx(db, None, utcnow(), "bench", app), event_id)
        await db.execute("delete from jobs where type like '%ApplyWebhook'")
    return len(sent)


async def bare_applications(app: App, count: int, statements: int) -> Result:
    """As many transactions of as many statements."""
    left = iter(range(count))
    known = UUID(int=1)

    async def one() -> None:
        for _ in left:
            async with app.database.transaction() as db:
                for _ in range(statements - 1):
                    await db.fetchrow("select id, payload from bench_rows where id = $1", known)
                await db.execute("insert into bench_rows (id, payload) values ($1, '{}')", new_id())

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(APPLIED_AT_ONCE)))
    return Result(count / (time.perf_counter() - began), 0.0)


# ---- all of it -------------------------------------------------------------------------------------------------


def line(name: str, clients: int, stoa: Result, bare: Result, ratio: float, bar: float | None) -> bool:
    """Prints a line; answers whether the bar, if there is one, is met."""
    met = bar is None or ratio >= bar
    verdict = "" if bar is None else f"{bar:.2f} {'met' if met else 'MISSED'}"
    print(
        f"{name:22s}{clients:8d}{stoa.per_s:10.0f}{stoa.p99_ms:9.1f}{bare.per_s:10.0f}{bare.p99_ms:9.1f}{ratio:8.2f}"
        f"  {verdict}",
        flush=True,
    )
    return met


def through_http(people: tuple[list[Person], list[Person], list[Person]], options: argparse.Namespace) -> bool:
    """Tips, orders and payouts."""
    payers, creators, owners = people
    tips = [encoded(tip(payer, creators[number % CREATORS])) for number, payer in enumerate(payers)]
    orders = [encoded(order(payer)) for payer in payers]
    bare = {name: [encoded(tip(payers[0], creators[0]), f"/bare/{name}")] for name in ("tip", "order", "payout")}
    good = True

    def both(ours: list[bytes], name: str, clients: int) -> tuple[Result, Result, float]:
        how: dict[str, Any] = {"connections": clients, "seconds": options.seconds}
        return beside(lambda: turn(ours, **how), lambda: turn(bare[name], **how), options.turns)

    bare["handler"] = [encoded({"method": "POST", "url": "/api/v1/bench/tip", "json": {}})]
    for clients in CLIENTS:
        good &= line("tip : handler", clients, *both(tips, "handler", clients), LEAST)
    for clients in CLIENTS:
        line("tip : no framework", clients, *both(tips, "tip", clients), None)
    for clients in (1, 8):
        line("order, paid", clients, *both(orders, "order", clients), None)
    asked = [encoded(request(owner, "/api/v1/payouts")) for owner in owners[1:]]
    sent = run(once_each(asked, connections=8))
    plain = run(once_each(bare["payout"] * len(asked), connections=8))
    line("payout, asked for", 8, sent, plain, sent.per_s / plain.per_s, None)
    return good


async def by_the_worker(dsn: str, home: Path, payers: list[Person], options: argparse.Namespace) -> bool:
    """Webhooks; and whether the books are in order after all."""
    app = await build_app(load_settings({"DATABASE_URL": dsn, "STOA_HOME": str(home)}))
    try:
        async with app.database.connection() as db:  # what the requests ordered is not what is measured
            await db.execute("delete from jobs where state in ('scheduled', 'waiting')")
        statements = await statements_to_apply(app, payers)
        pairs = []
        for _ in range(options.turns):
            one = await applied(app, payers, options.webhooks)
            pairs.append((one, await bare_applications(app, options.webhooks, statements)))
        ratio = statistics.median(one.per_s / other.per_s for one, other in pairs)
        stoa, bare = median([one for one, _ in pairs]), median([other for _, other in pairs])
        line("webhook, applied", APPLIED_AT_ONCE, stoa, bare, ratio, None)
        async with app.database.connection() as db:
            broken = await check(db)
    finally:
        await close_app(app)
    for difference in broken[:10]:
        print(f"  {difference}")
    print(f"{'ok  ' if not broken else 'MISS'} the books: {len(broken)} differences")
    return not broken


async def prepare(dsn: str, home: Path, payouts: int) -> tuple[list[Person], list[Person], list[Person]]:
    """A migrated database with people in it."""
    await migrate(dsn)
    app = await build_app(load_settings({"DATABASE_URL": dsn, "STOA_HOME": str(home)}))
    try:
        return await fill(app, payouts)
    finally:
        await close_app(app)


def main(argv: Sequence[str] = ()) -> int:
    """Runs it on a durable PostgreSQL of its own; 1 when a bar is missed or the books are not in order."""
    parser = argparse.ArgumentParser(prog="bench money", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--payouts", type=int, default=200)
    parser.add_argument("--webhooks", type=int, default=200, help="applied in one turn")
    options = parser.parse_args(list(argv))
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        people = asyncio.run(prepare(postgres.dsn, Path(folder), options.payouts + 1))
        payers, creators, owners = people
        samples = {
            "tip": tip(payers[0], creators[0]),
            "order": order(payers[0]),
            "payout": request(owners[0], "/api/v1/payouts"),
        }
        told = {
            "samples": samples,
            "payers": [str(one.id) for one in payers],
            "creators": [str(one.id) for one in creators],
        }
        environment = {
            **os.environ, "DATABASE_URL": postgres.dsn, "STOA_HOME": folder, "STOA_LIMITS_MULTIPLIER": "1000000",
            "STOA_LOG_LEVEL": "error", "STOA_BASE_URL": f"http://127.0.0.1:{PORT}", "BENCH_PORT": str(PORT),
            "BENCH_MONEY": json.dumps(told), "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        }  # fmt: skip
        print(f"{'':22s}{'clients':>8s}{'per s':>10s}{'p99 ms':>9s}{'bare/s':>10s}{'p99 ms':>9s}{'ratio':>8s}  bar")
        server = subprocess.Popen([sys.executable, "-m", "bench._money_server"], env=environment, cwd=ROOT)
        try:
            wait_until_up(server)
            good = through_http(people, options)
        finally:
            server.terminate()
            server.wait(10)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            good &= runner.run(by_the_worker(postgres.dsn, Path(folder), payers, options))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
