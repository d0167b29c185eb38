"""Posts as pages, the API and other modules see them."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.works.types import StatsView
from stoa.foundation.media.types import Cover
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.types import Permission
from stoa.money.entitlements.types import Offer

KIND: Final = "post"
# P1, in characters
TITLE_MIN, TITLE_MAX = 5, 255
BODY_MIN, BODY_MAX = 50, 50_000
MAX_IMAGES: Final = 5
MAX_IMAGE_URL: Final = 2000


class PostView(msgspec.Struct, frozen=True, kw_only=True):
    """One post as the actor may have it.

    `body_html` is safe HTML; a post that is locked for the actor has only its excerpt there, and the `offers` that
    would open it. `body_markdown`, `screening_reasons` and `review_note` (a moderator's) are for its author, those
    who read their drafts, and staff, else None. `slug` is None until it is first published. `my_reaction` is like,
    dislike or None. `my_permissions`: what the actor may do with it, as its author or on its site's team.
    """

    id: UUID
    slug: str | None
    title: str
    excerpt: str
    body_html: str
    body_markdown: str | None
    category: str | None
    language: str
    rating: str
    images: list[str]
    cover: Cover | None
    cover_chosen: bool
    author: PersonView
    stats: StatsView
    state: str
    revision: int
    access: str
    is_mine: bool
    my_permissions: list[Permission]
    is_locked: bool
    offers: list[Offer]
    my_reaction: str | None
    word_count: int
    reading_minutes: int
    screening_reasons: list[str] | None
    review_note: str | None
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class OwnPost(msgspec.Struct, frozen=True):
    """One of the actor's own posts in any state, for the list of their work."""

    id: UUID
    slug: str | None
    title: str
    excerpt: str
    category: str | None
    state: str
    revision: int
    word_count: int
    reading_minutes: int
    cover: Cover | None
    stats: StatsView
    screening_reasons: list[str]
    review_note: str | None
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Rendered(msgspec.Struct, frozen=True):
    """What a Markdown text looks like."""

    body_html: str
    excerpt: str
    word_count: int
    reading_minutes: int
