"""The settings of a series, by the pages they are changed on."""

from datetime import datetime
from uuid import UUID

import msgspec

from stoa.creation.serials.types.words import AccessLevel, ContentType, Direction


class SeriesSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What it is, and what search engines are told. Changes name the `revision`."""

    id: UUID
    revision: int
    slug: str | None
    content_type: ContentType
    reading_direction: Direction
    language: str
    original_language: str
    rating: str
    total_planned_chapters: int | None
    meta_title: str
    meta_description: str
    canonical_url: str | None


class PaywallSettings(msgspec.Struct, frozen=True, kw_only=True):
    """To whom new chapters are open, and what everybody sees of the others (S1, S2)."""

    id: UUID
    revision: int
    default_access: AccessLevel
    early_access_days: int
    preview_paragraphs: int
    paywall_message: str


class ScheduleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """When readers may expect a chapter. `update_days` from 1, Monday, to 7, Sunday, in `timezone` (S4)."""

    id: UUID
    revision: int
    update_schedule: str
    update_days: list[int]
    timezone: str
    last_published_at: datetime | None
    next_scheduled_at: datetime | None
