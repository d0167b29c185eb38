"""Sharing an amount by the rule in force, and adding rules."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from stoa.foundation.audit import actions as audit
from stoa.kit.ctx import Ctx
from stoa.kit.db import value
from stoa.kit.errors import Forbidden, Invalid
from stoa.kit.ids import new_id
from stoa.kit.money import MAX_MINOR, exponent
from stoa.money.splits.errors import RuleTaken
from stoa.money.splits.queries import rule_at
from stoa.money.splits.types import WHOLE_BP, Share, SplitKind, SplitRule

LEAD_S: Final = 60  # so that every process knows a rule before it begins

_ADD = value(
    UUID | None,
    """
    insert into split_rules (id, kind, effective_from, creator_bp, platform_bp, charity_bp, tax_name, tax_bp,
      created_at, created_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    on conflict (kind, effective_from) do nothing returning id
    """,
)


async def split(ctx: Ctx, kind: SplitKind, amount_minor: int, asset: str, at: datetime | None = None) -> list[Share]:
    """An amount shared by the rule in force at `at`, or now: creator, platform, charity and tax, in this order.

    All four are always there, those without a share with zero; they sum to the whole, by largest remainder (M8).
    Raises Invalid for an unknown asset and for an amount below zero or out of range.
    """
    exponent(asset)
    if not 0 <= amount_minor <= MAX_MINOR:
        raise Invalid(fields={"amount": "This amount is out of range"})
    return (await rule_at(ctx, kind, at)).shares(amount_minor)


async def add_rule(
    ctx: Ctx,
    *,
    kind: SplitKind,
    effective_from: datetime,
    creator_bp: int,
    platform_bp: int,
    charity_bp: int = 0,
    tax_name: str | None = None,
    tax_bp: int = 0,
) -> UUID:
    """Shares a kind differently from a moment on, at the earliest in LEAD_S seconds; what was shared stays as it was.

    For administrators. Raises Forbidden, Invalid for shares that are no whole, RuleTaken.
    """
    if not ctx.member.is_admin:
        raise Forbidden
    tax_name = (tax_name or "").strip() or None
    _check(kind, creator_bp, platform_bp, charity_bp, tax_name, tax_bp)
    if effective_from < ctx.now + timedelta(seconds=LEAD_S):
        raise Invalid(fields={"effective_from": "Please choose a time that is at least a minute away"})
    before = await rule_at(ctx, kind, effective_from)
    given: dict[str, Any] = {
        "creator_bp": creator_bp,
        "platform_bp": platform_bp,
        "charity_bp": charity_bp,
        "tax_name": tax_name,
        "tax_bp": tax_bp,
    }
    made = await _ADD(ctx.db, new_id(), kind, effective_from, *given.values(), ctx.now, ctx.member.id)
    if made is None:
        raise RuleTaken
    await audit.record(
        ctx,
        "splits.rule_added",
        subject="split_rule",
        subject_id=made,
        before={name: getattr(before, name) for name in given},
        after={"kind": kind, "effective_from": effective_from.isoformat(), **given},
    )
    ctx.app.cache.pop(SplitRule, None)
    return made


def _check(
    kind: SplitKind, creator_bp: int, platform_bp: int, charity_bp: int, tax_name: str | None, tax_bp: int
) -> None:
    """As the table would, in words and for all fields at once. Raises Invalid."""
    wrong: dict[str, str] = {}
    for name, points in (("creator", creator_bp), ("platform", platform_bp), ("charity", charity_bp), ("tax", tax_bp)):
        if not 0 <= points <= WHOLE_BP:
            wrong[f"{name}_bp"] = "From 0 to 100 percent"
    if not wrong and creator_bp + platform_bp + charity_bp != WHOLE_BP:
        wrong["creator_bp"] = "Creator, platform and charity together are 100 percent"
    if not wrong and creator_bp * WHOLE_BP < platform_bp * tax_bp:
        wrong["tax_bp"] = "This is more than the creator's share"
    if tax_bp > 0 and tax_name is None:
        wrong["tax_name"] = "What is this tax called?"
    elif tax_bp == 0 and tax_name is not None:
        wrong["tax_bp"] = "How much is it?"
    elif tax_name is not None and len(tax_name) > 20:
        wrong["tax_name"] = "Please use at most 20 characters"
    if kind == "gift":
        if charity_bp or tax_bp:
            wrong["charity_bp" if charity_bp else "tax_bp"] = "Coins are shared by creator and platform only"
        elif creator_bp % 100 or creator_bp < 100:
            wrong.setdefault("creator_bp", "Gifts are shared in whole percents, from 1")
    if wrong:
        raise Invalid(fields=wrong)
