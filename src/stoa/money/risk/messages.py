"""What risk tells those above it."""

from uuid import UUID

from stoa.kit.outbox import Event
from stoa.money.risk.types import FlagState, Rule, Severity


class MovementFlagged(Event, frozen=True):
    """A movement tripped a rule and was let through; high holds the payouts of `user_id` (F2, F3)."""

    flag_id: UUID
    user_id: UUID | None
    rule: Rule
    severity: Severity


class FlagClosed(Event, frozen=True):
    """An administrator approved or rejected a flag. `reason` is what it was for, as the person read it."""

    flag_id: UUID
    user_id: UUID | None
    severity: Severity
    state: FlagState
    reason: str
