"""Reads of genres, and of the genres, tags and warnings of a series."""

from typing import Final
from uuid import UUID

from stoa.creation.serials.types import SERIES, GenreView
from stoa.creation.works.queries import LISTED
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe

# Each listed series once for a genre of its own, and once for the one above that.
_GENRES: Final = f"""
    with held as (
      select distinct sg.series_id, place.genre_id
      from series_genres sg join genres g on g.id = sg.genre_id
      join series b on b.work_id = sg.series_id and b.is_listed
      join works w on w.id = b.work_id and w.kind = '{SERIES}' and {LISTED}
      cross join lateral (values (g.id), (g.parent_id)) as place (genre_id)
      where place.genre_id is not null
    ), counted as (select genre_id, count(*)::integer as series from held group by genre_id)
    select g.id, g.parent_id, g.slug, g.name, g.description, g.is_featured, coalesce(counted.series, 0) as series_count
    from genres g left join genres above on above.id = g.parent_id left join counted on counted.genre_id = g.id
    where g.is_active
"""
_ORDER: Final = "order by coalesce(above.position, g.position), coalesce(above.name, g.name), g.parent_id is not null"
# Where a few are asked for, only those are counted.
_FEW: Final = f"""
    select g.id, g.parent_id, g.slug, g.name, g.description, g.is_featured,
      (
        select count(distinct sg.series_id)::integer from genres k join series_genres sg on sg.genre_id = k.id
        join series b on b.work_id = sg.series_id and b.is_listed
        join works w on w.id = b.work_id and w.kind = '{SERIES}' and {LISTED}
        where k.id = g.id or k.parent_id = g.id
      ) as series_count
    from genres g where g.is_active
"""
_ALL = many(GenreView, f"{_GENRES} {_ORDER}, g.position, g.name")
_FEATURED = many(GenreView, f"{_FEW} and g.is_featured order by g.position, g.name")
_CHILDREN = many(GenreView, f"{_FEW} and g.parent_id = $1 order by g.position, g.name")
_BY_ID = maybe(GenreView, f"{_FEW} and g.id = $1")
_BY_SLUG = maybe(GenreView, f"{_FEW} and g.slug = $1")


async def genres(ctx: Ctx) -> list[GenreView]:
    """All genres, each followed by its sub-genres."""
    return await _ALL(ctx.db)


async def featured_genres(ctx: Ctx) -> list[GenreView]:
    """Those that are shown first."""
    return await _FEATURED(ctx.db)


async def children(ctx: Ctx, genre_id: UUID) -> list[GenreView]:
    """The sub-genres of one."""
    return await _CHILDREN(ctx.db, genre_id)


async def genre_by_id(ctx: Ctx, genre_id: UUID) -> GenreView | None:
    """A genre, or None."""
    return await _BY_ID(ctx.db, genre_id)


async def genre_by_slug(ctx: Ctx, slug: str) -> GenreView | None:
    """A genre by its address, or None."""
    return await _BY_SLUG(ctx.db, slug)
