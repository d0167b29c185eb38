"""`bench http`: requests per second and p99 of what is asked most, each as a ratio to the bare SQL on the same server.

In turns, so that what else the machine does falls on both; the figure is the median of the turns.
Bars: API reads at least 0.5 of the bare handler; a request that is signed in at least 0.8 of the same one that is not.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop

from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.actions import hashing
from stoa.kit.clock import utcnow
from stoa.kit.config import load_settings
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.ids import new_id
from stoa.kit.migrate import migrate
from stoa.kit.postgres import EmbeddedPostgres
from stoa.modules import build_app, close_app

ROOT: Final = Path(__file__).resolve().parents[1]
PORT: Final = 8291
BARS: Final = {
    "list of posts": 0.5,
    "one post": 0.5,
    "one post, signed in": 0.5,
    "list, signed : not": 0.8,
}
WORDS: Final = "stone shade daylight column market morning letter river garden harbour winter story".split()


class Result(msgspec.Struct):
    """One turn: requests per second and the 99th percentile in milliseconds."""

    per_s: float
    p99_ms: float


# ---- content ---------------------------------------------------------------------------------------------------


async def fill(app: App, *, posts: int, givers: int) -> dict[str, Any]:
    """Writers with posts, and givers with coins; answers slugs, ids and tokens."""
    from stoa.creation.posts import actions as post_actions
    from stoa.money.wallet import actions as wallet

    password_hash = await identity.hash_password("a stoa has columns")

    async def same(password: str) -> str:
        return password_hash

    hashing.hash_password = same
    people: list[tuple[Actor, str]] = []
    for number in range(10 + givers):
        async with app.database.transaction() as db:
            ctx = Ctx(db, None, utcnow(), "bench", app)
            user = await identity.register(
                ctx,
                username=f"bench{number}",
                email=f"bench{number}@example.org",
                password="a stoa has columns",
                verified=True,
            )
            tokens = await identity.open_api_session(ctx, user.id, by="password")
            people.append((Actor(user.id, user.username, frozenset(user.roles)), tokens.access_token))
    async with app.database.transaction() as db:  # else the first hundred gifts would differ from the rest
        await wallet.change_settings(Ctx(db, people[0][0], utcnow(), "bench", app), accepts_promotional=False)
    last: Any = None
    for number in range(posts):
        async with app.database.transaction() as db:
            ctx = Ctx(db, people[number % 10][0], utcnow(), "bench", app)
            body = " ".join(WORDS[(number + i) % len(WORDS)] for i in range(400))
            last = await post_actions.write(
                ctx, title=f"On {WORDS[number % 12]} and {number}", body_markdown=body, category="Education"
            )
            last = await post_actions.publish(ctx, last.id)
    for actor, _ in people[10:]:
        async with app.database.transaction() as db:
            await wallet.buy_coins(Ctx(db, actor, utcnow(), "bench", app), 6, "pm_card_visa", key=str(new_id()))
    async with app.database.connection() as db:
        await db.execute("analyze")
        slug = await db.fetchval("select slug from works where id = $1", last.id)
    return {"slug": slug, "id": str(last.id), "writer": str(people[0][0].id), "tokens": [t for _, t in people[10:]]}


def requests_of(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is measured, by name."""
    gift = {"recipient_id": made["writer"], "amount": 1}
    found: dict[str, dict[str, Any]] = {
        "list of posts": {"method": "GET", "url": "/api/v1/posts?limit=20"},
        "one post": {"method": "GET", "url": f"/api/v1/posts/{made['id']}"},
        "home page": {"method": "GET", "url": "/"},
        "page of a post": {"method": "GET", "url": f"/p/{made['slug']}"},
    }
    token = made["tokens"][0]
    found["one post, signed in"] = {**found["one post"], "headers": {"Authorization": f"Bearer {token}"}}
    for number, token in enumerate(made["tokens"]):
        found[f"gift {number}"] = {
            "method": "POST", "url": "/api/v1/gifts", "json": gift, "headers": {"Authorization": f"Bearer {token}"},
        }  # fmt: skip
    return found


# ---- load ------------------------------------------------------------------------------------------------------


class Connection:
    """One kept-alive HTTP/1.1 connection, as thin as can be: the client must not be what is measured."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, request: bytes) -> int:
        """Sends one request, reads the whole answer, answers its status."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 : lower.index(b"\r\n", at)]) if at >= 0 else 0
        if length:
            await self.reader.readexactly(length)
        return int(head[9:12])


def encoded(request: dict[str, Any], path: str | None = None) -> bytes:
    """The request as bytes, up to its Idempotency-Key, which differs each time."""
    body = json.dumps(request["json"]).encode() if "json" in request else b""
    head = f"{request['method'] if path is None else 'GET'} {path or request['url']} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    for name, content in request.get("headers", {}).items():
        head += f"{name}: {content}\r\n"
    if body and path is None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"Idempotency-Key: %b\r\n\r\n" + body
    return head.encode() + b"\r\n"


async def turn(templates: list[bytes], *, connections: int, seconds: float) -> Result:
    """Each connection asks as fast as it is answered, for a while."""
    taken: list[float] = []
    until = time.perf_counter() + seconds

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        connection, template = Connection(reader, writer), templates[number % len(templates)]
        while (began := time.perf_counter()) < until:
            status = await connection.ask(template % new_id().hex.encode() if b"%b" in template else template)
            taken.append(time.perf_counter() - began)
            if status >= 400:
                raise RuntimeError(f"status {status} for {template[:80]!r}")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one(n) for n in range(connections)))
    per_s = len(taken) / (time.perf_counter() - began)
    return Result(per_s, statistics.quantiles(taken, n=100)[98] * 1000)


def measure(names: dict[str, tuple[list[bytes], list[bytes]]], options: argparse.Namespace) -> dict[str, list[Result]]:
    """Stoa and bare in turns; medians, as [stoa, bare] by name."""
    figures: dict[str, list[Result]] = {}
    for name, pair in names.items():
        turns: list[list[Result]] = [[], []]
        for _ in range(options.turns):
            for side in (0, 1):
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    work = turn(pair[side], connections=options.connections, seconds=options.seconds)
                    turns[side].append(runner.run(work))
        figures[name] = [
            Result(statistics.median(t.per_s for t in side), statistics.median(t.p99_ms for t in side))
            for side in turns
        ]
    return figures


def wait_until_up(server: subprocess.Popen[bytes]) -> None:
    """Until /health answers; raises when the server ends instead."""

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        await Connection(reader, writer).ask(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        writer.close()

    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit("the server ended at once")
        try:
            asyncio.run(ask())
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start within a minute")


def report(figures: dict[str, list[Result]]) -> bool:
    """Prints the table; answers whether the bars are met. `beside`: the bare handler, or the request not signed in."""
    print(f"{'':22s}{'requests/s':>12s}{'p99 ms':>9s}{'beside/s':>10s}{'p99 ms':>9s}{'ratio':>8s}  bar")
    good = True
    for name, (stoa, bare) in figures.items():
        ratio = stoa.per_s / bare.per_s
        bar = BARS.get(name)
        met = bar is None or ratio >= bar
        good &= met
        verdict = "" if bar is None else f"{bar:.2f} {'met' if met else 'MISSED'}"
        print(
            f"{name:22s}{stoa.per_s:12.0f}{stoa.p99_ms:9.1f}{bare.per_s:10.0f}{bare.p99_ms:9.1f}{ratio:8.2f}  {verdict}"
        )
    return good


async def prepare(dsn: str, home: Path, options: argparse.Namespace) -> dict[str, Any]:
    """A migrated database with content."""
    await migrate(dsn)
    app = await build_app(load_settings({"DATABASE_URL": dsn, "STOA_HOME": str(home)}))
    try:
        return await fill(app, posts=options.posts, givers=options.connections)
    finally:
        await close_app(app)


def main(argv: Sequence[str]) -> int:
    """Runs it; exit code 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="bench http", description=__doc__)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one turn")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
        made = asyncio.run(prepare(postgres.dsn, Path(folder), options))
        requests = requests_of(made)
        environment = {
            **os.environ, "DATABASE_URL": postgres.dsn, "STOA_HOME": folder, "STOA_LIMITS_MULTIPLIER": "1000000",
            "STOA_LOG_LEVEL": "warning", "STOA_BASE_URL": f"http://127.0.0.1:{PORT}", "BENCH_PORT": str(PORT),
            "BENCH_REQUESTS": json.dumps(requests), "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        }  # fmt: skip
        server = subprocess.Popen([sys.executable, "-m", "bench._http_server"], env=environment, cwd=ROOT)
        try:
            wait_until_up(server)
            gifts = [n for n in requests if n.startswith("gift")]
            names = {n: ([encoded(r)], [encoded(r, bare_path(n))]) for n, r in requests.items() if n not in gifts}
            signed = {"headers": requests["one post, signed in"]["headers"]}
            for short, name in (("list", "list of posts"), ("one post", "one post")):
                names[f"{short}, signed : not"] = ([encoded({**requests[name], **signed})], [encoded(requests[name])])
            names["gift"] = ([encoded(requests[n]) for n in gifts], [encoded(requests[n], bare_path(n)) for n in gifts])
            good = report(measure(names, options))
        finally:
            server.terminate()
            server.wait(10)
    return 0 if good else 1


def bare_path(name: str) -> str:
    """The address of a bare handler."""
    return "/bare/" + name.replace(" ", "-").replace(",", "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
