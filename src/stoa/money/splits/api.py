"""`/api/v1/admin/splits`: how what is paid is shared, for administrators."""

import msgspec
from litestar import get, post

from stoa.kit.http import Body, CtxDep, access
from stoa.money.splits import actions, queries
from stoa.money.splits.schemas import RuleIn, RulesOut
from stoa.money.splits.types import with_states


@get("/api/v1/admin/splits", opt=access("admin"))
async def list_rules(ctx: CtxDep) -> RulesOut:
    """The rules to come, those in force and those that were, the latest first."""
    return RulesOut(with_states(await queries.rules(ctx), ctx.now))


@post("/api/v1/admin/splits", opt=access("admin"))
async def add_rule(ctx: CtxDep, data: Body[RuleIn]) -> RulesOut:
    """Shares a kind differently from a moment on; answers all rules."""
    await actions.add_rule(ctx, **msgspec.structs.asdict(data))
    return RulesOut(with_states(await queries.rules(ctx), ctx.now))


routes = [list_rules, add_rule]
