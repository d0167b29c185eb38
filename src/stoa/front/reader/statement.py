"""`/wallet/history`: the statement, and each movement opened down to its postings (M1)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get

from stoa.front.page import page
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.pagination import decode, keyset
from stoa.money.wallet.policies import access_transfer
from stoa.money.wallet.queries import history

LIMIT = 20
SCOPE = "wallet.history"


@get("/wallet/history", opt=access("member"))
async def show_history(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Everything that moved in one's wallet, newest first."""
    before = decode(request.query_params.get("cursor"), tuple[datetime, UUID], scope=SCOPE)
    rows = await history.lines(ctx, ctx.member.id, before=before, limit=LIMIT + 1)
    lines = keyset(rows, LIMIT, scope=SCOPE, key=lambda line: (line.created_at, line.transfer_id))
    name = "reader/_statement_part.html" if "hx-request" in request.headers else "reader/statement.html"
    return await page(request, ctx, name, statement=lines)


@get("/wallet/transfers/{transfer_id:uuid}", opt=access("member"))
async def show_transfer(request: Request[Any, Any, Any], ctx: CtxDep, transfer_id: Path[UUID]) -> Response[str]:
    """One movement, for those who are part of it and for staff."""
    line = await access_transfer(ctx, transfer_id)
    return await page(request, ctx, "reader/transfer.html", line=line)


routes = [show_history, show_transfer]
