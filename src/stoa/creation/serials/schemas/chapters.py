"""Bodies of the routes about chapters."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from stoa.creation.serials.actions.rendering import MESSAGE_MAX, META_DESCRIPTION_MAX, META_TITLE_MAX
from stoa.creation.serials.schemas.words import Language, Rating, Revision, Slug
from stoa.creation.serials.types import BODY_MAX, MAX_BULK, NOTE_MAX, TITLE_MAX, AccessLevel

Title = Annotated[str, msgspec.Meta(max_length=TITLE_MAX)]
Text = Annotated[str, msgspec.Meta(max_length=BODY_MAX)]
Note = Annotated[str, msgspec.Meta(max_length=NOTE_MAX)]
Volume = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Place = Literal["start", "end"]
MetaTitle = Annotated[str, msgspec.Meta(max_length=META_TITLE_MAX)]
MetaDescription = Annotated[str, msgspec.Meta(max_length=META_DESCRIPTION_MAX)]
Message = Annotated[str, msgspec.Meta(max_length=MESSAGE_MAX)]
Change = Annotated[str, msgspec.Meta(max_length=500)]
Paragraphs = Annotated[int, msgspec.Meta(ge=0, le=50)]
Price = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Asset = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3,4}$")]
Timezone = Annotated[str, msgspec.Meta(max_length=64)]
Tab = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Ids = Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MAX_BULK)]


class ChapterIn(msgspec.Struct):
    """A new draft. Without a `number` it gets the next one; what is absent is as the series says."""

    title: Title = ""
    body_markdown: Text = ""
    author_note_markdown: Note = ""
    author_note_position: Place = "end"
    number: Decimal | None = None
    volume: Volume | None = None
    language: Language | None = None
    rating: Rating | None = None
    meta_title: MetaTitle = ""
    meta_description: MetaDescription = ""
    access: Literal["free", "subscribers", "tier"] | None = None


class ChapterEdit(msgspec.Struct):
    """Changes to a chapter, made on `revision`; what is absent stays. `note` says what changed in its text (S3)."""

    revision: Revision
    title: Title | UnsetType = UNSET
    body_markdown: Text | UnsetType = UNSET
    author_note_markdown: Note | UnsetType = UNSET
    author_note_position: Place | UnsetType = UNSET
    number: Decimal | UnsetType = UNSET
    volume: Volume | UnsetType | None = UNSET
    language: Language | UnsetType = UNSET
    rating: Rating | UnsetType = UNSET
    meta_title: MetaTitle | UnsetType = UNSET
    meta_description: MetaDescription | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    note: Change | UnsetType = UNSET


class ContentEdit(msgspec.Struct):
    """The text of a chapter, in place of the one of `revision`."""

    revision: Revision
    body_markdown: Text
    title: Title | UnsetType = UNSET
    author_note_markdown: Note | UnsetType = UNSET
    note: Change | UnsetType = UNSET


class PublishIn(msgspec.Struct, frozen=True):
    """The revision that is meant; without it, the newest."""

    revision: Revision | None = None


class ScheduleIn(msgspec.Struct):
    """When: with an offset, or as clocks show it in `timezone`; without one, in the series' time zone."""

    at: datetime
    timezone: Timezone | None = None


class AccessEdit(msgspec.Struct):
    """Who reads the whole; what is absent stays. `preview_paragraphs` None: as the series says. No price: not sold."""

    access: AccessLevel | UnsetType = UNSET
    opens_at: datetime | UnsetType | None = UNSET
    timezone: Timezone | UnsetType = UNSET
    tier_id: UUID | UnsetType | None = UNSET
    preview_paragraphs: Paragraphs | UnsetType | None = UNSET
    paywall_message: Message | UnsetType = UNSET
    price_minor: Price | UnsetType | None = UNSET
    price_asset: Asset | UnsetType | None = UNSET
