"""The worker: claims jobs, runs several at a time, takes over what dead workers left, fires periodic tasks.

One per process; any number of processes can share a database. Three kinds of loops share the work. The dispatcher
claims in batches and sleeps until a NOTIFY, a scheduled time or the poll. The slots run one job each. The keeper owns a
connection: it listens on it, holds this worker's advisory lock on it (by which others see that it lives), and renews
leases with it; when it breaks, it makes a new one.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from stoa.kit import metrics
from stoa.kit.clock import utcnow
from stoa.kit.ctx import App
from stoa.kit.db import Db
from stoa.kit.queue import rows, schedule
from stoa.kit.queue.bell import CHANNEL
from stoa.kit.queue.job import HANDLERS
from stoa.kit.queue.rows import Claimed
from stoa.kit.queue.runner import attempt, backoff, claim, give_back, settle_failure

log = structlog.get_logger(__name__)

NEVER: Final = datetime.max.replace(tzinfo=UTC)
PREFETCH_S: Final = 0.05  # how much work, in seconds per slot, may be claimed ahead of free slots
MAX_PREFETCH: Final = 100
KEEPER_PAUSE_S: Final = 1.0


class Worker:
    """Runs jobs until `stop`.

    concurrency: jobs at a time. queues: only these, or all with None. poll_s: the longest time between two looks when
    no NOTIFY arrives. lease_s: after how long others take over a job whose lease is no longer renewed. grace_s: how
    long running jobs may go on after `stop`; then they are cancelled and given back.
    """

    def __init__(
        self,
        app: App,
        *,
        concurrency: int = 8,
        queues: Sequence[str] | None = None,
        poll_s: float = 1.0,
        lease_s: float = 20.0,
        grace_s: float = 20.0,
    ) -> None:
        self.app = app
        self.id = random.randrange(1, 2**31)
        self.concurrency = concurrency
        self.queues = queues
        self.poll_s = poll_s
        self.lease_s = lease_s
        self.grace_s = grace_s
        self.ready = asyncio.Event()  # it listens, and its lock is held
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._buffer: asyncio.Queue[Claimed] = asyncio.Queue()
        self._running: dict[UUID, tuple[Claimed, asyncio.Task[Any]]] = {}
        self._waiting: dict[UUID, Claimed] = {}  # claimed, not begun
        self._suspect: set[UUID] = set()  # not renewed the last time
        self._lost: set[UUID] = set()
        self._idle = asyncio.Event()
        self._ending = False
        self._average_s = 1.0  # of recent attempts; a guess on the slow side, so that little is claimed ahead at first
        self._next_due = NEVER
        self._full = False  # whether the last claim found as many as it asked for

    def stop(self) -> None:
        """Ends `run` after the running jobs have ended or been given back."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Works until `stop`. A database that goes away and comes back is waited for."""
        await self._until_it_works(schedule.declare)
        log.info("worker.started", worker=self.id, concurrency=self.concurrency, types=len(HANDLERS))
        keeper = asyncio.create_task(self._keep(), name="keeper")
        slots = [asyncio.create_task(self._slot(), name=f"slot-{n}") for n in range(self.concurrency)]
        try:
            await self._dispatch()
            await self._drain()
        finally:
            self._ending = True
            await _ended({*slots, keeper})
            await self._return_unfinished()
        log.info("worker.stopped", worker=self.id)

    async def _until_it_works(self, step: Any) -> None:
        while not self._stopping.is_set():
            try:
                await step(self.app)
                return
            except Exception as error:  # a start must outlive a database that is still starting
                log.warning("worker.waits_for_database", error=f"{type(error).__name__}: {error}")
                await self._pause(1)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    # ---- dispatcher ---------------------------------------------------------------------------------------------

    async def _dispatch(self) -> None:
        # Before its lock is held, others take this worker for a dead one, and over from it whatever it claims.
        while not (self.ready.is_set() or self._stopping.is_set()):
            await self._wake.wait()
            self._wake.clear()
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                pause_s = await self._claim_some()
            except Exception as error:  # the loop must outlive any trouble with the database
                log.warning("worker.claim_failed", error=f"{type(error).__name__}: {error}")
                await self._pause(0.5)
                continue
            if pause_s > 0 and not self._wake.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._wake.wait()

    def _room(self) -> int:
        """How many more may be claimed: the free slots, and what can be done within PREFETCH_S."""
        ahead = min(MAX_PREFETCH, int(self.concurrency * PREFETCH_S / max(self._average_s, 1e-6)))
        held = len(self._running) + len(self._waiting)
        return self.concurrency + ahead - held

    async def _claim_some(self) -> float:
        """One round; answers how many seconds to sleep when nothing wakes it."""
        now = utcnow()
        if self._next_due <= now:
            async with self.app.database.connection() as db:
                await rows.PROMOTE(db, now)
        room = self._room()
        if room <= 0:
            return self.poll_s
        found = await claim(self.app, worker_id=self.id, limit=room, lease_s=self.lease_s, now=now, queues=self.queues)
        for job in found:
            self._waiting[job.id] = job
            self._buffer.put_nowait(job)
        self._full = len(found) == room
        if self._full:
            return self.poll_s if self._room() <= 0 else 0.0
        async with self.app.database.connection() as db:
            self._next_due = await rows.NEXT_DUE(db) or NEVER
        return min(self.poll_s, max(0.001, (self._next_due - utcnow()) / timedelta(seconds=1)))

    # ---- slots --------------------------------------------------------------------------------------------------

    async def _slot(self) -> None:
        while True:
            job: Claimed | None = await self._buffer.get()
            try:
                async with self.app.database.connection() as db:
                    # One connection for as long as there is something to do: lending it costs as much as a small job.
                    while job is not None and _usable(db):
                        await self._run(db, job)
                        job = None if self._buffer.empty() else self._buffer.get_nowait()
            except Exception as error:
                log.warning("worker.slot_failed", error=f"{type(error).__name__}: {error}")
            if job is not None and job.id in self._waiting:  # there was no connection for it
                await self._pause(0.2)
                self._buffer.put_nowait(job)

    async def _run(self, db: Db, job: Claimed) -> None:
        if self._waiting.pop(job.id, None) is None:
            return  # its lease was lost, or it was given back, before a slot was free
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        self._running[job.id] = (job, task)
        self._idle.clear()
        started = loop.time()
        try:
            await attempt(self.app, db, job)
            self.app.database.settle(db)
        except asyncio.CancelledError:
            if job.id not in self._lost:
                raise
            task.uncancel()  # only this job was meant
            log.warning("job.cancelled_after_lost_lease", job=job.type, job_id=str(job.id))
        finally:
            if not self._ending:
                self._lost.discard(job.id)
                self._running.pop(job.id, None)
        if not self._running:
            self._idle.set()
        self._average_s += 0.1 * (loop.time() - started - self._average_s)
        # Wake the dispatcher when more is there to be had, but not at each job: it should claim in batches.
        if job.key is not None or (self._full and len(self._waiting) <= self._room()):
            self._wake.set()

    # ---- keeper -------------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        while True:
            try:
                async with self.app.database.connection() as db:
                    await self._keep_on(db)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # a broken connection is replaced by the next round
                log.warning("worker.keeper_failed", error=f"{type(error).__name__}: {error}")
            self.ready.clear()
            await asyncio.sleep(random.uniform(0.2, 1.0))

    async def _keep_on(self, db: Db) -> None:
        def woken(*_: object) -> None:
            self._wake.set()

        if not await rows.LOCK_WORKER(db, rows.WORKER_LOCK, self.id):
            raise RuntimeError("the lock of this worker is still held by its last connection")
        await db.add_listener(CHANNEL, woken)
        try:
            self.ready.set()
            self._wake.set()  # what came while nobody listened
            while True:
                async with asyncio.timeout(self.lease_s / 2):  # a connection can be gone without a word
                    await self._renew(db)
                    await self._take_over(db)
                    if await schedule.fire_due(self.app, utcnow()):
                        self._wake.set()
                metrics.observe_pool(self.app)
                await asyncio.sleep(KEEPER_PAUSE_S)
        finally:
            if _usable(db):
                try:
                    await db.remove_listener(CHANNEL, woken)
                    await rows.UNLOCK_WORKER(db, rows.WORKER_LOCK, self.id)
                except Exception as error:  # the connection ends anyway, and the lock with it
                    log.info("worker.connection_lost", error=repr(error))
            else:  # the pool takes back only what nobody listens on any more
                with suppress(asyncpg.InterfaceError):
                    db.terminate()

    async def _renew(self, db: Db) -> None:
        """Renews the leases of all jobs held here; one that is not ours any more is cancelled.

        A job can end between the look and the statement, so it takes two rounds to call one lost.
        """
        held = self._waiting.keys() | self._running.keys()
        renewed = {row.id for row in await rows.RENEW(db, list(held), self.id, self.lease_s)} if held else set()
        missing = held - renewed
        for id_ in missing & self._suspect:
            self._waiting.pop(id_, None)
            running = self._running.get(id_)
            if running is not None:
                self._lost.add(id_)
                running[1].cancel()
        self._suspect = missing

    async def _take_over(self, db: Db) -> None:
        for job in await rows.LOST(db, rows.WORKER_LOCK):
            if job.worker_id == self.id and (job.id in self._running or job.id in self._waiting):
                continue
            final = job.attempt >= job.max_attempts
            text = f"The worker that ran attempt {job.attempt} of {job.max_attempts} ended in the middle of it."
            pause = None if final else backoff(job.backoff_s, job.attempt)
            outcome = await settle_failure(self.app, job, text, after_s=pause)
            log.warning("job.taken_over", job=job.type, job_id=str(job.id), attempt=job.attempt, outcome=outcome)
            self._wake.set()

    # ---- the end ------------------------------------------------------------------------------------------------

    async def _drain(self) -> None:
        """Gives back what has not begun, and waits for what has."""
        unbegun, self._waiting = list(self._waiting.values()), {}
        if unbegun:
            await self._give_back(unbegun)
        if self._running:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.grace_s):
                    await self._idle.wait()

    async def _give_back(self, jobs: list[Claimed]) -> None:
        try:
            await give_back(self.app, jobs)
        except Exception as error:  # without a database their leases run out, and others take them over
            log.warning("worker.cannot_give_back", error=repr(error))

    async def _return_unfinished(self) -> None:
        unfinished = [job for job, _ in self._running.values()] + list(self._waiting.values())
        self._running, self._waiting = {}, {}
        if unfinished:
            log.warning("worker.gives_back", jobs=[str(job.id) for job in unfinished])
            await self._give_back(unfinished)


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancels until all have ended: one that was just waiting for a connection can miss a cancellation."""
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=2)


def _usable(db: Db) -> bool:
    try:
        return not db.is_closed()
    except asyncpg.InterfaceError:  # it broke, and the pool has taken it back
        return False
