"""What is taken from which bucket (M4)."""

from stoa.money.wallet.types import BUCKETS


def spend_buckets(held_minor: dict[str, int], amount_minor: int, *, promotional: bool) -> dict[str, int] | None:
    """What to take from each bucket for an amount, in M4's order; None when it is not there."""
    left_minor = amount_minor
    spent: dict[str, int] = {}
    for bucket in BUCKETS:
        usable_minor = held_minor.get(bucket, 0) if promotional or bucket != "promotional" else 0
        spent[bucket] = min(left_minor, usable_minor)
        left_minor -= spent[bucket]
    return None if left_minor else spent
