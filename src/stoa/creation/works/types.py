"""Works as lists, pages and other modules see them."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.media.types import Cover
from stoa.foundation.people.types import PersonView

# P1
CATEGORIES: Final = (
    "Finance",
    "Motivational",
    "Relationship",
    "Health",
    "Technology",
    "Travel",
    "Food",
    "Lifestyle",
    "Education",
    "Entertainment",
)


class State(StrEnum):
    """Where a work stands. Only `published` is seen by others; `withheld` was, until its author was banned (I8)."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    REFUSED = "refused"
    WITHHELD = "withheld"


class Sort(StrEnum):
    """P2: newest first; by engagement that halves each day; most read."""

    RECENT = "recent"
    TRENDING = "trending"
    POPULAR = "popular"


class Reaction(StrEnum):
    """P3."""

    LIKE = "like"
    DISLIKE = "dislike"


class StatsView(msgspec.Struct, frozen=True):
    """What readers did. `gifts_coins` in whole coins; `hot` is the place in trending, higher first."""

    views: int
    likes: int
    dislikes: int
    comments: int
    gifts: int
    gifts_coins: int
    hot: float


class WorkCard(msgspec.Struct, frozen=True):
    """A published work in a list. `excerpt` is plain text (P1); `images` are addresses in order."""

    id: UUID
    kind: str
    slug: str
    title: str
    excerpt: str
    category: str | None
    language: str
    rating: str
    access: str
    word_count: int
    reading_minutes: int
    images: list[str]
    author: PersonView
    cover: Cover | None
    stats: StatsView
    published_at: datetime
    created_at: datetime
    updated_at: datetime


class SearchHit(msgspec.Struct, frozen=True):
    """A work that was found. `headline_html` shows where, escaped, with the words in <mark>; it is read at `path`."""

    work: WorkCard
    rank: float
    headline_html: str
    path: str


class WorkRow(msgspec.Struct, frozen=True):
    """A work as policies and actions need it. `team_…`: the actor's membership on the site it stands on."""

    id: UUID
    author_id: UUID
    kind: str
    slug: str | None
    title: str
    state: str
    revision: int
    access: str
    opens_at: datetime | None
    closed: bool
    price_minor: int | None
    price_asset: str | None
    site_id: UUID | None
    parent_id: UUID | None
    screening_score: int
    approved_score: int | None
    published_at: datetime | None
    team_role: str | None
    team_permissions: list[str]


class WorkText(msgspec.Struct, frozen=True, kw_only=True):
    """What an author writes that every kind of work has. `body_text` holds the words without mark-up."""

    title: str
    excerpt: str
    body_text: str
    word_count: int
    language: str
    rating: str
    category: str | None
    cover_media_id: UUID | None
    images: list[str]


class Screening(msgspec.Struct, frozen=True):
    """P5: points of a text, and the reasons as sentences for its author."""

    score: int
    reasons: list[str]


class ReactionView(msgspec.Struct, frozen=True):
    """A work's stats with the actor's own reaction."""

    likes: int
    dislikes: int
    views: int
    my_reaction: str | None


class AuthorStats(msgspec.Struct, frozen=True):
    """What everybody may know of somebody in numbers. Of published works only; `gifts_coins` in whole coins."""

    followers_count: int
    following_count: int
    posts_count: int
    series_count: int
    words_count: int
    views: int
    likes: int
    comments: int
    gifts: int
    gifts_coins: int


class ReviewItem(msgspec.Struct, frozen=True):
    """A text that waits for a moderator, with why (P5)."""

    id: UUID
    kind: str
    title: str
    excerpt: str
    body_text: str
    category: str | None
    revision: int
    score: int
    reasons: list[str]
    author: PersonView
    submitted_at: datetime
