"""Long strips: where they may be cut without cutting through a picture or a word, and the cutting."""

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec
import pyvips

from stoa.foundation.media.actions.pictures import as_seen, read_head
from stoa.foundation.media.errors import ImageRefused

LEAST_TARGET: Final = 1600  # pixels: no slice of a narrow strip is meant to be lower
NEAR: Final = 6  # rows on both sides of a cut that must be calm, too
_LOOKED_AT: Final = 240  # how wide the strip is looked at: finer than any word, coarser than noise
_CALM: Final = 9.0  # the variance below which a row is of one colour, but for what compression made of it


class Slice(msgspec.Struct, frozen=True):
    """A part of a strip, over its whole width; in its pixels, from the top."""

    top: int
    height: int


def is_long(width: int, height: int) -> bool:
    """Whether a picture is a strip to be shown in parts: as one, its words would be too small to be read."""
    return height > _most(width)


def slices(unrest: Sequence[float], width: int) -> list[Slice]:
    """Parts of a strip from the top, cut where its rows are calmest, near to an even height.

    unrest: of each row, how much its pixels differ. No part is higher than 1.5 times the height that is aimed at, or
    lower than half of it.
    """
    height, target = len(unrest), _target(width)
    least, most = target // 2, _most(width)
    restless = _highest_near(unrest)
    found: list[Slice] = []
    top = 0
    while height - top > most:
        # What remains must be enough for a part of its own.
        first, last = top + least, min(top + most, height - least)
        aim = top + target
        cut = min(range(first, last + 1), key=lambda row: (max(0.0, restless[row] - _CALM), abs(row - aim)))
        found.append(Slice(top, cut - top))
        top = cut
    found.append(Slice(top, height - top))
    return found


def cut(data: bytes) -> list[tuple[bytes, int]]:
    """The parts of a strip as PNG, each with its height, from the top; empty for a picture that is shown as a whole.

    The same bytes give the same parts: who cuts a strip again gets the files that are there. Raises ImageRefused.
    """
    try:
        head = read_head(data)
        if head.frames > 1 or not is_long(head.width, head.height):
            return []
        image = as_seen(data, head.width)
        return [
            (bytes(image.crop(0, part.top, image.width, part.height).pngsave_buffer(compression=1)), part.height)
            for part in slices(unrest(image), image.width)
        ]
    except pyvips.Error as error:
        raise ImageRefused("This file is damaged or not complete") from error


def unrest(image: pyvips.Image) -> list[float]:
    """Of each row the variance of its brightness, and how far it is from that of the row above."""
    grey = image.colourspace("b-w")
    if grey.width > _LOOKED_AT:
        grey = grey.shrinkh(grey.width / _LOOKED_AT)
    grey = grey.cast("float").copy_memory()
    means, squares = _row_means(grey), _row_means(grey * grey)
    steps = [0.0, *(abs(one - before) for one, before in zip(means[1:], means, strict=False))]
    return [max(0.0, square - mean * mean) + step for mean, square, step in zip(means, squares, steps, strict=True)]


def _row_means(image: pyvips.Image) -> list[float]:
    _, rows = image.project()
    return [value / image.width for value in memoryview(rows.cast("double").write_to_memory()).cast("d")]


def _highest_near(values: Sequence[float]) -> list[float]:
    """For a cut before each row, the highest value within NEAR rows of it."""
    found: list[float] = []
    window: deque[int] = deque()  # places whose values fall
    ahead = 0
    for row in range(len(values)):
        while ahead < min(len(values), row + NEAR):
            while window and values[window[-1]] <= values[ahead]:
                window.pop()
            window.append(ahead)
            ahead += 1
        while window[0] < row - NEAR:
            window.popleft()
        found.append(values[window[0]])
    return found


def _target(width: int) -> int:
    return max(LEAST_TARGET, 2 * width)


def _most(width: int) -> int:
    return _target(width) * 3 // 2
