"""Bodies of the wallet and gift API. Coins as whole numbers where they are whole (`*_coins`), else in hundredths
(`*_minor`) with the same as decimal text beside it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from stoa.foundation.people.types import PersonView
from stoa.kit.money import to_decimal
from stoa.money.payments.types import MethodId, ReturnUrl
from stoa.money.wallet.types import COIN, USD, GiftView, HistoryLine, Package, TipView, WalletView

PackageId = Annotated[int, msgspec.Meta(ge=1, le=32767)]


class BucketOut(msgspec.Struct):
    """One bucket: what it holds, and what that means in words."""

    amount_minor: int
    amount: str
    meaning: str


class CreditsOut(msgspec.Struct):
    """Credits in one currency, in its smallest unit, with the whole as decimal text; as in WalletOut."""

    currency: str
    total_minor: int
    total: str
    promotional_minor: int
    purchased_minor: int
    earned_minor: int
    reserved_minor: int
    debt_minor: int


class WalletOut(msgspec.Struct):
    """M4. `total` can be spent; `reserved`, set aside for a payout, is not in it. `credits` are promotional USD;
    `currencies` are credits by currency, with all their buckets."""

    total_minor: int
    total: str
    promotional: BucketOut
    purchased: BucketOut
    earned: BucketOut
    reserved: BucketOut
    credits: BucketOut
    debt_minor: int
    accepts_promotional: bool
    currencies: list[CreditsOut]


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


class CreditsIn(msgspec.Struct):
    """How much credit, in the smallest unit of a currency; it is paid in the same currency."""

    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=10**15)]
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=10)] = USD


class CreditPurchaseIn(CreditsIn, kw_only=True):
    """The same, with a payment method of the gateway."""

    payment_method_id: MethodId
    return_url: ReturnUrl = "/wallet"


class CreditCheckoutIn(CreditsIn, kw_only=True):
    """The same, and where to come back to."""

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


class TipIn(msgspec.Struct):
    """A tip to a person, by id or by name: 1 USD, or 3 USD as a superlike."""

    recipient_id: UUID | None = None
    recipient_username: Annotated[str, msgspec.Meta(max_length=50)] | None = None
    superlike: bool = False


class TipOut(msgspec.Struct):
    """A tip, to those who are part of it. `creator_minor` arrived as earned credit, `creator_promotional_minor` as
    promotional; platform, charity and tax are wholes of both."""

    id: UUID
    sender: PersonView
    recipient: PersonView
    currency: str
    amount_minor: int
    amount: str
    is_superlike: bool
    creator_minor: int
    creator_promotional_minor: int
    platform_minor: int
    charity_minor: int
    tax_minor: int
    transfer_id: UUID
    created_at: datetime


class PostingOut(msgspec.Struct):
    """One posting: `amount` is `amount_minor` as decimal text, negative where it left."""

    account: str
    asset: str
    amount_minor: int
    amount: str
    explanation: str
    is_own: bool


class ChangeOut(msgspec.Struct):
    """What somebody can spend more, or less, of one asset."""

    asset: str
    amount_minor: int
    amount: str


class TransferOut(msgspec.Struct):
    """One movement of value as its reader sees it; `coins_minor` and `usd_minor` are what it changed in what they can
    spend, `changes` the same of every asset. Per asset the postings sum to zero (M1)."""

    id: UUID
    kind: str
    created_at: datetime
    title: str
    coins_minor: int
    coins: str
    usd_minor: int
    usd: str
    changes: list[ChangeOut]
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
        currencies=[
            CreditsOut(
                currency=held.asset,
                total_minor=held.total_minor,
                total=str(to_decimal(held.total_minor, held.asset)),
                promotional_minor=held.promotional_minor,
                purchased_minor=held.purchased_minor,
                earned_minor=held.earned_minor,
                reserved_minor=held.reserved_minor,
                debt_minor=held.debt_minor,
            )
            for held in wallet.currencies
        ],
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


def tip_out(tip: TipView) -> TipOut:
    """A TipView for one of its people."""
    return TipOut(
        id=tip.id,
        sender=tip.sender,
        recipient=tip.recipient,
        currency=tip.asset,
        amount_minor=tip.amount_minor,
        amount=str(to_decimal(tip.amount_minor, tip.asset)),
        is_superlike=tip.is_superlike,
        creator_minor=tip.creator_minor + tip.repaid_minor,
        creator_promotional_minor=tip.creator_promotional_minor,
        platform_minor=tip.platform_minor + tip.platform_promotional_minor,
        charity_minor=tip.charity_minor + tip.charity_promotional_minor,
        tax_minor=tip.tax_minor + tip.tax_promotional_minor,
        transfer_id=tip.transfer_id,
        created_at=tip.created_at,
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
        changes=[ChangeOut(m.asset, m.amount_minor, str(to_decimal(m.amount_minor, m.asset))) for m in line.changes],
        is_reversed=line.is_reversed,
        postings=[
            PostingOut(
                p.account, p.asset, p.amount_minor, str(to_decimal(p.amount_minor, p.asset)), p.explanation, p.is_own
            )
            for p in line.postings
        ],
    )
