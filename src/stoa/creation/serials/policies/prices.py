"""What a chapter may cost by itself."""

from typing import Final

from stoa.kit.errors import Invalid
from stoa.kit.money import format_amount
from stoa.money.wallet.types import COIN, CREDIT_LIMITS, MINOR_PER_COIN

MOST_COINS: Final = 100_000


def check_price(price_minor: int | None, price_asset: str | None) -> None:
    """Whole coins, or an amount of a currency that credits are of; neither is no price. Raises Invalid."""
    if price_minor is None and price_asset is None:
        return
    if price_minor is None or price_asset is None:
        missing = "price_minor" if price_minor is None else "price_asset"
        raise Invalid(fields={missing: "A price needs an amount and what it is of"})
    if price_asset == COIN:
        if price_minor % MINOR_PER_COIN or not 1 <= price_minor // MINOR_PER_COIN <= MOST_COINS:
            raise Invalid(fields={"price_minor": f"Please ask for whole coins, from 1 to {MOST_COINS:,}"})
    elif price_asset not in CREDIT_LIMITS:
        raise Invalid(fields={"price_asset": f"Please use {COIN} or one of {', '.join(CREDIT_LIMITS)}"})
    elif not 1 <= price_minor <= CREDIT_LIMITS[price_asset][1]:
        most = format_amount(CREDIT_LIMITS[price_asset][1], price_asset)
        raise Invalid(fields={"price_minor": f"Please ask for more than nothing, and at most {most} {price_asset}"})
