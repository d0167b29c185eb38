"""One connection and at most one transaction per request, opened when first needed, ended before the answer leaves."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from typing import TypeVar

from litestar.types import Scope

from stoa.kit.clock import utcnow
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.db import Db
from stoa.kit.errors import Unauthenticated
from stoa.kit.http.credentials import Credentials

T = TypeVar("T")


class Lending:
    """A request's hold on the database.

    It begins by reading: each statement commits by itself (a read needs no BEGIN, which would cost it two round trips).
    After `begin_writing` it is one transaction, committed by `finish(True)`, rolled back by `finish(False)`.
    """

    def __init__(self, app: App, *, trace_id: str, credentials: Credentials) -> None:
        self.app = app
        self.write = False
        self.trace_id = trace_id
        self.credentials = credentials
        self.actor: Actor | None = None
        self.now: datetime = utcnow()
        self.answered = False  # whether the answer has begun to leave
        # Set by a handler whose refusal is itself a fact to keep, such as a declined card: commits whatever the status.
        self.keep = False
        self.authenticate: Callable[[Lending], Awaitable[Actor | None]] | None = None
        self.raised = False  # whether an error made the answer, which may be a redirect all the same
        self._lent: AbstractAsyncContextManager[Db] | None = None
        self._db: Db | None = None

    async def begin_writing(self) -> None:
        """From here on all is one transaction, of this time: whoever sends slowly does not act in the past."""
        await self.finish(False)
        self.write, self.now = True, utcnow()

    async def db(self) -> Db:
        """The request's connection."""
        if self._db is None:
            database = self.app.database
            lent = database.transaction() if self.write else database.connection()
            self._db = await lent.__aenter__()
            self._lent = lent  # only now: what could not begin has nothing to end
        return self._db

    async def ctx(self) -> Ctx:
        """The context handed to handlers."""
        return Ctx(
            db=await self.db(),
            actor=self.actor,
            now=self.now,
            trace_id=self.trace_id,
            app=self.app,
            address=self.credentials.address,
            user_agent=self.credentials.user_agent,
        )

    async def whoever(self) -> Actor | None:
        """Who asks, for a route that lets people in unseen and finds that it has to know; a bad token is nobody."""
        if self.actor is None and self.authenticate is not None:
            with suppress(Unauthenticated):
                self.actor = await self.authenticate(self)
        return self.actor

    async def outside(self, question: Awaitable[T]) -> T:
        """Commits what was done so far and gives the connection back while somebody outside is asked, who may be slow;
        afterwards it is a new transaction, and `ctx()` another context."""
        await self.finish(True)
        try:
            return await question
        finally:
            await self.begin_writing()

    def is_kept(self, status: int) -> bool:
        """Whether what an answer of this status tells of is to be committed."""
        return (status < 400 and not self.raised) or self.keep

    async def finish(self, commit: bool) -> None:
        """Ends the transaction and gives the connection back. Raises what COMMIT raises. Safe to call twice."""
        lent, self._lent, self._db = self._lent, None, None
        if lent is None:
            return
        if commit:
            await lent.__aexit__(None, None, None)
            return
        with suppress(_Abandoned):
            await lent.__aexit__(_Abandoned, _Abandoned(), None)


class _Abandoned(Exception):
    """Makes the transaction's context manager roll back."""


def lending_of(scope: Scope) -> Lending:
    """The lending that the edge put on this request."""
    found: Lending = scope["state"]["lending"]
    return found
