"""F1 to F5 as arithmetic."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.money.risk.types import Finding, Limits, Movement, Observed, Rule, blocked_by, findings, usd_micro

LIMITS = Limits(large_usd_minor=50_000, movements=10, volume_usd_minor=100_000)
ANA, BOB = uuid4(), uuid4()


def gift(from_id: UUID | None = ANA, to_id: UUID | None = BOB) -> Movement:
    return Movement(kind="gift", from_id=from_id, to_id=to_id, asset="COIN", amount_minor=100)


def seen(
    from_status: str | None = "active",
    to_status: str | None = "active",
    same: bool = False,
    movements: int = 1,
    volume_micro: int = 0,
) -> Observed:
    return Observed(from_status, to_status, same, movements, volume_micro, [])


@pytest.mark.parametrize(
    ("worth_micro", "observed", "tripped"),
    [
        (500_000_000, seen(), []),
        (500_000_001, seen(), ["F1"]),
        (None, seen(movements=10), []),
        (None, seen(movements=11), ["F2"]),
        (1, seen(volume_micro=1_000_000_000), []),
        (1, seen(volume_micro=1_000_000_001), ["F3"]),
        (2_000_000_000, seen(movements=11, volume_micro=3_000_000_000), ["F1", "F2", "F3"]),
    ],
)
def test_what_is_over_a_limit_is_flagged(worth_micro: int | None, observed: Observed, tripped: list[str]) -> None:
    assert [finding.rule.value for finding in findings(worth_micro, observed, LIMITS)] == tripped


@pytest.mark.parametrize(
    ("movement", "observed", "found"),
    [
        (gift(), seen(), None),
        (gift(), seen("pending_verification", "active"), None),
        (gift(None, BOB), seen(None, "active"), None),
        (gift(ANA, ANA), seen(), Finding(Rule.ONESELF, "From an account to itself")),
        (gift(), seen(same=True), Finding(Rule.ONESELF, "Both accounts are paid out to the same place")),
        (gift(), seen("suspended"), Finding(Rule.BARRED, "The account it goes from is suspended")),
        (gift(), seen("active", "banned"), Finding(Rule.BARRED, "The account it goes to is banned")),
    ],
)
def test_what_is_not_let_through(movement: Movement, observed: Observed, found: Finding | None) -> None:
    assert blocked_by(movement, observed) == found


def test_the_words_name_the_numbers() -> None:
    worth = usd_micro("COIN", 3_900_100, coins_per_usd=78)
    found = findings(worth, seen(movements=11, volume_micro=1_234_560_000), LIMITS)
    assert [finding.reason for finding in found] == [
        "One movement of 500.02 USD, more than 500.00",
        "11 movements within an hour, more than 10",
        "1,234.56 USD moved within an hour, more than 1,000.00",
    ]


@given(st.integers(0, 10**13), st.integers(1, 1000))
def test_coins_are_worth_their_payout_and_never_less(amount_minor: int, coins_per_usd: int) -> None:
    """M2; rounded up by less than a millionth of a USD, so that nothing slips below a limit."""
    worth = usd_micro("COIN", amount_minor, coins_per_usd=coins_per_usd)
    assert worth is not None
    assert 0 <= worth * coins_per_usd - amount_minor * 10_000 < coins_per_usd


def test_a_currency_without_a_rate_has_no_worth() -> None:
    assert usd_micro("INR", 10**9, coins_per_usd=78) is None
    assert usd_micro("USD", 50_001, coins_per_usd=78) == 500_010_000
