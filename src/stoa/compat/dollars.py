"""Amounts as two of the documents write them: numbers of whole US dollars, with cents after the point."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from stoa.kit.errors import Invalid
from stoa.kit.money import MAX_MINOR, to_decimal
from stoa.money.wallet.types import CREDIT_LIMITS, USD

Dollars = Annotated[float, Meta(ge=CREDIT_LIMITS[USD][0] / 100, le=CREDIT_LIMITS[USD][1] / 100)]


# What is earned can be more than what can be bought at once; how much there is, is asked elsewhere.
Earned = Annotated[float, Meta(ge=0.01, le=MAX_MINOR / 100)]


def cents(amount: float) -> int:
    """Dollars in cents, as they were written. Raises Invalid for parts of a cent."""
    minor = Decimal(str(amount)).scaleb(2)
    if minor != minor.to_integral_value():
        raise Invalid(fields={"amount": "US dollars have at most 2 decimals"})
    return int(minor)


def dollars(amount_minor: int, asset: str = USD) -> float:
    """Minor units as a number of whole ones."""
    return float(to_decimal(amount_minor, asset))
