"""Opening wallets, buying coins and credits, tips, giving gifts and taking them back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from stoa.foundation.settings import queries as settings
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, run, update, value
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.ids import new_id
from stoa.kit.money import allocate
from stoa.kit.outbox import emit
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.errors import InsufficientFunds
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payments import actions as payments
from stoa.money.payments.types import Checkout, Confirmation, Order
from stoa.money.risk import actions as risk
from stoa.money.risk.types import Movement
from stoa.money.splits.queries import rule_at
from stoa.money.wallet import queries
from stoa.money.wallet.actions.buckets import spend_buckets
from stoa.money.wallet.actions.card_tips import order_tip
from stoa.money.wallet.actions.coins import RECEIVABLE, CoinsItem
from stoa.money.wallet.actions.credits import buy_credits, checkout_credits, order_credits
from stoa.money.wallet.actions.debts import owe, owed, pay_off
from stoa.money.wallet.actions.recipients import open_movement, spend_of_giver
from stoa.money.wallet.actions.reversals import reverse_share
from stoa.money.wallet.actions.sales import sell
from stoa.money.wallet.actions.tips import tip
from stoa.money.wallet.errors import GiftKeyReused, GiftSpent, GiftToOneself, UndoTooLate
from stoa.money.wallet.messages import GiftSent, GiftUndone
from stoa.money.wallet.queries import WalletRow
from stoa.money.wallet.types import BUCKETS, COIN, MINOR_PER_COIN, USD, GiftTarget, GiftView, gift_target

__all__ = [
    "Shares",
    "buy_coins",
    "buy_credits",
    "change_settings",
    "checkout_coins",
    "checkout_credits",
    "gift",
    "open_wallet",
    "order_coins",
    "order_credits",
    "order_tip",
    "reverse_share",
    "sell",
    "spend_buckets",
    "split_gift",
    "tip",
    "undo_gift",
]

_OPEN = run(
    "insert into wallets (user_id, created_at) values ($1, $2) on conflict (user_id) do nothing",
)
_REFUNDED_LOCKED = value(int | None, "select refunded_minor from gifts where id = $1 for update")


async def open_wallet(ctx: Ctx, user_id: UUID) -> None:
    """Opens a person's accounts and posts the welcome bonus (M5), once per account however often it is called."""
    if not await _OPEN(ctx.db, user_id, ctx.now):
        return
    refs = [AccountRef(user_id, COIN, purpose) for purpose in (*BUCKETS, "earned_reserved")]
    await ledger.open_accounts(ctx, [*refs, AccountRef(user_id, USD, "promotional")])
    config = await settings.platform(ctx)
    legs: list[Leg] = []
    for asset, bonus_minor in ((COIN, config.welcome_coins * MINOR_PER_COIN), (USD, config.welcome_usd_minor)):
        if bonus_minor:
            legs.append(Leg(AccountRef(None, asset, "welcome"), -bonus_minor))
            legs.append(Leg(AccountRef(user_id, asset, "promotional"), bonus_minor))
    if legs:
        await ledger.post(ctx, kind="welcome", legs=legs, key=f"welcome:{user_id}", cause="Welcome bonus")


async def change_settings(ctx: Ctx, *, accepts_promotional: bool) -> None:
    """Whether the acting member takes promotional coins as gifts (M4)."""
    await update(ctx.db, "wallets", {"accepts_promotional": accepts_promotional}, where={"user_id": ctx.member.id})


async def order_coins(ctx: Ctx, package_id: int, *, key: str, gateway: str | None = None) -> Order:
    """An order for a package (M3), not paid yet. Raises Invalid for one that is not on offer."""
    package = await queries.package(ctx, package_id)
    if package is None:
        raise Invalid(fields={"package_id": "There is no such package"})
    item = CoinsItem(package.id, package.coins, package.bonus_coins)
    return await payments.create_order(
        ctx,
        kind="coins",
        item=msgspec.structs.asdict(item),
        amount_minor=package.price_minor,
        currency=package.currency,
        key=key,
        gateway=gateway,
    )


async def buy_coins(
    ctx: Ctx, package_id: int, payment_method_id: str, *, key: str, return_url: str = "/wallet"
) -> Confirmation:
    """Order a package and pay it at once. A refused card is an answer: the order is `failed` and says why."""
    order = await order_coins(ctx, package_id, key=key)
    return await payments.confirm(ctx, order.id, payment_method_id, return_url)


async def checkout_coins(ctx: Ctx, package_id: int, *, key: str, return_url: str = "/wallet") -> Checkout:
    """Order a package and open the gateway's hosted page for it."""
    order = await order_coins(ctx, package_id, key=key)
    return await payments.start_checkout(ctx, order.id, return_url)


async def gift(
    ctx: Ctx,
    *,
    recipient_id: UUID | None = None,
    amount_coins: int,
    message: str | None = None,
    work_id: UUID | None = None,
    key: str,
) -> GiftView:
    """Give whole coins to a person, or on a work to its owner (M6), shared by the rule in force: 40 % arrive.

    Spends promotional, then purchased, then earned coins; what is paid promotional arrives promotional, and is left out
    where the recipient refuses it (M4). The same key gives the same gift (M11). Raises NotEnoughCoins, GiftToOneself,
    Invalid, NotFound for an unknown person or work, GiftKeyReused, and (F5) AccountSuspended and PersonSuspended.
    """
    sender = ctx.member
    target = await gift_target(ctx, work_id) if work_id else None
    movement = _movement(ctx, _recipient(recipient_id, target), amount_coins)
    message = (message or "").strip() or None
    await _check_gift(ctx, amount_coins, message)
    recipient = await open_movement(ctx, movement, key, GiftToOneself)
    if recipient.known_id is not None:
        known = await queries.gift(ctx, recipient.known_id)
        return _same_gift(known, recipient, amount_coins, message, work_id)
    spent = spend_of_giver(recipient, COIN, amount_coins * MINOR_PER_COIN, "to give")
    assert recipient.seen is not None
    await risk.judge(ctx, movement, recipient.seen)
    percent = (await rule_at(ctx, "gift")).creator_percent
    shares = await _shares(ctx, spent, recipient, percent)
    gift_id = new_id()
    receipt = await ledger.post(
        ctx,
        kind="gift",
        legs=_gift_legs(sender.id, recipient.user_id, spent, shares),
        key=f"gift:{gift_id}",
        cause=f"@{sender.username} gave {amount_coins:,} coins to @{recipient.username}",
        metadata={"gift_id": str(gift_id), "creator_percent": percent},
    )
    row: dict[str, Any] = {
        "id": gift_id,
        "sender_id": sender.id,
        "recipient_id": recipient.user_id,
        "work_id": work_id,
        "work_title": target.title if target else None,
        "work_path": target.path if target else None,
        "amount_coins": amount_coins,
        "message": message,
        **{f"{bucket}_minor": minor for bucket, minor in spent.items()},
        **msgspec.structs.asdict(shares),
        "transfer_id": receipt.transfer_id,
        "key": key,
        "created_at": ctx.now,
        "undo_until": ctx.now + timedelta(seconds=(await settings.platform(ctx)).gift_undo_s),
    }
    await insert(ctx.db, "gifts", row)
    await emit(ctx, GiftSent(gift_id, sender.id, recipient.user_id, work_id, amount_coins))
    return await queries.gift(ctx, gift_id)


async def undo_gift(ctx: Ctx, gift_id: UUID) -> GiftView:
    """Take back one's own gift while its time runs; every posting is reversed. Repeating it changes nothing.

    Raises NotFound for the gift of another, UndoTooLate, GiftSpent when the recipient has used the coins.
    """
    refunded_minor = await _REFUNDED_LOCKED(ctx.db, gift_id)
    gift = await queries.gift(ctx, gift_id)
    if gift.sender.id != ctx.member.id:
        raise NotFound
    if gift.undone_at is not None:
        return gift
    if gift.undo_until <= ctx.now or refunded_minor:
        raise UndoTooLate
    try:
        receipt = await ledger.reverse(
            ctx, gift.transfer_id, key=f"undo-gift:{gift_id}", cause=f"@{ctx.member.username} took the gift back"
        )
    except InsufficientFunds as error:
        raise GiftSpent from error
    await owe(ctx, gift.recipient.id, COIN, gift.repaid_minor)
    changed = {"undone_at": ctx.now, "undo_transfer_id": receipt.transfer_id}
    await update(ctx.db, "gifts", changed, where={"id": gift_id})
    await emit(ctx, GiftUndone(gift_id, gift.sender.id, gift.recipient.id, gift.work_id, gift.amount_coins))
    return await queries.gift(ctx, gift_id)


# ---- the arithmetic of a gift


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """Where a gift goes, in hundredths of a coin. The five parts sum to what was spent."""

    creator_minor: int
    creator_promotional_minor: int
    platform_minor: int
    platform_promotional_minor: int
    repaid_minor: int


def split_gift(spent: dict[str, int], *, creator_percent: int, debt_minor: int = 0) -> Shares:
    """Each bucket split by largest remainder (M6); promotional stays so (M4); a debt is paid off first (M13)."""
    creator = {b: allocate(minor, [creator_percent, 100 - creator_percent])[0] for b, minor in spent.items()}
    earned_minor = creator["purchased"] + creator["earned"]
    repaid_minor = min(earned_minor, debt_minor)
    return Shares(
        creator_minor=earned_minor - repaid_minor,
        creator_promotional_minor=creator["promotional"],
        platform_minor=spent["purchased"] + spent["earned"] - earned_minor,
        platform_promotional_minor=spent["promotional"] - creator["promotional"],
        repaid_minor=repaid_minor,
    )


def _recipient(recipient_id: UUID | None, target: GiftTarget | None) -> UUID:
    if target is not None and recipient_id not in (None, target.owner_id):
        raise Invalid(fields={"recipient_id": "This work belongs to somebody else"})
    found = target.owner_id if target else recipient_id
    if found is None:
        raise Invalid(fields={"recipient_id": "Who is it for?"})
    return found


def _movement(ctx: Ctx, recipient_id: UUID, amount_coins: int) -> Movement:
    """A gift as risk sees it."""
    amount_minor = amount_coins * MINOR_PER_COIN
    return Movement(kind="gift", from_id=ctx.member.id, to_id=recipient_id, asset=COIN, amount_minor=amount_minor)


async def _check_gift(ctx: Ctx, amount_coins: int, message: str | None) -> None:
    config = await settings.platform(ctx)
    if not config.gift_min_coins <= amount_coins <= config.gift_max_coins:
        least, most = config.gift_min_coins, config.gift_max_coins
        raise Invalid(fields={"amount": f"Whole coins, from {least:,} to {most:,}"})
    if message is not None and len(message) > 500:
        raise Invalid(fields={"message": "Please use at most 500 characters"})


async def _shares(ctx: Ctx, spent: dict[str, int], recipient: WalletRow, percent: int) -> Shares:
    # The row was read before the ledger's locks were waited for: a debt may be less by now.
    debt_minor = await owed(ctx, recipient.user_id, COIN) if recipient.debt_minor else 0
    shares = split_gift(spent, creator_percent=percent, debt_minor=debt_minor)
    await pay_off(ctx, recipient.user_id, COIN, shares.repaid_minor)
    return shares


def _gift_legs(sender_id: UUID, recipient_id: UUID, spent: dict[str, int], shares: Shares) -> list[Leg]:
    legs = [Leg(AccountRef(sender_id, COIN, bucket), -minor) for bucket, minor in spent.items()]
    legs += [
        Leg(AccountRef(recipient_id, COIN, "promotional"), shares.creator_promotional_minor),
        Leg(AccountRef(recipient_id, COIN, "earned"), shares.creator_minor),
        Leg(RECEIVABLE, shares.repaid_minor),
        Leg(AccountRef(None, COIN, "promotional_fees"), shares.platform_promotional_minor),
        Leg(AccountRef(None, COIN, "fees"), shares.platform_minor),
    ]
    return [leg for leg in legs if leg.amount_minor]


def _same_gift(
    known: GiftView, recipient: WalletRow, amount_coins: int, message: str | None, work_id: UUID | None
) -> GiftView:
    before = (known.recipient.id, known.amount_coins, known.message, known.work_id)
    if before != (recipient.user_id, amount_coins, message, work_id):
        raise GiftKeyReused(gift_id=known.id)
    return known
