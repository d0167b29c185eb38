"""Rules of sharing, and the arithmetic: the parts always sum to the whole (M8), there and back (M13)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

from stoa.kit.money import allocate

SplitKind = Literal["gift", "tip", "sale"]
Receiver = Literal["creator", "platform", "charity", "tax"]

KINDS: Final[tuple[SplitKind, ...]] = get_args(SplitKind)
RECEIVERS: Final[tuple[Receiver, ...]] = get_args(Receiver)
WHOLE_BP: Final = 10_000  # basis points; 100 are one percent


class Share(msgspec.Struct, frozen=True):
    """One part of what was paid, in the smallest unit of its asset; `basis_points` of the whole, to the nearest."""

    receiver: Receiver
    amount_minor: int
    basis_points: int


class SplitRule(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind is shared from `effective_from` on, in basis points.

    Creator, platform and charity sum to the whole. `tax_bp` is a tax on the platform's share, of that share; it comes
    on top and is taken from the creator's, as when the platform invoices its fee plus the tax on it (M12).
    """

    id: UUID
    kind: SplitKind
    effective_from: datetime
    creator_bp: int
    platform_bp: int
    charity_bp: int
    tax_name: str | None
    tax_bp: int
    created_at: datetime
    created_by: str | None

    @property
    def creator_percent(self) -> int:
        """The creator's share in percent; rules of gifts are whole percents."""
        return self.creator_bp // 100

    def shares(self, amount_minor: int) -> list[Share]:
        """An amount of zero or more, shared by largest remainder among all four receivers, in their order."""
        tax = self.platform_bp * self.tax_bp
        weights = [self.creator_bp * WHOLE_BP - tax, self.platform_bp * WHOLE_BP, self.charity_bp * WHOLE_BP, tax]
        parts, points = allocate(amount_minor, weights), allocate(WHOLE_BP, weights)
        return [Share(*part) for part in zip(RECEIVERS, parts, points, strict=True)]


def give_back(left_minor: Sequence[int], amount_minor: int) -> list[int]:
    """What each share gives back when `amount_minor` of what is left of them all goes back (M13).

    In the proportion of what is left of each, by largest remainder: so no share gives back more than it got, whatever
    the parts in which it goes back, and in the end each has given back exactly what it got. Raises ValueError for more
    than is left.
    """
    if not 0 <= amount_minor <= sum(left_minor):
        raise ValueError("more than is left")
    return allocate(amount_minor, left_minor) if amount_minor else [0] * len(left_minor)


class RuleView(msgspec.Struct, frozen=True):
    """A rule, and whether it is in force."""

    rule: SplitRule
    state: Literal["coming", "in_force", "past"]


def with_states(rules: list[SplitRule], now: datetime) -> list[RuleView]:
    """Rules, the latest first: of each kind, the first that has begun is in force."""
    begun: set[str] = set()
    views: list[RuleView] = []
    for rule in rules:
        if rule.effective_from > now:
            views.append(RuleView(rule, "coming"))
        else:
            views.append(RuleView(rule, "past" if rule.kind in begun else "in_force"))
            begun.add(rule.kind)
    return views
