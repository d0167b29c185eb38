"""Reads of what was paid for."""

from collections.abc import Collection
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import value

_HAS = value(bool, "select exists (select from grants where user_id = $1 and work_id = $2 and revoked_at is null)")
_HELD = value(
    list[UUID],
    """
    select coalesce(array_agg(work_id), '{}') from grants
    where user_id = $1 and work_id = any($2::uuid[]) and revoked_at is null
    """,
)


async def has_grant(ctx: Ctx, work_id: UUID) -> bool:
    """Whether the actor bought a work."""
    return await _HAS(ctx.db, ctx.member.id, work_id)


async def held(ctx: Ctx, work_ids: Collection[UUID]) -> set[UUID]:
    """Which of these works the actor bought; for lists."""
    return set(await _HELD(ctx.db, ctx.actor.id, list(work_ids))) if ctx.actor is not None and work_ids else set()
