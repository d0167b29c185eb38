"""Bodies of the people routes."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar.datastructures import UploadFile
from msgspec import UNSET, UnsetType

from stoa.foundation.identity.types import Email, Username
from stoa.foundation.people.types import (
    MOST_GENRES,
    Face,
    FollowingView,
    Locale,
    MatureContent,
    Notify,
    PersonView,
    SiteView,
    TextSize,
    Theme,
)


class ProfileIn(msgspec.Struct):
    """Changes to one's own profile; what is absent stays."""

    display_name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)] | msgspec.UnsetType = msgspec.UNSET
    bio: Annotated[str, msgspec.Meta(max_length=1000)] | msgspec.UnsetType = msgspec.UNSET


class FollowSettingsIn(msgspec.Struct):
    """What a follower wants to hear of; what is absent stays. `notify` all or none is every kind at once."""

    notify: Notify | None = None
    notify_new_posts: bool | UnsetType = UNSET
    notify_new_series: bool | UnsetType = UNSET
    notify_new_chapters: bool | UnsetType = UNSET
    notify_announcements: bool | UnsetType = UNSET


class FollowOut(msgspec.Struct):
    """Somebody one follows, with what one hears of them; `notify` is that in a word."""

    person: PersonView
    followed_at: datetime
    notify: Notify
    notify_new_posts: bool
    notify_new_series: bool
    notify_new_chapters: bool
    notify_announcements: bool


def follow_out(view: FollowingView) -> FollowOut:
    """A follow as the API shows it."""
    settings = msgspec.structs.asdict(view.settings)
    return FollowOut(person=view.person, followed_at=view.followed_at, notify=view.settings.level, **settings)


# ---- one's own account -----------------------------------------------------------------------------------------

Line = Annotated[str, msgspec.Meta(max_length=2048)]  # an address or a handle, as it is typed
Price = Annotated[int, msgspec.Meta(ge=0, le=10**12)]  # in the smallest unit of its currency


class MeIn(msgspec.Struct):
    """Changes to one's own account; what is absent stays."""

    username: Username | UnsetType = UNSET
    display_name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)] | UnsetType = UNSET
    bio: Annotated[str, msgspec.Meta(max_length=1000)] | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | UnsetType = UNSET


class PreferencesIn(msgspec.Struct):
    """Changes to one's preferences; what is absent stays, null is the browser's own."""

    theme: Theme | UnsetType | None = UNSET
    reading_face: Face | UnsetType | None = UNSET
    reading_size: TextSize | UnsetType | None = UNSET
    mature_content: MatureContent | UnsetType = UNSET
    show_in_search: bool | UnsetType = UNSET
    show_followers: bool | UnsetType = UNSET


class AuthorIn(msgspec.Struct):
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


class BrandIn(msgspec.Struct):
    """A brand profile, or changes to it; what is absent stays, null or an empty text takes it away."""

    company_name: Annotated[str, msgspec.Meta(max_length=120)] | UnsetType = UNSET
    about: Annotated[str, msgspec.Meta(max_length=5_000)] | UnsetType | None = UNSET
    industry: Annotated[str, msgspec.Meta(max_length=80)] | UnsetType | None = UNSET
    website_url: Line | UnsetType | None = UNSET
    contact_email: Email | UnsetType | None = UNSET


@dataclass
class AvatarIn:
    """A multipart form with a picture and, in its pixels as it is seen, the square part of it that is the face."""

    file: UploadFile
    x: int | None = None
    y: int | None = None
    size: int | None = None


class AvatarOut(msgspec.Struct):
    """Where the picture of one's face is; None for the letters of one's name."""

    avatar_url: str | None


class SitesOut(msgspec.Struct):
    """The sites of a creator."""

    items: list[SiteView]
