"""Who may do what on a site. `access_site` is the only way from an id to a site."""

import hashlib
from uuid import UUID

from stoa.foundation.people.queries.blocks import are_apart
from stoa.foundation.team import queries
from stoa.foundation.team.errors import NoSuchInvite
from stoa.foundation.team.queries import CollaboratorRow, InviteRow
from stoa.foundation.team.types import (
    ALL,
    STAFF_PERMISSIONS,
    CollaboratorState,
    Permission,
    SiteAccess,
    permissions_of,
)
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, NotFound
from stoa.kit.ids import parse_id


async def access_site(
    ctx: Ctx, site_id: UUID, permission: Permission | None = None, *, also_deleted: bool = False
) -> SiteAccess:
    """A site that the actor owns, works on, or looks at as staff; with a `permission` that they must have there.

    Raises NotFound for everybody else's, and Forbidden where the permission is missing. A site whose owner may not come
    in is closed to those who work on it. `also_deleted`: to restore it (S5).
    """
    row = await queries.site_row(ctx, site_id)
    if row is None or ctx.actor is None or (row.deleted_at is not None and not also_deleted):
        raise NotFound("There is no such site")
    held = permissions_of(row.team_role, row.team_permissions) if row.owner_is_live else frozenset()
    if row.owner_id == ctx.actor.id:
        role, held = "owner", ALL
    elif row.team_role is not None and row.owner_is_live:
        role = row.team_role
    elif ctx.actor.is_staff:
        role = "staff"
    else:
        raise NotFound("There is no such site")
    if ctx.actor.is_staff:
        held |= STAFF_PERMISSIONS
    access = SiteAccess(
        id=row.id,
        owner_id=row.owner_id,
        slug=row.slug,
        title=row.title,
        is_default=row.is_default,
        is_open=row.is_open,
        deleted_at=row.deleted_at,
        role=role,
        permissions=held,
    )
    if permission is not None and not access.may(permission):
        raise Forbidden("Your role on this site does not include this")
    return access


async def access_collaborator(
    ctx: Ctx, collaborator_id: UUID, *, site_id: UUID | None = None
) -> tuple[SiteAccess, CollaboratorRow]:
    """A membership of a site: for who manages the team, for staff to look at, for colleagues, and for the person.

    `site_id`: the site it has to belong to. Raises NotFound.
    """
    row = await queries.collaborator_row(ctx, collaborator_id)
    if row is None or site_id not in (None, row.site_id):
        raise NotFound("There is nobody of this kind on the team")
    access = await access_site(ctx, row.site_id)
    if not access.sees_team and row.state is not CollaboratorState.ACTIVE:
        raise NotFound("There is nobody of this kind on the team")
    return access, row


async def access_collaborator_to_change(
    ctx: Ctx, collaborator_id: UUID, *, site_id: UUID | None = None
) -> tuple[SiteAccess, CollaboratorRow]:
    """A membership that the actor may change. Raises NotFound, and Forbidden for one above them, or their own."""
    access, row = await access_collaborator(ctx, collaborator_id, site_id=site_id)
    if not access.may(Permission.MANAGE_TEAM):
        raise Forbidden("Your role on this site does not include this")
    if not access.may_change(row.held):
        raise Forbidden("Only the owner changes those who manage the team")
    return access, row


async def access_invite(ctx: Ctx, token: str) -> InviteRow:
    """An invitation by the token of its mail, or, for the account of the confirmed address, by its id.

    Whoever has the token and no account yet may look at an open one. Raises NoSuchInvite for everybody else, and never
    tells the address.
    """
    invite_id = parse_id(token)
    if invite_id is not None:
        row = await queries.invite_by_id(ctx, invite_id)
    else:
        row = await queries.invite_by_hash(ctx, hash_token(token))
    if row is None or not row.owner_is_live:
        raise NoSuchInvite
    if ctx.actor is None:
        if invite_id is not None or row.state is not CollaboratorState.INVITED:
            raise NoSuchInvite
        return row
    if row.user_id is not None:
        if row.user_id != ctx.actor.id:
            raise NoSuchInvite
        return row
    hosts = {row.owner.id} if row.invited_by is None else {row.owner.id, row.invited_by.id}
    for host_id in sorted(hosts):
        if await are_apart(ctx, host_id, ctx.actor.id):  # P4
            raise NoSuchInvite
    address = await queries.address_of(ctx, ctx.actor.id)
    if address is None or address.email != row.email or (invite_id is not None and not address.is_verified):
        raise NoSuchInvite
    return row


def hash_token(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
