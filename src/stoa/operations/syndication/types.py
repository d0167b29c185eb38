"""Published works and places as feed readers and search engines get them."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.media.types import Cover
from stoa.foundation.people.types import PersonView

MAPPED: Final = ("post", "series", "chapter", "page")  # kinds of works that have an address of their own
PART: Final = 10_000  # addresses in one site map; the protocol allows 50,000
FEED_LENGTH: Final = 50


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An address with the moment of its last change."""

    kind: str
    slug: str
    site_slug: str | None
    series_slug: str | None
    updated_at: datetime

    @property
    def path(self) -> str:
        """Where it stands on the platform."""
        return path_of(self.kind, self.slug, self.site_slug, self.series_slug)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A published work in a feed. `excerpt` is what everybody may read of it."""

    id: UUID
    kind: str
    slug: str
    title: str
    excerpt: str
    language: str
    rating: str
    category: str | None
    author: PersonView
    cover: Cover | None
    site_slug: str | None
    site_title: str | None
    series_slug: str | None
    series_title: str | None
    number: Decimal | None
    published_at: datetime
    updated_at: datetime

    @property
    def path(self) -> str:
        """Where it stands on the platform."""
        return path_of(self.kind, self.slug, self.site_slug, self.series_slug)

    @property
    def name(self) -> str:
        """Its title; of a chapter with its number."""
        if self.number is None:
            return self.title
        return f"{number_of(self.number)}. {self.title}" if self.title else f"Chapter {number_of(self.number)}"


class Part(msgspec.Struct, frozen=True):
    """So many works of one kind, from one month, changed last at `updated_at`."""

    kind: str
    month: datetime
    works_count: int
    updated_at: datetime


class Named(msgspec.Struct, frozen=True):
    """Somebody, or a site, by the name in its address."""

    name: str
    title: str
    updated_at: datetime


class Counted(msgspec.Struct, frozen=True):
    """How many people and sites there are to be listed."""

    people_count: int
    sites_count: int


def path_of(kind: str, slug: str, site_slug: str | None, series_slug: str | None) -> str:
    """The address of a published work on the platform."""
    match kind:
        case "series":
            return f"/s/{site_slug}/series/{slug}"
        case "chapter":
            return f"/s/{site_slug}/series/{series_slug}/{slug}"
        case "page":
            return f"/s/{site_slug}/{slug}"
        case _:
            return f"/p/{slug}"


def number_of(number: Decimal) -> str:
    """2.00 as '2', 2.50 as '2.5'."""
    return f"{number.normalize():f}"
