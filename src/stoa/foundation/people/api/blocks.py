"""Blocking (P4)."""

from uuid import UUID

from litestar import delete, get, put

from stoa.foundation.people import actions
from stoa.foundation.people.queries import blocks
from stoa.foundation.people.types import BlockedView
from stoa.kit.http import CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.pagination import Page


@get("/api/v1/me/blocked", opt=access("member"))
async def blocked(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 20) -> Page[BlockedView]:
    """Whom one has blocked, the newest first."""
    return await blocks.blocked(ctx, cursor=cursor, limit=limit)


@put("/api/v1/me/blocked/{user_id:uuid}", status_code=204, opt=access("member"))
async def block(ctx: CtxDep, user_id: Path[UUID]) -> None:
    """Hides two people from each other everywhere and ends their follows; repeating it changes nothing."""
    await actions.block(ctx, user_id)


@delete("/api/v1/me/blocked/{user_id:uuid}", opt=access("member"))
async def unblock(ctx: CtxDep, user_id: Path[UUID]) -> None:
    """Takes a block back; repeating it changes nothing, and it brings no follow back."""
    await actions.unblock(ctx, user_id)


routes = [blocked, block, unblock]
