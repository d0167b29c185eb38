"""Bundles the front end: runs the npm project in frontend/ when its sources, or what it scans, have changed.

Node.js is the machine's own when it is recent enough; otherwise it comes from a locked wheel into `.venv`.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from stoa.cli import bootstrap

__all__ = ["CannotBuild", "build", "sources_digest"]

ROOT = bootstrap.ROOT
FRONTEND = ROOT / "frontend"
FRONT = ROOT / "src" / "stoa" / "front"
OUT = FRONT / "static" / "build"
STAMP = OUT / ".sources"
SCANNED = {".html", ".jinja", ".py", ".js", ".css", ".svg"}
MIN_NODE = 20


class CannotBuild(Exception):
    """The front end could not be bundled; the message holds what was said."""


def build() -> None:
    """Bundle the front end unless that is done for these sources. Raises `CannotBuild`."""
    if not (FRONTEND / "package.json").exists() or _is_built():
        return
    OUT.mkdir(parents=True, exist_ok=True)
    lock = os.open(FRONTEND, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_built():  # by the one this has waited for
            return
        digest = sources_digest()
        environment = _environment()
        packages = FRONTEND / "node_modules" / ".stoa"
        wanted = (FRONTEND / "package-lock.json").read_text(encoding="utf-8")
        if not packages.exists() or packages.read_text(encoding="utf-8") != wanted:
            bootstrap.say("installing the front end's packages (once)")
            _npm(["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], environment)
            packages.write_text(wanted, encoding="utf-8")
        bootstrap.say("bundling the front end")
        _npm(["run", "--silent", "build"], environment)
        STAMP.write_text(digest)
    finally:
        os.close(lock)


def _is_built() -> bool:
    return (OUT / "manifest.json").exists() and STAMP.exists() and STAMP.read_text() == sources_digest()


def sources_digest() -> str:
    """One digest over the name and content of every file that the bundle depends on."""
    digest = hashlib.sha256()
    for file in sorted(_sources()):
        digest.update(f"{file.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _sources() -> list[Path]:
    found = []
    for top in (FRONTEND, FRONT):
        for folder, names, files in os.walk(top):
            names[:] = [n for n in names if n not in ("node_modules", "__pycache__") and Path(folder, n) != OUT]
            found += [Path(folder, name) for name in files if top == FRONTEND or Path(name).suffix in SCANNED]
    return found


def _environment() -> dict[str, str]:
    """The environment for npm, with a Node.js that is recent enough first on the path."""
    environment = dict(os.environ)
    environment.setdefault("NODE_USE_SYSTEM_CA", "1")  # the certificates that this machine trusts, as pip does
    if not _is_recent("node", environment) or shutil.which("npm") is None:
        bootstrap.install("node")
        environment["PATH"] = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
        if not _is_recent("node", environment):
            raise CannotBuild(f"Node.js {MIN_NODE} or newer is needed; install it from https://nodejs.org")
    if not os.access(Path.home(), os.W_OK):
        environment["npm_config_cache"] = str(ROOT / ".venv" / "npm-cache")
    return environment


def _is_recent(node: str, environment: dict[str, str]) -> bool:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, env=environment)
        return done.returncode == 0 and int(done.stdout.strip().lstrip("v").split(".")[0]) >= MIN_NODE
    except (OSError, ValueError):
        return False


def _npm(arguments: list[str], environment: dict[str, str]) -> None:
    npm = shutil.which("npm", path=environment.get("PATH"))
    if npm is None:
        raise CannotBuild("npm was not found beside Node.js; install it, or remove that Node.js from the path")
    done = subprocess.run([npm, *arguments], cwd=FRONTEND, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # fmt: skip
    if done.returncode != 0:
        raise CannotBuild(f"npm {arguments[0]} failed in frontend/:\n{done.stdout.strip()}")
    if "--silent" not in arguments and done.stdout.strip() and sys.stderr.isatty():
        bootstrap.say(done.stdout.strip().splitlines()[-1])
