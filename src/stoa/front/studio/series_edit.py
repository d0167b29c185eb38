"""`/dashboard/series/{id}/edit`: what a series is: its title, its words, its genres and tags, its pictures."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.serials.actions.genres import set_genres
from stoa.creation.serials.actions.series import edit_series
from stoa.creation.serials.actions.tags import set_tags
from stoa.creation.serials.policies.series import access_series_to_edit
from stoa.creation.serials.queries.genres import genres
from stoa.creation.serials.types import MAX_GENRES, MAX_TAGS, GenreView, SeriesView
from stoa.front.studio.series import ONE, SERIES, said
from stoa.front.studio.series_pictures import PLACES
from stoa.front.studio.series_settings import EditForm, Sheet, keep_sheet, show_sheet
from stoa.kit.ctx import Ctx
from stoa.kit.errors import StoaError
from stoa.kit.http import CtxDep, Path, access


class WholeForm(EditForm):
    """The same with what it is looked for by. `tags` are written with commas between."""

    primary_genre: UUID | None = None
    genre_ids: list[UUID] = msgspec.field(default_factory=list)
    tags: Annotated[str, msgspec.Meta(max_length=MAX_TAGS * 60)] = ""


async def _change(
    ctx: Ctx, series_id: UUID, *, primary_genre: UUID | None, genre_ids: list[UUID], tags: str, **given: Any
) -> SeriesView:
    """All of it or nothing: what is wrong with a tag undoes the rest, too."""
    await edit_series(ctx, series_id, **given)
    await set_genres(ctx, series_id, [one for one in (primary_genre, *genre_ids) if one is not None])
    await set_tags(ctx, series_id, [tag for tag in (part.strip() for part in tags.split(",")) if tag])
    return await access_series_to_edit(ctx, series_id)


SHEET: Final = Sheet("edit", WholeForm, access_series_to_edit, _change, "Saved.")


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    series: SeriesView,
    typed: dict[str, Any] | None = None,
    error: StoaError | None = None,
) -> Response[Any]:
    held = [str(one.id) for one in series.genres]
    kept = {
        "primary_genre": held[0] if held else "",
        "genre_ids": held[1:],
        "tags": ", ".join(t.name for t in series.tags),
    }
    if typed is not None:  # a box that is not ticked is not sent
        kept["genre_ids"] = []
    fields = kept | (typed or {})
    ticked = fields["genre_ids"] if isinstance(fields["genre_ids"], list) else [fields["genre_ids"]]
    known = await genres(ctx)
    return await show_sheet(
        request,
        ctx,
        series,
        SHEET,
        typed=fields,
        error=error,
        tree=_tree(known),
        ticked=set(ticked),
        main_genres=[(str(one.id), one.name if one.parent_id is None else f"– {one.name}") for one in known],
        pictures=[(place, words[0], getattr(series, place)) for place, words in PLACES.items()],
        max_genres=MAX_GENRES,
        max_tags=MAX_TAGS,
    )


def _tree(known: list[GenreView]) -> list[tuple[GenreView, list[GenreView]]]:
    return [(one, [sub for sub in known if sub.parent_id == one.id]) for one in known if one.parent_id is None]


@get(f"{ONE}/edit", opt=access("member"))
async def edit_form(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """All that readers see of a series before they open a chapter."""
    return await _show(request, ctx, await access_series_to_edit(ctx, series_id))


@post(f"{ONE}/edit", opt=access("member", limit="write"))
async def save(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Keeps what was typed."""
    await access_series_to_edit(ctx, series_id)
    typed, error = await keep_sheet(request, ctx, series_id, SHEET)
    if error is not None:
        return await _show(request, ctx, await access_series_to_edit(ctx, series_id), typed, error)
    return said(request, f"{SERIES}/{series_id}/edit", "Saved.")


routes = [edit_form, save]
