"""Lines that were read in a picture, put together to what is said, in the order in which it is said. No context."""

from collections.abc import Sequence
from typing import Final

from stoa.creation.comics.types import Words
from stoa.creation.serials.types import Direction

_GAP: Final = 0.9  # of a line's height, between two lines of one balloon
_ROW: Final = 0.5  # of the lower one's height, by which two balloons of one row lie beside each other


class _Balloon:
    def __init__(self, line: Words) -> None:
        self.lines = [line]
        self.left, self.top, width, height = line.box
        self.right, self.bottom = self.left + width, self.top + height
        self.line_height = height

    def takes(self, line: Words) -> bool:
        """Whether a line lies closely under its last one."""
        x, y, width, height = line.box
        gap = y - self.bottom
        beside = min(self.right, x + width) - max(self.left, x)
        return (
            -_GAP * height <= gap <= _GAP * min(height, self.line_height)
            and beside > 0.3 * min(width, self.right - self.left)
            and 0.5 < height / max(1, self.line_height) < 2
        )

    def add(self, line: Words) -> None:
        x, y, width, height = line.box
        self.lines.append(line)
        self.left, self.right = min(self.left, x), max(self.right, x + width)
        self.top, self.bottom = min(self.top, y), max(self.bottom, y + height)
        self.line_height = height


def as_said(lines: Sequence[Words], direction: Direction) -> tuple[str, list[Words]]:
    """What is written in a picture, a balloon in each line of the text, and the words in that order.

    direction: of two balloons beside each other, which one is read first.
    """
    balloons: list[_Balloon] = []
    for line in sorted(lines, key=lambda one: (one.box[1], one.box[0])):
        near = [one for one in balloons if one.takes(line)]
        if near:
            min(near, key=lambda one: abs(line.box[1] - one.bottom)).add(line)
        else:
            balloons.append(_Balloon(line))
    ordered = [one for row in _rows(balloons) for one in _along(row, direction)]
    text = "\n".join(" ".join(line.text.strip() for line in one.lines) for one in ordered)
    return text, [line for one in ordered for line in one.lines]


def _rows(balloons: list[_Balloon]) -> list[list[_Balloon]]:
    rows: list[list[_Balloon]] = []
    for one in sorted(balloons, key=lambda it: it.top):
        for row in rows:
            first = row[0]
            shared = min(first.bottom, one.bottom) - max(first.top, one.top)
            if shared > _ROW * min(first.bottom - first.top, one.bottom - one.top):
                row.append(one)
                break
        else:
            rows.append([one])
    return rows


def _along(row: list[_Balloon], direction: Direction) -> list[_Balloon]:
    return sorted(row, key=lambda it: it.left, reverse=direction is Direction.RTL)
