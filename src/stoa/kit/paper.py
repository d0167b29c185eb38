"""Setting documents as PDF by typst. What people wrote reaches it as data and never as markup.

The faces are those built into typst, and the system's where a letter is missing; nothing is fetched.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import typst

_CONTENT: Final = "content.json"
_MADE: Final = "made.pdf"


class NotSet(Exception):
    """typst refused what it was to set, such as a picture that it does not read; the message is its own."""


async def as_pdf(template: Path, name: str, content: Any, *, at: datetime) -> bytes:
    """A template with its content, which it reads as JSON from `sys.inputs.<name>`. The same content and time
    give the same bytes. Set in a thread of its own, as it takes a while."""
    return await asyncio.to_thread(_set, template, name, msgspec.to_builtins(content), int(at.timestamp()), None)


async def book_as_pdf(
    template: Path, name: str, content: Any, *, at: datetime, files: Mapping[str, bytes] | None = None
) -> bytes:
    """As `as_pdf`, of something long: by a process of its own, since typst keeps all that it has ever set in memory.

    files: what the template reads besides, such as pictures, by their paths. Raises NotSet.
    """
    with tempfile.TemporaryDirectory(prefix="stoa-paper-") as folder:
        await asyncio.to_thread(_put, Path(folder), {**(files or {}), _CONTENT: msgspec.json.encode(content)})
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from stoa.kit import paper; paper.set_apart()"),
            *(str(template), name, str(int(at.timestamp())), folder),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        try:
            _, said = await child.communicate()
        except BaseException:  # nobody waits for it any more
            child.kill()
            raise
        if child.returncode:
            raise NotSet(said.decode("utf-8", "replace")[-2000:])
        return await asyncio.to_thread(Path(folder, _MADE).read_bytes)


def set_apart() -> None:
    """What the process of `book_as_pdf` does: arguments are the template, the name, the time and the folder."""
    template, name, timestamp, folder = sys.argv[1:5]
    content = json.loads(Path(folder, _CONTENT).read_bytes())
    Path(folder, _MADE).write_bytes(_set(Path(template), name, content, int(timestamp), folder))


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def _set(template: Path, name: str, content: Any, timestamp: int, root: str | None) -> bytes:
    compiler = typst.Compiler(template.read_bytes(), root=root or str(template.parent), font_paths=_fonts())
    made = compiler.compile(format="pdf", sys_inputs={name: json.dumps(content)}, timestamp=timestamp)
    if not isinstance(made, bytes):
        raise TypeError("one document was asked for")
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts()
