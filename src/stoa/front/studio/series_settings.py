"""`/dashboard/series/{id}/settings`, `/schedule` and `/paywall`: pages of one shape."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.serials.actions.settings import change_paywall, change_schedule, change_settings
from stoa.creation.serials.actions.standing import TRANSITIONS
from stoa.creation.serials.actions.texts import (
    META_DESCRIPTION_MAX,
    META_TITLE_MAX,
    PAYWALL_MESSAGE_MAX,
    SCHEDULE_MAX,
    URL_MAX,
)
from stoa.creation.serials.policies.series import access_series, access_series_to_edit
from stoa.creation.serials.types import SYNOPSIS_MAX, TITLE_MAX, AccessLevel, ContentType, Direction, SeriesView
from stoa.creation.works.errors import EditConflict
from stoa.foundation.people.types import timezones
from stoa.foundation.team.types import Permission
from stoa.front.languages import language_choices
from stoa.front.studio.series import KINDS, ONE, RATINGS, SERIES, said, series_page, texts
from stoa.front.studio.series_overview import STEPS
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, StoaError
from stoa.kit.http import CtxDep, Path, access

DIRECTIONS: Final = (
    (Direction.LTR, "Left to right"),
    (Direction.RTL, "Right to left"),
    (Direction.VERTICAL, "From top to bottom, as one strip"),
)
_ACCESS: Final[tuple[tuple[AccessLevel, str, str], ...]] = (
    (AccessLevel.FREE, "Everybody", "The whole of it, at once."),
    (
        AccessLevel.SCHEDULED,
        "Everybody, from a day on",
        "You say the day with each chapter. Until then its beginning is open.",
    ),
    (AccessLevel.SUBSCRIBERS, "Members", "Whoever has any membership of yours."),
    (AccessLevel.TIER, "Some memberships", "From a certain membership of yours on."),
)
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def access_levels(now: str = "") -> list[tuple[str, str, str]]:
    """Who a chapter may be open to: value, name and note. Single memberships only where that is so `now` already: there
    are none to choose from yet.
    """
    offered = (one for one in _ACCESS if one[0] is not AccessLevel.TIER or now == AccessLevel.TIER)
    return [(level.value, name, note) for level, name, note in offered]


class EditForm(msgspec.Struct):
    """What it is."""

    revision: int
    title: Annotated[str, msgspec.Meta(max_length=TITLE_MAX)] = ""
    synopsis_markdown: Annotated[str, msgspec.Meta(max_length=SYNOPSIS_MAX)] = ""
    content_type: ContentType = ContentType.WEB_NOVEL
    reading_direction: Direction = Direction.LTR
    language: str = "en"
    original_language: str = "en"
    rating: str = "general"


class SettingsForm(msgspec.Struct):
    """Its address, its length, and what search engines are told."""

    revision: int
    slug: str = ""
    total_planned_chapters: int | None = None
    meta_title: Annotated[str, msgspec.Meta(max_length=META_TITLE_MAX)] = ""
    meta_description: Annotated[str, msgspec.Meta(max_length=META_DESCRIPTION_MAX)] = ""
    canonical_url: Annotated[str, msgspec.Meta(max_length=URL_MAX)] = ""


class PaywallForm(msgspec.Struct):
    """To whom new chapters are open, and what everybody sees of the others."""

    revision: int
    default_access: AccessLevel
    early_access_days: int = 0
    preview_paragraphs: int = 3
    paywall_message: Annotated[str, msgspec.Meta(max_length=PAYWALL_MESSAGE_MAX)] = ""


class ScheduleForm(msgspec.Struct):
    """When readers may expect a chapter."""

    revision: int
    timezone: str
    update_schedule: Annotated[str, msgspec.Meta(max_length=SCHEDULE_MAX)] = ""
    update_days: list[int] = []


@dataclass(frozen=True)
class Sheet:
    """A page with one form: who may come in, what it sends, what is done with that, and what is said then."""

    place: str
    form: type[msgspec.Struct]
    admit: Callable[[Ctx, UUID], Awaitable[SeriesView]]
    change: Callable[..., Awaitable[SeriesView]]
    says: str


def _with(permission: Permission) -> Callable[[Ctx, UUID], Awaitable[SeriesView]]:
    async def admit(ctx: Ctx, series_id: UUID) -> SeriesView:
        return await access_series(ctx, series_id, permission)

    return admit


async def _settings(ctx: Ctx, series_id: UUID, *, slug: str, **given: Any) -> SeriesView:
    """A series that has no address yet gets one when it is published."""
    more = {"slug": slug} if slug else {}
    return await change_settings(ctx, series_id, **given, **more)


SHEETS: Final = (
    Sheet("settings", SettingsForm, access_series_to_edit, _settings, "Saved."),
    Sheet(
        "paywall", PaywallForm, _with(Permission.MANAGE_SETTINGS), change_paywall, "Saved. It holds for new chapters."
    ),
    Sheet("schedule", ScheduleForm, _with(Permission.PUBLISH), change_schedule, "Saved."),
)


async def show_sheet(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    series: SeriesView,
    sheet: Sheet,
    *,
    typed: dict[str, Any] | None = None,
    error: StoaError | None = None,
    **context: Any,
) -> Response[Any]:
    """The page with what is kept, or with what was typed and what is wrong with it."""
    fields = {name: getattr(series, name, "") for name in sheet.form.__struct_fields__} | (typed or {})
    chosen = [fields[name] for name in ("language", "original_language") if name in fields]
    return await series_page(
        request,
        ctx,
        series,
        f"studio/series_{sheet.place}.html",
        status=error.status if error else 200,
        fields=fields,
        errors=_errors(error),
        is_stale=isinstance(error, EditConflict),
        kinds=[(kind.value, name) for kind, name, _ in KINDS],
        directions=[(one.value, name) for one, name in DIRECTIONS],
        ratings=RATINGS,
        languages=[language_choices(str(code)) for code in chosen],
        access_levels=access_levels(str(fields.get("default_access", ""))),
        days=list(enumerate(DAYS, 1)),
        chosen_days={str(one) for one in _list(fields.get("update_days", []))},
        timezones=[(zone, zone.replace("_", " ")) for zone in timezones()],
        is_owner=ctx.actor is not None and series.author.id == ctx.actor.id,
        can_give_up="cancel" in TRANSITIONS[series.status],
        steps=STEPS,
        **context,
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _errors(error: StoaError | None) -> dict[str, str]:
    if error is None or isinstance(error, EditConflict):
        return {}
    return (error.fields if isinstance(error, Invalid) else {}) or {"title": error.detail}


async def keep_sheet(
    request: Request[Any, Any, Any], ctx: Ctx, series_id: UUID, sheet: Sheet
) -> tuple[dict[str, Any], StoaError | None]:
    """What was typed, and what was wrong with it, if anything; else it is kept now."""
    typed = texts(await request.form())
    try:
        given = forms.parse(sheet.form, typed, strict=False)
        await sheet.change(ctx, series_id, **msgspec.structs.asdict(given))
    except (Invalid, Conflict) as error:
        # Saying it again is meant: the newer revision is the one that was shown by then.
        return {name: value for name, value in typed.items() if name != "revision"}, error
    return typed, None


def _pages(sheet: Sheet) -> list[Any]:
    path = f"{ONE}/{sheet.place}"

    @get(path, name=f"series-{sheet.place}-form", opt=access("member"))
    async def form(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
        """The form as it stands."""
        return await show_sheet(request, ctx, await sheet.admit(ctx, series_id), sheet)

    @post(path, name=f"series-{sheet.place}-save", opt=access("member", limit="write"))
    async def save(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
        """Keeps what was typed."""
        await sheet.admit(ctx, series_id)
        typed, error = await keep_sheet(request, ctx, series_id, sheet)
        if error is not None:
            return await show_sheet(request, ctx, await sheet.admit(ctx, series_id), sheet, typed=typed, error=error)
        return said(request, f"{SERIES}/{series_id}/{sheet.place}", sheet.says)

    return [form, save]


routes = [handler for sheet in SHEETS for handler in _pages(sheet)]
