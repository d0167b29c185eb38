"""`/dashboard/series/{id}/chapters`: the chapters of a series in their order, and a new one."""

from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.serials.actions.chapters import create_chapter
from stoa.creation.serials.policies.series import access_series
from stoa.creation.serials.queries.chapters import own_chapters
from stoa.creation.serials.types import TITLE_MAX, AccessLevel, ChapterStatus, ChapterView, SeriesView
from stoa.foundation.team.types import Permission
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.front.studio.series import ONE, SERIES, rail_of, series_page, texts
from stoa.front.studio.series_settings import access_levels
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, LimitReached
from stoa.kit.http import CtxDep, Path, access

CHAPTERS: Final = "/dashboard/chapters"
CHAPTER: Final = f"{CHAPTERS}/{{chapter_id:uuid}}"
LIST: Final = f"{ONE}/chapters"
PER_PAGE: Final = 50
STATUSES: Final = (
    (None, "All"),
    (ChapterStatus.DRAFT, "Drafts"),
    (ChapterStatus.SCHEDULED, "Scheduled"),
    (ChapterStatus.PUBLISHED, "Published"),
    (ChapterStatus.IN_REVIEW, "In review"),
    (ChapterStatus.ARCHIVED, "Put away"),
)


class NewForm(msgspec.Struct):
    """What a new chapter is called; without a number it gets the next one."""

    title: Annotated[str, msgspec.Meta(max_length=TITLE_MAX)] = ""
    number: Decimal | None = None
    volume: int | None = None


@get(LIST, opt=access("member"))
async def chapters(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """In their order; `status`, `access` and `q` filter, `deleted` shows what can still be restored (S5)."""
    series = await access_series(ctx, series_id, Permission.READ_DRAFTS)
    return await show_list(request, ctx, series, "studio/chapters.html", "chapters")


async def show_list(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    series: SeriesView,
    name: str,
    place: str,
    *,
    limit: int = PER_PAGE,
    status: int = 200,
    **context: Any,
) -> Response[Any]:
    """A page with the chapters that the address asks for."""
    here = f"{SERIES}/{series.id}/{place}"
    asked: dict[str, Any] = {name: request.query_params.get(name) for name in ("status", "access", "q", "deleted")}
    cursor, words = request.query_params.get("cursor"), (asked["q"] or "")[:TITLE_MAX]
    if not forms.storable(words):
        return see_other(address(here, **{**asked, "q": None}))
    try:
        found = await own_chapters(
            ctx,
            series.id,
            status=ChapterStatus(asked["status"]) if asked["status"] in set(ChapterStatus) else None,
            access=AccessLevel(asked["access"]) if asked["access"] in set(AccessLevel) else None,
            words=words.strip(),
            deleted=bool(asked["deleted"]),
            cursor=cursor,
            limit=limit,
        )
    except Invalid:
        return see_other(address(here, **asked))
    shown = {one.value for one, _ in STATUSES if one}
    return await series_page(
        request,
        ctx,
        series,
        name,
        status=status,
        here=here,
        chapters=found.items,
        asked=asked,
        is_trash=bool(asked["deleted"]),
        is_filtered=bool(asked["status"] or asked["access"] or words),
        tabs=[
            (address(here, **{**asked, "status": one}), text, (asked["status"] or None) == one)
            for one, text in STATUSES
            if one is not ChapterStatus.IN_REVIEW or asked["status"] in shown
        ],
        levels=[(level, text) for level, text, _ in access_levels(asked["access"] or "")],
        back=address(here, **asked),
        older=address(here, **asked, cursor=found.next_cursor) if found.next_cursor else None,
        newer=address(here, **asked) if cursor else None,
        **context,
    )


@get(f"{LIST}/new", opt=access("member"))
async def new_form(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """What it is called, before it is written."""
    return await _new(request, ctx, await access_series(ctx, series_id, Permission.EDIT_CONTENT), {}, {})


async def _new(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    series: SeriesView,
    typed: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
    limit: LimitReached | None = None,
) -> Response[Any]:
    fields = {"title": "", "number": "", "volume": "", **typed}
    return await series_page(
        request, ctx, series, "studio/chapter_new.html", status=status, fields=fields, errors=errors, limit=limit
    )


@post(f"{LIST}/new", opt=access("member", limit="write"))
async def make(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Makes a draft and opens it: to write, or where it is a comic, to bring its pictures."""
    series = await access_series(ctx, series_id, Permission.EDIT_CONTENT)
    typed = texts(await request.form())
    try:
        given = forms.parse(NewForm, typed, strict=False)
        made = await create_chapter(ctx, series_id, title=given.title, number=given.number, volume=given.volume)
    except Invalid as error:
        return await _new(request, ctx, series, typed, error.fields or {"title": error.detail}, error.status)
    except LimitReached as error:
        return await _new(request, ctx, series, typed, {}, error.status, error)
    return see_other(f"{CHAPTERS}/{made.id}/{'images' if made.content_type.is_comic else 'edit'}")


# ---- what the pages of a chapter share -------------------------------------------------------------------------


def places_of(chapter: ChapterView) -> list[tuple[str, str, str]]:
    """The pages of a chapter that the actor may go to: (address, name, permission)."""
    base, may = f"{CHAPTERS}/{chapter.id}", set(chapter.my_permissions)
    places = [
        ("edit", "Text", Permission.EDIT_CONTENT),
        ("images", "Pictures", Permission.EDIT_CONTENT),
        ("settings", "Settings", Permission.EDIT_CONTENT),
        ("access", "Who may read", Permission.MANAGE_SETTINGS),
        ("versions", "Versions", Permission.READ_DRAFTS),
        ("analytics", "Readers", Permission.SEE_ANALYTICS),
        ("preview", "Preview", Permission.READ_DRAFTS),
    ]
    is_comic = chapter.content_type.is_comic
    return [(f"{base}/{at}", name, at) for at, name, needed in places if needed in may and (at != "images" or is_comic)]


async def chapter_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    chapter: ChapterView,
    name: str,
    *,
    at: str,
    status: int = 200,
    **context: Any,
) -> Response[Any]:
    """A page of a chapter, within the frame of its series. `at` names it among `places_of`."""
    series = await access_series(ctx, chapter.series_id)
    return await page(
        request,
        ctx,
        name,
        status=status,
        series=series,
        chapter=chapter,
        rail=rail_of(series),
        rail_path=f"{SERIES}/{series.id}/chapters",
        base=f"{CHAPTERS}/{chapter.id}",
        series_base=f"{SERIES}/{series.id}",
        may={one.value for one in chapter.my_permissions},
        places=[(href, text, one == at) for href, text, one in places_of(chapter)],
        **context,
    )


routes = [chapters, new_form, make]
