"""Changing and ending memberships. What is taken away holds from the next request on: nothing is remembered."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from stoa.foundation.audit import actions as audit
from stoa.foundation.team import queries
from stoa.foundation.team.actions.invites import expire, free_place, locked_to_change, take_place
from stoa.foundation.team.actions.sites import lock_site
from stoa.foundation.team.errors import BeyondYourPermissions, NotPossibleNow
from stoa.foundation.team.messages import CollaboratorChanged, CollaboratorEnded
from stoa.foundation.team.policies import access_collaborator
from stoa.foundation.team.queries import CollaboratorRow
from stoa.foundation.team.types import (
    ROLE_PERMISSIONS,
    TRANSITIONS,
    CollaboratorState,
    CollaboratorView,
    Permission,
    TeamRole,
    permissions_of,
)
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, many, update, value
from stoa.kit.errors import Invalid
from stoa.kit.outbox import emit

# Answers the state before.
_END: Final[Statement[str | None]] = value(
    str | None,
    """
    update collaborators c set state = 'revoked', deactivated_at = $2, deactivated_reason = $3
    from (select id, state from collaborators where id = $1 for update) before
    where c.id = before.id and before.state in ('invited', 'expired', 'active', 'deactivated')
    returning before.state
    """,
)


class _Parted(msgspec.Struct, frozen=True):
    id: UUID
    site_id: UUID
    owner_id: UUID
    user_id: UUID | None
    state: str


_PART: Final = many(
    _Parted,
    """
    update collaborators c set state = 'revoked', deactivated_at = $3, deactivated_reason = 'blocked'
    from (
      select c.id, c.state, s.owner_id from collaborators c join sites s on s.id = c.site_id
      left join users invited on c.state in ('invited', 'expired') and lower(invited.email) = c.email
      where c.state in ('invited', 'expired', 'active', 'deactivated')
        and (s.owner_id, coalesce(c.user_id, invited.id)) in (($1::uuid, $2::uuid), ($2::uuid, $1::uuid))
      for update of c
    ) before
    where c.id = before.id returning c.id, c.site_id, before.owner_id, c.user_id, before.state
    """,
)


async def change(
    ctx: Ctx,
    collaborator_id: UUID,
    *,
    site_id: UUID | None = None,
    role: TeamRole | UnsetType = UNSET,
    permissions: Collection[Permission] | UnsetType = UNSET,
    is_active: bool | UnsetType = UNSET,
    reason: str | UnsetType | None = UNSET,
) -> CollaboratorView:
    """Changes what is given: role, permissions beyond it, and whether the membership holds. What is the same stays.

    `reason` (at most 500 characters) goes with `is_active=False`. Raises NotFound, Forbidden, BeyondYourPermissions,
    NotPossibleNow, PlanLimit, Invalid.
    """
    if reason is not UNSET and is_active is not False:
        raise Invalid(fields={"reason": "A reason belongs to deactivating somebody"})
    access, row = await locked_to_change(ctx, collaborator_id, site_id=site_id)
    if row.state in (CollaboratorState.DECLINED, CollaboratorState.REVOKED):
        raise NotPossibleNow("This membership has ended. You can invite the person again", state=row.state)
    after = _after(row, role, permissions)
    held = permissions_of(after.role, after.permissions)
    changes: dict[str, Any] = {}
    if (after.role, after.permissions) != (row.role, row.permissions):
        changes |= {"role": after.role.value, "permissions": after.permissions}
    wakes = False
    if is_active is not UNSET and is_active != (row.state is CollaboratorState.ACTIVE):
        state = _moved(row, "reactivate" if is_active else "deactivate")
        wakes = is_active
        why = " ".join((reason or "").split()) if reason is not UNSET else ""
        changes |= {
            "state": state.value,
            "deactivated_at": None if is_active else ctx.now,
            "deactivated_reason": None if is_active else why or None,
        }
        after = msgspec.structs.replace(after, state=state)
    if not access.may_give(held if wakes else held - row.held):
        raise BeyondYourPermissions
    if not changes:
        return queries.seen(ctx, access, row)
    if wakes:
        await expire(ctx, access.id)
        await take_place(ctx, access.owner_id)
    elif "state" in changes:
        await free_place(ctx, access.owner_id)
    await update(ctx.db, "collaborators", changes, where={"id": row.id})
    await audit.record(
        ctx, "team.changed", subject="collaborator", subject_id=row.id, before=_told(row), after=_told(after)
    )
    user_id = row.user.id if row.user else None
    event = CollaboratorChanged(
        site_id=row.site_id, collaborator_id=row.id, user_id=user_id, role=after.role, state=after.state
    )
    await emit(ctx, event)
    changed = await queries.collaborator_row(ctx, row.id)
    return queries.seen(ctx, access, changed or after)


async def remove(ctx: Ctx, collaborator_id: UUID, *, site_id: UUID | None = None) -> str:
    """Ends a membership for good, one's own too, or withdraws an invitation; answers 'removed', 'left' or 'withdrawn'.

    Raises NotFound, Forbidden, and NotPossibleNow when it has ended already.
    """
    access, row = await access_collaborator(ctx, collaborator_id, site_id=site_id)
    if row.user is not None and row.user.id == ctx.member.id and row.state is CollaboratorState.ACTIVE:
        await lock_site(ctx, access.id)
        reason = "left"
    else:
        access, row = await locked_to_change(ctx, collaborator_id, site_id=site_id)
        reason = "removed" if row.user is not None else "withdrawn"
    before = await _END(ctx.db, row.id, ctx.now, reason)
    if before is None:
        raise NotPossibleNow("This has ended already", state=row.state)
    if before in (CollaboratorState.INVITED, CollaboratorState.ACTIVE):
        await free_place(ctx, access.owner_id)
    await audit.record(
        ctx, f"team.{reason}", subject="collaborator", subject_id=row.id, before=_told(row), after={"state": "revoked"}
    )
    user_id = row.user.id if row.user else None
    await emit(ctx, CollaboratorEnded(site_id=row.site_id, collaborator_id=row.id, user_id=user_id, reason=reason))
    return reason


async def part(ctx: Ctx, one: UUID, other: UUID) -> int:
    """P4: ends what each of the two has on the other's sites, invitations too; answers how many memberships."""
    ended = await _PART(ctx.db, one, other, ctx.now)
    for row in ended:
        if row.state in (CollaboratorState.INVITED, CollaboratorState.ACTIVE):
            await free_place(ctx, row.owner_id)
        gone = CollaboratorEnded(
            site_id=row.site_id, collaborator_id=row.id, user_id=row.user_id, reason="a block between the two"
        )
        await audit.record(ctx, "team.parted", subject="collaborator", subject_id=row.id, before={"state": row.state})
        await emit(ctx, gone)
    return len(ended)


def _after(
    row: CollaboratorRow, role: TeamRole | UnsetType, permissions: Collection[Permission] | UnsetType
) -> CollaboratorRow:
    """The row with another role and other permissions; what the role gives anyway is not kept beside it."""
    new_role = row.role if role is UNSET else role
    wanted = frozenset(Permission(one) for one in row.permissions) if permissions is UNSET else frozenset(permissions)
    beyond = [one.value for one in Permission if one in wanted - ROLE_PERMISSIONS[new_role]]
    return msgspec.structs.replace(row, role=new_role, permissions=beyond)


def _moved(row: CollaboratorRow, step: str) -> CollaboratorState:
    state = TRANSITIONS[row.state].get(step)
    if state is None:
        raise NotPossibleNow("This person has not accepted the invitation yet", state=row.state)
    return state


def _told(row: CollaboratorRow) -> dict[str, Any]:
    """For the audit."""
    return {
        "site_id": str(row.site_id),
        "role": row.role,
        "permissions": row.permissions,
        "state": row.state,
        "deactivated_reason": row.deactivated_reason,
    }
