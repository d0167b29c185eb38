"""Who may see and change a series."""

from uuid import UUID

from stoa.creation.serials.queries.series import series_by_id, series_by_slug
from stoa.creation.serials.types import SeriesView
from stoa.creation.works.types import State
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, NotFound


async def access_series(
    ctx: Ctx, series_id: UUID, permission: Permission | None = None, *, also_deleted: bool = False
) -> SeriesView:
    """A series as the actor may have it, with a `permission` that they must have on it.

    Raises NotFound, and Forbidden for one that they may only see. `also_deleted`: to look at it and to restore it (S5),
    for those who read its drafts.
    """
    series = await series_by_id(ctx, series_id, also_deleted=also_deleted)
    if series is None:
        raise NotFound("There is no such series")
    if permission is not None and permission not in series.my_permissions:
        raise Forbidden("Only its author, and those they gave the right to, can do this")
    return series


async def access_series_by_slug(ctx: Ctx, site_id: UUID, slug: str) -> SeriesView:
    """A series of a site by address; where the answer has another slug, redirect to it (S6). Raises NotFound."""
    series = await series_by_slug(ctx, site_id, slug)
    if series is None:
        raise NotFound("There is no such series")
    return series


async def access_published_series(ctx: Ctx, series_id: UUID) -> SeriesView:
    """A series that is out, as everybody sees it: nobody's drafts, not even the actor's. Raises NotFound."""
    series = await access_series(ctx, series_id)
    if series.state != State.PUBLISHED or series.closed:
        raise NotFound("There is no such series")
    return series


async def access_series_to_edit(ctx: Ctx, series_id: UUID) -> SeriesView:
    """A series that the actor may change; one that is out only with the permission to publish, since its readers see
    each change at once. Raises NotFound, Forbidden.
    """
    series = await access_series(ctx, series_id, Permission.EDIT_CONTENT)
    if series.state in (State.PUBLISHED, State.IN_REVIEW) and Permission.PUBLISH not in series.my_permissions:
        raise Forbidden("Its readers would see this at once, and your role does not include publishing")
    return series
