"""Who is it: the actor of a token, from the database by one indexed read, or from this process's memory.

The memory is believed only while this process hears of changes: triggers on users and sessions NOTIFY in the
transaction that revokes a session, suspends somebody or changes a role, and then what is remembered of them is dropped
(in other processes a moment after the commit, in this one before its answer leaves). Without a listening connection
nothing is remembered. What is remembered is believed for REMEMBERED_S at most, should a word ever get lost.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from stoa.foundation.identity.actions.tokens import digest, read_bearer
from stoa.foundation.identity.errors import SessionOver
from stoa.foundation.identity.queries import SESSION_BY_ID, SESSION_BY_TOKEN, SessionActor
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.db import Db, run
from stoa.kit.listening import Listener

CHANNEL: Final = "stoa_identity"
REMEMBERED_S: Final = 10.0
MOST: Final = 20_000  # sessions remembered by one process
USED_EVERY: Final = timedelta(minutes=5)  # how exact "last used" is; not a write for each request

Told = Callable[[str | None], None]
Connection = Callable[[], Awaitable[Db]]

_TOUCH = run("update sessions set last_used_at = $2 where id = $1")


class _Memory:
    """Actors by what they show: the digest of a cookie, or the id of a session."""

    def __init__(self) -> None:
        self.listener: Listener | None = None
        self.told: list[Told] = []
        self._read: dict[str, tuple[UUID, float]] = {}
        self.drops = 0  # counts what was dropped: what was read before a drop is not remembered after it
        self._known: dict[bytes | UUID, tuple[Actor, float, datetime]] = {}
        self._by_name: dict[str, set[bytes | UUID]] = {}

    def session_of(self, app: App, bearer: str, now: datetime) -> UUID:
        """The session of a bearer token, whose signature is checked once: that takes as long as all the rest."""
        known = self._read.get(bearer)
        if known is None:
            known = read_bearer(app, bearer)
            if len(self._read) >= MOST:
                self._read.clear()
            self._read[bearer] = known
        if known[1] <= now.timestamp():
            raise SessionOver
        return known[0]

    def get(self, key: bytes | UUID, now: datetime) -> Actor | None:
        found = self._known.get(key)
        if found is None or found[1] < time.monotonic() or found[2] <= now:
            return None
        return found[0] if self.listener is not None and self.listener.hears else None

    def put(self, key: bytes | UUID, session: SessionActor, actor: Actor, drops: int) -> None:
        if self.listener is None or not self.listener.hears or drops != self.drops:
            return
        if len(self._known) >= MOST:
            self.clear()
        self._known[key] = (actor, time.monotonic() + REMEMBERED_S, session.expires_at)
        for name in (str(session.session_id), str(session.user_id)):
            self._by_name.setdefault(name, set()).add(key)

    def drop(self, name: str) -> None:
        """Forgets whatever is known of a session or a user."""
        self.drops += 1
        for key in self._by_name.pop(name, ()):
            self._known.pop(key, None)
        for call in self.told:
            call(name)

    def clear(self) -> None:
        self.drops += 1
        self._known.clear()
        self._by_name.clear()

    def lose(self) -> None:
        """What was said may have been missed."""
        self.clear()
        for call in self.told:
            call(None)


def _memory(app: App) -> _Memory:
    found: _Memory | None = app.cache.get("identity.presence")
    if found is None:
        found = app.cache["identity.presence"] = _Memory()
    return found


async def remember_sessions(app: App, *told: Told) -> Listener:
    """Lets this process remember who is who from now on, until the listener is stopped.

    `told` are called with the id of each session or user of whom something changed, and with None when something may
    have been missed.
    """
    memory = _memory(app)
    memory.told = list(told)
    memory.listener = listener = Listener(app, {CHANNEL: memory.drop}, lost=memory.lose)
    await listener.start()
    return listener


def forget(ctx: Ctx, name: UUID) -> None:
    """Has this process forget a session or a user before the answer leaves; the others hear of it by themselves."""
    memory = _memory(ctx.app)
    lent = any(
        database.afterwards(ctx.db, lambda: memory.drop(str(name))) for database in (ctx.app.database, ctx.app.side)
    )
    if not lent:
        memory.drop(str(name))


async def actor_of_cookie(app: App, cookie: str, now: datetime, connection: Connection) -> Actor | None:
    """The actor of a session cookie, or None. `connection` is asked for one only where it is needed."""
    return await _actor(app, digest(cookie), now, connection)


async def actor_of_bearer(app: App, bearer: str, now: datetime, connection: Connection) -> Actor:
    """The actor of an access token or a 7-day token. Raises SessionOver."""
    actor = await _actor(app, _memory(app).session_of(app, bearer, now), now, connection)
    if actor is None:
        raise SessionOver
    return actor


async def _actor(app: App, key: bytes | UUID, now: datetime, connection: Connection) -> Actor | None:
    memory = _memory(app)
    known = memory.get(key, now)
    if known is not None:
        return known
    drops = memory.drops
    db = await connection()
    session = await (SESSION_BY_ID if isinstance(key, UUID) else SESSION_BY_TOKEN)(db, key, now)
    if session is None:
        return None
    if now - session.last_used_at > USED_EVERY:
        await _TOUCH(db, session.session_id, now)
    actor = Actor(
        id=session.user_id,
        username=session.username,
        roles=frozenset(session.roles),
        session_id=session.session_id,
    )
    memory.put(key, session, actor, drops)
    return actor
