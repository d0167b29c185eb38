"""Reads of sites, teams and invitations."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.people.queries import AVATAR_URL, not_hidden
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.types import (
    ALL,
    CollaboratorState,
    CollaboratorView,
    InviteView,
    Permission,
    SiteAccess,
    SiteView,
    TeamRole,
    permissions_of,
)
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, value
from stoa.kit.pagination import Page, decode, keyset

_LIVE_OWNER: Final = "o.status in ('active', 'pending_verification')"


def _person(name: str, user: str, profile: str) -> str:
    """The columns of a PersonView called `name`, from these aliases of users and profiles."""
    return f"""
        {user}.id as "{name}.id", {user}.username as "{name}.username", {profile}.display_name as "{name}.display_name",
        {AVATAR_URL.replace("p.", f"{profile}.")} as "{name}.avatar_url", {user}.is_verified as "{name}.is_verified"
    """


def membership_join(*, owner: str, site: str, actor: str) -> str:
    """SQL that joins the actor's membership, if any, to a row that stands on a site of its owner.

    owner, site, actor: expressions; without a site it is the owner's default one. Select MEMBERSHIP_COLUMNS.
    """
    return f"""
        left join sites home on home.owner_id = {owner}
          and case when {site} is null then home.is_default else home.id = {site} end
        left join collaborators member on member.site_id = home.id and member.user_id = {actor}
          and member.state = 'active'
          and exists (select from users o where o.id = {owner} and {_LIVE_OWNER})
    """


MEMBERSHIP_COLUMNS: Final = "member.role as team_role, coalesce(member.permissions, '{}') as team_permissions"


# ---- sites -----------------------------------------------------------------------------------------------------


class _SiteRow(msgspec.Struct, frozen=True):
    id: UUID
    slug: str
    title: str
    is_default: bool
    owner: PersonView
    created_at: datetime
    team_role: str | None
    team_permissions: list[str]


_SITES = many(
    _SiteRow,
    f"""
    select s.id, s.slug, s.title, s.is_default, {_person("owner", "o", "p")}, s.created_at, c.role as team_role,
      coalesce(c.permissions, '{{}}') as team_permissions
    from sites s join users o on o.id = s.owner_id join profiles p on p.user_id = o.id
    left join collaborators c on c.site_id = s.id and c.user_id = $1 and c.state = 'active'
    where s.id in (
      select id from sites where owner_id = $1
      union all select site_id from collaborators where user_id = $1 and state = 'active'
    ) and s.deleted_at is null and (s.owner_id = $1 or {_LIVE_OWNER})
    order by s.owner_id = $1 desc, s.is_default desc, s.created_at, s.id limit 200
    """,
)


class _AccessRow(msgspec.Struct, frozen=True):
    id: UUID
    owner_id: UUID
    slug: str
    title: str
    is_default: bool
    is_open: bool
    deleted_at: datetime | None
    owner_is_live: bool
    team_role: str | None
    team_permissions: list[str]


_ACCESS = maybe(
    _AccessRow,
    f"""
    select s.id, s.owner_id, s.slug, s.title, s.is_default, s.is_open, s.deleted_at, {_LIVE_OWNER} as owner_is_live,
      c.role as team_role,
      coalesce(c.permissions, '{{}}') as team_permissions
    from sites s join users o on o.id = s.owner_id
    left join collaborators c on c.site_id = s.id and c.user_id = $2 and c.state = 'active'
    where s.id = $1
    """,
)
_DEFAULT_SITE = value(UUID | None, "select id from sites where owner_id = $1 and is_default")


async def sites(ctx: Ctx) -> list[SiteView]:
    """The actor's own sites, then those they work on, at most 200."""
    rows = await _SITES(ctx.db, ctx.member.id)
    return [
        SiteView(
            id=row.id,
            slug=row.slug,
            title=row.title,
            is_default=row.is_default,
            owner=row.owner,
            role="owner" if row.owner.id == ctx.member.id else row.team_role or "",
            permissions=_sorted(
                ALL if row.owner.id == ctx.member.id else permissions_of(row.team_role, row.team_permissions)
            ),
            created_at=row.created_at,
        )
        for row in rows
    ]


async def site_row(ctx: Ctx, site_id: UUID) -> _AccessRow | None:
    """What a policy has to know of a site and the actor's membership, or None."""
    return await _ACCESS(ctx.db, site_id, ctx.actor.id if ctx.actor else None)


async def default_site_of(ctx: Ctx, owner_id: UUID) -> UUID | None:
    """Where what somebody makes stands; None for who is no creator."""
    return await _DEFAULT_SITE(ctx.db, owner_id)


# ---- collaborators ---------------------------------------------------------------------------------------------


class CollaboratorRow(msgspec.Struct, frozen=True, kw_only=True):
    """A membership as it is stored; `state` says expired from the moment on at which it is."""

    id: UUID
    site_id: UUID
    user: PersonView | None
    email: str
    role: TeamRole
    permissions: list[str]
    state: CollaboratorState
    invited_by: PersonView | None
    invited_at: datetime
    sent_at: datetime
    sends: int
    expires_at: datetime
    accepted_at: datetime | None
    deactivated_at: datetime | None
    deactivated_reason: str | None

    @property
    def held(self) -> frozenset[Permission]:
        """All that it gives while it is active."""
        return permissions_of(self.role, self.permissions)


def _state(now: str) -> str:
    return f"case when c.state = 'invited' and c.expires_at <= {now} then 'expired' else c.state end"


_COLLABORATOR: Final = f"""
    select c.id, c.site_id, {_person("user", "u", "up")}, c.email, c.role, c.permissions, {_state("$1")} as state,
      {_person("invited_by", "i", "ip")}, c.invited_at, c.sent_at, c.sends, c.expires_at, c.accepted_at,
      c.deactivated_at, c.deactivated_reason
    from collaborators c
    left join users u on u.id = c.user_id left join profiles up on up.user_id = u.id
    left join users i on i.id = c.invited_by left join profiles ip on ip.user_id = i.id
"""
_BY_ID = maybe(CollaboratorRow, f"{_COLLABORATOR} where c.id = $2")
_TEAM = many(
    CollaboratorRow,
    f"""
    {_COLLABORATOR} where c.site_id = $2 and {_state("$1")} = any($3::text[]) and (c.invited_at, c.id) < ($4, $5::uuid)
    order by c.invited_at desc, c.id desc limit $6
    """,
)
SHOWN_STATES: Final = (
    CollaboratorState.INVITED,
    CollaboratorState.ACTIVE,
    CollaboratorState.DEACTIVATED,
    CollaboratorState.EXPIRED,
)


async def collaborator_row(ctx: Ctx, collaborator_id: UUID) -> CollaboratorRow | None:
    """A membership of any site in any state, or None. Policies decide who may know of it."""
    return await _BY_ID(ctx.db, ctx.now, collaborator_id)


async def team(
    ctx: Ctx,
    access: SiteAccess,
    *,
    state: CollaboratorState | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[CollaboratorView]:
    """Who works on a site, and who is invited, newest first, as the actor may see it.

    Without a `state`, all but the declined and revoked. Who does not manage the team sees active colleagues only.
    """
    states = list(SHOWN_STATES) if state is None else [state]
    if not access.sees_team:
        states = [one for one in states if one is CollaboratorState.ACTIVE]
    scope = f"team.{state}"
    start = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
    seek = decode(cursor, tuple[datetime, UUID], scope=scope) or start
    rows = await _TEAM(ctx.db, ctx.now, access.id, states, *seek, limit + 1)
    return keyset(
        [seen(ctx, access, row) for row in rows], limit, scope=scope, key=lambda view: (view.invited_at, view.id)
    )


def seen(ctx: Ctx, access: SiteAccess, row: CollaboratorRow) -> CollaboratorView:
    """A membership as the actor may see it."""
    is_me = row.user is not None and row.user.id == ctx.member.id
    is_open = row.state not in (CollaboratorState.DECLINED, CollaboratorState.REVOKED)
    may_change = is_open and access.may_change(row.held)
    shown = access.sees_team or is_me
    return CollaboratorView(
        id=row.id,
        site_id=row.site_id,
        user=row.user,
        email=row.email if shown else None,
        role=row.role,
        permissions=_sorted(permissions_of(row.role, row.permissions) - permissions_of(row.role, ())),
        all_permissions=_sorted(row.held),
        state=row.state,
        is_active=row.state is CollaboratorState.ACTIVE,
        is_me=is_me,
        can_change=may_change and not is_me,
        can_remove=may_change or (is_me and row.state is CollaboratorState.ACTIVE),
        invited_by=row.invited_by,
        invited_at=row.invited_at,
        sent_at=row.sent_at,
        sends=row.sends,
        expires_at=row.expires_at,
        accepted_at=row.accepted_at,
        deactivated_at=row.deactivated_at,
        deactivated_reason=row.deactivated_reason if shown else None,
    )


# ---- invitations -----------------------------------------------------------------------------------------------


class InviteRow(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation with the address it was sent to, which nobody is told."""

    id: UUID
    site_id: UUID
    site_title: str
    owner: PersonView
    owner_is_live: bool
    invited_by: PersonView | None
    role: TeamRole
    permissions: list[str]
    state: CollaboratorState
    invited_at: datetime
    expires_at: datetime
    email: str
    user_id: UUID | None


class Address(msgspec.Struct, frozen=True):
    """An account's e-mail, in lower case, and whether it is confirmed."""

    email: str
    is_verified: bool


_INVITE: Final = f"""
    select c.id, c.site_id, s.title as site_title, {_person("owner", "o", "op")}, {_LIVE_OWNER} as owner_is_live,
      {_person("invited_by", "i", "ip")}, c.role, c.permissions, {_state("$1")} as state, c.invited_at, c.expires_at,
      c.email, c.user_id
    from collaborators c join sites s on s.id = c.site_id
    join users o on o.id = s.owner_id join profiles op on op.user_id = o.id
    left join users i on i.id = c.invited_by left join profiles ip on ip.user_id = i.id
"""
_INVITE_BY_TOKEN = maybe(InviteRow, f"{_INVITE} where c.token_hash = $2")
_INVITE_BY_ID = maybe(InviteRow, f"{_INVITE} where c.id = $2")
_MY_INVITES = many(
    InviteRow,
    f"""
    {_INVITE} join users me on me.id = $2 and me.is_verified and c.email = lower(me.email)
    where c.state = 'invited' and c.expires_at > $1 and {_LIVE_OWNER} and s.owner_id <> me.id
      and {not_hidden("s.owner_id", "$2")} and {not_hidden("c.invited_by", "$2")}
    order by c.invited_at desc, c.id desc limit 100
    """,
)
_ADDRESS = maybe(Address, "select lower(email) as email, is_verified from users where id = $1")


async def invite_by_hash(ctx: Ctx, token_hash: bytes) -> InviteRow | None:
    """An invitation by its token's hash, in any state."""
    return await _INVITE_BY_TOKEN(ctx.db, ctx.now, token_hash)


async def invite_by_id(ctx: Ctx, collaborator_id: UUID) -> InviteRow | None:
    """An invitation by id, in any state."""
    return await _INVITE_BY_ID(ctx.db, ctx.now, collaborator_id)


async def my_invites(ctx: Ctx) -> list[InviteView]:
    """What the actor's confirmed address is invited to, newest first, at most 100; nothing before it is confirmed."""
    return [invite_view(row) for row in await _MY_INVITES(ctx.db, ctx.now, ctx.member.id)]


async def address_of(ctx: Ctx, user_id: UUID) -> Address | None:
    """The e-mail of an account."""
    return await _ADDRESS(ctx.db, user_id)


def invite_view(row: InviteRow) -> InviteView:
    """Without the address."""
    return InviteView(
        id=row.id,
        site_id=row.site_id,
        site_title=row.site_title,
        owner=row.owner,
        invited_by=row.invited_by,
        role=row.role,
        all_permissions=_sorted(permissions_of(row.role, row.permissions)),
        state=row.state,
        invited_at=row.invited_at,
        expires_at=row.expires_at,
    )


def _sorted(permissions: frozenset[Permission]) -> list[Permission]:
    """In the order of the table."""
    return [one for one in Permission if one in permissions]
