"""Money as integers in the smallest unit (M1), with the asset beside it."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import msgspec

from stoa.kit.errors import Invalid

# ISO 4217 exponents, and COIN, whose two decimals make a 40 % share exact (M1).
CURRENCIES: Final[dict[str, int]] = {
    "COIN": 2,
    "USD": 2,
    "EUR": 2,
    "GBP": 2,
    "INR": 2,
    "IDR": 2,
    "PHP": 2,
    "MYR": 2,
    "THB": 2,
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "BHD": 3,
    "KWD": 3,
    "TND": 3,
}
MAX_MINOR: Final = 10**15  # far above any real amount, far below what a bigint holds after summing
_PLAIN: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


def exponent(asset: str) -> int:
    """Number of decimals of an asset. Raises Invalid for an unknown one."""
    try:
        return CURRENCIES[asset]
    except KeyError:
        raise Invalid(fields={"asset": f"{asset!r} is not an asset of this platform"}) from None


class Money(msgspec.Struct, frozen=True):
    """An amount in the smallest unit of its asset."""

    asset: str
    amount_minor: int

    def __str__(self) -> str:
        return f"{format_amount(self.amount_minor, self.asset)} {self.asset}"


def allocate(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights with the largest-remainder method; the parts sum to the whole exactly (M8).

    Ties go to the earlier part. Works for negative amounts by symmetry. Raises ValueError when all weights are zero
    or one is negative.
    """
    total = sum(weights)
    if total <= 0 or any(w < 0 for w in weights):
        raise ValueError("weights must be non-negative and not all zero")
    sign, whole = (-1, -amount_minor) if amount_minor < 0 else (1, amount_minor)
    parts = [whole * w // total for w in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
    for i in remainders[: whole - sum(parts)]:
        parts[i] += 1
    return [sign * p for p in parts]


def round_ratio(numerator: int, denominator: int) -> int:
    """numerator / denominator as an integer, half to even, without floating point."""
    return int((Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def parse_decimal(text: str, asset: str, *, field: str = "amount") -> int:
    """'12.50' as minor units. Raises Invalid for anything that is not a plain, finite amount in range."""
    digits = exponent(asset)
    if not _PLAIN.fullmatch(text.strip()):
        raise Invalid(fields={field: "Please give an amount, such as 12.50"})
    amount = Decimal(text.strip())
    if abs(amount) > MAX_MINOR:
        raise Invalid(fields={field: "This amount is out of range"})
    scaled = amount.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise Invalid(fields={field: f"{asset} has {f'at most {digits}' if digits else 'no'} decimals"})
    return int(scaled)


def to_decimal(amount_minor: int, asset: str) -> Decimal:
    """Minor units as an exact decimal number of whole units."""
    return Decimal(amount_minor).scaleb(-exponent(asset))


def format_amount(amount_minor: int, asset: str, *, separator: str = ",") -> str:
    """'1,234.50': always all decimals of the asset, thousands separated."""
    return f"{to_decimal(amount_minor, asset):,.{exponent(asset)}f}".replace(",", separator)
