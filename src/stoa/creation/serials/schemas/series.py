"""Bodies of the routes about series."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from msgspec import UNSET, UnsetType

from stoa.creation.serials.actions.texts import (
    META_DESCRIPTION_MAX,
    META_TITLE_MAX,
    PAYWALL_MESSAGE_MAX,
    SCHEDULE_MAX,
    URL_MAX,
)
from stoa.creation.serials.schemas.words import Language, Rating, Revision, Slug
from stoa.creation.serials.types import SYNOPSIS_MAX, TITLE_MAX, AccessLevel, ContentType, Direction

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=TITLE_MAX)]
Synopsis = Annotated[str, msgspec.Meta(max_length=SYNOPSIS_MAX)]
Planned = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Url = Annotated[str, msgspec.Meta(max_length=URL_MAX)]
Day = Annotated[int, msgspec.Meta(ge=1, le=7)]


class SeriesIn(msgspec.Struct):
    """A new series. Without `reading_direction` it is read as is usual for its type."""

    title: Title
    synopsis_markdown: Synopsis = ""
    content_type: ContentType = ContentType.WEB_NOVEL
    reading_direction: Direction | None = None
    language: Language = "en"
    original_language: Language | None = None
    rating: Rating = "general"
    cover_media_id: UUID | None = None
    default_access: AccessLevel = AccessLevel.FREE
    total_planned_chapters: Planned | None = None


class SeriesEdit(msgspec.Struct):
    """Changes to a series, made on `revision`; what is absent stays as it is."""

    revision: Revision
    title: Title | UnsetType = UNSET
    synopsis_markdown: Synopsis | UnsetType = UNSET
    content_type: ContentType | UnsetType = UNSET
    reading_direction: Direction | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    original_language: Language | UnsetType = UNSET
    rating: Rating | UnsetType = UNSET
    cover_media_id: UUID | UnsetType | None = UNSET
    banner_media_id: UUID | UnsetType | None = UNSET
    thumbnail_media_id: UUID | UnsetType | None = UNSET
    slug: Slug | UnsetType = UNSET
    total_planned_chapters: Planned | UnsetType | None = UNSET


class SettingsEdit(msgspec.Struct):
    """Changes to what it is and what search engines are told; without a `revision`, to the newest."""

    revision: Revision | None = None
    slug: Slug | UnsetType = UNSET
    content_type: ContentType | UnsetType = UNSET
    reading_direction: Direction | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    original_language: Language | UnsetType = UNSET
    rating: Rating | UnsetType = UNSET
    total_planned_chapters: Planned | UnsetType | None = UNSET
    meta_title: Annotated[str, msgspec.Meta(max_length=META_TITLE_MAX)] | UnsetType = UNSET
    meta_description: Annotated[str, msgspec.Meta(max_length=META_DESCRIPTION_MAX)] | UnsetType = UNSET
    canonical_url: Url | UnsetType | None = UNSET


class PaywallEdit(msgspec.Struct):
    """Changes to whom chapters are open, and what everybody sees of the others (S1, S2)."""

    revision: Revision | None = None
    default_access: AccessLevel | UnsetType = UNSET
    early_access_days: Annotated[int, msgspec.Meta(ge=0, le=365)] | UnsetType = UNSET
    preview_paragraphs: Annotated[int, msgspec.Meta(ge=0, le=50)] | UnsetType = UNSET
    paywall_message: Annotated[str, msgspec.Meta(max_length=PAYWALL_MESSAGE_MAX)] | UnsetType = UNSET


class ScheduleEdit(msgspec.Struct):
    """Changes to when readers may expect a chapter; days from 1, Monday, to 7, Sunday."""

    revision: Revision | None = None
    update_schedule: Annotated[str, msgspec.Meta(max_length=SCHEDULE_MAX)] | UnsetType = UNSET
    update_days: Annotated[list[Day], msgspec.Meta(max_length=7)] | UnsetType = UNSET
    timezone: Annotated[str, msgspec.Meta(max_length=100)] | UnsetType = UNSET


class PublishSeriesIn(msgspec.Struct, frozen=True):
    """The revision that is meant; without it, the newest."""

    revision: Revision | None = None


class DuplicateIn(msgspec.Struct, frozen=True):
    """The title of the copy; without one, that of the series with “(copy)”."""

    title: Title | None = None


@dataclass
class PictureIn:
    """A multipart form with a picture and its alternative text."""

    file: UploadFile
    alt: str = ""
