"""How a series does: its numbers, its place among others, and what would make it easier to find."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec


class SeriesStats(msgspec.Struct, frozen=True, kw_only=True):
    """A series in numbers, its chapters included. `readers_count`: members who looked at a chapter that is out.

    `views` are of the series' own page, `chapter_views` of all its chapters; each member counts once for each (P2).
    """

    views: int
    chapter_views: int
    readers_count: int
    likes: int
    dislikes: int
    comments: int
    gifts: int
    gifts_coins: int
    chapters_count: int
    words_count: int
    trending: float
    first_published_at: datetime | None
    last_published_at: datetime | None


class DayStats(msgspec.Struct, frozen=True):
    """What happened on one day, in UTC."""

    day: date
    views: int
    chapter_views: int
    likes: int


class ChapterStats(msgspec.Struct, frozen=True):
    """A chapter that is out. `kept_percent`: of the readers of the first one, how many looked at it, too."""

    id: UUID
    number: Decimal
    position: int
    title: str
    word_count: int
    views: int
    likes: int
    comments: int
    kept_percent: int | None
    published_at: datetime


class DetailedStats(msgspec.Struct, frozen=True):
    """The totals, each of the last days, and the first chapters in their order."""

    totals: SeriesStats
    days: list[DayStats]
    chapters: list[ChapterStats]


class ListingPart(msgspec.Struct, frozen=True):
    """Something that makes a series easier to find. Where `is_needed`, it cannot be listed without it."""

    id: str
    label: str
    hint: str
    points: int
    is_met: bool
    is_needed: bool


class ListingScore(msgspec.Struct, frozen=True):
    """`score` of 100 points, and what they are given for."""

    score: int
    can_list: bool
    is_listed: bool
    parts: list[ListingPart]


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """Its place among the series that are listed, 1 is the first; None while it is not among them.

    `…_in_type`: among those of its type, `…_in_genre`: among those of its first genre.
    """

    is_listed: bool
    listed_count: int
    trending: int | None
    popular: int | None
    type_count: int
    trending_in_type: int | None
    popular_in_type: int | None
    genre: str | None
    genre_count: int
    trending_in_genre: int | None
    popular_in_genre: int | None
