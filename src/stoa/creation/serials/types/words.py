"""What series and chapters can be, and how much of each there may be."""

from enum import StrEnum
from typing import Final

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
