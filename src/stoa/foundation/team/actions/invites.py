"""Inviting by mail, and what the invited person answers. Tokens are stored as hashes."""

import secrets
from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.foundation.mail import actions as mail
from stoa.foundation.people.queries import person_by_id
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.foundation.settings.queries import platform
from stoa.foundation.team import queries
from stoa.foundation.team.actions.sites import lock_site
from stoa.foundation.team.errors import (
    AlreadyInvited,
    AlreadyOnTeam,
    BeyondYourPermissions,
    EmailNotVerified,
    InviteOver,
    NotPossibleNow,
    SentTooOften,
)
from stoa.foundation.team.messages import (
    CollaboratorInvited,
    CollaboratorJoined,
    InvitationDeclined,
    InvitationExpired,
)
from stoa.foundation.team.policies import access_collaborator_to_change, access_invite, access_site, hash_token
from stoa.foundation.team.queries import CollaboratorRow, InviteRow
from stoa.foundation.team.types import (
    ROLE_PERMISSIONS,
    CollaboratorState,
    CollaboratorView,
    InviteView,
    Permission,
    SiteAccess,
    TeamRole,
    permissions_of,
)
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, many, run, value
from stoa.kit.errors import NotFound, TooManyRequests
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit

DAY: Final = timedelta(days=1)
EXPIRED_AT_ONCE: Final = 500

_IS_IN: Final = value(
    bool,
    """
    select exists (
      select from users u where lower(u.email) = lower($2) and (
        exists (select from sites where id = $1 and owner_id = u.id)
        or exists (
          select from collaborators where site_id = $1 and user_id = u.id and state in ('active', 'deactivated')
        )
      )
    ) or exists (
      select from collaborators where site_id = $1 and email = lower($2) and state in ('active', 'deactivated')
    )
    """,
)
_INVITED_SINCE: Final = value(int, "select count(*) from collaborators where site_id = $1 and invited_at > $2")
_INVITE: Final[Statement[UUID | None]] = value(
    UUID | None,
    """
    insert into collaborators (id, site_id, email, role, permissions, token_hash, invited_by, invited_at, sent_at,
      expires_at)
    values ($1, $2, lower($3), $4, $5, $6, $7, $8, $8, $9) on conflict do nothing returning id
    """,
)
# An expired one takes its place again, unless another invitation or membership has it.
_RESEND: Final = run(
    """
    update collaborators c set state = 'invited', token_hash = $2, sent_at = $3, sends = sends + 1, expires_at = $4,
      deactivated_at = null, deactivated_reason = null
    where c.id = $1 and c.state in ('invited', 'expired') and not exists (
      select from collaborators other where other.site_id = c.site_id and other.email = c.email and other.id <> c.id
        and other.state in ('invited', 'active', 'deactivated')
    )
    """
)
# The account's confirmed address is looked at in the statement that lets it in.
_ACCEPT: Final = run(
    """
    update collaborators c set state = 'active', user_id = $2, accepted_at = $3
    where c.id = $1 and c.state = 'invited' and c.expires_at > $3
      and exists (select from users where id = $2 and is_verified and lower(email) = c.email)
      and not exists (select from sites where id = c.site_id and owner_id = $2)
      and not exists (
        select from collaborators other
        where other.site_id = c.site_id and other.user_id = $2 and other.state in ('active', 'deactivated')
      )
    """
)
_DECLINE: Final = run(
    """
    update collaborators set state = 'declined', deactivated_at = $2, deactivated_reason = 'declined'
    where id = $1 and state = 'invited' and expires_at > $2
    """
)

# P4: no mail to somebody who is hidden from whoever invites, or from the owner; and the inviter is not told.
_IS_APART: Final = value(
    bool,
    """
    select exists (
      select from users u join blocks b on b.blocker_id = u.id and b.blocked_id = any($2::uuid[])
        or b.blocked_id = u.id and b.blocker_id = any($2::uuid[])
      where lower(u.email) = $1
    )
    """,
)


class _Expired(msgspec.Struct, frozen=True):
    id: UUID
    site_id: UUID
    owner_id: UUID


_EXPIRE: Final = many(
    _Expired,
    f"""
    update collaborators c set state = 'expired', deactivated_at = $1, deactivated_reason = 'expired'
    from (
      select c.id, s.owner_id from collaborators c join sites s on s.id = c.site_id
      where c.state = 'invited' and c.expires_at <= $1 and c.site_id = coalesce($2::uuid, c.site_id)
      order by c.expires_at limit {EXPIRED_AT_ONCE} for update of c
    ) due
    where c.id = due.id returning c.id, c.site_id, due.owner_id
    """,
)


async def invite(
    ctx: Ctx, site_id: UUID, *, email: str, role: TeamRole, permissions: Collection[Permission] = ()
) -> CollaboratorView:
    """Invites an address by mail; `permissions` are given beyond the role's.

    Raises NotFound, Forbidden, BeyondYourPermissions, AlreadyOnTeam, AlreadyInvited, PlanLimit (B4), and
    TooManyRequests for too many invitations of a site in a day.
    """
    await access_site(ctx, site_id, Permission.MANAGE_TEAM)
    await lock_site(ctx, site_id)
    access = await access_site(ctx, site_id, Permission.MANAGE_TEAM)
    if not access.may_give(permissions_of(role, permissions)):
        raise BeyondYourPermissions
    if await _IS_IN(ctx.db, site_id, email):
        raise AlreadyOnTeam
    await expire(ctx, site_id)
    config = await platform(ctx)
    if await _INVITED_SINCE(ctx.db, site_id, ctx.now - DAY) >= config.team_invites_per_day:
        raise TooManyRequests(int(DAY.total_seconds()), "This site has sent as many invitations as it may in a day")
    token = secrets.token_urlsafe(32)
    invited = await _INVITE(
        ctx.db,
        new_id(),
        site_id,
        email,
        role.value,
        _beyond(role, permissions),
        hash_token(token),
        ctx.member.id,
        ctx.now,
        ctx.now + timedelta(days=config.team_invite_days),
    )
    if invited is None:
        raise AlreadyInvited
    await take_place(ctx, access.owner_id)
    row = await _row(ctx, invited)
    await _mail(ctx, access, row, token)
    told = {"site_id": str(site_id), "email": row.email, "role": row.role, "permissions": row.permissions}
    await audit.record(ctx, "team.invited", subject="collaborator", subject_id=row.id, after=told)
    await emit(ctx, CollaboratorInvited(site_id=site_id, collaborator_id=row.id, role=row.role, again=False))
    return queries.seen(ctx, access, row)


async def resend(ctx: Ctx, collaborator_id: UUID, *, site_id: UUID | None = None) -> CollaboratorView:
    """Sends an invitation again, with a new token; the old one is dead. An expired one is open again.

    Raises NotFound, Forbidden, BeyondYourPermissions, NotPossibleNow, AlreadyInvited, PlanLimit, SentTooOften, and
    TooManyRequests when it was sent just now.
    """
    access, row = await locked_to_change(ctx, collaborator_id, site_id=site_id)
    if row.state not in (CollaboratorState.INVITED, CollaboratorState.EXPIRED):
        raise NotPossibleNow("Only an invitation that was not answered can be sent again", state=row.state)
    if not access.may_give(row.held):
        raise BeyondYourPermissions
    config = await platform(ctx)
    if row.sends >= config.team_invite_sends:
        raise SentTooOften
    wait = row.sent_at + timedelta(seconds=config.team_invite_pause_s) - ctx.now
    if wait > timedelta(0):
        raise TooManyRequests(int(wait.total_seconds()) + 1, "This was sent just now. Please give it a moment")
    if await expire(ctx, access.id):
        row = await _row(ctx, row.id)
    token = secrets.token_urlsafe(32)
    expires_at = ctx.now + timedelta(days=config.team_invite_days)
    if not await _RESEND(ctx.db, row.id, hash_token(token), ctx.now, expires_at):
        raise AlreadyInvited
    if row.state is CollaboratorState.EXPIRED:
        await take_place(ctx, access.owner_id)
    row = await _row(ctx, row.id)
    await _mail(ctx, access, row, token)
    await audit.record(ctx, "team.invited_again", subject="collaborator", subject_id=row.id, after={"sends": row.sends})
    await emit(ctx, CollaboratorInvited(site_id=access.id, collaborator_id=row.id, role=row.role, again=True))
    return queries.seen(ctx, access, row)


async def accept(ctx: Ctx, token: str) -> InviteView:
    """The actor takes the place on the team; only with the account whose confirmed e-mail was invited.

    `token`: of the mail, or the invitation's id. Raises NoSuchInvite, EmailNotVerified, InviteOver, AlreadyOnTeam.
    """
    row = await _answerable(ctx, token)
    address = await queries.address_of(ctx, ctx.member.id)
    if address is None or not address.is_verified:
        raise EmailNotVerified
    if row.owner.id == ctx.member.id:
        raise AlreadyOnTeam("This is your own site")
    if not await _ACCEPT(ctx.db, row.id, ctx.member.id, ctx.now):
        raise InviteOver("You are on this team already, or the invitation has just been withdrawn")
    told = {"site_id": str(row.site_id), "role": row.role, "permissions": row.permissions}
    await audit.record(ctx, "team.joined", subject="collaborator", subject_id=row.id, after=told)
    joined = CollaboratorJoined(site_id=row.site_id, collaborator_id=row.id, user_id=ctx.member.id, role=row.role)
    await emit(ctx, joined)
    return queries.invite_view(msgspec.structs.replace(row, state=CollaboratorState.ACTIVE))


async def decline(ctx: Ctx, token: str) -> InviteView:
    """The actor does not want to. Raises NoSuchInvite, InviteOver."""
    row = await _answerable(ctx, token)
    if not await _DECLINE(ctx.db, row.id, ctx.now):
        raise InviteOver
    await free_place(ctx, row.owner.id)
    await audit.record(
        ctx, "team.declined", subject="collaborator", subject_id=row.id, after={"site_id": str(row.site_id)}
    )
    await emit(ctx, InvitationDeclined(site_id=row.site_id, collaborator_id=row.id))
    return queries.invite_view(msgspec.structs.replace(row, state=CollaboratorState.DECLINED))


async def expire(ctx: Ctx, site_id: UUID | None = None) -> int:
    """Ends invitations that nobody answered in time, of one site or of all, at most 500 at once; answers how many."""
    over = await _EXPIRE(ctx.db, ctx.now, site_id)
    for owner_id, count in sorted(Counter(row.owner_id for row in over).items()):
        await free_place(ctx, owner_id, count)
    for row in over:
        await emit(ctx, InvitationExpired(site_id=row.site_id, collaborator_id=row.id))
    return len(over)


async def take_place(ctx: Ctx, owner_id: UUID) -> None:
    """A place of the owner's plan: whoever works on a site takes one, and an open invitation (B4). Raises PlanLimit."""
    await plans.use(ctx, owner_id, Meter.COLLABORATORS, 1)


async def free_place(ctx: Ctx, owner_id: UUID, count: int = 1) -> None:
    """Ends `take_place`."""
    await plans.give_back(ctx, owner_id, Meter.COLLABORATORS, count)


async def locked_to_change(
    ctx: Ctx, collaborator_id: UUID, *, site_id: UUID | None = None
) -> tuple[SiteAccess, CollaboratorRow]:
    """A membership that the actor may change, read again after everybody else's change of the team has ended."""
    access, _ = await access_collaborator_to_change(ctx, collaborator_id, site_id=site_id)
    await lock_site(ctx, access.id)
    return await access_collaborator_to_change(ctx, collaborator_id, site_id=site_id)


async def _answerable(ctx: Ctx, token: str) -> InviteRow:
    """An open invitation of the actor's, with its team held still."""
    row = await access_invite(ctx, token)
    await lock_site(ctx, row.site_id)
    row = await access_invite(ctx, token)
    match row.state:
        case CollaboratorState.INVITED:
            return row
        case CollaboratorState.ACTIVE:
            raise InviteOver("You have accepted this invitation already")
        case CollaboratorState.EXPIRED:
            raise InviteOver("This invitation has expired. Please ask for another one")
        case _:
            raise InviteOver


def _beyond(role: TeamRole, permissions: Collection[Permission]) -> list[str]:
    """What is given beyond the role, in the order of the table."""
    return [one.value for one in Permission if one in permissions and one not in ROLE_PERMISSIONS[role]]


async def _row(ctx: Ctx, collaborator_id: UUID) -> CollaboratorRow:
    row = await queries.collaborator_row(ctx, collaborator_id)
    if row is None:
        raise NotFound
    return row


async def _mail(ctx: Ctx, access: SiteAccess, row: CollaboratorRow, token: str) -> None:
    """The address stands in the link, so that a new account can be made with it without our telling it to anybody."""
    if await _IS_APART(ctx.db, row.email, [access.owner_id, ctx.member.id]):
        return
    inviter = await person_by_id(ctx, ctx.member.id)
    await mail.send(
        ctx,
        to=row.email,
        template="team_invite",
        values={
            "site_title": access.title,
            "inviter": inviter.display_name if inviter else ctx.member.username,
            "role": row.role.value,
            "permissions": [one.label.lower() for one in Permission if one in row.held],
            "link": mail.link(ctx, f"/invites/{token}?for={quote(row.email)}"),
            "expires_at": _day(row.expires_at),
        },
        useful_until=row.expires_at,
    )


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
