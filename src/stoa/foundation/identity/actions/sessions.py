"""Sessions (I3): opened after the door let somebody in, rotated, ended; every token of an ended one stops at once."""

import dataclasses
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions.devices import describe, place_of
from stoa.foundation.identity.actions.door import Way
from stoa.foundation.identity.actions.presence import forget
from stoa.foundation.identity.actions.tokens import digest, is_ours, refresh_secret, sign
from stoa.foundation.identity.errors import SessionOver
from stoa.foundation.identity.messages import SessionEnded
from stoa.foundation.identity.policies import access_session
from stoa.foundation.identity.types import Tokens
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, run, value
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit

ACCESS_TTL: Final = timedelta(minutes=15)  # I3
REFRESH_TTL: Final = timedelta(days=30)  # I3
LEGACY_TTL: Final = timedelta(days=7)  # I3
PAGE_TTL: Final = timedelta(days=30)
KEPT_AFTER_END: Final = timedelta(days=30)


class _Credentials(msgspec.Struct, frozen=True):
    session_id: UUID
    token: str


async def open_page_session(ctx: Ctx, user_id: UUID, *, by: Way, second_factor: bool = False) -> str:
    """A new session for the browser; answers the cookie's value. Never adopts one the client brought (fixation)."""
    made = await _open(ctx, user_id, "page", PAGE_TTL, by, second_factor)
    return made.token


async def open_api_session(ctx: Ctx, user_id: UUID, *, by: Way, second_factor: bool = False) -> Tokens:
    """A new session for `/api/v1`: an access token of 15 minutes and a refresh token of 30 days."""
    session_id = new_id()
    token = refresh_secret(ctx.app, session_id)
    made = await _open(ctx, user_id, "api", REFRESH_TTL, by, second_factor, session_id=session_id, token=token)
    return _tokens(ctx, user_id, made)


async def open_legacy_session(
    ctx: Ctx, user_id: UUID, *, by: Way, phone: str | None, role: str, second_factor: bool = False
) -> str:
    """The one 7-day token of the unversioned `/api/auth/*`: claims id, phone, role, iat, exp, and its session."""
    made = await _open(ctx, user_id, "legacy", LEGACY_TTL, by, second_factor)
    claims = {
        "id": str(user_id),
        "phone": phone,
        "role": role,
        "sid": str(made.session_id),
        "iat": ctx.now,
        "exp": ctx.now + LEGACY_TTL,
    }
    return sign(ctx.app, claims)


async def _open(
    ctx: Ctx,
    user_id: UUID,
    kind: str,
    ttl: timedelta,
    by: Way,
    second_factor: bool,
    *,
    session_id: UUID | None = None,
    token: str | None = None,
) -> _Credentials:
    made = _Credentials(session_id or new_id(), token or secrets.token_urlsafe(32))
    device, place = describe(ctx.user_agent), place_of(ctx.app, ctx.address)
    await insert(
        ctx.db,
        "sessions",
        {
            "id": made.session_id,
            "user_id": user_id,
            "kind": kind,
            "token_hash": digest(made.token),
            "address": ctx.address,
            "user_agent": ctx.user_agent,
            "created_at": ctx.now,
            "last_used_at": ctx.now,
            "expires_at": ctx.now + ttl,
            "provider": by,
            "second_factor_at": ctx.now if second_factor else None,
            "device_type": device.type,
            "os": device.os,
            "browser": device.browser,
            "country": place.country,
            "city": place.city,
        },
    )
    if by != "registration":  # which is written down itself
        await audit.record(
            ctx,
            "identity.logged_in",
            subject="user",
            subject_id=user_id,
            after={"by": by, "session": kind, "session_id": made.session_id},
            actor_id=user_id,
        )
    return made


def _tokens(ctx: Ctx, user_id: UUID, session: _Credentials) -> Tokens:
    claims = {
        "sub": str(user_id),
        "sid": str(session.session_id),
        "aud": "stoa",
        "iat": ctx.now,
        "exp": ctx.now + ACCESS_TTL,
    }
    return Tokens(
        access_token=sign(ctx.app, claims),
        refresh_token=f"{session.session_id.hex}.{session.token}",
        expires_in_s=int(ACCESS_TTL.total_seconds()),
        refresh_expires_in_s=int(REFRESH_TTL.total_seconds()),
        session_id=session.session_id,
    )


async def refresh(ctx: Ctx, refresh_token: str) -> Tokens:
    """Rotates a refresh token. A rotated one used again ends its session (I3). Raises SessionOver."""
    head, _, token = refresh_token.partition(".")
    try:
        session_id = UUID(hex=head)
    except ValueError:
        raise SessionOver from None
    if not is_ours(ctx.app, session_id, token):  # anybody may guess; that is no reason to end a session
        raise SessionOver
    fresh = refresh_secret(ctx.app, session_id)
    user_id = await _ROTATE(ctx.db, session_id, digest(token), digest(fresh), ctx.now, ctx.now + REFRESH_TTL)
    if user_id is not None:
        return _tokens(ctx, user_id, _Credentials(session_id, fresh))
    reason = "refresh token used twice"
    async with ctx.app.side.transaction() as db:  # this request answers 401 and is rolled back
        owner_id = await _REVOKE(db, session_id, ctx.now, reason)
        if owner_id is not None:
            ended = SessionEnded(user_id=owner_id, session_id=session_id, reason=reason)
            beside = dataclasses.replace(ctx, db=db)
            await emit(beside, ended)
            await audit.record(
                beside,
                "identity.refresh_reused",
                subject="user",
                subject_id=owner_id,
                after={"session_id": session_id, "reason": reason},
            )
            forget(beside, session_id)
    raise SessionOver


_ROTATE = value(
    UUID | None,
    """
    update sessions set token_hash = $3, last_used_at = $4, expires_at = $5
    where id = $1 and token_hash = $2 and kind = 'api' and revoked_at is null and expires_at > $4
      and exists (select from users u where u.id = user_id and u.status in ('active', 'pending_verification'))
    returning user_id
    """,
)
_REVOKE = value(
    UUID | None,
    """
    update sessions set revoked_at = $2, revoked_reason = $3 where id = $1 and revoked_at is null returning user_id
    """,
)
_REVOKE_ALL = run(
    """
    update sessions set revoked_at = $2, revoked_reason = $3
    where user_id = $1 and revoked_at is null and id is distinct from $4
    """
)
_END_CHALLENGES = run("delete from login_challenges where user_id = $1")


async def end_session(ctx: Ctx, session_id: UUID, *, reason: str) -> None:
    """Ends one of the actor's sessions; every token of it stops at once. Raises NotFound."""
    session = await access_session(ctx, session_id)
    await _REVOKE(ctx.db, session.id, ctx.now, reason)
    forget(ctx, session.id)
    own = session.id == ctx.member.session_id
    await audit.record(
        ctx,
        "identity.logged_out" if own else "identity.session_ended",
        subject="user",
        subject_id=session.user_id,
        after={"session_id": session.id, "reason": reason},
    )
    await emit(ctx, SessionEnded(user_id=session.user_id, session_id=session.id, reason=reason))


async def end_all_sessions(ctx: Ctx, *, reason: str) -> int:
    """Ends all sessions of the actor; answers how many."""
    return await end_sessions_of(ctx, ctx.member.id, reason=reason)


async def end_other_sessions(ctx: Ctx, user_id: UUID, *, keep: UUID | None, reason: str) -> int:
    """Ends all sessions of somebody but one, and what log-ins are half done; answers how many."""
    ended = await _REVOKE_ALL(ctx.db, user_id, ctx.now, reason, keep)
    await _END_CHALLENGES(ctx.db, user_id)
    forget(ctx, user_id)
    if ended:
        await audit.record(
            ctx,
            "identity.sessions_ended",
            subject="user",
            subject_id=user_id,
            after={"sessions": ended, "reason": reason},
        )
        await emit(ctx, SessionEnded(user_id=user_id, session_id=None, reason=reason))
    return ended


async def end_sessions_of(ctx: Ctx, user_id: UUID, *, reason: str) -> int:
    """Ends all sessions of somebody, and what log-ins are half done; answers how many."""
    return await end_other_sessions(ctx, user_id, keep=None, reason=reason)


async def prune(ctx: Ctx) -> int:
    """Deletes sessions that ended a while ago, and failed and unfinished log-ins that no longer count; answers how
    many rows."""
    return (
        await _PRUNE_SESSIONS(ctx.db, ctx.now - KEPT_AFTER_END)
        + await _PRUNE_FAILURES(ctx.db, ctx.now)
        + await _PRUNE_CHALLENGES(ctx.db, ctx.now - timedelta(hours=1))
    )


_PRUNE_SESSIONS = run("delete from sessions where expires_at < $1 or revoked_at < $1")
_PRUNE_CHALLENGES = run("delete from login_challenges where expires_at < $1")
_PRUNE_FAILURES = run(
    """
    delete from login_failures
    where updated_at < $1::timestamptz - interval '1 day' and coalesce(locked_until, $1) <= $1
    """
)
