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


class Blocked(Event, frozen=True):
    """Somebody has blocked somebody (P4); neither follows the other any more."""

    blocker_id: UUID
    blocked_id: UUID


class Unblocked(Event, frozen=True):
    """A block has been taken back. Follows do not come back by it."""

    blocker_id: UUID
    blocked_id: UUID
