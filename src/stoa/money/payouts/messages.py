"""What payouts tell the world, and the work they order."""

from typing import ClassVar
from uuid import UUID

from stoa.kit.outbox import Event
from stoa.kit.queue import Job


class PayoutRequested(Event, frozen=True):
    """A creator asked for their earned coins; they are reserved."""

    payout_id: UUID
    user_id: UUID
    net_payout_minor: int
    currency: str


class PayoutHeld(Event, frozen=True):
    """A payout waits for a person to look at it, with the reason."""

    payout_id: UUID
    user_id: UUID
    reason: str


class PayoutSent(Event, frozen=True):
    """The provider has taken the order."""

    payout_id: UUID
    user_id: UUID


class PayoutPaid(Event, frozen=True):
    """The money has arrived."""

    payout_id: UUID
    user_id: UUID
    net_payout_minor: int
    currency: str


class PayoutFailed(Event, frozen=True):
    """The last attempt failed; the coins are back."""

    payout_id: UUID
    user_id: UUID
    reason: str


class PayoutCancelled(Event, frozen=True):
    """It was called off before it was sent; the coins are back."""

    payout_id: UUID
    user_id: UUID


class SubmitPayout(Job, frozen=True):
    """Give one attempt of a payout to its provider. `attempt` counts from 1 and is part of the provider's key."""

    outside: ClassVar[bool] = True
    max_attempts: ClassVar[int] = 12
    timeout_s: ClassVar[float] = 150  # a provider may be asked several times, for 20 s each

    payout_id: UUID
    attempt: int


class FollowPayout(Job, frozen=True):
    """Ask the provider what became of an attempt."""

    outside: ClassVar[bool] = True
    max_attempts: ClassVar[int] = 12
    timeout_s: ClassVar[float] = 150  # a provider may be asked several times, for 20 s each

    payout_id: UUID
    attempt: int
