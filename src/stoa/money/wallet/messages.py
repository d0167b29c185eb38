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


class SaleMade(Event, frozen=True):
    """Somebody bought something of a creator by itself, from their wallet (M12)."""

    sale_id: UUID
    buyer_id: UUID
    seller_id: UUID
    work_id: UUID
    asset: str
    amount_minor: int


class SaleRefunded(Event, frozen=True):
    """`amount_minor` of a sale went back to its buyer (M13); `is_whole`: all that was left of it."""

    sale_id: UUID
    buyer_id: UUID
    seller_id: UUID
    amount_minor: int
    is_whole: bool
