"""What the ledger says to others."""

from uuid import UUID

from stoa.kit.outbox import Event


class HoldExpired(Event, frozen=True):
    """A hold ran out before it was settled; the money went back. `transfer_id` is the transfer that returned it."""

    hold_id: UUID
    transfer_id: UUID
