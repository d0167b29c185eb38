"""I8: suspending, banning and taking people back. Each change ends what it has to, everywhere and at once.

The rows of everybody concerned are locked and read again first: of two administrators who act at once the second sees
what the first has done, also when it was done to the second.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity import policies
from stoa.foundation.identity.actions.presence import forget
from stoa.foundation.identity.actions.sessions import end_sessions_of
from stoa.foundation.identity.actions.standing import STATUS_BEFORE, tell
from stoa.foundation.identity.errors import LastSuperAdmin, WrongStatus
from stoa.foundation.identity.messages import StatusChanged
from stoa.foundation.identity.types import Account, Role, Status
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, many, run, value
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.outbox import emit

MAX_REASON: Final = 500
LONGEST: Final = timedelta(days=3660)

_SUPER_ADMINS = value(
    list[UUID],
    """
    select coalesce(array_agg(id), '{}') from users
    where roles && array['moderator', 'support', 'admin', 'super_admin'] and roles @> array['super_admin']
    """,
)
# In id order, so that two who act on each other do not deadlock.
_LOCKED = many(
    Account,
    """
    select id, username, email, roles, status, status_reason, status_until from users
    where id = any($1::uuid[]) order by id for no key update
    """,
)
_SET = run(
    """
    update users u set status = $2, status_reason = $3, status_until = $4, status_by = $5,
      status_at = greatest($6, u.status_at + interval '1 microsecond'), updated_at = $6
    where u.id = $1
    """,
)
_RESTORE: Statement[str | None] = value(
    str | None,
    f"""
    update users u set status = {STATUS_BEFORE}, status_reason = $2, status_until = null, status_by = $3,
      status_at = greatest($4, u.status_at + interval '1 microsecond'), updated_at = $4
    where u.id = $1 returning u.status
    """,
)


async def suspend(ctx: Ctx, user_id: UUID, *, reason: str, until: datetime | None = None) -> None:
    """Keeps somebody out, until a time or until they are reinstated; again with another reason or end, if need be.

    Raises NotFound, Forbidden, NotYourself, OnlySuperAdmin, LastSuperAdmin, WrongStatus for who is banned, Invalid.
    """
    reason = checked_reason(reason)
    if until is not None and not ctx.now < until <= ctx.now + LONGEST:
        raise Invalid(fields={"until": "Please give a time in the next ten years, or none"})
    target = await lock(ctx, user_id, leaves_office=True)
    if target.status == Status.BANNED:
        raise WrongStatus(target.status, allowed=["reinstate"])
    await _SET(ctx.db, user_id, Status.SUSPENDED, reason, until, _by(ctx), ctx.now)
    await _told(ctx, target, "suspended", Status.SUSPENDED, reason, until)


async def ban(ctx: Ctx, user_id: UUID, *, reason: str) -> None:
    """Keeps somebody out for good and hides what they made. Raises as `suspend`."""
    reason = checked_reason(reason)
    target = await lock(ctx, user_id, leaves_office=True)
    if target.status == Status.BANNED:
        raise WrongStatus(target.status, allowed=["reinstate"])
    await _SET(ctx.db, user_id, Status.BANNED, reason, None, _by(ctx), ctx.now)
    await _told(ctx, target, "banned", Status.BANNED, reason, None)


async def reinstate(ctx: Ctx, user_id: UUID, *, reason: str) -> None:
    """Lets somebody in again, as what they were before. Raises as `suspend`, and WrongStatus for who is neither."""
    reason = checked_reason(reason)
    target = await lock(ctx, user_id)
    if target.status not in (Status.SUSPENDED, Status.BANNED):
        raise WrongStatus(target.status, allowed=["suspend", "ban"])
    status = await _RESTORE(ctx.db, user_id, reason, _by(ctx), ctx.now)
    assert status is not None  # its row is locked
    await _told(ctx, target, "reinstated", status, reason, None)


async def lock(ctx: Ctx, user_id: UUID, *, leaves_office: bool = False, role: Role | None = None) -> Account:
    """The account as it is now, locked, if the actor may decide about it. No actor: the platform or its operator may.

    leaves_office: it will not act as a super admin any more; raises LastSuperAdmin when it is the last who can.
    role: what is given or taken.
    """
    actor_id = _by(ctx)
    ids = {user_id, *([actor_id] if actor_id else []), *await _SUPER_ADMINS(ctx.db)}  # all these, so that one stays
    locked = {row.id: row for row in await _LOCKED(ctx.db, list(ids))}
    target = locked.get(user_id)
    if target is None or target.status == Status.DELETED:
        raise NotFound("There is no such account")
    if actor_id is not None:
        policies.check_may_decide(locked.get(actor_id), target, role)
    others = (row for row in locked.values() if row.id != user_id and row.is_super_admin and row.may_come_in)
    if leaves_office and target.is_super_admin and target.may_come_in and not any(others):
        raise LastSuperAdmin
    return target


def checked_reason(reason: str) -> str:
    """A reason that says something. Raises Invalid."""
    reason = reason.strip()
    if not 3 <= len(reason) <= MAX_REASON:
        raise Invalid(fields={"reason": f"Please say why, in 3 to {MAX_REASON} characters"})
    return reason


def _by(ctx: Ctx) -> UUID | None:
    return ctx.actor.id if ctx.actor else None


async def _told(ctx: Ctx, target: Account, action: str, status: str, reason: str, until: datetime | None) -> None:
    """Whoever has to know: their sessions, the audit, other modules (and by them the person)."""
    if status in (Status.SUSPENDED, Status.BANNED):
        await end_sessions_of(ctx, target.id, reason=f"the account was {status}")
    forget(ctx, target.id)
    await audit.record(
        ctx,
        f"identity.{action}",
        subject="user",
        subject_id=target.id,
        before={"status": target.status, "until": target.status_until},
        after={"status": status, "until": until, "reason": reason},
    )
    await tell(ctx, target.id, target.username, target.email, status, reason, until)
    await emit(ctx, StatusChanged(user_id=target.id, status=status, reason=reason, until=until))
