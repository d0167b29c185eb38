"""Where a series stands: told on, paused, done, given up; listed or not; deleted and restored."""

from typing import Final
from uuid import UUID

from stoa.creation.serials.actions import ranking
from stoa.creation.serials.actions.series import work_of
from stoa.creation.serials.errors import NotReadyToList, StatusRefused
from stoa.creation.serials.policies.series import access_series
from stoa.creation.serials.queries.discovery import score_of
from stoa.creation.serials.types import KEPT_DAYS, SeriesStatus, SeriesView
from stoa.creation.works import actions as works
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, run, value
from stoa.kit.errors import Conflict, Forbidden, NotFound

S = SeriesStatus
# From where to where, and by what; nothing else happens to a series that is out.
TRANSITIONS: Final[dict[SeriesStatus, dict[str, SeriesStatus]]] = {
    S.DRAFT: {},
    S.ONGOING: {"complete": S.COMPLETED, "hiatus": S.HIATUS, "cancel": S.CANCELLED},
    S.HIATUS: {"resume": S.ONGOING, "complete": S.COMPLETED, "cancel": S.CANCELLED},
    S.COMPLETED: {"resume": S.ONGOING},
    S.CANCELLED: {"resume": S.ONGOING},
}
_PUT = run(
    """
    update series set status = $3, completed_at = case $3 when 'completed' then $4::timestamptz end
    where work_id = $1 and status = $2
    """
)
_LIST = run(
    """
    update series b set is_listed = $2, last_published_at = coalesce(b.last_published_at, w.published_at)
    from works w where w.id = $1 and b.work_id = w.id
    """
)
# Of two who delete it at once, one does.
_LOCK: Statement[bool | None] = value(
    bool | None, "select true from works where id = $1 and deleted_at is null for update"
)
_SITE_IS_GONE = value(bool, "select exists (select from sites where id = $1 and deleted_at is not null)")


async def move(ctx: Ctx, series_id: UUID, step: str) -> SeriesView:
    """Takes a series that is out one `step` of TRANSITIONS on: complete, hiatus, resume or cancel.

    Raises NotFound, Forbidden, and StatusRefused with the steps that are allowed.
    """
    series = await access_series(ctx, series_id, Permission.PUBLISH)
    steps = TRANSITIONS[series.status]
    if step not in steps:
        if series.status is S.DRAFT:
            raise StatusRefused("Publish it first", status=series.status, allowed=["publish"])
        allowed = " or ".join(steps)
        detail = f"It is {_SAID[series.status]}; what can be done is: {allowed}"
        raise StatusRefused(detail, status=series.status, allowed=list(steps))
    if not await _PUT(ctx.db, series_id, series.status, steps[step], ctx.now):
        raise StatusRefused("Somebody changed it just now; please look again", status=series.status, allowed=[])
    return await access_series(ctx, series_id)


_SAID: Final = {S.ONGOING: "being told", S.HIATUS: "paused", S.COMPLETED: "complete", S.CANCELLED: "given up"}


async def list_series(ctx: Ctx, series_id: UUID) -> SeriesView:
    """Shows a series under /discover. Raises NotFound, Forbidden, and NotReadyToList with what it lacks."""
    series = await access_series(ctx, series_id, Permission.PUBLISH)
    score = score_of(series, ctx.now)
    if not score.can_list:
        raise NotReadyToList([part.hint for part in score.parts if part.is_needed and not part.is_met])
    await _LIST(ctx.db, series_id, True)
    await ranking.count(ctx, series_id)
    return await access_series(ctx, series_id)


async def unlist_series(ctx: Ctx, series_id: UUID) -> SeriesView:
    """Takes a series out of /discover; it stays on its site. Raises NotFound, Forbidden."""
    await access_series(ctx, series_id, Permission.PUBLISH)
    await _LIST(ctx.db, series_id, False)
    return await access_series(ctx, series_id)


async def delete_series(ctx: Ctx, series_id: UUID) -> None:
    """Deletes a series of the actor's softly, with its chapters, for KEPT_DAYS (S5). Raises NotFound, Forbidden."""
    series = await access_series(ctx, series_id)
    if series.author.id != ctx.member.id:
        raise Forbidden("Only its owner can delete it")
    if not await _LOCK(ctx.db, series_id):
        raise NotFound("There is no such series")
    await works.delete(ctx, await work_of(ctx, series))
    await plans.give_back(ctx, series.author.id, Meter.SERIES, 1)


async def restore_series(ctx: Ctx, series_id: UUID) -> SeriesView:
    """Takes back a deletion within KEPT_DAYS (S5); chapters that were deleted on their own stay deleted.

    Raises NotFound, Forbidden, Conflict, and PlanLimit where the plan holds no more by now (B4).
    """
    series = await access_series(ctx, series_id, also_deleted=True)
    if series.author.id != ctx.member.id:
        raise Forbidden("Only its owner can restore it")
    if series.deleted_at is None:
        raise Conflict("It is not deleted")
    if await _SITE_IS_GONE(ctx.db, series.site_id):
        raise Conflict("Its site is deleted. Please restore that first")
    if (ctx.now - series.deleted_at).days >= KEPT_DAYS:
        raise NotFound("There is no such series")
    if not await works.restore(ctx, [series_id]):
        raise Conflict("It is not deleted")
    await plans.use(ctx, series.author.id, Meter.SERIES, 1)
    return await access_series(ctx, series_id)
