"""I8: what a banned person made is out of sight until they are back, as if it had never been published."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value
from stoa.kit.errors import Forbidden

_WITHHOLD = run(
    """
    update works set withheld_state = state, state = 'withheld', updated_at = $2
    where author_id = $1 and state in ('published', 'in_review')
    """
)
_GIVE_BACK = run(
    """
    update works set state = withheld_state, withheld_state = null, updated_at = $2
    where author_id = $1 and state = 'withheld'
    """
)
# Whoever bans the author waits for this lock, and then withholds what is published under it.
_AUTHOR_STATUS = value(
    str | None, "select u.status from users u join works w on w.author_id = u.id where w.id = $1 for share of u"
)


async def withhold(ctx: Ctx, author_id: UUID) -> int:
    """Hides what somebody published or wants to publish; answers how many works."""
    return await _WITHHOLD(ctx.db, author_id, ctx.now)


async def give_back(ctx: Ctx, author_id: UUID) -> int:
    """Everything is again what it was before `withhold`; answers how many works."""
    return await _GIVE_BACK(ctx.db, author_id, ctx.now)


async def check_may_be_out(ctx: Ctx, work_id: UUID) -> None:
    """Raises Forbidden where the author is banned, whoever of their team, or of the staff, wants it published."""
    if await _AUTHOR_STATUS(ctx.db, work_id) == "banned":
        raise Forbidden("Its author is banned, so this cannot be published")
