"""Blocking somebody, and letting them be seen again (P4)."""

from uuid import UUID

from stoa.foundation.audit import actions as audit
from stoa.foundation.people.errors import NotYourself
from stoa.foundation.people.messages import Blocked, Unblocked
from stoa.foundation.people.policies import access_blockable
from stoa.foundation.people.types import PersonView
from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.outbox import emit

# Triggers end the follows both ways and let a follow at the same moment wait: see schema.sql.
_BLOCK = run("insert into blocks (blocker_id, blocked_id, created_at) values ($1, $2, $3) on conflict do nothing")
_UNBLOCK = run("delete from blocks where blocker_id = $1 and blocked_id = $2")


async def block(ctx: Ctx, person: str | UUID) -> PersonView:
    """The actor and a person, by name or id, do not see each other any more, and follow each other no more.

    Repeating it changes nothing. Raises NotFound, also for whoever has blocked the actor, and NotYourself.
    """
    found = await access_blockable(ctx, person)
    if found.id == ctx.member.id:
        raise NotYourself("You cannot block yourself")
    if await _BLOCK(ctx.db, ctx.member.id, found.id, ctx.now):
        await _write_down(ctx, "people.blocked", found)
        await emit(ctx, Blocked(blocker_id=ctx.member.id, blocked_id=found.id))
    return found


async def unblock(ctx: Ctx, person: str | UUID) -> PersonView:
    """The actor takes a block back; it brings no follow back, and repeating it changes nothing. Raises NotFound."""
    found = await access_blockable(ctx, person)
    if await _UNBLOCK(ctx.db, ctx.member.id, found.id):
        await _write_down(ctx, "people.unblocked", found)
        await emit(ctx, Unblocked(blocker_id=ctx.member.id, blocked_id=found.id))
    return found


async def _write_down(ctx: Ctx, action: str, person: PersonView) -> None:
    """Among what the actor did to their own account: whom it concerns must not read it in theirs."""
    await audit.record(ctx, action, subject="user", subject_id=ctx.member.id, after={"person": f"@{person.username}"})
