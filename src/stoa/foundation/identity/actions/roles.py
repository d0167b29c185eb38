"""Capabilities of an account."""

from uuid import UUID

from stoa.foundation.identity.actions.presence import forget
from stoa.foundation.identity.types import Role
from stoa.kit.ctx import Ctx
from stoa.kit.db import run


async def grant_role(ctx: Ctx, user_id: UUID, role: Role) -> None:
    """Adds a capability; repeating it changes nothing."""
    await _GRANT(ctx.db, user_id, role.value, ctx.now)
    forget(ctx, user_id)


_GRANT = run(
    "update users set roles = roles || $2::text, updated_at = $3 where id = $1 and not roles @> array[$2::text]"
)
