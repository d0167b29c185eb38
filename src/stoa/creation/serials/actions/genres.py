"""The genres of a series, in order: the first is what it mainly is."""

from collections.abc import Callable, Sequence
from uuid import UUID

from stoa.creation.serials.policies.series import access_series, access_series_to_edit
from stoa.creation.serials.types import MAX_GENRES, GenreView
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value
from stoa.kit.errors import Invalid, NotFound

# One change of a series' genres, tags or warnings at a time, so that they are counted as they are.
LOCK = run("select from series where work_id = $1 for no key update")
_HELD = value(
    list[UUID],
    """
    select coalesce(array_agg(sg.genre_id order by sg.is_primary desc, g.position, g.name), '{}')
    from series_genres sg join genres g on g.id = sg.genre_id where sg.series_id = $1
    """,
)
_KNOWN = value(int, "select count(*) from genres where id = any($1::uuid[]) and is_active")
_CLEAR = run("delete from series_genres where series_id = $1")
_PUT = run(
    """
    insert into series_genres (series_id, genre_id, is_primary)
    select $1, genre_id, place = 1 from unnest($2::uuid[]) with ordinality as chosen (genre_id, place)
    """
)


async def set_genres(ctx: Ctx, series_id: UUID, genre_ids: Sequence[UUID]) -> list[GenreView]:
    """Replaces the genres of a series. Raises NotFound, Forbidden, Invalid for unknown or too many ones."""
    return await _change(ctx, series_id, lambda _: list(dict.fromkeys(genre_ids)))


async def add_genre(ctx: Ctx, series_id: UUID, genre_id: UUID, *, first: bool = False) -> list[GenreView]:
    """Adds a genre; `first`: as what it mainly is. One that it has already stays, once. Raises as `set_genres`."""

    def added(held: list[UUID]) -> list[UUID]:
        if first:
            return [genre_id, *(one for one in held if one != genre_id)]
        return held if genre_id in held else [*held, genre_id]

    return await _change(ctx, series_id, added)


async def remove_genre(ctx: Ctx, series_id: UUID, genre_id: UUID) -> list[GenreView]:
    """Takes a genre away; where it was the first, the next one is. Raises NotFound, Forbidden."""

    def less(held: list[UUID]) -> list[UUID]:
        if genre_id not in held:
            raise NotFound("The series does not have this genre")
        return [one for one in held if one != genre_id]

    return await _change(ctx, series_id, less)


async def _change(ctx: Ctx, series_id: UUID, wanted: Callable[[list[UUID]], list[UUID]]) -> list[GenreView]:
    await access_series_to_edit(ctx, series_id)
    await LOCK(ctx.db, series_id)
    held = await _HELD(ctx.db, series_id)
    ids = wanted(held)
    if len(ids) > MAX_GENRES:
        raise Invalid(fields={"genre_ids": f"A series has at most {MAX_GENRES} genres"})
    if ids and await _KNOWN(ctx.db, ids) != len(ids):
        raise Invalid(fields={"genre_ids": "One of these is no genre"})
    if ids != held:
        await _CLEAR(ctx.db, series_id)
        await _PUT(ctx.db, series_id, ids)
    return (await access_series(ctx, series_id)).genres
