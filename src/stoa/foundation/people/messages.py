"""Events of people."""

from uuid import UUID

from stoa.kit.outbox import Event


class Followed(Event, frozen=True):
    """Somebody follows somebody, for the first time or again."""

    follower_id: UUID
    following_id: UUID


class Unfollowed(Event, frozen=True):
    """Somebody does not follow somebody any more."""

    follower_id: UUID
    following_id: UUID
