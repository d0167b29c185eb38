"""Bodies of the routes about rules of sharing."""

from datetime import datetime
from typing import Annotated

import msgspec

from stoa.money.splits.types import RuleView, SplitKind

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


class RulesOut(msgspec.Struct):
    """All rules, the latest first."""

    items: list[RuleView]
