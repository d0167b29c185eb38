"""Where the marks of a small chart go. Widths are percentages, heights pixels, so that one drawing fits each screen."""

import math
from collections.abc import Sequence

import msgspec


class Point(msgspec.Struct, frozen=True):
    """One value of a chart; `shown` is how it is written, `label` what stands below it."""

    label: str
    value: float
    shown: str


class Mark(msgspec.Struct, frozen=True):
    """A point, placed: `x`, `width` and `middle` in percent, `y` and `height` in pixels."""

    point: Point
    x: float
    width: float
    middle: float
    y: float
    height: float
    labelled: bool
    anchor: str


class Tick(msgspec.Struct, frozen=True):
    """A horizontal rule at `y` pixels with its value."""

    y: float
    value: float


class Plot(msgspec.Struct, frozen=True):
    """All of a chart; `line` and `area` are SVG point lists in a box of 100 by `height`."""

    height: int
    base: float
    marks: list[Mark]
    ticks: list[Tick]
    line: str
    area: str


def plot(values: Sequence[tuple[str, float, str]], height: int = 200) -> Plot:
    """Lays out (label, value, shown) in a chart `height` pixels high with its axis. Below zero counts as zero."""
    points = [Point(*value) for value in values]
    top, bottom = 18.0, 24.0
    base = height - bottom
    step = _step(max((p.value for p in points), default=0.0))
    most = max(step, math.ceil(max((p.value for p in points), default=0.0) / step) * step)
    scale = (base - top) / most
    slot = 100 / max(1, len(points))
    every = max(1, math.ceil(len(points) / 5))
    marks = [_mark(i, p, len(points), slot, scale, base, every) for i, p in enumerate(points)]
    ticks = [Tick(y=round(base - step * n * scale, 1), value=step * n) for n in range(1, round(most / step) + 1)]
    line = " ".join(f"{m.middle:g},{m.y:g}" for m in marks)
    area = f"{marks[0].middle:g},{base:g} {line} {marks[-1].middle:g},{base:g}" if marks else ""
    return Plot(height=height, base=base, marks=marks, ticks=ticks, line=line, area=area)


def _mark(index: int, point: Point, total: int, slot: float, scale: float, base: float, every: int) -> Mark:
    tall = max(0.0, point.value) * scale
    width = slot * (0.7 if total < 40 else 0.86)
    last = index == total - 1
    return Mark(
        point=point,
        x=round(index * slot + (slot - width) / 2, 3),
        width=round(width, 3),
        middle=round((index + 0.5) * slot, 3),
        y=round(base - tall, 1),
        height=round(tall, 1),
        labelled=(total - 1 - index) % every == 0 and (index >= every / 2 or index == 0),
        anchor="start" if index == 0 and total > 3 else "end" if last and total > 3 else "middle",
    )


def _step(most: float) -> float:
    """A round distance between rules, so that there are two to four of them."""
    if most < 1e-6:
        return 1.0
    rough = most / 3
    power = 10 ** math.floor(math.log10(rough))
    return float(next(n * power for n in (1, 2, 2.5, 5, 10) if n * power >= rough))


def shares(values: Sequence[int]) -> list[tuple[float, float]]:
    """Start and width in percent of each part of a bar; a part that is not zero is at least 1 % wide."""
    total = sum(max(0, v) for v in values)
    if total == 0:
        return [(0.0, 0.0) for _ in values]
    widths = [max(1.0, v * 100 / total) if v > 0 else 0.0 for v in values]
    scale = 100 / sum(widths)
    starts: list[tuple[float, float]] = []
    at = 0.0
    for width in widths:
        starts.append((round(at, 2), round(width * scale, 2)))
        at += width * scale
    return starts
