"""What wallets tell the world."""

from uuid import UUID

from stoa.kit.outbox import Event


class GiftSent(Event, frozen=True):
    """Somebody gave coins; `work_id` when it was for a work."""

    gift_id: UUID
    sender_id: UUID
    recipient_id: UUID
    work_id: UUID | None
    amount_coins: int


class GiftUndone(Event, frozen=True):
    """The sender took a gift back in time."""

    gift_id: UUID
    sender_id: UUID
    recipient_id: UUID
    work_id: UUID | None
    amount_coins: int


class TipSent(Event, frozen=True):
    """Somebody tipped somebody; `amount_minor` in US cents."""

    tip_id: UUID
    sender_id: UUID
    recipient_id: UUID
    amount_minor: int
    is_superlike: bool


class CardTipPaid(Event, frozen=True):
    """A tip that was paid by card, as an order; `amount_minor` in US cents."""

    order_id: UUID
    sender_id: UUID
    recipient_id: UUID
    amount_minor: int
    is_superlike: bool
