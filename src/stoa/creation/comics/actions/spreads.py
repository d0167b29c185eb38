"""Pages that are two: told by how wide they are beside the others of their chapter. Without a context."""

from collections.abc import Sequence
from statistics import median
from typing import Final

_ALONE: Final = 1.2  # width to height of a spread, where there is no other page to compare it with
_BESIDE: Final = 1.6  # times as wide as a page of the chapter: two pages are twice, less what was cut off
_WIDEST: Final = 3.0  # wider is a banner, not two pages


def doubles(measures: Sequence[tuple[int, int]]) -> list[bool]:
    """Of each page of a chapter, by width and height in pixels, whether it is a spread over two pages."""
    single = [width / height for width, height in measures if 0 < width < height]
    typical = median(single) if single else None
    return [_is_double(width / height, typical) if height else False for width, height in measures]


def _is_double(ratio: float, typical: float | None) -> bool:
    least = _ALONE if typical is None else max(1.0, _BESIDE * typical)
    return least <= ratio <= _WIDEST
