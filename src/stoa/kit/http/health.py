"""Whether it lives, whether it works, and figures for machines."""

import hmac
import time
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get

from stoa import __version__
from stoa.kit.ctx import Ctx
from stoa.kit.db import value
from stoa.kit.errors import NotFound, Unavailable
from stoa.kit.http import CtxDep, access
from stoa.kit.http.credentials import Credentials
from stoa.kit.http.lending import lending_of
from stoa.kit.metrics import observe_pool, render_metrics

_STARTED = time.monotonic()
_PING = value(int, "select 1")
_WAITING = value(int, "select count(*) from jobs where state = 'waiting' and run_at <= now()")
_DEAD = value(int, "select count(*) from jobs where state = 'dead'")
_MIGRATION = value(str | None, "select max(name) from schema_migrations")


class Live(msgspec.Struct):
    """The process answers."""

    status: str


class Health(msgspec.Struct):
    """The process and what it stands on answer; times in milliseconds."""

    status: str
    database: str
    database_ms: float
    checked_at: datetime


class Status(msgspec.Struct):
    """How the platform is doing."""

    status: str
    version: str
    uptime_s: int
    jobs_waiting: int
    jobs_dead: int
    migration: str | None
    checked_at: datetime


@get("/health", opt=access("public", limit="none"))
async def live() -> Live:
    """Live: the process answers. Touches nothing else, so that a slow database does not get the web restarted."""
    return Live(status="ok")


async def _ping(ctx: Ctx) -> float:
    began = time.perf_counter()
    try:
        await _PING(ctx.db)
    except OSError as error:
        raise Unavailable("The database does not answer") from error
    return round((time.perf_counter() - began) * 1000, 2)


@get("/api/v1/health", opt=access("public", limit="none"))
async def health(ctx: CtxDep) -> Health:
    """Ready: the database answers too. 503 when it does not."""
    return Health(status="ok", database="ok", database_ms=await _ping(ctx), checked_at=ctx.now)


@get("/api/v1/status", opt=access("public", limit="none"))
async def status(ctx: CtxDep) -> Status:
    """Version, uptime, waiting and dead jobs, the last migration."""
    return Status(
        status="ok",
        version=__version__,
        uptime_s=int(time.monotonic() - _STARTED),
        jobs_waiting=await _WAITING(ctx.db),
        jobs_dead=await _DEAD(ctx.db),
        migration=await _MIGRATION(ctx.db),
        checked_at=ctx.now,
    )


@get("/metrics", opt=access("public", limit="none"), include_in_schema=False)
async def metrics(ctx: CtxDep, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Prometheus text format. From this machine, or with `metrics_token` as bearer token when one is set."""
    shown: Credentials = lending_of(request.scope).credentials
    token = ctx.app.settings.metrics_token
    if token is not None:
        allowed = hmac.compare_digest((shown.bearer or "").encode(), token.encode())
    else:  # a proxy on this machine speaks for others
        allowed = shown.address in ("127.0.0.1", "::1", "local") and "x-forwarded-for" not in request.headers
    if not allowed:
        raise NotFound
    observe_pool(ctx.app)
    body, content_type = render_metrics()
    return Response(content=body, media_type=content_type)


routes = [live, health, status, metrics]
