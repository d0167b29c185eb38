"""What a chapter warns of, besides its series."""

from collections.abc import Mapping
from uuid import UUID

from stoa.creation.serials.actions.warnings import put_warnings
from stoa.creation.serials.policies.chapters import access_chapter, access_chapter_to_edit
from stoa.creation.serials.types import WarningView
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value
from stoa.kit.errors import NotFound
from stoa.kit.forms import storable

# Two who replace them at once do so one after the other.
_LOCK = value(UUID | None, "select work_id from chapters where work_id = $1 for no key update")
_REMOVE = run("delete from work_warnings where work_id = $1 and warning = $2")


async def set_warnings(ctx: Ctx, chapter_id: UUID, given: Mapping[str, str]) -> list[WarningView]:
    """Replaces the warnings of a chapter: kinds of WARNINGS, each with details in its author's words, or none.

    Raises NotFound, Forbidden, Invalid.
    """
    await access_chapter_to_edit(ctx, chapter_id)
    await _LOCK(ctx.db, chapter_id)
    await put_warnings(ctx, chapter_id, given, replace=True)
    return await _warnings(ctx, chapter_id)


async def add_warning(ctx: Ctx, chapter_id: UUID, warning: str, details: str = "") -> list[WarningView]:
    """Adds a warning, or changes the details of one that is there. Raises as `set_warnings`."""
    await access_chapter_to_edit(ctx, chapter_id)
    await put_warnings(ctx, chapter_id, {warning: details})
    return await _warnings(ctx, chapter_id)


async def remove_warning(ctx: Ctx, chapter_id: UUID, warning: str) -> list[WarningView]:
    """Takes a warning away. Raises NotFound, Forbidden."""
    await access_chapter_to_edit(ctx, chapter_id)
    if not storable(warning) or not await _REMOVE(ctx.db, chapter_id, warning):
        raise NotFound("The chapter does not have this warning")
    return await _warnings(ctx, chapter_id)


async def _warnings(ctx: Ctx, chapter_id: UUID) -> list[WarningView]:
    return (await access_chapter(ctx, chapter_id, Permission.EDIT_CONTENT)).warnings
