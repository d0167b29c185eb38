"""The arithmetic of gifts and payouts, for any amounts (M4, M6, M7, M8)."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.days import business_days_after
from stoa.money.payouts.types import payout_amounts
from stoa.money.wallet.actions import spend_buckets, split_gift

amounts = st.integers(0, 10**12)
buckets = st.fixed_dictionaries({"promotional": amounts, "purchased": amounts, "earned": amounts})


@given(buckets, st.integers(0, 100), amounts)
def test_the_shares_of_a_gift_sum_to_what_was_spent(spent: dict[str, int], percent: int, debt: int) -> None:
    shares = split_gift(spent, creator_percent=percent, debt_minor=debt)
    parts = (shares.creator_minor, shares.creator_promotional_minor, shares.platform_minor)
    assert min(*parts, shares.platform_promotional_minor, shares.repaid_minor) >= 0
    assert shares.creator_promotional_minor + shares.platform_promotional_minor == spent["promotional"]
    assert shares.creator_minor + shares.repaid_minor + shares.platform_minor == spent["purchased"] + spent["earned"]
    assert shares.repaid_minor <= debt
    for share, base in (
        (shares.creator_promotional_minor, spent["promotional"]),
        (shares.creator_minor + shares.repaid_minor, spent["purchased"] + spent["earned"]),
    ):
        assert abs(share - Fraction(base * percent, 100)) <= 1, "each bucket is off by less than one hundredth"


@given(st.integers(1, 10**9))
def test_forty_percent_of_whole_coins_is_exact(coins: int) -> None:
    """M1: this is why COIN has two decimals."""
    shares = split_gift({"promotional": 0, "purchased": coins * 100, "earned": 0}, creator_percent=40)
    assert (shares.creator_minor, shares.platform_minor) == (coins * 40, coins * 60)


@given(buckets, amounts, st.booleans())
def test_buckets_are_spent_in_their_order(held: dict[str, int], wanted: int, promotional: bool) -> None:
    usable = sum(minor for bucket, minor in held.items() if promotional or bucket != "promotional")
    spent = spend_buckets(held, wanted, promotional=promotional)
    if wanted > usable:
        assert spent is None
        return
    assert spent is not None and sum(spent.values()) == wanted
    assert all(0 <= spent[bucket] <= held[bucket] for bucket in held)
    assert promotional or spent["promotional"] == 0
    if spent["purchased"] or spent["earned"]:
        assert not promotional or spent["promotional"] == held["promotional"]
    if spent["earned"]:
        assert spent["purchased"] == held["purchased"]


@given(st.integers(1, 10**12), st.integers(1, 1000), st.integers(1, 100))
def test_fee_and_net_sum_to_the_amount_to_the_cent(coins_minor: int, per_usd: int, percent: int) -> None:
    """M7: earned ÷ 78 is the net, ÷ 40 % ÷ 78 the amount, each within half a cent of the exact figure."""
    found = payout_amounts(coins_minor, coins_per_usd=per_usd, creator_percent=percent)
    assert found.platform_fee_minor + found.net_payout_minor == found.gross_minor
    assert found.platform_fee_minor >= 0
    assert abs(found.net_payout_minor - Fraction(coins_minor, per_usd)) <= Fraction(1, 2)
    exact = Fraction(coins_minor * 100, per_usd * percent)
    assert abs(found.gross_minor - exact) <= Fraction(1, 2)
    assert abs(found.platform_fee_minor - exact * (100 - percent) / 100) <= 1


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)), st.integers(0, 30))
def test_business_days(day: date, count: int) -> None:
    found = business_days_after(day, count)
    between = [date.fromordinal(n) for n in range(day.toordinal() + 1, found.toordinal() + 1)]
    assert sum(d.weekday() < 5 for d in between) == count
    assert not between or found.weekday() < 5
