"""Who may work on chapters, and what a chapter must be made of."""

from uuid import UUID

from stoa.creation.serials.queries.chapters import chapter_by_id
from stoa.creation.serials.queries.places import SeriesPlace, permissions_of_actor, place_by_id
from stoa.creation.serials.queries.versions import version_by_id, version_by_number
from stoa.creation.serials.types import ChapterView, VersionText
from stoa.creation.works.policies import can_see
from stoa.creation.works.types import State
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, NotFound

_NO = "Only its author, and those they gave the right to, can do this"


async def access_chapter(
    ctx: Ctx, chapter_id: UUID, permission: Permission = Permission.READ_DRAFTS, *, also_deleted: bool = False
) -> ChapterView:
    """A chapter with its source, for those who have this permission on its site.

    Raises NotFound, and Forbidden for one that they may only see. `also_deleted`: to restore it (S5).
    """
    chapter = await chapter_by_id(ctx, chapter_id, also_deleted=also_deleted)
    if chapter is None:
        raise NotFound("There is no such chapter")
    if permission not in chapter.my_permissions:
        raise Forbidden(_NO)
    return chapter


async def access_chapter_to_edit(ctx: Ctx, chapter_id: UUID) -> ChapterView:
    """A chapter whose text the actor may change; one that is out only with the permission to publish, since its readers
    see each change at once. Raises NotFound, Forbidden.
    """
    chapter = await access_chapter(ctx, chapter_id, Permission.EDIT_CONTENT)
    if chapter.state in (State.PUBLISHED, State.IN_REVIEW) and Permission.PUBLISH not in chapter.my_permissions:
        raise Forbidden("Its readers would see this at once, and your role does not include publishing")
    return chapter


async def access_version(ctx: Ctx, chapter_id: UUID, version: UUID | int) -> VersionText:
    """A version of a chapter by its id or number, for those who read its drafts. Raises NotFound, Forbidden."""
    await access_chapter(ctx, chapter_id)
    if isinstance(version, int):
        found = await version_by_number(ctx, chapter_id, version)
    else:
        found = await version_by_id(ctx, chapter_id, version)
    if found is None:
        raise NotFound("There is no such version")
    return found


async def access_series_place(ctx: Ctx, series_id: UUID, permission: Permission | None = None) -> SeriesPlace:
    """A series for work on its chapters, with a permission that the actor must have there. Raises NotFound, Forbidden.

    Without a permission: one that they may see as its readers do.
    """
    series = await place_by_id(ctx, series_id)
    if series is None or not can_see(ctx.actor, series):
        raise NotFound("There is no such series")
    if permission is not None and permission not in permissions_of_actor(ctx, series):
        raise Forbidden(_NO)
    return series
