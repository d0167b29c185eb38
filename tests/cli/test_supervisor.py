"""Several processes as one: what falls over comes back, what keeps falling ends the whole, nobody is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src"
PART = """
import os, signal, sys, time
from pathlib import Path
from stoa.kit import supervisor
supervisor.ORPHAN_GRACE_S = 3.0
supervisor.follow_parent()
name, folder, behaviour = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
if behaviour == "dies":
    sys.exit(3)
if behaviour == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if behaviour == "gentle":
    signal.signal(signal.SIGTERM, lambda *_: ((folder / f"{name}.ended").touch(), sys.exit(0)))
(folder / f"{name}.{os.getpid()}").touch()
while True:
    time.sleep(0.05)
"""
WHOLE = """
import asyncio, os, sys
from pathlib import Path
from stoa.kit import supervisor
from stoa.kit.supervisor import Part, Stopped, Supervisor
supervisor.GRACE_S, supervisor.FIRST_PAUSE_S = 3.0, 0.02
part, folder = sys.argv[1], sys.argv[2]
command = [sys.executable, "-c", part]
given = [argument.split("=") for argument in sys.argv[3:]]
parts = [Part(name, [*command, name, folder, how], order=i) for i, (name, how) in enumerate(given)]
async def ready():
    if os.environ.get("NEVER_READY"):
        await asyncio.sleep(60)
try:
    asyncio.run(Supervisor(parts, os.environ, lambda text: print(text, flush=True)).run(ready))
except Stopped as error:
    sys.exit(str(error))
"""


class Whole:
    """A supervisor process with parts given as name=behaviour."""

    def __init__(self, folder: Path, *parts: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", WHOLE, PART, str(folder), *parts],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(SRC)},
        )  # fmt: skip

    def pids(self, name: str) -> list[int]:
        found = [int(file.suffix[1:]) for file in self.folder.glob(f"{name}.*") if file.suffix != ".ended"]
        return [pid for pid in found if not is_dead(pid)]

    def pid(self, name: str) -> int:
        eventually(lambda: len(self.pids(name)) == 1)
        return self.pids(name)[0]


def is_dead(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):  # gone in between, or a system without /proc, where kill has spoken
        return Path("/proc/self").exists()


def eventually(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.02)


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Callable[..., Whole]]:
    started: list[Whole] = []

    def start(*parts: str) -> Whole:
        started.append(Whole(tmp_path, *parts))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


def test_a_part_killed_is_started_again(whole: Callable[..., Whole]) -> None:
    it = whole("web=gentle", "worker=gentle")
    first, worker = it.pid("web"), it.pid("worker")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: it.pids("web") not in ([], [first]))
    assert it.pids("worker") == [worker]
    it.process.send_signal(signal.SIGINT)
    said, _ = it.process.communicate()
    assert it.process.returncode == 0
    assert "web was ended by SIGKILL; starting it again" in said


def test_the_end_is_gentle_and_in_order(whole: Callable[..., Whole], tmp_path: Path) -> None:
    it = whole("web=gentle", "worker=gentle")
    pids = [it.pid("web"), it.pid("worker")]
    it.process.terminate()
    it.process.communicate()
    assert it.process.returncode == 0
    assert all(map(is_dead, pids))
    assert (tmp_path / "web.ended").stat().st_mtime_ns < (tmp_path / "worker.ended").stat().st_mtime_ns


def test_a_part_that_does_not_listen_is_ended_all_the_same(whole: Callable[..., Whole]) -> None:
    it = whole("web=deaf")
    pid = it.pid("web")
    it.process.terminate()
    it.process.communicate(timeout=60)
    assert is_dead(pid)


def test_a_part_that_keeps_dying_ends_the_whole_with_the_reason(whole: Callable[..., Whole]) -> None:
    it = whole("web=gentle", "worker=dies")
    pid = it.pid("web")
    _, complaint = it.process.communicate(timeout=60)
    assert it.process.returncode == 1
    assert "worker ended with status 3, 6 times within a minute" in complaint
    assert is_dead(pid)


def test_a_part_that_fails_at_the_start_ends_the_whole_at_once(
    whole: Callable[..., Whole], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEVER_READY", "1")
    it = whole("web=dies")
    _, complaint = it.process.communicate(timeout=60)
    assert it.process.returncode == 1
    assert "web ended with status 3 before everything was up" in complaint


def test_parts_follow_a_supervisor_that_is_killed(whole: Callable[..., Whole], tmp_path: Path) -> None:
    it = whole("web=gentle", "worker=deaf")
    pids = [it.pid("web"), it.pid("worker")]
    it.process.kill()
    eventually(lambda: all(map(is_dead, pids)))
    assert (tmp_path / "web.ended").exists()
