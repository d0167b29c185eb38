"""The context every action and query takes first: who acts, when, on which connection, in which process."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec

from stoa.kit.config import Settings
from stoa.kit.crypto import Keyring
from stoa.kit.db import Database, Db
from stoa.kit.errors import Unauthenticated
from stoa.kit.files import Storage

STAFF_ROLES = frozenset({"moderator", "support", "admin", "super_admin"})
ADMIN_ROLES = frozenset({"admin", "super_admin"})


class Actor(msgspec.Struct, frozen=True):
    """Whoever acts. `roles` are capabilities: one account can hold several."""

    id: UUID
    username: str
    roles: frozenset[str]
    session_id: UUID | None = None

    @property
    def is_staff(self) -> bool:
        """Moderator, support, admin or super_admin."""
        return not STAFF_ROLES.isdisjoint(self.roles)

    @property
    def is_admin(self) -> bool:
        """Admin or super_admin."""
        return not ADMIN_ROLES.isdisjoint(self.roles)


@dataclass(slots=True)
class App:
    """What a process makes once and shares: settings, pools, keys, storage, caches.

    `side` is a small pool for short statements of their own beside a request that holds a connection already, such as a
    rate limit or a counted failure. From one pool alone, as many requests as it has connections would wait for each
    other for ever.
    """

    settings: Settings
    database: Database
    side: Database
    keyring: Keyring
    storage: Storage
    http: httpx.AsyncClient
    cache: dict[Any, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Ctx:
    """One request, job or command: `db` is its connection (and transaction), `now` its one time.

    `address` and `user_agent` are those of the request; empty for jobs and commands.
    """

    db: Db
    actor: Actor | None
    now: datetime
    trace_id: str
    app: App
    address: str = ""
    user_agent: str = ""

    @property
    def member(self) -> Actor:
        """The signed-in actor; raises Unauthenticated when there is none."""
        if self.actor is None:
            raise Unauthenticated
        return self.actor
