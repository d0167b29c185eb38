"""Buying whatever somebody sells, on the gateway's hosted page, in one step."""

from typing import Any

from stoa.kit.ctx import Ctx
from stoa.money.payments.actions import create_order, start_checkout
from stoa.money.payments.types import Checkout, purchasable


async def buy(
    ctx: Ctx,
    kind: str,
    given: dict[str, Any],
    *,
    key: str,
    return_url: str | None = None,
    gateway: str | None = None,
    expected: tuple[int, str] | None = None,
) -> Checkout:
    """Orders what the acting member names, and opens the gateway's page for it. The same key is the same order (M11).

    `expected`: the price they were shown, in minor units of a currency; without it today's is taken. Raises what the
    plug of the kind raises, PriceChanged, OrderKeyReused, OrderClosed for what is paid already, UnknownGateway, and
    Invalid for what is not sold.
    """
    plug = purchasable(kind)
    item = await plug.item(ctx, given)
    if expected is None:
        quote = await plug.price(ctx, item)
        expected = (quote.amount_minor, quote.currency)
    order = await create_order(
        ctx, kind=kind, item=item, amount_minor=expected[0], currency=expected[1], key=key, gateway=gateway
    )
    return await start_checkout(ctx, order.id, return_url)
