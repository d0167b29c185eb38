"""The live channel: Socket.IO at `/live`, on the same server as everything else.

A socket belongs to the session that opened it, by its cookie or by `{"token": …}` as `auth`, and ends with it: whoever
revokes a session, suspends somebody or ends all their sessions cuts the sockets off in the same moment, in every
process. A process that cannot hear of that takes no sockets and keeps none. WebSocket only: polling would need the same
process for each request. Other origins are refused, as cookies come along by themselves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final
from uuid import UUID

import asyncpg
import socketio
import structlog
from socketio.exceptions import ConnectionRefusedError as Refused

from stoa.kit import limits
from stoa.kit.ctx import Actor, App
from stoa.kit.errors import TooManyRequests, Unauthenticated
from stoa.kit.http.credentials import Credentials, read_credentials

log = structlog.get_logger(__name__)
PATH: Final = "live"
MAX_BYTES: Final = 64 * 1024  # of one message
LOOK_EVERY_S: Final = 30.0  # for sessions that have expired
EVENTS_PER_MINUTE: Final = 1_000  # L1
CONNECTS_PER_MINUTE: Final = 120  # from one address

Who = Callable[[App, Credentials], Awaitable[Actor | None]]
StillOpen = Callable[[App, list[UUID]], Awaitable[set[UUID]]]


class Live:
    """The sockets of this process.

    who: the actor of credentials. still_open: which of these sessions have neither expired nor ended.
    """

    def __init__(self, stoa: Callable[[], App], *, who: Who, still_open: StillOpen) -> None:
        self.server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"], max_http_buffer_size=MAX_BYTES)
        self.hears: Callable[[], bool] = lambda: False
        self._stoa = stoa
        self._who = who
        self._still_open = still_open
        self._sockets: dict[str, Actor] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self.server.on("connect", self._connect)
        self.server.on("disconnect", self._disconnect)
        self.server.on("*", self._event)

    def asgi(self, other: Any) -> Any:
        """An ASGI application that answers `/live` by this and everything else by `other`."""
        return socketio.ASGIApp(self.server, other_asgi_app=other, socketio_path=PATH)

    def start(self, hears: Callable[[], bool]) -> None:
        """From now on sockets are taken, while `hears` says that endings are heard of."""
        self.hears = hears
        self._looking = asyncio.create_task(self._look(), name="live")

    async def stop(self) -> None:
        """Ends all sockets."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        self.told(None)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def told(self, name: str | None) -> None:
        """Something changed about a session or a user of this id (None: about anybody): their sockets end."""
        self._end(
            sid
            for sid, actor in self._sockets.items()
            if name is None or name in (str(actor.session_id), str(actor.id))
        )

    def _end(self, sids: Iterable[str]) -> None:
        for sid in list(sids):
            self._sockets.pop(sid, None)
            task = asyncio.create_task(self.server.disconnect(sid))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        app = self._stoa()
        if not self.hears():
            raise Refused("not ready; please try again in a moment")
        shown = read_credentials(environ["asgi.scope"], frozenset(app.settings.trusted_proxies))
        token = auth.get("token") if isinstance(auth, dict) else None
        if app.settings.limits:
            await self._limited(app, f"live:{limits.network_of(shown.address)}", CONNECTS_PER_MINUTE)
        if isinstance(token, str):
            shown = Credentials(token, None, None, shown.address, shown.user_agent)
        try:
            actor = await self._who(app, shown)
        except Unauthenticated:
            actor = None
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            raise Refused("not ready; please try again in a moment") from None
        if actor is None:
            raise Refused("please sign in")
        self._sockets[sid] = actor
        await self.server.enter_room(sid, f"user:{actor.id}")
        if actor.session_id not in await self._still_open(app, [actor.session_id] if actor.session_id else []):
            self._sockets.pop(sid, None)  # it ended while it was being let in, before there was a socket to end
            raise Refused("please sign in")

    async def _limited(self, app: App, key: str, limit: int) -> None:
        try:
            await limits.allow(app, key, limit, 60)
        except TooManyRequests:
            raise Refused("too many connections; please try again in a minute") from None

    def _disconnect(self, sid: str, *_: Any) -> None:
        self._sockets.pop(sid, None)

    async def _event(self, _: str, sid: str, *__: Any) -> None:
        """What nobody has a name for still counts (L1)."""
        await self.count(sid)

    async def count(self, sid: str) -> Actor | None:
        """The actor of a socket that sent something; None, and the socket ended, beyond 1,000 events a minute (L1)."""
        actor = self._sockets.get(sid)
        if actor is None:
            return None
        try:
            await limits.allow(self._stoa(), f"live:{actor.id}", EVENTS_PER_MINUTE, 60)
        except TooManyRequests:
            self._end([sid])
            return None
        return actor

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            asked = {actor.session_id for actor in self._sockets.values() if actor.session_id is not None}
            if not asked:
                continue
            try:
                open_ = await self._still_open(self._stoa(), list(asked))
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                log.warning("live.cannot_look", error=str(error))
                continue
            self._end(sid for sid, a in self._sockets.items() if a.session_id in asked and a.session_id not in open_)
