"""`/dashboard/series/{id}`: where a series stands, what is missing, and what can be done with it."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.serials.actions.series import publish_series, unpublish_series
from stoa.creation.serials.actions.settings import duplicate_series
from stoa.creation.serials.actions.standing import TRANSITIONS, delete_series, move, restore_series
from stoa.creation.serials.policies.series import access_series
from stoa.creation.serials.queries.chapters import own_chapters
from stoa.creation.serials.types import SeriesView
from stoa.creation.works.errors import TextRefused
from stoa.creation.works.types import State
from stoa.foundation.team.types import Permission
from stoa.front.flash import Action
from stoa.front.studio.series import ONE, SERIES, said, series_page
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, LimitReached, NotFound
from stoa.kit.http import CtxDep, Path, access

SHOWN: Final = 6  # chapters
# What each step is called, its icon, and what is said when it is taken.
STEPS: Final = {
    "complete": ("Mark as complete", "check-check", "Readers see that it is complete."),
    "hiatus": ("Pause", "pause", "Readers see that it pauses."),
    "resume": ("Go on with it", "play", "Readers see that it goes on."),
    "cancel": ("Give up", "ban", "Readers see that it does not go on. What is out stays."),
}


@get(ONE, opt=access("member"))
async def overview(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """One series at a glance."""
    series = await works_on(ctx, series_id, also_deleted=True)
    reads = Permission.READ_DRAFTS in series.my_permissions and series.deleted_at is None
    chapters = (await own_chapters(ctx, series_id, limit=SHOWN)).items if reads else []
    return await series_page(
        request,
        ctx,
        series,
        "studio/series_overview.html",
        chapters=chapters,
        drafts=bool(chapters),
        todo=_todo(series, has_chapters=bool(chapters)),
        moves=[(step, *STEPS[step][:2]) for step in TRANSITIONS[series.status] if step != "cancel"],
    )


async def works_on(ctx: Ctx, series_id: UUID, *, also_deleted: bool = False) -> SeriesView:
    """A series that the actor works on, in whatever role, or looks at as staff. Raises NotFound for its readers."""
    series = await access_series(ctx, series_id, also_deleted=also_deleted)
    if not {Permission.READ_DRAFTS, Permission.SEE_ANALYTICS} & set(series.my_permissions):
        raise NotFound("There is no such series in your studio")
    return series


def _todo(series: SeriesView, *, has_chapters: bool) -> list[tuple[bool, str, str, str]]:
    """What a series still lacks before it is out: (done, what, where, why); nothing once it is."""
    base = f"{SERIES}/{series.id}"
    if series.state == State.PUBLISHED or Permission.EDIT_CONTENT not in series.my_permissions:
        return []
    return [
        (bool(series.excerpt), "Say what it is about", f"{base}/edit", "Readers see it before the first chapter."),
        (series.cover is not None, "Give it a cover", f"{base}/edit#pictures", "It is what a shelf shows of it."),
        (
            bool(series.genres),
            "Choose its genres",
            f"{base}/edit#genres",
            "They are how readers look for something new.",
        ),
        (has_chapters, "Write the first chapter", f"{base}/chapters/new", "Or bring what you have written elsewhere."),
    ]


@post(f"{ONE}/publish", opt=access("member", limit="write"))
async def publish(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Opens a series to readers, or puts it into review and says why (P5)."""
    base = f"{SERIES}/{series_id}"
    try:
        done = await publish_series(ctx, series_id)
    except (TextRefused, Conflict) as error:
        return said(request, base, error.detail, "bad", seconds=12)
    if done.state == State.IN_REVIEW:
        return said(request, base, "A moderator looks at it first.", "warn", seconds=12)
    return said(request, base, "It is open to readers now, with the chapters that are published.")


@post(f"{ONE}/unpublish", opt=access("member"))
async def unpublish(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Takes a series back, with all its chapters; it can be published again."""
    base = f"{SERIES}/{series_id}"
    try:
        await unpublish_series(ctx, series_id)
    except Conflict as error:
        return said(request, base, error.detail, "bad")
    again = Action("Publish again", f"{base}/publish")
    return said(request, base, "Readers no longer find it, nor its chapters.", action=again, seconds=12)


def _step(step: str) -> Any:
    @post(f"{ONE}/{step}", name=f"series-{step}", opt=access("member"))
    async def take(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
        """Takes the series one step on; readers see where it stands."""
        try:
            await move(ctx, series_id, step)
        except Conflict as error:
            return said(request, f"{SERIES}/{series_id}", error.detail, "bad")
        return said(request, f"{SERIES}/{series_id}", STEPS[step][2])

    return take


@post(f"{ONE}/duplicate", opt=access("member", limit="write"))
async def duplicate(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """A draft with the same settings, genres and tags, without chapters."""
    await works_on(ctx, series_id)
    try:
        made = await duplicate_series(ctx, series_id)
    except (Invalid, LimitReached) as error:
        return said(request, f"{SERIES}/{series_id}/settings", error.detail, "bad", seconds=12)
    return said(request, f"{SERIES}/{made.id}/edit", "This is the copy. Give it a title of its own.")


@post(f"{ONE}/delete", opt=access("member"))
async def delete(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Deletes a series; for 30 days it can be put back (S5)."""
    series = await works_on(ctx, series_id)
    await delete_series(ctx, series_id)
    back = Action("Put it back", f"{SERIES}/{series_id}/restore")
    text = f"“{series.title}” is deleted, with its chapters."
    return said(request, f"/dashboard/sites/{series.site_id}/series", text, action=back, seconds=12)


@post(f"{ONE}/restore", opt=access("member"))
async def restore(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Puts a deleted series back."""
    base = f"{SERIES}/{series_id}"
    try:
        await restore_series(ctx, series_id)
    except (Conflict, LimitReached) as error:
        return said(request, base, error.detail, "bad", seconds=12)
    return said(request, base, "It is back, with its chapters.")


routes = [overview, publish, unpublish, duplicate, delete, restore, *(_step(step) for step in STEPS)]
