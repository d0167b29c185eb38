"""Who may decide about a flag."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, NotFound
from stoa.money.risk import queries
from stoa.money.risk.types import FlagView


async def access_flag(ctx: Ctx, flag_id: UUID) -> FlagView:
    """A flag, for administrators. Raises NotFound for everybody else."""
    if not ctx.member.is_admin:
        raise NotFound
    return await queries.flag(ctx, flag_id)


async def access_flag_to_decide(ctx: Ctx, flag_id: UUID) -> FlagView:
    """A flag that is about others. Raises NotFound, and Forbidden for one's own."""
    flag = await access_flag(ctx, flag_id)
    if is_own(flag, ctx.member.id):
        raise Forbidden("Another administrator has to decide about your own money")
    return flag


def is_own(flag: FlagView, user_id: UUID) -> bool:
    """Whether somebody is one of the two sides."""
    return user_id in (flag.from_id, flag.to_id)
