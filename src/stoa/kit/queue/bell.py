"""Waking the workers, after the commit and beside it.

A NOTIFY inside the business transaction would be simpler, but PostgreSQL makes all transactions with a NOTIFY commit
one after the other, each with its own flush to disk: measured, 32 clients commit 2 to 5 times more without it. So the
process rings once the connection has been given back, in a transaction of its own that flushes nothing, and however
many transactions end meanwhile, it rings once for them. A process that dies between its commit and the bell has lost
nothing: workers also look by themselves.
"""

import asyncio

import asyncpg

from stoa.kit.ctx import App, Ctx
from stoa.kit.db import Database, Statement, value

CHANNEL = "stoa_jobs"
# Only in a transaction of its own: what else such a transaction holds would not be durable when it is answered.
_RING: Statement[str] = value(
    str, f"select set_config('synchronous_commit', 'off', true) || pg_notify('{CHANNEL}', '')::text"
)
_RING_WITHIN: Statement[str] = value(str, f"select pg_notify('{CHANNEL}', '')::text")


class Bell:
    """The bell of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ringing: asyncio.Task[None] | None = None
        self._again = False

    def ring(self) -> None:
        """Wakes the workers soon; does not wait for it."""
        self._again = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring(), name="bell")

    async def _ring(self) -> None:
        while self._again:
            self._again = False
            try:
                async with self._database.connection() as db:
                    await _RING(db)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                return  # a worker finds the job at its next look


def bell_of(app: App) -> Bell:
    """The bell of this process."""
    bell: Bell | None = app.cache.get("kit.bell")
    if bell is None:
        bell = app.cache["kit.bell"] = Bell(app.database)
    return bell


async def wake_workers(ctx: Ctx) -> None:
    """Wakes the workers when what was done on this connection is committed; at once when it is already."""
    if not ctx.db.is_in_transaction():
        bell_of(ctx.app).ring()
    elif not ctx.app.database.afterwards(ctx.db, bell_of(ctx.app).ring):
        await _RING_WITHIN(ctx.db)  # not a lent connection, so nobody would say when it is given back
