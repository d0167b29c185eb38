"""I8 at the door: who is suspended or banned, and suspensions that end by themselves."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import structlog

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions.presence import forget
from stoa.foundation.identity.errors import AccountBanned, AccountSuspended
from stoa.foundation.identity.messages import StatusChanged
from stoa.foundation.mail import actions as mail
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe
from stoa.kit.errors import Invalid
from stoa.kit.outbox import emit

log = structlog.get_logger(__name__)
TIME_IS_OVER: Final = "The suspension ended at its time"
# What somebody is once they are suspended or banned no more.
STATUS_BEFORE: Final = """
    case when u.is_verified then 'active' else coalesce(
      (select h.status from status_history h
       where h.user_id = u.id and h.status in ('active', 'pending_verification') order by h.at desc, h.id desc limit 1),
      'active') end
"""


class _Lifted(msgspec.Struct, frozen=True):
    id: UUID
    username: str
    email: str
    status: str


class Standing(msgspec.Struct, frozen=True):
    """The status of an account, why, and until when."""

    id: UUID
    status: str
    reason: str | None
    until: datetime | None


_STANDING = maybe(
    Standing, "select id, status, status_reason as reason, status_until as until from users where id = $1"
)
_LIFT = many(
    _Lifted,
    f"""
    update users u set status = {STATUS_BEFORE}, status_reason = $3, status_until = null, status_by = null,
      status_at = greatest($1, u.status_at + interval '1 microsecond'), updated_at = $1
    where u.status = 'suspended' and u.status_until <= $1 and ($2::uuid is null or u.id = $2)
    returning u.id, u.username, u.email, u.status
    """,
)


async def refuse_status(ctx: Ctx, user_id: UUID, status: str) -> None:
    """I8: raises AccountSuspended or AccountBanned, with the reason and the end; a suspension that is over ends here.

    Told only to whoever has shown that the account is theirs.
    """
    if status not in ("suspended", "banned"):
        return
    if await end_suspensions(ctx, user_id=user_id):
        return
    refuse(await _STANDING(ctx.db, user_id))


def refuse(standing: Standing | None) -> None:
    """Raises AccountSuspended or AccountBanned for somebody who is."""
    if standing is None:
        return
    if standing.status == "suspended":
        why = f": {standing.reason}" if standing.reason else ""
        raise AccountSuspended(
            f"This account is suspended {_end(standing.until)}{why}", reason=standing.reason, until=standing.until
        )
    if standing.status == "banned":
        why = f": {standing.reason}" if standing.reason else ""
        raise AccountBanned(f"This account is banned{why}", reason=standing.reason)


async def require_good_standing(ctx: Ctx) -> None:
    """F5: raises AccountSuspended or AccountBanned where the actor is, whatever session or job they act through."""
    refuse(await _STANDING(ctx.db, ctx.member.id))


async def end_suspensions(ctx: Ctx, *, user_id: UUID | None = None) -> int:
    """Ends the suspensions whose time is over, everybody's or one person's; answers how many."""
    ended = await _LIFT(ctx.db, ctx.now, user_id, TIME_IS_OVER)
    for one in ended:
        await audit.record(
            ctx,
            "identity.suspension_ended",
            subject="user",
            subject_id=one.id,
            before={"status": "suspended"},
            after={"status": one.status, "reason": TIME_IS_OVER},
        )
        forget(ctx, one.id)
        await tell(ctx, one.id, one.username, one.email, one.status, TIME_IS_OVER, None)
        await emit(ctx, StatusChanged(user_id=one.id, status=one.status, reason=TIME_IS_OVER, until=None))
    return len(ended)


async def tell(
    ctx: Ctx, user_id: UUID, username: str, email: str, status: str, reason: str, until: datetime | None
) -> None:
    """Mails somebody what their status is now and why. An address no mail can go to stops nothing."""
    values = {
        "username": username,
        "status": status,
        "reason": reason,
        "until": _end(until),
        "link": mail.link(ctx, "/login"),
    }
    try:
        await mail.send(ctx, to=email, template="account_status", values=values, user_id=user_id)
    except Invalid:
        log.warning("no mail can go to this address", user_id=str(user_id))


def _end(until: datetime | None) -> str:
    return f"until {until:%-d %B %Y, %H:%M} UTC" if until else "until further notice"
