"""Bodies of the routes about many chapters, and about their order."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from stoa.creation.serials.schemas.chapters import Asset, Ids, Place, Price, Timezone, Volume
from stoa.creation.serials.schemas.words import Language, Rating
from stoa.creation.serials.types import MAX_CHAPTERS, AccessLevel


class ReorderIn(msgspec.Struct):
    """All chapters of the series in their new order. `renumber`: their numbers are 1, 2, 3 … in it."""

    chapter_ids: Annotated[list[UUID], msgspec.Meta(max_length=MAX_CHAPTERS)]
    renumber: bool = False


class MoveIn(msgspec.Struct):
    """The series it goes to."""

    series_id: UUID


class BulkIn(msgspec.Struct):
    """Chapters of the series."""

    chapter_ids: Ids


class BulkEdit(msgspec.Struct):
    """What they have in common from now on; what is absent stays."""

    chapter_ids: Ids
    volume: Volume | UnsetType | None = UNSET
    rating: Rating | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    author_note_position: Place | UnsetType = UNSET


class BulkAccess(msgspec.Struct):
    """Who reads the whole of them, and what each costs; what is absent stays."""

    chapter_ids: Ids
    access: AccessLevel | UnsetType = UNSET
    opens_at: datetime | None = None
    timezone: Timezone | None = None
    tier_id: UUID | None = None
    price_minor: Price | UnsetType | None = UNSET
    price_asset: Asset | UnsetType | None = UNSET


class BulkSchedule(msgspec.Struct):
    """The first `at`, and each next one so many days later; with an offset, or as clocks show it in `timezone`."""

    chapter_ids: Ids
    at: datetime
    timezone: Timezone | None = None
    every_days: Annotated[int, msgspec.Meta(ge=0, le=365)] = 0
