"""Sixty pages of a comic: through Stoa, and the same work by the bare libraries in one process.

The same work: each file is looked at and hashed, stored, decoded, brought to sRGB, written as WebP and AVIF in every
size with its thumbhash, its sizes stored, and, where pages are read, its words found by the same models with as many
threads. What Stoa does besides is rows, jobs, plans, positions, spreads, and a process of its own for the reading.
"""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.comics import actions as comics
from stoa.creation.comics.actions import NewImage
from stoa.creation.comics.gateways import read_here
from stoa.creation.comics.queries import images_of
from stoa.creation.comics.types import OcrState, State
from stoa.demo.pictures import PALETTES, draw
from stoa.demo.pictures.kinds import KINDS
from stoa.foundation.media.actions.kinds import check_picture
from stoa.foundation.media.actions.pictures import make_picture
from stoa.kit.clock import utcnow
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.files import Storage
from stoa.kit.queue import run_due

PAGES: Final = 60
AT_ONCE: Final = 20  # files of one upload, as the studio sends them


def pages(first: int = 0) -> list[bytes]:
    """So many different pictures as JPEG; other ones from another first number."""
    kinds, palettes = list(KINDS), list(PALETTES)
    numbers = range(first, first + PAGES)
    return [draw(kinds[n % len(kinds)], palettes[n % len(palettes)], n) for n in numbers]


async def both(app: App, actor: Actor, chapter_id: UUID, *, is_read: bool) -> list[float]:
    """Seconds until all pages are ready through Stoa, and bare; in turns of one upload."""
    app = replace(app, settings=msgspec.structs.replace(app.settings, comics_ocr=is_read))
    files = pages(PAGES if is_read else 0)  # files that are there already would be no work
    taken = [0.0, 0.0]
    for start in range(0, PAGES, AT_ONCE):
        part = files[start : start + AT_ONCE]
        taken[0] += await through_stoa(app, actor, chapter_id, part, is_read=is_read)
        taken[1] += await bare(app.storage, part, is_read=is_read)
    return taken


async def through_stoa(app: App, actor: Actor, chapter_id: UUID, files: Sequence[bytes], *, is_read: bool) -> float:
    """Seconds until these pages are ready: one upload, and all jobs, one after the other."""
    began = time.perf_counter()
    new = [NewImage(f"{n}.jpg", data) for n, data in enumerate(files)]
    async with app.database.transaction() as db:
        added = await comics.add_images(Ctx(db, actor, utcnow(), "bench", app), chapter_id, new)
    while await run_due(app, reraise=True):
        pass
    taken = time.perf_counter() - began
    async with app.database.connection() as db:
        made = await images_of(Ctx(db, actor, utcnow(), "bench", app), chapter_id, [one.id for one in added.images])
    wanted = OcrState.DONE if is_read else OcrState.NONE
    done = [one for one in made if one.state is State.READY and one.ocr_state is wanted]
    if len(done) != len(files):
        raise RuntimeError(f"of {len(files)} pages {len(done)} became ready")
    return taken


async def bare(storage: Storage, files: Sequence[bytes], *, is_read: bool) -> float:
    """Seconds for the same by the libraries alone, one picture after the other."""
    began = time.perf_counter()
    for number, data in enumerate(files):
        path = f"bare/{number}"
        await storage.put(f"{path}/original.jpg", data, "image/jpeg")
        sizes = await asyncio.to_thread(_sizes, data)
        for name, content in sizes:
            await storage.put(f"{path}/{name}", content, "image/webp")
        if is_read:
            await asyncio.to_thread(read_here, data)
    return time.perf_counter() - began


def _sizes(data: bytes) -> list[tuple[str, bytes]]:
    hashlib.sha256(data).digest()
    check_picture(data)
    made = make_picture(data, with_avif=True)
    return [(f"{v.size}.webp", c) for v, c in made.sizes] + [(f"{v.size}.avif", c) for v, c in made.avif]
