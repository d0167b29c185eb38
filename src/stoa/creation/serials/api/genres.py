"""`/api/v1/genres`, `/tags`, `/content-warnings`, and those of a series."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import delete, get, post, put
from litestar.params import QueryParameter

from stoa.creation.serials.actions import genres as genre_actions
from stoa.creation.serials.actions import tags as tag_actions
from stoa.creation.serials.actions import warnings as warning_actions
from stoa.creation.serials.policies.genres import access_genre
from stoa.creation.serials.policies.series import access_series
from stoa.creation.serials.policies.tags import access_tag_by_slug
from stoa.creation.serials.queries import genres as genre_lists
from stoa.creation.serials.queries import tags as tag_lists
from stoa.creation.serials.queries.listed import public_series
from stoa.creation.serials.schemas.tags import GenreIn, GenresIn, MergeIn, TagIn, TagsIn, WarningIn, WarningsIn
from stoa.creation.serials.types import WARNINGS, GenreView, SeriesCard, TagView, WaitingTag, WarningKind, WarningView
from stoa.creation.works.policies import slugify
from stoa.creation.works.types import Sort
from stoa.kit.errors import Invalid
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.pagination import Page

Sorted = Annotated[Sort, QueryParameter(name="sort")]
SearchText = Annotated[str, QueryParameter(min_length=1, max_length=50)]
TagState = Annotated[Literal["waiting", "approved", "blocked"], QueryParameter(name="state")]
Words = Annotated[str, QueryParameter(name="q", max_length=50)]


# ---- genres ----------------------------------------------------------------------------------------------------


@get("/api/v1/genres", opt=access("public"))
async def genres(ctx: CtxDep) -> list[GenreView]:
    """All genres, each followed by its sub-genres."""
    return await genre_lists.genres(ctx)


@get("/api/v1/genres/featured", opt=access("public"))
async def featured(ctx: CtxDep) -> list[GenreView]:
    """The genres that are shown first."""
    return await genre_lists.featured_genres(ctx)


@get("/api/v1/genres/{genre_id:uuid}", opt=access("public"))
async def genre(ctx: CtxDep, genre_id: Path[UUID]) -> GenreView:
    """One genre."""
    return await access_genre(ctx, genre_id)


@get("/api/v1/genres/{genre_id:uuid}/children", opt=access("public"))
async def children(ctx: CtxDep, genre_id: Path[UUID]) -> list[GenreView]:
    """The sub-genres of one."""
    await access_genre(ctx, genre_id)
    return await genre_lists.children(ctx, genre_id)


@get("/api/v1/genres/{genre_id:uuid}/series", opt=access("public"))
async def in_genre(
    ctx: CtxDep, genre_id: Path[UUID], sort_by: Sorted = Sort.RECENT, cursor: Cursor = None, limit: PageLimit = 20
) -> Page[SeriesCard]:
    """The listed series of a genre and its sub-genres."""
    await access_genre(ctx, genre_id)
    return await public_series(ctx, genre_id=genre_id, sort=sort_by, cursor=cursor, limit=limit)


@get("/api/v1/series/{series_id:uuid}/genres", opt=access("public"))
async def genres_of(ctx: CtxDep, series_id: Path[UUID]) -> list[GenreView]:
    """The genres of a series, the one it mainly is first."""
    return (await access_series(ctx, series_id)).genres


@put("/api/v1/series/{series_id:uuid}/genres", opt=access("member", limit="write"))
async def set_genres(ctx: CtxDep, series_id: Path[UUID], data: Body[GenresIn]) -> list[GenreView]:
    """Replaces the genres of a series; the first is what it mainly is."""
    return await genre_actions.set_genres(ctx, series_id, data.genre_ids)


@post("/api/v1/series/{series_id:uuid}/genres", status_code=200, opt=access("member", limit="write"))
async def add_genre(ctx: CtxDep, series_id: Path[UUID], data: Body[GenreIn]) -> list[GenreView]:
    """Adds a genre; one that is there already stays, once."""
    return await genre_actions.add_genre(ctx, series_id, data.genre_id, first=data.is_primary)


@delete("/api/v1/series/{series_id:uuid}/genres/{genre_id:uuid}", status_code=200, opt=access("member"))
async def remove_genre(ctx: CtxDep, series_id: Path[UUID], genre_id: Path[UUID]) -> list[GenreView]:
    """Takes a genre away."""
    return await genre_actions.remove_genre(ctx, series_id, genre_id)


# ---- tags ------------------------------------------------------------------------------------------------------


@get("/api/v1/tags", opt=access("public"))
async def tags(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 50) -> Page[TagView]:
    """Tags, those of the most series first."""
    return await tag_lists.popular_tags(ctx, cursor=cursor, limit=limit)


@get("/api/v1/tags/search", opt=access("public"))
async def search(ctx: CtxDep, q: SearchText) -> list[TagView]:
    """At most ten tags that hold the text, those that begin with it first."""
    return await tag_lists.search_tags(ctx, q, slug=slugify(q, fallback=""))


@get("/api/v1/tags/{tag_slug:str}", opt=access("public"))
async def tag(ctx: CtxDep, tag_slug: Path[str]) -> TagView:
    """A tag by its address; where the answer's differs, it became that one."""
    return await access_tag_by_slug(ctx, tag_slug)


@get("/api/v1/tags/{tag_slug:str}/series", opt=access("public"))
async def with_tag(
    ctx: CtxDep, tag_slug: Path[str], sort_by: Sorted = Sort.RECENT, cursor: Cursor = None, limit: PageLimit = 20
) -> Page[SeriesCard]:
    """The listed series that have a tag."""
    found = await access_tag_by_slug(ctx, tag_slug)
    return await public_series(ctx, tag_id=found.id, sort=sort_by, cursor=cursor, limit=limit)


@post("/api/v1/tags", opt=access("member", limit="write"))
async def create_tag(ctx: CtxDep, data: Body[TagIn]) -> TagView:
    """A tag by this name, or the one there is. A new one waits for a moderator."""
    return await tag_actions.create_tag(ctx, data.name)


@get("/api/v1/series/{series_id:uuid}/tags", opt=access("public"))
async def tags_of(ctx: CtxDep, series_id: Path[UUID]) -> list[TagView]:
    """The tags of a series."""
    return (await access_series(ctx, series_id)).tags


@put("/api/v1/series/{series_id:uuid}/tags", opt=access("member", limit="write"))
async def set_tags(ctx: CtxDep, series_id: Path[UUID], data: Body[TagsIn]) -> list[TagView]:
    """Replaces the tags of a series."""
    return await tag_actions.set_tags(ctx, series_id, data.tags)


@post("/api/v1/series/{series_id:uuid}/tags", status_code=200, opt=access("member", limit="write"))
async def add_tag(ctx: CtxDep, series_id: Path[UUID], data: Body[TagIn]) -> list[TagView]:
    """Adds a tag by name; one that is there already stays, once."""
    return await tag_actions.add_tag(ctx, series_id, data.name)


@delete("/api/v1/series/{series_id:uuid}/tags/{tag_id:uuid}", status_code=200, opt=access("member"))
async def remove_tag(ctx: CtxDep, series_id: Path[UUID], tag_id: Path[UUID]) -> list[TagView]:
    """Takes a tag away."""
    return await tag_actions.remove_tag(ctx, series_id, tag_id)


@get("/api/v1/admin/tags", opt=access("staff"))
async def tags_to_judge(
    ctx: CtxDep, in_state: TagState = "waiting", words: Words = "", cursor: Cursor = None, limit: PageLimit = 50
) -> Page[WaitingTag]:
    """For moderators: tags that wait, are approved or blocked, the oldest first."""
    return await tag_lists.tags_by_state(ctx, in_state, words=words, cursor=cursor, limit=limit)


@post("/api/v1/admin/tags/{tag_id:uuid}/approve", status_code=200, opt=access("staff"))
async def approve_tag(ctx: CtxDep, tag_id: Path[UUID]) -> TagView:
    """Lets everybody find a tag."""
    return await tag_actions.approve_tag(ctx, tag_id)


@post("/api/v1/admin/tags/{tag_id:uuid}/block", status_code=200, opt=access("staff"))
async def block_tag(ctx: CtxDep, tag_id: Path[UUID]) -> TagView:
    """Has a tag not used any more."""
    return await tag_actions.block_tag(ctx, tag_id)


@post("/api/v1/admin/tags/{tag_id:uuid}/merge", status_code=200, opt=access("staff"))
async def merge_tag(ctx: CtxDep, tag_id: Path[UUID], data: Body[MergeIn]) -> TagView:
    """Makes one tag of two; answers the one that remains."""
    return await tag_actions.merge_tag(ctx, tag_id, data.into_id)


# ---- warnings --------------------------------------------------------------------------------------------------


@get("/api/v1/content-warnings", opt=access("public"))
async def warning_kinds() -> list[WarningKind]:
    """All that a series or a chapter can warn of."""
    return list(WARNINGS.values())


@get("/api/v1/series/{series_id:uuid}/warnings", opt=access("public"))
async def warnings_of(ctx: CtxDep, series_id: Path[UUID]) -> list[WarningView]:
    """What a series warns of."""
    return (await access_series(ctx, series_id)).warnings


@put("/api/v1/series/{series_id:uuid}/warnings", opt=access("member", limit="write"))
async def set_warnings(ctx: CtxDep, series_id: Path[UUID], data: Body[WarningsIn]) -> list[WarningView]:
    """Replaces what a series warns of."""
    given = {one.warning: one.details for one in data.warnings}
    if len(given) != len(data.warnings):
        raise Invalid(fields={"warnings": "Each warning once"})
    return await warning_actions.set_warnings(ctx, series_id, given)


@post("/api/v1/series/{series_id:uuid}/warnings", status_code=200, opt=access("member", limit="write"))
async def add_warning(ctx: CtxDep, series_id: Path[UUID], data: Body[WarningIn]) -> list[WarningView]:
    """Adds a warning, or changes the details of one that is there."""
    return await warning_actions.add_warning(ctx, series_id, data.warning, data.details)


@delete("/api/v1/series/{series_id:uuid}/warnings/{warning_id:str}", status_code=200, opt=access("member"))
async def remove_warning(ctx: CtxDep, series_id: Path[UUID], warning_id: Path[str]) -> list[WarningView]:
    """Takes a warning away; `warning_id` as GET /content-warnings lists them."""
    return await warning_actions.remove_warning(ctx, series_id, warning_id)


routes = [
    genres,
    featured,
    genre,
    children,
    in_genre,
    genres_of,
    set_genres,
    add_genre,
    remove_genre,
    tags,
    search,
    tag,
    with_tag,
    create_tag,
    tags_of,
    set_tags,
    add_tag,
    remove_tag,
    tags_to_judge,
    approve_tag,
    block_tag,
    merge_tag,
    warning_kinds,
    warnings_of,
    set_warnings,
    add_warning,
    remove_warning,
]
