"""`/api/v1/sites/{site_id}/series` and `/api/v1/series/{series_id}`: series, their pictures, settings and standing."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.params import QueryParameter

from stoa.creation.serials.actions import series as actions
from stoa.creation.serials.actions import settings, standing
from stoa.creation.serials.actions.pictures import upload_picture
from stoa.creation.serials.policies.series import access_published_series, access_series, access_series_by_slug
from stoa.creation.serials.queries import series as queries
from stoa.creation.serials.schemas.series import (
    DuplicateIn,
    PaywallEdit,
    PictureIn,
    PublishSeriesIn,
    ScheduleEdit,
    SeriesEdit,
    SeriesIn,
    SettingsEdit,
)
from stoa.creation.serials.types import (
    ContentType,
    OwnSeries,
    PaywallSettings,
    ScheduleSettings,
    SeriesCard,
    SeriesSettings,
    SeriesStatus,
    SeriesView,
)
from stoa.creation.works import actions as works
from stoa.creation.works.types import Sort
from stoa.foundation.media.errors import FileInfected, ImageTooLarge
from stoa.foundation.media.policies import FORM_OVERHEAD_BYTES, check_announced
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import Permission
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.forms import storable
from stoa.kit.http import Body, CtxDep, Cursor, Multipart, PageLimit, Path, Query, access
from stoa.kit.http.lending import lending_of
from stoa.kit.pagination import Page

Shape = TypeVar("Shape", SeriesSettings, PaywallSettings, ScheduleSettings)
NEWEST, COPY = PublishSeriesIn(), DuplicateIn()  # what no body at all means
InStatus = Annotated[SeriesStatus | None, QueryParameter(name="status")]
OfType = Annotated[ContentType | None, QueryParameter(name="type")]
Sorted = Annotated[Sort, QueryParameter(name="sort")]
Words = Annotated[str | None, QueryParameter(name="q", max_length=200)]


# ---- management ------------------------------------------------------------------------------------------------


@get("/api/v1/sites/{site_id:uuid}/series", opt=access("member"))
async def list_series(
    ctx: CtxDep,
    site_id: Path[UUID],
    in_status: InStatus = None,
    of_type: OfType = None,
    words: Words = None,
    deleted: Query[bool] = False,
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[OwnSeries]:
    """The series of a site for those who work on it, the last changed first; `deleted`: those that can be restored."""
    site = await access_site(ctx, site_id)
    return await queries.own_series(
        ctx,
        site,
        status=in_status,
        content_type=of_type,
        words=words,
        deleted=deleted,
        cursor=cursor,
        limit=limit,
    )


@post("/api/v1/sites/{site_id:uuid}/series", opt=access("member", limit="write"))
async def create(ctx: CtxDep, site_id: Path[UUID], data: Body[SeriesIn]) -> SeriesView:
    """A new series on a site, a draft. 402 where the owner's plan holds no more (B4)."""
    return await actions.create_series(ctx, site_id, **_given(data))


@get("/api/v1/series/{series_id:uuid}", opt=access("public"))
async def read(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """One series: with its source for those who work on it, a draft only for them."""
    return await access_series(ctx, series_id)


@patch("/api/v1/series/{series_id:uuid}", opt=access("member", limit="write"))
async def edit(ctx: CtxDep, series_id: Path[UUID], data: Body[SeriesEdit]) -> SeriesView:
    """Changes what is given, made on `revision`; 409 with the newer revision when somebody was faster."""
    return await actions.edit_series(ctx, series_id, **_given(data))


@delete("/api/v1/series/{series_id:uuid}", opt=access("member"))
async def remove(ctx: CtxDep, series_id: Path[UUID]) -> None:
    """Deletes a series with its chapters. For 30 days it can be restored (S5)."""
    await standing.delete_series(ctx, series_id)


@post("/api/v1/series/{series_id:uuid}/restore", status_code=200, opt=access("member"))
async def restore(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """Takes a deletion back (S5)."""
    return await standing.restore_series(ctx, series_id)


@post("/api/v1/series/{series_id:uuid}/duplicate", opt=access("member", limit="write"))
async def duplicate(ctx: CtxDep, series_id: Path[UUID], data: Body[DuplicateIn] = COPY) -> SeriesView:
    """A draft with all that is set about a series, and none of its chapters."""
    return await settings.duplicate_series(ctx, series_id, title=data.title)


# ---- pictures --------------------------------------------------------------------------------------------------


async def _announced(request: Request[Any, Any, Any]) -> None:
    check_announced(request.headers.get("content-length"), lending_of(request.scope).app.settings.max_upload_bytes)


_PICTURE: dict[str, Any] = {
    "dto": None,  # a file is no field of JSON
    "before_request": _announced,
    "request_max_body_size": MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES,
    "opt": access("member", limit="upload"),
}


async def _take(request: Request[Any, Any, Any], ctx: Ctx, series_id: UUID, place: str, data: PictureIn) -> SeriesView:
    filename = data.file.filename or ""
    if not storable(data.alt + filename):
        raise Invalid(fields={"alt": "This holds a character that cannot be stored"})
    most_bytes = ctx.app.settings.max_upload_bytes
    content = await data.file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ImageTooLarge(most_bytes)
    try:
        return await upload_picture(ctx, series_id, place, data=content, alt=data.alt.strip(), filename=filename)
    except FileInfected:
        lending_of(request.scope).keep = True  # it lies in quarantine, and that is to be known
        raise


@post("/api/v1/series/{series_id:uuid}/cover", **_PICTURE)
async def put_cover(
    request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID], data: Multipart[PictureIn]
) -> SeriesView:
    """Stores a picture (multipart fields `file` and `alt`) and shows it as the cover."""
    return await _take(request, ctx, series_id, "cover", data)


@delete("/api/v1/series/{series_id:uuid}/cover", status_code=200, opt=access("member"))
async def drop_cover(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """Shows no cover any more; the picture stays in the library."""
    return await actions.set_picture(ctx, series_id, "cover", None)


@post("/api/v1/series/{series_id:uuid}/banner", **_PICTURE)
async def put_banner(
    request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID], data: Multipart[PictureIn]
) -> SeriesView:
    """Stores a picture (multipart fields `file` and `alt`) and shows it above the page of the series."""
    return await _take(request, ctx, series_id, "banner", data)


@delete("/api/v1/series/{series_id:uuid}/banner", status_code=200, opt=access("member"))
async def drop_banner(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """Shows no banner any more; the picture stays in the library."""
    return await actions.set_picture(ctx, series_id, "banner", None)


@post("/api/v1/series/{series_id:uuid}/thumbnail", **_PICTURE)
async def put_thumbnail(
    request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID], data: Multipart[PictureIn]
) -> SeriesView:
    """Stores a picture (multipart fields `file` and `alt`) and shows it where there is little room."""
    return await _take(request, ctx, series_id, "thumbnail", data)


@delete("/api/v1/series/{series_id:uuid}/thumbnail", status_code=200, opt=access("member"))
async def drop_thumbnail(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """Shows no thumbnail any more; the picture stays in the library."""
    return await actions.set_picture(ctx, series_id, "thumbnail", None)


# ---- settings --------------------------------------------------------------------------------------------------


@get("/api/v1/series/{series_id:uuid}/settings", opt=access("member"))
async def show_settings(ctx: CtxDep, series_id: Path[UUID]) -> SeriesSettings:
    """What it is, and what search engines are told, for those who work on it."""
    return _as(SeriesSettings, await access_series(ctx, series_id, Permission.READ_DRAFTS))


@patch("/api/v1/series/{series_id:uuid}/settings", opt=access("member", limit="write"))
async def change_settings(ctx: CtxDep, series_id: Path[UUID], data: Body[SettingsEdit]) -> SeriesSettings:
    """Changes what is given. A new `slug` leaves the old one behind as a redirect (S6)."""
    return _as(SeriesSettings, await settings.change_settings(ctx, series_id, **_given(data)))


@get("/api/v1/series/{series_id:uuid}/paywall", opt=access("member"))
async def show_paywall(ctx: CtxDep, series_id: Path[UUID]) -> PaywallSettings:
    """To whom new chapters are open, and what everybody sees of the others."""
    return _as(PaywallSettings, await access_series(ctx, series_id, Permission.READ_DRAFTS))


@patch("/api/v1/series/{series_id:uuid}/paywall", opt=access("member", limit="write"))
async def change_paywall(ctx: CtxDep, series_id: Path[UUID], data: Body[PaywallEdit]) -> PaywallSettings:
    """Changes what is given (S1, S2)."""
    return _as(PaywallSettings, await settings.change_paywall(ctx, series_id, **_given(data)))


@get("/api/v1/series/{series_id:uuid}/schedule", opt=access("member"))
async def show_schedule(ctx: CtxDep, series_id: Path[UUID]) -> ScheduleSettings:
    """When readers may expect a chapter, and when the next one is scheduled."""
    return _as(ScheduleSettings, await access_series(ctx, series_id, Permission.READ_DRAFTS))


@patch("/api/v1/series/{series_id:uuid}/schedule", opt=access("member", limit="write"))
async def change_schedule(ctx: CtxDep, series_id: Path[UUID], data: Body[ScheduleEdit]) -> ScheduleSettings:
    """Changes what is given (S4)."""
    return _as(ScheduleSettings, await settings.change_schedule(ctx, series_id, **_given(data)))


# ---- standing --------------------------------------------------------------------------------------------------


@post("/api/v1/series/{series_id:uuid}/publish", status_code=200, opt=access("member", limit="write"))
async def publish(ctx: CtxDep, series_id: Path[UUID], data: Body[PublishSeriesIn] = NEWEST) -> SeriesView:
    """Publishes a series; its published chapters are seen from now on, or wait in review: see `state` (P5)."""
    return await actions.publish_series(ctx, series_id, revision=data.revision)


@post("/api/v1/series/{series_id:uuid}/unpublish", status_code=200, opt=access("member"))
async def unpublish(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """Takes a series back from readers, with its chapters."""
    return await actions.unpublish_series(ctx, series_id)


@post("/api/v1/series/{series_id:uuid}/complete", status_code=200, opt=access("member"))
async def complete(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """It is told to its end."""
    return await standing.move(ctx, series_id, "complete")


@post("/api/v1/series/{series_id:uuid}/hiatus", status_code=200, opt=access("member"))
async def hiatus(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """It pauses."""
    return await standing.move(ctx, series_id, "hiatus")


@post("/api/v1/series/{series_id:uuid}/resume", status_code=200, opt=access("member"))
async def resume(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """It goes on."""
    return await standing.move(ctx, series_id, "resume")


@post("/api/v1/series/{series_id:uuid}/cancel", status_code=200, opt=access("member"))
async def cancel(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """It is given up, and stays readable."""
    return await standing.move(ctx, series_id, "cancel")


# ---- as everybody sees it --------------------------------------------------------------------------------------


@get("/api/v1/sites/{site_id:uuid}/series/public", opt=access("public"))
async def list_public(
    ctx: CtxDep,
    site_id: Path[UUID],
    sort_by: Sorted = Sort.RECENT,
    in_status: InStatus = None,
    of_type: OfType = None,
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[SeriesCard]:
    """The published series of a site; none where the site is not open to everybody."""
    return await queries.public_series(
        ctx, site_id=site_id, sort=sort_by, status=in_status, content_type=of_type, cursor=cursor, limit=limit
    )


@get("/api/v1/sites/{site_id:uuid}/series/by-slug/{slug:str}", opt=access("public"))
async def read_by_slug(ctx: CtxDep, site_id: Path[UUID], slug: Path[str]) -> SeriesView:
    """A series by an address it has or once had."""
    found = await access_series_by_slug(ctx, site_id, slug)
    if await works.record_view(ctx, found.id):
        return await access_series(ctx, found.id)
    return found


@get("/api/v1/series/{series_id:uuid}/public", opt=access("public"))
async def read_public(ctx: CtxDep, series_id: Path[UUID]) -> SeriesView:
    """A published series as everybody sees it; the reader's first look counts as a view (P2)."""
    await works.record_view(ctx, series_id)
    found = await access_published_series(ctx, series_id)
    return msgspec.structs.replace(found, synopsis_markdown=None, my_permissions=[])


def _given(data: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(data, name) for name in data.__struct_fields__}


def _as(shape: type[Shape], series: SeriesView) -> Shape:
    return shape(**{name: getattr(series, name) for name in shape.__struct_fields__})


routes = [
    list_series,
    create,
    read,
    edit,
    remove,
    restore,
    duplicate,
    put_cover,
    drop_cover,
    put_banner,
    drop_banner,
    put_thumbnail,
    drop_thumbnail,
    show_settings,
    change_settings,
    show_paywall,
    change_paywall,
    show_schedule,
    change_schedule,
    publish,
    unpublish,
    complete,
    hiatus,
    resume,
    cancel,
    list_public,
    read_by_slug,
    read_public,
]
