"""`/api/v1/users/me/usage` and `/tier`: one's own plan; and an administrator's hand on somebody's plan."""

from uuid import UUID

from litestar import get, put

from stoa.foundation.plans import actions, queries
from stoa.foundation.plans.schemas import PlanIn
from stoa.foundation.plans.types import PlanRow, TierView, UsageView
from stoa.kit.http import Body, CtxDep, Path, access


@get("/api/v1/users/me/usage", opt=access("member"))
async def usage(ctx: CtxDep) -> UsageView:
    """What one uses of one's plan, against its limits (B4)."""
    return await queries.usage(ctx)


@get("/api/v1/users/me/tier", opt=access("member"))
async def tier(ctx: CtxDep) -> TierView:
    """One's plan with its limits, and the larger ones."""
    return await queries.tier(ctx)


@put("/api/v1/admin/users/{user_id:uuid}/plan", opt=access("admin"))
async def put_on_plan(ctx: CtxDep, user_id: Path[UUID], data: Body[PlanIn]) -> PlanRow:
    """Puts an account on a plan, for a while or until it is changed."""
    return await actions.put_on_plan(ctx, user_id, data.plan, expires_at=data.expires_at)


routes = [usage, tier, put_on_plan]
