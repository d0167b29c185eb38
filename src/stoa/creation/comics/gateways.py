"""What reads the words in a picture. The models come with the package; nothing is fetched."""

import asyncio
import logging
import multiprocessing
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final, Protocol

import pyvips

from stoa.creation.comics.types import Words
from stoa.foundation.media.actions.pictures import as_seen, read_head
from stoa.kit.config import Settings

WIDEST: Final = 1600  # pixels at which a page is looked at: lettering is read well, and time goes with the area
LEAST_SCORE: Final = 0.75
THREADS: Final = 1  # pages are read beside whatever else this machine has to do


class NotRead(Exception):
    """A picture that the reader could not cope with; another try ends the same way."""


class Reader(Protocol):
    """What reads pictures, one after the other. `close` lets go of all it holds."""

    async def read(self, data: bytes, heights: Sequence[int] = ()) -> list[Words]:
        """The lines in a picture, in its own pixels, in no order. Raises NotRead.

        heights: of the parts of a strip from the top, which are looked at one by one.
        """
        ...

    async def close(self) -> None:
        """Ends it."""
        ...


class RapidOcr:
    """PP-OCR by onnxruntime, in a process of its own: it takes hundreds of megabytes, and goes when it is closed."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def read(self, data: bytes, heights: Sequence[int] = ()) -> list[Words]:
        """See Reader."""
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_end_with_parent)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, read_here, data, tuple(heights))
        except BrokenProcessPool as error:
            await self.close()
            raise NotRead("The reader ended while it looked at this picture") from error

    async def close(self) -> None:
        """See Reader."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def reader_of(settings: Settings) -> Reader | None:
    """What reads pages here; None where the operator wants none read."""
    return RapidOcr() if settings.comics_ocr else None


# ---- in the process of its own ---------------------------------------------------------------------------------

_engines: list[Any] = []


def _end_with_parent() -> None:
    """A worker that is killed closes nothing; without this its reader would wait for it for ever."""
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True, name="parent").start()


def _engine() -> Any:
    if not _engines:
        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        _engines.append(
            RapidOCR(
                params={
                    "Global.log_level": "error",
                    "Global.use_cls": False,
                    "Global.text_score": LEAST_SCORE,
                    "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
                    "EngineConfig.onnxruntime.inter_op_num_threads": THREADS,
                }
            )
        )
    return _engines[0]


def read_here(data: bytes, heights: Sequence[int] = ()) -> list[Words]:
    """As `Reader.read`, in this process, which keeps the models in memory from then on."""
    try:
        head = read_head(data)
        image = as_seen(data, min(head.width, WIDEST))
        factor = head.width / image.width
        found: list[Words] = []
        top = 0
        for height in heights or [head.height]:
            first, last = round(top / factor), min(image.height, round((top + height) / factor))
            part = image.crop(0, first, image.width, last - first)
            found += [_in_place(words, first, factor) for words in _lines(part)]
            top += height
        return found
    except Exception as error:  # whatever it is, it goes back to the other process, and not every error can
        raise NotRead(f"{type(error).__name__}: {error}") from None


def _lines(image: pyvips.Image) -> Sequence[Words]:
    import numpy

    colours = image.colourspace("srgb").numpy()[:, :, 2::-1]  # blue first, as the models were taught
    found = _engine()(numpy.ascontiguousarray(colours))
    if found.boxes is None or found.txts is None:
        return []
    lines = []
    for corners, text, score in zip(found.boxes.tolist(), found.txts, found.scores, strict=True):
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        box = [round(min(xs)), round(min(ys)), round(max(xs) - min(xs)), round(max(ys) - min(ys))]
        lines.append(Words(text, box, round(float(score), 3)))
    return lines


def _in_place(words: Words, top: int, factor: float) -> Words:
    x, y, width, height = words.box
    return Words(words.text, [round(side * factor) for side in (x, y + top, width, height)], words.score)
