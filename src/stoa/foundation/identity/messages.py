"""Events of identity."""

from uuid import UUID

from stoa.kit.outbox import Event


class UserRegistered(Event, frozen=True):
    """An account was made; wallets and profiles are opened in the same transaction."""

    user_id: UUID
    username: str


class SessionEnded(Event, frozen=True):
    """A session was revoked, by its owner or because its refresh token was used twice; None: all of somebody's."""

    user_id: UUID
    session_id: UUID | None
    reason: str
