"""`/api/v1/earnings` and `/api/v1/payouts`."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import QueryParameter

from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.ids import new_id
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.payouts import actions, queries
from stoa.money.payouts.policies import access_payout
from stoa.money.payouts.schemas import (
    EarningsOut,
    PayoutDetailOut,
    PayoutIn,
    PayoutOut,
    ReasonIn,
    earnings_out,
    payout_detail_out,
    payout_out,
)
from stoa.money.payouts.types import PayoutView

Days = Annotated[int, QueryParameter(ge=1, le=366)]


@get("/api/v1/earnings", opt=access("member"))
async def get_earnings(ctx: CtxDep, days: Days = 30) -> EarningsOut:
    """What one has earned and where it is, with a series of the last `days` days."""
    return earnings_out(await queries.earnings(ctx, ctx.member.id, days=days))


@get("/api/v1/payouts", opt=access("member"))
async def list_payouts(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 20) -> Page[PayoutOut]:
    """One's own payouts, newest first."""
    before = decode(cursor, tuple[datetime, UUID], scope="payouts")
    rows = await queries.payouts(ctx, ctx.member.id, before=before, limit=limit + 1)
    page = keyset(rows, limit, scope="payouts", key=lambda row: (row.requested_at, row.id))
    return Page([payout_out(row) for row in page.items], page.next_cursor)


@post("/api/v1/payouts", opt=access("member", idempotent=True))
async def request_payout(ctx: CtxDep, data: Body[PayoutIn], request: Request[Any, Any, Any]) -> PayoutOut:
    """Have all one's earned coins paid out (M7)."""
    key = key_of(request.scope) or str(new_id())
    return payout_out(await actions.request_payout(ctx, key=key, destination=data.destination))


@get("/api/v1/payouts/{payout_id:uuid}", opt=access("member"))
async def get_payout(ctx: CtxDep, payout_id: Path[UUID]) -> PayoutDetailOut:
    """A payout of one's own, with all that happened to it; staff sees everybody's."""
    payout = await access_payout(ctx, payout_id)
    return payout_detail_out(payout, await queries.payout_events(ctx, payout.id))


@post("/api/v1/payouts/{payout_id:uuid}/cancel", status_code=200, opt=access("member", idempotent=True))
async def cancel_payout(ctx: CtxDep, payout_id: Path[UUID]) -> PayoutOut:
    """Call it off before it is sent."""
    return payout_out(await actions.cancel_payout(ctx, payout_id))


@get("/api/v1/payout-queue", opt=access("admin"))
async def list_open_payouts(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 50) -> Page[PayoutView]:
    """Everybody's payouts that are under way, the longest waiting first."""
    after = decode(cursor, tuple[datetime, UUID], scope="payout-queue")
    rows = await queries.open_payouts(ctx, after=after, limit=limit + 1)
    return keyset(rows, limit, scope="payout-queue", key=lambda row: (row.requested_at, row.id))


@post("/api/v1/payouts/{payout_id:uuid}/review", status_code=200, opt=access("admin"))
async def review_payout(ctx: CtxDep, payout_id: Path[UUID], data: Body[ReasonIn]) -> PayoutOut:
    """Hold it until somebody has looked at it."""
    return payout_out(await actions.hold_for_review(ctx, payout_id, reason=data.reason))


@post("/api/v1/payouts/{payout_id:uuid}/approve", status_code=200, opt=access("admin"))
async def approve_payout(ctx: CtxDep, payout_id: Path[UUID]) -> PayoutOut:
    """Let a held payout go on."""
    return payout_out(await actions.approve(ctx, payout_id))


@post("/api/v1/payouts/{payout_id:uuid}/reject", status_code=200, opt=access("admin", idempotent=True))
async def reject_payout(ctx: CtxDep, payout_id: Path[UUID], data: Body[ReasonIn]) -> PayoutOut:
    """Call a held payout off; the coins go back."""
    return payout_out(await actions.reject(ctx, payout_id, reason=data.reason))


routes = [
    get_earnings,
    list_payouts,
    request_payout,
    get_payout,
    cancel_payout,
    list_open_payouts,
    review_payout,
    approve_payout,
    reject_payout,
]
