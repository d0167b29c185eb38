"""Renewing the 7-day token (I3): a session has exactly one, so a fresh one is a fresh session, and the old one ends."""

import msgspec

from stoa.foundation.identity.actions.door import Way
from stoa.foundation.identity.actions.presence import forget
from stoa.foundation.identity.actions.sessions import open_legacy_session
from stoa.foundation.identity.errors import NotRenewable, SessionOver
from stoa.foundation.identity.messages import SessionEnded
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, maybe, value
from stoa.kit.outbox import emit


class _Ended(msgspec.Struct, frozen=True):
    provider: str


# Of several at once, one ends it: the others are too late, and no token becomes two.
_END = maybe(
    _Ended,
    """
    update sessions set revoked_at = $2, revoked_reason = 'token renewed'
    where id = $1 and kind = 'legacy' and revoked_at is null and expires_at > $2 returning provider
    """,
)


_KIND: Statement[str | None] = value(str | None, "select kind from sessions where id = $1")


async def renew_legacy_session(ctx: Ctx, *, phone: str | None, role: str) -> str:
    """A fresh 7-day token for the actor's live session, which ends with the old one; a second factor is shown anew
    where one is asked for.

    Raises NotRenewable for a session of another kind, and SessionOver for a token that was renewed already.
    """
    session_id = ctx.member.session_id
    if session_id is None or await _KIND(ctx.db, session_id) != "legacy":
        raise NotRenewable
    ended = await _END(ctx.db, session_id, ctx.now)
    if ended is None:
        raise SessionOver
    forget(ctx, session_id)
    await emit(ctx, SessionEnded(user_id=ctx.member.id, session_id=session_id, reason="token renewed"))
    by = msgspec.convert(ended.provider, Way)
    return await open_legacy_session(ctx, ctx.member.id, by=by, phone=phone, role=role)
