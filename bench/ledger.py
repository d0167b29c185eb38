"""`bench ledger`: transfers per second and p99, as multiples of pgbench's TPC-B with 8 clients on the same server.

Each transfer is a call of `ledger.actions.post` over a connection of its own, from two processes, as pgbench runs two
threads; TPC-B is prepared. `alone`: the transfer commits by itself. `wider`: the same between BEGIN and COMMIT.
`grouped`: all callers share one Batcher, so one process. `spread`: among 10,000 accounts; `hot`: nine of ten transfers
pay one account of the platform. All are measured in turns of a second or so, each compared with the TPC-B turn just
before, so that what else the machine does falls on both; those with a bar in every round, the others in each third. The
figures are medians. At the end the books are checked.

The rows with `pgbench` are the same transfer sent by pgbench, as TPC-B is: what the database costs without our client.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
import uvloop

from bench._ledger_clients import ACCOUNTS, REFS
from stoa.kit.postgres import EmbeddedPostgres, binaries
from stoa.money.ledger import queries

ROOT: Final = Path(__file__).resolve().parents[1]
SCHEMA: Final = ROOT / "src" / "stoa" / "money" / "ledger" / "schema.sql"
PROCESSES: Final = 2
MOST_CLIENTS: Final = 64
TPCB_SCALE: Final = 10
START_MINOR: Final = 10**9


class Case(NamedTuple):
    """What is measured: a way to post, on which accounts, by how many."""

    what: str
    hot: bool
    clients: int


TPCB: Final = Case("TPC-B", False, 8)
CASES: Final = [
    Case(what, hot, clients) for what in ("alone", "wider") for clients in (1, 8, 64) for hot in (False, True)
] + [Case("grouped", hot, 64) for hot in (False, True)]
BARRED: Final = [Case("alone", False, 8), Case("alone", True, 8), Case("wider", False, 8), Case("grouped", False, 64)]
BY_PGBENCH: Final = [Case(what, False, 8) for what in ("alone, pgbench", "wider, pgbench")]


class Turn(NamedTuple):
    """One turn of a case. `ratio`: to the TPC-B turn before it."""

    per_s: float
    p99_ms: float
    ratio: float = 1.0


# ---- the servers and what is on them


def load(dsn: str) -> None:
    """The ledger with its accounts, each with enough to give, analysed."""

    async def run() -> None:
        db = await asyncpg.connect(dsn)
        await db.execute(SCHEMA.read_text(encoding="utf-8"))
        owners = [ref.owner_id for ref in REFS]
        await db.fetchval("select count(ledger_open(o, 'COIN', 'earned')) from unnest($1::uuid[]) o", owners)
        await db.execute(
            """
            insert into ledger_transfers
              (id, kind, idempotency_key, input_hash, cause, owners, assets, purposes, amounts)
            select gen_random_uuid(), 'bench', 'start:' || o, '', 'Start', array[o, null], array['COIN', 'COIN'],
              array['earned', 'issued'], array[$2::bigint, -$2]
            from unnest($1::uuid[]) o
            """,
            owners,
            START_MINOR,
        )
        await db.fetchval("select ledger_open(null, 'COIN', 'fees')")
        await db.execute("select ledger_fold(1000000)")
        await db.execute("vacuum analyze")
        await db.close()

    uvloop.run(run())


def pgbench(dsn: str, *arguments: str) -> str:
    """Runs pgbench, which comes with the embedded server; answers what it printed."""
    done = subprocess.run([str(binaries() / "pgbench"), *arguments, dsn], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pgbench: {done.stderr.strip()}")
    return done.stdout


SAME_CLIENT: Final = """\
\\set payer random(1, 10000)
\\set payee 1 + (:payer + random(0, 9998)) % 10000
{begin}
insert into ledger_transfers
  (id, kind, idempotency_key, input_hash, cause, metadata, owners, assets, purposes, amounts)
values (uuidv7(), 'bench', 'pgbench:' || uuidv7(), '', 'Benchmark', '{{}}',
  array[lpad(to_hex(:payer::int), 32, '0')::uuid, lpad(to_hex(:payee::int), 32, '0')::uuid], array['COIN', 'COIN'],
  array['earned', 'earned'], array[-1, 1]::bigint[])
on conflict (idempotency_key) do nothing returning id;
{end}
"""


def same_client(dsn: str, case: Case, seconds: float, folder: Path) -> Turn:
    """The transfer sent by pgbench itself, as TPC-B is: what the database costs, without our client."""
    script = folder / "transfer.sql"
    wider = case.what == "wider, pgbench"
    script.write_text(SAME_CLIENT.format(begin="begin;" if wider else "", end="end;" if wider else ""))
    return tpcb(dsn, seconds, folder, "-f", str(script))


def tpcb(dsn: str, seconds: float, folder: Path, *script: str) -> Turn:
    """TPC-B as pgbench has it (or another script), prepared, 8 clients in two threads."""
    whole_s = str(max(1, round(seconds)))
    prefix = folder / "tpcb"
    printed = pgbench(
        dsn, "-n", "-M", "prepared", "-c", "8", "-j", "2", "-T", whole_s, "-l", "--log-prefix", str(prefix), *script
    )
    found = re.search(r"tps = ([0-9.]+)", printed)
    if found is None:
        raise RuntimeError(f"pgbench: {printed}")
    took_us: list[int] = []
    for log in folder.glob("tpcb.*"):
        took_us += [int(line.split()[2]) for line in log.read_text().splitlines()]
        log.unlink()
    return Turn(float(found[1]), p99_ms(took_us))


def p99_ms(took_us: list[int]) -> float:
    """The time that one in a hundred exceeds."""
    return sorted(took_us)[int(len(took_us) * 0.99)] / 1000 if took_us else 0.0


# ---- the clients


@contextmanager
def processes(dsn: str) -> Iterator[list[subprocess.Popen[str]]]:
    """The client processes, connected and warm; they end with the block."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    command = [sys.executable, "-m", "bench._ledger_clients", dsn, str(MOST_CLIENTS // PROCESSES)]
    started = [
        subprocess.Popen(command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    try:
        for process in started:
            answer(process)
        yield started
    finally:
        for process in started:
            process.communicate()


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a client process says next."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"a client process ended with {process.wait()}")
    found: dict[str, Any] = json.loads(line)
    return found


def turn(clients: list[subprocess.Popen[str]], case: Case, seconds: float) -> Turn:
    """One case, its clients spread over the processes."""
    used = clients[: 1 if case.what == "grouped" else min(len(clients), case.clients)]
    order = {"what": case.what, "hot": case.hot, "clients": case.clients // len(used), "seconds": seconds}
    for process in used:
        assert process.stdin is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
    found = [answer(process) for process in used]
    per_s = sum(len(one["took_us"]) / one["elapsed_s"] for one in found)
    return Turn(per_s, p99_ms([us for one in found for us in one["took_us"]]))


def fold(dsn: str) -> None:
    """What the worker does every few seconds; here between the turns."""

    async def run() -> None:
        db = await asyncpg.connect(dsn)
        while await db.fetchval("select ledger_fold(20000)"):
            pass
        await db.close()

    uvloop.run(run())


def differences(dsn: str) -> int:
    """How many there are in the books."""

    async def run() -> int:
        db = await asyncpg.connect(dsn)
        found = await queries.verify(db)
        await db.close()
        for difference in found[:10]:
            print(f"  {difference}")
        return len(found)

    return uvloop.run(run())


# ---- what it amounts to


def median(turns: list[Turn]) -> Turn:
    """Each figure's median."""
    return Turn(*(statistics.median(figures) for figures in zip(*turns, strict=True)))


def report(turns: dict[Case, list[Turn]]) -> bool:
    """Prints the figures and the bars; answers whether all bars are met."""
    found = {case: median(its_turns) for case, its_turns in turns.items()}
    print(f"{'':15} {'':8} {'clients':>8} {'per s':>8} {'p99 ms':>8} {'x TPC-B':>8}")
    for case, one in found.items():
        accounts = "" if case == TPCB else "hot" if case.hot else "spread"
        print(f"{case.what:15} {accounts:8} {case.clients:8} {one.per_s:8.0f} {one.p99_ms:8.1f} {one.ratio:8.2f}")
    alone, hot, wider, grouped = (found[case] for case in BARRED)
    bars = [
        ("alone, 8 clients, to TPC-B", alone.ratio, 1.2),
        ("in a wider transaction, 8 clients, to TPC-B", wider.ratio, 0.8),
        ("hot to spread, alone, 8 clients", hot.ratio / alone.ratio, 0.9),
        ("group commit, 64 clients, to TPC-B", grouped.ratio, 2.5),
    ]
    for name, ratio, least in bars:
        print(f"{'ok  ' if ratio >= least else 'MISS'} {name}: {ratio:.2f}, bar: at least {least}")
    return all(ratio >= least for _, ratio, least in bars)


def measure(postgres: EmbeddedPostgres, folder: Path, *, rounds: int, seconds: float) -> bool:
    """Loads, measures in turns, reports, checks the books."""
    ledger_dsn = postgres.dsn
    tpcb_dsn = ledger_dsn.replace("/stoa?", "/tpcb?") if "/stoa?" in ledger_dsn else f"{ledger_dsn}_tpcb"
    _create(ledger_dsn, "tpcb" if "/stoa?" in ledger_dsn else "stoa_tpcb")
    load(ledger_dsn)
    pgbench(tpcb_dsn, "-i", "-q", "-s", str(TPCB_SCALE))
    turns: dict[Case, list[Turn]] = {case: [] for case in [TPCB, *CASES, *BY_PGBENCH]}
    began = time.perf_counter()
    with processes(ledger_dsn) as clients:
        for number in range(rounds):
            for case in BARRED if number % 3 else [*CASES, *BY_PGBENCH]:
                turns[TPCB].append(tpcb(tpcb_dsn, seconds, folder))
                by_pgbench = case in BY_PGBENCH
                one = same_client(ledger_dsn, case, seconds, folder) if by_pgbench else turn(clients, case, seconds)
                turns[case].append(one._replace(ratio=one.per_s / turns[TPCB][-1].per_s))
                fold(ledger_dsn)
    print(f"{rounds} rounds of {seconds:g} s each, {time.perf_counter() - began:.0f} s, {ACCOUNTS:,} accounts")
    reached = report(turns)
    found = differences(ledger_dsn)
    print(f"{'ok  ' if not found else 'MISS'} the books: {found} differences")
    return reached and not found


def _create(dsn: str, name: str) -> None:
    async def run() -> None:
        db = await asyncpg.connect(dsn)
        await db.execute(f'create database "{name}"')
        await db.close()

    uvloop.run(run())


def main(argv: Sequence[str] = ()) -> int:
    """Runs on a durable PostgreSQL of its own; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="bench ledger", description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=1.0)
    given = parser.parse_args(list(argv))
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as home:
        postgres = EmbeddedPostgres(Path(home))
        try:
            postgres.start()
            reached = measure(postgres, Path(home), rounds=given.rounds, seconds=given.seconds)
        finally:
            postgres.destroy()
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
