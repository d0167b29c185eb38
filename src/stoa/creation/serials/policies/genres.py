"""Genres are there for all."""

from uuid import UUID

from stoa.creation.serials.queries import genres
from stoa.creation.serials.types import GenreView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound


async def access_genre(ctx: Ctx, genre_id: UUID) -> GenreView:
    """A genre. Raises NotFound."""
    return _found(await genres.genre_by_id(ctx, genre_id))


async def access_genre_by_slug(ctx: Ctx, slug: str) -> GenreView:
    """A genre by its address. Raises NotFound."""
    return _found(await genres.genre_by_slug(ctx, slug))


def _found(genre: GenreView | None) -> GenreView:
    if genre is None:
        raise NotFound("There is no such genre")
    return genre
