"""Counting what is used against a plan's limits, and putting an account on a plan."""

from datetime import datetime
from typing import Final
from uuid import UUID

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.queries import user_by_id
from stoa.foundation.plans.errors import PlanLimit
from stoa.foundation.plans.queries import limits_of, plan_of
from stoa.foundation.plans.types import Meter, Plan, PlanRow
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, upsert, value
from stoa.kit.errors import Invalid, NotFound

_WITHOUT_LIMIT: Final = 2**62
_USE = value(
    int | None,
    """
    insert into plan_usage as u (user_id, meter, used) select $1, $2, $3::bigint where $3 <= $4::bigint
    on conflict (user_id, meter) do update set used = u.used + $3 where u.used + $3 <= $4
    returning used
    """,
)
_GIVE_BACK = run("update plan_usage set used = used - $3 where user_id = $1 and meter = $2")
_USED = value(int | None, "select used from plan_usage where user_id = $1 and meter = $2")


async def use(ctx: Ctx, user_id: UUID, meter: Meter, amount: int) -> None:
    """Counts `amount` more as used; of many at once only as many pass as fit (B4).

    Raises PlanLimit with the limit, the use, and the smallest plan that lifts it; then nothing is counted.
    """
    plan = (await plan_of(ctx, user_id)).plan
    limit = (await limits_of(ctx, plan))[meter]
    if await _USE(ctx.db, user_id, meter.value, amount, _WITHOUT_LIMIT if limit is None else limit) is not None:
        return
    used = await _USED(ctx.db, user_id, meter.value) or 0
    lifted_by = await _lifts(ctx, meter, used + amount)
    detail = f"The plan {plan.label} holds {meter.said(limit or 0)}; you use {meter.amount(used)}"
    detail += f", and this needs {meter.amount(amount)} more."
    raise PlanLimit(
        detail + (f" The plan {lifted_by.label} has room for it." if lifted_by else ""),
        meter=meter.value,
        plan=plan.value,
        limit=limit,
        used=used,
        wanted=amount,
        lifted_by=lifted_by.value if lifted_by else None,
    )


async def _lifts(ctx: Ctx, meter: Meter, wanted: int) -> Plan | None:
    """The smallest plan in which so much fits."""
    for plan in Plan:
        limit = (await limits_of(ctx, plan))[meter]
        if limit is None or limit >= wanted:
            return plan
    return None


async def give_back(ctx: Ctx, user_id: UUID, meter: Meter, amount: int) -> None:
    """Counts `amount` less as used, because the thing is gone."""
    await _GIVE_BACK(ctx.db, user_id, meter.value, amount)


async def put_on_plan(ctx: Ctx, user_id: UUID, plan: Plan, *, expires_at: datetime | None = None) -> PlanRow:
    """Puts an account on a plan, from now until `expires_at`. Raises NotFound, Invalid for an end that is past.

    What is above the limits of a smaller plan stays; only nothing can be added.
    """
    if await user_by_id(ctx, user_id) is None:
        raise NotFound("There is no such account")
    if expires_at is not None and expires_at <= ctx.now:
        raise Invalid(fields={"expires_at": "This is in the past"})
    before = await plan_of(ctx, user_id)
    after = {"plan": plan.value, "started_at": ctx.now, "expires_at": expires_at}
    await upsert(ctx.db, "account_plans", {"user_id": user_id, **after}, key=["user_id"])
    await audit.record(
        ctx,
        "plans.changed",
        subject="user",
        subject_id=str(user_id),
        before={"plan": before.plan.value},
        after={"plan": plan.value, "expires_at": expires_at.isoformat() if expires_at else None},
    )
    return PlanRow(plan, ctx.now, expires_at)
