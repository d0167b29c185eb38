"""Which rule is in force."""

import time
from datetime import datetime
from typing import Final

from stoa.kit.ctx import Ctx
from stoa.kit.db import many
from stoa.money.splits.types import SplitKind, SplitRule

CACHE_S: Final = 5.0

_RULES = many(
    SplitRule,
    """
    select r.id, r.kind, r.effective_from, r.creator_bp, r.platform_bp, r.charity_bp, r.tax_name, r.tax_bp,
      r.created_at, u.username as created_by
    from split_rules r left join users u on u.id = r.created_by
    order by r.effective_from desc, r.kind
    """,
)


async def rules(ctx: Ctx) -> list[SplitRule]:
    """All rules, the latest first: those to come, those in force, those that were."""
    return await _RULES(ctx.db)


async def rule_at(ctx: Ctx, kind: SplitKind, at: datetime | None = None) -> SplitRule:
    """The rule in force at a moment, or now.

    Rules are kept for CACHE_S seconds. That is exact in every process, because a rule begins later than that after it
    was made (`actions.LEAD_S`).
    """
    cached: tuple[float, list[SplitRule]] | None = ctx.app.cache.get(SplitRule)
    if cached is None or time.monotonic() - cached[0] >= CACHE_S:
        cached = (time.monotonic(), await _RULES(ctx.db))
        ctx.app.cache[SplitRule] = cached
    moment = at or ctx.now
    return next(rule for rule in cached[1] if rule.kind == kind and rule.effective_from <= moment)
