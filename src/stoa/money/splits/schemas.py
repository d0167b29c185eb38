"""Bodies of the routes about rules of sharing."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from stoa.money.splits.types import SplitKind, SplitRule

Points = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class RuleIn(msgspec.Struct):
    """A rule from a moment on, in basis points; the first three sum to 10,000, the tax is of the platform's share."""

    kind: SplitKind
    effective_from: Annotated[datetime, msgspec.Meta(tz=True)]
    creator_bp: Points
    platform_bp: Points
    charity_bp: Points = 0
    tax_name: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    tax_bp: Points = 0


class RuleOut(msgspec.Struct):
    """A rule, and whether it is in force."""

    rule: SplitRule
    state: Literal["coming", "in_force", "past"]


class RulesOut(msgspec.Struct):
    """All rules, the latest first."""

    items: list[RuleOut]


def rules_out(rules: list[SplitRule], now: datetime) -> RulesOut:
    """Of each kind, the first that has begun is in force."""
    begun: set[str] = set()
    items: list[RuleOut] = []
    for rule in rules:
        if rule.effective_from > now:
            items.append(RuleOut(rule, "coming"))
        else:
            items.append(RuleOut(rule, "past" if rule.kind in begun else "in_force"))
            begun.add(rule.kind)
    return RulesOut(items)
