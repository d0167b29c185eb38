"""Where strips are cut, which pages are spreads, in what order one reads: without a database."""

import pytest
import pyvips

from stoa.creation.comics.actions import balloons, spreads, strips
from stoa.creation.comics.types import Words
from stoa.creation.serials.types import Direction
from stoa.foundation.media.errors import ImageRefused


def strip(width: int, panels: list[tuple[int, int]], kind: str = "png") -> bytes:
    """Panels of noise, each so high, with so much white under it."""
    whole = None
    for seed, (height, gap) in enumerate(panels):
        noise = pyvips.Image.gaussnoise(width, height, sigma=60, mean=128, seed=seed + 1).cast("uchar")
        part = noise.embed(0, 0, width, height + gap, extend="background", background=[255])
        whole = part if whole is None else whole.join(part, "vertical")
    assert whole is not None
    return bytes(whole.write_to_buffer(f".{kind}"))


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a_strip_is_cut_between_its_panels(kind: str) -> None:
    data = strip(120, [(900, 60), (1100, 40), (1500, 80), (700, 30), (1200, 0)], kind)
    gaps = [(900, 960), (2060, 2100), (3600, 3680), (4380, 4410)]
    cut = strips.cut(data)
    parts = [pyvips.Image.new_from_buffer(part, "") for part, _ in cut]
    assert [part.height for part in parts] == [height for _, height in cut]
    assert sum(part.height for part in parts) == 5610 and {part.width for part in parts} == {120}
    edges = [sum(part.height for part in parts[: n + 1]) for n in range(len(parts) - 1)]
    assert edges and all(any(first < edge < last for first, last in gaps) for edge in edges), edges
    assert kind != "png" or strips.cut(data) == cut, "the same strip gives the same files"


def test_one_without_a_gap_is_cut_evenly() -> None:
    parts = strips.slices([500.0] * 10_000, 800)
    assert [part.height for part in parts] == [1600] * 5 + [2000]
    assert [part.top for part in parts] == [0, 1600, 3200, 4800, 6400, 8000]
    assert all(800 <= part.height <= 2400 for n in range(2401, 9000, 37) for part in strips.slices([0.0] * n, 500))


def test_what_is_no_strip_stays_whole() -> None:
    assert strips.cut(strip(400, [(800, 0)])) == []
    assert not strips.is_long(1200, 1800) and not strips.is_long(800, 2400) and strips.is_long(800, 2401)
    with pytest.raises(ImageRefused):
        strips.cut(strip(400, [(3000, 0)])[:-4000])


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        ([(1000, 1500), (2000, 1500), (990, 1500)], [False, True, False]),
        ([(1000, 1500), (1500, 1500), (1000, 1480)], [False, False, False]),  # square: a panel of its own
        ([(1900, 1500)], [True]),
        ([(1100, 1000)], [False]),
        ([(1000, 1500), (9000, 1000)], [False, False]),  # a banner
        ([(0, 0), (1600, 1000)], [False, True]),  # one that is not looked at yet
        ([], []),
    ],
)
def test_spreads(measures: list[tuple[int, int]], expected: list[bool]) -> None:
    assert spreads.doubles(measures) == expected


def test_balloons_are_read_in_the_order_of_the_page() -> None:
    lines = [
        Words("THERE?", [110, 132, 90, 28], 0.97),
        Words("WHO IS", [100, 100, 110, 28], 0.99),
        Words("ONLY", [600, 96, 80, 28], 0.99),
        Words("THE SEA.", [580, 128, 120, 28], 0.98),
        Words("LATER", [300, 900, 90, 30], 0.9),
    ]
    said, ordered = balloons.as_said(lines, Direction.LTR)
    assert said == "WHO IS THERE?\nONLY THE SEA.\nLATER"
    assert [one.text for one in ordered] == ["WHO IS", "THERE?", "ONLY", "THE SEA.", "LATER"]
    said, _ = balloons.as_said(lines, Direction.RTL)
    assert said == "ONLY THE SEA.\nWHO IS THERE?\nLATER"
    assert balloons.as_said([], Direction.VERTICAL) == ("", [])
