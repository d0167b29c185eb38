"""Reads of plans and of what is used."""

from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.plans.types import Meter, Plan, PlanRow, PlanView, TierView, UsageView, Use
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe

FREE: Final = PlanRow(Plan.FREE, None, None)


class _UsedRow(msgspec.Struct, frozen=True):
    meter: str
    used: int


_PLAN = maybe(
    PlanRow,
    """
    select plan, started_at, expires_at from account_plans
    where user_id = $1 and (expires_at is null or expires_at > $2)
    """,
)
_USED = many(_UsedRow, "select meter, used from plan_usage where user_id = $1")


async def plan_of(ctx: Ctx, user_id: UUID) -> PlanRow:
    """The plan of an account now: one that has run out is the free one again."""
    return await _PLAN(ctx.db, user_id, ctx.now) or FREE


async def limits_of(ctx: Ctx, plan: Plan) -> dict[Meter, int | None]:
    """The limits of a plan, as the operator set them; None is without limit."""
    limits = getattr((await platform(ctx)).plans, plan.value)
    return {meter: getattr(limits, meter.value) for meter in Meter}


async def usage(ctx: Ctx) -> UsageView:
    """What the actor uses of their plan."""
    plan = (await plan_of(ctx, ctx.member.id)).plan
    limits = await limits_of(ctx, plan)
    used = {row.meter: row.used for row in await _USED(ctx.db, ctx.member.id)}
    return UsageView(plan, [_use(meter, used.get(meter.value, 0), limits[meter]) for meter in Meter])


async def tier(ctx: Ctx) -> TierView:
    """The actor's plan with its limits, and the larger ones."""
    row = await plan_of(ctx, ctx.member.id)
    plans = list(Plan)
    larger = [PlanView(plan, await limits_of(ctx, plan)) for plan in plans[plans.index(row.plan) + 1 :]]
    return TierView(row.plan, "active", row.started_at, row.expires_at, await limits_of(ctx, row.plan), larger)


def _use(meter: Meter, used: int, limit: int | None) -> Use:
    percent = None if limit is None else 100 if used >= limit else used * 100 // limit
    return Use(meter, used, limit, percent)
