"""Bodies of the post routes. Lengths are those of P1; what a draft still lacks is asked for when it is published."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from stoa.creation.posts.policies import LANGUAGE_PATTERN, SLUG_PATTERN
from stoa.creation.posts.types import BODY_MAX, MAX_IMAGE_URL, MAX_IMAGES, TITLE_MAX

Title = Annotated[str, msgspec.Meta(max_length=TITLE_MAX)]
Markdown = Annotated[str, msgspec.Meta(max_length=BODY_MAX)]
Category = Annotated[str, msgspec.Meta(max_length=50)]
Images = Annotated[list[Annotated[str, msgspec.Meta(max_length=MAX_IMAGE_URL)]], msgspec.Meta(max_length=MAX_IMAGES)]
Language = Annotated[str, msgspec.Meta(pattern=LANGUAGE_PATTERN)]
Rating = Literal["general", "teen", "mature", "explicit"]
Slug = Annotated[str, msgspec.Meta(max_length=100, pattern=SLUG_PATTERN)]
Revision = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class PostIn(msgspec.Struct):
    """A new draft. `images` are addresses of own uploads (/media/…) or https:// ones, besides those in the text."""

    title: Title = ""
    body_markdown: Markdown = ""
    category: Category | None = None
    images: Images = []
    cover_media_id: UUID | None = None
    language: Language = "en"
    rating: Rating = "general"


class PostEdit(msgspec.Struct):
    """Changes to a post, made on `revision`; what is absent stays as it is."""

    revision: Revision
    title: Title | UnsetType = UNSET
    body_markdown: Markdown | UnsetType = UNSET
    category: Category | UnsetType | None = UNSET
    images: Images | UnsetType = UNSET
    cover_media_id: UUID | UnsetType | None = UNSET
    language: Language | UnsetType = UNSET
    rating: Rating | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET


class PublishIn(msgspec.Struct, frozen=True):
    """The revision that is meant; without it, the newest."""

    revision: Revision | None = None


class PreviewIn(msgspec.Struct):
    """A Markdown text to look at."""

    body_markdown: Markdown
