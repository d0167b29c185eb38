"""`/api/v1/admin/users`: people's accounts, for administrators (I8); and one's own status, for everybody."""

from typing import Annotated, TypeAlias
from uuid import UUID

from litestar import get, post
from litestar.params import QueryParameter

from stoa.foundation.identity import actions
from stoa.foundation.identity.types import Role, Status
from stoa.kit.ctx import Ctx
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.pagination import Page
from stoa.operations.admin.queries import people
from stoa.operations.admin.schemas import OwnStatusLine, PersonOut, ReasonIn, RoleIn, SuspendIn
from stoa.operations.admin.types import PersonRow

Text: TypeAlias = Annotated[str | None, QueryParameter(max_length=254)]


async def _person(ctx: Ctx, user_id: UUID) -> PersonOut:
    return PersonOut(
        user=await people.person(ctx, user_id),
        sessions=await people.sessions_of(ctx, user_id),
        status_history=await people.status_history(ctx, user_id),
    )


@get("/api/v1/admin/users", opt=access("admin"))
async def list_users(
    ctx: CtxDep,
    q: Text = None,
    status: Query[Status | None] = None,
    role: Query[Role | None] = None,
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[PersonRow]:
    """Accounts, newest first. `q`: an id, or the beginning of a name or of an e-mail."""
    return await people.people(
        ctx, query=(q or "").strip() or None, status=status, role=role, cursor=cursor, limit=limit
    )


@get("/api/v1/admin/users/{user_id:uuid}", opt=access("admin"))
async def get_user(ctx: CtxDep, user_id: Path[UUID]) -> PersonOut:
    """One account."""
    return await _person(ctx, user_id)


@post("/api/v1/admin/users/{user_id:uuid}/suspend", status_code=200, opt=access("admin"))
async def suspend(ctx: CtxDep, user_id: Path[UUID], data: Body[SuspendIn]) -> PersonOut:
    """Keeps somebody out for a while; all their sessions end."""
    await actions.suspend(ctx, user_id, reason=data.reason, until=data.until)
    return await _person(ctx, user_id)


@post("/api/v1/admin/users/{user_id:uuid}/ban", status_code=200, opt=access("admin"))
async def ban(ctx: CtxDep, user_id: Path[UUID], data: Body[ReasonIn]) -> PersonOut:
    """Keeps somebody out for good and hides what they made; all their sessions end."""
    await actions.ban(ctx, user_id, reason=data.reason)
    return await _person(ctx, user_id)


@post("/api/v1/admin/users/{user_id:uuid}/reinstate", status_code=200, opt=access("admin"))
async def reinstate(ctx: CtxDep, user_id: Path[UUID], data: Body[ReasonIn]) -> PersonOut:
    """Lets somebody in again, as what they were before."""
    await actions.reinstate(ctx, user_id, reason=data.reason)
    return await _person(ctx, user_id)


@post("/api/v1/admin/users/{user_id:uuid}/roles", status_code=200, opt=access("admin"))
async def change_role(ctx: CtxDep, user_id: Path[UUID], data: Body[RoleIn]) -> PersonOut:
    """Gives a capability or takes it; repeating it changes nothing."""
    change = actions.grant_role if data.change == "grant" else actions.revoke_role
    await change(ctx, user_id, data.role, reason=data.reason)
    return await _person(ctx, user_id)


@get("/api/v1/users/me/status-history", opt=access("member"))
async def own_status_history(ctx: CtxDep) -> list[OwnStatusLine]:
    """What one's own status was, newest first."""
    lines = await people.status_history(ctx, ctx.member.id)
    return [OwnStatusLine(line.id, line.status, line.reason, line.until, line.at) for line in lines]


routes = [list_users, get_user, suspend, ban, reinstate, change_role, own_status_history]
