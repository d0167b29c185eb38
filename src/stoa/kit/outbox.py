"""Events: what happened, written in the transaction in which it happened, and heard by whoever registered.

A lower module emits; it never knows who listens. `@within` handlers run at once in the same transaction (and fail with
it); each `@on` handler gets a job of its own, with its own retries.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, run
from stoa.kit.ids import new_id
from stoa.kit.queue.bell import wake_workers
from stoa.kit.queue.job import Handler, Options, module_name, register, type_name


class Event(msgspec.Struct, frozen=True):
    """Something that happened, named in the past tense. Fields are ids and facts, not whole rows."""


E = TypeVar("E", bound=Event)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Listener:
    handler: Handler
    key: Callable[[Any], str] | None


_LISTENERS: Final[dict[str, list[_Listener]]] = {}
_WITHIN: Final[dict[str, list[Callable[[Ctx, Any], Awaitable[None]]]]] = {}

_RECORD = run("insert into events (id, type, payload, actor_id, trace_id, created_at) values ($1, $2, $3, $4, $5, $6)")

# The same as a part of somebody's own statement, whose other parameters begin at $7; run it with `emit_with`.
TOLD: Final = """told as (
    insert into events (id, type, payload, actor_id, trace_id, created_at) values ($1, $2, $3, $4, $5, $6)
)"""
FIRST_AFTER_EVENT: Final = 7

# The event and the jobs of all its listeners, in one round trip.
_RECORD_AND_QUEUE = run(
    f"""
    with {TOLD}
    insert into jobs (id, queue, type, payload, state, priority, outside, scheduled_at, run_at, max_attempts,
                      backoff_s, timeout_s, key, trace_id, created_at)
    select l.id, l.queue, l.type, $3, 'waiting', l.priority, l.outside, $6, $6, l.max_attempts,
           l.backoff_s, l.timeout_s, l.key, $5, $6
    from jsonb_to_recordset($7) as l (id uuid, queue text, type text, priority smallint, outside boolean,
                                      max_attempts smallint, backoff_s real, timeout_s real, key text)
    """
)


async def emit(ctx: Ctx, event: Event) -> UUID:
    """Writes the event, queues a job for each `@on` handler, runs the `@within` handlers. Answers the event's id."""
    name = type_name(type(event))
    id_ = new_id()
    actor_id = ctx.actor.id if ctx.actor else None
    listeners = _LISTENERS.get(name)
    if listeners:
        queued = [_queued(listener, event) for listener in listeners]
        await _RECORD_AND_QUEUE(ctx.db, id_, name, event, actor_id, ctx.trace_id, ctx.now, queued)
        await wake_workers(ctx)
    else:
        await _RECORD(ctx.db, id_, name, event, actor_id, ctx.trace_id, ctx.now)
    for call in _WITHIN.get(name, ()):
        await call(ctx, event)
    return id_


async def emit_with(ctx: Ctx, event: Event, statement: Statement[T], *args: object) -> T:
    """As `emit`, in one round trip with a statement that begins `with {TOLD}, …`; answers what that yields.

    For what is done so often that a round trip counts. Only for events that nobody hears with `@on`.
    """
    name = type_name(type(event))
    if name in _LISTENERS:
        raise TypeError(f"{name} has jobs to queue: emit it by itself")
    actor_id = ctx.actor.id if ctx.actor else None
    found = await statement(ctx.db, new_id(), name, event, actor_id, ctx.trace_id, ctx.now, *args)
    for call in _WITHIN.get(name, ()):
        await call(ctx, event)
    return found


def _queued(listener: _Listener, event: Event) -> dict[str, Any]:
    options = listener.handler.options
    return {
        "id": new_id(),
        "queue": options.queue,
        "type": listener.handler.name,
        "priority": options.priority,
        "outside": options.outside,
        "max_attempts": options.max_attempts,
        "backoff_s": options.backoff_s,
        "timeout_s": options.timeout_s,
        "key": None if listener.key is None else listener.key(event),
    }


def on(
    event: type[E],
    *,
    name: str | None = None,
    key: Callable[[E], str] | None = None,
    queue: str = "default",
    priority: int = 0,
    max_attempts: int = 8,
    timeout_s: float = 60,
    backoff_s: float = 2,
    outside: bool = False,
) -> Callable[[Callable[[Ctx, E], Awaitable[Any]]], Callable[[Ctx, E], Awaitable[Any]]]:
    """Registers `async def f(ctx, event)` to run as a job after the event's transaction has committed.

    name: kept in the database, from the function when not given; a renamed function orphans its waiting jobs. key: jobs
    of one key run one after the other. The rest is as on `Job`.
    """

    def decorate(call: Callable[[Ctx, E], Awaitable[Any]]) -> Callable[[Ctx, E], Awaitable[Any]]:
        handler = Handler(
            f"on:{name or f'{module_name(call.__module__)}.{call.__name__}'}",
            call,
            lambda raw: msgspec.convert(raw, event),
            Options(queue, priority, max_attempts, timeout_s, backoff_s, outside),
        )
        register(handler)
        _LISTENERS.setdefault(type_name(event), []).append(_Listener(handler, key))
        return call

    return decorate


def within(event: type[E]) -> Callable[[Callable[[Ctx, E], Awaitable[None]]], Callable[[Ctx, E], Awaitable[None]]]:
    """Registers `async def f(ctx, event)` to run inside `emit`, in its transaction, in order of registration."""

    def decorate(call: Callable[[Ctx, E], Awaitable[None]]) -> Callable[[Ctx, E], Awaitable[None]]:
        calls = _WITHIN.setdefault(type_name(event), [])
        if call in calls:
            raise ValueError(f"{call.__qualname__} is registered twice within {type_name(event)}")
        calls.append(call)
        return call

    return decorate
