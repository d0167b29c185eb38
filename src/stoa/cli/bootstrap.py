"""Makes `.venv` and installs a lock file into it. Run by `./stoa` with whatever Python there is: standard library only.

    python bootstrap.py app

installs requirements/app.txt, with hashes. What is installed is remembered as a copy of the lock,
`.venv/stoa-app.txt`, written last, so that an interrupted installation is done again. `.venv` itself is removed only
while no installation into it has ever ended: after that a Stoa may be running out of it. Several at once wait for each
other.
"""

import fcntl
import filecmp
import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"
COLLECTING = re.compile(r"Collecting ([A-Za-z0-9._-]+)|Requirement already satisfied: ([A-Za-z0-9._-]+)")


class CannotInstall(Exception):
    """The installation failed; the message says what to do about it."""


def is_installed(name: str) -> bool:
    """Whether requirements/<name>.txt is what was last installed under that name."""
    stamp = VENV / f"stoa-{name}.txt"
    return stamp.exists() and filecmp.cmp(REQUIREMENTS / f"{name}.txt", stamp, shallow=False)


def install(name: str) -> None:
    """Install requirements/<name>.txt unless that is done. Raises `CannotInstall`."""
    unfinished = VENV / f"stoa-{name}-unfinished"
    if is_installed(name) and (VENV / "bin" / "python").exists() and not unfinished.exists():
        return
    with _alone() as lock:
        if not (VENV / "bin" / "python").exists() or not any(VENV.glob("stoa-*.txt")):
            _make_venv()
        if unfinished.exists():
            _install_what_may_be_half(name, lock)
        elif is_installed(name):
            return
        unfinished.touch()
        _pip_install(REQUIREMENTS / f"{name}.txt", lock)
        _link_source()
        shutil.copyfile(REQUIREMENTS / f"{name}.txt", VENV / f"stoa-{name}.new")
        (VENV / f"stoa-{name}.new").replace(VENV / f"stoa-{name}.txt")
        unfinished.unlink()


def _install_what_may_be_half(name: str, lock: int) -> None:
    """Puts every package of the lock into place once more: half a package looks like a whole one to pip.

    What app.txt has is left out for other locks: that is whole, and a running Stoa reads from it.
    """
    for folder in VENV.glob("lib/python3.*/site-packages/*.dist-info"):
        if not (folder / "RECORD").exists():  # written last; without it pip refuses to replace the package
            shutil.rmtree(folder)
    pins = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    whole = (REQUIREMENTS / "app.txt").read_text(encoding="utf-8") if name != "app" else ""
    rest = VENV / f"stoa-{name}-unfinished"
    rest.write_text("".join(pin for pin in re.split(r"^(?=\S)", pins, flags=re.MULTILINE) if pin not in whole))
    _pip_install(rest, lock, "--force-reinstall")


@contextmanager
def _alone() -> Iterator[int]:
    """Hold the lock of this folder's installation, which ends with the process, however it ends."""
    try:
        lock = os.open(ROOT / "requirements", os.O_RDONLY)
    except OSError as error:
        raise CannotInstall(f"{error.filename}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./stoa is installing; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def _make_venv() -> None:
    if VENV.exists():
        shutil.rmtree(VENV)
    python = os.path.realpath(sys.executable)  # python3.11 rather than python3, which may become another one
    done = subprocess.run([python, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        raise CannotInstall(
            f"{python} could not make a virtual environment:\n{(done.stderr or done.stdout).strip()}\n"
            f"On Debian or Ubuntu: apt-get install {name}-venv, then run this again."
        )


def _link_source() -> None:
    """Put src/ on the path of `.venv`, relatively, so that the folder can be moved."""
    (site,) = (VENV / "lib").glob("python3.*/site-packages")
    (site / "stoa.pth").write_text(os.path.relpath(ROOT / "src", site) + "\n")


def _pip_install(wanted: Path, lock: int, *options: str) -> None:
    total = len(re.findall(r"^[A-Za-z0-9._-]+==", wanted.read_text(encoding="utf-8"), re.MULTILINE))
    say(f"installing {total} packages into .venv (once; this can take a minute)")
    began = time.monotonic()
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--no-deps", "--prefer-binary"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", *options]
    command += ["-r", str(wanted)]
    tail: deque[str] = deque(maxlen=25)
    seen = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=[lock]
    ) as pip:  # it holds the lock too: if this process is killed, the next one waits for pip to end
        assert pip.stdout is not None
        for line in pip.stdout:
            tail.append(line)
            match = COLLECTING.match(line)
            if match:
                seen += 1
                show(f"[{seen}/{total}] {match[1] or match[2]}")
            elif line.startswith("Installing collected"):
                show("putting them into place")
    show("")
    if pip.returncode != 0:
        raise CannotInstall(
            "".join(tail).rstrip()
            + "\npip could not install what Stoa needs (above). It needs the network, or an index it is set up for;"
            + "\nrun ./stoa again when that is there."
        )
    say(f"installed in {time.monotonic() - began:.0f} s")


def say(text: str) -> None:
    """A line for people, beside the command's own output."""
    print(f"stoa: {text}", file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Progress: one line that changes on a terminal, every tenth step elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:100]}", end="", file=sys.stderr, flush=True)
    elif text.startswith("[") and text.split("/")[0].endswith("0"):
        say(text)


if __name__ == "__main__":
    try:
        install(sys.argv[1])
    except CannotInstall as error:
        print(f"stoa: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
