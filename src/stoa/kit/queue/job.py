"""What a job is, and the table of who handles which: `Job`, `@handles`, `@every`.

Handlers register when their module is imported. A name is taken once; a second handler for it stops the start.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.queue.cron import Cron

J = TypeVar("J", bound="Job")


class Job(msgspec.Struct, frozen=True):
    """An order to do something later. Fields are its payload; the class variables say how it is run.

    queue: workers can be bound to some queues. priority: higher first, -100 to 100. max_attempts: then it is a dead
    letter. timeout_s: seconds one attempt may take. backoff_s: the nth retry waits a random time up to
    `backoff_s * 2 ** (n - 1)`, at most an hour. outside: whether it has an effect outside of the database; then it must
    be idempotent, since it can run again after a crash.
    """

    queue: ClassVar[str] = "default"
    priority: ClassVar[int] = 0
    max_attempts: ClassVar[int] = 8
    timeout_s: ClassVar[float] = 60
    backoff_s: ClassVar[float] = 2
    outside: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Options:
    """How jobs of one handler are queued and run; the same names as on `Job`."""

    queue: str = "default"
    priority: int = 0
    max_attempts: int = 8
    timeout_s: float = 60
    backoff_s: float = 2
    outside: bool = False

    def __post_init__(self) -> None:
        if not -100 <= self.priority <= 100:
            raise ValueError(f"priority {self.priority} is not between -100 and 100")
        if self.max_attempts < 1 or self.timeout_s <= 0 or self.backoff_s < 0 or not self.queue:
            raise ValueError(f"a job needs a queue, an attempt and time: {self}")


@dataclass(frozen=True, slots=True)
class Handler:
    """Who runs the jobs of one type, and how. `decode` makes the handler's argument from the payload."""

    name: str
    call: Callable[[Ctx, Any], Awaitable[Any]]
    decode: Callable[[Any], Any]
    options: Options


@dataclass(frozen=True, slots=True)
class Periodic:
    """A periodic task: its rule (one of the two), and the handler its jobs run with."""

    name: str
    every_s: float | None
    cron: str | None
    handler: Handler


HANDLERS: Final[dict[str, Handler]] = {}
PERIODIC: Final[dict[str, Periodic]] = {}


def type_name(cls: type) -> str:
    """The name of a job or event type in the database: `money.payouts.SendPayout`. Renaming either orphans rows."""
    return f"{module_name(cls.__module__)}.{cls.__qualname__}"


def module_name(module: str) -> str:
    """A module without the root and the room: stoa.money.payouts.messages -> money.payouts."""
    parts = module.split(".")
    if parts[0] == "stoa":
        parts = parts[1:]
        if len(parts) > 2:
            parts = parts[:2]
    return ".".join(parts)


def options_of(job: type[Job]) -> Options:
    """The class variables of a Job, checked. Raises ValueError."""
    return Options(job.queue, job.priority, job.max_attempts, job.timeout_s, job.backoff_s, job.outside)


def register(handler: Handler) -> None:
    """Adds a handler. Raises ValueError when its name is taken."""
    if handler.name in HANDLERS:
        raise ValueError(f"two handlers for jobs of type {handler.name}")
    HANDLERS[handler.name] = handler


def handles(job: type[J]) -> Callable[[Callable[[Ctx, J], Awaitable[Any]]], Callable[[Ctx, J], Awaitable[Any]]]:
    """Registers the one handler of a job type. What it returns, if anything, is stored as the job's result (JSON).

    Without `outside`, `ctx.db` is in the transaction that also ends the job. With it, `ctx.db` is in autocommit, and
    the handler opens transactions with `ctx.app.database.transaction()`.
    """

    def decorate(call: Callable[[Ctx, J], Awaitable[Any]]) -> Callable[[Ctx, J], Awaitable[Any]]:
        register(Handler(type_name(job), call, lambda raw: msgspec.convert(raw, job), options_of(job)))
        return call

    return decorate


def every(
    *,
    name: str,
    seconds: float | None = None,
    cron: str | None = None,
    queue: str = "default",
    priority: int = 0,
    max_attempts: int = 3,
    timeout_s: float = 300,
    outside: bool = False,
) -> Callable[[Callable[[Ctx], Awaitable[Any]]], Callable[[Ctx], Awaitable[Any]]]:
    """Runs `async def f(ctx)` each `seconds`, or by a five-field `cron` rule in UTC, once across all workers.

    One run at a time; while one waits, no other is queued. After a pause of the whole installation it catches up once.
    """
    if (seconds is None) == (cron is None) or (seconds is not None and seconds <= 0):
        raise ValueError(f"{name}: give seconds or cron")
    if cron is not None:
        Cron(cron)  # a wrong rule stops the start
    options = Options(queue, priority, max_attempts, timeout_s, outside=outside)

    def decorate(call: Callable[[Ctx], Awaitable[Any]]) -> Callable[[Ctx], Awaitable[Any]]:
        async def without_payload(ctx: Ctx, _: None) -> Any:
            return await call(ctx)

        handler = Handler(f"every:{name}", without_payload, lambda _: None, options)
        register(handler)
        PERIODIC[name] = Periodic(name, seconds, cron, handler)
        return call

    return decorate
