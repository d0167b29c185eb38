"""People as others see them."""

from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Final, Literal
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
from msgspec import UNSET, UnsetType

from stoa.foundation.identity.types import Email, Username


class PersonView(msgspec.Struct, frozen=True):
    """A name with a face: bylines, lists, gifts. `avatar_url` is a path on this site, or None."""

    id: UUID
    username: str
    display_name: str
    avatar_url: str | None
    is_verified: bool


class ProfileView(msgspec.Struct, frozen=True):
    """A public profile. `is_followed` is from the viewer's side, False for nobody. `is_suspended`: nothing can be given
    to them for now (F5)."""

    id: UUID
    username: str
    display_name: str
    avatar_url: str | None
    is_verified: bool
    bio: str
    followers_count: int
    following_count: int
    joined_at: datetime
    is_followed: bool
    is_suspended: bool


class Notify(StrEnum):
    """How much a follower hears of somebody, in a word."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


class FollowSettings(msgspec.Struct, frozen=True):
    """What a follower wants to hear of."""

    notify_new_posts: bool
    notify_new_series: bool
    notify_new_chapters: bool
    notify_announcements: bool

    @property
    def level(self) -> Notify:
        """The same in a word."""
        chosen = [getattr(self, name) for name in self.__struct_fields__]
        return Notify.ALL if all(chosen) else Notify.SOME if any(chosen) else Notify.NONE


class FollowView(msgspec.Struct, frozen=True):
    """Somebody in a list of followers or of followed people; `is_followed` is from the viewer's side."""

    person: PersonView
    followed_at: datetime
    is_followed: bool


class FollowingView(msgspec.Struct, frozen=True):
    """Somebody whom the actor follows, and what they want to hear of them."""

    person: PersonView
    followed_at: datetime
    settings: FollowSettings


class BlockedView(msgspec.Struct, frozen=True):
    """Somebody whom the actor has blocked (P4)."""

    person: PersonView
    blocked_at: datetime


# ---- how somebody wants things ---------------------------------------------------------------------------------

Locale = Literal["en", "en-GB", "en-US", "en-IN"]
Theme = Literal["system", "light", "dark"]
Face = Literal["literata", "inter", "atkinson", "dyslexic"]
TextSize = Literal[16, 17, 18, 19, 20, 21, 22, 24, 26]
MatureContent = Literal["ask", "show"]
_CONTINENTS: Final = "Africa/ America/ Antarctica/ Arctic/ Asia/ Atlantic/ Australia/ Europe/ Indian/ Pacific/".split()


@cache
def timezones() -> tuple[str, ...]:
    """The time zones to choose from, 'UTC' first, then by continent and city."""
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.startswith(tuple(_CONTINENTS))))


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody wants things. `theme` and `reading_*`: None is as the browser remembers it.

    mature_content: ask before a text for adults opens, or show it at once. show_in_search: search engines may list the
    profile. show_followers: others see who follows and who is followed.
    """

    theme: Theme | None = None
    reading_face: Face | None = None
    reading_size: TextSize | None = None
    mature_content: MatureContent = "ask"
    show_in_search: bool = True
    show_followers: bool = True


class MeView(msgspec.Struct, frozen=True):
    """The actor as every page needs them."""

    id: UUID
    username: str
    display_name: str
    avatar_url: str | None
    is_verified: bool
    locale: Locale
    timezone: str
    preferences: Preferences


class AccountView(msgspec.Struct, frozen=True):
    """One's own account, whole. `rename_at`: from when on the name can be changed, None for now."""

    id: UUID
    username: str
    display_name: str
    email: str
    phone: str | None
    roles: list[str]
    status: str
    is_verified: bool
    avatar_url: str | None
    bio: str
    locale: Locale
    timezone: str
    preferences: Preferences
    followers_count: int
    following_count: int
    platform_tier: str
    has_author_profile: bool
    has_brand_profile: bool
    rename_at: datetime | None
    created_at: datetime
    updated_at: datetime


# ---- creators and brands ---------------------------------------------------------------------------------------

GENRES: Final = (
    "Adventure",
    "Biography",
    "Children",
    "Comedy",
    "Comics",
    "Crime",
    "Drama",
    "Essay",
    "Fantasy",
    "Historical",
    "Horror",
    "Journalism",
    "LitRPG",
    "Memoir",
    "Mystery",
    "Non-fiction",
    "Poetry",
    "Romance",
    "Science",
    "Science fiction",
    "Short stories",
    "Slice of life",
    "Thriller",
    "Travel",
    "Young adult",
)
MOST_GENRES: Final = 8


class AuthorCard(msgspec.Struct, frozen=True):
    """Who somebody is as a creator, as others see it. `email` only where they show it.

    Addresses are whole; handles come without '@'. Prices are in the smallest unit of `commission_currency`.
    """

    user_id: UUID
    pen_name: str | None
    tagline: str | None
    full_bio: str | None
    website_url: str | None
    twitter_handle: str | None
    instagram_handle: str | None
    tiktok_handle: str | None
    youtube_channel: str | None
    discord_server: str | None
    patreon_page: str | None
    kofi_page: str | None
    genres: list[str]
    primary_genre: str | None
    writing_since: date | None
    accepting_commissions: bool
    commission_info: str | None
    commission_min_price: int | None
    commission_max_price: int | None
    commission_currency: str
    allow_direct_messages: bool
    email: str | None


class AuthorProfile(msgspec.Struct, frozen=True):
    """One's own creator profile. Prices are in the smallest unit of `commission_currency`."""

    user_id: UUID
    pen_name: str | None
    tagline: str | None
    full_bio: str | None
    website_url: str | None
    twitter_handle: str | None
    instagram_handle: str | None
    tiktok_handle: str | None
    youtube_channel: str | None
    discord_server: str | None
    patreon_page: str | None
    kofi_page: str | None
    genres: list[str]
    primary_genre: str | None
    writing_since: date | None
    is_verified: bool
    accepting_commissions: bool
    commission_info: str | None
    commission_min_price: int | None
    commission_max_price: int | None
    commission_currency: str
    allow_direct_messages: bool
    show_email: bool
    created_at: datetime
    updated_at: datetime


class AuthorView(msgspec.Struct, frozen=True):
    """A creator to everybody: the person, and who they are as one."""

    person: PersonView
    author: AuthorCard


class SiteView(msgspec.Struct, frozen=True):
    """A site of somebody's."""

    id: UUID
    slug: str
    title: str
    is_default: bool
    created_at: datetime


class BrandProfile(msgspec.Struct, frozen=True):
    """A brand, as everybody sees it. `contact_email`: None is not shown."""

    user_id: UUID
    company_name: str
    about: str | None
    industry: str | None
    website_url: str | None
    contact_email: str | None
    created_at: datetime
    updated_at: datetime


class BrandView(msgspec.Struct, frozen=True):
    """A brand to everybody: the person, and the company."""

    person: PersonView
    brand: BrandProfile


class PublicProfile(msgspec.Struct, frozen=True):
    """Somebody's public profile with all that they are. `is_followed` is from the viewer's side."""

    id: UUID
    username: str
    display_name: str
    avatar_url: str | None
    is_verified: bool
    bio: str
    followers_count: int
    following_count: int
    joined_at: datetime
    is_followed: bool
    is_suspended: bool
    show_in_search: bool
    show_followers: bool
    author: AuthorCard | None
    brand: BrandProfile | None


# ---- what people change of themselves ---------------------------------------------------------------------------

Line = Annotated[str, msgspec.Meta(max_length=2048)]  # an address or a handle, as it is typed
Price = Annotated[int, msgspec.Meta(ge=0, le=10**12)]  # in the smallest unit of its currency


class AccountChanges(msgspec.Struct):
    """Changes to one's own account; what is absent stays."""

    username: Username | UnsetType = UNSET
    display_name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)] | UnsetType = UNSET
    bio: Annotated[str, msgspec.Meta(max_length=1000)] | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | UnsetType = UNSET


class PreferenceChanges(msgspec.Struct):
    """Changes to one's preferences; what is absent stays, null is the browser's own."""

    theme: Theme | UnsetType | None = UNSET
    reading_face: Face | UnsetType | None = UNSET
    reading_size: TextSize | UnsetType | None = UNSET
    mature_content: MatureContent | UnsetType = UNSET
    show_in_search: bool | UnsetType = UNSET
    show_followers: bool | UnsetType = UNSET


class AuthorChanges(msgspec.Struct):
    """A creator profile, or changes to it; what is absent stays, null or an empty text takes it away.

    Handles may come as names or addresses. Prices are in the smallest unit of `commission_currency`.
    """

    pen_name: Annotated[str, msgspec.Meta(max_length=80)] | UnsetType | None = UNSET
    tagline: Annotated[str, msgspec.Meta(max_length=200)] | UnsetType | None = UNSET
    full_bio: Annotated[str, msgspec.Meta(max_length=10_000)] | UnsetType | None = UNSET
    website_url: Line | UnsetType | None = UNSET
    twitter_handle: Line | UnsetType | None = UNSET
    instagram_handle: Line | UnsetType | None = UNSET
    tiktok_handle: Line | UnsetType | None = UNSET
    youtube_channel: Line | UnsetType | None = UNSET
    discord_server: Line | UnsetType | None = UNSET
    patreon_page: Line | UnsetType | None = UNSET
    kofi_page: Line | UnsetType | None = UNSET
    genres: Annotated[list[str], msgspec.Meta(max_length=MOST_GENRES)] | UnsetType = UNSET
    primary_genre: Annotated[str, msgspec.Meta(max_length=40)] | UnsetType | None = UNSET
    writing_since: date | UnsetType | None = UNSET
    accepting_commissions: bool | UnsetType = UNSET
    commission_info: Annotated[str, msgspec.Meta(max_length=5_000)] | UnsetType | None = UNSET
    commission_min_price: Price | UnsetType | None = UNSET
    commission_max_price: Price | UnsetType | None = UNSET
    commission_currency: Annotated[str, msgspec.Meta(max_length=3)] | UnsetType = UNSET
    allow_direct_messages: bool | UnsetType = UNSET
    show_email: bool | UnsetType = UNSET


class BrandChanges(msgspec.Struct):
    """A brand profile, or changes to it; what is absent stays, null or an empty text takes it away."""

    company_name: Annotated[str, msgspec.Meta(max_length=120)] | UnsetType = UNSET
    about: Annotated[str, msgspec.Meta(max_length=5_000)] | UnsetType | None = UNSET
    industry: Annotated[str, msgspec.Meta(max_length=80)] | UnsetType | None = UNSET
    website_url: Line | UnsetType | None = UNSET
    contact_email: Email | UnsetType | None = UNSET
