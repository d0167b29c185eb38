"""Bodies of the wallet and gift API. Coins as whole numbers where they are whole (`*_coins`), else in hundredths
(`*_minor`) with the same as decimal text beside it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from stoa.foundation.people.types import PersonView
from stoa.kit.money import to_decimal
from stoa.money.payments.types import MethodId, ReturnUrl
from stoa.money.wallet.types import COIN, USD, GiftView, HistoryLine, Package, WalletView

PackageId = Annotated[int, msgspec.Meta(ge=1, le=32767)]


class BucketOut(msgspec.Struct):
    """One bucket: what it holds, and what that means in words."""

    amount_minor: int
    amount: str
    meaning: str


class WalletOut(msgspec.Struct):
    """M4. `total` can be spent; `reserved`, set aside for a payout, is not in it. `credits` are promotional USD."""

    total_minor: int
    total: str
    promotional: BucketOut
    purchased: BucketOut
    earned: BucketOut
    reserved: BucketOut
    credits: BucketOut
    debt_minor: int
    accepts_promotional: bool


class PackageOut(msgspec.Struct):
    """M3. `price_minor` in minor units of `currency`; `price_per_coin_minor` counts the bonus, as decimal text."""

    id: int
    coins: int
    bonus_coins: int
    total_coins: int
    price_minor: int
    price: str
    currency: str
    price_per_coin_minor: str


class PackagesOut(msgspec.Struct):
    """All packages on offer."""

    items: list[PackageOut]


class PurchaseIn(msgspec.Struct):
    """Which package, and a payment method of the gateway."""

    package_id: PackageId
    payment_method_id: MethodId
    return_url: ReturnUrl = "/wallet"


class CoinCheckoutIn(msgspec.Struct):
    """Which package, and where to come back to."""

    package_id: PackageId
    return_url: ReturnUrl = "/wallet"


class SettingsIn(msgspec.Struct):
    """Whether promotional coins are taken as gifts."""

    accepts_promotional: bool


class GiftIn(msgspec.Struct):
    """A gift of whole coins: to a person (by id or by name), or on a work to its owner."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=10**9)]
    recipient_id: UUID | None = None
    recipient_username: Annotated[str, msgspec.Meta(max_length=50)] | None = None
    work_id: UUID | None = None
    message: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class GiftOut(msgspec.Struct):
    """A gift, to those who are part of it. `creator_minor` arrived as earned coins, `creator_promotional_minor` as
    promotional ones; `undo_until` is None once it cannot be taken back any more."""

    id: UUID
    sender: PersonView
    recipient: PersonView
    work_id: UUID | None
    work_title: str | None
    amount_coins: int
    message: str | None
    creator_minor: int
    creator_promotional_minor: int
    platform_minor: int
    platform_promotional_minor: int
    transfer_id: UUID
    created_at: datetime
    undo_until: datetime | None
    undone_at: datetime | None


class PostingOut(msgspec.Struct):
    """One posting: `amount` is `amount_minor` as decimal text, negative where it left."""

    account: str
    asset: str
    amount_minor: int
    amount: str
    explanation: str
    is_own: bool


class TransferOut(msgspec.Struct):
    """One movement of value as its reader sees it; `coins_minor` and `usd_minor` are what it changed in what they can
    spend. Per asset the postings sum to zero (M1)."""

    id: UUID
    kind: str
    created_at: datetime
    title: str
    coins_minor: int
    coins: str
    usd_minor: int
    usd: str
    is_reversed: bool
    postings: list[PostingOut]


_MEANING = {
    "promotional": "Given by the platform. You can spend it; what is bought with it stays promotional.",
    "purchased": "Bought by you. You can spend it.",
    "earned": "Earned from others. You can spend it or have it paid out.",
    "reserved": "Set aside for a payout that is under way.",
    "credits": "Promotional credit in US dollars. You can spend it; it cannot be paid out.",
}


def _bucket(name: str, amount_minor: int, asset: str = COIN) -> BucketOut:
    return BucketOut(amount_minor, str(to_decimal(amount_minor, asset)), _MEANING[name])


def wallet_out(wallet: WalletView) -> WalletOut:
    """A WalletView for its owner."""
    return WalletOut(
        total_minor=wallet.total_minor,
        total=str(to_decimal(wallet.total_minor, COIN)),
        promotional=_bucket("promotional", wallet.promotional_minor),
        purchased=_bucket("purchased", wallet.purchased_minor),
        earned=_bucket("earned", wallet.earned_minor),
        reserved=_bucket("reserved", wallet.reserved_minor),
        credits=_bucket("credits", wallet.credits_minor, USD),
        debt_minor=wallet.debt_minor,
        accepts_promotional=wallet.accepts_promotional,
    )


def package_out(package: Package) -> PackageOut:
    """A Package for a buyer."""
    per_coin = to_decimal(package.price_minor, package.currency) * 100 / package.total_coins
    return PackageOut(
        id=package.id,
        coins=package.coins,
        bonus_coins=package.bonus_coins,
        total_coins=package.total_coins,
        price_minor=package.price_minor,
        price=str(to_decimal(package.price_minor, package.currency)),
        currency=package.currency,
        price_per_coin_minor=f"{per_coin:.2f}",
    )


def gift_out(gift: GiftView, now: datetime, *, viewer_id: UUID) -> GiftOut:
    """A GiftView for one of its people; only the sender can take it back."""
    can_undo = viewer_id == gift.sender.id and gift.undone_at is None and now < gift.undo_until
    return GiftOut(
        id=gift.id,
        sender=gift.sender,
        recipient=gift.recipient,
        work_id=gift.work_id,
        work_title=gift.work_title,
        amount_coins=gift.amount_coins,
        message=gift.message,
        creator_minor=gift.creator_minor,
        creator_promotional_minor=gift.creator_promotional_minor,
        platform_minor=gift.platform_minor,
        platform_promotional_minor=gift.platform_promotional_minor,
        transfer_id=gift.transfer_id,
        created_at=gift.created_at,
        undo_until=gift.undo_until if can_undo else None,
        undone_at=gift.undone_at,
    )


def transfer_out(line: HistoryLine) -> TransferOut:
    """A HistoryLine for its reader."""
    return TransferOut(
        id=line.transfer_id,
        kind=line.kind,
        created_at=line.created_at,
        title=line.title,
        coins_minor=line.coins_minor,
        coins=str(to_decimal(line.coins_minor, COIN)),
        usd_minor=line.usd_minor,
        usd=str(to_decimal(line.usd_minor, USD)),
        is_reversed=line.is_reversed,
        postings=[
            PostingOut(
                p.account, p.asset, p.amount_minor, str(to_decimal(p.amount_minor, p.asset)), p.explanation, p.is_own
            )
            for p in line.postings
        ],
    )
