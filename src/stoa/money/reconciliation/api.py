"""`/api/v1/reconciliation`: comparing what gateways list with what stands here, for administrators."""

from typing import Annotated, TypeAlias
from uuid import UUID

from litestar import get, post
from litestar.params import QueryParameter

from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.pagination import Page
from stoa.money.reconciliation import actions, queries
from stoa.money.reconciliation.policies import access_discrepancy, access_run
from stoa.money.reconciliation.schemas import ResolveIn, RunIn, SummaryOut
from stoa.money.reconciliation.types import Discrepancy, Kind, MatterState, Run

Name: TypeAlias = Annotated[str | None, QueryParameter(max_length=40)]


@get("/api/v1/reconciliation", opt=access("admin"))
async def get_summary(ctx: CtxDep) -> SummaryOut:
    """How much is open, by kind."""
    kinds = await queries.counts(ctx)
    return SummaryOut(sum(kinds.values()), kinds)


@get("/api/v1/reconciliation/runs", opt=access("admin"))
async def list_runs(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 20) -> Page[Run]:
    """Comparisons, newest first."""
    return await queries.runs(ctx, cursor=cursor, limit=limit)


@post("/api/v1/reconciliation/runs", status_code=202, opt=access("admin"))
async def start_run(ctx: CtxDep, data: Body[RunIn]) -> Run:
    """Compare an account now; a job does it, so look at the run until it is `done` or `failed`."""
    return await actions.start(
        ctx,
        subject=data.subject,
        gateway=data.gateway,
        account_id=data.account_id,
        since=data.since,
        until=data.until,
    )


@get("/api/v1/reconciliation/runs/{run_id:uuid}", opt=access("admin"))
async def get_run(ctx: CtxDep, run_id: Path[UUID]) -> Run:
    """One comparison."""
    return await access_run(ctx, run_id)


@get("/api/v1/reconciliation/discrepancies", opt=access("admin"))
async def list_discrepancies(
    ctx: CtxDep,
    kind: Query[Kind | None] = None,
    matter_state: Query[MatterState | None] = None,
    gateway: Name = None,
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[Discrepancy]:
    """What was found to differ, newest first, with both sides."""
    return await queries.discrepancies(
        ctx, kind=kind, state=matter_state, gateway=gateway or None, cursor=cursor, limit=limit
    )


@get("/api/v1/reconciliation/discrepancies/{discrepancy_id:uuid}", opt=access("admin"))
async def get_discrepancy(ctx: CtxDep, discrepancy_id: Path[UUID]) -> Discrepancy:
    """One difference."""
    return await access_discrepancy(ctx, discrepancy_id)


@post(
    "/api/v1/reconciliation/discrepancies/{discrepancy_id:uuid}/merge",
    status_code=200,
    # The gateway is asked in between: nothing is to be locked meanwhile.
    opt=access("admin", write=False),
)
async def merge_discrepancy(ctx: CtxDep, discrepancy_id: Path[UUID]) -> Discrepancy:
    """Merge what the gateway says, and compare once more: `state` is `closed` when that was all."""
    return await actions.mend(ctx, discrepancy_id)


@post("/api/v1/reconciliation/discrepancies/{discrepancy_id:uuid}/resolve", status_code=200, opt=access("admin"))
async def resolve_discrepancy(ctx: CtxDep, discrepancy_id: Path[UUID], data: Body[ResolveIn]) -> Discrepancy:
    """Settle it, saying how."""
    return await actions.resolve(ctx, discrepancy_id, note=data.note)


routes = [
    get_summary,
    list_runs,
    start_run,
    get_run,
    list_discrepancies,
    get_discrepancy,
    merge_discrepancy,
    resolve_discrepancy,
]
