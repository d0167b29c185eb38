"""`./stoa test`: gets what tests need besides, then runs them."""

import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stoa.cli import assets, bootstrap

__all__ = ["test"]

ROOT = bootstrap.ROOT
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = "STOA_CHROMIUM"
# One more than there are processors: tests wait for PostgreSQL, for Chromium, and for what they have killed to be back.
WORKERS = (os.cpu_count() or 1) + 1


def test(arguments: argparse.Namespace) -> int:
    """Run pytest on the given paths (all tests if there are none), WORKERS at a time."""
    with ThreadPoolExecutor(max_workers=1) as beside:  # pip and npm both work on one processor each
        bundled = beside.submit(assets.build)
        bootstrap.install("dev")
        bundled.result()
    paths = [str(_absolute(argument)) for argument in arguments.rest]
    environment = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    chromium = find_chromium()
    if chromium:
        environment[CHROMIUM] = chromium
    command = [sys.executable, "-P", "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    if not any(path.startswith("-n") for path in paths) and not _is_one_file(paths):
        # Files in the order that tests/conftest.py gives them: what takes long begins.
        command += ["-n", str(WORKERS), "--dist", "loadfile", "--no-loadscope-reorder"]
    return subprocess.run([*command, *paths], cwd=ROOT, env=environment, check=False).returncode


def _is_setting(name: str) -> bool:
    """Tests decide their settings themselves, whatever this shell has; and what is compiled is kept, since each worker,
    and each Stoa that a test starts, would compile it all again."""
    return name in ("DATABASE_URL", "PYTHONDONTWRITEBYTECODE") or (
        name.startswith("STOA_") and name not in ("STOA_PYTHON", CHROMIUM)
    )


def _absolute(argument: str) -> str | Path:
    path, mark, rest = argument.partition("::")
    return f"{Path(path).resolve()}{mark}{rest}" if not argument.startswith("-") and Path(path).exists() else argument


def _is_one_file(paths: list[str]) -> bool:
    return (
        bool(paths)
        and all(path.startswith("-") or ".py" in path for path in paths)
        and (sum(".py" in path for path in paths) == 1)
    )


def find_chromium() -> str | None:
    """A Chromium for the browser tests, installed if it can be; None, after saying what to do, if not."""
    found = os.environ.get(CHROMIUM) or _on_path() or _of_playwright()
    if found:
        return found
    bootstrap.say("installing Chromium for the browser tests (once)")
    for how in (_by_apt, _by_playwright):
        if how() and (found := _on_path() or _of_playwright()):
            return found
    bootstrap.say(
        "no Chromium: the browser tests will fail. Install the package chromium, or set STOA_CHROMIUM to one."
    )
    return None


def _on_path() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _by_apt() -> bool:
    if shutil.which("apt-get") is None:
        return False
    if os.geteuid() != 0 and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode:
        return False
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL, "check": False}
    subprocess.run([*sudo, "apt-get", "update", "-qq"], **quiet)  # type: ignore[call-overload]
    done = subprocess.run([*sudo, "apt-get", "install", "-y", "-qq", "chromium"], **quiet)  # type: ignore[call-overload]
    return bool(done.returncode == 0)


def _by_playwright() -> bool:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    return subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0
