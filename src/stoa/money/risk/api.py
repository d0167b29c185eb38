"""`/api/v1/admin/fraud`: what was noticed when money moved, and deciding about it, for administrators."""

from typing import Annotated, TypeAlias
from uuid import UUID

from litestar import get, post
from litestar.params import QueryParameter

from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.pagination import Page
from stoa.money.risk import actions, queries
from stoa.money.risk.policies import access_flag
from stoa.money.risk.schemas import ApproveIn, RejectIn
from stoa.money.risk.types import FlagState, FlagView, Severity

Name: TypeAlias = Annotated[str | None, QueryParameter(max_length=50)]


@get("/api/v1/admin/fraud", opt=access("admin"))
async def list_flags(
    ctx: CtxDep,
    severity: Query[Severity | None] = None,
    flag_state: Query[FlagState | None] = None,
    person: Name = None,
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[FlagView]:
    """The log, newest first. `person`: the name of either side."""
    return await queries.flags(
        ctx, severity=severity, state=flag_state, person=person or None, cursor=cursor, limit=limit
    )


@get("/api/v1/admin/fraud/{flag_id:uuid}", opt=access("admin"))
async def get_flag(ctx: CtxDep, flag_id: Path[UUID]) -> FlagView:
    """One line of the log."""
    return await access_flag(ctx, flag_id)


@post("/api/v1/admin/fraud/{flag_id:uuid}/approve", status_code=200, opt=access("admin"))
async def approve_flag(ctx: CtxDep, flag_id: Path[UUID], data: Body[ApproveIn]) -> FlagView:
    """All is well: the hold ends, and a payout that waited for it goes on."""
    return await actions.approve(ctx, flag_id, note=data.note)


@post("/api/v1/admin/fraud/{flag_id:uuid}/reject", status_code=200, opt=access("admin"))
async def reject_flag(ctx: CtxDep, flag_id: Path[UUID], data: Body[RejectIn]) -> FlagView:
    """The hold stays, with the reason."""
    return await actions.reject(ctx, flag_id, note=data.note)


routes = [list_flags, get_flag, approve_flag, reject_flag]
