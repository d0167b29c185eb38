"""Legs as the columns that the database functions take, and the hash that tells one input from another."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.kit.money import MAX_MINOR
from stoa.money.ledger.errors import Unbalanced, UnknownAccount
from stoa.money.ledger.types import AccountRef, Leg

RESERVED: Final = "_reserved"

_LAST: Final = 1 << 128
_canonical = msgspec.json.Encoder(order="deterministic")

Columns = tuple[list[UUID | None], list[str], list[str], list[int]]


def merged(legs: Sequence[Leg]) -> dict[AccountRef, int]:
    """Amounts by account, those of one account summed, zeros left out. Raises Unbalanced for an amount out of range,
    UnknownAccount for a reserved account: money gets in and out of these by holds only (M9)."""
    amounts: dict[AccountRef, int] = {}
    for leg in legs:
        amounts[leg.account] = amounts.get(leg.account, 0) + leg.amount_minor
    for account, amount_minor in amounts.items():
        if not -MAX_MINOR <= amount_minor <= MAX_MINOR:
            raise Unbalanced(f"{amount_minor} is out of range")
        if account.purpose.endswith(RESERVED):
            raise UnknownAccount(f"{account.purpose} is only for holds")
    return amounts if all(amounts.values()) else {a: m for a, m in amounts.items() if m}


def balanced(legs: Sequence[Leg]) -> dict[AccountRef, int]:
    """`merged`, and Unbalanced unless there is something and it sums to zero for each asset (M1)."""
    amounts = merged(legs)
    sums: dict[str, int] = {}
    for account, amount_minor in amounts.items():
        sums[account.asset] = sums.get(account.asset, 0) + amount_minor
    if not sums or any(sums.values()):
        raise Unbalanced(f"the legs sum to {sums}" if sums else "a transfer needs legs")
    return amounts


def above_zero(legs: Sequence[Leg]) -> dict[AccountRef, int]:
    """`merged`, and Unbalanced unless there is something and every amount is above zero."""
    amounts = merged(legs)
    if not amounts or min(amounts.values()) < 0:
        raise Unbalanced("amounts above zero are needed")
    return amounts


def ordered(amounts: dict[AccountRef, int]) -> dict[AccountRef, int]:
    """In the order in which everybody locks accounts: by owner, asset and purpose, the platform's last."""
    return dict(sorted(amounts.items(), key=_place))


def _place(leg: tuple[AccountRef, int]) -> tuple[int, str, str]:
    account = leg[0]
    return (_LAST if account.owner_id is None else account.owner_id.int, account.asset, account.purpose)


def columns(amounts: dict[AccountRef, int]) -> Columns:
    """Owners, assets, purposes and amounts, side by side."""
    return (
        [a.owner_id for a in amounts],
        [a.asset for a in amounts],
        [a.purpose for a in amounts],
        list(amounts.values()),
    )


def input_hash(*parts: Any) -> bytes:
    """SHA-256 of what was asked for, the same however its metadata was written. Give legs as `columns`."""
    return hashlib.sha256(_canonical.encode(parts)).digest()
