"""One's own profile."""

from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, update


async def open_profile(ctx: Ctx, user_id: UUID, username: str) -> None:
    """The empty profile of a new account."""
    await insert(ctx.db, "profiles", {"user_id": user_id, "display_name": username, "updated_at": ctx.now})


async def edit_profile(
    ctx: Ctx,
    *,
    display_name: str | msgspec.UnsetType = msgspec.UNSET,
    bio: str | msgspec.UnsetType = msgspec.UNSET,
    avatar_media_id: UUID | msgspec.UnsetType | None = msgspec.UNSET,
) -> None:
    """Changes only what is given of the actor's own profile."""
    given = {"display_name": display_name, "bio": bio, "avatar_media_id": avatar_media_id}
    changes = {name: v for name, v in given.items() if v is not msgspec.UNSET}
    await update(ctx.db, "profiles", {**changes, "updated_at": ctx.now}, where={"user_id": ctx.member.id})
