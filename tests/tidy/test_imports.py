"""The layout is the architecture: import-linter's contracts (pyproject.toml), and proof that each of them bites."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.tidy.rules import TIERS

ROOT = Path(__file__).parents[2]

RUN = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# One violation of each contract: the contract's name, the file it is planted in, and the line.
PLANTED = {
    "Tiers": ("kit/ids.py", "from stoa.money import payments as planted"),
    "Rooms": ("foundation/identity/types.py", "from stoa.foundation.identity import actions as planted"),
    "Modules in one tier": ("foundation/settings/types.py", "from stoa.foundation.people import types as planted"),
    "Other modules' rooms": ("foundation/people/policies.py", "import stoa.foundation.identity.schemas as planted"),
    "The web framework": ("foundation/settings/queries.py", "import litestar as planted"),
    "In the kit": ("kit/money.py", "import jinja2 as planted"),
}


def lint(source: Path, *options: str) -> tuple[int, str]:
    """Runs import-linter over the package in `source`; its exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, "--no-logo", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{ROOT}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_every_import_keeps_the_contracts() -> None:
    code, said = lint(ROOT / "src", "--cache-dir", str(ROOT / ".import_linter_cache"))
    assert code == 0, said


def test_every_tier_is_under_contract() -> None:
    """import-linter does not accept tiers that are not there yet, so a new one is to be added."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    by_id = {contract["id"]: contract for contract in contracts}
    there = {tier for tier in TIERS if (ROOT / "src" / "stoa" / tier).is_dir()}
    assert set(by_id["rooms"]["containers"]) == {f"stoa.{tier}.*" for tier in there}
    assert set(by_id["acyclic"]["ancestors"]) == {"stoa.kit", *(f"stoa.{tier}" for tier in there)}
    assert set(by_id["public"]["tiers"]) == set(TIERS)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the source with every violation planted in it."""
    source = tmp_path_factory.mktemp("src")
    shutil.copytree(ROOT / "src" / "stoa", source / "stoa", ignore=shutil.ignore_patterns("__pycache__", "static"))
    for file, line in PLANTED.values():
        path = source / "stoa" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text("utf-8") if path.exists() else "") + f"\n{line}\n", "utf-8")
    (source / "stoa" / "foundation" / "identity" / "service.py").write_text('"""A room that does not exist."""\n')
    code, said = lint(source, "--no-cache")
    assert code != 0, said
    return said


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_is_found(broken: str, contract: str) -> None:
    verdicts = [line for line in broken.splitlines() if line.startswith(contract) and "BROKEN" in line]
    assert verdicts, broken


def test_an_unknown_room_is_found(broken: str) -> None:
    assert "service" in broken.partition("Broken contracts")[2], broken
