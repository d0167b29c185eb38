"""The arithmetic of sharing, for any amount and any rule (M8)."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.money import MAX_MINOR
from stoa.money.splits.types import RECEIVERS, WHOLE_BP, SplitRule, give_back

NIL = UUID(int=0)
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def rule(creator: int, platform: int, charity: int = 0, tax: int = 0) -> SplitRule:
    return SplitRule(
        id=NIL,
        kind="sale",
        effective_from=THEN,
        creator_bp=creator,
        platform_bp=platform,
        charity_bp=charity,
        tax_name="GST" if tax else None,
        tax_bp=tax,
        created_at=THEN,
        created_by=None,
    )


@st.composite
def rules(draw: Any) -> SplitRule:
    """Any that the table takes: three parts of the whole, and a tax that the creator's share can bear."""
    creator = draw(st.integers(0, WHOLE_BP))
    platform = draw(st.integers(0, WHOLE_BP - creator))
    most = min(WHOLE_BP, creator * WHOLE_BP // platform if platform else WHOLE_BP)
    return rule(creator, platform, WHOLE_BP - creator - platform, draw(st.integers(0, most)))


@given(rules(), st.integers(0, MAX_MINOR))
def test_the_parts_sum_to_the_whole_and_are_within_one_unit_of_exact(of: SplitRule, amount: int) -> None:
    shares = of.shares(amount)
    assert tuple(share.receiver for share in shares) == RECEIVERS
    assert sum(share.amount_minor for share in shares) == amount
    assert sum(share.basis_points for share in shares) == WHOLE_BP
    tax = Fraction(of.platform_bp * of.tax_bp, WHOLE_BP**2)
    exact = {
        "creator": Fraction(of.creator_bp, WHOLE_BP) - tax,
        "platform": Fraction(of.platform_bp, WHOLE_BP),
        "charity": Fraction(of.charity_bp, WHOLE_BP),
        "tax": tax,
    }
    for share in shares:
        assert share.amount_minor >= 0
        assert abs(share.amount_minor - amount * exact[share.receiver]) < 1
        assert abs(share.basis_points - WHOLE_BP * exact[share.receiver]) < 1


@given(rules())
def test_one_cent_goes_to_one_of_them_and_nothing_to_nobody(of: SplitRule) -> None:
    assert sorted(share.amount_minor for share in of.shares(1)) == [0, 0, 0, 1]
    assert [share.amount_minor for share in of.shares(0)] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("of", "amount", "parts"),
    [
        (rule(4000, 6000), 5_000, [2_000, 3_000, 0, 0]),
        (rule(9700, 200, 100), 300, [291, 6, 3, 0]),
        (rule(9700, 200, 100), 100, [97, 2, 1, 0]),
        (rule(9700, 200, 100), 1, [1, 0, 0, 0]),
        (rule(3333, 3333, 3334), 1, [0, 0, 1, 0]),
        (rule(3333, 3333, 3334), 2, [1, 0, 1, 0]),
        (rule(3334, 3333, 3333), 100, [34, 33, 33, 0]),
        (rule(9000, 1000, 0, 1800), 10_000, [8_820, 1_000, 0, 180]),
        (rule(9000, 1000, 0, 1800), 99, [87, 10, 0, 2]),
        (rule(9000, 1000, 0, 1800), 1, [1, 0, 0, 0]),
    ],
)
def test_examples(of: SplitRule, amount: int, parts: list[int]) -> None:
    assert [share.amount_minor for share in of.shares(amount)] == parts


@given(rules(), st.integers(0, MAX_MINOR), st.lists(st.integers(1, 97), max_size=12))
def test_what_goes_back_in_parts_is_what_was_shared(rule: SplitRule, amount_minor: int, weights: list[int]) -> None:
    """M13: whatever the sequence of part refunds, no share is asked for more than it got, and nothing is left over."""
    shared = [share.amount_minor for share in rule.shares(amount_minor)]
    left, back_minor = list(shared), 0
    for weight in weights:
        part_minor = (amount_minor - back_minor) * weight // 100
        parts = give_back(left, part_minor)
        assert sum(parts) == part_minor
        assert all(0 <= part <= rest for part, rest in zip(parts, left, strict=True))
        left = [rest - part for part, rest in zip(parts, left, strict=True)]
        back_minor += part_minor
    assert give_back(left, amount_minor - back_minor) == left
    assert back_minor + sum(left) == amount_minor


@given(rules(), st.integers(1, 60))
def test_one_unit_after_the_other_goes_back_whole(rule: SplitRule, amount_minor: int) -> None:
    left = [share.amount_minor for share in rule.shares(amount_minor)]
    for _ in range(amount_minor):
        left = [rest - part for part, rest in zip(give_back(left, 1), left, strict=True)]
        assert min(left) >= 0
    assert left == [0, 0, 0, 0]
    with pytest.raises(ValueError, match="more than is left"):
        give_back(left, 1)
