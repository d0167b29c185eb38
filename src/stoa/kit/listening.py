"""Hearing what other processes say by NOTIFY, on a connection of its own that is opened again when it is lost."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import asyncpg
import structlog

from stoa.kit.ctx import App

log = structlog.get_logger(__name__)
RETRY_S: Final = 1.0


class Listener:
    """Calls back with the payload of each notification on the channels of `heard`.

    `hears` says whether the connection is up. `lost` is called whenever something may have been missed: what a callback
    keeps up to date is out of date then.
    """

    def __init__(self, app: App, heard: Mapping[str, Callable[[str], None]], *, lost: Callable[[], None]) -> None:
        self._dsn = app.settings.database_url
        self._heard = heard
        self._lost = lost
        self._gone = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._db: Any = None

    @property
    def hears(self) -> bool:
        """Whether what is said now is heard."""
        return self._db is not None and not self._db.is_closed()

    async def start(self) -> None:
        """Begins to listen; from when it returns, unless the database is away."""
        await self._connect()
        self._task = asyncio.create_task(self._keep(), name="listener")

    async def stop(self) -> None:
        """Ends the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        db, self._db = self._db, None
        if db is not None and not db.is_closed():
            await db.close()
        self._lost()

    async def _keep(self) -> None:
        while True:
            await self._gone.wait()
            self._lost()
            await asyncio.sleep(RETRY_S)
            await self._connect()

    async def _connect(self) -> None:
        try:
            db = await asyncpg.connect(self._dsn, server_settings={"application_name": "stoa listener"})
            db.add_termination_listener(lambda _: self._gone.set())
            for channel in self._heard:
                await db.add_listener(channel, self._called)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("listening.no_connection", error=str(error))
            self._gone.set()
            return
        self._gone.clear()
        self._db = db
        self._lost()  # what was said before is not known

    def _called(self, _: Any, __: int, channel: str, payload: str) -> None:
        self._heard[channel](payload)
