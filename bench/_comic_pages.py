"""Sixty pages of a comic: through Stoa, and the same work by the bare libraries in one process.

The same work: each file is looked at and hashed, stored, decoded, brought to sRGB, written as WebP and AVIF in every
size with its thumbhash, and its sizes stored. What Stoa does besides is rows, jobs, plans, positions and spreads.
"""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from stoa.creation.comics import actions as comics
from stoa.creation.comics.actions import NewImage
from stoa.demo.pictures import PALETTES, draw
from stoa.demo.pictures.kinds import KINDS
from stoa.foundation.media.actions.kinds import check_picture
from stoa.foundation.media.actions.pictures import make_avif, make_picture
from stoa.kit.clock import utcnow
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.files import Storage
from stoa.kit.queue import run_due

PAGES: Final = 60
AT_ONCE: Final = 20  # files of one upload, as the studio sends them


def pages(count: int = PAGES) -> list[bytes]:
    """So many different pictures as JPEG."""
    kinds, palettes = list(KINDS), list(PALETTES)
    return [draw(kinds[n % len(kinds)], palettes[n % len(palettes)], n) for n in range(count)]


async def through_stoa(app: App, actor: Actor, chapter_id: UUID, files: Sequence[bytes]) -> float:
    """Seconds until all pages are ready: uploads of AT_ONCE files, and all jobs, one after the other."""
    began = time.perf_counter()
    for start in range(0, len(files), AT_ONCE):
        new = [NewImage(f"{start + n}.jpg", data) for n, data in enumerate(files[start : start + AT_ONCE])]
        async with app.database.transaction() as db:
            await comics.add_images(Ctx(db, actor, utcnow(), "bench", app), chapter_id, new)
    while await run_due(app, reraise=True):
        pass
    return time.perf_counter() - began


async def bare(storage: Storage, files: Sequence[bytes]) -> float:
    """Seconds for the same by the libraries alone, one picture after the other."""
    began = time.perf_counter()
    for number, data in enumerate(files):
        path = f"bare/{number}"
        await storage.put(f"{path}/original.jpg", data, "image/jpeg")
        sizes = await asyncio.to_thread(_bare, data)
        for name, content in sizes:
            await storage.put(f"{path}/{name}", content, "image/webp")
    return time.perf_counter() - began


def _bare(data: bytes) -> list[tuple[str, bytes]]:
    hashlib.sha256(data).digest()
    check_picture(data)
    made: list[tuple[Any, bytes]] = make_picture(data).sizes
    avif: list[tuple[Any, bytes]] = make_avif(data)
    return [(f"{v.size}.webp", c) for v, c in made] + [(f"{v.size}.avif", c) for v, c in avif]
