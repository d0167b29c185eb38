"""Bodies of the routes about genres, tags and warnings."""

from typing import Annotated
from uuid import UUID

import msgspec

from stoa.creation.serials.actions.tags import NAME_MAX
from stoa.creation.serials.actions.warnings import DETAILS_MAX
from stoa.creation.serials.types import MAX_GENRES, MAX_TAGS, WARNINGS

TagName = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_MAX)]


class GenresIn(msgspec.Struct):
    """All genres of a series; the first is what it mainly is."""

    genre_ids: Annotated[list[UUID], msgspec.Meta(max_length=MAX_GENRES)]


class GenreIn(msgspec.Struct):
    """A genre to add; `is_primary`: as what it mainly is."""

    genre_id: UUID
    is_primary: bool = False


class TagsIn(msgspec.Struct):
    """All tags of a series, by name."""

    tags: Annotated[list[TagName], msgspec.Meta(max_length=MAX_TAGS)]


class TagIn(msgspec.Struct):
    """A tag by name."""

    name: TagName


class WarningIn(msgspec.Struct):
    """A kind of warning, as GET /content-warnings lists them, with details in the author's words."""

    warning: Annotated[str, msgspec.Meta(max_length=50)]
    details: Annotated[str, msgspec.Meta(max_length=DETAILS_MAX)] = ""


class WarningsIn(msgspec.Struct):
    """All warnings."""

    warnings: Annotated[list[WarningIn], msgspec.Meta(max_length=len(WARNINGS))]


class MergeIn(msgspec.Struct):
    """The tag that remains."""

    into_id: UUID
