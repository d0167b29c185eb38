"""What an installation that was stopped leaves behind, and what the next one makes of it."""

import subprocess
from pathlib import Path

import pytest

from stoa.cli import bootstrap

APP = "# by hand\none==1 \\\n    --hash=sha256:11\ntwo==2 \\\n    --hash=sha256:22\n"
DEV = APP + "three==3 \\\n    --hash=sha256:33\n"
PIP = '#!/bin/sh\nfor last; do :; done\necho "$@" >>{log}\ngrep == "$last" >>{log}\ntest ! -e {stopped}\n'


class Folder:
    """A folder with two locks and a pip that only writes down what it is called with."""

    def __init__(self, root: Path) -> None:
        self.requirements, self.venv = root / "requirements", root / ".venv"
        self.log, self.stopped, self.program = root / "log", root / "stopped", self.venv / "running Stoa's file"
        self.requirements.mkdir()
        (self.requirements / "app.txt").write_text(APP)
        (self.requirements / "dev.txt").write_text(DEV)

    def make_venv(self) -> None:
        """In place of `_make_venv`: whatever was there is gone."""
        if self.venv.exists():
            subprocess.run(["rm", "-r", str(self.venv)], check=True)
        (self.venv / "bin").mkdir(parents=True)
        (self.venv / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
        (self.venv / "bin" / "python").write_text(PIP.format(log=self.log, stopped=self.stopped))
        (self.venv / "bin" / "python").chmod(0o755)

    def is_stopped_while_installing(self, name: str) -> None:
        self.stopped.touch()
        with pytest.raises(bootstrap.CannotInstall):
            bootstrap.install(name)
        self.stopped.unlink()
        self.log.unlink()

    def called(self) -> list[str]:
        """Of each call of pip: whether it replaces what is there, and the packages."""
        text = self.log.read_text() if self.log.exists() else ""
        lines = [line for line in text.splitlines() if line]
        return ["again" if "--force-reinstall" in line else "new" if line[:1] == "-" else line[:-2] for line in lines]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    made = Folder(tmp_path)
    for name, value in (("ROOT", tmp_path), ("VENV", made.venv), ("REQUIREMENTS", made.requirements)):
        monkeypatch.setattr(bootstrap, name, value)
    monkeypatch.setattr(bootstrap, "_make_venv", made.make_venv)
    return made


def test_a_stopped_test_installation_takes_nothing_from_a_running_stoa(folder: Folder) -> None:
    bootstrap.install("app")
    folder.program.touch()
    folder.is_stopped_while_installing("dev")
    half = folder.venv / "lib" / "python3.11" / "site-packages" / "three-3.dist-info"
    half.mkdir()
    bootstrap.install("app")
    assert folder.called() == []
    assert folder.program.exists()
    bootstrap.install("dev")
    assert folder.called() == ["again", "three==3", "new", "one==1", "two==2", "three==3"]
    assert folder.program.exists() and not half.exists()
    assert sorted(file.name for file in folder.venv.glob("stoa-*")) == ["stoa-app.txt", "stoa-dev.txt"]
    folder.log.unlink()
    bootstrap.install("dev")
    assert folder.called() == []


def test_a_stopped_update_is_done_again_in_place(folder: Folder) -> None:
    bootstrap.install("app")
    folder.program.touch()
    (folder.requirements / "app.txt").write_text(DEV)
    folder.is_stopped_while_installing("app")
    bootstrap.install("app")
    assert folder.called() == ["again", "one==1", "two==2", "three==3", "new", "one==1", "two==2", "three==3"]
    assert folder.program.exists()


def test_a_stopped_first_installation_begins_from_nothing(folder: Folder) -> None:
    folder.is_stopped_while_installing("app")
    folder.program.touch()
    bootstrap.install("app")
    assert folder.called() == ["new", "one==1", "two==2"]
    assert not folder.program.exists()
