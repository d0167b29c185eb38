"""One's own account: how one is called and shown, and how one wants things."""

from typing import Any
from uuid import UUID

import msgspec

from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.policies import check_username
from stoa.foundation.media import actions as media
from stoa.foundation.media.types import Crop, MediaView, Purpose
from stoa.foundation.people.actions import cleaning
from stoa.foundation.people.types import AccountChanges, PreferenceChanges, timezones
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, maybe, run, update
from stoa.kit.errors import Invalid


class _Avatar(msgspec.Struct, frozen=True):
    media_id: UUID | None
    purpose: str | None


_LOCKED_AVATAR = maybe(
    _Avatar,
    """
    select m.id as media_id, m.purpose
    from profiles p left join media m on m.id = p.avatar_media_id and m.state in ('ready', 'processing')
    where p.user_id = $1 for update of p
    """,
)
_SET_AVATAR = run("update profiles set avatar_media_id = $2, updated_at = $3 where user_id = $1")
_FORGET_PICTURE = run("update profiles set avatar_media_id = null where avatar_media_id = $1")
_PREFER = run("update profiles set preferences = preferences || $2 where user_id = $1")


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
    """Changes only what is given of the actor's own profile. Raises Invalid for a name that cannot be shown."""
    given = {"display_name": display_name, "bio": bio, "avatar_media_id": avatar_media_id}
    changes: dict[str, Any] = {name: v for name, v in given.items() if v is not msgspec.UNSET}
    errors = _tidy(changes)
    if errors:
        raise Invalid(fields=errors)
    await update(ctx.db, "profiles", {**changes, "updated_at": ctx.now}, where={"user_id": ctx.member.id})
    if avatar_media_id is not msgspec.UNSET:
        await _note_face(ctx, avatar_media_id)


async def edit_account(ctx: Ctx, given: AccountChanges) -> None:
    """Changes only what is given of the actor's account, all of it or nothing.

    Raises Invalid with each field, UsernameTaken, RenamedRecently.
    """
    changes: dict[str, Any] = {k: v for k, v in msgspec.structs.asdict(given).items() if v is not msgspec.UNSET}
    username = changes.pop("username", None)
    errors = _tidy(changes)
    if "timezone" in changes and changes["timezone"] not in timezones():
        errors["timezone"] = "This is no time zone we know; Europe/Berlin is one"
    try:
        if username is not None and username != ctx.member.username:
            check_username(username)
    except Invalid as error:
        errors |= error.fields
    if errors:
        raise Invalid(fields=errors)
    if username is not None:
        await identity.rename(ctx, username)
    await update(ctx.db, "profiles", {**changes, "updated_at": ctx.now}, where={"user_id": ctx.member.id})


def _tidy(changes: dict[str, Any]) -> dict[str, str]:
    """Brings texts into form, in place; answers what cannot be."""
    if "bio" in changes:
        changes["bio"] = cleaning.text(changes["bio"]) or ""
    if "display_name" in changes:
        try:
            changes["display_name"] = cleaning.name(changes["display_name"])
        except ValueError as error:
            return {"display_name": str(error)}
    return {}


async def prefer(ctx: Ctx, given: PreferenceChanges) -> None:
    """Changes only what is given of the actor's preferences."""
    changes = {k: v for k, v in msgspec.structs.asdict(given).items() if v is not msgspec.UNSET}
    if changes:
        await _PREFER(ctx.db, ctx.member.id, changes)


async def set_avatar(ctx: Ctx, *, data: bytes, crop: Crop | None = None) -> MediaView:
    """Makes a square part of a picture, its middle without `crop`, the actor's face; the old one's files go.

    Raises ImageTooLarge, ImageRefused, Unavailable, PlanLimit, and Invalid for a part outside the picture.
    """
    before = await _LOCKED_AVATAR(ctx.db, ctx.member.id)  # first, so that two of these wait for each other
    made = await media.upload_avatar(ctx, data=data, crop=crop)
    await _change_avatar(ctx, before, made.id)
    return made


async def remove_avatar(ctx: Ctx) -> None:
    """The actor is shown by the letters of their name again; doing it twice changes nothing."""
    await _change_avatar(ctx, await _LOCKED_AVATAR(ctx.db, ctx.member.id), None)


async def _change_avatar(ctx: Ctx, before: _Avatar | None, media_id: UUID | None) -> None:
    await _SET_AVATAR(ctx.db, ctx.member.id, media_id, ctx.now)
    await _note_face(ctx, media_id)
    # A picture of the library that is shown as a face stays in the library.
    if before and before.media_id and before.media_id != media_id and before.purpose == Purpose.AVATAR:
        await media.delete(ctx, before.media_id)


async def _note_face(ctx: Ctx, media_id: UUID | None) -> None:
    """So that the library says where a picture is shown."""
    shown = [media_id] if media_id else []
    path = f"/@{ctx.member.username}"
    await media.note_uses(
        ctx, subject="profile", subject_id=ctx.member.id, media_ids=shown, title="Your profile", url=path
    )


async def forget_picture(ctx: Ctx, media_id: UUID) -> None:
    """Nobody is shown by a picture that is gone."""
    await _FORGET_PICTURE(ctx.db, media_id)
