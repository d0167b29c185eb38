"""Changing the platform's numbers."""

from typing import Any

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.foundation.settings.queries import platform
from stoa.foundation.settings.types import PlatformConfig
from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.errors import Invalid
from stoa.kit.forms import parse

_CHANGE = run(
    """
    insert into platform_config (changes, updated_at, updated_by) values ($1, $2, $3)
    on conflict (only_one) do update
      set changes = platform_config.changes || excluded.changes, updated_at = $2, updated_by = $3
    """
)


async def change_platform(ctx: Ctx, **changes: Any) -> None:
    """Sets the given numbers; other processes follow within seconds. Raises Invalid for unknown or wrong ones."""
    known = {f.name for f in msgspec.structs.fields(PlatformConfig)}
    unknown = sorted(changes.keys() - known)
    if unknown:
        raise Invalid(fields=dict.fromkeys(unknown, "There is no such setting"))
    parse(PlatformConfig, changes)
    config = await platform(ctx)
    await audit.record(
        ctx,
        "settings.platform_changed",
        subject="platform",
        subject_id="config",
        before={name: getattr(config, name) for name in changes},
        after=changes,
    )
    await _CHANGE(ctx.db, changes, ctx.now, ctx.actor.id if ctx.actor else None)
    ctx.app.cache.pop(PlatformConfig, None)
