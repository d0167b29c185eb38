"""Making accounts and sessions. Passwords are hashed in a bounded thread pool: one hash takes 0.1 s and 64 MiB."""

import asyncio
import dataclasses
import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import jwt
import msgspec
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from stoa.foundation.identity.errors import EmailTaken, LockedOut, SessionOver, UsernameTaken, WrongCredentials
from stoa.foundation.identity.messages import SessionEnded, UserRegistered
from stoa.foundation.identity.policies import access_session, check_password, check_username
from stoa.foundation.identity.queries import (
    LOGIN_ROW,
    SESSION_BY_ID,
    SESSION_BY_TOKEN,
    LoginRow,
    SessionActor,
    user_by_email,
    user_by_username,
)
from stoa.foundation.identity.types import Role, Tokens, UserRow
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.db import Db, insert, maybe, run, value
from stoa.kit.ids import new_id
from stoa.kit.limits import network_of
from stoa.kit.outbox import emit

ACCESS_TTL: Final = timedelta(minutes=15)  # I3
REFRESH_TTL: Final = timedelta(days=30)  # I3
LEGACY_TTL: Final = timedelta(days=7)  # I3
PAGE_TTL: Final = timedelta(days=30)
KEPT_AFTER_END: Final = timedelta(days=30)
USED_EVERY: Final = timedelta(minutes=5)  # how exact "last used" is; not a write for each request
ALGORITHM: Final = "HS256"

# argon2id with pwdlib's defaults; a bcrypt hash from an import verifies and is replaced at the next log-in (I2).
_HASHES = PasswordHash((Argon2Hasher(), BcryptHasher()))
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_NOBODY = _HASHES.hash(secrets.token_hex(16))  # verified when there is no account, so that time does not tell (I5)


class _Credentials(msgspec.Struct, frozen=True):
    session_id: UUID
    token: str


# ---- registration ----------------------------------------------------------------------------------------------


async def register(
    ctx: Ctx,
    *,
    username: str,
    email: str,
    password: str,
    roles: tuple[Role, ...] = (Role.READER,),
    password_hash: str | None = None,
) -> UserRow:
    """A new account (I1, I2); its wallet, profile and welcome bonus are made in the same transaction.

    `password_hash`: of this password, where it is known already. Raises Invalid, EmailTaken, UsernameTaken.
    """
    check_username(username)
    check_password(password, username=username, email=email)
    if await user_by_email(ctx, email) is not None:
        raise EmailTaken
    if await user_by_username(ctx, username) is not None:
        raise UsernameTaken
    password_hash = password_hash or await hash_password(password)
    user_id = new_id()
    made = await _INSERT_USER(
        ctx.db, user_id, username, email.lower(), password_hash, [r.value for r in roles], ctx.now
    )
    if made is None:  # somebody else took one of the two while the password was being hashed
        raise EmailTaken if await user_by_email(ctx, email) is not None else UsernameTaken
    await emit(ctx, UserRegistered(user_id=user_id, username=username))
    return made


_INSERT_USER = maybe(
    UserRow,
    """
    insert into users (id, username, email, password_hash, roles, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $6) on conflict do nothing
    returning id, username, email, roles, status, is_verified, created_at
    """,
)


async def hash_password(password: str) -> str:
    """argon2id, off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHES.hash, password)


async def _verify(password: str, password_hash: str) -> tuple[bool, str | None]:
    def check() -> tuple[bool, str | None]:
        try:
            return _HASHES.verify_and_update(password, password_hash)
        except (UnknownHashError, ValueError):  # not a hash of ours; or longer than bcrypt takes, so not that password
            return False, None

    return await asyncio.get_running_loop().run_in_executor(_THREADS, check)


# ---- log-in ----------------------------------------------------------------------------------------------------


async def check_login(ctx: Ctx, *, email: str, password: str, address: str) -> LoginRow:
    """The account these credentials belong to. Raises WrongCredentials or LockedOut, never telling which exists."""
    keys = [f"account:{hashlib.sha256(email.lower().encode()).hexdigest()}", f"address:{network_of(address)}"]
    locked_until = await _LOCKED_UNTIL(ctx.db, keys, ctx.now)
    if locked_until is not None:
        raise LockedOut(int((locked_until - ctx.now).total_seconds()) + 1)
    row = await LOGIN_ROW(ctx.db, email)
    right, new_hash = await _verify(password, (row and row.password_hash) or _NOBODY)
    if row is None or row.password_hash is None or not right or row.status not in ("active", "pending_verification"):
        await _count_failure(ctx, keys)
        raise WrongCredentials
    await _FORGIVE(ctx.db, keys[0])
    await _LOGGED_IN(ctx.db, row.id, ctx.now, new_hash)
    return row


async def _count_failure(ctx: Ctx, keys: list[str]) -> None:
    """In a transaction of its own: the request's is rolled back when it answers 401."""
    config = await platform(ctx)
    async with ctx.app.side.transaction() as db:
        for key in sorted(keys):
            await _FAILED(db, key, ctx.now, config.lock_after_failures, timedelta(seconds=config.lock_for_s))


_LOCKED_UNTIL = value(
    datetime | None, "select max(locked_until) from login_failures where key = any($1) and locked_until > $2"
)
_FAILED = run(
    """
    insert into login_failures as f (key, failures, updated_at) values ($1, 1, $2)
    on conflict (key) do update set
      failures = case when f.updated_at < $2 - $4::interval then 1 else f.failures + 1 end,
      locked_until = case when f.updated_at >= $2 - $4::interval and f.failures + 1 >= $3 then $2 + $4::interval end,
      updated_at = $2
    """
)
_FORGIVE = run("delete from login_failures where key = $1")
_LOGGED_IN = run("update users set last_login_at = $2, password_hash = coalesce($3, password_hash) where id = $1")


# ---- sessions (I3) ---------------------------------------------------------------------------------------------


async def open_page_session(ctx: Ctx, user_id: UUID, *, address: str, user_agent: str) -> str:
    """A new session for the browser; answers the cookie's value. Never adopts one the client brought (fixation)."""
    made = await _open(ctx, user_id, "page", PAGE_TTL, address, user_agent)
    return made.token


async def open_api_session(ctx: Ctx, user_id: UUID, *, address: str, user_agent: str) -> Tokens:
    """A new session for `/api/v1`: an access token of 15 minutes and a refresh token of 30 days."""
    session_id = new_id()
    token = _refresh_secret(ctx.app, session_id)
    made = await _open(ctx, user_id, "api", REFRESH_TTL, address, user_agent, session_id=session_id, token=token)
    return _tokens(ctx, user_id, made)


async def open_legacy_session(
    ctx: Ctx, user_id: UUID, *, address: str, user_agent: str, phone: str | None, role: str
) -> str:
    """The one 7-day token of the unversioned `/api/auth/*`: claims id, phone, role, iat, exp, and its session."""
    made = await _open(ctx, user_id, "legacy", LEGACY_TTL, address, user_agent)
    claims = {
        "id": str(user_id),
        "phone": phone,
        "role": role,
        "sid": str(made.session_id),
        "iat": ctx.now,
        "exp": ctx.now + LEGACY_TTL,
    }
    return jwt.encode(claims, _key(ctx.app, b"jwt"), algorithm=ALGORITHM, headers={"typ": "at+jwt"})


async def _open(
    ctx: Ctx,
    user_id: UUID,
    kind: str,
    ttl: timedelta,
    address: str,
    user_agent: str,
    *,
    session_id: UUID | None = None,
    token: str | None = None,
) -> _Credentials:
    made = _Credentials(session_id or new_id(), token or secrets.token_urlsafe(32))
    await insert(
        ctx.db,
        "sessions",
        {
            "id": made.session_id,
            "user_id": user_id,
            "kind": kind,
            "token_hash": _digest(made.token),
            "address": address,
            "user_agent": user_agent,
            "created_at": ctx.now,
            "last_used_at": ctx.now,
            "expires_at": ctx.now + ttl,
        },
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
        access_token=jwt.encode(claims, _key(ctx.app, b"jwt"), algorithm=ALGORITHM, headers={"typ": "at+jwt"}),
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
    if not _is_ours(ctx.app, session_id, token):  # anybody may guess; that is no reason to end a session
        raise SessionOver
    fresh = _refresh_secret(ctx.app, session_id)
    user_id = await _ROTATE(ctx.db, session_id, _digest(token), _digest(fresh), ctx.now, ctx.now + REFRESH_TTL)
    if user_id is not None:
        return _tokens(ctx, user_id, _Credentials(session_id, fresh))
    reason = "refresh token used twice"
    async with ctx.app.side.transaction() as db:  # this request answers 401 and is rolled back
        owner_id = await _REVOKE(db, session_id, ctx.now, reason)
        if owner_id is not None:
            ended = SessionEnded(user_id=owner_id, session_id=session_id, reason=reason)
            await emit(dataclasses.replace(ctx, db=db), ended)
    raise SessionOver


def _refresh_secret(app: App, session_id: UUID) -> str:
    """A random part and its mark, by which a token that we once gave out is known without keeping it."""
    nonce = secrets.token_urlsafe(24)
    return f"{nonce}~{_mark(app, session_id, nonce)}"


def _is_ours(app: App, session_id: UUID, token: str) -> bool:
    nonce, _, mark = token.partition("~")
    return hmac.compare_digest(mark.encode(), _mark(app, session_id, nonce).encode())


def _mark(app: App, session_id: UUID, nonce: str) -> str:
    text = session_id.bytes + nonce.encode("utf-8", "replace")
    return hmac.new(_key(app, b"refresh"), text, hashlib.sha256).hexdigest()[:32]


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
_REVOKE_ALL = run("update sessions set revoked_at = $2, revoked_reason = $3 where user_id = $1 and revoked_at is null")


async def end_session(ctx: Ctx, session_id: UUID, *, reason: str) -> None:
    """Ends one of the actor's sessions; every token of it stops at once. Raises NotFound."""
    session = await access_session(ctx, session_id)
    await _REVOKE(ctx.db, session.id, ctx.now, reason)
    await emit(ctx, SessionEnded(user_id=session.user_id, session_id=session.id, reason=reason))


async def end_all_sessions(ctx: Ctx, *, reason: str) -> int:
    """Ends all sessions of the actor; answers how many."""
    ended = await _REVOKE_ALL(ctx.db, ctx.member.id, ctx.now, reason)
    await emit(ctx, SessionEnded(user_id=ctx.member.id, session_id=None, reason=reason))
    return ended


async def prune(ctx: Ctx) -> int:
    """Deletes sessions that ended a while ago, and failed log-ins that no longer count; answers how many rows."""
    return await _PRUNE_SESSIONS(ctx.db, ctx.now - KEPT_AFTER_END) + await _PRUNE_FAILURES(ctx.db, ctx.now)


_PRUNE_SESSIONS = run("delete from sessions where expires_at < $1 or revoked_at < $1")
_PRUNE_FAILURES = run(
    """
    delete from login_failures
    where updated_at < $1::timestamptz - interval '1 day' and coalesce(locked_until, $1) <= $1
    """
)


# ---- who is it -------------------------------------------------------------------------------------------------


async def actor_of_cookie(db: Db, cookie: str, now: datetime) -> Actor | None:
    """The actor of a session cookie, or None."""
    return await _actor(db, await SESSION_BY_TOKEN(db, _digest(cookie), now), now)


def read_bearer(app: App, bearer: str, now: datetime) -> UUID:
    """The session of an access token or a 7-day token, without the database. Raises SessionOver for any other."""
    try:
        claims = jwt.decode(
            bearer,
            _key(app, b"jwt"),
            algorithms=[ALGORITHM],
            options={"require": ["exp", "sid"], "verify_aud": False, "verify_exp": False, "verify_iat": False},
        )
        session_id, expires = UUID(str(claims["sid"])), int(claims["exp"])
    except (jwt.PyJWTError, ValueError, TypeError):
        raise SessionOver from None
    if expires <= now.timestamp() or claims.get("aud", "stoa") != "stoa":
        raise SessionOver
    return session_id


async def actor_of_session(db: Db, session_id: UUID, now: datetime) -> Actor:
    """The actor of a live session. Raises SessionOver."""
    actor = await _actor(db, await SESSION_BY_ID(db, session_id, now), now)
    if actor is None:
        raise SessionOver
    return actor


async def _actor(db: Db, session: SessionActor | None, now: datetime) -> Actor | None:
    if session is None:
        return None
    if now - session.last_used_at > USED_EVERY:
        await _TOUCH(db, session.session_id, now)
    return Actor(
        id=session.user_id,
        username=session.username,
        roles=frozenset(session.roles),
        session_id=session.session_id,
    )


_TOUCH = run("update sessions set last_used_at = $2 where id = $1")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _key(app: App, purpose: bytes) -> bytes:
    """A key for one purpose, so that what signs one kind of token never signs another."""
    return hmac.new(app.settings.secret_key.encode(), purpose, hashlib.sha256).digest()


async def grant_role(ctx: Ctx, user_id: UUID, role: Role) -> None:
    """Adds a capability; repeating it changes nothing."""
    await _GRANT(ctx.db, user_id, role.value, ctx.now)


_GRANT = run(
    "update users set roles = roles || $2::text, updated_at = $3 where id = $1 and not roles @> array[$2::text]"
)
