"""The embedded server: it starts, it is shared, and it outlives no one, whoever is killed."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from stoa.kit.postgres import CannotStart, EmbeddedPostgres
from stoa.kit.postgres.place import find_place

SRC = Path(__file__).resolve().parents[2] / "src"
OWNER = """
import sys, time
from pathlib import Path
from stoa.kit.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), durable=False) as server:
    print(server.dsn, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="stoa test ") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / ".stoa"
        EmbeddedPostgres(Path(folder) / ".stoa").destroy()


def owner(home: Path) -> "subprocess.Popen[str]":
    """Another process that uses the server until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(SRC)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("postgresql://")
    return process


def end(process: "subprocess.Popen[str]", number: int | None = None) -> None:
    if number is not None:
        process.send_signal(number)
    process.communicate()


def pid_of(home: Path) -> int:
    return int((find_place(home).data / "postmaster.pid").read_text().split()[0])


def runs_anew(home: Path, before: int) -> bool:
    """Whether another server than that one is here; its file may be being written at this moment."""
    try:
        return pid_of(home) != before
    except (FileNotFoundError, IndexError):
        return False


def eventually(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.02)


def is_gone(home: Path) -> bool:
    return not (find_place(home).data / "postmaster.pid").exists()


def is_dead(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):  # gone in between, or a system without /proc, where kill has spoken
        return Path("/proc/self").exists()


async def fetch(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_it_keeps_data_over_a_restart_and_listens_nowhere_else(home: Path) -> None:
    with EmbeddedPostgres(home) as server:
        await fetch(server.dsn, "create table kept as select 'Ä' as letter")
        assert await fetch(server.dsn, "show listen_addresses") == ""
        assert await fetch(server.dsn, "show fsync") == "on"
        assert await fetch(server.dsn, "show synchronous_commit") == "on"
        run = find_place(home).run
        assert run.stat().st_mode & 0o777 == 0o700
        assert len(str(run)) < 90
    assert is_gone(home)
    with EmbeddedPostgres(home, durable=False) as server:
        assert await fetch(server.dsn, "select lower(letter) from kept") == "ä"
        assert await fetch(server.dsn, "show fsync") == "off"


async def test_it_is_shared_and_stays_until_the_last_one_leaves(home: Path) -> None:
    first = owner(home)
    pid = pid_of(home)
    second, third = owner(home), EmbeddedPostgres(home)
    third.start()
    end(first)
    end(second, signal.SIGKILL)
    assert pid_of(home) == pid
    assert await fetch(third.dsn, "select 1") == 1
    third.stop()
    assert is_gone(home) and is_dead(pid)
    third.stop()


def test_many_start_it_at_the_same_time(home: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", OWNER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         text=True, env=os.environ | {"PYTHONPATH": str(SRC)})
        for _ in range(4)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("postgresql://")
    for process in started:
        end(process)
        assert process.returncode == 0
    assert is_gone(home)


@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_many_make_its_folders_at_the_same_time(tmp_path: Path, mode: int) -> None:
    """Also where the server's own user cannot enter: there the folder is elsewhere, one for all."""
    finding = "import sys; from pathlib import Path; from stoa.kit.postgres.place import find_place"
    for number in range(3):
        closed = tmp_path / f"home-{number}"
        closed.mkdir()
        closed.chmod(mode)
        processes = [
            subprocess.Popen([sys.executable, "-c", f"{finding}; print(find_place(Path(sys.argv[1])).base)",
                              str(closed / ".stoa")], stdout=subprocess.PIPE, text=True,
                             env=os.environ | {"PYTHONPATH": str(SRC)})
            for _ in range(5)
        ]  # fmt: skip
        found = {process.communicate(timeout=60)[0] for process in processes}
        assert [process.returncode for process in processes] == [0] * 5
        assert len(found) == 1 and Path(found.pop().strip()).is_dir()
        EmbeddedPostgres(closed / ".stoa").destroy()


def test_an_owner_killed_takes_the_server_along(home: Path) -> None:
    process = owner(home)
    pid = pid_of(home)
    end(process, signal.SIGKILL)
    eventually(lambda: is_dead(pid) and is_gone(home))


async def test_the_server_killed_comes_back_with_all_that_was_committed(home: Path) -> None:
    with EmbeddedPostgres(home) as server:
        await fetch(server.dsn, "create table survivors as select 7 as number")
        pid = pid_of(home)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: runs_anew(home, pid))
        again = EmbeddedPostgres(home)  # attaching waits until it is ready
        assert await fetch(again.start(), "select number from survivors") == 7
        again.stop()
        assert not server.lost()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
async def test_the_keeper_killed_is_noticed_and_the_server_started_again(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        pid = pid_of(home)
        keeper = int(re.findall(r"PPid:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0])
        os.kill(keeper, signal.SIGKILL)
        eventually(server.lost)
        server.start()
        assert is_dead(pid)
        assert await fetch(server.dsn, "select 1") == 1


async def test_a_stale_pid_file_harms_no_stranger(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False):
        pass
    stranger = subprocess.Popen(["sleep", "60"])
    place = find_place(home)
    lines = [str(stranger.pid), str(place.data), "1700000000", "5432", str(place.run), "", "  1   2", "ready   "]
    file = place.data / "postmaster.pid"
    file.write_text("\n".join(lines) + "\n")
    if place.uid is not None and place.gid is not None:
        os.chown(file, place.uid, place.gid)
    with EmbeddedPostgres(home, durable=False) as server:
        assert await fetch(server.dsn, "select 1") == 1
        assert stranger.poll() is None
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False):
        pass
    conf = find_place(home).data / "postgresql.conf"
    before = conf.read_text()
    conf.write_text(before + "\nwork_mem = 'lots'\n")
    try:
        with pytest.raises(CannotStart, match="work_mem"):
            EmbeddedPostgres(home).start()
    finally:
        conf.write_text(before)
    with EmbeddedPostgres(home, durable=False):
        pass


async def test_a_long_path_gets_a_short_private_socket_folder(home: Path) -> None:
    server = EmbeddedPostgres(home.parent / ("long" * 30) / ".stoa", durable=False)
    try:
        assert await fetch(server.start(), "select 1") == 1
        run = find_place(server.home).run
        assert len(str(run)) < 60
        assert run.stat().st_mode & 0o777 == 0o700
    finally:
        server.destroy()
    assert not run.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="concerns root")
async def test_roots_server_opens_no_folder_and_is_not_root(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / ".stoa", durable=False)
    try:
        assert await fetch(server.start(), "select 1") == 1
        assert closed.stat().st_mode & 0o777 == 0o700
        base = (server.home / "postgres").readlink()
        assert base.parent == Path(tempfile.gettempdir()).resolve()  # for a home that is not temporary: /var/lib
        status = Path(f"/proc/{pid_of(server.home)}/status").read_text()
        assert re.findall(r"Uid:\s+(\d+)", status) != ["0"]
    finally:
        server.destroy()
    assert not base.exists()
