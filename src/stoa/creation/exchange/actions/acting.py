"""Jobs do what somebody asked for as that person, with the rights they have now."""

import dataclasses
from uuid import UUID

from stoa.foundation.identity.queries import user_by_id
from stoa.kit.ctx import Actor, Ctx
from stoa.kit.errors import NotFound


async def as_person(ctx: Ctx, user_id: UUID) -> Ctx:
    """The context with this person in it. Raises NotFound where they may not come in any more."""
    user = await user_by_id(ctx, user_id)
    if user is None or user.status not in ("active", "pending_verification"):
        raise NotFound("The account of whoever asked for this is closed")
    return dataclasses.replace(ctx, actor=Actor(user.id, user.username or "", frozenset(user.roles)))
