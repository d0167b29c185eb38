"""Runs several processes as one thing: starts them, starts again what falls over, and ends all of them together.

A part that dies is started again after a growing pause. One that keeps dying ends the whole with the reason. Parts run
in sessions of their own, so that a Ctrl-C reaches only the supervisor, which then ends them in order and gives each
time to finish. If the supervisor itself is killed, the pipe that every part holds the other end of comes to its end,
and they leave by themselves (`follow_parent`).
"""

import asyncio
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

__all__ = ["LIFELINE", "Part", "Stopped", "Supervisor", "follow_parent"]

LIFELINE = "STOA_LIFELINE_FD"
GRACE_S = 15.0  # for a part to end after it was asked to
ORPHAN_GRACE_S = 5.0  # the same, when the supervisor is gone
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
MAX_DEATHS, WITHIN_S = 6, 60.0


class Stopped(Exception):
    """The whole cannot go on; the message says why."""


class Part:
    """One process to keep running. `fds` are passed on to it. Lower `order` is ended first."""

    def __init__(self, name: str, command: Sequence[str], *, fds: Sequence[int] = (), order: int = 0) -> None:
        self.name = name
        self.command = command
        self.fds = tuple(fds)
        self.order = order
        self.process: asyncio.subprocess.Process | None = None
        self.deaths: list[float] = []


class Supervisor:
    """Keeps `parts` running with the environment `env` until `stop` is called or one of them cannot be kept running."""

    def __init__(self, parts: Sequence[Part], env: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.parts = parts
        self.say = say
        self._read_fd, self._write_fd = os.pipe()  # nobody writes; the kernel closes our end when we die
        self.env = {**env, LIFELINE: str(self._read_fd)}
        self._stopping = asyncio.Event()
        self._signals = 0
        self._is_ready = False

    def stop(self) -> None:
        """Ask for the end; a second time ends the parts at once."""
        self._signals += 1
        self._stopping.set()
        if self._signals > 1:
            self._signal_all(signal.SIGKILL)

    async def run(self, ready: Callable[[], Awaitable[None]], *beside: Callable[[], Awaitable[None]]) -> None:
        """Start everything, await `ready`, keep going beside `beside` until `stop`, then end everything.

        Raises `Stopped` when a part cannot be kept running, and whatever `ready` or `beside` raise.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        tasks = [asyncio.create_task(self._keep(part)) for part in self.parts]
        tasks += [asyncio.create_task(self._get_ready(ready)), *(asyncio.create_task(self._call(w)) for w in beside)]
        stop = asyncio.create_task(self._stopping.wait())
        try:
            pending: set[asyncio.Task[object]] = {*tasks, stop}
            while not stop.done() and pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # raises what ended it
        finally:
            for task in (*tasks, stop):
                task.cancel()
            await asyncio.gather(*tasks, stop, return_exceptions=True)
            await self._end()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.remove_signal_handler(number)
            os.close(self._read_fd)
            os.close(self._write_fd)

    async def _get_ready(self, ready: Callable[[], Awaitable[None]]) -> None:
        await ready()
        self._is_ready = True

    @staticmethod
    async def _call(work: Callable[[], Awaitable[None]]) -> None:
        await work()

    async def _keep(self, part: Part) -> None:
        while True:
            part.process = await asyncio.create_subprocess_exec(
                *part.command, env=self.env, pass_fds=(*part.fds, self._read_fd), start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            code = await part.process.wait()
            if self._stopping.is_set():
                return
            now = time.monotonic()
            part.deaths = [at for at in part.deaths if now - at < WITHIN_S] + [now]
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
            if not self._is_ready and code > 0:
                raise Stopped(f"{part.name} {how} before everything was up; it said why, above")
            if len(part.deaths) >= MAX_DEATHS:
                raise Stopped(f"{part.name} {how}, {len(part.deaths)} times within a minute")
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (len(part.deaths) - 1))
            self.say(f"{part.name} {how}; starting it again")
            await asyncio.sleep(pause_s)

    async def _end(self) -> None:
        for order in sorted({part.order for part in self.parts}):
            group = [part.process for part in self.parts if part.order == order and part.process is not None]
            for process in group:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
            waits = [asyncio.create_task(process.wait()) for process in group]
            if waits:
                await asyncio.wait(waits, timeout=GRACE_S)
            for process in group:
                if process.returncode is None:
                    process.kill()
            await asyncio.gather(*waits)

    def _signal_all(self, number: int) -> None:
        for part in self.parts:
            if part.process is not None and part.process.returncode is None:
                with suppress(ProcessLookupError):
                    part.process.send_signal(number)


def follow_parent() -> None:
    """In a part: end when the supervisor is gone, gently at first. Does nothing in a process without one."""
    number = os.environ.pop(LIFELINE, None)
    if number is None:
        return
    fd = int(number)
    os.set_inheritable(fd, False)

    def wait() -> None:
        select.select([fd], [], [])
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ORPHAN_GRACE_S)
        sys.stderr.flush()
        os._exit(1)

    threading.Thread(target=wait, name="follow-parent", daemon=True).start()
