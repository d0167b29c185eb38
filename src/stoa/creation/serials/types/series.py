"""Series as pages, the API and the modules above see them."""

from datetime import datetime
from uuid import UUID

import msgspec

from stoa.creation.serials.types.words import AccessLevel, ContentType, Direction, SeriesStatus
from stoa.creation.works.types import StatsView
from stoa.foundation.media.types import Cover
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.types import Permission


class GenreView(msgspec.Struct, frozen=True):
    """A genre; `series_count` of listed series, those of its sub-genres included."""

    id: UUID
    parent_id: UUID | None
    slug: str
    name: str
    description: str
    is_featured: bool
    series_count: int = 0


class TagView(msgspec.Struct, frozen=True):
    """A tag; `usage_count` of series that everybody sees."""

    id: UUID
    slug: str
    name: str
    is_approved: bool
    usage_count: int = 0


class WaitingTag(msgspec.Struct, frozen=True):
    """A tag as moderators see it; `series_count` of all series, drafts included."""

    id: UUID
    slug: str
    name: str
    is_approved: bool
    is_blocked: bool
    series_count: int
    created_by: PersonView | None
    created_at: datetime


class WarningKind(msgspec.Struct, frozen=True):
    """A kind of warning: what a reader may want to know before."""

    id: str
    name: str
    description: str
    severity: str  # mild, strong


class WarningView(msgspec.Struct, frozen=True):
    """A warning of a series or a chapter, with details in its author's words."""

    id: str
    name: str
    severity: str
    details: str


class SeriesCard(msgspec.Struct, frozen=True, kw_only=True):
    """A published series in a list. `chapters_count` and `words_count` of what is out."""

    id: UUID
    slug: str
    site_slug: str
    site_title: str
    title: str
    excerpt: str
    content_type: ContentType
    reading_direction: Direction
    status: SeriesStatus
    language: str
    rating: str
    author: PersonView
    cover: Cover | None
    genres: list[str]
    stats: StatsView
    chapters_count: int
    words_count: int
    published_at: datetime
    last_published_at: datetime | None


class OwnSeries(msgspec.Struct, frozen=True, kw_only=True):
    """A series in the studio's list. `drafts_count` and `scheduled_count` are of its chapters."""

    id: UUID
    slug: str | None
    title: str
    content_type: ContentType
    status: SeriesStatus
    state: str
    cover: Cover | None
    chapters_count: int
    drafts_count: int
    scheduled_count: int
    words_count: int
    stats: StatsView
    updated_at: datetime
    deleted_at: datetime | None


class SeriesView(msgspec.Struct, frozen=True, kw_only=True):
    """One series as the actor may have it.

    `synopsis_html` is safe HTML. `synopsis_markdown` and `my_permissions` are for those who work on it, else None and
    empty. `status` is draft until it is published, whose word `state` is. `url` leads to its page.
    """

    id: UUID
    site_id: UUID
    site_slug: str
    site_title: str
    slug: str | None
    url: str | None
    title: str
    synopsis_markdown: str | None
    synopsis_html: str
    excerpt: str
    content_type: ContentType
    reading_direction: Direction
    status: SeriesStatus
    state: str
    closed: bool
    revision: int
    language: str
    original_language: str
    rating: str
    author: PersonView
    cover: Cover | None
    banner: Cover | None
    thumbnail: Cover | None
    genres: list[GenreView]
    tags: list[TagView]
    warnings: list[WarningView]
    update_schedule: str
    update_days: list[int]
    timezone: str
    default_access: AccessLevel
    early_access_days: int
    preview_paragraphs: int
    paywall_message: str
    is_listed: bool
    meta_title: str
    meta_description: str
    canonical_url: str | None
    total_planned_chapters: int | None
    stats: StatsView
    chapters_count: int
    words_count: int
    my_permissions: list[Permission]
    published_at: datetime | None
    completed_at: datetime | None
    last_published_at: datetime | None
    next_scheduled_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
