"""Sites: everybody who makes something has one, from the moment in which they may."""

from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, run, value
from stoa.kit.ids import new_id

_OPEN: Final[Statement[bool | None]] = value(
    bool | None, "select sites_open_default(id, $2, $3) from users where id = $1 and 'creator' = any(roles)"
)
_LOCK: Final = run("select from sites where id = $1 for no key update")


async def open_default_site(ctx: Ctx, user_id: UUID) -> None:
    """The default site of a creator; nothing for who is none, or has one."""
    await _OPEN(ctx.db, user_id, new_id(), ctx.now)


async def lock_site(ctx: Ctx, site_id: UUID) -> None:
    """One change of a team at a time, so that places and rights are counted as they are (B4)."""
    await _LOCK(ctx.db, site_id)
