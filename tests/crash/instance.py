"""A whole Stoa in a folder of its own: supervisor, web, worker, and an embedded PostgreSQL that keeps what it says."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stoa.cli.up import running_url
from stoa.kit.postgres import EmbeddedPostgres
from stoa.kit.postgres.place import find_place

SRC = Path(__file__).resolve().parents[2] / "src"
START_S = 90.0  # a busy machine takes its time


class Instance:
    """`./stoa up` on a free port, in a process of its own."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.log = home.parent / "up.log"
        self.env = {
            "PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": str(SRC), "STOA_HOME": str(home),
            **{f"STOA_{name.upper()}": value for name, value in settings.items()},
        }  # fmt: skip
        with self.log.open("w") as log:
            command = [sys.executable, "-P", "-m", "stoa.cli", "up", "--port", "0", "--no-demo"]
            self.process = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.url = ""
        until(self._is_up, START_S, self.said)
        self.database = EmbeddedPostgres(home)  # our own use of the same server
        self.dsn = self.database.start()

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.said()
        self.url = running_url(self.home) or ""
        return bool(self.url)

    def said(self) -> str:
        """What it has printed so far, the end of it."""
        return self.log.read_text(errors="replace")[-8000:]

    def command(self, *arguments: str, timeout_s: float = 120) -> "subprocess.CompletedProcess[str]":
        """Another command in the same folder."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "stoa.cli", *arguments], env=self.env, timeout=timeout_s,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def pids(self, part: str) -> list[int]:
        """The processes of web or worker."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                mine = f"\nPPid:\t{self.process.pid}\n" in (entry / "status").read_text()
                if mine and words[-2:] == [part.encode(), b""]:
                    found.append(int(entry.name))
        return found

    def kill(self, part: str) -> bool:
        """kill -9 of web, worker, or the database's postmaster; False when it is not there just now."""
        if part == "database":
            with suppress(OSError, ValueError, IndexError):
                words = (find_place(self.home).data / "postmaster.pid").read_text().split()
                os.kill(int(words[0]), signal.SIGKILL)
                return True
            return False
        pids = self.pids(part)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(pids)

    def end(self) -> None:
        """Stop it all, and delete the database."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(40)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.database.destroy()


def until(condition: Callable[[], bool], timeout_s: float, why: Callable[[], str] = str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.05)
