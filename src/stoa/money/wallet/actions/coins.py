"""Coins as something that is sold: the plug of the kind "coins".

A package's bonus coins are purchased coins like the others: they were paid for together, so the whole of
coins + bonus_coins arrives in the purchased bucket (M3, M4), and a creator who is gifted them really earns their share.
"""

from typing import Annotated, Any, Final

import msgspec

from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.money import format_amount
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payments.types import Order, Quote, sells
from stoa.money.wallet import queries
from stoa.money.wallet.actions.debts import receivable, repay, take_back
from stoa.money.wallet.types import COIN, MINOR_PER_COIN

ISSUED: Final = AccountRef(None, COIN, "issued")
RECEIVABLE: Final = receivable(COIN)


class CoinsItem(msgspec.Struct, frozen=True):
    """What an order of coins is for: the package with the coins that were promised when it was placed."""

    package_id: int
    coins: int
    bonus_coins: int


class _Chosen(msgspec.Struct, frozen=True):
    package_id: Annotated[int, msgspec.Meta(ge=1, le=32767)]


@sells("coins")
class Coins:
    """How coins are priced, handed over, and taken back."""

    async def item(self, ctx: Ctx, given: dict[str, Any]) -> dict[str, Any]:
        """The package of `package_id` as it is on offer. Raises Invalid."""
        package = await queries.package(ctx, forms.parse(_Chosen, given).package_id)
        if package is None:
            raise Invalid(fields={"package_id": "There is no such package"})
        return msgspec.structs.asdict(CoinsItem(package.id, package.coins, package.bonus_coins))

    async def price(self, ctx: Ctx, item: dict[str, Any]) -> Quote:
        """The package's price. Raises Invalid for a package that is not (or no longer so) on offer."""
        wanted = msgspec.convert(item, CoinsItem)
        package = await queries.package(ctx, wanted.package_id)
        if package is None or (package.coins, package.bonus_coins) != (wanted.coins, wanted.bonus_coins):
            raise Invalid(fields={"package_id": "This package is not on offer"})
        bonus = f" + {package.bonus_coins:,} bonus" if package.bonus_coins else ""
        return Quote(package.price_minor, package.currency, f"{package.coins:,}{bonus} coins")

    async def fulfil(self, ctx: Ctx, order: Order) -> None:
        """Money in and coins out in one transfer; a debt of an earlier refund is paid off first."""
        total_minor = _total_minor(order)
        await ledger.lock_balances(ctx, [_purchased(order)])  # balances before wallet rows, as everywhere
        repaid_minor = await repay(ctx, order.user_id, COIN, total_minor)
        legs = [
            Leg(AccountRef(None, order.currency, f"world:{order.gateway}"), -order.amount_minor),
            Leg(AccountRef(None, order.currency, "coin_sales"), order.amount_minor),
            Leg(ISSUED, -total_minor),
            Leg(_purchased(order), total_minor - repaid_minor),
            Leg(RECEIVABLE, repaid_minor),
        ]
        await ledger.post(
            ctx,
            kind="coin_purchase",
            legs=_moving(legs),
            key=f"order:{order.id}",
            cause=f"{order.description}, paid with {order.gateway}",
            metadata={"order_id": str(order.id), "package_id": order.item["package_id"], "repaid_minor": repaid_minor},
        )

    async def refundable_minor(self, ctx: Ctx, order: Order) -> int:
        """As much money as there are still purchased coins for."""
        held = await ledger.lock_balances(ctx, [_purchased(order)])
        taken_minor = _coins_for(order, order.refunded_minor)
        reachable_minor = taken_minor + held.get(_purchased(order), 0)
        total_minor = _total_minor(order)
        if reachable_minor >= total_minor:
            return order.amount_minor - order.refunded_minor
        # The most money whose coins, rounded down, are within reach.
        return ((reachable_minor + 1) * order.amount_minor - 1) // total_minor - order.refunded_minor

    async def at_stake(self, ctx: Ctx, order: Order, amount_minor: int) -> list[Leg]:
        """The purchased coins that this money had bought, as far as they are there."""
        held = await ledger.lock_balances(ctx, [_purchased(order)])
        coins_minor = _coins_for(order, min(amount_minor + order.refunded_minor, order.amount_minor))
        coins_minor -= _coins_for(order, order.refunded_minor)
        return _moving([Leg(_purchased(order), min(coins_minor, held.get(_purchased(order), 0)))])

    async def undo(self, ctx: Ctx, order: Order, *, refunded_minor: int, refund_key: str) -> None:
        """Money out and coins back in one transfer. What was spent already is owed (M13): the debt is written down."""
        due_minor = _coins_for(order, order.refunded_minor + refunded_minor) - _coins_for(order, order.refunded_minor)
        held = await ledger.lock_balances(ctx, [_purchased(order)])
        taken = await take_back(ctx, held, _purchased(order), due_minor)
        legs = [
            Leg(AccountRef(None, order.currency, "coin_sales"), -refunded_minor),
            Leg(AccountRef(None, order.currency, f"world:{order.gateway}"), refunded_minor),
            *taken,
            Leg(ISSUED, due_minor),
        ]
        money = f"{format_amount(refunded_minor, order.currency)} {order.currency}"
        await ledger.post(
            ctx,
            kind="coin_refund",
            legs=_moving(legs),
            key=f"refund:{refund_key}",
            cause=f"{money} refunded for {order.description}",
            metadata={"order_id": str(order.id), "owed_minor": -taken[1].amount_minor},
        )


def _purchased(order: Order) -> AccountRef:
    return AccountRef(order.user_id, COIN, "purchased")


def _total_minor(order: Order) -> int:
    item = msgspec.convert(order.item, CoinsItem)
    return (item.coins + item.bonus_coins) * MINOR_PER_COIN


def _coins_for(order: Order, money_minor: int) -> int:
    """The coins that go back with `money_minor` in all. Cumulative, so that several part refunds sum exactly."""
    return _total_minor(order) * money_minor // order.amount_minor


def _moving(legs: list[Leg]) -> list[Leg]:
    return [leg for leg in legs if leg.amount_minor]
