"""`./stoa` itself: from anywhere, through links and odd paths, and what it says when something is missing."""

import ast
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from stoa.cli.bootstrap import ROOT

BOOTSTRAP = """
import shutil, sys
from pathlib import Path
root = Path(__file__).resolve().parents[3]
(root / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
python = root / ".venv" / "bin" / "python"
python.write_text('#!/bin/sh\\necho "$@" "HOME=${HOME-none}"\\n')
python.chmod(0o755)
shutil.copyfile(root / "requirements" / "app.txt", root / ".venv" / "stoa-app.txt")
print("installed", sys.argv[1])
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the script, a lock, and a bootstrap that pretends."""
    root = tmp_path / "a path with spaces"
    (root / "src" / "stoa" / "cli").mkdir(parents=True)
    (root / "requirements").mkdir()
    (root / "requirements" / "app.txt").write_text("one\n")
    (root / "src" / "stoa" / "cli" / "bootstrap.py").write_text(BOOTSTRAP)
    shutil.copy2(ROOT / "stoa", root / "stoa")
    return root


def call(command: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(command), *arguments], cwd="/", capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], **environment},
    )  # fmt: skip


def test_it_installs_once_and_again_when_the_lock_changes(clone: Path) -> None:
    assert call(clone / "stoa", "up", HOME="/h").stdout == "installed app\n-P -m stoa.cli up HOME=/h\n"
    assert call(clone / "stoa", "up", "--port", "1").stdout == "-P -m stoa.cli up --port 1 HOME=none\n"
    (clone / "requirements" / "app.txt").write_text("two\n")
    assert call(clone / "stoa", "up").stdout.startswith("installed app\n")
    (clone / ".venv" / "stoa-dev-unfinished").touch()
    assert call(clone / "stoa", "up").stdout == "-P -m stoa.cli up HOME=none\n"
    (clone / ".venv" / "stoa-app-unfinished").touch()
    assert call(clone / "stoa", "up").stdout.startswith("installed app\n")


def test_it_is_found_through_links_and_an_empty_home_is_no_home(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "stoa").symlink_to("../link")
    (tmp_path / "link").symlink_to(clone / "stoa")
    assert call(tmp_path / "bin" / "stoa", "config", HOME="").stdout.endswith("-P -m stoa.cli config HOME=none\n")


def without_python(tmp_path: Path, python: str | None) -> str:
    """A PATH with what the script needs, and only this python3."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("sh", "dirname", "readlink", "cmp"):
        (folder / name).symlink_to(shutil.which(name) or name)
    if python is not None:
        (folder / "python3").write_text(f"#!/bin/sh\n{python}\n")
        (folder / "python3").chmod(0o755)
    return str(folder)


def test_a_missing_python_is_named_with_its_cure(clone: Path, tmp_path: Path) -> None:
    script = (clone / "stoa").read_text().replace(" /usr/bin/python3;", ";")
    (clone / "stoa").write_text(script)
    done = call(clone / "stoa", "up", PATH=without_python(tmp_path, "exit 1"))
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr


def test_a_missing_venv_module_is_named_with_its_cure(clone: Path, tmp_path: Path) -> None:
    script = (clone / "stoa").read_text().replace(" /usr/bin/python3;", ";")
    (clone / "stoa").write_text(script)
    python = 'case "$2" in *ensurepip*) exit 1 ;; *print*) echo python3.12 ;; esac'
    done = call(clone / "stoa", "up", PATH=without_python(tmp_path, python))
    assert done.returncode == 1
    assert "apt-get install python3.12-venv" in done.stderr


def test_the_locks_hold_hashes_and_no_addresses() -> None:
    for name in ("app", "dev", "node"):
        lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        wanted = [line for line in lines if line and not line.startswith(("#", " "))]
        assert all("==" in line and line.endswith("\\") for line in wanted), name
        assert sum("--hash=sha256:" in line for line in lines) >= len(wanted)
        assert "://" not in "\n".join(lines)


def test_dev_locks_the_same_versions_as_app() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        return {line.rstrip(" \\") for line in text.splitlines() if "==" in line}

    assert pins("app") <= pins("dev")


def test_whatever_is_imported_is_locked() -> None:
    imported = set()
    for file in (ROOT / "src" / "stoa").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(str(node.module).partition(".")[0])
    locked = re.findall(r"^([\w.-]+)==", (ROOT / "requirements" / "app.txt").read_text(), re.MULTILINE)
    names = {name.lower().replace("_", "-") for name in locked}
    owners = packages_distributions()
    foreign = imported - sys.stdlib_module_names - {"stoa"}
    only_in_dev = {"playwright"}  # `./stoa test` installs it before it imports it
    unlocked = {
        module for module in foreign - only_in_dev
        if not names & {owner.lower().replace("_", "-") for owner in owners.get(module, [])}
    }  # fmt: skip
    assert unlocked == set(), "add them to requirements/app.in and run requirements/lock"
