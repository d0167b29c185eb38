"""Movements as risk sees them, the rules F1 to F5, and flags with the names of people."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.money import format_amount

USD: Final = "USD"
COIN: Final = "COIN"
MICRO_PER_CENT: Final = 10_000


class Rule(StrEnum):
    """The rules of risk; F6 and F7 are how they are kept."""

    LARGE = "F1"
    VELOCITY = "F2"
    VOLUME = "F3"
    ONESELF = "F4"
    BARRED = "F5"


class Severity(StrEnum):
    """Medium is looked at, high holds payouts, critical was not let through."""

    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class FlagState(StrEnum):
    """An open flag is decided once; what was blocked needs no decision."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    BLOCKED = "blocked"


SEVERITY: Final = {
    Rule.LARGE: Severity.MEDIUM,
    Rule.VELOCITY: Severity.HIGH,
    Rule.VOLUME: Severity.HIGH,
    Rule.ONESELF: Severity.CRITICAL,
    Rule.BARRED: Severity.CRITICAL,
}


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Something that moves money from somebody to somebody; None is the platform or the world outside."""

    kind: str
    from_id: UUID | None
    to_id: UUID | None
    asset: str
    amount_minor: int


class Observed(msgspec.Struct, frozen=True):
    """What the database knows about a movement: both sides, and the hour so far with this movement in it.

    `open_high`: the rules by which a flag of high severity is open already; another one would say nothing new.
    """

    from_status: str | None
    to_status: str | None
    same_destination: bool
    movements: int
    volume_micro: int
    open_high: list[str]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What is more than this is flagged: one movement (F1), how many (F2) and how much (F3) within the window."""

    large_usd_minor: int
    movements: int
    volume_usd_minor: int


class Finding(msgspec.Struct, frozen=True):
    """A rule that a movement trips, and why in words the person may read."""

    rule: Rule
    reason: str


class FlagView(msgspec.Struct, frozen=True):
    """A line of the log, with the names of those it is about and of who decided."""

    id: UUID
    rule: Rule
    severity: Severity
    state: FlagState
    kind: str
    from_id: UUID | None
    from_name: str | None
    to_id: UUID | None
    to_name: str | None
    asset: str
    amount_minor: int
    reason: str
    review_until: datetime | None
    note: str | None
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime


class HoldView(msgspec.Struct, frozen=True):
    """Why somebody's payouts are held, what happens next, and by when (F7). Decided for good, it has no date."""

    reason: str
    next_step: str
    by: datetime | None


def usd_micro(asset: str, amount_minor: int, *, coins_per_usd: int) -> int | None:
    """The worth in millionths of a USD, rounded up: coins by M2; None for a currency without a rate."""
    match asset:
        case "USD":
            return amount_minor * MICRO_PER_CENT
        case "COIN":
            # A coin has as many hundredths as a dollar has cents.
            return -(-amount_minor * MICRO_PER_CENT // coins_per_usd)
        case _:
            return None


def blocked_by(movement: Movement, seen: Observed) -> Finding | None:
    """F4 and F5: what is not let through."""
    if movement.from_id is not None and movement.from_id == movement.to_id:
        return Finding(Rule.ONESELF, "From an account to itself")
    if seen.same_destination:
        return Finding(Rule.ONESELF, "Both accounts are paid out to the same place")
    for side, status in (("from", seen.from_status), ("to", seen.to_status)):
        if status in ("suspended", "banned"):
            return Finding(Rule.BARRED, f"The account it goes {side} is {status}")
    return None


def findings(worth_micro: int | None, seen: Observed, limits: Limits) -> list[Finding]:
    """F1 to F3: what a movement trips that is let through."""
    found: list[Finding] = []
    if worth_micro is not None and worth_micro > limits.large_usd_minor * MICRO_PER_CENT:
        limit = _usd(limits.large_usd_minor * MICRO_PER_CENT)
        found.append(Finding(Rule.LARGE, f"One movement of {_usd(worth_micro)} USD, more than {limit}"))
    if seen.movements > limits.movements:
        reason = f"{seen.movements} movements within an hour, more than {limits.movements}"
        found.append(Finding(Rule.VELOCITY, reason))
    if seen.volume_micro > limits.volume_usd_minor * MICRO_PER_CENT:
        limit = _usd(limits.volume_usd_minor * MICRO_PER_CENT)
        found.append(Finding(Rule.VOLUME, f"{_usd(seen.volume_micro)} USD moved within an hour, more than {limit}"))
    return found


def _usd(micro: int) -> str:
    """In cents, rounded up: what is over a limit is also written so."""
    return format_amount(-(-micro // MICRO_PER_CENT), USD)
