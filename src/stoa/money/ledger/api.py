"""`/api/v1/admin/ledger`: the books, for administrators."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import QueryParameter

from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.invariants import Difference, check
from stoa.money.ledger import queries
from stoa.money.ledger.types import TransferView, TrialBalance

At = Annotated[datetime | None, QueryParameter(description="As of this time, with its zone; now when left out")]


class VerifyOut(msgspec.Struct):
    """What the books say of themselves: right when there are no differences."""

    is_right: bool
    differences: list[Difference]


@get("/api/v1/admin/ledger/trial-balance", opt=access("admin"))
async def get_trial_balance(ctx: CtxDep, at: At = None) -> TrialBalance:
    """All accounts by asset and purpose, and each asset's total, which is zero (M1)."""
    if at is not None and at.tzinfo is None:
        raise Invalid(fields={"at": "Please give the time with its zone, such as 2026-03-01T00:00:00Z"})
    return await queries.trial_balance(ctx, at)


@get("/api/v1/admin/ledger/transfers/{transfer_id:uuid}", opt=access("admin"))
async def get_transfer(ctx: CtxDep, transfer_id: Path[UUID]) -> TransferView:
    """A transfer opened down to its postings and its cause."""
    return await queries.transfer(ctx, transfer_id)


@get("/api/v1/admin/ledger/verify", opt=access("admin"))
async def verify(ctx: CtxDep) -> VerifyOut:
    """Every balance recomputed, whatever else must hold checked, each difference named. Reads all of the history."""
    differences = await check(ctx.db)
    return VerifyOut(not differences, differences)


routes = [get_trial_balance, get_transfer, verify]
