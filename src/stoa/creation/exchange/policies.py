"""Who may bring chapters in and take them out."""

from typing import Final
from uuid import UUID

from stoa.creation.exchange import queries
from stoa.creation.exchange.queries import StoredExport, StoredImport
from stoa.creation.serials.policies.chapters import access_series_place
from stoa.creation.serials.queries.places import SeriesPlace
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound, TooLarge

FORM_OVERHEAD_BYTES: Final = 64 * 1024


async def access_to_import(ctx: Ctx, series_id: UUID) -> SeriesPlace:
    """A series into which the actor may bring chapters. Raises NotFound, Forbidden."""
    return await access_series_place(ctx, series_id, Permission.EDIT_CONTENT)


async def access_to_export(ctx: Ctx, series_id: UUID) -> SeriesPlace:
    """A series that the actor may take out with its drafts. Raises NotFound, Forbidden."""
    return await access_series_place(ctx, series_id, Permission.READ_DRAFTS)


async def access_import(ctx: Ctx, import_id: UUID) -> StoredImport:
    """An import of a series into which the actor may bring chapters. Raises NotFound, Forbidden."""
    found = await queries.IMPORT(ctx.db, import_id)
    if found is None:
        raise NotFound("There is no such import")
    await access_to_import(ctx, found.series_id)
    return found


async def access_export(ctx: Ctx, export_id: UUID) -> StoredExport:
    """An export of the actor's own, of a series that they still may take out. Raises NotFound, Forbidden."""
    found = await queries.EXPORT(ctx.db, export_id)
    if found is None or found.user_id != ctx.member.id:
        raise NotFound("There is no such export")
    await access_to_export(ctx, found.series_id)
    return found


def check_announced(content_length: str | None, most_bytes: int) -> None:
    """Refuses a form that says it is larger than files may be. Raises TooLarge."""
    said = content_length or ""
    if said.isascii() and said.isdigit() and len(said) < 20 and int(said) > most_bytes + FORM_OVERHEAD_BYTES:
        raise TooLarge(f"Files may have at most {most_bytes / 1024**2:.3g} MB")
