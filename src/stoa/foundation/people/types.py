"""People as others see them."""

from datetime import datetime
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
