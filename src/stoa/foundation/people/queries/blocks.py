"""Who is hidden from whom (P4): the one condition that every list and every look at somebody is read with."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from stoa.foundation.people.queries.columns import NAMED, SHOWN, person_columns
from stoa.foundation.people.types import BlockedView, PersonView
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, value
from stoa.kit.pagination import Page, decode, keyset

START: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))  # before the newest of every list
_EITHER: Final = "(blocker_id, blocked_id) in (($1, $2), ($2, $1))"
_APART = value(bool, f"select exists (select from blocks where {_EITHER})")
# Whoever blocked me is not there for me, unless I blocked them, too: then I may change my mind.
_BLOCKABLE: Final = f"""
    select u.id, u.username, p.display_name, '/media/' || p.avatar_media_id || '/320.webp' as avatar_url, u.is_verified
    from users u join profiles p on p.user_id = u.id
    where {SHOWN} and (
      exists (select from blocks b where b.blocker_id = $2 and b.blocked_id = u.id)
      or not exists (select from blocks b where b.blocker_id = u.id and b.blocked_id = $2)
    )
"""
_BLOCKABLE_BY_NAME = maybe(PersonView, f"{_BLOCKABLE} and {NAMED}")
_BLOCKABLE_BY_ID = maybe(PersonView, f"{_BLOCKABLE} and u.id = $1")
_BLOCKED = many(
    BlockedView,
    f"""
    select {person_columns("person")}, b.created_at as blocked_at
    from blocks b join users u on u.id = b.blocked_id join profiles p on p.user_id = u.id
    where b.blocker_id = $1 and u.status <> 'deleted' and (b.created_at, b.blocked_id) < ($2, $3::uuid)
    order by b.created_at desc, b.blocked_id desc limit $4
    """,
)


def hidden(viewer: str) -> str:
    """An array of all who are hidden from the viewer (a parameter, may be null), read once for a statement."""
    return f"(select hidden_people({viewer}))::uuid[]"


def not_hidden(person: str, viewer: str) -> str:
    """A condition that the person (a column) and the viewer (a parameter, may be null) have not blocked each other."""
    return f"{person} <> all({hidden(viewer)})"


def viewer_id(ctx: Ctx) -> UUID | None:
    """Whose blocks hide people in lists: the actor's; nobody's for visitors."""
    return ctx.actor.id if ctx.actor else None


def looking_as(ctx: Ctx) -> UUID | None:
    """Whose blocks hide a single person or work: the actor's, but not those of staff, who look at what they judge."""
    return None if ctx.actor is None or ctx.actor.is_staff else ctx.actor.id


async def are_apart(ctx: Ctx, one_id: UUID, other_id: UUID) -> bool:
    """Whether one of two people has blocked the other."""
    return await _APART(ctx.db, one_id, other_id)


async def blockable(ctx: Ctx, person: str | UUID) -> PersonView | None:
    """Somebody, by name or id, whom the actor may block or has blocked; None for whoever is hidden from them."""
    find = _BLOCKABLE_BY_NAME if isinstance(person, str) else _BLOCKABLE_BY_ID
    return await find(ctx.db, person, ctx.member.id)


async def blocked(ctx: Ctx, *, cursor: str | None = None, limit: int = 20) -> Page[BlockedView]:
    """Whom the actor has blocked, the newest first. Raises Invalid for a cursor of another list."""
    seek = decode(cursor, tuple[datetime, UUID], scope="blocked") or START
    rows = await _BLOCKED(ctx.db, ctx.member.id, *seek, limit + 1)
    return keyset(rows, limit, scope="blocked", key=lambda row: (row.blocked_at, row.person.id))
