"""What a payment opens, and a refund closes again."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.errors import Conflict

_GRANT = run(
    """
    insert into grants (user_id, work_id, source, source_id, granted_at) values ($1, $2, 'purchase', $3, $4)
    on conflict do nothing
    """
)
_REVOKE = run("update grants set revoked_at = $2 where source_id = $1 and revoked_at is null")


async def grant(ctx: Ctx, *, user_id: UUID, work_id: UUID, source_id: UUID) -> None:
    """Opens a work to somebody for good. Raises Conflict where it is open to them already."""
    if not await _GRANT(ctx.db, user_id, work_id, source_id, ctx.now):
        raise Conflict("This is yours already")


async def revoke(ctx: Ctx, source_id: UUID) -> int:
    """Takes back what a payment gave (M13); answers how many works."""
    return await _REVOKE(ctx.db, source_id, ctx.now)
