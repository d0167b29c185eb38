"""The 7-day token of the unversioned log-ins (I3), and what its claims say."""

from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.actions.renewal import renew_legacy_session
from stoa.kit.ctx import Ctx
from stoa.kit.db import one

# As Stoory's document has them; a reader has no word there.
_ROLES: Final = {"creator": "influencer", "brand": "brand_owner", "super_admin": "admin"}


class Holder(msgspec.Struct, frozen=True):
    """Whose token it is: phone in E.164, and what the account became last."""

    phone: str | None
    roles: list[str]


_HOLDER = one(Holder, "select phone, roles from users where id = $1")


def role_of(roles: list[str]) -> str:
    """What an account became last, in Stoory's words: influencer, brand_owner, admin, or our own name."""
    return _ROLES.get(roles[-1], roles[-1])


async def seven_day_token(ctx: Ctx, user_id: UUID, *, by: identity.Way) -> str:
    """A new session's token; the door has let them in already."""
    holder = await _HOLDER(ctx.db, user_id)
    return await identity.open_legacy_session(ctx, user_id, by=by, phone=holder.phone, role=role_of(holder.roles))


async def renewed_token(ctx: Ctx) -> str:
    """A fresh token in place of the one that asks, which is over. Raises NotRenewable, SessionOver."""
    holder = await _HOLDER(ctx.db, ctx.member.id)
    return await renew_legacy_session(ctx, phone=holder.phone, role=role_of(holder.roles))
