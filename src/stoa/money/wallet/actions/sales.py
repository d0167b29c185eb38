"""What is bought of a creator by itself, from the wallet: shared by the rule of sales (M12)."""

from typing import Any
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import insert
from stoa.kit.ids import new_id
from stoa.kit.money import format_amount
from stoa.kit.outbox import emit
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.risk import actions as risk
from stoa.money.risk.types import Movement
from stoa.money.splits.actions import split
from stoa.money.wallet.actions.debts import receivable, repay
from stoa.money.wallet.actions.recipients import open_movement, spend_of_giver
from stoa.money.wallet.actions.tips import TipShares, share_tip
from stoa.money.wallet.errors import SaleKeyReused, SaleToOneself
from stoa.money.wallet.messages import SaleMade
from stoa.money.wallet.queries import Opened, sales
from stoa.money.wallet.types import COIN, SaleView


async def sell(
    ctx: Ctx,
    *,
    seller_id: UUID,
    work_id: UUID,
    work_title: str,
    work_path: str | None,
    amount_minor: int,
    asset: str,
    key: str,
) -> tuple[SaleView, bool]:
    """The acting member buys something of a creator, with coins or credits; answers the sale, and whether it is new.

    Spends promotional, then purchased, then earned value; what is paid promotional arrives promotional, and is left out
    where the seller refuses it (M4). The same key gives the same sale (M11). Raises NotEnoughCoins, NotEnoughCredits,
    SaleToOneself, SaleKeyReused, NotFound, Blocked (F4, F5), and (F5) AccountSuspended and PersonSuspended.
    """
    buyer = ctx.member
    movement = Movement(kind="sale", from_id=buyer.id, to_id=seller_id, asset=asset, amount_minor=amount_minor)
    seller = await open_movement(ctx, movement, key, SaleToOneself)
    if seller.known_id is not None:
        known = await sales.sale(ctx, seller.known_id)
        if known.work_id != work_id:
            raise SaleKeyReused(sale_id=known.id)
        return known, False
    spent = spend_of_giver(seller, asset, amount_minor, "for this")
    assert seller.seen is not None
    await risk.judge(ctx, movement, seller.seen)
    whole = await split(ctx, "sale", amount_minor, asset)
    shares = share_tip(whole, spent["promotional"])
    repaid_minor = await _repaid(ctx, seller, asset, shares.creator_minor)
    sale_id = new_id()
    receipt = await ledger.post(
        ctx,
        kind="sale",
        legs=[leg for leg in _legs(buyer.id, seller.user_id, asset, spent, shares, repaid_minor) if leg.amount_minor],
        key=f"sale:{sale_id}",
        cause=f"@{buyer.username} bought “{work_title}” of @{seller.username} for {_said(amount_minor, asset)}",
        metadata={"sale_id": str(sale_id), "basis_points": {share.receiver: share.basis_points for share in whole}},
    )
    row: dict[str, Any] = {
        "id": sale_id,
        "sender_id": buyer.id,
        "recipient_id": seller.user_id,
        "work_id": work_id,
        "work_title": work_title,
        "work_path": work_path,
        "asset": asset,
        "amount_minor": amount_minor,
        **{f"{bucket}_minor": minor for bucket, minor in spent.items()},
        **msgspec.structs.asdict(shares),
        "creator_minor": shares.creator_minor - repaid_minor,
        "repaid_minor": repaid_minor,
        "transfer_id": receipt.transfer_id,
        "key": key,
        "created_at": ctx.now,
    }
    await insert(ctx.db, "sales", row)
    await emit(ctx, SaleMade(sale_id, buyer.id, seller.user_id, work_id, asset, amount_minor))
    return await sales.sale(ctx, sale_id), True


async def _repaid(ctx: Ctx, seller: Opened, asset: str, creator_minor: int) -> int:
    """How much of the seller's share pays off a debt (M13); nothing is asked for where there cannot be one."""
    if not creator_minor or (asset == COIN and not seller.debt_minor):
        return 0
    return await repay(ctx, seller.user_id, asset, creator_minor)


def _legs(
    buyer_id: UUID, seller_id: UUID, asset: str, spent: dict[str, int], shares: TipShares, repaid_minor: int
) -> list[Leg]:
    def platform(purpose: str) -> AccountRef:
        return AccountRef(None, asset, purpose)

    return [
        *(Leg(AccountRef(buyer_id, asset, bucket), -minor) for bucket, minor in spent.items()),
        Leg(AccountRef(seller_id, asset, "promotional"), shares.creator_promotional_minor),
        Leg(AccountRef(seller_id, asset, "earned"), shares.creator_minor - repaid_minor),
        Leg(receivable(asset), repaid_minor),
        Leg(platform("promotional_fees"), shares.platform_promotional_minor),
        Leg(platform("fees"), shares.platform_minor),
        Leg(platform("promotional_charity"), shares.charity_promotional_minor),
        Leg(platform("charity"), shares.charity_minor),
        Leg(platform("promotional_tax"), shares.tax_promotional_minor),
        Leg(platform("tax"), shares.tax_minor),
    ]


def _said(amount_minor: int, asset: str) -> str:
    return f"{format_amount(amount_minor, asset)} {'coins' if asset == COIN else asset}"
