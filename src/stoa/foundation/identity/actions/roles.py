"""Capabilities of an account (I8): what somebody becomes by themselves, and what administrators give and take."""

from typing import Final
from uuid import UUID

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions.presence import forget
from stoa.foundation.identity.actions.status import checked_reason, lock
from stoa.foundation.identity.messages import RoleGranted, RoleRevoked
from stoa.foundation.identity.types import Role
from stoa.kit.ctx import Ctx
from stoa.kit.db import value
from stoa.kit.errors import Invalid
from stoa.kit.outbox import emit

BY_ONESELF: Final = frozenset({Role.CREATOR, Role.BRAND})

_GRANT = value(
    list[str] | None,
    """
    update users set roles = roles || $2::text, updated_at = $3 where id = $1 and not roles @> array[$2::text]
    returning roles
    """,
)
_REVOKE = value(
    list[str] | None,
    """
    update users set roles = array_remove(roles, $2::text), updated_at = $3
    where id = $1 and roles @> array[$2::text] returning roles
    """,
)


async def become(ctx: Ctx, role: Role) -> bool:
    """The actor becomes a creator or a brand, at once; repeating it changes nothing. Answers whether it did."""
    if role not in BY_ONESELF:
        raise Invalid(fields={"role": "One becomes a creator or a brand by oneself"})
    return await _grant(ctx, ctx.member.id, role, reason=None)


async def grant_role(ctx: Ctx, user_id: UUID, role: Role, *, reason: str) -> bool:
    """Gives somebody a capability; repeating it changes nothing. Answers whether it did.

    Only a super admin gives `admin` and `super_admin`. Raises NotFound, Forbidden, NotYourself, OnlySuperAdmin and
    Invalid.
    """
    reason = checked_reason(reason)
    await lock(ctx, user_id, role=role)
    return await _grant(ctx, user_id, role, reason=reason)


async def revoke_role(ctx: Ctx, user_id: UUID, role: Role, *, reason: str) -> bool:
    """Takes a capability away; repeating it changes nothing. Answers whether it did.

    Everybody stays a reader, and one super admin stays. Raises as `grant_role`, and LastSuperAdmin.
    """
    reason = checked_reason(reason)
    if role is Role.READER:
        raise Invalid(fields={"role": "Everybody is a reader"})
    await lock(ctx, user_id, leaves_office=role is Role.SUPER_ADMIN, role=role)
    roles = await _REVOKE(ctx.db, user_id, role.value, ctx.now)
    if roles is None:
        return False
    forget(ctx, user_id)
    await _recorded(ctx, "role_revoked", user_id, [*roles, role.value], roles, reason)
    await emit(ctx, RoleRevoked(user_id=user_id, role=role.value))
    return True


async def _grant(ctx: Ctx, user_id: UUID, role: Role, *, reason: str | None) -> bool:
    roles = await _GRANT(ctx.db, user_id, role.value, ctx.now)
    if roles is None:
        return False
    forget(ctx, user_id)
    await _recorded(ctx, "role_granted", user_id, [one for one in roles if one != role], roles, reason)
    await emit(ctx, RoleGranted(user_id=user_id, role=role.value))
    return True


async def _recorded(
    ctx: Ctx, what: str, user_id: UUID, before: list[str], after: list[str], reason: str | None
) -> None:
    await audit.record(
        ctx,
        f"identity.{what}",
        subject="user",
        subject_id=user_id,
        before={"roles": before},
        after={"roles": after, **({"reason": reason} if reason else {})},
    )
