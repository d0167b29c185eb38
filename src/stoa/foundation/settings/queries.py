"""The platform's numbers, as they are now."""

import time
from typing import Any

import msgspec

from stoa.foundation.settings.types import PlatformConfig
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import Db, value

CACHE_S = 5.0  # how long another process may still see the old numbers after a change

_CHANGES = value(dict[str, Any] | None, "select changes from platform_config")


async def platform(ctx: Ctx) -> PlatformConfig:
    """The effective configuration, at most CACHE_S seconds old."""
    return await platform_of(ctx.app, ctx.db)


async def platform_of(app: App, db: Db | None = None) -> PlatformConfig:
    """The same without a context, for the edge; takes a connection of its own only when the cache is stale."""
    cached: tuple[float, PlatformConfig] | None = app.cache.get(PlatformConfig)
    if cached is not None and time.monotonic() - cached[0] < CACHE_S:
        return cached[1]
    if db is not None:
        changes = await _CHANGES(db)
    else:
        async with app.side.connection() as own:
            changes = await _CHANGES(own)
    config = msgspec.convert(changes or {}, PlatformConfig)
    app.cache[PlatformConfig] = (time.monotonic(), config)
    return config
