"""Bodies of the people routes."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from stoa.foundation.people.types import FollowingView, Notify, PersonView


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
