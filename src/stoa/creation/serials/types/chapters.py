"""Chapters as pages, the API and the modules above see them."""

import hashlib
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from stoa.creation.serials.types.series import WarningView
from stoa.creation.serials.types.words import AccessLevel, ChapterStatus, ContentType, Direction
from stoa.creation.works.types import StatsView
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.types import Permission
from stoa.money.entitlements.types import Offer
from stoa.money.wallet.types import SaleView


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


class ChapterInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody may know of a published chapter. `is_locked`: the actor may read only its beginning."""

    id: UUID
    series_id: UUID
    series_title: str
    site_slug: str
    slug: str
    url: str
    number: Decimal
    volume: int | None
    title: str
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
    offers: list[Offer]
    warnings: list[WarningView]
    stats: StatsView
    previous: Neighbour | None
    next: Neighbour | None
    published_at: datetime | None


class ContentView(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a chapter for those who work on it."""

    chapter_id: UUID
    title: str
    body_markdown: str
    body_html: str
    author_note_markdown: str
    author_note_html: str
    author_note_position: str
    word_count: int
    reading_minutes: int
    revision: int
    version: int
    updated_at: datetime


class AccessView(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads the whole of a chapter, and what everybody sees (S1).

    `preview_paragraphs` and `paywall_message` are its own, None and empty where the series' hold, which are
    `series_…`. `access_before` is what holds again when its opening is called off. `is_open`: everybody reads it.
    """

    chapter_id: UUID
    access: AccessLevel
    access_before: AccessLevel | None
    opens_at: datetime | None
    opened_at: datetime | None
    timezone: str
    tier_id: UUID | None
    preview_paragraphs: int | None
    series_preview_paragraphs: int
    paywall_message: str
    series_paywall_message: str
    price_minor: int | None
    price_asset: str | None
    is_open: bool
    preview_html: str
    preview_word_count: int
    word_count: int
    revision: int

    @property
    def stamp(self) -> str:
        """Another where the rule itself is another: what a form sends along, so that it replaces what it showed."""
        rule = (self.access, self.opens_at, self.tier_id, self.preview_paragraphs, self.paywall_message)
        return hashlib.sha256(msgspec.json.encode((*rule, self.price_minor, self.price_asset))).hexdigest()[:16]


class BulkProblem(msgspec.Struct, frozen=True):
    """Why something could not be done with one of many; `code` is that of the error it would be by itself."""

    chapter_id: UUID
    code: str
    detail: str


class BulkDone(msgspec.Struct, frozen=True):
    """With which chapters it was done, in the order of the series, and with which it was not."""

    done: list[UUID]
    problems: list[BulkProblem]


class NewChapter(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter to be made. Without a number it gets the next one; what is None is the series'."""

    title: str = ""
    body_markdown: str = ""
    author_note_markdown: str = ""
    author_note_position: str = "end"
    number: Decimal | None = None
    volume: int | None = None
    language: str | None = None
    rating: str | None = None
    meta_title: str = ""
    meta_description: str = ""
    access: AccessLevel | None = None


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


class Unlocked(msgspec.Struct, frozen=True):
    """A chapter that was bought, as its buyer has it now."""

    sale: SaleView
    chapter: ReadView
