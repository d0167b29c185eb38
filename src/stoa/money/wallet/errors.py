"""What can go wrong in a wallet."""

from stoa.kit.errors import Conflict, Invalid


class NotEnoughCoins(Conflict):
    """409: the sender has fewer coins than the gift. `available_minor` is what they could give to this person."""

    code = "insufficient_funds"
    title = "There are not enough coins in your wallet"


class GiftToOneself(Invalid):
    """422 (M6)."""

    code = "gift_to_oneself"
    title = "A gift is for somebody else"


class GiftKeyReused(Conflict):
    """409: the same key came with another gift (M11)."""

    code = "idempotency_key_reused"
    title = "This key belongs to another gift"


class NotEnoughCredits(Conflict):
    """409: the sender has less credit than the tip. `available_minor` is what they could give to this person."""

    code = "insufficient_funds"
    title = "There is not enough credit in your wallet"


class TipToOneself(Invalid):
    """422 (M8, F4)."""

    code = "tip_to_oneself"
    title = "A tip is for somebody else"


class TipKeyReused(Conflict):
    """409: the same key came with another tip (M11)."""

    code = "idempotency_key_reused"
    title = "This key belongs to another tip"


class UndoTooLate(Conflict):
    """409: the time in which a gift can be taken back is over."""

    code = "undo_too_late"
    title = "This gift cannot be taken back any more"


class GiftSpent(Conflict):
    """409: the recipient has spent or reserved the gift already."""

    code = "gift_spent"
    title = "This gift has been spent already"


class NothingLeft(Conflict):
    """409: more than is left of a gift or a tip. `refundable_minor` is what is left (M13)."""

    code = "not_refundable"
    title = "This much cannot be given back"


class ShareSpent(Conflict):
    """409: the receiver has spent or reserved their share, or was paid it out (M13)."""

    code = "share_spent"
    title = "Part of the share has been spent or paid out already"


class SaleToOneself(Invalid):
    """422 (F4)."""

    code = "sale_to_oneself"
    title = "This is your own already"


class SaleKeyReused(Conflict):
    """409: the same key came with another purchase (M11)."""

    code = "idempotency_key_reused"
    title = "This key belongs to another purchase"


class PriceChanged(Conflict):
    """409: it costs something else than the buyer agreed to; `price_minor` and `price_asset` are what it costs now."""

    code = "price_changed"
    title = "The price has changed. Please look at it again"

    def __init__(self, *, price_minor: int | None, price_asset: str | None) -> None:
        super().__init__(price_minor=price_minor, price_asset=price_asset)
