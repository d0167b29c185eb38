"""The commands, as they are called: in a process of their own."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from stoa.cli.up import running_url
from stoa.kit.postgres.place import find_place

SRC = Path(__file__).resolve().parents[2] / "src"


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": str(SRC), "STOA_HOME": str(home), **more}


def stoa(home: Path, *arguments: str, given: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "stoa.cli", *arguments], env=environment(home, **more),
        input=given, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def well(home: Path, *arguments: str, given: str = "") -> str:
    """What a command prints that is expected to succeed."""
    done = stoa(home, *arguments, given=given)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    from stoa.kit.postgres import EmbeddedPostgres

    folder = tmp_path_factory.mktemp("a home") / ".stoa"
    yield folder
    EmbeddedPostgres(folder).destroy()


def test_config_shows_the_settings_and_no_secret(tmp_path: Path) -> None:
    done = stoa(tmp_path, "config", STOA_METRICS_TOKEN="hunter2")
    assert done.returncode == 0
    assert f'home = "{tmp_path}"' in done.stdout
    assert "hunter2" not in done.stdout
    kept = (tmp_path / "secrets.toml").read_text()
    assert not any(secret in done.stdout for secret in re.findall(r'"([^"]{20,})"', kept))


def test_a_wrong_setting_stops_every_command_with_its_name(tmp_path: Path) -> None:
    for command in ("config", "up", "migrate", "doctor"):
        done = stoa(tmp_path, command, STOA_PROT="1")
        assert done.returncode == 1
        assert done.stderr == "stoa: STOA_PROT: there is no such setting; did you mean port?\n"


def test_a_wrong_command_shows_the_right_ones(tmp_path: Path) -> None:
    done = stoa(tmp_path, "upp")
    assert done.returncode == 2
    assert "user create-admin" in done.stderr


def test_help_names_the_command_as_it_is_called(tmp_path: Path) -> None:
    for words, more in (
        (("user", "create-admin"), " [--username USERNAME] [--email EMAIL]"),
        (("ledger", "verify"), ""),
        (("ledger",), " command ..."),
        (("migrate",), ""),
    ):
        done = stoa(tmp_path, *words, "--help", COLUMNS="200")
        assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"usage: ./stoa {' '.join(words)} [-h]{more}")


def test_routes_and_openapi_need_no_database(tmp_path: Path) -> None:
    lines = stoa(tmp_path, "routes").stdout.splitlines()
    assert "GET /health" in lines
    assert all(re.fullmatch(r"(GET|HEAD|POST|PUT|PATCH|DELETE) /\S*", line) for line in lines)
    assert json.loads(stoa(tmp_path, "openapi").stdout)["openapi"].startswith("3.")
    assert not (tmp_path / "postgres").exists()


def test_migrate_doctor_admin_and_verify_start_the_database_themselves(home: Path) -> None:
    assert " 0001_kit" in well(home, "migrate")
    assert well(home, "migrate") == "the database is up to date\n"
    names = [line.split()[1] for line in well(home, "doctor").splitlines()]
    own = ["python", "disk", "database", "migrations", "storage", "clock"]
    assert names == [*own, "mail", "payments", "payouts", "scanner"]
    named = ("user", "create-admin", "--username", "theo", "--email", "theo@example.org")
    refused = stoa(home, *named, given="short\n")
    assert (refused.returncode, refused.stderr[:16]) == (1, "stoa: password: ")
    well(home, *named, given="a stoa has columns\n")
    assert well(home, *named) == "theo is an administrator now\n"
    assert "every balance" in well(home, "ledger", "verify")
    assert "nothing is open" in well(home, "reconcile", "--gateway", "sandbox")
    assert not (find_place(home).data / "postmaster.pid").exists()


def test_an_administrator_is_registered_like_everybody(home: Path) -> None:
    call = ("user", "create-admin", "--username", "b b", "--email", "nope")
    done = stoa(home, *call, given="a stoa has columns\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "stoa: username: This is not of the expected form\nstoa: email: This is not of the expected form\n"
    )
    for missing, given, asked in (("username", "", "username: "), ("e-mail", "zoe\n", "username: e-mail: ")):
        done = stoa(home, "user", "create-admin", given=given)
        assert (done.returncode, done.stdout) == (1, asked)
        assert done.stderr == f"stoa: {missing}: the input ended before it was given; nothing was made\n"
    done = stoa(home, "user", "create-admin", given="zoe\nzoe@example.org\n")
    assert (done.returncode, done.stdout) == (1, "username: e-mail: ")
    assert done.stderr == "stoa: password: the input ended before it was given; nothing was made\n"
    for name in ("b b", "zoe"):
        again = stoa(home, "user", "create-admin", "--username", name, "--email", "x@example.org")
        assert again.stderr == "stoa: password: the input ended before it was given; nothing was made\n"


def test_doctor_says_what_to_do(home: Path) -> None:
    (home.parent / "a file").write_text("no folder")
    done = stoa(home, "doctor", STOA_STORAGE_URL=(home.parent / "a file" / "in it").as_uri())
    assert done.returncode == 1
    assert re.search(r"NOT  storage .*\n +-> ", done.stdout)


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    for command in ("up", "migrate", "doctor"):
        done = stoa(tmp_path, command, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", STOA_PORT="0")
        assert done.returncode == 1
        assert re.search(r"NOT  database .*\n +-> |stoa: database_url: no connection", done.stdout + done.stderr)
        assert "Traceback" not in done.stderr


def test_the_demo_leaves_a_folder_without_data_as_it_was(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o711)  # where the database's user can come, unlike to what pytest makes
        done = stoa(tmp_path, "demo", TMPDIR=temporary)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == "stoa: starting Stoa for the demo, in a folder that is removed afterwards\n"
        assert [file.name for file in tmp_path.iterdir()] == ["secrets.toml"]
        assert list(Path(temporary).iterdir()) == []


# --- up


class Up:
    """A running `./stoa up` on a free port."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.log = home.parent / "up.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "stoa.cli", "up", "--port", "0", "--no-demo", *options],
                env=environment(home), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.url = ""
        eventually(self.has_url, self.said)

    def has_url(self) -> bool:
        assert self.process.poll() is None, self.said()
        self.url = running_url(self.home) or ""
        return bool(self.url)

    def said(self) -> str:
        return self.log.read_text()

    def pids(self, command: str) -> list[int]:
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                mine = f"\nPPid:\t{self.process.pid}\n" in (entry / "status").read_text()
                if mine and words[-2:] == [command.encode(), b""]:
                    found.append(int(entry.name))
        return found

    def answers(self, path: str = "/api/v1/health") -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def words_of(file: Path) -> list[str]:
    """None of a file that is not there just now."""
    with suppress(FileNotFoundError):
        return file.read_text().split()
    return []


def eventually(condition: Callable[[], bool], why: Callable[[], str] = str, timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def up(home: Path) -> Iterator[Up]:
    running = Up(home, "--workers", "2")
    yield running
    running.process.kill()
    running.process.wait()
    eventually(lambda: not (find_place(home).data / "postmaster.pid").exists())


def test_up_serves_and_says_where(up: Up) -> None:
    assert up.answers("/health") and up.answers()
    assert f"Stoa is at  {up.url}" in up.said()
    assert len(up.pids("web")) == 2
    assert len(up.pids("worker")) == 1


def test_a_second_up_in_the_folder_says_so(up: Up) -> None:
    done = stoa(up.home, "up")
    assert done.returncode == 1
    assert f"already runs in this folder: {up.url}" in done.stderr


def test_other_commands_use_the_running_database(up: Up) -> None:
    assert stoa(up.home, "migrate").returncode == 0
    assert up.answers()


def test_a_port_in_use_is_named_with_a_cure(up: Up, tmp_path: Path) -> None:
    port = up.url.rpartition(":")[2]
    done = stoa(tmp_path, "up", "--port", port, "--no-demo")
    assert done.returncode == 1
    assert f"port {port} is in use by another program; try: ./stoa up --port {int(port) + 1}" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("part", ["web", "worker"])
def test_a_killed_part_comes_back(up: Up, part: str) -> None:
    before = up.pids(part)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(up.pids(part)) == len(before) and not set(up.pids(part)) & set(before), up.said)
    eventually(up.answers, up.said)


def test_a_killed_database_comes_back(up: Up) -> None:
    file = find_place(up.home).data / "postmaster.pid"
    pid = int(file.read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: (words_of(file) or [str(pid)])[0] != str(pid), up.said)
    eventually(lambda: all(up.answers() for _ in range(4)), up.said)
    assert up.process.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_up_leaves_nobody_behind_and_can_be_started_again(up: Up) -> None:
    pids = up.pids("web") + up.pids("worker")
    up.process.kill()
    up.process.wait()
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    eventually(lambda: not (find_place(up.home).data / "postmaster.pid").exists())
    again = Up(up.home)
    assert again.answers()
    assert again.end() == 0
    assert not (find_place(up.home).data / "postmaster.pid").exists()
    assert not again.answers()
