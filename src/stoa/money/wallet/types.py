"""Wallets, packages, gifts and history as others see them, and the plug by which works say whose they are."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.people.types import PersonView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.money import Money

COIN: Final = "COIN"
USD: Final = "USD"
MINOR_PER_COIN: Final = 100
# M4: the order in which buckets are spent.
BUCKETS: Final = ("promotional", "purchased", "earned")
# M8, in US cents.
TIP_MINOR: Final = 100
SUPERLIKE_MINOR: Final = 300
# How much of each currency can be bought at once, in its smallest unit: about 1 to 10,000 US dollars.
CREDIT_LIMITS: Final[dict[str, tuple[int, int]]] = {
    "USD": (100, 1_000_000),
    "EUR": (100, 1_000_000),
    "GBP": (100, 1_000_000),
    "INR": (10_000, 80_000_000),
    "IDR": (1_500_000, 15_000_000_000),
    "PHP": (5_000, 55_000_000),
    "MYR": (500, 4_500_000),
    "THB": (3_500, 35_000_000),
    "JPY": (150, 1_500_000),
    "KRW": (1_500, 14_000_000),
    "VND": (25_000, 250_000_000),
    "BHD": (400, 4_000_000),
    "KWD": (300, 3_000_000),
    "TND": (3_000, 30_000_000),
}


class CreditsView(msgspec.Struct, frozen=True, kw_only=True):
    """Credits of one person in one currency, in its smallest unit; as in WalletView (M4, M9, M13)."""

    asset: str
    promotional_minor: int
    purchased_minor: int
    earned_minor: int
    reserved_minor: int
    debt_minor: int

    @property
    def total_minor(self) -> int:
        """What can be spent."""
        return self.promotional_minor + self.purchased_minor + self.earned_minor


class WalletView(msgspec.Struct, frozen=True, kw_only=True):
    """Coins of one person, in hundredths of a coin.

    `total_minor` is what can be spent: promotional + purchased + earned. `reserved_minor` is set aside for a payout and
    not in it. `credits_minor` is promotional USD, in cents. `debt_minor`: coins of a refunded purchase that were spent
    already, taken from what comes in next (M13). `currencies`: credits of every currency there are any of, USD first.
    """

    promotional_minor: int
    purchased_minor: int
    earned_minor: int
    reserved_minor: int
    total_minor: int
    credits_minor: int
    debt_minor: int
    accepts_promotional: bool
    currencies: list[CreditsView]


class Package(msgspec.Struct, frozen=True):
    """M3. `price_minor` in minor units of `currency`; the buyer receives coins + bonus_coins."""

    id: int
    coins: int
    bonus_coins: int
    price_minor: int
    currency: str

    @property
    def total_coins(self) -> int:
        """What arrives in the purchased bucket."""
        return self.coins + self.bonus_coins


class GiftView(msgspec.Struct, frozen=True, kw_only=True):
    """A gift. `*_minor` in hundredths of a coin: what was spent by bucket, and where it went (M4, M6).

    `creator_minor` arrived as earned, `creator_promotional_minor` as promotional, `repaid_minor` paid off a debt.
    """

    id: UUID
    sender: PersonView
    recipient: PersonView
    work_id: UUID | None
    work_title: str | None
    work_path: str | None
    amount_coins: int
    message: str | None
    promotional_minor: int
    purchased_minor: int
    earned_minor: int
    creator_minor: int
    creator_promotional_minor: int
    platform_minor: int
    platform_promotional_minor: int
    repaid_minor: int
    transfer_id: UUID
    created_at: datetime
    undo_until: datetime
    undone_at: datetime | None


class TipView(msgspec.Struct, frozen=True, kw_only=True):
    """A tip. `*_minor` in the smallest unit of `asset`: what was spent by bucket, and where it went (M4, M8).

    What was paid promotional went to the parts with `promotional` in their name; `repaid_minor` paid off a debt.
    """

    id: UUID
    sender: PersonView
    recipient: PersonView
    asset: str
    amount_minor: int
    is_superlike: bool
    promotional_minor: int
    purchased_minor: int
    earned_minor: int
    creator_minor: int
    creator_promotional_minor: int
    platform_minor: int
    platform_promotional_minor: int
    charity_minor: int
    charity_promotional_minor: int
    tax_minor: int
    tax_promotional_minor: int
    repaid_minor: int
    transfer_id: UUID
    created_at: datetime


class Reversal(msgspec.Struct, frozen=True):
    """A gift or a tip that went back, whole or in part; `owed_minor` of it the receiver had spent already (M13)."""

    id: UUID
    transfer_id: UUID
    amount_minor: int
    owed_minor: int


class PostingLine(msgspec.Struct, frozen=True):
    """One posting of a transfer: `amount_minor` in the asset's smallest unit, negative where it left.

    `account` says where in words, `explanation` why; `is_own` for an account of the person who reads it.
    """

    account: str
    asset: str
    amount_minor: int
    explanation: str
    is_own: bool


class HistoryLine(msgspec.Struct, frozen=True):
    """One transfer in a person's history; `title` says in words what happened.

    `coins_minor` and `usd_minor` are what it changed in what they can spend; `changes` says so of every asset.
    """

    transfer_id: UUID
    kind: str
    created_at: datetime
    title: str
    coins_minor: int
    usd_minor: int
    changes: list[Money]
    is_reversed: bool
    postings: list[PostingLine]


class GiftTarget(msgspec.Struct, frozen=True):
    """Whose a work is, and what it is called, for a gift on it."""

    owner_id: UUID
    title: str
    path: str


FindTarget = Callable[[Ctx, UUID], Awaitable[GiftTarget | None]]
_FINDERS: list[FindTarget] = []


def finds_gift_target(find: FindTarget) -> FindTarget:
    """Decorator: registers who knows works. `find(ctx, work_id)` answers None for what the actor may not know of."""
    if find not in _FINDERS:
        _FINDERS.append(find)
    return find


async def gift_target(ctx: Ctx, work_id: UUID) -> GiftTarget:
    """The work that a gift is for. Raises NotFound when nobody knows it."""
    for find in _FINDERS:
        target = await find(ctx, work_id)
        if target is not None:
            return target
    raise NotFound("There is no such work")


class SaleView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was bought of a creator by itself, from the wallet (M12). All amounts in the smallest unit of
    `asset`: from which buckets it was paid, where it went, and what of it went back.
    """

    id: UUID
    sender_id: UUID
    recipient_id: UUID
    work_id: UUID
    work_title: str
    asset: str
    amount_minor: int
    promotional_minor: int
    purchased_minor: int
    earned_minor: int
    creator_minor: int
    creator_promotional_minor: int
    platform_minor: int
    platform_promotional_minor: int
    tax_minor: int
    tax_promotional_minor: int
    repaid_minor: int
    refunded_minor: int
    created_at: datetime
