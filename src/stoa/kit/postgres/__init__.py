"""The embedded PostgreSQL: a server of its own for this installation, which runs as long as somebody uses it.

    with EmbeddedPostgres(settings.home) as server:
        await asyncpg.connect(server.dsn)

Any number of processes may do this at the same time (`up`, and beside it `migrate` or a benchmark): the first one
starts the server, the others attach to it, and it is shut down when the last one leaves or dies. See `keeper.py` for
how, and `place.py` for where the data is. A server started with `durable=False` (for tests) may lose everything in a
crash of the machine; that is decided by whoever starts it.
"""

import fcntl
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from stoa.kit.postgres import keeper
from stoa.kit.postgres.place import CannotStart, Place, binaries, find_place, prepared, server_settings

__all__ = ["CannotStart", "EmbeddedPostgres", "binaries"]

START_S = 600.0  # recovery after a crash can take its time
STOP_S = 90.0


class EmbeddedPostgres:
    """One use of the embedded server of `home`; not to be shared between threads."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.resolve()
        self.durable = durable
        self.place: Place | None = None
        self._link: socket.socket | None = None
        self._heard = b""

    @property
    def dsn(self) -> str:
        """The address of the running server's database `stoa`."""
        if self.place is None:
            raise RuntimeError("the server has not been started")
        return self.place.dsn

    @property
    def bin(self) -> Path:
        """The folder of psql, pg_dump, pgbench and the others; they reach the server by `dsn`."""
        return binaries()

    def start(self, timeout_s: float = START_S) -> str:
        """Start the server or attach to the running one; returns its DSN when it takes connections.

        Raises `CannotStart` with what the server said.
        """
        if self._link is not None:
            return self.dsn
        self.place = find_place(self.home)
        deadline = time.monotonic() + timeout_s
        while self._link is None:
            link = _connected(self.place)
            if link is None:
                with self._starting(self.place):
                    link = _connected(self.place) or self._start_keeper(self.place, deadline)
            if self._wait_until_ready(link, deadline):
                self._link = link
            else:
                link.close()  # that server was just shutting down; the next one is ours to start
        return self.place.dsn

    def stop(self) -> None:
        """Leave the server; if nobody else uses it, return when it has shut down. Harmless when not started."""
        link, self._link = self._link, None
        if link is None:
            return
        with link, suppress(OSError):
            link.sendall(b"bye\n")
            link.settimeout(STOP_S)
            while not self._states() & {"kept", "stopped", "failed"}:
                heard = link.recv(4096)
                if not heard:
                    break
                self._heard += heard

    def lost(self) -> bool:
        """Whether the server is gone for good, and `start` is needed again. Does not wait."""
        if self._link is None:
            return True
        with suppress(BlockingIOError):
            self._link.setblocking(False)
            try:
                while heard := self._link.recv(4096):
                    self._heard = heard  # "starting" and "ready": it was started again without us
                    if self._states() & {"failed", "stopped"}:
                        break
            except BlockingIOError:
                return False
            except OSError:
                pass
            self._link.close()
            self._link = None
        return self._link is None

    def destroy(self) -> None:
        """Stop, and delete the data and all that belongs to it. For tests; there is no way back."""
        self.stop()
        place = find_place(self.home)
        if (link := _connected(place)) is not None:
            link.close()
            raise RuntimeError("the server is in use by another process")
        shutil.rmtree(place.run, ignore_errors=True)
        shutil.rmtree(place.base, ignore_errors=True)
        with suppress(FileNotFoundError):
            (self.home / "postgres").unlink()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- the keeper

    def _wait_until_ready(self, link: socket.socket, deadline: float) -> bool:
        """Listen to the keeper until it says that the server is ready; False if it ends instead."""
        self._heard = b""
        try:
            while not (states := self._states()) & {"ready", "failed", "stopped"}:
                link.settimeout(max(0.01, deadline - time.monotonic()))
                heard = link.recv(4096)
                if not heard:
                    return False
                self._heard += heard
        except TimeoutError:
            link.close()
            raise CannotStart(f"the database server is not ready yet; see {self._log}") from None
        except ConnectionError:
            return False
        if "failed" in states:
            link.close()
            raise CannotStart(f"{self._error()}\nMore in {self._log}")
        return "stopped" not in states

    @property
    def _log(self) -> str:
        return str(self.place.log) if self.place else ""

    def _messages(self) -> Iterator[dict[str, str]]:
        for line in self._heard.split(b"\n")[:-1]:
            yield json.loads(line)

    def _states(self) -> set[str]:
        return {message["state"] for message in self._messages()}

    def _error(self) -> str:
        return next((message["error"] for message in self._messages() if message.get("error")), "it did not say why")

    @contextmanager
    def _starting(self, place: Place) -> Iterator[None]:
        lock = os.open(place.base / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _start_keeper(self, place: Place, deadline: float) -> socket.socket:
        place = prepared(place, durable=self.durable)
        command = [str(place.bin / "postgres"), "-D", str(place.data)]
        for name, value in server_settings(place, durable=self.durable).items():
            command += ["-c", f"{name}={value}"]
        config = {"data": str(place.data), "run": str(place.run), "base": str(place.base), "log": str(place.log),
                  "command": command, "uid": place.uid, "gid": place.gid}  # fmt: skip
        alive, held = os.pipe()  # the keeper holds the other end for as long as it lives
        try:
            with (place.base / "keeper.log").open("wb") as log:
                subprocess.run(  # returns at once: the keeper goes into the background by itself
                    [sys.executable, "-I", "-S", keeper.__file__, json.dumps(config | {"alive": held})],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", pass_fds=[held], check=True,
                )  # fmt: skip
            os.close(held)
            held = -1
            while (link := _connected(place)) is None:
                if time.monotonic() > deadline:
                    raise CannotStart(f"an earlier database server does not end; see {place.log}")
                if select.select([alive], [], [], 0.005)[0]:
                    said = (place.base / "keeper.log").read_text(errors="replace").strip()
                    raise CannotStart(f"the database's keeper ended at once\n{said}")
            return link
        finally:
            os.close(alive)
            if held >= 0:
                os.close(held)


def _connected(place: Place) -> socket.socket | None:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.connect(str(place.run / "keeper"))
    except (FileNotFoundError, ConnectionRefusedError):
        link.close()
        return None
    return link
