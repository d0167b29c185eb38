"""Amounts: nothing is lost or made when they are split (M1, M8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.errors import Invalid
from stoa.kit.money import Money, allocate, exponent, format_amount, parse_decimal, round_ratio

amounts = st.integers(-(10**15), 10**15)
weights = st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(sum)


@given(amounts, weights)
def test_the_parts_sum_to_the_whole(amount_minor: int, shares: list[int]) -> None:
    parts = allocate(amount_minor, shares)
    assert sum(parts) == amount_minor
    for part, share in zip(parts, shares, strict=True):
        assert abs(part * sum(shares) - amount_minor * share) < sum(shares)
        assert part == 0 or share > 0


@pytest.mark.parametrize(
    ("amount_minor", "shares", "parts"),
    [(100, [40, 60], [40, 60]), (1, [1, 1, 1], [1, 0, 0]), (300, [97, 1, 2], [291, 3, 6]), (-5, [1, 1], [-3, -2])],
)
def test_exact_splits(amount_minor: int, shares: list[int], parts: list[int]) -> None:
    assert allocate(amount_minor, shares) == parts


@pytest.mark.parametrize("shares", [[], [0, 0], [1, -1]])
def test_weights_that_are_none(shares: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        allocate(5, shares)


@pytest.mark.parametrize(
    ("text", "asset", "minor"),
    [("12.50", "USD", 1250), ("12", "JPY", 12), ("0.001", "KWD", 1), (" 7 ", "COIN", 700), ("-1.5", "EUR", -150)],
)
def test_parsing(text: str, asset: str, minor: int) -> None:
    assert parse_decimal(text, asset) == minor


@pytest.mark.parametrize("text", ["", "x", "1.234", "nan", "inf", "1e99", "1e3", "1_000", "\u0661", "1,5", "--1"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(Invalid):
        parse_decimal(text, "USD")


@given(st.sampled_from(["USD", "JPY", "KWD", "COIN"]), amounts)
def test_format_and_parse_are_inverse(asset: str, minor: int) -> None:
    assert parse_decimal(format_amount(minor, asset).replace(",", ""), asset) == minor


def test_an_unknown_asset() -> None:
    with pytest.raises(Invalid):
        exponent("XXX")
    assert str(Money("USD", 123456)) == "1,234.56 USD"


@pytest.mark.parametrize(
    ("n", "d", "rounded"), [(1, 2, 0), (3, 2, 2), (40000, 78, 513), (-1, 2, 0), (10**18, 3, 333333333333333333)]
)
def test_ratios_round_half_to_even(n: int, d: int, rounded: int) -> None:
    assert round_ratio(n, d) == rounded
