"""mypy --strict over the package and the benchmarks. Its cache stays in `.mypy_cache`: the first run takes a while."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_types() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "--no-color-output", "--cache-dir", ".mypy_cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_type_is_found(tmp_path: Path) -> None:
    """The settings are strict: an untyped function and a statement taken for another type are faults."""
    wrong = (
        "from stoa.kit.db import Db, value\n"
        "COUNT = value(int, 'select 1')\n"
        "def untyped(x): ...\n"
        "async def f(db: Db) -> str: return await COUNT(db)\n"
    )
    (tmp_path / "wrong.py").write_text(wrong)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", ".mypy_cache", str(tmp_path / "wrong.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "[no-untyped-def]" in done.stdout, done.stdout + done.stderr
    assert "[return-value]" in done.stdout, done.stdout + done.stderr
