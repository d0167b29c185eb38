"""People as others see them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class PersonView(msgspec.Struct, frozen=True):
    """A name with a face: bylines, lists, gifts. `avatar_url` is a path on this site, or None."""

    id: UUID
    username: str
    display_name: str
    avatar_url: str | None
    is_verified: bool


class ProfileView(msgspec.Struct, frozen=True):
    """A public profile. `is_followed` is from the viewer's side, False for nobody."""

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
