"""An account as the older documents make one: with a name to be shown and a role, which is never one of staff."""

import dataclasses
from typing import Annotated, Final, Literal

from msgspec import Meta

from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.types import Role, UserRow
from stoa.foundation.people import actions as people
from stoa.kit.ctx import Actor, Ctx

DisplayName = Annotated[str, Meta(min_length=1, max_length=80)]
# The documents' words for what somebody can register as, and ours.
RoleWord = Literal["user", "viewer", "reader", "creator", "influencer", "brand", "brand_owner"]
_STEPS: Final = {
    "creator": Role.CREATOR,
    "influencer": Role.CREATOR,
    "brand": Role.BRAND,
    "brand_owner": Role.BRAND,
}


async def register(
    ctx: Ctx, *, username: str, email: str, password: str, name: str | None = None, role: RoleWord = "reader"
) -> tuple[UserRow, Ctx]:
    """Registers, shows them by their name, and takes the step to creator or brand (I8) in the same transaction.

    Answers the account and a context in which it acts. Raises what `identity.register` does, and Invalid.
    """
    user = await identity.register(ctx, username=username, email=email, password=password)
    acting = dataclasses.replace(ctx, actor=Actor(user.id, user.username, frozenset(user.roles)))
    if name:
        await people.edit_profile(acting, display_name=name)
    if role in _STEPS:
        await identity.become(acting, _STEPS[role])
    return user, acting
