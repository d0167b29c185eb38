import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.front import charts

VALUES = st.lists(st.floats(0, 1e9), min_size=1, max_size=60)


@given(VALUES)
def test_every_mark_lies_within_the_drawing(values: list[float]) -> None:
    drawn = charts.plot([(str(i), v, str(v)) for i, v in enumerate(values)], 200)
    assert len(drawn.marks) == len(values)
    for mark in drawn.marks:
        assert 0 <= mark.x <= mark.middle <= 100.01
        assert mark.x + mark.width <= 100.01
        assert 0 <= mark.y <= drawn.base
        assert mark.height >= 0
    assert 1 <= len(drawn.ticks) <= 5
    assert all(tick.y >= 0 for tick in drawn.ticks)


@given(VALUES)
def test_the_last_value_is_labelled(values: list[float]) -> None:
    assert charts.plot([("x", v, "") for v in values]).marks[-1].labelled


def test_nothing_to_show_is_no_error() -> None:
    assert charts.plot([]).marks == []


@pytest.mark.parametrize(
    ("values", "widths"), [([1, 1], [50, 50]), ([0, 5], [0, 100]), ([0, 0], [0, 0]), ([-4, 10], [0, 100])]
)
def test_shares_of_a_bar(values: list[int], widths: list[float]) -> None:
    assert [width for _, width in charts.shares(values)] == widths


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=4))
def test_shares_fill_the_bar_and_small_parts_can_be_seen(values: list[int]) -> None:
    parts = charts.shares(values)
    if sum(values):
        assert sum(width for _, width in parts) == pytest.approx(100, abs=0.1)
    for value, (_, width) in zip(values, parts, strict=True):
        assert (width > 0.5) == (value > 0)
