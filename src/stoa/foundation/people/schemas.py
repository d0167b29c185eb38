"""Bodies of the people routes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from litestar.datastructures import UploadFile
from msgspec import UNSET, UnsetType

from stoa.foundation.people.types import FollowingView, Notify, PersonView, SiteView


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
