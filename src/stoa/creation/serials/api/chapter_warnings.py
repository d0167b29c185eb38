"""`/api/v1/chapters/{id}/warnings`."""

from uuid import UUID

from litestar import delete, get, post, put

from stoa.creation.serials.actions import chapter_warnings as actions
from stoa.creation.serials.policies.reading import access_to_read
from stoa.creation.serials.schemas.tags import WarningIn, WarningsIn
from stoa.creation.serials.types import WarningView
from stoa.kit.errors import Invalid
from stoa.kit.http import Body, CtxDep, Path, access


@get("/api/v1/chapters/{chapter_id:uuid}/warnings", opt=access("public"))
async def chapter_warnings(ctx: CtxDep, chapter_id: Path[UUID]) -> list[WarningView]:
    """What a chapter warns of; those of its series hold besides."""
    return (await access_to_read(ctx, chapter_id)).warnings


@put("/api/v1/chapters/{chapter_id:uuid}/warnings", opt=access("member", limit="write"))
async def set_chapter_warnings(ctx: CtxDep, chapter_id: Path[UUID], data: Body[WarningsIn]) -> list[WarningView]:
    """Replaces what a chapter warns of."""
    given = {one.warning: one.details for one in data.warnings}
    if len(given) != len(data.warnings):
        raise Invalid(fields={"warnings": "Each warning once"})
    return await actions.set_warnings(ctx, chapter_id, given)


@post("/api/v1/chapters/{chapter_id:uuid}/warnings", status_code=200, opt=access("member", limit="write"))
async def add_chapter_warning(ctx: CtxDep, chapter_id: Path[UUID], data: Body[WarningIn]) -> list[WarningView]:
    """Adds a warning, or changes the details of one that is there."""
    return await actions.add_warning(ctx, chapter_id, data.warning, data.details)


@delete("/api/v1/chapters/{chapter_id:uuid}/warnings/{warning_id:str}", status_code=200, opt=access("member"))
async def remove_chapter_warning(ctx: CtxDep, chapter_id: Path[UUID], warning_id: Path[str]) -> list[WarningView]:
    """Takes a warning away; `warning_id` as GET /content-warnings lists them."""
    return await actions.remove_warning(ctx, chapter_id, warning_id)


routes = [chapter_warnings, set_chapter_warnings, add_chapter_warning, remove_chapter_warning]
