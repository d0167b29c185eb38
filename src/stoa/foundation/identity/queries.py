"""Reads of accounts and sessions."""

from datetime import datetime
from uuid import UUID

import msgspec

from stoa.foundation.identity.gateways import configured
from stoa.foundation.identity.types import (
    BackupCodesView,
    ConnectedAccount,
    PasskeyView,
    Provider,
    SecurityView,
    UserRow,
)
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, one, value

_USER = "select id, username, email, roles, status, is_verified, created_at from users"
_USER_BY_ID = maybe(UserRow, f"{_USER} where id = $1 and status <> 'deleted'")
_USER_BY_USERNAME = maybe(UserRow, f"{_USER} where lower(username) = lower($1) and status <> 'deleted'")
_NAME_IS_KEPT = value(bool, "select exists (select from usernames where name = lower($1))")
_USER_BY_EMAIL = maybe(UserRow, f"{_USER} where lower(email) = lower($1) and status <> 'deleted'")


class LoginRow(msgspec.Struct, frozen=True):
    """What a log-in needs to know of an account."""

    id: UUID
    username: str
    password_hash: str | None
    roles: list[str]
    status: str


class SessionActor(msgspec.Struct, frozen=True):
    """Whose session it is, with what the edge needs of the account."""

    session_id: UUID
    user_id: UUID
    username: str
    roles: list[str]
    last_used_at: datetime
    expires_at: datetime


class SessionView(msgspec.Struct, frozen=True):
    """One place somebody is signed in. `is_current`: it is the one that asks. `provider`: by what they came in."""

    id: UUID
    kind: str
    address: str
    user_agent: str
    device_type: str
    os: str
    browser: str
    country: str | None
    city: str | None
    provider: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_current: bool


class SessionFactors(msgspec.Struct, frozen=True):
    """The second factors of an account, and when a session last showed one."""

    second_factors: list[str]
    second_factor_at: datetime | None


LOGIN_ROW = maybe(
    LoginRow, "select id, username, password_hash, roles, status from users where lower(email) = lower($1)"
)
_LIVE = """
    select s.id as session_id, u.id as user_id, u.username, u.roles, s.last_used_at, s.expires_at
    from sessions s join users u on u.id = s.user_id
    where s.revoked_at is null and s.expires_at > $2 and u.status in ('active', 'pending_verification')
"""
SESSION_BY_ID = maybe(SessionActor, f"{_LIVE} and s.id = $1")
SESSION_BY_TOKEN = maybe(SessionActor, f"{_LIVE} and s.token_hash = $1")
SESSIONS_BY_ID = many(SessionActor, f"{_LIVE} and s.id = any($1)")
FACTORS_OF_SESSION = maybe(
    SessionFactors,
    """
    select u.second_factors, s.second_factor_at from users u left join sessions s on s.user_id = u.id and s.id = $2
    where u.id = $1
    """,
)
_SESSIONS = many(
    SessionView,
    """
    select id, kind, address, user_agent, device_type, os, browser, country, city, provider, created_at, last_used_at,
      expires_at, (id is not distinct from $3) as is_current
    from sessions where user_id = $1 and revoked_at is null and expires_at > $2 order by created_at desc limit 100
    """,
)

_SUPER_ADMINS = value(
    int,
    """
    select count(*) from users where roles && array['moderator', 'support', 'admin', 'super_admin']
      and roles @> array['super_admin'] and status in ('active', 'pending_verification')
    """,
)


async def user_by_id(ctx: Ctx, user_id: UUID) -> UserRow | None:
    """An account that is not deleted, or None."""
    return await _USER_BY_ID(ctx.db, user_id)


async def user_by_username(ctx: Ctx, username: str) -> UserRow | None:
    """An account by its name in any case, or None."""
    return await _USER_BY_USERNAME(ctx.db, username)


async def name_is_kept(ctx: Ctx, username: str) -> bool:
    """Whether a name is an account's, or was once (I1)."""
    return await _NAME_IS_KEPT(ctx.db, username)


async def user_by_email(ctx: Ctx, email: str) -> UserRow | None:
    """An account by its e-mail in any case, or None."""
    return await _USER_BY_EMAIL(ctx.db, email)


async def super_admins(ctx: Ctx) -> int:
    """How many can decide about administrators (I8)."""
    return await _SUPER_ADMINS(ctx.db)


async def sessions(ctx: Ctx) -> list[SessionView]:
    """The actor's live sessions, newest first."""
    return await _SESSIONS(ctx.db, ctx.member.id, ctx.now, ctx.member.session_id)


# ---- second factors (I4) ---------------------------------------------------------------------------------------

_PASSKEYS = many(
    PasskeyView,
    "select id, name, backed_up, created_at, last_used_at from passkeys where user_id = $1 order by created_at, id",
)
OWN_PASSKEY = maybe(
    PasskeyView,
    "select id, name, backed_up, created_at, last_used_at from passkeys where id = $1 and user_id = $2",
)
_BACKUP_CODES = one(
    BackupCodesView,
    """
    select count(*) as total, count(*) filter (where used_at is null) as left, max(created_at) as made_at,
      max(used_at) as last_used_at
    from backup_codes where user_id = $1
    """,
)
_SECURITY = one(
    SecurityView,
    """
    select u.email, u.is_verified, u.phone, (u.password_hash is not null) as has_password, u.second_factors,
      (select t.confirmed_at from totp_factors t where t.user_id = u.id and t.confirmed_at is not null) as app_since,
      (select count(*) from passkeys p where p.user_id = u.id) as passkeys,
      array(
        select a.provider from auth_accounts a where a.user_id = u.id and a.revoked_at is null order by a.provider
      ) as providers,
      (select count(*) from sessions s where s.user_id = u.id and s.revoked_at is null and s.expires_at > $2)
        as sessions
    from users u where u.id = $1
    """,
)


async def passkeys(ctx: Ctx) -> list[PasskeyView]:
    """The actor's passkeys, in the order in which they were added."""
    return await _PASSKEYS(ctx.db, ctx.member.id)


async def backup_codes(ctx: Ctx) -> BackupCodesView:
    """How many of the actor's backup codes are left. The codes themselves are kept nowhere."""
    return await _BACKUP_CODES(ctx.db, ctx.member.id)


async def security(ctx: Ctx) -> SecurityView:
    """What keeps the actor's account safe."""
    return await _SECURITY(ctx.db, ctx.member.id, ctx.now)


# ---- phones (I1) -----------------------------------------------------------------------------------------------


class PhoneView(msgspec.Struct, frozen=True):
    """The confirmed phone of an account, and one that a code is on its way to."""

    phone: str | None
    waits_for: str | None


_PHONE = one(
    PhoneView,
    """
    select phone, (
      select c.phone from phone_codes c
      where c.user_id = u.id and c.purpose = 'confirm' and c.ended_at is null and c.expires_at > $2
    ) as waits_for
    from users u where id = $1
    """,
)


async def phone_of(ctx: Ctx) -> PhoneView:
    """The actor's phone."""
    return await _PHONE(ctx.db, ctx.member.id, ctx.now)


# ---- accounts of other providers (I7) --------------------------------------------------------------------------

# What lets somebody in besides accounts of other providers.
_OTHER_WAYS = """(u.password_hash is not null or u.phone is not null
  or exists (select from passkeys p where p.user_id = u.id))"""
_WAYS_IN = value(
    bool,
    f"""
    select exists (
      select from users u where u.id = $1 and (
        {_OTHER_WAYS} or exists (select from auth_accounts a where a.user_id = u.id and a.revoked_at is null)
      )
    )
    """,
)
_CONNECTED = many(
    ConnectedAccount,
    f"""
    select a.provider, a.provider_email as email, a.provider_name as name, a.provider_avatar as avatar_url, a.scopes,
      a.created_at as connected_at, a.synced_at as last_synced_at,
      ({_OTHER_WAYS} or count(*) over () > 1) as can_disconnect
    from auth_accounts a join users u on u.id = a.user_id
    where a.user_id = $1 and a.revoked_at is null order by a.created_at, a.provider
    """,
)


async def ways_in(ctx: Ctx, user_id: UUID) -> bool:
    """Whether anything is left that lets this person in: a password, a passkey, a phone, a provider's account."""
    return await _WAYS_IN(ctx.db, user_id)


async def connected_accounts(ctx: Ctx) -> list[ConnectedAccount]:
    """The accounts of other providers that open the actor's account, the oldest first."""
    return await _CONNECTED(ctx.db, ctx.member.id)


def providers(ctx: Ctx) -> list[Provider]:
    """The providers that are set up here, in the order of their buttons."""
    return configured.providers(ctx.app.settings)
