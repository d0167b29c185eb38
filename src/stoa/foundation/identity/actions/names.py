"""Taking another name (I1). The old one stays the account's own: its addresses lead on, and nobody else gets it."""

from datetime import datetime

import asyncpg

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions.presence import forget
from stoa.foundation.identity.errors import RenamedRecently, UsernameTaken
from stoa.foundation.identity.policies import check_username
from stoa.foundation.identity.types import RENAME_EVERY
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value

_LOCKED_NAME = value(str | None, "select username from users where id = $1 for update")
_RENAMED_AT = value(datetime | None, "select max(taken_at) from usernames where user_id = $1 having count(*) > 1")
_RENAME = run("update users set username = $2, updated_at = $3 where id = $1")


async def rename(ctx: Ctx, username: str) -> None:
    """The actor is called this from now on; another case of the same name may be chosen at any time.

    Raises Invalid, UsernameTaken (also for what was once another account's), RenamedRecently within 30 days.
    """
    check_username(username)
    before = await _LOCKED_NAME(ctx.db, ctx.member.id)
    if before is None or before == username:
        return
    if before.lower() != username.lower():
        renamed_at = await _RENAMED_AT(ctx.db, ctx.member.id)
        if renamed_at is not None and ctx.now < renamed_at + RENAME_EVERY:
            raise RenamedRecently(renamed_at + RENAME_EVERY)
    try:
        async with ctx.db.transaction():
            await _RENAME(ctx.db, ctx.member.id, username, ctx.now)
    except asyncpg.UniqueViolationError:
        raise UsernameTaken from None
    forget(ctx, ctx.member.id)
    await audit.record(
        ctx,
        "identity.username_changed",
        subject="user",
        subject_id=ctx.member.id,
        before={"username": before},
        after={"username": username},
    )
