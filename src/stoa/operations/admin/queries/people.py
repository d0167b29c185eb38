"""Accounts of people, for those who look after them."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, one
from stoa.kit.pagination import Page, decode, keyset
from stoa.operations.admin.types import PersonDetail, PersonRow, PersonSession, StatusLine

_ROW: Final = """select id, username, email, roles, status, status_reason, status_until, is_verified, created_at,
    last_login_at from users"""
_SIFTED: Final = """($1::text is null or status = $1) and ($2::text is null or roles @> array[$2])
    and (created_at, id) < ($3, $4::uuid)"""
_NEWEST: Final = "order by created_at desc, id desc limit $5"
_START: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))

# What is searched for leads the way by its own index: the beginning of a name or of an e-mail, or an id.
_EVERYBODY = many(PersonRow, f"{_ROW} where {_SIFTED} {_NEWEST}")
_BY_ID = many(PersonRow, f"{_ROW} where id = $6::uuid and {_SIFTED} {_NEWEST}")
_BY_EMAIL = many(PersonRow, f"{_ROW} where lower(email) ^@ lower($6) and {_SIFTED} {_NEWEST}")
_BY_NAME = many(PersonRow, f"{_ROW} where lower(username) ^@ lower($6) and {_SIFTED} {_NEWEST}")

_PERSON = one(
    PersonDetail,
    """
    select u.id, u.username, p.display_name, u.email, u.phone, u.roles, u.status, u.status_reason, u.status_until,
      u.is_verified, u.second_factors,
      (select count(*) from works w where w.author_id = u.id and w.state = 'published' and w.deleted_at is null)
        as works,
      (select count(*) from sessions s where s.user_id = u.id and s.revoked_at is null and s.expires_at > $2)
        as sessions,
      u.created_at, u.last_login_at
    from users u join profiles p on p.user_id = u.id where u.id = $1
    """,
)
_SESSIONS = many(
    PersonSession,
    """
    select id, kind, provider, address, os, browser, country, city, created_at, last_used_at from sessions
    where user_id = $1 and revoked_at is null and expires_at > $2 order by created_at desc limit 50
    """,
)
_HISTORY = many(
    StatusLine,
    """
    select h.id, h.status, h.reason, h.until, b.username as by, h.at
    from status_history h left join users b on b.id = h.by_id
    where h.user_id = $1 order by h.at desc, h.id desc limit 100
    """,
)


async def people(
    ctx: Ctx,
    *,
    query: str | None = None,
    status: str | None = None,
    role: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[PersonRow]:
    """Accounts, newest first; `query` is an id, or the beginning of a name or of an e-mail."""
    scope = f"admin.people.{status}.{role}.{query}"
    place = decode(cursor, tuple[datetime, UUID], scope=scope) or _START
    sifted = (status, role, *place, limit + 1)
    if query is None:
        rows = await _EVERYBODY(ctx.db, *sifted)
    elif (id_ := _uuid(query)) is not None:
        rows = await _BY_ID(ctx.db, *sifted, id_)
    elif "@" in query.lstrip("@"):
        rows = await _BY_EMAIL(ctx.db, *sifted, query)
    else:
        rows = await _BY_NAME(ctx.db, *sifted, query.lstrip("@"))
    return keyset(rows, limit, scope=scope, key=lambda row: (row.created_at, row.id))


async def person(ctx: Ctx, user_id: UUID) -> PersonDetail:
    """One account. Raises NotFound."""
    return await _PERSON(ctx.db, user_id, ctx.now)


async def sessions_of(ctx: Ctx, user_id: UUID) -> list[PersonSession]:
    """Where somebody is signed in, newest first."""
    return await _SESSIONS(ctx.db, user_id, ctx.now)


async def status_history(ctx: Ctx, user_id: UUID) -> list[StatusLine]:
    """What somebody's status was, newest first."""
    return await _HISTORY(ctx.db, user_id)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
