"""Sites: everybody who makes something has one, from the moment in which they may. What a site looks like and says is
creation/sites, which calls these with what it has checked.
"""

from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.foundation.team.errors import SiteSlugTaken
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, constraint_of, maybe, run, value
from stoa.kit.ids import new_id


class _Purged(msgspec.Struct, frozen=True):
    owner_id: UUID
    places: int


_OPEN: Final[Statement[bool | None]] = value(
    bool | None, "select sites_open_default(id, $2, $3) from users where id = $1 and 'creator' = any(roles)"
)
_LOCK: Final = run("select from sites where id = $1 for no key update")
_LOCK_OWNER: Final = run("select from users where id = $1 for no key update")
_CREATE: Final = run(
    """
    insert into sites (id, owner_id, slug, title, is_default, created_at)
    values ($1, $2, $3, $4, not exists (select from sites where owner_id = $2 and is_default), $5)
    """
)
_COUNT: Final = value(int, "select count(*) from sites where owner_id = $1 and purged_at is null")
_RENAME: Final = run("update sites set slug = $2 where id = $1 and slug <> $2")
_RETITLE: Final = run("update sites set title = $2 where id = $1 and title <> $2")
_SET_OPEN: Final = run("update sites set is_open = $2 where id = $1 and is_open <> $2")
_DELETE: Final = run(
    "update sites set deleted_at = $2, is_open = false where id = $1 and deleted_at is null and not is_default"
)
_RESTORE: Final = run(
    "update sites set deleted_at = null, is_open = $2 where id = $1 and deleted_at is not null and purged_at is null"
)
_PURGE: Final = maybe(
    _Purged,
    """
    with gone as (
      update sites set purged_at = $2, title = 'A site that is gone', is_open = false where id = $1 returning owner_id
    ), ended as (
      update collaborators c set state = 'revoked', deactivated_at = $2, deactivated_reason = 'The site is gone'
      from (
        select id, state from collaborators
        where site_id = $1 and state in ('invited', 'active', 'deactivated', 'expired') for update
      ) was
      where c.id = was.id returning was.state
    )
    select gone.owner_id, (select count(*) from ended where state in ('invited', 'active')) as places from gone
    """,
)


async def open_default_site(ctx: Ctx, user_id: UUID) -> None:
    """The default site of a creator; nothing for who is none, or has one."""
    await _OPEN(ctx.db, user_id, new_id(), ctx.now)


async def lock_site(ctx: Ctx, site_id: UUID) -> None:
    """One change of a team, or of a site, at a time, so that places and rights are counted as they are (B4)."""
    await _LOCK(ctx.db, site_id)


async def create_site(ctx: Ctx, *, owner_id: UUID, slug: str, title: str, most: int) -> UUID | None:
    """A site of an owner, who has at most so many; None where they have them already. The first one is the default one.

    `slug` and `title` are checked. Raises SiteSlugTaken.
    """
    await _LOCK_OWNER(ctx.db, owner_id)
    if await _COUNT(ctx.db, owner_id) >= most:
        return None
    site_id = new_id()
    try:
        async with ctx.db.transaction():  # so that whoever is refused can still be shown a page
            await _CREATE(ctx.db, site_id, owner_id, slug, title, ctx.now)
    except asyncpg.UniqueViolationError as error:
        raise _taken(error) from None
    return site_id


async def rename_site(ctx: Ctx, site_id: UUID, slug: str) -> None:
    """Gives a site another address; the old one leads to it from now on (S6). Raises SiteSlugTaken."""
    try:
        async with ctx.db.transaction():
            await _RENAME(ctx.db, site_id, slug)
    except asyncpg.UniqueViolationError as error:
        raise _taken(error) from None


async def retitle(ctx: Ctx, site_id: UUID, title: str) -> None:
    """Gives a site another name of 1 to 80 characters."""
    await _RETITLE(ctx.db, site_id, title)


async def set_open(ctx: Ctx, site_id: UUID, is_open: bool) -> None:
    """Opens a site to everybody, or closes it with all that stands in it."""
    await _SET_OPEN(ctx.db, site_id, is_open)


async def delete_site(ctx: Ctx, site_id: UUID) -> bool:
    """Deletes a site softly (S5); all that stands in it is closed. False for one that was, and for the default one."""
    return await _DELETE(ctx.db, site_id, ctx.now) > 0


async def restore_site(ctx: Ctx, site_id: UUID, *, is_open: bool) -> bool:
    """Takes a site back out of the trash. False for one that was not in it."""
    return await _RESTORE(ctx.db, site_id, is_open) > 0


async def purge_site(ctx: Ctx, site_id: UUID) -> None:
    """Ends a deleted site for good: nobody works on it any more, and only its addresses are kept (S5, S6)."""
    found = await _PURGE(ctx.db, site_id, ctx.now)
    if found is not None and found.places:
        await plans.give_back(ctx, found.owner_id, Meter.COLLABORATORS, found.places)


def _taken(error: asyncpg.UniqueViolationError) -> Exception:
    return SiteSlugTaken() if constraint_of(error) in ("sites_slug_key", "site_slugs_pkey") else error
