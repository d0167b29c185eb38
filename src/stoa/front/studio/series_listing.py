"""`/dashboard/series/{id}/discovery` and `/warnings`: how a series is found, and what it warns its readers of."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.serials.actions.standing import list_series, unlist_series
from stoa.creation.serials.actions.warnings import DETAILS_MAX, set_warnings
from stoa.creation.serials.errors import NotReadyToList
from stoa.creation.serials.policies.series import access_series, access_series_to_edit
from stoa.creation.serials.queries.discovery import ranking, score_of
from stoa.creation.serials.types import WARNINGS, SeriesView
from stoa.foundation.team.types import Permission
from stoa.front.studio.series import ONE, SERIES, said, series_page, texts
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access

SEVERITIES: Final = {"strong": "Strong", "mild": "Mild"}
# Where what a series lacks is put right.
WHERE: Final = {
    "cover": "/pictures/cover",
    "synopsis": "/edit",
    "genre": "/edit#genres",
    "chapter": "/chapters",
    "chapters": "/chapters",
    "tags": "/edit#genres",
    "banner": "/pictures/banner",
    "schedule": "/schedule",
    "fresh": "/chapters",
    "published": "",
}


@get(f"{ONE}/discovery", opt=access("member"))
async def discovery(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Whether it is listed, what would make it easier to find, and its place among others."""
    series = await access_series(ctx, series_id, Permission.PUBLISH)
    return await series_page(
        request,
        ctx,
        series,
        "studio/series_discovery.html",
        score=score_of(series, ctx.now),
        ranking=await ranking(ctx, series),
        where=WHERE,
    )


@post(f"{ONE}/discovery", opt=access("member"))
async def list_it(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Shows it to everybody who looks for something new, or no longer."""
    here = f"{SERIES}/{series_id}/discovery"
    if (await request.form()).get("listed") != "yes":
        await unlist_series(ctx, series_id)
        return said(request, here, "It is no longer shown to who looks for something new. It stays on its site.")
    try:
        await list_series(ctx, series_id)
    except NotReadyToList as error:
        return said(request, here, error.detail, "warn", seconds=12)
    return said(request, here, "It is shown to everybody who looks for something new.")


@get(f"{ONE}/warnings", opt=access("member"))
async def warnings_form(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """The kinds of warnings, with those it has."""
    series = await access_series_to_edit(ctx, series_id)
    return await _warnings(request, ctx, series, {one.id: one.details for one in series.warnings}, {})


async def _warnings(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    series: SeriesView,
    held: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
) -> Response[Any]:
    return await series_page(
        request, ctx, series, "studio/series_warnings.html", status=status, **warning_fields(held, errors)
    )


@post(f"{ONE}/warnings", opt=access("member"))
async def save_warnings(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Keeps those that are ticked, with their details."""
    series = await access_series_to_edit(ctx, series_id)
    given = ticked_warnings(texts(await request.form()))
    try:
        await set_warnings(ctx, series_id, given)
    except Invalid as error:
        return await _warnings(request, ctx, series, given, error.fields, error.status)
    return said(request, f"{SERIES}/{series_id}/warnings", "Saved. Readers see it before they begin.")


def warning_fields(chosen: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    """What the form of warnings shows: all kinds, those that are ticked with their details, what is wrong."""
    groups = [
        (name, [kind for kind in WARNINGS.values() if kind.severity == severity])
        for severity, name in SEVERITIES.items()
    ]
    return {"groups": groups, "chosen": chosen, "errors": errors, "details_max": DETAILS_MAX}


def ticked_warnings(typed: dict[str, Any]) -> dict[str, str]:
    """What the form of warnings says: each kind that is ticked, with its details."""
    ticked = typed.get("warning", [])
    names = [ticked] if isinstance(ticked, str) else ticked
    return {name: _text(typed.get(f"details-{name}", "")) for name in names}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


routes = [discovery, list_it, warnings_form, save_warnings]
