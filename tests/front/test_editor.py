"""The editor's own tests, where Node.js and its packages are: what it reads it writes again."""

import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parents[2] / "frontend"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
@pytest.mark.skipif(not (FRONTEND / "node_modules").is_dir(), reason="needs frontend/node_modules")
def test_markdown_goes_through_the_editor_unharmed() -> None:
    tests = [str(path) for path in sorted((FRONTEND / "test").glob("*.mjs"))]
    done = subprocess.run(["node", "--test", *tests], cwd=FRONTEND, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
