"""`./stoa up`: database, web processes and a job runner as one thing; and `demo`, which needs it running."""

import argparse
import asyncio
import fcntl
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg

from stoa.cli import assets
from stoa.cli.serve import SOCKET_FD, Refused, finish, listening_socket
from stoa.kit.config import Settings, load_settings
from stoa.kit.migrate import migrate
from stoa.kit.postgres import EmbeddedPostgres
from stoa.kit.supervisor import Part, Stopped, Supervisor

__all__ = ["demo", "running_url", "up"]

READY_S = 60.0
WATCH_DATABASE_S = 1.0
IS_EMPTY = "select not exists (select from users)"
THOSE_WHO_EXIST = """
    select username, email, password_hash from users where username = any($1::text[]) and password_hash is not null
"""


def up(arguments: argparse.Namespace) -> None:
    """Run everything until Ctrl-C. Raises `Refused`, `Stopped` and what the parts raise at the start."""
    settings = load_settings(_overridden(arguments))
    with _only_one(settings.home) as announce:
        assets.build()
        listener = listening_socket(settings.host, settings.port)
        with listener:
            environment = _overridden(arguments) | {"STOA_PORT": str(listener.getsockname()[1])}
            settings = load_settings(environment)
            asyncio.run(_up(settings, environment, listener.fileno(), announce))
    say("stopped")


def _overridden(arguments: argparse.Namespace) -> dict[str, str]:
    """The environment with the options of the command line put over it, for this process and its parts."""
    environment = dict(os.environ)
    for variable, value in (("STOA_PORT", arguments.port), ("STOA_WORKERS", arguments.workers)):
        if value is not None:
            environment[variable] = str(value)
    if arguments.demo or arguments.no_demo:
        environment["STOA_DEMO"] = "yes" if arguments.demo else "no"
    return environment


async def _up(settings: Settings, environment: dict[str, str], socket_fd: int, announce: Any) -> None:
    began = time.monotonic()
    server = EmbeddedPostgres(settings.home) if settings.database_url is None else None
    dsn = settings.database_url or ""
    try:
        if server is not None:
            dsn = await asyncio.to_thread(server.start)
        environment["DATABASE_URL"] = dsn
        await migrate(dsn)
        if settings.wants_demo and await _ask(dsn, IS_EMPTY) and importlib.util.find_spec("stoa.demo"):
            say("filling the empty database with demo content")
            await _seed(environment)
        command = [sys.executable, "-P", "-m", "stoa.cli"]
        parts = [Part(f"web {n + 1}", [*command, "web"], fds=[socket_fd]) for n in range(settings.workers)]
        parts.append(Part("worker", [*command, "worker"], order=1))

        async def ready() -> None:
            await _until_healthy(settings)
            announce(settings.base_url)
            await _greet(settings, dsn, time.monotonic() - began)

        async def watch() -> None:
            while server is not None:
                await asyncio.sleep(WATCH_DATABASE_S)
                if server.lost():
                    say("the database was lost; starting it again")
                    await asyncio.to_thread(server.start)

        await Supervisor(parts, environment | {SOCKET_FD: str(socket_fd)}, say).run(ready, watch)
    finally:
        if server is not None:
            await asyncio.to_thread(server.stop)


async def _seed(environment: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-P", "-m", "stoa.cli", "_seed", env=environment)
    try:
        if await process.wait() != 0:
            raise Stopped("the demo content could not be made (see above); ./stoa up --no-demo starts without it")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ask(dsn: str, sql: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def _until_healthy(settings: Settings) -> None:
    url = f"http://{_reachable_host(settings.host)}:{settings.port}/health"
    deadline = time.monotonic() + READY_S
    while not await asyncio.to_thread(_answers, url):
        if time.monotonic() > deadline:
            raise Stopped(f"no answer from {url} within {READY_S:.0f} s")
        await asyncio.sleep(0.1)


def _reachable_host(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)


def _answers(url: str) -> bool:
    with suppress(OSError):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy to ourselves
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    return False


async def _greet(settings: Settings, dsn: str, took_s: float) -> None:
    print(f"\n  Stoa is at  {settings.base_url}   (started in {took_s:.1f} s, Ctrl-C ends it)", flush=True)
    known = await _known_logins(dsn)
    if known and settings.is_local:
        print("  Log in as")
        for who, email, password in known:
            print(f"    {who:<14} {email:<24} {password}")
    elif known:
        print("  WARNING: everybody can read the passwords of these demo accounts in Stoa's source; change them now:")
        print(f"    {', '.join(email for _, email, _ in known)}")
    if await _ask(dsn, IS_EMPTY):
        print("  Nobody is here yet. Make an administrator: ./stoa user create-admin")
    print(flush=True)


async def _known_logins(dsn: str) -> list[tuple[str, str, str]]:
    """(who it is, email, password) of those in `stoa.demo.LOGINS` who exist and still have that password."""
    if importlib.util.find_spec("stoa.demo") is None:
        return []
    from pwdlib import PasswordHash, exceptions
    from pwdlib.hashers.argon2 import Argon2Hasher

    logins = importlib.import_module("stoa.demo").LOGINS
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(THOSE_WHO_EXIST, [username for _, username, _ in logins])
    finally:
        await connection.close()
    people, hasher, known = {row["username"]: row for row in rows}, PasswordHash((Argon2Hasher(),)), []
    for who, username, password in logins:
        person = people.get(username)
        with suppress(exceptions.UnknownHashError):
            if person and await asyncio.to_thread(hasher.verify, password, person["password_hash"]):
                known.append((who, person["email"], password))
    return known


# --- one per folder


@contextmanager
def _only_one(home: Path) -> Iterator[Any]:
    """Hold this folder's lock; yields a function that tells others the address. Raises `Refused` if it is held."""
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    file = (home / "up.json").open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"Stoa already runs in this folder: {_described(home)}") from None

        def announce(url: str) -> None:
            file.seek(0)
            file.truncate()
            file.write(json.dumps({"pid": os.getpid(), "url": url}))
            file.flush()

        announce("")
        try:
            yield announce
        finally:
            file.truncate(0)


def _described(home: Path) -> str:
    with suppress(OSError, ValueError):
        said = json.loads((home / "up.json").read_text(encoding="utf-8"))
        return f"{said['url'] or 'it is just starting'} (process {said['pid']}); end that one first"
    return "it is just starting"


def running_url(home: Path) -> str | None:
    """The address of the Stoa that runs in this folder, if one does and has come up."""
    try:
        file = (home / "up.json").open(encoding="utf-8")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            with suppress(ValueError):
                return json.loads(file.read())["url"] or None
        return None


# --- the demo


def demo(_: argparse.Namespace) -> int:
    """Tell the main job through the API of the Stoa that runs here, or of one started for it; 1 if a figure is off."""
    settings = load_settings()
    url = running_url(settings.home)
    if url is not None:
        return _tell(url)
    with _home_of_demo(settings) as home:
        log = home / "demo.log"
        with log.open("wb") as output:
            command = [sys.executable, "-P", "-m", "stoa.cli", "up", "--port", "0", "--no-demo"]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 2 * READY_S
            while (url := running_url(home)) is None:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise Refused(f"Stoa did not start:\n{log.read_text(errors='replace').strip()}")
                time.sleep(0.1)
            return _tell(url)
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _home_of_demo(settings: Settings) -> Iterator[Path]:
    """This folder's, or, before it has any data, one that is removed afterwards.

    `up` makes demo content, and prints its log-ins, only in a database where nobody is yet. All that this process
    starts, and the story, which reads the books, find that folder in the environment.
    """
    if settings.database_url is not None or (settings.home / "postgres" / "data").exists():
        say("starting Stoa for the demo")
        yield settings.home
        return
    say("starting Stoa for the demo, in a folder that is removed afterwards")
    with tempfile.TemporaryDirectory(prefix="stoa-demo-") as folder:
        os.environ["STOA_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            EmbeddedPostgres(Path(folder)).destroy()


def _tell(url: str) -> int:
    story = importlib.import_module("stoa.demo.story")
    return int(finish(story.main(url)) or 0)


def say(text: str) -> None:
    """A line for people, beside the parts' own output."""
    print(f"stoa: {text}", file=sys.stderr, flush=True)
