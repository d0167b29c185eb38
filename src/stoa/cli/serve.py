"""The processes that `up` runs, each also a command of its own: one web process, one job runner, the demo content."""

import argparse
import asyncio
import errno
import importlib
import inspect
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from stoa.kit.config import Settings, load_settings
from stoa.kit.migrate import pending
from stoa.kit.postgres import EmbeddedPostgres
from stoa.kit.supervisor import LIFELINE, follow_parent

__all__ = ["Refused", "listening_socket", "seed", "using_database", "web", "worker"]

SOCKET_FD = "STOA_SOCKET_FD"
BACKLOG = 2048


class Refused(Exception):
    """The command cannot do that; the message says why, and what would help."""


@contextmanager
def using_database(settings: Settings) -> Iterator[Settings]:
    """The settings with the address of a database that runs: the configured one, or the embedded one, while this lasts.

    Others in this process (and its children) find the address in the environment.
    """
    if settings.database_url is not None:
        yield settings
        return
    with EmbeddedPostgres(settings.home) as server:
        os.environ["DATABASE_URL"] = server.dsn
        try:
            yield msgspec.structs.replace(settings, database_url=server.dsn)
        finally:
            del os.environ["DATABASE_URL"]


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `Refused` when the port is taken or not allowed."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise Refused(f"host {host}: this machine has no such address; set STOA_HOST") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise Refused(f"port {port} is in use by another program; try: ./stoa up --port {port + 1}") from None
        if error.errno == errno.EACCES:
            raise Refused(f"port {port} needs more rights than this user has; try: ./stoa up --port 8200") from None
        raise Refused(f"{host}:{port}: {error.strerror}; set STOA_HOST and STOA_PORT") from None
    listener.listen(BACKLOG)
    return listener


def web(_: argparse.Namespace) -> None:
    """Serve HTTP in this process, on the socket that the supervisor passed on or on one of its own."""
    with _migrated() as settings:
        import uvicorn

        passed = os.environ.pop(SOCKET_FD, None)
        listener = socket.socket(fileno=int(passed)) if passed else listening_socket(settings.host, settings.port)
        config = uvicorn.Config(
            "stoa.main:asgi",
            factory=True,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_keep_alive=30,
            timeout_graceful_shutdown=10,
            backlog=BACKLOG,
        )
        uvicorn.Server(config).run(sockets=[listener])


def worker(_: argparse.Namespace) -> None:
    """Run jobs in this process until told to stop."""
    with _migrated() as settings:
        from stoa.worker import main

        main(settings)


@contextmanager
def _migrated() -> Iterator[Settings]:
    """The settings for a process that serves, with a database that has all it needs.

    Under `up`, which has just migrated it, that is not asked again: what crashes must come back whatever was pulled
    since. Raises `Refused`, and `MigrationError` when there is no connection, or a database of another Stoa.
    """
    is_part = LIFELINE in os.environ
    follow_parent()
    with using_database(load_settings()) as settings:
        missing = [] if is_part else asyncio.run(pending(str(settings.database_url)))
        if missing:
            raise Refused(f"the database is not up to date ({len(missing)} not applied); run ./stoa migrate")
        yield settings


def seed(_: argparse.Namespace) -> None:
    """Fill an empty database with demo content.

    The password of its accounts, an administrator's among them, stands in the repository. Where others can come they
    get one that nobody knows, printed here and nowhere else.
    """
    follow_parent()
    from stoa.modules import build_app, close_app

    demo = importlib.import_module("stoa.demo")

    async def run(settings: Settings) -> None:
        password = demo.PASSWORD if settings.is_local else secrets.token_urlsafe(15)
        app = await build_app(settings)
        try:
            made = await demo.seed(app, password)
        finally:
            await close_app(app)
        if made and not settings.is_local:
            print("\n  The demo accounts have a password that is shown only now:", flush=True)
            for who, username, _ in demo.LOGINS:
                print(f"    {who:<14} {username}@example.org{'':<{12 - len(username)}} {password}", flush=True)

    with using_database(load_settings()) as settings:
        asyncio.run(run(settings))


def finish(result: Any) -> Any:
    """The result of a function that may be a coroutine."""
    return asyncio.run(result) if inspect.iscoroutine(result) else result
