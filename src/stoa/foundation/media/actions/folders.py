"""Folders: made, renamed, moved, removed. What lay in one that is removed goes one up."""

from typing import Final
from uuid import UUID

import asyncpg

from stoa.foundation.media.policies import access_own_folder
from stoa.foundation.media.queries.library import folders
from stoa.foundation.media.types import MAX_DEPTH, MAX_FOLDERS, FolderView
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, run, update, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import new_id

MAX_NAME: Final = 100
# One person's folders change one after the other: two moves at once could close a circle.
_LOCK = run("select pg_advisory_xact_lock(hashtextextended('media.folders:' || $1::uuid::text, 0))")
_OWN = value(bool, "select exists (select from media_folders where id = $1 and owner_id = $2)")
_INSIDE = value(
    list[UUID],
    """
    with recursive inside as (
      select id from media_folders where id = $1 union all
      select f.id from media_folders f join inside i on f.parent_id = i.id
    ) select coalesce(array_agg(id), '{}') from inside
    """,
)
_EMPTY_OUT = run("update media set folder_id = $2, updated_at = $3 where folder_id = any($1::uuid[])")
_EMPTY_UPLOADS = run("update media_uploads set folder_id = $2 where folder_id = any($1::uuid[])")
_REMOVE = run("delete from media_folders where id = $1")


async def check_folder(ctx: Ctx, folder_id: UUID | None, field: str = "folder_id") -> None:
    """Raises Invalid unless it is one of the actor's folders, or none."""
    if folder_id is not None and not await _OWN(ctx.db, folder_id, ctx.member.id):
        raise Invalid(fields={field: "There is no such folder"})


async def make_folder(ctx: Ctx, *, name: str, parent_id: UUID | None = None) -> FolderView:
    """A new folder. Raises Invalid: a name that is taken there, too many, too deep."""
    await _LOCK(ctx.db, ctx.member.id)
    await check_folder(ctx, parent_id, "parent_id")
    known = await folders(ctx)
    if len(known) >= MAX_FOLDERS:
        raise Invalid(fields={"name": f"There can be at most {MAX_FOLDERS:,} folders"})
    if _depth(known, parent_id) >= MAX_DEPTH:
        raise Invalid(fields={"parent_id": f"Folders can lie {MAX_DEPTH} deep"})
    folder_id = new_id()
    row = {
        "id": folder_id,
        "owner_id": ctx.member.id,
        "parent_id": parent_id,
        "name": _name(name),
        "created_at": ctx.now,
    }
    try:
        async with ctx.db.transaction():
            await insert(ctx.db, "media_folders", row)
    except asyncpg.UniqueViolationError:
        raise Invalid(fields={"name": "There is a folder of this name already"}) from None
    return await access_own_folder(ctx, folder_id)


async def change_folder(
    ctx: Ctx, folder_id: UUID, *, name: str | None = None, parent_id: UUID | None = None, moves: bool = False
) -> FolderView:
    """Renames a folder, and with `moves` puts it into another one. Raises NotFound, Invalid."""
    await _LOCK(ctx.db, ctx.member.id)
    await access_own_folder(ctx, folder_id)
    changes: dict[str, object] = {}
    if name is not None:
        changes["name"] = _name(name)
    if moves:
        await check_folder(ctx, parent_id, "parent_id")
        inside = await _INSIDE(ctx.db, folder_id)
        if parent_id in inside:
            raise Invalid(fields={"parent_id": "A folder cannot lie in itself"})
        known = await folders(ctx)
        below = max(_depth(known, one) for one in inside) - _depth(known, folder_id) + 1
        if _depth(known, parent_id) + below > MAX_DEPTH:
            raise Invalid(fields={"parent_id": f"Folders can lie {MAX_DEPTH} deep"})
        changes["parent_id"] = parent_id
    if changes:
        try:
            async with ctx.db.transaction():
                await update(ctx.db, "media_folders", changes, where={"id": folder_id})
        except asyncpg.UniqueViolationError:
            raise Invalid(fields={"name": "There is a folder of this name already"}) from None
    return await access_own_folder(ctx, folder_id)


async def remove_folder(ctx: Ctx, folder_id: UUID) -> None:
    """Removes a folder and those inside; the files of all of them go one up. Raises NotFound."""
    await _LOCK(ctx.db, ctx.member.id)
    folder = await access_own_folder(ctx, folder_id)
    inside = await _INSIDE(ctx.db, folder_id)
    await _EMPTY_OUT(ctx.db, inside, folder.parent_id, ctx.now)
    await _EMPTY_UPLOADS(ctx.db, inside, folder.parent_id)
    await _REMOVE(ctx.db, folder_id)


def _name(name: str) -> str:
    tidy = " ".join(name.split())
    if not 1 <= len(tidy) <= MAX_NAME:
        raise Invalid(fields={"name": f"Between 1 and {MAX_NAME} characters"})
    return tidy


def _depth(known: list[FolderView], folder_id: UUID | None) -> int:
    parents = {one.id: one.parent_id for one in known}
    depth = 0
    while folder_id is not None and depth <= MAX_FOLDERS:
        depth, folder_id = depth + 1, parents.get(folder_id)
    return depth
