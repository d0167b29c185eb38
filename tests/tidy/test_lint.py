"""ruff, as configured in pyproject.toml: rules and form."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command", [("check", "--output-format", "concise"), ("format", "--check")], ids=lambda c: c[0]
)
def test_ruff(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_print_is_found() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--stdin-filename", "src/stoa/kit/x.py", "-"],
        cwd=ROOT,
        input='print("hello")\n',
        capture_output=True,
        text=True,
        check=False,
    )
    assert "T201" in done.stdout, done.stdout + done.stderr
