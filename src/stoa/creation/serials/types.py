"""Series and chapters as pages, the API and the modules above see them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.works.types import StatsView
from stoa.foundation.media.types import Cover
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.types import Permission
from stoa.money.entitlements.types import Offer

SERIES: Final = "series"  # kinds of works
CHAPTER: Final = "chapter"
TITLE_MAX: Final = 200
SYNOPSIS_MAX: Final = 10_000
BODY_MAX: Final = 500_000  # characters of one chapter
NOTE_MAX: Final = 10_000
MAX_CHAPTERS: Final = 5_000  # of one series
MAX_GENRES: Final = 5
MAX_TAGS: Final = 20
MAX_BULK: Final = 500
KEPT_DAYS: Final = 30  # S5


class ContentType(StrEnum):
    """What a series is. All but the first are pictures."""

    WEB_NOVEL = "web_novel"
    WEBTOON = "webtoon"
    MANGA = "manga"
    MANHWA = "manhwa"
    WESTERN_COMIC = "western_comic"

    @property
    def is_comic(self) -> bool:
        """Whether its chapters are made of pictures."""
        return self is not ContentType.WEB_NOVEL


class Direction(StrEnum):
    """Where one reads on: to the right, to the left, down."""

    LTR = "ltr"
    RTL = "rtl"
    VERTICAL = "vertical"


class SeriesStatus(StrEnum):
    """Where a series stands. Draft is one that is not out."""

    DRAFT = "draft"
    ONGOING = "ongoing"
    HIATUS = "hiatus"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ChapterStatus(StrEnum):
    """Where a chapter stands; in_review, refused and withheld as every work (P5, I8)."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    ARCHIVED = "archived"
    IN_REVIEW = "in_review"
    REFUSED = "refused"
    WITHHELD = "withheld"


class AccessLevel(StrEnum):
    """S1: who reads the whole of a chapter."""

    FREE = "free"
    SUBSCRIBERS = "subscribers"
    TIER = "tier"
    SCHEDULED = "scheduled"


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


class ChapterCard(msgspec.Struct, frozen=True, kw_only=True):
    """A published chapter in a list. `is_locked`: the actor may read only its beginning. `opens_at`: S1, scheduled."""

    id: UUID
    slug: str
    number: Decimal
    volume: int | None
    position: int
    title: str
    access: AccessLevel
    opens_at: datetime | None
    is_locked: bool
    price_minor: int | None
    price_asset: str | None
    word_count: int
    images_count: int
    reading_minutes: int
    published_at: datetime


class OwnChapter(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter in the studio's list."""

    id: UUID
    slug: str | None
    number: Decimal
    volume: int | None
    position: int
    title: str
    status: ChapterStatus
    revision: int
    version: int
    access: AccessLevel
    opens_at: datetime | None
    price_minor: int | None
    price_asset: str | None
    word_count: int
    images_count: int
    views: int
    scheduled_at: datetime | None
    timezone: str
    schedule_problem: str | None
    published_at: datetime | None
    updated_at: datetime
    deleted_at: datetime | None


class ChapterView(msgspec.Struct, frozen=True, kw_only=True):
    """One chapter for those who work on it, with its source.

    `body_html` is safe HTML. `revision` rises with each change, `version` with each change of the text (S3).
    """

    id: UUID
    series_id: UUID
    site_id: UUID
    site_slug: str
    series_slug: str | None
    series_title: str
    content_type: ContentType
    slug: str | None
    url: str | None
    number: Decimal
    volume: int | None
    position: int
    title: str
    body_markdown: str
    body_html: str
    author_note_markdown: str
    author_note_html: str
    author_note_position: str
    word_count: int
    reading_minutes: int
    images_count: int
    language: str
    rating: str
    status: ChapterStatus
    state: str
    closed: bool
    revision: int
    version: int
    access: AccessLevel
    opens_at: datetime | None
    tier_id: UUID | None
    preview_paragraphs: int | None
    paywall_message: str
    price_minor: int | None
    price_asset: str | None
    scheduled_at: datetime | None
    timezone: str
    schedule_problem: str | None
    warnings: list[WarningView]
    meta_title: str
    meta_description: str
    screening_reasons: list[str]
    review_note: str | None
    stats: StatsView
    author: PersonView
    my_permissions: list[Permission]
    published_at: datetime | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class Neighbour(msgspec.Struct, frozen=True):
    """The chapter before or after."""

    id: UUID
    slug: str
    number: Decimal
    title: str
    is_locked: bool


class ReadView(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter as a reader has it.

    `body_html` is the whole, or where `is_locked` the first paragraphs; what is hidden is nowhere in it. `offers` would
    open the rest. `why` says by what it is open: free, author, collaborator, staff or bought.
    """

    id: UUID
    series_id: UUID
    site_id: UUID
    site_slug: str
    site_title: str
    series_slug: str
    series_title: str
    content_type: ContentType
    reading_direction: Direction
    slug: str
    url: str
    number: Decimal
    volume: int | None
    title: str
    body_html: str
    author_note_html: str
    author_note_position: str
    excerpt: str
    word_count: int
    reading_minutes: int
    images_count: int
    language: str
    rating: str
    author: PersonView
    access: AccessLevel
    opens_at: datetime | None
    is_locked: bool
    why: str | None
    offers: list[Offer]
    paywall_message: str
    warnings: list[WarningView]
    meta_title: str
    meta_description: str
    stats: StatsView
    my_reaction: str | None
    my_permissions: list[Permission]
    state: str
    previous: Neighbour | None
    next: Neighbour | None
    published_at: datetime | None
    updated_at: datetime


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a chapter's text (S3); `words_added` and `words_removed` against the one before."""

    id: UUID
    chapter_id: UUID
    version: int
    title: str
    word_count: int
    note: str
    restored_from: int | None
    made_by: PersonView | None
    made_at: datetime


class VersionText(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its text."""

    version: VersionView
    body_markdown: str
    body_html: str
    author_note_markdown: str


class Autosave(msgspec.Struct, frozen=True, kw_only=True):
    """What the actor typed and has not saved. `tab` wrote it; `is_stale` where it was typed on an older version."""

    chapter_id: UUID
    tab: str
    base_version: int
    title: str
    body_markdown: str
    author_note_markdown: str
    is_stale: bool
    saved_at: datetime
