"""Setting documents as PDF by typst. What people wrote reaches it as data and never as markup.

The faces are those built into typst, and the system's where a letter is missing; nothing is fetched.
"""

import asyncio
import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import typst


async def as_pdf(
    template: Path, name: str, content: Any, *, at: datetime, files: Mapping[str, bytes] | None = None
) -> bytes:
    """A template with its content, which it reads as JSON from `sys.inputs.<name>`. The same content and time
    give the same bytes. Set in a thread of its own, as it takes a while.

    files: what it reads besides, such as pictures, by their paths.
    """
    return await asyncio.to_thread(_set, template, name, msgspec.to_builtins(content), int(at.timestamp()), files or {})


def _set(template: Path, name: str, content: Any, timestamp: int, files: Mapping[str, bytes]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="stoa-paper-") as folder:
        for path, data in files.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        root = folder if files else str(template.parent)
        compiler = typst.Compiler(template.read_bytes(), root=root, font_paths=_fonts())
        made = compiler.compile(format="pdf", sys_inputs={name: json.dumps(content)}, timestamp=timestamp)
    if not isinstance(made, bytes):
        raise TypeError("one document was asked for")
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts()
