"""`/dashboard/sites/{id}/series`: the series of a site, a new one, and what all pages of a series share."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.serials.actions.series import create_series
from stoa.creation.serials.queries.series import own_series
from stoa.creation.serials.types import SYNOPSIS_MAX, TITLE_MAX, ContentType, SeriesStatus, SeriesView
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.queries import sites
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.front import flash
from stoa.front.flash import Toast
from stoa.front.languages import language_choices
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, Invalid, LimitReached
from stoa.kit.http import CtxDep, Path, access

Tone = Literal["", "good", "warn", "bad"]
SERIES: Final = "/dashboard/series"
ONE: Final = f"{SERIES}/{{series_id:uuid}}"
OF_SITE: Final = "/dashboard/sites/{site_id:uuid}/series"
KINDS: Final = (
    (ContentType.WEB_NOVEL, "Novel", "Chapters of text"),
    (ContentType.MANGA, "Manga", "Pages, from right to left"),
    (ContentType.WEBTOON, "Webtoon", "One long strip, from top to bottom"),
    (ContentType.MANHWA, "Manhwa", "One long strip, from top to bottom"),
    (ContentType.WESTERN_COMIC, "Comic", "Pages, from left to right"),
)
KIND_NAMES: Final = {kind.value: name for kind, name, _ in KINDS}
STATUSES: Final = (
    (None, "All"),
    (SeriesStatus.DRAFT, "Drafts"),
    (SeriesStatus.ONGOING, "Ongoing"),
    (SeriesStatus.HIATUS, "Pausing"),
    (SeriesStatus.COMPLETED, "Complete"),
    (SeriesStatus.CANCELLED, "Given up"),
)
RATINGS: Final = (
    ("general", "Everybody"),
    ("teen", "From about 13"),
    ("mature", "Adults: strong themes"),
    ("explicit", "Adults: explicit scenes"),
)


class NewSeries(msgspec.Struct):
    """What one says of a series to begin it."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=TITLE_MAX)]
    content_type: ContentType = ContentType.WEB_NOVEL
    language: str = "en"
    rating: str = "general"
    synopsis_markdown: Annotated[str, msgspec.Meta(max_length=SYNOPSIS_MAX)] = ""


@get(SERIES, opt=access("member"))
async def my_series(ctx: CtxDep) -> Response[Any]:
    """The series of one's own site, or of the first one works on."""
    known = await sites(ctx)
    found = next((one for one in known if one.is_default and one.role == "owner"), next(iter(known), None))
    return see_other(f"/dashboard/sites/{found.id}/series" if found else "/dashboard/sites")


@get(OF_SITE, opt=access("member"))
async def site_series(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """The last changed first; `status`, `type` and `q` filter, `deleted` shows what can still be restored (S5)."""
    site = await access_site(ctx, site_id)
    check_reads(site)
    here = f"/dashboard/sites/{site_id}/series"
    names = ("status", "type", "q", "deleted", "cursor")
    asked: dict[str, Any] = {name: request.query_params.get(name) for name in names}
    cursor, words = asked.pop("cursor"), (asked["q"] or "")[:TITLE_MAX]
    is_trash = bool(asked["deleted"])
    try:
        if not forms.storable(words):
            raise Invalid
        found = await own_series(
            ctx,
            site,
            status=SeriesStatus(asked["status"]) if asked["status"] in set(SeriesStatus) else None,
            content_type=ContentType(asked["type"]) if asked["type"] in set(ContentType) else None,
            words=words.strip(),
            deleted=is_trash,
            cursor=cursor,
        )
    except Invalid:
        return see_other(address(here, **({**asked, "q": None} if not forms.storable(words) else asked)))
    return await page(
        request,
        ctx,
        "studio/series_list.html",
        rail_path=SERIES,
        site=site,
        here=here,
        sites=await site_switch(ctx, site),
        found=found.items,
        asked=asked,
        is_trash=is_trash,
        is_filtered=bool(asked["status"] or asked["type"] or words),
        tabs=[
            (
                address(here, **{**asked, "status": one}),
                name,
                one == asked["status"] or (one is None and not asked["status"]),
            )
            for one, name in STATUSES
        ],
        kinds=[(kind.value, name) for kind, name, _ in KINDS],
        kind_names=KIND_NAMES,
        may_make=site.may(Permission.EDIT_CONTENT),
        older=address(here, **asked, cursor=found.next_cursor) if found.next_cursor else None,
        newer=address(here, **asked) if cursor else None,
    )


def check_reads(site: SiteAccess) -> None:
    """Who neither reads drafts nor sees readers has nothing to look for in a studio. Raises Forbidden."""
    if not site.may(Permission.READ_DRAFTS) and not site.may(Permission.SEE_ANALYTICS):
        raise Forbidden("Your role on this site does not include this")


async def site_switch(ctx: Ctx, there: SiteAccess) -> list[tuple[str, str, bool]]:
    """The sites one owns or works on; nothing where there is nothing to choose."""
    known = await sites(ctx)
    if len(known) < 2:
        return []
    return [(f"/dashboard/sites/{one.id}/series", one.title, one.id == there.id) for one in known]


@get(f"{OF_SITE}/new", opt=access("member"))
async def new_form(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """What a new series is called and made of."""
    site = await access_site(ctx, site_id, Permission.EDIT_CONTENT)
    return await _new(request, ctx, site, {}, {})


async def _new(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    site: SiteAccess,
    typed: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
    limit: LimitReached | None = None,
) -> Response[Any]:
    blank = {"title": "", "content_type": "web_novel", "language": "en", "rating": "general", "synopsis_markdown": ""}
    return await page(
        request,
        ctx,
        "studio/series_new.html",
        status=status,
        rail_path=SERIES,
        site=site,
        typed={**blank, **typed},
        errors=errors,
        limit=limit,
        kinds=KINDS,
        ratings=RATINGS,
        languages=language_choices(str(typed.get("language", "en"))),
    )


@post(f"{OF_SITE}/new", opt=access("member", limit="write"))
async def make(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Begins a series, as a draft."""
    site = await access_site(ctx, site_id, Permission.EDIT_CONTENT)
    typed = texts(await request.form())
    try:
        given = forms.parse(NewSeries, typed, strict=False)
        made = await create_series(ctx, site_id, **msgspec.structs.asdict(given))
    except Invalid as error:
        return await _new(request, ctx, site, typed, named(error), error.status)
    except LimitReached as error:
        return await _new(request, ctx, site, typed, {}, error.status, error)
    return said(request, f"{SERIES}/{made.id}", "Here it is, as a draft. Only those who work on it see it.")


# ---- what the pages of a series share --------------------------------------------------------------------------


def texts(form: Any) -> dict[str, Any]:
    """What a form sent: texts, lists of them where a name comes more than once, no files."""
    sent: dict[str, Any] = {}
    for name in dict.fromkeys(form.keys()):
        values = [value for value in form.getall(name) if isinstance(value, str)]
        if values:
            sent[name] = values[0] if len(values) == 1 else values
    return sent


def named(error: Invalid) -> dict[str, str]:
    """The errors by the fields of the form; what belongs to none stands with the title."""
    return error.fields or {"title": error.detail}


def said(request: Request[Any, Any, Any], path: str, text: str, kind: Tone = "good", **more: Any) -> Response[Any]:
    """Goes on to a page, which says this."""
    response = see_other(path)
    flash.add(request, response, Toast(text, kind, **more))
    return response


def rail_of(series: SeriesView) -> list[tuple[str | None, list[tuple[str, str, str]]]]:
    """The places of a series that the actor may go to."""
    base, may = f"{SERIES}/{series.id}", set(series.my_permissions)
    if series.deleted_at is not None:
        return [(None, [(base, "Overview", "book-open")])]
    groups = (
        (
            None,
            (
                (base, "Overview", "book-open", None),
                (f"{base}/chapters", "Chapters", "list", Permission.READ_DRAFTS),
                (f"{base}/analytics", "Readers", "chart-column", Permission.SEE_ANALYTICS),
            ),
        ),
        (
            "The series",
            (
                (f"{base}/edit", "What it is", "pencil", Permission.EDIT_CONTENT),
                (f"{base}/warnings", "Content warnings", "triangle-alert", Permission.EDIT_CONTENT),
                (f"{base}/discovery", "Being found", "compass", Permission.PUBLISH),
                (f"{base}/schedule", "Schedule", "calendar-clock", Permission.PUBLISH),
                (f"{base}/paywall", "Who may read", "lock", Permission.MANAGE_SETTINGS),
                (f"{base}/settings", "Settings", "settings", Permission.EDIT_CONTENT),
            ),
        ),
        (
            "Files",
            (
                (f"{base}/import", "Bring chapters in", "upload", Permission.EDIT_CONTENT),
                (f"{base}/export", "Take it with you", "download", Permission.READ_DRAFTS),
            ),
        ),
    )
    open_ones = [(name, [p[:3] for p in places if p[3] is None or p[3] in may]) for name, places in groups]
    return [(name, places) for name, places in open_ones if places]


async def series_page(
    request: Request[Any, Any, Any], ctx: Ctx, series: SeriesView, name: str, *, status: int = 200, **context: Any
) -> Response[Any]:
    """A page within the frame of a series."""
    return await page(
        request,
        ctx,
        name,
        status=status,
        series=series,
        rail=rail_of(series),
        base=f"{SERIES}/{series.id}",
        may={one.value for one in series.my_permissions},
        kind_names=KIND_NAMES,
        **context,
    )


routes = [my_series, site_series, new_form, make]
