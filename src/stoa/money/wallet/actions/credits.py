"""Credits, which are money in a wallet, as something that is sold: the plug of the kind "credits".

What is paid is what arrives, in the purchased bucket of the same currency (M4).
"""

from typing import Any

import msgspec

from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.money import format_amount
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payments import actions as payments
from stoa.money.payments.types import Checkout, Confirmation, Order, Quote, sells
from stoa.money.wallet.actions.debts import receivable, repay, take_back
from stoa.money.wallet.types import CREDIT_LIMITS


class CreditsItem(msgspec.Struct, frozen=True):
    """What an order of credits is for: an amount in the smallest unit of a currency."""

    amount_minor: int
    currency: str


async def order_credits(ctx: Ctx, amount_minor: int, currency: str, *, key: str, gateway: str | None = None) -> Order:
    """An order for credits, not paid yet. Raises Invalid for an amount or a currency that is not on offer."""
    return await payments.create_order(
        ctx,
        kind="credits",
        item=msgspec.structs.asdict(CreditsItem(amount_minor, currency)),
        amount_minor=amount_minor,
        currency=currency,
        key=key,
        gateway=gateway,
    )


async def buy_credits(
    ctx: Ctx, amount_minor: int, currency: str, payment_method_id: str, *, key: str, return_url: str = "/wallet"
) -> Confirmation:
    """Order credits and pay them at once. A refused card is an answer: the order is `failed` and says why."""
    order = await order_credits(ctx, amount_minor, currency, key=key)
    return await payments.confirm(ctx, order.id, payment_method_id, return_url)


async def checkout_credits(
    ctx: Ctx, amount_minor: int, currency: str, *, key: str, return_url: str = "/wallet"
) -> Checkout:
    """Order credits and open the gateway's hosted page for them."""
    order = await order_credits(ctx, amount_minor, currency, key=key)
    return await payments.start_checkout(ctx, order.id, return_url)


@sells("credits")
class Credits:
    """How credits are priced, handed over, and taken back."""

    async def item(self, ctx: Ctx, given: dict[str, Any]) -> dict[str, Any]:
        """An amount of a currency. Raises Invalid."""
        return msgspec.structs.asdict(forms.parse(CreditsItem, given))

    async def price(self, ctx: Ctx, item: dict[str, Any]) -> Quote:
        """The amount itself. Raises Invalid for an unknown currency, and for too little or too much of it."""
        wanted = forms.parse(CreditsItem, item)
        limits = CREDIT_LIMITS.get(wanted.currency)
        if limits is None:
            raise Invalid(fields={"currency": f"Please use one of {', '.join(CREDIT_LIMITS)}"})
        if not limits[0] <= wanted.amount_minor <= limits[1]:
            least, most = (format_amount(minor, wanted.currency) for minor in limits)
            raise Invalid(fields={"amount": f"From {least} to {most} {wanted.currency}"})
        text = f"{format_amount(wanted.amount_minor, wanted.currency)} {wanted.currency} of credit"
        return Quote(wanted.amount_minor, wanted.currency, text)

    async def fulfil(self, ctx: Ctx, order: Order) -> None:
        """Money in and credits out in one transfer; a debt of an earlier refund is paid off first."""
        await ledger.lock_balances(ctx, [_purchased(order)])  # balances before debts, as everywhere
        repaid_minor = await repay(ctx, order.user_id, order.currency, order.amount_minor)
        legs = [
            Leg(AccountRef(None, order.currency, f"world:{order.gateway}"), -order.amount_minor),
            Leg(_purchased(order), order.amount_minor - repaid_minor),
            Leg(receivable(order.currency), repaid_minor),
        ]
        await ledger.post(
            ctx,
            kind="credit_purchase",
            legs=legs,
            key=f"order:{order.id}",
            cause=f"{order.description}, paid with {order.gateway}",
            metadata={"order_id": str(order.id), "repaid_minor": repaid_minor},
        )

    async def refundable_minor(self, ctx: Ctx, order: Order) -> int:
        """As much money as there are still purchased credits for."""
        held = await ledger.lock_balances(ctx, [_purchased(order)])
        return min(order.amount_minor - order.refunded_minor, held.get(_purchased(order), 0))

    async def at_stake(self, ctx: Ctx, order: Order, amount_minor: int) -> list[Leg]:
        """The purchased credit that this money had bought, as far as it is there."""
        held = await ledger.lock_balances(ctx, [_purchased(order)])
        left_minor = min(amount_minor, order.amount_minor - order.refunded_minor, held.get(_purchased(order), 0))
        return [Leg(_purchased(order), left_minor)] if left_minor else []

    async def undo(self, ctx: Ctx, order: Order, *, refunded_minor: int, refund_key: str) -> None:
        """Money out and credits back in one transfer. What was spent already is owed (M13)."""
        held = await ledger.lock_balances(ctx, [_purchased(order)])
        taken = await take_back(ctx, held, _purchased(order), refunded_minor)
        money = f"{format_amount(refunded_minor, order.currency)} {order.currency}"
        await ledger.post(
            ctx,
            kind="credit_refund",
            legs=[Leg(AccountRef(None, order.currency, f"world:{order.gateway}"), refunded_minor), *taken],
            key=f"refund:{refund_key}",
            cause=f"{money} refunded for {order.description}",
            metadata={"order_id": str(order.id), "owed_minor": -taken[1].amount_minor},
        )


def _purchased(order: Order) -> AccountRef:
    return AccountRef(order.user_id, order.currency, "purchased")
