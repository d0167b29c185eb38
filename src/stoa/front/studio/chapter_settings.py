"""`/dashboard/chapters/{id}/settings` and `/publish`: what a chapter is called, and when it comes out."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.serials.actions import chapters as actions
from stoa.creation.serials.actions import schedule
from stoa.creation.serials.actions.texts import META_DESCRIPTION_MAX, META_TITLE_MAX
from stoa.creation.serials.policies.chapters import access_chapter, access_chapter_to_edit
from stoa.creation.serials.types import ChapterView
from stoa.creation.works.errors import EditConflict, TextRefused
from stoa.creation.works.types import State
from stoa.foundation.people.types import timezones
from stoa.foundation.team.types import Permission
from stoa.front.flash import Action
from stoa.front.languages import language_choices
from stoa.front.studio.chapters import CHAPTER, CHAPTERS, chapter_page
from stoa.front.studio.series import RATINGS, SERIES, said, texts
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, LimitReached, StoaError
from stoa.kit.http import CtxDep, Path, access

WALL: Final = "%Y-%m-%dT%H:%M"  # what a field for a day and a time holds


class SettingsForm(msgspec.Struct):
    """What it is called, and what search engines are told."""

    revision: int
    number: Decimal
    volume: int | None = None
    slug: str = ""
    language: str = "en"
    rating: str = "general"
    meta_title: Annotated[str, msgspec.Meta(max_length=META_TITLE_MAX)] = ""
    meta_description: Annotated[str, msgspec.Meta(max_length=META_DESCRIPTION_MAX)] = ""


class PublishForm(msgspec.Struct):
    """Now, or at a day and a time that clocks show in a time zone."""

    when: str = "now"
    at: Annotated[str, msgspec.Meta(max_length=30)] = ""
    timezone: Annotated[str, msgspec.Meta(max_length=64)] = "UTC"


def wall_time(text: str, field: str) -> datetime:
    """What a field for a day and a time holds, as clocks show it. Raises Invalid."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise Invalid(fields={field: "Please say a day and a time"}) from None


# ---- settings --------------------------------------------------------------------------------------------------


@get(f"{CHAPTER}/settings", opt=access("member"))
async def settings(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """Its number, its address, what it is for search engines, and how it goes away."""
    chapter = await access_chapter(ctx, chapter_id, Permission.EDIT_CONTENT, also_deleted=True)
    return await _settings(request, ctx, chapter)


async def _settings(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    chapter: ChapterView,
    typed: dict[str, Any] | None = None,
    error: StoaError | None = None,
) -> Response[Any]:
    fields = {name: getattr(chapter, name) for name in SettingsForm.__struct_fields__}
    fields |= {"number": f"{chapter.number.normalize():f}"} | (typed or {})
    is_stale = isinstance(error, EditConflict)
    return await chapter_page(
        request,
        ctx,
        chapter,
        "studio/chapter_settings.html",
        at="settings",
        status=error.status if error else 200,
        fields=fields,
        errors={} if is_stale else _errors(error),
        is_stale=is_stale,
        languages=language_choices(str(fields["language"])),
        ratings=RATINGS,
    )


def _errors(error: StoaError | None) -> dict[str, str]:
    if error is None:
        return {}
    return (error.fields if isinstance(error, Invalid) else {}) or {"number": error.detail}


@post(f"{CHAPTER}/settings", opt=access("member", limit="write"))
async def save_settings(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """Keeps them."""
    chapter = await access_chapter_to_edit(ctx, chapter_id)
    typed = texts(await request.form())
    try:
        given = msgspec.structs.asdict(forms.parse(SettingsForm, typed, strict=False))
        if not given["slug"]:  # one that was never published has none yet
            del given["slug"]
        await actions.edit_chapter(ctx, chapter_id, **given)
    except (Invalid, EditConflict) as error:
        typed.pop("revision", None)
        chapter = await access_chapter_to_edit(ctx, chapter_id)
        return await _settings(request, ctx, chapter, typed, error)
    return said(request, f"{CHAPTERS}/{chapter.id}/settings", "Saved.")


# ---- coming out ------------------------------------------------------------------------------------------------


@get(f"{CHAPTER}/publish", opt=access("member"))
async def publish_form(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """The last look: who may read it, and when it comes out."""
    return await _publish(request, ctx, await access_chapter(ctx, chapter_id, Permission.PUBLISH), {})


async def _publish(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    chapter: ChapterView,
    typed: dict[str, Any],
    error: StoaError | None = None,
) -> Response[Any]:
    wall = chapter.scheduled_at.astimezone(ZoneInfo(chapter.timezone)).strftime(WALL) if chapter.scheduled_at else ""
    kept = {"when": "at" if chapter.scheduled_at else "now", "at": wall, "timezone": chapter.timezone}
    return await chapter_page(
        request,
        ctx,
        chapter,
        "studio/chapter_publish.html",
        at="publish",
        status=error.status if error else 200,
        fields=kept | typed,
        errors={} if error is None else (error.fields if isinstance(error, Invalid) else {}) or {"when": error.detail},
        timezones=[(zone, zone.replace("_", " ")) for zone in timezones()],
    )


@post(f"{CHAPTER}/publish", opt=access("member", limit="write"))
async def publish(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """Publishes it, or puts it on the schedule, or into review and says why (P5)."""
    chapter = await access_chapter(ctx, chapter_id, Permission.PUBLISH)
    typed = texts(await request.form())
    home = f"{SERIES}/{chapter.series_id}/chapters"
    try:
        given = forms.parse(PublishForm, typed, strict=False)
        if given.when == "at":
            then = wall_time(given.at, "at")
            done = await schedule.schedule_chapter(ctx, chapter_id, at=then, timezone=given.timezone)
            return said(request, home, f"It comes out {_said_time(done)}.")
        done = await schedule.publish_chapter(ctx, chapter_id)
    except (Invalid, TextRefused, Conflict) as error:
        return await _publish(request, ctx, await access_chapter(ctx, chapter_id, Permission.PUBLISH), typed, error)
    if done.state == State.IN_REVIEW:
        reasons = "; ".join(done.screening_reasons)
        return said(request, home, f"A moderator looks at it first: {reasons}", "warn", seconds=12)
    if done.closed:
        link = Action("Publish the series", f"{SERIES}/{chapter.series_id}/publish")
        return said(request, home, "It is published. Readers find it once its series is.", action=link, seconds=12)
    return said(request, home, "Published. Readers find it now.")


def _said_time(chapter: ChapterView) -> str:
    if chapter.scheduled_at is None:
        return "now"
    local = chapter.scheduled_at.astimezone(ZoneInfo(chapter.timezone))
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M} ({chapter.timezone.replace('_', ' ')})"


# ---- single steps ----------------------------------------------------------------------------------------------


async def _unpublish(ctx: Ctx, chapter: ChapterView) -> str:
    await schedule.unpublish_chapter(ctx, chapter.id)
    return "Readers no longer find it."


async def _cancel(ctx: Ctx, chapter: ChapterView) -> str:
    await schedule.cancel_schedule(ctx, chapter.id)
    return "It is a draft again, and comes out when you say so."


async def _archive(ctx: Ctx, chapter: ChapterView) -> str:
    await schedule.archive_chapter(ctx, chapter.id)
    return "It is put away. Readers do not find it."


async def _unarchive(ctx: Ctx, chapter: ChapterView) -> str:
    await schedule.unarchive_chapter(ctx, chapter.id)
    return "It is a draft again."


async def _restore(ctx: Ctx, chapter: ChapterView) -> str:
    await actions.restore_chapter(ctx, chapter.id)
    return "It is back in its place."


STEPS: Final = {
    "unpublish": _unpublish,
    "unschedule": _cancel,
    "archive": _archive,
    "unarchive": _unarchive,
    "restore": _restore,
}


def _step(name: str) -> Any:
    @post(f"{CHAPTER}/{name}", name=f"chapter-{name}", opt=access("member"))
    async def take(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
        """Takes this step, and goes back to the settings."""
        chapter = await access_chapter(ctx, chapter_id, also_deleted=name == "restore")
        here = f"{CHAPTERS}/{chapter_id}/settings"
        try:
            return said(request, here, await STEPS[name](ctx, chapter))
        except (Conflict, LimitReached) as error:
            return said(request, here, error.detail, "bad", seconds=12)

    return take


@post(f"{CHAPTER}/duplicate", opt=access("member", limit="write"))
async def duplicate(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """A draft with the same text, at the end of the series."""
    try:
        made = await actions.duplicate_chapter(ctx, chapter_id)
    except (Invalid, LimitReached) as error:
        return said(request, f"{CHAPTERS}/{chapter_id}/settings", error.detail, "bad", seconds=12)
    return said(request, f"{CHAPTERS}/{made.id}/settings", "This is the copy, a draft at the end of the series.")


@post(f"{CHAPTER}/delete", opt=access("member"))
async def delete(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """Deletes it; for 30 days it can be put back (S5)."""
    chapter = await access_chapter(ctx, chapter_id)
    await actions.delete_chapter(ctx, chapter_id)
    back = Action("Put it back", f"{CHAPTERS}/{chapter_id}/restore")
    home = f"{SERIES}/{chapter.series_id}/chapters"
    return said(request, home, "The chapter is deleted.", action=back, seconds=12)


routes = [
    settings,
    save_settings,
    publish_form,
    publish,
    duplicate,
    delete,
    *(_step(name) for name in STEPS),
]
