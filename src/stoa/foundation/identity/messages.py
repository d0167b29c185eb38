"""Events of identity, and the jobs it orders."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from stoa.kit.outbox import Event
from stoa.kit.queue import Job


class UserRegistered(Event, frozen=True):
    """An account was made; wallets and profiles are opened in the same transaction."""

    user_id: UUID
    username: str


class SessionEnded(Event, frozen=True):
    """A session was revoked, by its owner or because its refresh token was used twice; None: all of somebody's."""

    user_id: UUID
    session_id: UUID | None
    reason: str


class StatusChanged(Event, frozen=True):
    """I8: somebody was suspended, banned or is back; `status` is the new one. Their sessions have ended already."""

    user_id: UUID
    status: str
    reason: str
    until: datetime | None


class RoleGranted(Event, frozen=True):
    """Somebody became something: by themselves, or by an administrator."""

    user_id: UUID
    role: str


class RoleRevoked(Event, frozen=True):
    """Somebody is something no more."""

    user_id: UUID
    role: str


class SendVerification(Job, frozen=True):
    """Look whether an account of this address waits to be confirmed, and mail it a link. Who asked, and from where."""

    priority: ClassVar[int] = 20

    email: str
    address: str
    user_agent: str


class SendPasswordReset(Job, frozen=True):
    """Look whether there is an account of this address, and mail it a link. Who asked, and from where."""

    priority: ClassVar[int] = 20

    email: str
    address: str
    user_agent: str


class SendPhoneCode(Job, frozen=True):
    """Look whose phone it is, make a code and send it."""

    priority: ClassVar[int] = 20

    code_id: UUID


class RevokeGrant(Job, frozen=True):
    """Tell a provider that the tokens of a disconnected account will not be used any more (I7)."""

    max_attempts: ClassVar[int] = 12
    backoff_s: ClassVar[float] = 15
    outside: ClassVar[bool] = True

    auth_account_id: UUID
